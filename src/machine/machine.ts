/**
 * A machine that runs a workload: phases, looks from outside, verification, what is left. The only
 * place before `src/runs` that reads the wall clock; its parts are put together in `assembly.ts`.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  assert,
  NO_FRAME,
  PAGE_SIZE,
  UsageError,
  type PageFrame,
  type VirtualPage,
} from '../units/index.ts';
import type { Engine } from '../engine/index.ts';
import { TAG_FILLED, type FrameTable, type Payload } from '../frames/index.ts';
import { INCOMPRESSIBLE, isSameFilled, type Compressor } from '../codec/index.ts';
import type {
  DesignChoice,
  Location,
  MetadataTerm,
  SwapoffResult,
  SwapSystem,
} from '../swap/index.ts';
import {
  FIRST_CGROUP,
  recordedWorker,
  type AddressSpace,
  type FlushWorker,
  type MemoryManager,
} from '../memory/index.ts';
import {
  createOperationBatch,
  OP,
  type OperationBatch,
  type Phase,
  type Workload,
} from '../workload/index.ts';
import type { RunSpec } from './spec.ts';
import { assemble } from './assembly.ts';
import type { MachineAreas } from './areas.ts';
import type { PreparedArea } from './prepared-area.ts';
import { cgroupCharges, cgroupOfTasks, cgroupResults, type CgroupCharges } from './cgroups.ts';
import { difference, total } from './counts.ts';
import { digestOf } from './digest.ts';
import { setKnob, usesZswap } from './knobs.ts';
import { PageComparison } from './page-comparison.ts';
import type { AreaResult, PhaseResult, RunResult, SlotRun, SwapUsage } from './run-result.ts';
import { slotRunsOf } from './slot-runs.ts';
import { swapUsage } from './usage.ts';
import type { ZramSettingResult } from './zram-area.ts';

/** What the outside is told while a machine runs. */
export interface RunHooks {
  /** A phase has ended. */
  onPhase?(result: PhaseResult): void;
  /** Some operations were done: how many in all, and in which phase. */
  onProgress?(progress: Progress): void;
  /** The trace says `pause`: everything queued is on the devices; resolves to go on. */
  onPause?(label: string, runs: readonly SlotRun[]): Promise<void>;
  /** Something rare happened. */
  onEvent?(timeNs: number, kind: string, detail: string): void;
}

/** Looks at the machine while it stands between two operations. */
export interface Visits {
  /** Number of the operation, from 1 over the whole run, after which the first look is. */
  readonly first: number;
  /** @returns the number of a later operation after which to look again, or to end the run now */
  afterOperation(operations: number): number | 'stop';
  afterPhase?(result: PhaseResult): 'go on' | 'stop';
}

export interface Progress {
  readonly phase: number;
  readonly phaseCount: number;
  readonly operations: number;
  readonly virtualNs: number;
  readonly step: 'run' | 'verify';
}

/** Operations between looks at the outside: devices, progress, the event loop. */
const BATCH_OPERATIONS = 1024;
/** Compressor calls after which lz4-napi's buffers need a turn of the event loop. */
const CODEC_CALLS_PER_TURN = 1000;
/** Runs of slots that a result shows; the count has them all. */
const SLOT_RUNS_SHOWN = 64;
/** Samples of the time series are this many batches apart. */
const BATCHES_PER_SAMPLE = 16;

/** What is known of the time that a run took on another machine: that of a capture. */
export interface RecordedHost {
  /** Time at which a phase had done so many operations, ns from the start of the first one. */
  timeNs(phase: number, operations: number): number;
  /** When statistics were flushed, ns from the start, ascending; before the start: negative. */
  readonly flushesNs: readonly number[];
}

/** State at the end of the workload. */
interface FinalState {
  readonly slots: readonly SlotRun[];
  readonly areas: readonly AreaResult[];
  readonly metadata: readonly MetadataTerm[];
  readonly zswap: Readonly<Record<string, number>>;
  readonly histograms: RunResult['histograms'];
  readonly operations: RunResult['operations'];
  readonly usage: SwapUsage;
  readonly charges: readonly CgroupCharges[];
  readonly gauges: Readonly<Record<string, number>>;
  readonly verify: RunResult['verify'];
}

