/**
 * The endless plan of an endurance run: phase i is a pure function of (seed, i, configuration), so
 * that a run goes on where another stopped, and a replay has any phase without those before it.
 *
 * Own design, no kernel counterpart. Nothing here knows who lives: a step that begins a task which
 * lives does nothing, nor do the operations of a task that was killed.
 */
import { PAGE_SIZE } from '../../units/index.ts';
import { Mulberry32 } from '../mulberry32.ts';
import type { Phase } from '../workload.ts';
import { hash3 } from './hash.ts';

export interface PlanConfig {
  readonly seed: number;
  /** Tasks that begin anew when they end: 0 to `tasks - 1`; behind them the places of children. */
  readonly tasks: number;
  readonly children: number;
  readonly pagesPerTask: number;
  /** Page operations of a common phase. */
  readonly phaseOperations: number;
  /** Areas that are given up and taken again, by name. */
  readonly areas: readonly string[];
  /** Null without zswap: then no limits change. */
  readonly zswap: ZswapPlan | null;
}

export interface ZswapPlan {
  readonly maxPoolPercent: number;
  readonly acceptThresholdPercent: number;
  /** Cgroups v2: the shrinker and memory.zswap.* of these cgroups change as well. */
  readonly cgroups: readonly string[];
  /** Pages that zswap refuses have an area to go to. */
  readonly writesBack: boolean;
  /** The version of zswap can change its accept threshold while it runs. */
  readonly hasThreshold: boolean;
}

/** Page operations, drawn one after the other. */
export interface Draw {
  readonly kind: 'operations';
  readonly label: string;
  readonly seed: number;
  readonly count: number;
  /** Who does them, in turn where the order is sequential, otherwise drawn. */
  readonly tasks: readonly number[];
  /** Pages of each task that they touch; they may go over the end and on at its beginning. */
  readonly first: number;
  readonly span: number;
  readonly order: 'sequential' | 'random' | 'hot';
  /** With order hot: this many of 256 operations go to the first `hotSpan` pages. */
  readonly hotShare: number;
  readonly hotSpan: number;
  /** Of 256 operations; the rest drop their page. */
  readonly reads: number;
  readonly writes: number;
  readonly modifies: number;
}

export type ControlStep = Exclude<Phase, { readonly kind: 'operations' | 'pause' }>;
export type EnduranceStep = Draw | ControlStep;

export interface EndurancePhase {
  readonly index: number;
  readonly name: PhaseName;
  readonly steps: readonly EnduranceStep[];
  /** Page operations of all steps. */
  readonly operations: number;
  /** The last look at everything, which stands in no plan. */
  readonly isLast?: boolean;
}

/** Phases with how often each is drawn: assumed, so that every kind comes within a million operations. */
const WEIGHTS = {
  churn: 34,
  scan: 8,
  growth: 10,
  fork: 14,
  drop: 8,
  restart: 8,
  swapoff: 8,
  zswap: 10,
} as const;
export type PhaseName = keyof typeof WEIGHTS | 'audit';

/** Every such phase reads and compares every page of every task. */
const AUDIT_PERIOD = 48;

/** The draws that make one phase. */
class Dice {
  readonly #stream = new Mulberry32(0);

  constructor(seed: number, index: number) {
    this.#stream.reseed(hash3(seed, index, 0x706c616e));
  }

