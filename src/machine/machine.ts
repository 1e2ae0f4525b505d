/**
 * A machine that runs a workload: phases, looks from outside, verification, what is left. The only
 * place before `src/runs` that reads the wall clock; its parts are put together in `assembly.ts`, its
 * tasks work in `task-runner.ts`.
 */
import { UsageError, type PageFrame, type VirtualPage } from '../units/index.ts';
import type { FaultTally } from '../device/index.ts';
import type { Engine } from '../engine/index.ts';
import type { Payload } from '../frames/index.ts';
import type { Compressor } from '../codec/index.ts';
import type {
  DesignChoice,
  Location,
  MetadataTerm,
  SwapoffResult,
  SwapSystem,
} from '../swap/index.ts';
import {
  recordedWorker,
  type AddressSpace,
  type FlushWorker,
  type MemoryManager,
} from '../memory/index.ts';
import type { Phase, Workload } from '../workload/index.ts';
import type { RunSpec } from './spec.ts';
import type { FaultPlan } from './area-device.ts';
import { assemble } from './assembly.ts';
import type { MachineAreas } from './areas.ts';
import type { PreparedArea } from './prepared-area.ts';
import { concludeRun, SLOT_RUNS_SHOWN, type EndedRun, type OpenPhase } from './conclude-run.ts';
import {
  checkEmpty,
  metadataTerms,
  takeState,
  type FinalState,
  type StateParts,
} from './final-state.ts';
import { setKnob, usesZswap } from './knobs.ts';
import type { RecordedHost, RunHooks, Visits } from './run-hooks.ts';
import type { AreaResult, PhaseResult, RunResult, SlotRun, SteeringOutcome } from './run-result.ts';
import { setSampleLengths } from './sample-lengths.ts';
import { slotRunsOf } from './slot-runs.ts';
import { RunSeries } from './series.ts';
import { TaskRunner, type Sampler } from './task-runner.ts';
import type { ZramSettingResult } from './zram-area.ts';

/** What a phase answers besides what it counts. */
export interface PerformedPhase {
  readonly swapoff?: SwapoffResult;
  readonly zramSetting?: ZramSettingResult;
}

export class Machine {
  readonly engine: Engine;
  readonly memory: MemoryManager;
  readonly swap: SwapSystem;
  readonly compressor: Compressor;
  readonly design: DesignChoice;
  readonly #spec: RunSpec;
  readonly #areas: MachineAreas;
  readonly #faults: FaultPlan | null;
  readonly #state: StateParts;
  readonly #payload: Payload;
  readonly #workload: Workload;
  readonly #usesZswap: boolean;
  /** A frame of the payload behind the machine's own: for comparing. */
  readonly #kept: PageFrame;
  readonly #tasks: TaskRunner;
  readonly #series: RunSeries;

