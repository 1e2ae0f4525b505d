/** One run from a checked spec: areas taken, machine run, everything in the database. */
import {
  Machine,
  parseSpec,
  type RunHooks,
  type RunResult,
  type RunSpec,
} from '../src/machine/index.ts';
import {
  openStateDatabase,
  flattenParameters,
  type JsonValue,
  type RunWriter,
  type StateDatabase,
} from '../src/runs/index.ts';
import type { LifeEvent } from '../src/engine/index.ts';
import {
  CheckError,
  InvariantError,
  PAGE_SIZE,
  UsageError,
  type VirtualPage,
  type RunError,
} from '../src/units/index.ts';
import { createWorkload, parseTrace, TraceWorkload, type Workload } from '../src/workload/index.ts';
import { readAccessWorkload, withSettledTrace } from './access-trace-file.ts';
import type { CommandIo } from './command.ts';
import { LiveRun } from './live-run.ts';
import { readInput } from './read-input.ts';
import { holdAreas } from './run-areas.ts';
import { RunStorage } from './run-storage.ts';
import { storeCounts, storeState } from './store-result.ts';
import { resolvedSpec } from './stored-spec.ts';
import { sweepTemporaryFolders } from './temporary-folder.ts';
import { detail, tellAreas } from './telling.ts';
import { version } from './version.ts';

/** Milliseconds of wall time between the lines of `runs show --follow`. */
const INTERVAL_MS = 1000;

export interface RunRequest {
  readonly spec: RunSpec;
  /** The command line, for people. */
  readonly command: string;
  readonly hooks: Pick<RunHooks, 'onProgress' | 'onPause'>;
  /** A page whose life is noted. */
  readonly watch?: WatchedPage;
  /** A line of a sweep's plan: its id, and the database, which stays open for the next one. */
  readonly planned?: { readonly id: string; readonly database: StateDatabase };
}

export interface WatchedPage {
  readonly task: number;
  readonly page: number;
}

export interface FinishedRun {
  readonly runId: number;
  readonly spec: JsonValue;
  readonly result: RunResult;
  /** Why the state database holds the run only in part; null when it holds all of it. */
  readonly notStored: RunError | null;
  /** What happened to the watched page. */
  readonly pageLife?: WatchedPage & { readonly events: readonly LifeEvent[] };
}

/**
 * Runs a spec and stores the run. A run that fails is stored as failed, with the reason, and its
 * areas are given back. A state database that takes no more (a full disk) does not end the run: it
 * goes on and has its result, and `notStored` says what is missing.
 * @throws UsageError, RunError, CheckError, InvariantError
 */
export async function executeRun(request: RunRequest, io: CommandIo): Promise<FinishedRun> {
  const spec = withSettledTrace(request.spec);
  detail(io, `state database ${io.databasePath}`);
  tellSpec(spec, io);
  const workload = buildWorkload(spec);
  const { planned } = request;
  const database = planned?.database ?? openStateDatabase(io.databasePath);
  try {
    sweepTemporaryFolders();
    const areas = await holdAreas(spec, database.activeAreas, io);
    tellAreas(areas.prepared, io);
    const stopOnSignal = (): void => {
      areas.release();
      process.exit(130);
    };
    process.once('SIGINT', stopOnSignal);
    process.once('SIGTERM', stopOnSignal);
    try {
      const machine = new Machine(spec, areas.prepared, workload);
      const { watch } = request;
      if (watch !== undefined) watchPage(machine, watch);
      const resolved = resolvedSpec(spec, machine, areas.prepared);
      const writer = database.runs.begin({
        design: spec.design,
        seed: spec.seed,
        spec: resolved,
        version,
        name: spec.name ?? null,
        command: request.command,
        ...(planned === undefined ? {} : { planId: planned.id }),
      });
      detail(io, `run ${writer.runId} begins: ${spec.design}, seed ${spec.seed}`);
      const live = new LiveRun({ database, writer, areas, intervalMs: INTERVAL_MS });
      const hooks = { ...request.hooks, ...live.hooks };
      const { result, notStored } = await runAndStore(machine, writer, hooks, io);
      detail(io, `run ${writer.runId} is done: digest ${result.digest}`);
      const events = machine.engine.trace.life();
      return {
        ...{ runId: writer.runId, spec: resolved, result, notStored },
        ...(watch === undefined ? {} : { pageLife: { ...watch, events } }),
      };
    } finally {
      process.off('SIGINT', stopOnSignal);
      process.off('SIGTERM', stopOnSignal);
      areas.release();
      detail(io, 'areas released');
    }
  } finally {
    if (planned === undefined) database.close();
  }
}