  below(bound: number): number {
    return this.#stream.next() % bound;
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  word(): number {
    return this.#stream.next();
  }
}

/** Phase `index` of the plan. */
export function planPhase(config: PlanConfig, index: number): EndurancePhase {
  const dice = new Dice(config.seed, index);
  const name = nameOf(config, index, dice);
  const steps: EnduranceStep[] = [];
  // Whoever was killed begins anew here.
  for (let task = 0; task < config.tasks; task++)
    steps.push({ kind: 'begin', label: `begin ${task}`, task });
  steps.push(...makers[name](config, dice, index));
  const operations = steps.reduce(
    (sum, step) => sum + (step.kind === 'operations' ? step.count : 0),
    0,
  );
  return { index, name, steps, operations };
}

/** Reads every page of every task: the last thing that a run does. */
export function auditPhase(config: PlanConfig, index: number): EndurancePhase {
  const steps = auditSteps(config);
  return { index, name: 'audit', steps, operations: steps[0]!.count, isLast: true };
}

function nameOf(config: PlanConfig, index: number, dice: Dice): PhaseName {
  if (index === 0) return 'growth';
  if (index % AUDIT_PERIOD === AUDIT_PERIOD - 1) return 'audit';
  let at = dice.below(Object.values(WEIGHTS).reduce((sum, weight) => sum + weight, 0));
  for (const [name, weight] of Object.entries(WEIGHTS)) {
    at -= weight;
    if (at >= 0) continue;
    if (name === 'swapoff' && config.areas.length === 0) return 'churn';
    if (name === 'zswap' && config.zswap === null) return 'churn';
    if (name === 'fork' && config.children === 0) return 'growth';
    return name as PhaseName;
  }
  return 'churn';
}

type Maker = (config: PlanConfig, dice: Dice, index: number) => EnduranceStep[];

const makers: Readonly<Record<PhaseName, Maker>> = {
  growth: (config, dice, index) => {
    const { pagesPerTask, tasks } = config;
    const span = index === 0 ? pagesPerTask : dice.between(pagesPerTask >>> 3, pagesPerTask);
    const who = index === 0 ? everyone(tasks) : some(dice, tasks);
    return [
      draw(config, dice, {
        label: 'growth',
        count: Math.min(span * who.length, 2 * config.phaseOperations),
        tasks: who,
        first: index === 0 ? 0 : dice.below(pagesPerTask),
        span,
        order: 'sequential',
        mix: [0, 256, 0],
      }),
    ];
  },
  churn: (config, dice) => [churn(config, dice, everyone(config.tasks), config.phaseOperations)],
  scan: (config, dice) => [
    draw(config, dice, {
      label: 'scan',
      count: config.phaseOperations,
      tasks: some(dice, config.tasks),
      order: 'sequential',
      first: dice.below(config.pagesPerTask),
      mix: dice.of([
        [256, 0, 0],
        [192, 0, 64],
      ]),
    }),
  ],
  fork: (config, dice) => {
    const parent = dice.below(config.tasks);
    const task = config.tasks + dice.below(config.children);
    const steps: EnduranceStep[] = [
      { kind: 'fork', label: `fork ${parent} ${task}`, parent, task },
      churn(config, dice, [parent, task, task], config.phaseOperations),
    ];
    // Otherwise it stays, with its share of the parent's pages, until its place is wanted.
    if (dice.below(2) === 0) steps.push({ kind: 'exit', label: `exit ${task}`, task });
    return steps;
  },
  drop: (config, dice) => [
    draw(config, dice, {
      label: 'drop',
      count: config.phaseOperations >>> 2,
      tasks: some(dice, config.tasks),
      first: dice.below(config.pagesPerTask),
      span: Math.max(1, config.pagesPerTask >>> dice.below(3)),
      order: dice.of(['sequential', 'random']),
      mix: [0, 32, 0],
    }),
    churn(config, dice, everyone(config.tasks), config.phaseOperations >>> 2),
  ],
  restart: (config, dice) => {
    const task = dice.below(config.tasks);
    return [
      { kind: 'exit', label: `exit ${task}`, task },
      { kind: 'begin', label: `begin ${task}`, task },
      draw(config, dice, {
        label: 'growth',
        count: Math.min(config.pagesPerTask, config.phaseOperations),
        tasks: [task],
        order: 'sequential',
        mix: [0, 256, 0],
      }),
    ];
  },
  swapoff: (config, dice) => {
    const path = dice.of(config.areas);
    const off: EnduranceStep = { kind: 'swapoff', label: `swapoff ${path}`, path };
    const on: EnduranceStep = { kind: 'swapon', label: `swapon ${path}`, path };
    const work = (): Draw =>
      churn(config, dice, everyone(config.tasks), config.phaseOperations >>> 2);
    // Without any area left memory would be short from the first operation on.
    return config.areas.length === 1 ? [work(), off, on, work()] : [work(), off, work(), on];
  },
  zswap: (config, dice) => zswapSteps(config, config.zswap!, dice),
  audit: (config) => auditSteps(config),
};

function auditSteps(config: PlanConfig): Draw[] {
  const { tasks, children, pagesPerTask } = config;
  return [
    {
      ...{ kind: 'operations', label: 'audit', seed: 0, order: 'sequential' },
      ...{ count: (tasks + children) * pagesPerTask, tasks: everyone(tasks + children) },
      ...{ first: 0, span: pagesPerTask, hotShare: 0, hotSpan: 0 },
      ...{ reads: 256, writes: 0, modifies: 0 },
    },
  ];
}

/** New limits at random, work under them, and for some of them the old ones again. */
function zswapSteps(config: PlanConfig, zswap: ZswapPlan, dice: Dice): EnduranceStep[] {
  const parameter = (
    name: 'max_pool_percent' | 'accept_threshold_percent',
    value: number,
  ): EnduranceStep => ({
    kind: 'zswap',
    label: `zswap ${name} ${value}`,
    setting: { name, value },
  });
  const work = (): Draw =>
    churn(config, dice, everyone(config.tasks), config.phaseOperations >>> 1);
  const { maxPoolPercent, acceptThresholdPercent, cgroups } = zswap;
  const steps: EnduranceStep[] = [];
  // A pool that nothing leaves is not made small: that would only kill tasks.
  if (zswap.writesBack)
    steps.push(
      parameter(
        'max_pool_percent',
        dice.of([1, 5, maxPoolPercent, maxPoolPercent, Math.min(100, 2 * maxPoolPercent)]),
      ),
    );
  if (zswap.hasThreshold)
    steps.push(
      parameter('accept_threshold_percent', dice.of([50, 90, 99, acceptThresholdPercent])),
    );
  if (cgroups.length > 0) {
    const value = dice.below(2) === 0;
    steps.push({
      kind: 'zswap',
      label: `zswap shrinker_enabled ${value ? 'Y' : 'N'}`,
      setting: { name: 'shrinker_enabled', value },
    });
    const name = dice.of(cgroups);
    const bytes = dice.of([Infinity, Infinity, 1024 * PAGE_SIZE, 128 * PAGE_SIZE]);
    if (zswap.writesBack)
      steps.push({
        kind: 'cgroup',
        label: `cgroup ${name} zswap.max ${bytes === Infinity ? 'max' : bytes}`,
        ...{ name, setting: { file: 'zswap.max', bytes } },
      });
  }
  steps.push(work(), { kind: 'barrier', label: 'barrier' }, work());
  return steps;
}

/** Hot and cold pages, read, written, changed and dropped; the hot ones are others each time. */
function churn(config: PlanConfig, dice: Dice, tasks: readonly number[], count: number): Draw {
  const { pagesPerTask } = config;
  return draw(config, dice, {
    label: 'churn',
    count,
    tasks,
    first: dice.below(pagesPerTask),
    order: dice.of(['hot', 'hot', 'hot', 'random']),
    hotShare: dice.between(128, 240),
    hotSpan: Math.max(1, pagesPerTask >>> dice.between(2, 5)),
    mix: dice.of([
      [160, 48, 46],
      [96, 96, 60],
      [208, 24, 24],
    ]),
  });
}

interface DrawChoice {
  readonly label: string;
  readonly count: number;
  readonly tasks: readonly number[];
  readonly order: Draw['order'];
  readonly first?: number;
  readonly span?: number;
  readonly hotShare?: number;
  readonly hotSpan?: number;
  /** Reads, writes, modifies of 256; the rest are drops. */
  readonly mix: readonly number[];
}

function draw(config: PlanConfig, dice: Dice, choice: DrawChoice): Draw {
  const { label, count, tasks, order, first = 0, hotShare = 0, hotSpan = 1 } = choice;
  const [reads, writes, modifies] = choice.mix as [number, number, number];
  const { span = config.pagesPerTask } = choice;
  const seed = dice.word();
  const places = { first, span, hotShare, hotSpan };
  return {
    kind: 'operations',
    ...{ label, seed, count, tasks, order },
    ...places,
    reads,
    writes,
    modifies,
  };
}

function everyone(count: number): number[] {
  return Array.from({ length: count }, (_, task) => task);
}

/** Some of the tasks, at least one. */
function some(dice: Dice, count: number): number[] {
  const first = dice.below(count);
  return Array.from({ length: dice.between(1, count) }, (_, at) => (first + at) % count);
}
