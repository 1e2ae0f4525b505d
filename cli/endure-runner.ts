/** One endurance run: areas taken, driver run, intervals and checkpoints in the database. */
import type { FaultTally } from '../src/device/index.ts';
import {
  Endurance,
  shrink,
  type EnduranceGauges,
  type EnduranceResult,
  type EnduranceState,
  type EnduranceTotals,
  type PreparedArea,
  type RunSpec,
} from '../src/machine/index.ts';
import {
  openStateDatabase,
  type JsonValue,
  type RunWriter,
  type StateDatabase,
} from '../src/runs/index.ts';
import { type RunError, UsageError } from '../src/units/index.ts';
import type { CommandIo } from './command.ts';
import type { EndureLine } from './endure-options.ts';
import { checkWritable, replayPath, writeReplay, type WrittenReplay } from './endure-replay.ts';
import { LiveRun } from './live-run.ts';
import { holdAreas } from './run-areas.ts';
import { RunStorage } from './run-storage.ts';
import { storeCounts, storeState } from './store-result.ts';
import { resolvedSpec, specOfStored } from './stored-spec.ts';
import { sweepTemporaryFolders } from './temporary-folder.ts';
import { detail, tellAreas } from './telling.ts';
import { version } from './version.ts';

/** A checkpoint is stored at the end of a phase, but not more often. */
const CHECKPOINT_MS = 1000;

/** How a run stands. */
interface Standing {
  readonly faults: readonly FaultTally[];
  readonly totals: EnduranceTotals;
  readonly gauges: EnduranceGauges;
}

/** How a run stands at an interval. */
export interface EndureMoment extends Standing {
  readonly seconds: number;
  /** Page operations per second of wall time since the last moment. */
  readonly rate: number;
  /** Page operations after which the run ends; null: another limit ends it. */
  readonly total: number | null;
  /** Until it ends by itself, at the rate that it had on the whole; null: too early to say. */
  readonly secondsLeft: number | null;
}

export interface FinishedEndurance {
  readonly runId: number;
  readonly spec: RunSpec;
  readonly result: EnduranceResult;
  /** Wall time of this process's part, and the page operations in it. */
  readonly seconds: number;
  readonly operations: number;
  /** Of a broken promise; null where none was found that shows it again. */
  readonly replay: WrittenReplay | null;
  /** Why the run is not, or not all of it, in the database; null: it is. */
  readonly notStored: RunError | null;
}

export interface EndureHooks {
  readonly onMoment: (moment: EndureMoment) => void;
  /** Called every 1024 operations or so. */
  readonly onProgress: (
    progress: Pick<EndureMoment, 'total' | 'secondsLeft'> & {
      readonly done: number;
      readonly virtualNs: number;
    },
  ) => void;
}

/** @throws UsageError, RunError */
export async function executeEndurance(
  line: EndureLine,
  command: string,
  hooks: EndureHooks,
  io: CommandIo,
): Promise<FinishedEndurance> {
  const database = openStateDatabase(io.databasePath);
  try {
    sweepTemporaryFolders();
    const { spec, from, limits } = begun(line, database);
    if (line.replayOut !== null) checkWritable(line.replayOut);
    detail(io, `state database ${io.databasePath}`);
    const areas = await holdAreas(spec, database.activeAreas, io);
    tellAreas(areas.prepared, io);
    let run: EnduranceSession | null = null;
    try {
      // Requests from outside may change what is held.
      const held = [...areas.prepared];
      const release = once(() => {
        areas.release();
      });
      run = new EnduranceSession({ spec, areas: held, line, limits, from, hooks, release });
      try {
        const writer = database.runs.begin({
          design: spec.design,
          seed: spec.seed,
          spec: resolvedSpec(spec, run.endurance.performer.machine, areas.prepared),
          version,
          name: spec.name ?? null,
          command,
        });
        detail(io, `run ${writer.runId} begins: ${spec.design}, seed ${spec.seed}`);
        const live = new LiveRun({ database, writer, areas, intervalMs: null });
        const finished = await run.toEnd(writer, live, new RunStorage(writer, io));
        if (finished.result.broken === null) return finished;
        // Its areas are for others again: a replay has its own, in memory.
        release();
        const path = line.replayOut ?? replayPath(io.databasePath, finished.runId);
        return { ...finished, replay: await searchReplay(run, path, { line, held, from, io }) };
      } finally {
        release();
      }
    } finally {
      run?.close();
    }
  } finally {
    database.close();
  }
}

interface Search {
  readonly line: EndureLine;
  readonly held: readonly PreparedArea[];
  readonly from: EnduranceState | null;
  readonly io: CommandIo;
}