export class Machine {
  readonly engine: Engine;
  readonly memory: MemoryManager;
  readonly swap: SwapSystem;
  readonly compressor: Compressor;
  readonly design: DesignChoice;
  readonly #spec: RunSpec;
  readonly #areas: MachineAreas;
  readonly #frames: FrameTable;
  readonly #payload: Payload;
  readonly #workload: Workload;
  readonly #usesZswap: boolean;
  /** A frame of the payload behind the machine's own: for comparing. */
  readonly #kept: PageFrame;
  readonly #spaces: AddressSpace[] = [];
  readonly #batch: OperationBatch = createOperationBatch(BATCH_OPERATIONS);
  readonly #comparison: PageComparison;
  /** Tasks that were ended before their time, by the id of their cgroup. */
  readonly #killed: Uint32Array;
  /** The task that is at work. */
  #acting: AddressSpace | null = null;
  readonly #startNs: Float64Array;
  readonly #endNs: Float64Array;
  readonly #freeNs: Float64Array;
  #hooks: RunHooks = {};
  #visits: Visits | null = null;
  /** Operation after which the next visit is; 0 is none. */
  #visitAt = 0;
  #isStopped = false;
  #child: AddressSpace | null = null;
  #operations = 0;
  #codecCallsSeen = 0;
  #phase = 0;
  /** Operations before the current phase. */
  #phaseStart = 0;
  #metadataBytesMax = 0;

