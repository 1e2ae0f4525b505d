/**
 * The shortest replay of a broken promise: the phases around it are made anew from seed and index, on
 * machines with less memory where that shows it too, then fewer phases, then fewer operations. Each
 * try is a machine of its own, with areas in memory; all tries together are limited in operations.
 */
import { formatFaultRule } from '../../device/index.ts';
import {
  auditPhase,
  createOperationBatch,
  DrawnOperations,
  planPhase,
  type EndurancePhase,
  type PlanConfig,
} from '../../workload/index.ts';
import type { PreparedArea } from '../prepared-area.ts';
import type { RunSpec } from '../spec.ts';
import { ddmin } from './ddmin.ts';
import type { SteeredMoment } from './driver.ts';
import type { BrokenPromise } from './performer.ts';
import { emptyList } from './replay-file.ts';
import {
  performReplay,
  replayAreas,
  type EnduranceReplay,
  type ReplayArea,
  type ReplayStep,
} from './replay.ts';

/** Page operations of all tries together: assumed, some ten seconds. */
const BUDGET_OPERATIONS = 400_000;
/** What a machine costs before its first operation: its frames and tables, measured as 20 ms. */
const MACHINE_OPERATIONS = 1000;
/** Memory that is tried, smallest first; the spec's own is last. */
const MEMORY_BYTES = [256, 512, 1024, 4096].map((kib) => kib * 1024);

export interface ShrinkOptions {
  readonly spec: RunSpec;
  readonly areas: readonly PreparedArea[];
  readonly plan: PlanConfig;
  readonly broken: BrokenPromise;
  /** What other processes asked for. */
  readonly steered?: readonly SteeredMoment[];
  /** Of the part of the run that broke: its first phase, and the operations before that. */
  readonly from: { readonly phase: number; readonly operations: number };
  readonly budget?: number;
  /** True: the best so far is good enough. */
  readonly isStopWanted?: () => boolean;
}

export interface ShrunkReplay {
  readonly replay: EnduranceReplay;
  /** What it shows. */
  readonly broken: BrokenPromise;
  /** Machines that were tried. */
  readonly tries: number;
}

/** A phase with the number of the last operation before it. */
interface PlacedPhase {
  readonly phase: EndurancePhase;
  readonly before: number;
}

/** @returns the shortest that was found; null when none of what was tried shows it */
export async function shrink(options: ShrinkOptions): Promise<ShrunkReplay | null> {
  return await new Shrinker(options).run();
}

/** One item of a list that is made shorter: a step or a page operation. */
type Item =
  ReplayStep['step'] | readonly [number: number, kind: number, task: number, page: number];

class Shrinker {
  readonly #options: ShrinkOptions;
  readonly #areas: readonly ReplayArea[];
  readonly #seed: number;
  #spec: RunSpec;
  #left: number;
  #tries = 0;
  #best: ShrunkReplay | null = null;
  /** All that was done for the best so far, also what comes after the break. */
  #shown: readonly Item[] = [];

  constructor(options: ShrinkOptions) {
    this.#options = options;
    this.#areas = replayAreas(options.areas);
    this.#seed = options.plan.seed;
    this.#left = options.budget ?? BUDGET_OPERATIONS;
    this.#spec = { ...options.spec, faults: anchoredRules(options) };
  }