/** Looks for the shortest replay of what broke, until somebody wants it to end. */
async function searchReplay(
  { endurance, spec, isStopWanted }: EnduranceSession,
  path: string,
  { line, held, from, io }: Search,
): Promise<WrittenReplay | null> {
  const broken = endurance.performer.broken!;
  if (!line.quiet) io.stderr(`${broken.what}\nlooking for the shortest replay …\n`);
  const shrunk = await shrink({
    ...{ spec, broken, areas: held, plan: endurance.plan },
    steered: endurance.steered,
    from: { phase: from?.phase ?? 0, operations: from?.totals.operations ?? 0 },
    isStopWanted,
  });
  return shrunk === null ? null : writeReplay(path, shrunk, io);
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    action();
  };
}

/** What is run, and from where. */
function begun(
  line: EndureLine,
  database: StateDatabase,
): {
  readonly spec: RunSpec;
  readonly from: EnduranceState | null;
  readonly limits: Limits;
} {
  if (line.spec !== null) return { spec: line.spec, from: null, limits: line };
  const runId = line.resume!;
  const stored = database.runs.get(runId);
  if (stored === undefined) throw new UsageError(`--resume: there is no run ${runId}`);
  if (stored.status !== 'aborted')
    throw new UsageError(
      `--resume: run ${runId} is ${stored.status}; accepted: a run that was killed (aborted)`,
    );
  const checkpoint = database.runs.checkpoint(runId);
  const { spec } = specOfStored(stored.spec, `run ${runId}`);
  // Killed before its first checkpoint, it begins anew.
  if (checkpoint === null) return { spec, from: null, limits: line };
  const { limits: had, ...state } = checkpoint.state as unknown as EnduranceState & {
    readonly limits: Readonly<Record<keyof Limits, number | null>>;
  };
  const limits = line.hasLimits
    ? line
    : {
        operations: had.operations ?? Infinity,
        durationMs: had.durationMs ?? Infinity,
      };
  return { spec, from: { ...state, resumed: state.resumed + 1 }, limits };
}

/** Where a run ends by itself; in a checkpoint null is infinity. */
type Limits = Pick<EndureLine, 'operations' | 'durationMs'>;

interface SessionOptions {
  /** Gives the areas back. */
  readonly release: () => void;
  readonly limits: Limits;
  readonly spec: RunSpec;
  readonly areas: ConstructorParameters<typeof Endurance>[0]['areas'];
  readonly line: EndureLine;
  readonly from: EnduranceState | null;
  readonly hooks: EndureHooks;
}

/** A driver with its clock: intervals, checkpoints, the end of its time, signals. */
class EnduranceSession {
  readonly endurance: Endurance;
  readonly #options: SessionOptions;
  readonly #startMs = performance.now();
  #lastMs = this.#startMs;
  #lastOperations: number;
  #checkpointMs = this.#startMs;
  #isStopWanted = false;
  #writer: RunWriter | null = null;
  #storage: RunStorage | null = null;
  #live: LiveRun | null = null;

