/**
 * The intervals of one run: what it was from time to time, evenly spread over its whole life.
 *
 * When there are more than `INTERVALS_MAX` every second one goes, and from then on every second one
 * that comes: a run of days has as many rows as one of minutes. The newest is always there.
 */
import type { Connection } from './connection.ts';
import { canonicalJson } from './json.ts';
import type { IntervalRecord, StoredInterval } from './records.ts';

/** assumed: about 2 MB of database. */
export const INTERVALS_MAX = 4096;

export class IntervalLog {
  readonly #connection: Connection;
  readonly #runId: number;
  /** Number of the next interval. */
  #next = 0;
  /** Only intervals whose number is a multiple are kept. */
  #stride = 1;

  constructor(connection: Connection, runId: number) {
    this.#connection = connection;
    this.#runId = runId;
  }

  /** Stores one; the caller holds a transaction. @returns what to do when that has gone through */
  add({ operations, timeNs, figures }: IntervalRecord): () => void {
    const position = this.#next;
    const previous = position - 1;
    if (previous > 0 && previous % this.#stride !== 0)
      this.#connection.run(
        'DELETE FROM interval WHERE run_id = ? AND position = ?',
        ...[this.#runId, previous],
      );
    this.#connection.run(
      'INSERT INTO interval VALUES (?, ?, ?, ?, ?)',
      ...[this.#runId, position, operations, timeNs, canonicalJson(figures)],
    );
    this.#connection.run(
      'INSERT INTO interval_wall VALUES (?, ?, ?)',
      ...[this.#runId, position, Date.now()],
    );
    let stride = this.#stride;
    const kept = Math.floor(position / stride) + (position % stride === 0 ? 1 : 2);
    if (kept > INTERVALS_MAX) {
      stride *= 2;
      this.#connection.run(
        'DELETE FROM interval WHERE run_id = ? AND position % ? <> 0 AND position <> ?',
        ...[this.#runId, stride, position],
      );
    }
    return () => {
      this.#next = position + 1;
      this.#stride = stride;
    };
  }
}

/** Which intervals of a run to read. */
export interface IntervalRange {
  /** Those that came after this number; -1 for all. */
  readonly after: number;
  /** About so many at most, evenly spread, the newest two among them; all when left out. */
  readonly max?: number;
}

/** Intervals of a run, in order. */
export function readIntervals(
  connection: Connection,
  runId: number,
  { after, max }: IntervalRange,
): StoredInterval[] {
  interface IntervalRow extends Omit<StoredInterval, 'figures'> {
    readonly figures: string;
  }
  return connection
    .all<IntervalRow>(
      `SELECT position, operations, time_ns AS timeNs, figures, at_ms AS atMs
       FROM interval JOIN interval_wall USING (run_id, position)
       WHERE run_id = ? AND position > ? AND (position % ? = 0 OR position >= (
         SELECT min(position) FROM (
           SELECT position FROM interval WHERE run_id = ? ORDER BY position DESC LIMIT 2)))
       ORDER BY position`,
      ...[runId, after, strideFor(connection, runId, max), runId],
    )
    .map(({ figures, ...row }) => ({
      ...row,
      figures: JSON.parse(figures) as Record<string, number>,
    }));
}

/** A power of two, as when rows are thinned out: later looks find the same intervals again. */
function strideFor(connection: Connection, runId: number, max = Infinity): number {
  const [last] = connection.all<{ position: number }>(
    'SELECT position FROM interval WHERE run_id = ? ORDER BY position DESC LIMIT 1',
    runId,
  );
  const count = (last?.position ?? 0) + 1;
  return count <= max ? 1 : 2 ** Math.ceil(Math.log2(count / max));
}
