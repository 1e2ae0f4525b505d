/** Runs lines of a plan, one after the other, in this process. */
import { setTimeout } from 'node:timers/promises';
import {
  claimText,
  openStateDatabase,
  RunTakenError,
  withOwnAreas,
  type PlanClaim,
  type RunStore,
  type StateDatabase,
} from '../../src/runs/index.ts';
import type { RunSpec } from '../../src/machine/index.ts';
import { PlanSpecs, settingsText, type Plan, type PlanLine } from '../../src/sweep/index.ts';
import { CheckError, InvariantError, RunError, UsageError } from '../../src/units/index.ts';
import { withTraceFrom, type TracePlaces } from '../access-trace-file.ts';
import type { CommandIo } from '../command.ts';
import { createRunsProgress } from '../progress.ts';
import { executeRun, exitCodeOf } from '../runner.ts';
import { sweepTemporaryFolders } from '../temporary-folder.ts';
import { detail, notice } from '../telling.ts';
import { version } from '../version.ts';

/** Milliseconds between looks whether a process of another host lives. */
const LIFE_POLL_MS = 1000;

/** What has become of a line. */
export interface LineEnd {
  readonly index: number;
  readonly id: string;
  /** `known`: it was done before; `taken`: another process runs it. */
  readonly status: 'done' | 'failed' | 'known' | 'taken';
  /** Why it failed, or who has it. */
  readonly reason?: string;
  /** What `swaplab run` would end with; of one that failed. */
  readonly exitCode?: number;
  /** Of one that was run now. */
  readonly wallMs?: number;
}

export interface LinesToRun {
  readonly plan: Plan;
  readonly lines: readonly PlanLine[];
  /** File of the plan. */
  readonly where: string;
  /** Of access traces that are elsewhere than the plan says. */
  readonly traces: TracePlaces;
  /** They are a shard: others read its database from other hosts, or fetch it as one file. */
  readonly isShard: boolean;
  /** For people. */
  readonly title: string;
  /** The command line, for the stored runs. */
  readonly command: string;
}

/**
 * Runs lines into the state database of `io`; a run that fails does not keep the others from being run.
 * @param onEnd - told of each line, as it ends
 * @throws UsageError for a plan that was changed, before anything runs
 * @throws RunError when the database takes no more
 */
export async function runLines(
  work: LinesToRun,
  io: CommandIo,
  onEnd: (end: LineEnd) => void,
): Promise<LineEnd[]> {
  const specs = new PlanSpecs(work.plan, work.where);
  const database = withOwnAreas(
    openStateDatabase(io.databasePath, { journal: work.isShard ? 'delete' : 'wal' }),
  );
  try {
    sweepTemporaryFolders();
    const done = database.runs.donePlanIds();
    const ends: LineEnd[] = [];
    const note = (end: LineEnd): void => {
      ends.push(end);
      onEnd(end);
    };
    const toDo = work.lines.filter(({ id }) => !done.has(id));
    for (const line of toDo) specs.get(line);
    for (const { index, id } of work.lines) if (done.has(id)) note({ index, id, status: 'known' });
    const progress = createRunsProgress(toDo.length, io);
    const run = async (line: PlanLine): Promise<LineEnd> => {
      const claim = database.runs.claimOf(line.id);
      if (claim !== null) return endOfClaimed(line, claim);
      progress.next(`${work.title}: ${settingsText(line.set)}`);
      try {
        const spec = withTraceFrom(specs.get(line), work.traces);
        return await runLine(line, spec, { work, database, io, progress });
      } finally {
        progress.stop();
      }
    };
    const taken: PlanLine[] = [];
    for (const line of toDo) {
      const end = await run(line);
      if (end.status === 'taken') taken.push(line);
      else note(end);
    }
    // Those who had these may have finished them by now, or died.
    for (const line of taken) {
      await watchElsewhere(line, database.runs, io);
      note(await run(line));
    }
    return ends.sort((a, b) => a.index - b.index);
  } finally {
    database.close();
  }
}

function endOfClaimed({ index, id }: PlanLine, claim: PlanClaim): LineEnd {
  if (claim.status === 'done') return { index, id, status: 'known' };
  return { index, id, status: 'taken', reason: claimText(claim) };
}

/**
 * Waits while it cannot be seen whether the process of another host that has begun a line lives: until
 * it says so, comes to the end of the run, or has been silent for too long. A pod or a task that was
 * started again on another node finds its own earlier run like that.
 */
async function watchElsewhere(
  { index, id }: PlanLine,
  runs: RunStore,
  io: CommandIo,
): Promise<void> {
  const first = runs.claimOf(id);
  if (first === null || first.aliveElsewhereMs === null) return;
  notice(io, `sweep: run ${index}: ${claimText(first)}; waiting for a sign of life\n`);
  while (runs.claimOf(id)?.aliveElsewhereMs === first.aliveElsewhereMs)
    await setTimeout(LIFE_POLL_MS);
}

interface Place {
  readonly work: LinesToRun;
  readonly database: StateDatabase;
  readonly io: CommandIo;
  readonly progress: Pick<ReturnType<typeof createRunsProgress>, 'update'>;
}

async function runLine(
  line: PlanLine,
  spec: RunSpec,
  { work, database, io, progress }: Place,
): Promise<LineEnd> {
  const { index, id } = line;
  const startMs = performance.now();
  const attempt = database.runs.lastAttempt(id);
  const ended = (end: Pick<LineEnd, 'status' | 'reason' | 'exitCode'>): LineEnd => ({
    ...{ index, id, ...end },
    wallMs: Math.round(performance.now() - startMs),
  });
  try {
    const { result, notStored } = await executeRun(
      {
        ...{ spec, command: work.command, planned: { id, database } },
        hooks: { onProgress: progress.update },
      },
      io,
    );
    if (notStored !== null) throw new StorageError(notStored.message);
    const { verify, wrongPages } = result;
    if (verify.mismatches + wrongPages === 0) return ended({ status: 'done' });
    return ended({ status: 'failed', reason: 'pages came back with other bytes', exitCode: 3 });
  } catch (error) {
    if (error instanceof RunTakenError) return endOfClaimed(line, error.claim);
    if (!isOfOneRun(error)) throw error;
    detail(io, `run ${index} failed: ${error.message}`);
    // One that came to its beginning is stored already.
    if (database.runs.lastAttempt(id) === attempt)
      storeRefusal(database, { id, spec, command: work.command }, error);
    return ended({ status: 'failed', reason: error.message, exitCode: exitCodeOf(error) });
  }
}

/** The database takes no more: others would not be stored either. */
class StorageError extends RunError {}

/** Not one that the next run would meet as well. */
function isOfOneRun(error: unknown): error is Error {
  if (error instanceof StorageError) return false;
  return [UsageError, RunError, CheckError, InvariantError].some((kind) => error instanceof kind);
}

/** A run that did not come to its beginning is stored as well: else nobody would know why it is missing. */
function storeRefusal(
  database: StateDatabase,
  run: { readonly id: string; readonly spec: RunSpec; readonly command: string },
  error: Error,
): void {
  const { id, spec, command } = run;
  const writer = database.runs.begin({
    ...{ design: spec.design, seed: spec.seed, version, command, planId: id },
    spec: JSON.parse(JSON.stringify(spec)) as never,
    name: spec.name ?? null,
  });
  writer.fail(error.message, exitCodeOf(error));
}
