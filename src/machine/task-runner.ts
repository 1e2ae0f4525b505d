/**
 * The tasks of a machine at work: page operations on their address spaces, children, ends before
 * their time, and the comparison of every page with what the workload says must be there.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { assert, NO_FRAME, type PageFrame, type VirtualPage } from '../units/index.ts';
import type { Engine } from '../engine/index.ts';
import type { Payload } from '../frames/index.ts';
import type { AddressSpace, KillReason, MemoryManager } from '../memory/index.ts';
import {
  createOperationBatch,
  OP,
  type OperationBatch,
  type Phase,
  type Workload,
} from '../workload/index.ts';
import type { FaultPlan } from './area-device.ts';
import type { MachineAreas } from './areas.ts';
import type { CgroupSettings } from './cgroups.ts';
import { cgroupOfTasks } from './cgroups.ts';
import { PageComparison } from './page-comparison.ts';
import type { RunHooks, Visits } from './run-hooks.ts';
import type { RunResult } from './run-result.ts';
import { Outside } from './steering.ts';

/** Operations between looks at the outside: devices, progress, the event loop. */
const BATCH_OPERATIONS = 1024;
/** Compressor calls after which lz4-napi's buffers need a turn of the event loop. */
const CODEC_CALLS_PER_TURN = 1000;

/** Looks at the machine after so many operations. @returns after how many it wants to look again */
export type Sampler = (operations: number) => number;

export interface TaskRunnerParts {
  readonly engine: Engine;
  readonly memory: MemoryManager;
  readonly payload: Payload;
  readonly areas: MachineAreas;
  readonly workload: Workload;
  readonly cgroups: readonly CgroupSettings[];
  readonly faults: FaultPlan | null;
  /** A frame of the payload behind the machine's own: for comparing. */
  readonly kept: PageFrame;
}

export class TaskRunner {
  readonly spaces: AddressSpace[] = [];
  readonly comparison: PageComparison;
  /** Tasks that were ended before their time, by the id of their cgroup. */
  readonly killed: Uint32Array;
  hooks: RunHooks = {};
  /** Operations done so far: the number of the latest. */
  operations = 0;
  /** Operations before the current phase. */
  phaseStart = 0;
  phase = 0;
  /** The forked child that works now, if one does. */
  child: AddressSpace | null = null;
  isStopped = false;
  readonly #engine: Engine;
  readonly #memory: MemoryManager;
  readonly #payload: Payload;
  readonly #areas: MachineAreas;
  readonly #faults: FaultPlan | null;
  readonly #outside: Outside;
  readonly #workload: Workload;
  /** Of all phases; null where it is not known. */
  readonly #operationCount: number | null;
  readonly #kept: PageFrame;
  readonly #cgroups: Uint16Array;
  /** Reads are compared as they come: the workload keeps a sum of each page. */
  readonly #comparesReads: boolean;
  readonly #batch: OperationBatch = createOperationBatch(BATCH_OPERATIONS);
  /** The task that is at work. */
  #acting: AddressSpace | null = null;
  readonly #startNs: Float64Array;
  readonly #endNs: Float64Array;
  /** What exiting took; -1 of a task that has not come to it: it was killed. */
  readonly #freeNs: Float64Array;
  #visits: Visits | null = null;
  /** Operation after which the next visit is; 0 is none. */
  #visitAt = 0;
  #codecCallsSeen = 0;
  #sampler: Sampler | null = null;
  /** Operation after which the next sample is due. */
  #sampleAt = 0;