  async run(): Promise<ShrunkReplay | null> {
    const { broken } = this.#options;
    const phases = this.#phases();
    // From the phase in which the fault fired on; further back while that does not show it.
    const anchor = broken.fault?.operation ?? broken.operation;
    let first = phases.findLastIndex(({ before }) => before < anchor);
    first = Math.max(0, first);
    for (let back = 0; this.#best === null && this.#mayGoOn(); back = 2 * back + 1) {
      const window = phases.slice(Math.max(0, first - back));
      const items = this.#items(window);
      if (!(await this.#triesWithLessMemory(items)) && back >= first) return null;
    }
    if (this.#best === null) return null;
    const mayGoOn = (): boolean => this.#mayGoOn();
    const near = await this.#nearest(anchor);
    await this.#dropRules(near);
    const groups = groupsOf(near);
    const kept = await ddmin(
      groups.length,
      (places) => this.#shows(places.flatMap((place) => groups[place]!)),
      mayGoOn,
    );
    // What comes after the break stays until here: with less before it, it may come later.
    const items = kept.flatMap((place) => groups[place]!);
    await ddmin(
      items.length,
      (places) => this.#shows(places.map((place) => items[place]!)),
      mayGoOn,
    );
    return { ...this.#best, tries: this.#tries };
  }

  #mayGoOn(): boolean {
    return this.#left > 0 && this.#options.isStopWanted?.() !== true;
  }

  /** Faults that have nothing to do with it go, one by one. */
  async #dropRules(items: readonly Item[]): Promise<void> {
    for (const rule of this.#spec.faults) {
      const own = this.#spec;
      if (!this.#mayGoOn() || own.faults.length === 1) return;
      this.#spec = { ...own, faults: own.faults.filter((each) => each !== rule) };
      if (!(await this.#shows(items))) this.#spec = own;
    }
  }

  /** Only the operations shortly before the anchor, and those after it. */
  async #nearest(anchor: number): Promise<readonly Item[]> {
    const all = this.#shown;
    for (let count = 64; count < all.length && this.#mayGoOn(); count *= 2) {
      const near = all.filter((item) => 'kind' in item || item[0] > anchor - count);
      if (near.length < all.length && (await this.#shows(near))) return near;
    }
    return all;
  }

  /** Less memory makes it quicker to be short of it: fewer operations show the same. */
  async #triesWithLessMemory(items: readonly Item[]): Promise<boolean> {
    const own = this.#spec;
    const { zswap, machine } = own;
    const withZswap = zswap.enabled ? [false, true] : [false];
    if (machine.cgroups === undefined)
      for (const memory of MEMORY_BYTES)
        for (const enabled of withZswap) {
          this.#spec = { ...own, machine: { ...machine, memory }, zswap: { ...zswap, enabled } };
          if (await this.#shows(items)) return true;
        }
    this.#spec = own;
    return await this.#shows(items);
  }

  /** True when these alone show it; then they are the best so far. */
  async #shows(items: readonly Item[]): Promise<boolean> {
    const replay = this.#replayOf(items);
    this.#tries += 1;
    const broken = await performReplay(replay);
    const { number } = replay.operations;
    const end = broken === null ? -1 : number.findIndex((each) => each >= broken.operation);
    this.#left -= MACHINE_OPERATIONS + (end < 0 ? number.length : end);
    if (broken === null || signature(broken) !== signature(this.#options.broken)) return false;
    // What comes after the break is of no use.
    const until = items.findIndex((item) => Array.isArray(item) && item[0] > broken.operation);
    const used = until < 0 ? items : items.slice(0, until);
    this.#shown = items;
    this.#best = { replay: this.#replayOf(used), broken, tries: this.#tries };
    return true;
  }

  /** All phases of this part of the run, up to the one that broke. */
  #phases(): PlacedPhase[] {
    const { plan, from, broken } = this.#options;
    const phases: PlacedPhase[] = [];
    let before = from.operations;
    for (let index = from.phase; index <= broken.phase && before <= broken.operation; index++) {
      const isLast = index === broken.phase && broken.isAudit;
      const phase = isLast ? auditPhase(plan, index) : planPhase(plan, index);
      phases.push({ phase, before });
      before += phase.operations;
    }
    return phases;
  }

  #items(phases: readonly PlacedPhase[]): Item[] {
    const { plan, broken, steered = [] } = this.#options;
    const first = phases[0]?.before ?? 0;
    let next = steered.findIndex(({ operations }) => operations >= first);
    if (next < 0) next = steered.length;
    const batch = createOperationBatch(1024);
    const items: Item[] = [];
    for (const { phase, before } of phases) {
      let done = before;
      for (const step of phase.steps) {
        // It may have been a step behind the latest operation that broke it.
        if (step.kind !== 'operations') {
          items.push(step);
          continue;
        }
        if (done >= broken.operation) break;
        const limit = broken.operation - done;
        const source = new DrawnOperations(step, plan.pagesPerTask, done + 1, limit);
        for (;;) {
          source.fill(batch);
          if (batch.count === 0) break;
          for (let i = 0; i < batch.count; i++) {
            for (; (steered[next]?.operations ?? Infinity) < batch.number[i]!; next++)
              items.push(steered[next]!.step);
            items.push([batch.number[i]!, batch.kind[i]!, batch.task[i]!, batch.page[i]!]);
          }
        }
        done += step.count;
      }
    }
    return items;
  }

  #replayOf(items: readonly Item[]): EnduranceReplay {
    const operations = emptyList(items.filter((item) => Array.isArray(item)).length);
    const steps: ReplayStep[] = [];
    let at = 0;
    for (const item of items) {
      if ('kind' in item) {
        steps.push({ before: at, step: item });
        continue;
      }
      [operations.number[at], operations.kind[at], operations.task[at], operations.page[at]] = item;
      at += 1;
    }
    return { spec: this.#spec, seed: this.#seed, areas: this.#areas, operations, steps };
  }
}

/** The fault that lost the page, where it fired; without one, the latest ones before the break. */
function anchoredRules({ broken, areas }: ShrinkOptions): string[] {
  const { fault, recent = [] } = broken;
  return (fault === undefined ? recent : [fault]).map(({ kind, area: name, operation }) => {
    const area = areas.find((each) => each.name === name);
    return formatFaultRule({
      kind,
      // Those of the replay are named by their type; another one was not there at the start.
      area: area === undefined ? null : `area${area.type}`,
      address: { by: 'operation', operation: Math.max(1, operation) },
      ...{ times: 1, ns: null },
    });
  });
}

/** Breaks of one signature are the same to us. */
function signature({ kind, what, fault }: BrokenPromise): string {
  if (kind === 'lost') return `lost ${fault?.kind ?? ''}`;
  return kind === 'mismatch' ? kind : `${kind} ${what.replace(/\d+/g, 'N')}`;
}

/** Runs of page operations between steps, and each step: what goes or stays together at first. */
function groupsOf(items: readonly Item[]): Item[][] {
  const groups: Item[][] = [];
  let isOpen = false;
  for (const item of items) {
    const isOperation = Array.isArray(item);
    if (isOperation && isOpen && groups.at(-1)!.length < 16) groups.at(-1)!.push(item);
    else groups.push([item]);
    isOpen = isOperation;
  }
  return groups;
}
