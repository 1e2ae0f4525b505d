/** Which runs give the same digest whenever they are run again. */
import type { RunStatus, StoredRun } from './records.ts';

type Repeated = Pick<StoredRun, 'status' | 'digest' | 'steering' | 'checkpoint' | 'intervals'>;

/** What it takes to say whether a run can be repeated. */
export interface RepeatFacts {
  readonly status: RunStatus;
  readonly digest: string | null;
  /** Another process had a hand in it. */
  readonly isSteered: boolean;
  readonly hasCheckpoint: boolean;
}

/** Whether its spec and its version alone decide the digest. */
export function isRepeatable(facts: RepeatFacts): boolean {
  // How far a run of endure goes is not in its spec; other runs have no checkpoints.
  return isWhole(facts) && !facts.hasCheckpoint;
}

/** Of a run that was read. */
export function repeatFacts({ status, digest, steering, checkpoint }: Repeated): RepeatFacts {
  return { status, digest, isSteered: steering.length > 0, hasCheckpoint: checkpoint !== null };
}

/** Whether its command and its version decide the digest: also of endure, by operations. */
export function isRepeatedByCommand(run: Repeated): boolean {
  const facts = repeatFacts(run);
  return isWhole(facts) && (!facts.hasCheckpoint || endedByOperations(run));
}

function isWhole({ status, digest, isSteered }: RepeatFacts): boolean {
  return status === 'done' && digest !== null && !isSteered;
}

/**
 * Whether a run of endure went from its start to the operations that were asked for: a limit of wall
 * time and a signal end it elsewhere each time.
 */
function endedByOperations({ checkpoint, intervals }: Repeated): boolean {
  const { limits, resumed = 0 } = (checkpoint?.state ?? {}) as {
    readonly limits?: Readonly<Record<'operations' | 'durationMs', number | null>>;
    readonly resumed?: number;
  };
  if (limits === undefined || limits.operations === null || resumed > 0) return false;
  return limits.durationMs === null && (intervals.at(-1)?.operations ?? 0) >= limits.operations;
}
