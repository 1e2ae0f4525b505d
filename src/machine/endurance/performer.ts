/**
 * One machine under an endurance workload: performs phases and steps, and notes the first promise
 * that breaks, whichever way it shows. The driver and every replay use it.
 */
import type { FiredFault } from '../../device/index.ts';
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
import type { Sampler } from '../task-runner.ts';
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
  /** It was at the last look at everything, which no plan has at this place. */
  readonly isAudit: boolean;
  /** The fault that lost the page. */
  readonly fault?: FiredFault;
  /** Without one: the latest faults before the break, which may have led to it. */
  readonly recent?: readonly FiredFault[];
}

/** What another process asked for: it holds against the plan's own swapon and swapoff. */
export interface SteeredStep {
  readonly kind: 'give-up' | 'take-back';
  readonly label: string;
  readonly path: string;
}

/** More of the faults before a break are not kept. assumed */
const RECENT_MAX = 8;

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
  /** Of the plan and the contents; absent: that of the spec. */
  readonly seed?: number;
  readonly settings: EnduranceSettings;
  readonly areas: readonly PreparedArea[];
  readonly hooks?: RunHooks;
  /** Operations done before: of a run that goes on. */
  readonly operations?: number;
  /** The phase of the machine's series that all of it is; absent: nothing is sampled. */
  readonly sampledPhase?: number;
}

const OPERATIONS: Phase = { kind: 'operations', label: 'operations', fork: false };

function isSteered(step: ControlStep | SteeredStep): step is SteeredStep {
  return step.kind === 'give-up' || step.kind === 'take-back';
}

export class Performer {
  readonly machine: Machine;
  readonly workload: EnduranceWorkload;
  readonly counts: StepCounts = {
    ...{ forks: 0, restarts: 0, swapoffs: 0, swapoffsFailed: 0, settings: 0 },
  };
  readonly #settings: EnduranceSettings;
  /** Faults that are not decided, by id: the rest is let go. */
  readonly #open = new Map<number, FiredFault>();
  #recent: FiredFault[] = [];
  #broken: BrokenPromise | null = null;
  #phase = 0;
  #isAudit = false;
  #isStopped = false;
  #operations: number;
  readonly #sampler: Sampler | null;

  constructor(options: PerformerOptions) {
    const { spec, settings, areas, hooks = {}, operations = 0 } = options;
    this.#settings = settings;
    this.#operations = operations;
    this.workload = enduranceWorkload({ ...spec, seed: options.seed ?? spec.seed }, settings);
    this.machine = new Machine(spec, areas, this.workload);
    const { sampledPhase } = options;
    this.#sampler = sampledPhase === undefined ? null : this.machine.sampler(sampledPhase);
    this.machine.begin(
      {
        ...hooks,
        onFault: (fault) => {
          this.#open.set(fault.id, fault);
          this.#recent = [...this.#recent.slice(1 - RECENT_MAX), fault];
          hooks.onFault?.(fault);
        },
        onConsequence: (id, consequence, detail) => {
          hooks.onConsequence?.(id, consequence, detail);
          const fault = this.#open.get(id);
          if (consequence !== 'pending') this.#open.delete(id);
          if (consequence === 'lost' && fault !== undefined) this.#lose(fault, detail);
        },
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
    this.#isAudit = phase.isLast === true;
    for (const step of phase.steps) {
      if (this.#broken !== null || this.#isStopped || this.#operations >= end) break;
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
    // The last look at everything is none of the workload's.
    const sampler = this.#isAudit ? null : this.#sampler;
    await this.#guard(phase, () => this.machine.perform(OPERATIONS, phase, sampler));
    if (this.#isStopped) this.#operations = this.machine.operations;
    else this.#operations += count;
  }

  /** Ends the phase at the operation that is being done. */
  stop(): void {
    this.#isStopped = true;
    this.machine.stop();
  }

  /** What is performed from now on is done. */
  goOn(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.machine.goOn();
  }

  /** Performs listed operations, from place `start` up to `end`. */
  async performListed(list: OperationList, start: number, end: number): Promise<void> {
    if (start === end) return;
    this.workload.source = new ListedOperations(list, start, end);
    await this.#guard(this.#phase, () => this.machine.perform(OPERATIONS, this.#phase));
    this.#operations = list.number[end - 1]!;
  }

  async control(step: ControlStep | SteeredStep, phase: number): Promise<void> {
    if (isSteered(step)) {
      const { kind, path } = step;
      await this.#guard(phase, () => {
        if (kind === 'give-up') this.machine.giveUp(path);
        else this.machine.takeBack(path);
        return Promise.resolve();
      });
      return;
    }
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

  /** All tables agree with themselves and each other, and nobody was given a wrong page. */
  async checkInvariants(phase: number): Promise<void> {
    await this.#guard(phase, () => {
      const { mismatches } = this.machine.compared;
      if (mismatches > 0)
        this.#break('mismatch', `${mismatches} pages of a killed task were not what it wrote`);
      if (this.machine.swap.wrongPagesGiven > 0)
        this.#break('mismatch', 'a task was given a wrong page that no fault explains');
      this.machine.memory.checkInvariants();
      return Promise.resolve();
    });
  }

  /** How the machine stands; null where a promise was broken, or is by what is found here. */
  async state(phase: number): Promise<ReturnType<Machine['state']> | null> {
    const taken: ReturnType<Machine['state']>[] = [];
    await this.#guard(phase, () => {
      taken.push(this.machine.state());
      return Promise.resolve();
    });
    return taken[0] ?? null;
  }

  /** Every task exits; nothing may be left. */
  async end(phase: number): Promise<void> {
    await this.#guard(phase, () => {
      this.machine.end();
      return Promise.resolve();
    });
  }

  /** After a page was lost: every task exits, so that the other faults are decided, too. */
  settle(): void {
    if (this.#broken?.kind !== 'lost') return;
    try {
      this.machine.end();
    } catch (error) {
      // What broke first is what is told.
      if (!(error instanceof InvariantError)) throw error;
    }
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

  #lose(fault: FiredFault, detail: string): void {
    const { kind, area, slot, operation } = fault;
    const what =
      `${detail}: lost by ${kind} of slot ${slot} of ${area}, which fired at operation ` +
      `${operation}`;
    this.#break('lost', what, fault);
  }

  #break(kind: BreakKind, what: string, fault?: FiredFault): void {
    if (this.#broken !== null) return;
    const at = { operation: this.machine.operations, phase: this.#phase, isAudit: this.#isAudit };
    const why = fault === undefined ? { recent: this.#recent } : { fault };
    this.#broken = { kind, what, ...at, ...why };
    this.machine.stop();
  }
}