  constructor(
    spec: RunSpec,
    areas: readonly PreparedArea[],
    workload: Workload,
    host: RecordedHost | null = null,
  ) {
    const parts = assemble(spec, areas, workload, {
      onKill: (space, reason) => {
        this.#tasks.onKill(space, reason);
      },
      onEvent: (kind, detail) => this.#tasks.hooks.onEvent?.(this.engine.nowNs, kind, detail),
      flushWorker: host === null ? undefined : this.#recordedWorker(host),
      faults: {
        operation: () => this.#tasks.operations,
        onFault: (fault) => this.#tasks.hooks.onFault?.(fault),
        onConsequence: (...told) => this.#tasks.hooks.onConsequence?.(...told),
      },
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
    this.#faults = parts.faults;
    this.#state = { ...parts, isVirtual: parts.design.kind.isVirtual };
    this.#series = new RunSeries(this.#state, this.#usesZswap);
    this.#payload = parts.payload;
    this.#kept = parts.frames.frameCount as PageFrame;
    this.#tasks = new TaskRunner({ ...parts, workload, kept: this.#kept });
  }

  /** Runs the workload, then swaps everything back in and compares it. */
  async run(hooks: RunHooks = {}): Promise<RunResult> {
    const startMs = performance.now();
    this.begin(hooks);
    const phases: PhaseResult[] = [];
    let final: FinalState | null = null;
    for (const [index, phase] of this.#workload.phases.entries()) {
      // Pages are compared while there are any: before the first task goes.
      if (phase.kind === 'exit') final ??= await this.#finalState();
      const result = await this.#runPhase(index, phase);
      phases.push(result);
      hooks.onPhase?.(result);
    }
    final ??= await this.#finalState();
    const beforeExit = this.engine.byOperation().free;
    this.end();
    return this.result({ phases, final, beforeExit, startMs });
  }

  /** What the run gives, after its last task has gone. */
  result(ended: EndedRun): RunResult {
    return concludeRun(ended, {
      engine: this.engine,
      memory: this.memory,
      series: this.#series,
      killed: this.#tasks.killed,
      report: this.#tasks.report(),
      faults: this.#faults === null ? null : this.faultTallies(),
    });
  }

  /**
   * Runs the workload with looks in between, as far as they let it go; then every task exits. The
   * same operations as those of `run`, without its verification.
   */
  async runUntil(visits: Visits, hooks: RunHooks = {}): Promise<readonly PhaseResult[]> {
    this.begin(hooks);
    this.#tasks.visitBy(visits);
    const phases: PhaseResult[] = [];
    for (const [index, phase] of this.#workload.phases.entries()) {
      const result = await this.#runPhase(index, phase);
      if (this.#tasks.isStopped) break;
      phases.push(result);
      hooks.onPhase?.(result);
      if (visits.afterPhase?.(result) === 'stop') break;
    }
    this.end();
    return phases;
  }

  /**
   * Whoever performs phases himself calls this first, and `end` at last.
   * @param operations - done before: the next one has the number after it
   */
  begin(hooks: RunHooks, operations = 0): void {
    this.#tasks.hooks = hooks;
    this.#tasks.operations = operations;
    if (this.#spec.payload === 'none') setSampleLengths(this.#workload, this.compressor);
  }

  /** One phase of the workload, or of somebody who makes them as he goes. */
  async perform(
    phase: Phase,
    index: number,
    sample: Sampler | null = null,
  ): Promise<PerformedPhase> {
    const { hooks } = this.#tasks;
    switch (phase.kind) {
      case 'operations':
        await this.#tasks.run(index, phase.fork, sample);
        break;
      case 'pause':
        this.memory.settle();
        await this.#tasks.attendDuring(
          hooks.onPause?.(phase.label, this.slotRuns().slice(0, SLOT_RUNS_SHOWN)),
          index,
        );
        break;
      case 'sleep':
        this.engine.spend(phase.durationNs);
        break;
      case 'barrier':
        this.memory.settle();
        break;
      case 'exit':
        this.#tasks.exitTask(phase.task);
        break;
      case 'begin':
        this.#tasks.beginTask(phase.task);
        break;
      case 'fork':
        this.#tasks.forkTask(phase.parent, phase.task);
        break;
      case 'swapon':
        this.swapon(phase.path);
        break;
      case 'swapoff':
        return { swapoff: this.swapoff(phase.path) };
      case 'zram': {
        const zramSetting = this.#areas.setZram(phase.path, phase.setting);
        await this.#tasks.turn();
        return { zramSetting };
      }
      case 'zswap':
      case 'cgroup':
        setKnob(phase, this.swap.zswap, this.memory.cgroups);
        break;
      case 'vswap':
        this.#setVirtual(phase.label, phase.isOn);
        break;
    }
    return {};
  }

  /** Ends the run at the operation that is being done, whoever says so. */
  stop(): void {
    this.#tasks.isStopped = true;
  }

  /** After `stop`: what is performed from now on is done. */
  goOn(): void {
    this.#tasks.isStopped = false;
  }

  /**
   * Every task exits, and nothing may be left.
   * @throws InvariantError
   */
  end(): void {
    this.#tasks.exitAll();
    checkEmpty(this.#state);
  }

  /** What became of the faults that have fired, by kind; none without rules. */
  faultTallies(): readonly FaultTally[] {
    return this.#faults?.ledger.tallies() ?? [];
  }

  /** Operations done so far. */
  get operations(): number {
    return this.#tasks.operations;
  }

  /** Pages compared so far, and how many were not what they must be. */
  get compared(): RunResult['verify'] {
    return this.#tasks.comparison.result();
  }

  /** Tasks that the OOM killer or a read error has ended so far, and forks that found no memory. */
  get killedTasks(): number {
    return this.#tasks.killed.reduce((sum, count) => sum + count, 0);
  }

  /** The forked child that works now, if one does. */
  get child(): AddressSpace | null {
    return this.#tasks.child;
  }

  /** True when the area is in use. @throws UsageError when no area of the run is called so */
  isAreaOn(area: string): boolean {
    return this.#areas.isOn(area);
  }

  /** What became of each area so far. */
  areaResults(): AreaResult[] {
    return this.#areas.results();
  }

  /** swapoff as other processes ask for it: the workload's own swapon does nothing until `takeBack`. */
  giveUp(area: string): SteeringOutcome {
    return this.#areas.giveUp(area);
  }

  /** swapon as other processes ask for it, of an area that was given up. */
  takeBack(area: string): SteeringOutcome {
    return this.#areas.takeBack(area);
  }

  /** Notes from now on what happens to a page of a task, until the task ends (`engine.trace`). */
  watch(task: number, page: VirtualPage): void {
    this.engine.trace.watch(this.#tasks.spaces[task]!.id, page);
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
    return this.#tasks.comparison.holds(task, page, this.#kept);
  }

  /** Memory that the design, zswap and their like take now, by term. */
  metadata(): MetadataTerm[] {
    return metadataTerms(this.#state);
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
    return this.#tasks.spaces;
  }

  /** Runs of swapped pages whose slots follow each other. */
  slotRuns(): SlotRun[] {
    return slotRunsOf(this.#tasks.spaces);
  }

  /** What the workload has left, before anything that follows it stirs it. */
  state(): Omit<FinalState, 'verify'> {
    return takeState(this.#state, this.slotRuns());
  }

  async #finalState(): Promise<FinalState> {
    this.memory.settle();
    const state = this.state();
    return { ...state, verify: await this.#tasks.verify() };
  }

  async #runPhase(index: number, phase: Phase): Promise<PhaseResult> {
    const open = this.openPhase(index, phase.label);
    const performed = await this.perform(phase, index, this.sampler(index));
    this.#areas.check();
    return this.closePhase(open, performed);
  }

  /** Takes the points of a phase's series. */
  sampler(phase: number): Sampler {
    return (operations) => this.#series.sample(phase, operations);
  }

  /** What counts from now on until `closePhase` is of this phase. */
  openPhase(index: number, op: string): OpenPhase {
    const { engine } = this;
    const [startNs, startMs] = [engine.latestNs, performance.now()];
    return { index, op, before: engine.snapshot(), startNs, startMs };
  }

  closePhase(open: OpenPhase, performed: PerformedPhase = {}): PhaseResult {
    const { index, op, before, startNs, startMs } = open;
    const zram = this.#areas.zramFigures();
    const live = this.#tasks.spaces
      .filter((space) => space.isAlive)
      .map((space) => space.residency());
    live.push({ present: 0, swapped: this.memory.sharedResidency().swapped });
    return {
      index,
      op,
      counters: this.engine.since(before),
      present: live.reduce((sum, space) => sum + space.present, 0),
      swapped: live.reduce((sum, space) => sum + space.swapped, 0),
      virtualNs: this.engine.latestNs - startNs,
      wallMs: performance.now() - startMs,
      zswap: this.#usesZswap ? this.swap.zswap.gauges() : null,
      ...(zram === null ? {} : { zram }),
      ...performed,
      series: this.#series.ofPhase(index),
    };
  }

  #recordedWorker(host: RecordedHost): FlushWorker {
    const now = (): number => {
      const { phase, operations, phaseStart } = this.#tasks;
      return host.timeNs(phase, operations - phaseStart);
    };
    return recordedWorker(now, host.flushesNs);
  }

  #setVirtual(label: string, isOn: boolean): void {
    if (this.swap.design.setVirtual === undefined)
      throw new UsageError(`'${label}': ${this.design.name} has no virtual slots to switch`);
    this.swap.design.setVirtual(isOn);
  }
}
