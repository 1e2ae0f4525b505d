/**
 * Writes one run, transaction by transaction: after a crash the database holds whole phases, never
 * half of one.
 *
 * A failed write throws a RunError that names the file; nothing of that call is stored then.
 */
import { assert, RunError } from '../units/index.ts';
import type { Connection } from './connection.ts';
import { FaultJournal } from './fault-journal.ts';
import { IntervalLog } from './interval-log.ts';
import { canonicalJson, flattenParameters, specHash, type JsonScalar } from './json.ts';
import type { ProcessIdentity } from './process-identity.ts';
import type { SqlValue } from './connection.ts';
import type {
  AreaRecord,
  CheckpointRecord,
  Consequence,
  EventRecord,
  FiredFaultRecord,
  HistogramRecord,
  IntervalRecord,
  MetadataRow,
  MetricRecord,
  OperationCounters,
  PhaseRecord,
  RunHeader,
  RunOutcome,
  RunStatus,
  SlotMapRecord,
} from './records.ts';

/** What a command ends with when pages came back wrong. */
const EXIT_CHECK = 3;
/** Events of one run that have a row; a run of days must not fill the disk. assumed: some 5 MB */
export const EVENT_ROWS_MAX = 65_536;

export class RunWriter {
  readonly runId: number;
  /** SHA-256 of the canonical spec: equal runs share it. */
  readonly specHash: string;
  readonly #connection: Connection;
  readonly #faults: FaultJournal;
  readonly #intervals: IntervalLog;
  #eventCount = 0;

