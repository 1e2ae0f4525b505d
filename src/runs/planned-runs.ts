/**
 * Runs that are lines of a sweep's plan (`plan_id`). Several processes may run one plan into one
 * database: who begins a line's run has claimed it, until the run or the process ends.
 */
import { RunError } from '../units/index.ts';
import type { Connection } from './connection.ts';
import type { Orphans } from './orphans.ts';
import { isRunning, type ProcessIdentity } from './process-identity.ts';
import type { RunHeader, RunStatus } from './records.ts';
import { RunWriter } from './run-writer.ts';

export interface PlannedRun {
  readonly runId: number;
  readonly planId: string;
  readonly status: RunStatus;
  readonly exitReason: string | null;
  readonly exitCode: number | null;
  /** Null of runs that have not come to their end. */
  readonly wallMs: number | null;
}

/** The run is there already, or another process has begun it. */
export class RunTakenError extends RunError {}

const SELECT_PLANNED = `
  SELECT run_id AS runId, plan_id AS planId, status, exit_reason AS exitReason,
    exit_code AS exitCode, wall_ms AS wallMs
  FROM run JOIN run_wall USING (run_id) WHERE plan_id IS NOT NULL`;

/** All runs of plans, by number. @param orphans - runs that count as aborted whatever is stored */
export function listPlanned(connection: Connection, orphans: Orphans): PlannedRun[] {
  return connection.all<PlannedRun>(`${SELECT_PLANNED} ORDER BY run_id`).map((run) => {
    const reason = orphans.get(run.runId);
    return reason === undefined ? run : { ...run, status: 'aborted', exitReason: reason };
  });
}

/**
 * Begins the run of a plan's line. What is left of it from before, failed or aborted, is removed.
 * @throws RunTakenError when it is done, or a process that lives runs it
 */
export function beginPlanned(
  connection: Connection,
  run: RunHeader & { readonly planId: string },
  owner: ProcessIdentity,
): RunWriter {
  return connection.transaction(() => {
    const there = connection.all<{ runId: number; status: RunStatus } & ProcessIdentity>(
      `SELECT run_id AS runId, status, owner_pid AS pid, owner_start AS startTicks
       FROM run JOIN run_wall USING (run_id) WHERE plan_id = ?`,
      run.planId,
    );
    const taken = there.find(
      ({ status, ...process }) => status === 'done' || (status === 'running' && isRunning(process)),
    );
    if (taken !== undefined)
      throw new RunTakenError(
        `run ${taken.runId} is ${taken.status === 'done' ? 'done' : `run by process ${taken.pid}`}`,
      );
    for (const { runId } of there) connection.run('DELETE FROM run WHERE run_id = ?', runId);
    return new RunWriter(connection, run, owner);
  });
}
