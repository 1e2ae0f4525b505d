/** Removing runs from the state database, and giving the space back. A live run is never removed. */
import type { Connection } from './connection.ts';
import type { RunStatus, RunSummary } from './records.ts';

/** Which runs are garbage; all parts together. */
export interface GarbageCriteria {
  /** Only runs that started before; milliseconds since 1970. */
  readonly startedBeforeMs?: number;
  /** Only these. */
  readonly statuses?: readonly RunStatus[];
  /** The newest so many, of those that the other parts leave, are no garbage. */
  readonly keep?: number;
}

/** The runs of `runs` that are garbage, in the same order. @param runs - the newest first */
export function garbageAmong(
  runs: readonly RunSummary[],
  { startedBeforeMs = Infinity, statuses, keep = 0 }: GarbageCriteria,
): RunSummary[] {
  return runs
    .filter(
      ({ status, startedMs }) =>
        status !== 'running' &&
        startedMs < startedBeforeMs &&
        (statuses === undefined || statuses.includes(status)),
    )
    .slice(keep);
}

/**
 * Removes runs with all that belongs to them, in one transaction.
 * @returns the ids that were removed: those that are there and do not live
 */
export function removeRuns(connection: Connection, runIds: readonly number[]): number[] {
  return connection.transaction(() =>
    runIds.filter(
      (runId) =>
        connection.run("DELETE FROM run WHERE run_id = ? AND status <> 'running'", runId).changes >
        0,
    ),
  );
}

/**
 * Gives the space of removed rows back to the file system.
 * @returns bytes by which the database became smaller
 * @throws RunError while another process uses the database
 */
export function vacuum(connection: Connection): number {
  const before = databaseBytes(connection);
  connection.execute('VACUUM');
  // Only then does the file itself become smaller.
  connection.execute('PRAGMA wal_checkpoint(TRUNCATE)');
  return before - databaseBytes(connection);
}

function databaseBytes(connection: Connection): number {
  return connection.pragma('page_count') * connection.pragma('page_size');
}
