/** Runs that are stored as running while their process is gone. Looking takes no lock. */
import type { Connection } from './connection.ts';
import { isRunning } from './process-identity.ts';

/** Why such a run has ended, by its id. */
export type Orphans = ReadonlyMap<number, string>;

export function findOrphans(connection: Connection): Orphans {
  const running = connection.all<{ runId: number; pid: number; startTicks: number | null }>(
    `SELECT run_id AS runId, owner_pid AS pid, owner_start AS startTicks
     FROM run JOIN run_wall USING (run_id) WHERE status = 'running'`,
  );
  return new Map(
    running
      .filter((owner) => !isRunning(owner))
      .map(({ runId, pid }) => [runId, `process ${pid} ended without finishing the run`]),
  );
}
