/** Runs that are stored as running while their process is gone. Looking takes no lock. */
import type { Connection } from './connection.ts';
import { isRunning } from './process-identity.ts';

/** Why such a run has ended, by its id. */
export type Orphans = ReadonlyMap<number, string>;

/** Answered by an index: it is asked at every look into the database. */
export const SELECT_LIVE = `
  SELECT run_id AS runId, owner_pid AS pid, owner_start AS startTicks
  FROM run JOIN run_wall USING (run_id) WHERE status = 'running'`;

export function findOrphans(connection: Connection): Orphans {
  const running = connection.all<{ runId: number; pid: number; startTicks: number | null }>(
    SELECT_LIVE,
  );
  return new Map(
    running
      .filter((owner) => !isRunning(owner))
      .map(({ runId, pid }) => [runId, `process ${pid} ended without finishing the run`]),
  );
}