/** With --verbose: the keys of the spec that are not what they would be by themselves. */
function tellSpec(spec: RunSpec, io: CommandIo): void {
  if (io.verbosity?.isVerbose !== true) return;
  const flat = (from: RunSpec): ReturnType<typeof flattenParameters> =>
    flattenParameters(JSON.parse(JSON.stringify(from)) as JsonValue);
  const plain = parseSpec({ workload: spec.workload, design: spec.design }, 'defaults');
  const defaults = new Map(flat(plain).map(({ key, value }) => [key, value]));
  for (const { key, value } of flat(spec))
    if (!key.startsWith('workload.') && defaults.get(key) !== value)
      detail(io, `spec: ${key} = ${JSON.stringify(value)}`);
}

function watchPage(machine: Machine, { task, page }: WatchedPage): void {
  const spaces = machine.spaces();
  if (task >= spaces.length)
    throw new UsageError(`--task: there is no task ${task}; accepted: 0 to ${spaces.length - 1}`);
  const { pageCount } = spaces[task]!;
  if (page >= pageCount)
    throw new UsageError(`--trace-page: ${page} is outside; accepted: 0 to ${pageCount - 1}`);
  machine.watch(task, page as VirtualPage);
}

async function runAndStore(
  machine: Machine,
  writer: RunWriter,
  hooks: RunHooks,
  io: CommandIo,
): Promise<{ readonly result: RunResult; readonly notStored: RunError | null }> {
  const storage = new RunStorage(writer, io);
  try {
    const result = await machine.run({
      ...hooks,
      onPhase: (phase) => {
        detail(io, `phase ${phase.index} done: ${phase.op}`);
        storage.attempt(() => {
          writer.phase(phase);
        });
      },
      onEvent: (timeNs, kind, detail) => {
        storage.attempt(() => {
          writer.event(timeNs, kind, detail);
        });
      },
      onFault: (fault) => {
        storage.attempt(() => {
          writer.fault(fault);
        });
      },
      onConsequence: (id, consequence, detail) => {
        storage.attempt(() => {
          writer.consequence(id, consequence, detail);
        });
      },
    });
    storage.attempt(() => {
      writer.together(() => {
        writer.series(result.phases);
        storeState(writer, result);
        storeCounts(writer, result);
        const { digest, verify, wrongPages, slotRuns, virtualNs, wallMs } = result;
        writer.finish({ digest, verify, wrongPages, slotRuns, virtualNs, wallMs });
      });
    });
    return { result, notStored: storage.problem };
  } catch (error) {
    storage.fail(error instanceof Error ? error.message : String(error), exitCodeOf(error));
    throw error;
  }
}

/** What the command ends with for an error; `main` says the same. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CheckError || error instanceof InvariantError) return 3;
  return error instanceof UsageError ? 2 : 1;
}

/** The workload of a spec; what it names is read. */
export function buildWorkload(spec: RunSpec): Workload {
  const { workload } = spec;
  if ('name' in workload)
    return createWorkload(workload.name, workload.arguments, {
      seed: spec.seed,
      option: 'workload',
    });
  if ('accesses' in workload) return readAccessWorkload(workload);
  const trace = parseTrace(workload.trace, workload.source);
  return new TraceWorkload(trace, { file: readContent(workload.content) });
}

function readContent(path: string | undefined): Uint8Array | null {
  if (path === undefined) return null;
  const bytes = readInput(path, '--content');
  if (bytes.length < PAGE_SIZE)
    throw new UsageError(`--content: ${path} has ${bytes.length} bytes; accepted: at least 4096`);
  return bytes;
}