  constructor(parts: TaskRunnerParts) {
    const { workload, cgroups } = parts;
    this.#engine = parts.engine;
    this.#memory = parts.memory;
    this.#payload = parts.payload;
    this.#areas = parts.areas;
    this.#faults = parts.faults;
    this.#outside = new Outside(parts.engine, parts.memory.swap, parts.areas);
    this.#workload = workload;
    this.#operationCount = countOperations(workload.phases);
    this.#kept = parts.kept;
    this.#comparesReads = workload.matches !== undefined;
    this.comparison = new PageComparison(parts.payload, workload);
    this.killed = new Uint32Array(Math.max(0, ...cgroups.map(({ id }) => id)) + 1);
    this.#cgroups = cgroupOfTasks(cgroups, workload.taskCount);
    for (const cgroup of this.#cgroups)
      this.spaces.push(this.#memory.createSpace(workload.pagesPerTask, cgroup));
    this.#startNs = new Float64Array(workload.taskCount).fill(-1);
    this.#endNs = new Float64Array(workload.taskCount);
    this.#freeNs = new Float64Array(workload.taskCount).fill(-1);
  }

  /** Looks from outside are wanted from now on. */
  visitBy(visits: Visits): void {
    this.#visits = visits;
    this.#visitAt = visits.first;
  }

  /**
   * Works off the operations of a phase; with `isFork` a child of task 0 does them and exits.
   * @param sample - called when it wants to be, and at the end
   */
  async run(phase: number, isFork: boolean, sample: Sampler | null): Promise<void> {
    const parent = this.spaces[0]!;
    let child: AddressSpace | null = null;
    if (isFork) {
      if (!parent.isAlive) return;
      child = this.#memory.fork(parent);
      if (child === null) {
        this.#noteKill(parent, 0, 'fork ran out of memory');
        return;
      }
    }
    this.child = child;
    this.phase = phase;
    this.phaseStart = this.operations;
    this.#sampler = sample;
    this.#sampleAt = sample === null ? Infinity : this.operations + 1;
    this.#workload.startPhase(phase);
    for (;;) {
      this.#workload.fill(this.#batch);
      if (this.#batch.count === 0) break;
      await this.#runBatch(child);
      this.#outside.attend(this.hooks, { operations: this.operations, phase });
      // A signal is heard only when the event loop turns; a turn for 1024 operations costs nothing.
      await nextTurn();
      this.#tellProgress('run', phase);
      const isOver = child?.isAlive === false || this.spaces.every((space) => !space.isAlive);
      if (isOver || this.isStopped) break;
    }
    this.child = null;
    if (child?.isAlive === true) this.#memory.exit(child);
    this.#sample();
  }

  /** Attends to the outside until a pause is over. */
  async attendDuring(pause: Promise<void> | undefined, phase: number): Promise<void> {
    await this.#outside.attendDuring(pause, this.hooks, { operations: this.operations, phase });
  }

  async #runBatch(child: AddressSpace | null): Promise<void> {
    const batch = this.#batch;
    const { count, kind, task, page, number } = batch;
    for (let i = 0; i < count; i++) {
      const at = task[i]!;
      const space = child ?? this.spaces[at]!;
      this.operations = batch.isNumbered ? number[i]! : this.operations + 1;
      if (space.isAlive) {
        batch.at = i;
        if (this.#startNs[at] === -1) this.#startNs[at] = this.#engine.nowNs;
        this.#operate(space, kind[i]!, at, page[i]! as VirtualPage);
        if (child === null) this.#endNs[at] = this.#engine.nowNs;
        if (isKilled(space)) this.#noteKill(space, at, child === null ? 'task' : 'forked child');
        if (this.#codecCalls() - this.#codecCallsSeen >= CODEC_CALLS_PER_TURN) await this.turn();
      }
      if (this.operations >= this.#sampleAt) this.#sample();
      if (this.operations === this.#visitAt && !this.#visit()) return;
      if (this.isStopped) return;
    }
    this.#areas.check();
  }

  #sample(): void {
    if (this.#sampler !== null) this.#sampleAt = this.#sampler(this.operations);
  }

  /** A look from outside; false when the run ends with it. */
  #visit(): boolean {
    const next = this.#visits!.afterOperation(this.operations);
    if (next === 'stop') this.isStopped = true;
    else this.#visitAt = next;
    return next !== 'stop';
  }

  /** One operation of the workload on one page. */
  #operate(space: AddressSpace, kind: number, task: number, page: VirtualPage): void {
    this.#acting = space;
    if (kind === OP.drop) {
      this.#memory.drop(space, page);
      this.#workload.dropped(task, page);
      return;
    }
    // A read-modify-write faults as a read first; its write then finds the page as that left it.
    let frame = this.#memory.touch(space, page, kind === OP.write);
    if (isKilled(space)) return;
    // What a change is made to is compared first: a sum taken after it would cover damage up.
    if (this.#comparesReads && kind !== OP.write) this.#compareRead(task, page, frame);
    if (kind === OP.read) return;
    if (kind === OP.modify) frame = this.#memory.touch(space, page, true);
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

  #compareRead(task: number, page: VirtualPage, frame: PageFrame): void {
    const isRight = this.comparison.holds(task, page, frame);
    this.comparison.note(isRight);
    if (!isRight) this.hooks.onWrongPage?.({ task, page, operation: this.operations });
  }

  exitTask(task: number): void {
    const space = this.spaces[task]!;
    if (!space.isAlive) return;
    const startNs = this.#engine.nowNs;
    this.#memory.exit(space);
    this.#freeNs[task] = this.#engine.nowNs - startNs;
  }

  /** A task that has ended begins anew, with nothing mapped; one that lives goes on. */
  beginTask(task: number): void {
    if (this.spaces[task]!.isAlive) return;
    const { pagesPerTask } = this.#workload;
    this.spaces[task] = this.#memory.createSpace(pagesPerTask, this.#cgroups[task]);
    this.#workload.began?.(task);
  }

  /** Task `child` ends, if it lives, and is a copy-on-write copy of `parent` from then on. */
  forkTask(parent: number, child: number): void {
    this.exitTask(child);
    const space = this.spaces[parent]!;
    if (!space.isAlive) return;
    this.#acting = space;
    const forked = this.#memory.fork(space);
    if (forked === null) {
      this.#noteKill(space, parent, 'fork ran out of memory');
      return;
    }
    this.spaces[child] = forked;
    this.#workload.forked?.(parent, child);
  }

  exitAll(): void {
    for (const space of this.spaces) if (space.isAlive) this.#memory.exit(space);
  }

  /** Reads every page of every live task through the ordinary faults and compares it. */
  async verify(): Promise<RunResult['verify']> {
    if (this.#engine.trace.isWatching)
      this.#engine.trace.note(
        this.#engine.nowNs,
        'the workload is over: every page is read and compared',
      );
    for (const [task, space] of this.spaces.entries()) {
      if (isKilled(space)) continue;
      this.#acting = space;
      for (let index = 0; index < space.pageCount; index++) {
        const page = index as VirtualPage;
        const frame = this.#memory.touch(space, page, false);
        // Nothing writes any more, but a reader that finds no memory is killed as always.
        if (isKilled(space)) {
          this.#noteKill(space, task, 'while its pages were compared, task');
          break;
        }
        this.comparison.compare(task, page, frame);
        if (index % BATCH_OPERATIONS === 0) {
          this.#areas.check();
          await this.turn();
          this.#tellProgress('verify', this.#workload.phases.length);
        }
      }
    }
    this.#memory.checkInvariants();
    return this.comparison.result();
  }

  /** A task is about to be killed. */
  onKill(space: AddressSpace, reason: KillReason): void {
    this.#compareKilled(space, reason);
    // Another's fault in a page that the task's cgroup is charged for.
    if (space !== this.#acting) this.#noteKill(space, this.spaces.indexOf(space), 'task');
  }

  /** Lets the event loop turn: devices and compressors need it. */
  async turn(): Promise<void> {
    this.#codecCallsSeen = this.#codecCalls();
    await nextTurn();
    this.hooks.onTurn?.();
  }

  /** Lines in the form of the real program; a task that was killed prints none. */
  report(): readonly string[] {
    if (this.#workload.report === undefined) return [];
    const tasks = [...this.#freeNs.keys()].filter((task) => this.#freeNs[task]! >= 0);
    return this.#workload.report({
      accessNs: tasks.map((task) => this.#endNs[task]! - Math.max(0, this.#startNs[task]!)),
      freeNs: tasks.map((task) => this.#freeNs[task]!),
      initNs: 0,
    });
  }

  /**
   * Compares the pages of a task that is killed: what it wrote must all be there still, in memory or
   * behind its swap entries, but for what cannot be read. A forked child's view is in no expectation.
   */
  #compareKilled(space: AddressSpace, reason: KillReason): void {
    const task = this.spaces.indexOf(space);
    if (task < 0) return;
    const ledger = this.#faults?.ledger ?? null;
    if (ledger !== null) ledger.isPaused = true;
    this.#engine.aside(() => {
      for (let index = 0; index < space.pageCount; index++) {
        const page = index as VirtualPage;
        const isThere = this.#memory.peek(space, page, this.#kept);
        // Damage that nobody has read yet is the ledger's affair.
        if (!isThere && (ledger !== null || reason === 'sigbus')) continue;
        this.comparison.note(isThere && this.comparison.holds(task, page, this.#kept));
      }
    });
    if (ledger !== null) ledger.isPaused = false;
  }

  #noteKill(space: AddressSpace, task: number, what: string): void {
    this.killed[space.cgroup]! += 1;
    this.hooks.onEvent?.(this.#engine.nowNs, 'kill', `${what} ${task} was killed`);
  }

  #tellProgress(step: 'run' | 'verify', phase: number): void {
    if (this.hooks.onProgress === undefined) return;
    const operations = step === 'run' ? this.operations : this.comparison.result().pagesChecked;
    const phaseCount = this.#workload.phases.length;
    const operationCount = step === 'run' ? this.#operationCount : this.#pageCount();
    const { nowNs: virtualNs } = this.#engine;
    this.hooks.onProgress({ phase, phaseCount, operations, operationCount, virtualNs, step });
  }

  #pageCount(): number {
    return this.spaces.reduce((sum, { pageCount }) => sum + pageCount, 0);
  }

  #codecCalls(): number {
    return this.#memory.swap.zswap.codecCalls + this.#areas.codecCalls;
  }
}

/** Page operations of all phases; null where one of them does not know its own. */
function countOperations(phases: readonly Phase[]): number | null {
  let sum = 0;
  for (const phase of phases) {
    if (phase.kind !== 'operations') continue;
    if (phase.count === undefined) return null;
    sum += phase.count;
  }
  return sum;
}

/** Asked anew after each touch: that may have killed the task. */
function isKilled(space: AddressSpace): boolean {
  return !space.isAlive;
}
