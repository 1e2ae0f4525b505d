/** Runs lines of a plan, one after the other, in this process. */
import {
  openStateDatabase,
  RunTakenError,
  withOwnAreas,
  type StateDatabase,
} from '../../src/runs/index.ts';
import type { RunSpec } from '../../src/machine/index.ts';
import { PlanSpecs, settingsText, type Plan, type PlanLine } from '../../src/sweep/index.ts';
import { CheckError, InvariantError, RunError, UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { createRunsProgress } from '../progress.ts';
import { executeRun, exitCodeOf } from '../runner.ts';
import { sweepTemporaryFolders } from '../temporary-folder.ts';
import { detail } from '../telling.ts';
import { version } from '../version.ts';

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
  const database = withOwnAreas(openStateDatabase(io.databasePath));
  try {
    sweepTemporaryFolders();
    const planned = database.runs.planned();
    const done = new Set(
      planned.flatMap(({ planId, status }) => (status === 'done' ? planId : [])),
    );
    const ends: LineEnd[] = [];
    const note = (end: LineEnd): void => {
      ends.push(end);
      onEnd(end);
    };
    const toDo = work.lines.filter(({ id }) => !done.has(id));
    for (const line of toDo) specs.get(line);
    for (const { index, id } of work.lines) if (done.has(id)) note({ index, id, status: 'known' });
    const progress = createRunsProgress(toDo.length, io);
    for (const line of toDo) {
      progress.next(`${work.title}: ${settingsText(line.set)}`);
      try {
        note(await runLine(line, specs.get(line), { work, database, io, progress }));
      } finally {
        progress.stop();
      }
    }
    return ends.sort((a, b) => a.index - b.index);
  } finally {
    database.close();
  }
}

interface Place {
  readonly work: LinesToRun;
  readonly database: StateDatabase;
  readonly io: CommandIo;
  readonly progress: Pick<ReturnType<typeof createRunsProgress>, 'update'>;
}

async function runLine(
  { index, id }: PlanLine,
  spec: RunSpec,
  { work, database, io, progress }: Place,
): Promise<LineEnd> {
  const startMs = performance.now();
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
    if (error instanceof RunTakenError)
      return { index, id, status: 'taken', reason: error.message };
    if (!isOfOneRun(error)) throw error;
    detail(io, `run ${index} failed: ${error.message}`);
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
  if (database.runs.planned().some(({ planId }) => planId === id)) return;
  const writer = database.runs.begin({
    ...{ design: spec.design, seed: spec.seed, version, command, planId: id },
    spec: JSON.parse(JSON.stringify(spec)) as never,
    name: spec.name ?? null,
  });
  writer.fail(error.message, exitCodeOf(error));
}