  constructor(
    spec: RunSpec,
    areas: readonly PreparedArea[],
    workload: Workload,
    host: RecordedHost | null = null,
  ) {
    const parts = assemble(spec, areas, workload, {
      onKill: (space, reason) => {
        if (reason === 'oom') this.#compareKilled(space);
        // Another's fault in a page that the task's cgroup is charged for.
        if (space !== this.#acting) this.#noteKill(space, this.#spaces.indexOf(space), 'task');
      },
      onEvent: (kind, detail) => this.#hooks.onEvent?.(this.engine.nowNs, kind, detail),
      flushWorker: host === null ? undefined : this.#recordedWorker(host),
    });
    this.#spec = spec;
    this.#workload = workload;
    this.#usesZswap = usesZswap(spec, workload.phases);
    this.design = parts.design;
    this.engine = parts.engine;
    this.memory = parts.memory;
    this.swap = parts.memory.swap;
    this.compressor = parts.compressor;
    this.#areas = parts.areas;
    this.#frames = parts.frames;
    this.#payload = parts.payload;
    this.#kept = parts.frames.frameCount as PageFrame;
    this.#comparison = new PageComparison(parts.payload, workload);
    this.#killed = new Uint32Array(parts.cgroups.length + FIRST_CGROUP);
    for (const cgroup of cgroupOfTasks(parts.cgroups, workload.taskCount))
      this.#spaces.push(this.memory.createSpace(workload.pagesPerTask, cgroup));
    this.#startNs = new Float64Array(workload.taskCount).fill(-1);
    this.#endNs = new Float64Array(workload.taskCount);
    this.#freeNs = new Float64Array(workload.taskCount);
  }

  /** Runs the workload, then swaps everything back in and compares it. */
  async run(hooks: RunHooks = {}): Promise<RunResult> {
    this.#hooks = hooks;
    const startMs = performance.now();
    if (this.#spec.payload === 'none') this.#setSampleLengths();
    const phases: PhaseResult[] = [];
    let final: FinalState | null = null;
    for (const [index, phase] of this.#workload.phases.entries()) {
      // Pages are compared while there are any: before the first task goes.
      if (phase.kind === 'exit') final ??= await this.#finalState();
      const result = await this.#runPhase(index, phase);
      phases.push(result);
      this.#hooks.onPhase?.(result);
    }
    final ??= await this.#finalState();
    const beforeExit = this.engine.byOperation().free;
    for (const space of this.#spaces) if (space.isAlive) this.memory.exit(space);
    const exitCounts = difference(this.engine.byOperation().free, beforeExit);
    this.#checkEmpty();
    const { areas, zswap, slots, operations, usage, charges, gauges, ...kept } = final;
    const cgroups = cgroupResults(this.memory.cgroups, charges, this.#killed);
    const virtualNs = phases.reduce((sum, phase) => sum + phase.virtualNs, 0);
    const outcome = { phases, ...kept, slotRuns: slots.length, virtualNs };
    return {
      ...outcome,
      operations: { ...operations, free: total(operations.free, exitCounts) },
      usage,
      gauges,
      slots: slots.slice(0, SLOT_RUNS_SHOWN),
      areas,
      zswap,
      metadataBytesMax: this.#metadataBytesMax,
      killedTasks: this.#killed.reduce((sum, count) => sum + count, 0),
      memoryMaxPages: cgroups.reduce((sum, { memoryMaxPages }) => sum + memoryMaxPages, 0),
      cgroups,
      report: this.#report(),
      digest: digestOf(outcome),
      wallMs: performance.now() - startMs,
    };
  }

  /**
   * Runs the workload with looks in between, as far as they let it go; then every task exits. The
   * same operations as those of `run`, without its verification.
   */
  async runUntil(visits: Visits, hooks: RunHooks = {}): Promise<readonly PhaseResult[]> {
    this.#hooks = hooks;
    this.#visits = visits;
    this.#visitAt = visits.first;
    if (this.#spec.payload === 'none') this.#setSampleLengths();
    const phases: PhaseResult[] = [];
    for (const [index, phase] of this.#workload.phases.entries()) {
      const result = await this.#runPhase(index, phase);
      if (this.#isStopped) break;
      phases.push(result);
      this.#hooks.onPhase?.(result);
      if (visits.afterPhase?.(result) === 'stop') break;
    }
    for (const space of this.#spaces) if (space.isAlive) this.memory.exit(space);
    this.#checkEmpty();
    return phases;
  }

  /** Operations done so far. */
  get operations(): number {
    return this.#operations;
  }

  /** The forked child that works now, if one does. */
  get child(): AddressSpace | null {
    return this.#child;
  }

  /** Notes from now on what happens to a page of a task, until the task ends (`engine.trace`). */
  watch(task: number, page: VirtualPage): void {
    this.engine.trace.watch(this.#spaces[task]!.id, page);
  }

  /**
   * Compares the bytes at a place with those that the task's page must hold.
   * @returns null where there is nothing to compare: no bytes there, or none in this run
   */
  holdsExpectedAt(task: number, page: VirtualPage, location: Location): boolean | null {
    if (this.#payload.kind === 'none' || location.kind === 'nowhere') return null;
    const kept = this.#payload.view(this.#kept);
    this.engine.aside(() => {
      if (location.kind === 'zero') kept.fill(0);
      if (location.kind === 'filled') this.swap.filled.restore(location.entry, this.#kept);
      if (location.kind === 'frame') this.#payload.copy(location.frame, this.#kept);
      if (location.kind === 'zswap') this.swap.zswap.read(location.zswapEntry, this.#kept);
      if (location.kind === 'file') this.#areas.readSlot(location.area, location.slot, kept);
    });
    return this.#comparison.holds(task, page, this.#kept);
  }

  /** Memory that the design, zswap and their like take now, by term. */
  metadata(): MetadataTerm[] {
    const zswap = this.swap.zswap.metadataBytes();
    const stored = this.swap.zswap.entries.count;
    return [
      ...this.swap.design.metadata(),
      ...this.#areas.metadata(),
      ...this.#filledWords(),
      { term: 'zswap_entry', kind: 'dynamic', bytes: zswap.entries, units: stored },
      { term: 'zs_handle', kind: 'dynamic', bytes: zswap.handles, units: stored },
    ];
  }

  /** Words of same-filled pages; a virtual slot's descriptor has room for its own. */
  #filledWords(): MetadataTerm[] {
    const bytes = this.design.kind.isVirtual ? 0 : this.swap.filled.tableBytes;
    if (bytes === 0) return [];
    return [{ term: 'filled_words', kind: 'dynamic', bytes, units: bytes / 8 }];
  }

  /**
   * swapoff while the machine runs.
   * @param area - its path, or `areaN` for the one of swap type N
   */
  swapoff(area: string): SwapoffResult {
    return this.#areas.swapoff(area);
  }

  /** swapon of an area that was given up, or that the run began without. */
  swapon(area: string): void {
    this.#areas.swapon(area);
  }

  /** The spaces of the workload's tasks, by task. */
  spaces(): readonly AddressSpace[] {
    return this.#spaces;
  }

  /** Runs of swapped pages whose slots follow each other. */
  slotRuns(): SlotRun[] {
    return slotRunsOf(this.#spaces);
  }

  /** What the workload has left, taken before the verification stirs it. */
  async #finalState(): Promise<FinalState> {
    this.memory.settle();
    const state = {
      slots: this.slotRuns(),
      areas: this.#areas.results(),
      operations: this.engine.byOperation(),
      usage: swapUsage(this.engine, this.swap, this.memory.cgroups.all),
      charges: cgroupCharges(this.swap, this.memory.cgroups),
      gauges: this.swap.design.gauges?.() ?? {},
      metadata: this.metadata(),
      zswap: {
        ...this.swap.zswap.gauges(),
        ...this.swap.zswap.debugfs(),
        ...this.swap.zswap.ageFigures(),
      },
      histograms: [...this.engine.histograms()].map(([name, histogram]) => ({
        name,
        buckets: [...histogram.buckets()],
      })),
    };
    return { ...state, verify: await this.#verify() };
  }

  async #runPhase(index: number, phase: Phase): Promise<PhaseResult> {
    const before = this.engine.snapshot();
    const startNs = this.engine.latestNs;
    const startMs = performance.now();
    const series: PhaseResult['series'][number][] = [];
    let swapoff: SwapoffResult | null = null;
    let zramSetting: ZramSettingResult | null = null;
    switch (phase.kind) {
      case 'operations':
        await this.#runOperations(index, phase.fork, series);
        break;
      case 'pause':
        this.memory.settle();
        await this.#hooks.onPause?.(phase.label, this.slotRuns().slice(0, SLOT_RUNS_SHOWN));
        break;
      case 'sleep':
        this.engine.spend(phase.durationNs);
        break;
      case 'barrier':
        this.memory.settle();
        break;
      case 'exit':
        this.#exitTask(phase.task);
        break;
      case 'swapon':
        this.swapon(phase.path);
        break;
      case 'swapoff':
        swapoff = this.swapoff(phase.path);
        break;
      case 'zram':
        zramSetting = this.#areas.setZram(phase.path, phase.setting);
        await this.#turn();
        break;
      case 'zswap':
      case 'cgroup':
        setKnob(phase, this.swap.zswap, this.memory.cgroups);
        break;
      case 'vswap':
        this.#setVirtual(phase.label, phase.isOn);
        break;
    }
    this.#areas.check();
    const zram = this.#areas.zramFigures();
    const live = this.#spaces.filter((space) => space.isAlive).map((space) => space.residency());
    live.push({ present: 0, swapped: this.memory.sharedResidency().swapped });
    return {
      index,
      op: phase.label,
      counters: this.engine.since(before),
      present: live.reduce((sum, space) => sum + space.present, 0),
      swapped: live.reduce((sum, space) => sum + space.swapped, 0),
      virtualNs: this.engine.latestNs - startNs,
      wallMs: performance.now() - startMs,
      zswap: this.#usesZswap ? this.swap.zswap.gauges() : null,
      ...(zram === null ? {} : { zram }),
      ...(zramSetting === null ? {} : { zramSetting }),
      ...(swapoff === null ? {} : { swapoff }),
      series,
    };
  }

  #recordedWorker(host: RecordedHost): FlushWorker {
    const now = (): number => host.timeNs(this.#phase, this.#operations - this.#phaseStart);
    return recordedWorker(now, host.flushesNs);
  }

  async #runOperations(
    phase: number,
    isFork: boolean,
    series: PhaseResult['series'][number][],
  ): Promise<void> {
    const parent = this.#spaces[0]!;
    let child: AddressSpace | null = null;
    if (isFork) {
      if (!parent.isAlive) return;
      child = this.memory.fork(parent);
      if (child === null) {
        this.#noteKill(parent, 0, 'fork ran out of memory');
        return;
      }
    }
    this.#child = child;
    this.#phase = phase;
    this.#phaseStart = this.#operations;
    this.#workload.startPhase(phase);
    for (let batches = 0; ; batches++) {
      this.#workload.fill(this.#batch);
      if (this.#batch.count === 0) break;
      await this.#runBatch(child);
      if (batches % BATCHES_PER_SAMPLE === 0) this.#sample(series);
      this.#hooks.onProgress?.({
        phase,
        phaseCount: this.#workload.phases.length,
        operations: this.#operations,
        virtualNs: this.engine.nowNs,
        step: 'run',
      });
      const isOver = child?.isAlive === false || this.#spaces.every((space) => !space.isAlive);
      if (isOver || this.#isStopped) break;
    }
    this.#child = null;
    if (child?.isAlive === true) this.memory.exit(child);
    this.#sample(series);
  }

  async #runBatch(child: AddressSpace | null): Promise<void> {
    const { count, kind, task, page } = this.#batch;
    for (let i = 0; i < count; i++) {
      const at = task[i]!;
      const space = child ?? this.#spaces[at]!;
      this.#operations += 1;
      if (space.isAlive) {
        if (this.#startNs[at] === -1) this.#startNs[at] = this.engine.nowNs;
        this.#operate(space, kind[i]!, at, page[i]! as VirtualPage);
        if (child === null) this.#endNs[at] = this.engine.nowNs;
        if (isKilled(space)) this.#noteKill(space, at, child === null ? 'task' : 'forked child');
        if (this.#codecCalls() - this.#codecCallsSeen >= CODEC_CALLS_PER_TURN) await this.#turn();
      }
      if (this.#operations === this.#visitAt && !this.#visit()) return;
    }
    this.#areas.check();
  }

  /** A look from outside; false when the run ends with it. */
  #visit(): boolean {
    const next = this.#visits!.afterOperation(this.#operations);
    if (next === 'stop') this.#isStopped = true;
    else this.#visitAt = next;
    return next !== 'stop';
  }

  /** One operation of the workload on one page. */
  #operate(space: AddressSpace, kind: number, task: number, page: VirtualPage): void {
    this.#acting = space;
    if (kind === OP.drop) {
      this.memory.drop(space, page);
      this.#workload.dropped(task, page);
      return;
    }
    // A read-modify-write faults as a read first; its write then finds the page as that left it.
    let frame = this.memory.touch(space, page, kind === OP.write);
    if (kind === OP.read || isKilled(space)) return;
    if (kind === OP.modify) frame = this.memory.touch(space, page, true);
    if (isKilled(space)) return;
    assert(frame !== NO_FRAME, 'a page that is written has a frame');
    if (this.#payload.kind === 'bytes')
      this.#workload.apply(kind, task, page, this.#payload.view(frame));
    else
      this.#payload.setTag(
        frame,
        this.#workload.applyTag(kind, task, page, this.#payload.tag(frame)),
      );
  }

  #exitTask(task: number): void {
    const space = this.#spaces[task]!;
    if (!space.isAlive) return;
    const startNs = this.engine.nowNs;
    this.memory.exit(space);
    this.#freeNs[task] = this.engine.nowNs - startNs;
  }

  /** Reads every page of every live task through the ordinary faults and compares it. */
  async #verify(): Promise<RunResult['verify']> {
    if (this.engine.trace.isWatching)
      this.engine.trace.note(
        this.engine.nowNs,
        'the workload is over: every page is read and compared',
      );
    for (const [task, space] of this.#spaces.entries()) {
      if (isKilled(space)) continue;
      this.#acting = space;
      for (let index = 0; index < space.pageCount; index++) {
        const page = index as VirtualPage;
        const frame = this.memory.touch(space, page, false);
        // Nothing writes any more, but a reader that finds no memory is killed as always.
        if (isKilled(space)) {
          this.#noteKill(space, task, 'while its pages were compared, task');
          break;
        }
        this.#comparison.compare(task, page, frame);
        if (index % BATCH_OPERATIONS === 0) {
          this.#areas.check();
          await this.#turn();
          this.#hooks.onProgress?.({
            phase: this.#workload.phases.length,
            phaseCount: this.#workload.phases.length,
            operations: this.#comparison.result().pagesChecked,
            virtualNs: this.engine.nowNs,
            step: 'verify',
          });
        }
      }
    }
    this.memory.checkInvariants();
    return this.#comparison.result();
  }

  /**
   * Compares the pages of a task that the OOM killer has picked: what it wrote must all be there
   * still, in memory or behind its swap entries. A forked child's view is in no expectation.
   */
  #compareKilled(space: AddressSpace): void {
    const task = this.#spaces.indexOf(space);
    if (task < 0) return;
    this.engine.aside(() => {
      for (let index = 0; index < space.pageCount; index++) {
        const page = index as VirtualPage;
        const isThere = this.memory.peek(space, page, this.#kept);
        this.#comparison.note(isThere && this.#comparison.holds(task, page, this.#kept));
      }
    });
  }

  /** After the last task has gone nothing may be left: frames, slots, pool. */
  #checkEmpty(): void {
    assert(this.#frames.freeCount === this.#frames.frameCount, 'every frame came back');
    assert(this.swap.zswap.entries.count === 0, 'every zswap entry came back');
    assert(this.swap.design.entriesInUse() === 0, 'every swap entry came back');
    for (const { chargedPages } of cgroupCharges(this.swap, this.memory.cgroups))
      assert(chargedPages === 0, 'every charge came back');
    for (const { objectPages } of this.memory.cgroups.all)
      assert(objectPages === 0, 'every charge for compressed bytes came back');
    for (const area of this.swap.space.areas())
      assert(area.inUse === 0, 'every swap slot came back');
    this.#areas.checkEmpty();
  }

  #setVirtual(label: string, isOn: boolean): void {
    if (this.swap.design.setVirtual === undefined)
      throw new UsageError(`'${label}': ${this.design.name} has no virtual slots to switch`);
    this.swap.design.setVirtual(isOn);
  }

  #sample(series: PhaseResult['series'][number][]): void {
    const timeNs = this.engine.nowNs;
    const zswap = this.swap.zswap.gauges();
    const used = this.swap.space.areas().reduce((sum, area) => sum + area.inUse, 0);
    series.push({ name: 'swap.usedPages', timeNs, value: used });
    const bytes = this.metadata().reduce((sum, term) => sum + term.bytes, 0);
    this.#metadataBytesMax = Math.max(this.#metadataBytesMax, bytes);
    if (!this.#usesZswap) return;
    series.push({ name: 'zswap.storedPages', timeNs, value: zswap['stored_pages'] ?? 0 });
    series.push({ name: 'zswap.poolBytes', timeNs, value: zswap['pool_total_size'] ?? 0 });
  }

  async #turn(): Promise<void> {
    this.#codecCallsSeen = this.#codecCalls();
    await nextTurn();
  }

  #codecCalls(): number {
    return this.swap.zswap.codecCalls + this.#areas.codecCalls;
  }

  #setSampleLengths(): void {
    const target = Buffer.alloc(2 * PAGE_SIZE);
    this.#workload.setSampleLengths(
      this.#workload.samples().map((sample) => {
        const length = this.compressor.compress(sample.bytes, target);
        if (length === INCOMPRESSIBLE) return PAGE_SIZE;
        return isSameFilled(sample.bytes) ? length + TAG_FILLED : length;
      }),
    );
  }

  #noteKill(space: AddressSpace, task: number, what: string): void {
    this.#killed[space.cgroup]! += 1;
    this.#hooks.onEvent?.(this.engine.nowNs, 'kill', `${what} ${task} was killed`);
  }

  #report(): readonly string[] {
    if (this.#workload.report === undefined) return [];
    return this.#workload.report({
      accessNs: [...this.#endNs].map((end, task) => end - Math.max(0, this.#startNs[task]!)),
      freeNs: [...this.#freeNs],
      initNs: 0,
    });
  }
}

/** Asked anew after each touch: that may have killed the task. */
function isKilled(space: AddressSpace): boolean {
  return !space.isAlive;
}
