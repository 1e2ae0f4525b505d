/** Runs that are stored as running while their process is gone. Looking takes no lock. */
import type { Connection } from './connection.ts';
import { currentHost, isRunning, type ProcessIdentity } from './process-identity.ts';

/** Who runs a run, and when it last said that it lives (milliseconds since 1970). */
export interface RunOwner extends ProcessIdentity {
  readonly aliveMs: number | null;
}

/** Columns of a RunOwner, of run_wall. */
export const OWNER_COLUMNS: string =
  'owner_pid AS pid, owner_start AS startTicks, owner_host AS host, alive_ms AS aliveMs';

/**
 * Milliseconds without a sign after which a process of another host counts as dead. assumed: a run
 * gives one every second or ten while it works; while it compares its pages at the end it gives none,
 * and clocks of hosts differ.
 */
export const SILENT_MS: number = 5 * 60_000;
/** After which that is written down, which a run that only stood still does not survive. assumed */
const FORGOTTEN_MS = 24 * 3600_000;

/** Why such a run has ended, by its id. */
export type Orphans = ReadonlyMap<number, string>;

/** Answered by an index: it is asked at every look into the database. */
export const SELECT_LIVE: string = `
  SELECT run_id AS runId, ${OWNER_COLUMNS}
  FROM run JOIN run_wall USING (run_id) WHERE status = 'running'`;

/** Runs that count as aborted. */
export function findOrphans(connection: Connection): Orphans {
  return orphansOf(connection, SILENT_MS);
}

/** Those that may be marked so for good. */
export function findForgotten(connection: Connection): Orphans {
  return orphansOf(connection, FORGOTTEN_MS);
}

function orphansOf(connection: Connection, silentMs: number): Orphans {
  const running = connection.all<RunOwner & { readonly runId: number }>(SELECT_LIVE);
  const here = currentHost();
  return new Map(
    running
      .filter((owner) => !lives(owner, here, silentMs))
      .map((owner) => [owner.runId, reasonOf(owner, here)]),
  );
}

/** False for a process that is gone, or of another host and silent for long. */
export function lives(
  owner: RunOwner,
  here: string = currentHost(),
  silentMs: number = SILENT_MS,
): boolean {
  if (!isElsewhere(owner, here)) return isRunning(owner);
  return Date.now() - (owner.aliveMs ?? 0) < silentMs;
}

/** True for a process of another host, pid namespace, or boot. */
export function isElsewhere({ host }: RunOwner, here: string = currentHost()): boolean {
  return (host ?? here) !== here;
}

function reasonOf(owner: RunOwner, here: string): string {
  if (!isElsewhere(owner, here)) return `process ${owner.pid} ended without finishing the run`;
  return `process ${owner.pid} of another host has not shown for minutes that it lives`;
}