  /** Stores the run with status `running`, owned by process `owner`. */
  constructor(connection: Connection, run: RunHeader, owner: ProcessIdentity) {
    this.#connection = connection;
    this.specHash = specHash(run.spec);
    this.runId = connection.transaction(() => this.#insertRun(run, owner));
    this.#faults = new FaultJournal(connection, this.runId);
    this.#intervals = new IntervalLog(connection, this.runId);
  }

  /** Stores a phase that has ended, in one transaction. */
  phase(phase: PhaseRecord): void {
    const key = [this.runId, phase.index] as const;
    const { counters, zswap, zram } = phase;
    this.#withFaults(() => {
      this.#insert('phase', ...key, phase.op, phase.present, phase.swapped, phase.virtualNs);
      this.#insert('phase_wall', ...key, phase.wallMs);
      this.renewLife();
      for (const [name, value] of Object.entries(counters))
        this.#insert('counter', ...key, name, value);
      for (const [name, value] of Object.entries(zswap ?? {}))
        this.#insert('gauge', ...key, 'zswap', name, value);
      for (const [name, value] of Object.entries(zram ?? {}))
        this.#insert('gauge', ...key, 'zram', name, value);
      this.#insertSeries(phase.index, phase.series);
    });
  }

  /** Stores the points of phases that are stored already, in place of all that there are. */
  series(phases: readonly Pick<PhaseRecord, 'index' | 'series'>[]): void {
    this.#replace('series', () => {
      for (const { index, series } of phases) this.#insertSeries(index, series);
    });
  }

  /**
   * What `store` stores with this writer is stored in one transaction. Under a rollback journal each
   * costs its own sync of the disk: 14 ms where one under a log took 1.1 (measured, 2 cores, busy).
   */
  together(store: () => void): void {
    this.#connection.transaction(store);
  }

  /** Stores the areas of the run; a later call replaces an earlier one. */
  areas(rows: readonly AreaRecord[]): void {
    this.#replace('area', () => {
      for (const area of rows) {
        const { type, path, kind, pages, usedPages, priority } = area;
        this.#insert('area', this.runId, type, path, kind, pages, usedPages, priority);
        Object.entries(area.counters).forEach(([name, value], position) => {
          this.#insert('area_counter', this.runId, type, position, name, value);
        });
      }
    });
  }

  /** Stores the metadata terms; a later call replaces an earlier one. */
  metadata(rows: readonly MetadataRow[]): void {
    this.#replace('metadata_term', () => {
      rows.forEach(({ term, bytes, kind }, position) => {
        this.#insert('metadata_term', this.runId, position, term, bytes, kind);
      });
    });
  }

  /** Stores what the run is compared by; a later call replaces an earlier one. */
  metrics(rows: readonly MetricRecord[]): void {
    this.#replace('metric', () => {
      rows.forEach(({ group, name, unit, better, isAlwaysShown, value }, position) => {
        const isShown = isAlwaysShown ? 1 : 0;
        this.#insert('metric', this.runId, position, group, name, unit, better, isShown, value);
      });
    });
  }

  /** Stores the counts by operation; a later call replaces an earlier one. */
  operations(counters: OperationCounters): void {
    this.#replace('operation_counter', () => {
      for (const [operation, counts] of Object.entries(counters))
        for (const [name, value] of Object.entries(counts))
          this.#insert('operation_counter', this.runId, operation, name, value);
    });
  }

  /** Stores the maps of areas that are stored already, in one transaction; called once. */
  slotMaps(maps: readonly SlotMapRecord[]): void {
    this.#connection.transaction(() => {
      for (const { type, cells, clusterLists, freeRuns } of maps) {
        const key = [this.runId, type] as const;
        for (const { firstSlot, slots, counts } of cells)
          this.#insert('slot_cell', ...key, firstSlot, slots, ...counts);
        clusterLists.forEach(({ list, order, clusters }, position) => {
          this.#insert('cluster_list', ...key, position, list, order, clusters);
        });
        for (const { low, high, count } of freeRuns)
          this.#insert('free_run', ...key, low, high, count);
      }
    });
  }

  /** Stores a histogram; a later call with the same name replaces it. */
  histogram(name: string, buckets: HistogramRecord['buckets'], unit: string): void {
    this.#connection.transaction(() => {
      const where = 'WHERE run_id = ? AND name = ?';
      this.#connection.run(`DELETE FROM histogram ${where}`, this.runId, name);
      this.#insert('histogram', this.runId, name, unit);
      for (const { low, high, count } of buckets)
        this.#insert('histogram_bucket', this.runId, name, low, high, count);
    });
  }

  /** Notes something rare; a transaction each, so not for every page. The last rows are left out. */
  event(timeNs: EventRecord['timeNs'], kind: string, detail: string): void {
    if (this.#eventCount < EVENT_ROWS_MAX)
      this.#insert('event', this.runId, this.#eventCount, timeNs, kind, detail);
    this.#eventCount += 1;
  }

  /** Notes a fault that fired; it is on disk a second or an interval later. */
  fault(fault: FiredFaultRecord): void {
    this.#faults.fired(fault);
  }

  /** Notes what became of a fault; the last word counts. */
  consequence(id: number, consequence: Consequence, detail: string): void {
    this.#faults.decided(id, consequence, detail);
  }

  /** Stores where the run can go on; replaces the one before. Faults so far are stored with it. */
  checkpoint({ operations, state }: CheckpointRecord): void {
    this.#withFaults(() => {
      this.#connection.run(
        `INSERT INTO checkpoint VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET operations = excluded.operations, state = excluded.state`,
        ...[this.runId, operations, canonicalJson(state)],
      );
      this.renewLife();
    });
  }

  /** Stores what the run is now. Old ones are thinned out, so that the file stays small. */
  interval(interval: IntervalRecord): void {
    const accept = this.#withFaults(() => {
      this.renewLife();
      return this.#intervals.add(interval);
    });
    accept();
  }

  /** Says that the run lives, to those who watch it and to other hosts; intervals do so as well. */
  renewLife(): void {
    const sql = 'UPDATE run_wall SET alive_ms = ? WHERE run_id = ?';
    this.#connection.run(sql, Date.now(), this.runId);
  }

  /** Ends the run: `done`, or `failed` when pages came back with other bytes. */
  finish(outcome: RunOutcome): void {
    const { digest, verify, wrongPages = 0, slotRuns, virtualNs, wallMs } = outcome;
    const { pagesChecked, mismatches } = verify;
    this.#withFaults(() => {
      if (mismatches + wrongPages === 0) this.#end('done', null, 0);
      else if (mismatches === 0) {
        this.#end('failed', `tasks were given ${wrongPages} wrong pages`, EXIT_CHECK);
      } else {
        const reason = `${mismatches} of ${pagesChecked} pages came back with other bytes`;
        this.#end('failed', reason, EXIT_CHECK);
      }
      this.#connection.run(
        `UPDATE run SET digest = ?, pages_checked = ?, mismatches = ?, slot_runs = ?,
         virtual_ns = ? WHERE run_id = ?`,
        ...[digest, pagesChecked, mismatches, slotRuns, virtualNs, this.runId],
      );
      const sql = 'UPDATE run_wall SET wall_ms = ? WHERE run_id = ?';
      this.#connection.run(sql, wallMs, this.runId);
    });
  }

  /**
   * Ends the run as `failed`; the phases stored so far stay.
   * @param exitCode - what the command ends with: 2 the user's mistake, 3 a check failed, else 1
   */
  fail(message: string, exitCode = 1): void {
    try {
      this.#faults.flush();
    } catch (error) {
      // On a full disk the mark may still find room.
      if (!(error instanceof RunError)) throw error;
    }
    this.#connection.transaction(() => {
      this.#end('failed', message, exitCode);
    });
  }

  #insertRun(run: RunHeader, owner: ProcessIdentity): number {
    assert(Number.isSafeInteger(run.seed), 'a seed is a whole number');
    const runId = this.#connection.run(
      `INSERT INTO run (spec_hash, design, seed, version, spec, name, command, plan_id, status)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'running')`,
      ...[this.specHash, run.design, run.seed, run.version],
      ...[canonicalJson(run.spec), run.name, run.command, run.planId ?? null],
    ).insertedId;
    this.#connection.run(
      `INSERT INTO run_wall (run_id, started_ms, owner_pid, owner_start, owner_host, alive_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
      ...[runId, Date.now(), owner.pid, owner.startTicks, owner.host ?? null, Date.now()],
    );
    for (const { key, value } of flattenParameters(run.spec))
      this.#insert('param', runId, key, parameterValue(value));
    return runId;
  }

  #end(status: RunStatus, reason: string | null, exitCode: number): void {
    const { changes } = this.#connection.run(
      `UPDATE run SET status = ?, exit_reason = ?, exit_code = ?
       WHERE run_id = ? AND status = 'running'`,
      ...[status, reason, exitCode, this.runId],
    );
    if (changes === 0)
      throw new RunError(
        `${this.#connection.path}: run ${this.runId} is no longer there as a running one: ` +
          'another process removed or ended it',
      );
    const sql = 'UPDATE run_wall SET finished_ms = ? WHERE run_id = ?';
    this.#connection.run(sql, Date.now(), this.runId);
  }

  #insertSeries(phase: number, points: PhaseRecord['series']): void {
    points.forEach(({ name, timeNs, value }, position) => {
      this.#insert('series', this.runId, phase, position, name, timeNs, value);
    });
  }

  /** Does `action` in one transaction with the faults that are not on disk yet. */
  #withFaults<T>(action: () => T): T {
    const { result, accept } = this.#connection.transaction(() => ({
      result: action(),
      accept: this.#faults.write(),
    }));
    accept();
    return result;
  }

  #replace(table: string, insertRows: () => void): void {
    this.#connection.transaction(() => {
      this.#connection.run(`DELETE FROM ${table} WHERE run_id = ?`, this.runId);
      insertRows();
    });
  }

  /** Inserts a row with all columns of the table, in the order of the schema. */
  #insert(table: string, ...values: SqlValue[]): void {
    const places = values.map(() => '?').join(', ');
    this.#connection.run(`INSERT INTO ${table} VALUES (${places})`, ...values);
  }
}

/** As SQL compares them: whole numbers as integers, booleans as the words of JSON. */
function parameterValue(value: JsonScalar): SqlValue {
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}
