/**
 * One machine under an endurance workload: performs phases and steps, and notes the first promise
 * that breaks, whichever way it shows. The driver and every replay use it.
 */
import { CheckError, InvariantError } from '../../units/index.ts';
import {
  DrawnOperations,
  ListedOperations,
  type ControlStep,
  type Draw,
  type EndurancePhase,
  type EnduranceWorkload,
  type OperationList,
  type Phase,
} from '../../workload/index.ts';
import { Machine } from '../machine.ts';
import type { PreparedArea } from '../prepared-area.ts';
import type { RunHooks } from '../run-hooks.ts';
import type { RunSpec } from '../spec.ts';
import { enduranceWorkload, type EnduranceSettings } from './settings.ts';

/** How a promise was broken. */
export type BreakKind =
  /** Wrong bytes were handed to a task as good, by a fault that was injected. */
  | 'lost'
  /** A page that was read is not what was written, and no fault explains it. */
  | 'mismatch'
  /** A table contradicts itself, or something is left after the last exit. */
  | 'invariant';

export interface BrokenPromise {
  readonly kind: BreakKind;
  readonly what: string;
  /** Number of the operation that was being done, from 1. */
  readonly operation: number;
  readonly phase: number;
}

/** What the workload has done besides page operations. */
export interface StepCounts {
  forks: number;
  restarts: number;
  swapoffs: number;
  swapoffsFailed: number;
  settings: number;
}

export interface PerformerOptions {
  readonly spec: RunSpec;
  readonly settings: EnduranceSettings;
  readonly areas: readonly PreparedArea[];
  readonly hooks?: RunHooks;
  /** Operations done before: of a run that goes on. */
  readonly operations?: number;
}

const OPERATIONS: Phase = { kind: 'operations', label: 'operations', fork: false };

export class Performer {
  readonly machine: Machine;
  readonly workload: EnduranceWorkload;
  readonly counts: StepCounts = {
    ...{ forks: 0, restarts: 0, swapoffs: 0, swapoffsFailed: 0, settings: 0 },
  };
  readonly #settings: EnduranceSettings;
  #broken: BrokenPromise | null = null;
  #phase = 0;
  #operations: number;

  constructor(options: PerformerOptions) {
    const { spec, settings, areas, hooks = {}, operations = 0 } = options;
    this.#settings = settings;
    this.#operations = operations;
    this.workload = enduranceWorkload(spec, settings);
    this.machine = new Machine(spec, areas, this.workload);
    this.machine.begin(
      {
        ...hooks,
        onWrongPage: (page) => {
          hooks.onWrongPage?.(page);
          this.#break(
            'mismatch',
            `page ${page.page} of task ${page.task} is not what operation ` +
              `${this.workload.writtenBy(page.task, page.page as never)} wrote`,
          );
        },
      },
      operations,
    );
  }

  /** The first promise that broke; null while all hold. */
  get broken(): BrokenPromise | null {
    return this.#broken;
  }

  /** Operations done or passed over so far: the next one has the number after it. */
  get operations(): number {
    return this.#operations;
  }

  /**
   * Performs a phase of the plan, up to `limit` operations of it.
   * @returns false when a promise is broken
   */
  async performPhase(phase: EndurancePhase, limit: number = Infinity): Promise<boolean> {
    const end = this.#operations + limit;
    for (const step of phase.steps) {
      if (this.#broken !== null || this.#operations >= end) break;
      if (step.kind === 'operations')
        await this.perform(step, phase.index, Math.min(step.count, end - this.#operations));
      else await this.control(step, phase.index);
    }
    return this.#broken === null;
  }

  /** Performs drawn operations, the first `count` of them. */
  async perform(draw: Draw, phase: number, count: number): Promise<void> {
    this.workload.source = new DrawnOperations(
      draw,
      this.#settings.pagesPerTask,
      this.#operations + 1,
      count,
    );
    await this.#guard(phase, () => this.machine.perform(OPERATIONS, phase));
    this.#operations += count;
  }

  /** Performs listed operations, from place `start` up to `end`. */
  async performListed(list: OperationList, start: number, end: number): Promise<void> {
    if (start === end) return;
    this.workload.source = new ListedOperations(list, start, end);
    await this.#guard(this.#phase, () => this.machine.perform(OPERATIONS, this.#phase));
    this.#operations = list.number[end - 1]!;
  }

  async control(step: ControlStep, phase: number): Promise<void> {
    // Somebody else may have switched the area meanwhile, or a swapoff may have found no memory.
    if (step.kind === 'swapon' && this.machine.isAreaOn(step.path)) return;
    if (step.kind === 'swapoff' && !this.machine.isAreaOn(step.path)) return;
    await this.#guard(phase, async () => {
      const { swapoff } = await this.machine.perform(step, phase);
      if (swapoff !== undefined) this.counts.swapoffs += 1;
      if (swapoff !== undefined && swapoff.outcome !== 'ok') this.counts.swapoffsFailed += 1;
      if (step.kind === 'fork') this.counts.forks += 1;
      if (step.kind === 'exit') this.counts.restarts += 1;
      if (step.kind === 'zswap' || step.kind === 'cgroup') this.counts.settings += 1;
    });
  }

  /** All tables agree with themselves and each other. */
  async checkInvariants(phase: number): Promise<void> {
    await this.#guard(phase, () => {
      this.machine.memory.checkInvariants();
      return Promise.resolve();
    });
  }

  /** Every task exits; nothing may be left. */
  async end(phase: number): Promise<void> {
    await this.#guard(phase, () => {
      this.machine.end();
      return Promise.resolve();
    });
  }

  async #guard(phase: number, work: () => Promise<unknown>): Promise<void> {
    if (this.#broken !== null) return;
    this.#phase = phase;
    try {
      await work();
    } catch (error) {
      if (error instanceof CheckError) this.#break('mismatch', error.message);
      else if (error instanceof InvariantError) this.#break('invariant', error.message);
      else throw error;
    }
  }

  #break(kind: BreakKind, what: string): void {
    if (this.#broken !== null) return;
    const { operations } = this.machine;
    this.#broken = { kind, what, operation: operations, phase: this.#phase };
    this.machine.stop();
  }
}