  constructor(options: SessionOptions) {
    const { spec, areas, line, limits, from } = options;
    this.#options = options;
    this.#lastOperations = from?.totals.operations ?? 0;
    this.endurance = new Endurance({
      ...{ spec, areas, operations: limits.operations },
      ...(from === null ? {} : { from }),
      hooks: {
        onEvent: (...told) => {
          this.#store((writer) => {
            writer.event(...told);
          });
        },
        steering: () => this.#live,
        onLive: (look) => this.#live?.hooks.onLive(look),
        onFault: (fault) => {
          this.#store((writer) => {
            writer.fault(fault);
          });
        },
        onConsequence: (...told) => {
          this.#store((writer) => {
            writer.consequence(...told);
          });
        },
        onOperations: () => {
          if (performance.now() - this.#lastMs >= line.intervalMs) this.#moment();
          this.#progress();
        },
        onPhaseEnd: () => {
          if (performance.now() - this.#checkpointMs >= CHECKPOINT_MS) this.#checkpoint();
        },
        isStopWanted: () =>
          this.#isStopWanted || performance.now() - this.#startMs >= limits.durationMs,
      },
    });
  }

  /** Somebody wants it to end: first the run, then the search for its shortest replay. */
  readonly isStopWanted = (): boolean => this.#isStopWanted;

  get spec(): RunSpec {
    return this.#options.spec;
  }

  /** Signals are the process's own again. */
  close(): void {
    process.off('SIGINT', this.#stop);
    process.off('SIGTERM', this.#stop);
  }

  readonly #stop = (): void => {
    // A second one ends what takes too long: the areas are free when the process has gone.
    if (this.#isStopWanted) {
      this.#storage?.fail('interrupted');
      this.#options.release();
      process.exit(130);
    }
    this.#isStopWanted = true;
  };

  async toEnd(writer: RunWriter, live: LiveRun, storage: RunStorage): Promise<FinishedEndurance> {
    this.#writer = writer;
    this.#storage = storage;
    this.#live = live;
    process.on('SIGINT', this.#stop);
    process.on('SIGTERM', this.#stop);
    try {
      this.#checkpoint();
      const result = await this.endurance.run();
      this.#store(() => {
        this.#storeResult(writer, result);
      });
      const seconds = (performance.now() - this.#startMs) / 1000;
      const { spec } = this.#options;
      return {
        ...{ runId: writer.runId, spec, result, seconds, replay: null },
        operations: result.totals.operations - (this.#options.from?.totals.operations ?? 0),
        notStored: storage.problem,
      };
    } catch (error) {
      storage.fail(error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  /** What a database that takes no more must not end. */
  #store(store: (writer: RunWriter) => void): void {
    const writer = this.#writer;
    if (writer === null) return;
    this.#storage!.attempt(() => {
      store(writer);
    });
  }

  #storeResult(writer: RunWriter, result: EnduranceResult): void {
    const { broken, verdict, totals, digest, faults, gauges, run } = result;
    this.#storeInterval(writer, { totals, gauges, faults });
    if (run !== null) {
      for (const phase of run.phases) writer.phase(phase);
      storeState(writer, run);
      // Each part of a resumed run has counted anew: what one of them was is not what the run was.
      if (this.#options.from === null) storeCounts(writer, run);
    }
    if (broken !== null) {
      writer.fail(`${verdict}: operation ${broken.operation}: ${broken.what}`, 3);
      return;
    }
    writer.finish({
      digest,
      verify: { pagesChecked: totals.pagesChecked, mismatches: 0 },
      slotRuns: run?.slotRuns ?? 0,
      virtualNs: totals.virtualNs,
      wallMs: performance.now() - this.#startMs,
    });
  }

  /** Figures by the names that every live run has. */
  #storeInterval(writer: RunWriter, { totals, gauges, faults }: Standing): void {
    const { areas, poolBytes, storedPages, ...rest } = gauges;
    const { operations, virtualNs, ...counts } = totals;
    const fired = Object.fromEntries(faults.map((each) => [`fault.${each.kind}`, each.fired]));
    const used = Object.fromEntries(areas.map((area) => [`used ${area.name}`, area.usedPages]));
    const pool = { pool_total_size: poolBytes, stored_pages: storedPages };
    const figures = { ...counts, ...rest, ...pool, ...used, ...fired };
    writer.interval({ operations, timeNs: virtualNs, figures });
  }

  #moment(): void {
    const now = performance.now();
    const { operations } = this.endurance.performer.machine;
    const standing = {
      totals: { ...this.endurance.totals(), operations },
      ...{ gauges: this.endurance.gauges(), faults: this.endurance.faults() },
    };
    const rate = Math.round(((operations - this.#lastOperations) * 1000) / (now - this.#lastMs));
    this.#lastMs = now;
    this.#lastOperations = operations;
    this.#store((writer) => {
      this.#storeInterval(writer, standing);
    });
    const seconds = (now - this.#startMs) / 1000;
    this.#options.hooks.onMoment({ ...standing, rate, seconds, ...this.#left(operations) });
  }

  #progress(): void {
    const { machine } = this.endurance.performer;
    const { operations } = machine;
    const left = this.#left(operations);
    const virtualNs = (this.#options.from?.totals.virtualNs ?? 0) + machine.engine.latestNs;
    // The last look at everything is none of the operations that were asked for.
    const done = Math.min(operations, left.total ?? Infinity);
    this.#options.hooks.onProgress({ done, virtualNs, ...left });
  }

  /** What of the limits is left: whichever comes first. */
  #left(operations: number): Pick<EndureMoment, 'total' | 'secondsLeft'> {
    const { limits, from } = this.#options;
    const seconds = (performance.now() - this.#startMs) / 1000;
    const perSecond = (operations - (from?.totals.operations ?? 0)) / seconds;
    const byOperations = (limits.operations - operations) / perSecond;
    const left = Math.max(0, Math.min(limits.durationMs / 1000 - seconds, byOperations));
    return {
      total: Number.isFinite(limits.operations) ? limits.operations : null,
      secondsLeft: Number.isFinite(left) ? left : null,
    };
  }

  #checkpoint(): void {
    this.#checkpointMs = performance.now();
    const state = this.endurance.state();
    const { operations, durationMs } = this.#options.limits;
    const limits = { operations, durationMs };
    this.#store((writer) => {
      writer.checkpoint({
        operations: state.totals.operations,
        state: JSON.parse(JSON.stringify({ ...state, limits })) as JsonValue,
      });
    });
  }
}
