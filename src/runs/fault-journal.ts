/**
 * The faults of one run on their way into the database.
 *
 * Rows collect in memory and are written together, as a fault may fire thousands of times a second.
 * A run of days must not fill the disk: after `FAULT_ROWS_MAX` rows only the tally goes on, and rows
 * of faults that were lost, up to as many again.
 */
import type { Connection } from './connection.ts';
import type { Consequence, FaultCount, FaultRecord, FiredFaultRecord } from './records.ts';

/** assumed: about 5 MB of database. */
export const FAULT_ROWS_MAX = 65_536;
/** Changes that are written at the latest. assumed */
const CHANGES_MAX = 256;
/** Milliseconds after which the next change is written. assumed */
const FLUSH_MS = 1000;

interface FaultRow extends FiredFaultRecord {
  consequence: Consequence;
  detail: string;
  isStored: boolean;
}

export class FaultJournal {
  readonly #connection: Connection;
  readonly #runId: number;
  /** Faults that are not decided, by id; their number is bounded by that of damaged slots. */
  readonly #undecided = new Map<number, FaultRow>();
  readonly #changed = new Set<FaultRow>();
  /** By kind. */
  readonly #tally = new Map<string, Map<Consequence, number>>();
  #storedCount = 0;
  #flushedMs: number = Date.now();

  constructor(connection: Connection, runId: number) {
    this.#connection = connection;
    this.#runId = runId;
  }

  fired(fault: FiredFaultRecord): void {
    const { id, timeNs, operation, kind, area, slot, pages } = fault;
    const row: FaultRow = {
      ...{ id, timeNs, operation, kind, area, slot, pages },
      ...{ consequence: 'pending', detail: '', isStored: false },
    };
    this.#undecided.set(id, row);
    this.#count(kind, 'pending', 1);
    this.#change(row);
  }

  /** May be told again of one fault: the last word counts. */
  decided(id: number, consequence: Consequence, detail: string): void {
    const row = this.#undecided.get(id) ?? this.#stored(id);
    // Decided before and beyond the rows that are kept: the tally has it as it was.
    if (row === null) return;
    this.#count(row.kind, row.consequence, -1);
    this.#count(row.kind, consequence, 1);
    row.consequence = consequence;
    row.detail = detail;
    if (consequence !== 'pending') this.#undecided.delete(id);
    this.#change(row);
  }

  /** Writes what has changed, in one transaction. */
  flush(): void {
    this.#flushedMs = Date.now();
    if (this.#changed.size > 0) this.#connection.transaction(() => this.write())();
  }

  /** As `flush`, in the caller's transaction. @returns what to do when that has gone through */
  write(): () => void {
    if (this.#changed.size === 0) return () => undefined;
    const written: FaultRow[] = [];
    let left = FAULT_ROWS_MAX - this.#storedCount;
    for (const row of this.#changed) {
      if (row.isStored) this.#update(row);
      else if (left > (row.consequence === 'lost' ? -FAULT_ROWS_MAX : 0)) {
        this.#insert(row);
        written.push(row);
        left -= 1;
      }
    }
    this.#writeTally();
    // Only then: a transaction that fails leaves everything to the next one.
    return () => {
      for (const row of written) row.isStored = true;
      this.#storedCount += written.length;
      this.#changed.clear();
    };
  }

  #change(row: FaultRow): void {
    this.#changed.add(row);
    const isDue = this.#changed.size >= CHANGES_MAX || Date.now() - this.#flushedMs >= FLUSH_MS;
    if (isDue) this.flush();
  }

  #count(kind: string, consequence: Consequence, by: number): void {
    const counts = this.#tally.get(kind) ?? new Map<Consequence, number>();
    this.#tally.set(kind, counts);
    counts.set(consequence, (counts.get(consequence) ?? 0) + by);
  }

  #stored(id: number): FaultRow | null {
    // One that was decided a moment ago is not written yet.
    for (const row of this.#changed) if (row.id === id) return row;
    const [row] = this.#connection.all<FaultRecord>(
      `${SELECT_FAULT} WHERE run_id = ? AND fault_id = ?`,
      ...[this.#runId, id],
    );
    return row === undefined ? null : { ...row, isStored: true };
  }

  #insert(row: FaultRow): void {
    this.#connection.run(
      'INSERT INTO fault VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ...[this.#runId, row.id, row.timeNs, row.operation, row.kind, row.area, row.slot, row.pages],
      ...[row.consequence, row.detail],
    );
  }

  #update({ id, consequence, detail }: FaultRow): void {
    this.#connection.run(
      'UPDATE fault SET consequence = ?, detail = ? WHERE run_id = ? AND fault_id = ?',
      ...[consequence, detail, this.#runId, id],
    );
  }

  #writeTally(): void {
    for (const [kind, counts] of this.#tally)
      for (const [consequence, count] of counts)
        this.#connection.run(
          `INSERT INTO fault_tally VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET count = excluded.count`,
          ...[this.#runId, kind, consequence, count],
        );
  }
}

const SELECT_FAULT = `
  SELECT fault_id AS id, time_ns AS timeNs, operation, kind, area, slot, pages, consequence, detail
  FROM fault`;

export function readFaults(connection: Connection, runId: number): FaultRecord[] {
  return connection.all(`${SELECT_FAULT} WHERE run_id = ? ORDER BY fault_id`, runId);
}

/** What became of all faults, by kind. */
export function readFaultCounts(connection: Connection, runId: number): FaultCount[] {
  return connection.all(
    `SELECT kind, consequence, count FROM fault_tally
     WHERE run_id = ? AND count > 0 ORDER BY kind, consequence`,
    runId,
  );
}
