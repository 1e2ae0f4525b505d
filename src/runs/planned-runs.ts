/**
 * Runs that are lines of a sweep's plan (`plan_id`). Several processes may run one plan into one
 * database: who begins a line's run has claimed it, until the run or the process ends.
 */
import { RunError } from '../units/index.ts';
import type { Connection } from './connection.ts';
import { isElsewhere, lives, OWNER_COLUMNS, type Orphans, type RunOwner } from './orphans.ts';
import type { ProcessIdentity } from './process-identity.ts';
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

/** A run that keeps others from running its line: it is done, or its process may live. */
export interface PlanClaim {
  readonly runId: number;
  readonly status: 'done' | 'running';
  readonly pid: number;
  /** When a process of another host last said that it lives (ms since 1970); null: it is one of here. */
  readonly aliveElsewhereMs: number | null;
}

/** The run is there already, or another process has begun it. */
export class RunTakenError extends RunError {
  readonly claim: PlanClaim;

  constructor(claim: PlanClaim) {
    super(claimText(claim));
    this.claim = claim;
  }
}

/** `run 5 is run by process 77`. */
export function claimText({ runId, status, pid, aliveElsewhereMs }: PlanClaim): string {
  if (status === 'done') return `run ${runId} is done`;
  return `run ${runId} is run by process ${pid}${aliveElsewhereMs === null ? '' : ' of another host'}`;
}

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

/** Ids of the runs of plans that are done. */
export function donePlanIds(connection: Connection): Set<string> {
  const rows = connection.all<{ planId: string }>(
    "SELECT plan_id AS planId FROM run WHERE plan_id IS NOT NULL AND status = 'done'",
  );
  return new Set(rows.map(({ planId }) => planId));
}

/** Who has claimed a line; null: it may be run. */
export function claimOf(connection: Connection, planId: string): PlanClaim | null {
  // An index sees to it that there is no second one.
  const [row] = connection.all<{ runId: number; status: 'done' | 'running' } & RunOwner>(
    `SELECT run_id AS runId, status, ${OWNER_COLUMNS} FROM run JOIN run_wall USING (run_id)
     WHERE plan_id = ? AND status IN ('done', 'running')`,
    planId,
  );
  if (row === undefined || (row.status === 'running' && !lives(row))) return null;
  const { runId, status, pid, aliveMs } = row;
  return { runId, status, pid, aliveElsewhereMs: isElsewhere(row) ? (aliveMs ?? 0) : null };
}

/** The number of the latest run of a line; 0 when there is none. */
export function lastAttempt(connection: Connection, planId: string): number {
  const sql = 'SELECT coalesce(max(run_id), 0) AS runId FROM run WHERE plan_id = ?';
  return connection.all<{ runId: number }>(sql, planId)[0]!.runId;
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
    const claim = claimOf(connection, run.planId);
    if (claim !== null) throw new RunTakenError(claim);
    removeAttempts(connection, run.planId);
    return new RunWriter(connection, run, owner);
  });
}

/** Removes all runs of a line that nobody has claimed. */
export function removeAttempts(connection: Connection, planId: string): void {
  connection.run('DELETE FROM run WHERE plan_id = ?', planId);
}
