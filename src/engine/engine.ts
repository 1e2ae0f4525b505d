/**
 * Virtual time and counting: count first, price second, queue third.
 *
 * Owns the counters, the clock of each virtual CPU, and the named histograms and random streams of
 * a run. A task runs on the current CPU; each counted event adds its price to that CPU's clock.
 * Nothing here reads the wall clock.
 */
import { assert } from '../units/index.ts';
import type { CostProfile } from './cost-profile.ts';
import { COUNTED_NAMES, EVENT_NAMES, type CountedName } from './events.ts';
import { Histogram } from './histogram.ts';
import { OPERATION_NAMES, type OperationName } from './operations.ts';
import { PageTrace } from './page-trace.ts';
import { RandomStream } from './random.ts';

/** Places between the counts of two operations. */
const STRIDE = COUNTED_NAMES.length;

export interface EngineOptions {
  readonly seed: number;
  readonly cpuCount: number;
  readonly costs: CostProfile;
}

export class Engine {
  readonly seed: number;
  readonly cpuCount: number;
  readonly costs: CostProfile;
  /** Off unless somebody looks on. */
  readonly trace: PageTrace = new PageTrace();
  /** Says whether memory for a table of this kind lacks; tests and faults replace it. */
  allocationFails: (kind: string) => boolean = () => false;
  /** Counts by operation, then by event. */
  readonly #counts = new Float64Array(STRIDE * OPERATION_NAMES.length);
  /** Where the counts of the current operation begin. */
  #base = 0;
  readonly #pricesNs = new Float64Array(COUNTED_NAMES.length);
  readonly #clocksNs: Float64Array;
  readonly #histograms = new Map<string, Histogram>();
  #cpu = 0;

  constructor(options: EngineOptions) {
    assert(options.cpuCount >= 1, 'a machine has at least one CPU');
    this.seed = options.seed;
    this.cpuCount = options.cpuCount;
    this.costs = options.costs;
    this.#clocksNs = new Float64Array(options.cpuCount);
    EVENT_NAMES.forEach((name, index) => {
      this.#pricesNs[index] = options.costs.priceNs(name);
    });
  }

  /** Counts one event and charges its price to the current CPU. */
  count(event: number): void {
    this.#counts[this.#base + event]! += 1;
    this.#clocksNs[this.#cpu]! += this.#pricesNs[event]!;
  }

  /** Counts `times` events of one kind. */
  countMany(event: number, times: number): void {
    this.#counts[this.#base + event]! += times;
    this.#clocksNs[this.#cpu]! += this.#pricesNs[event]! * times;
  }

  /**
   * What follows belongs to `operation`, until `leave` is given what this returns.
   * @param operation - one of OPERATION
   */
  enter(operation: number): number {
    const before = this.#base;
    this.#base = operation * STRIDE;
    return before;
  }

  /** Ends an operation: the one around it goes on. */
  leave(before: number): void {
    this.#base = before;
  }

  /** Runs `work` so that nothing of it is counted and no time passes: for looking at a state. */
  aside<T>(work: () => T): T {
    const counts = this.#counts.slice();
    const clocks = this.#clocksNs.slice();
    try {
      return work();
    } finally {
      this.#counts.set(counts);
      this.#clocksNs.set(clocks);
    }
  }

  /** The count of one event so far, whatever it was counted for. */
  counted(event: number): number {
    let total = 0;
    for (let at = event; at < this.#counts.length; at += STRIDE) total += this.#counts[at]!;
    return total;
  }

  /** The count of one event for one operation. */
  countedFor(operation: number, event: number): number {
    return this.#counts[operation * STRIDE + event]!;
  }

  /** All counts, for the difference over a phase. */
  snapshot(): Float64Array {
    const totals = new Float64Array(STRIDE);
    for (let event = 0; event < STRIDE; event++) totals[event] = this.counted(event);
    return totals;
  }

  /** What was counted since `before`, by name; names that did not move are left out. */
  since(before: Float64Array): Partial<Record<CountedName, number>> {
    const moved: Partial<Record<CountedName, number>> = {};
    COUNTED_NAMES.forEach((name, event) => {
      const delta = this.counted(event) - before[event]!;
      if (delta !== 0) moved[name] = delta;
    });
    return moved;
  }

  /** All counts so far by operation and name; zeros are left out. */
  byOperation(): Record<OperationName, Partial<Record<CountedName, number>>> {
    const entries = OPERATION_NAMES.map((operation, index) => {
      const counts: Partial<Record<CountedName, number>> = {};
      COUNTED_NAMES.forEach((name, event) => {
        const count = this.#counts[index * STRIDE + event]!;
        if (count !== 0) counts[name] = count;
      });
      return [operation, counts] as const;
    });
    return Object.fromEntries(entries) as Record<
      OperationName,
      Partial<Record<CountedName, number>>
    >;
  }

  /** Virtual time of the current CPU in nanoseconds since the machine was started. */
  get nowNs(): number {
    return this.#clocksNs[this.#cpu]!;
  }

  /** The current CPU. */
  get cpu(): number {
    return this.#cpu;
  }

  /** Makes the CPU with the earliest clock current and returns its index. */
  selectEarliestCpu(): number {
    let earliest = 0;
    for (let cpu = 1; cpu < this.cpuCount; cpu++)
      if (this.#clocksNs[cpu]! < this.#clocksNs[earliest]!) earliest = cpu;
    this.#cpu = earliest;
    return earliest;
  }

  /** Lets the current CPU wait until `timeNs`; a time that has passed changes nothing. */
  waitUntil(timeNs: number): void {
    if (timeNs > this.#clocksNs[this.#cpu]!) this.#clocksNs[this.#cpu] = timeNs;
  }

  /** Lets the current CPU spend `durationNs`. */
  spend(durationNs: number): void {
    assert(durationNs >= 0, 'time does not run backwards');
    this.#clocksNs[this.#cpu]! += durationNs;
  }

  /** Virtual time at which the last CPU stands. */
  get latestNs(): number {
    return this.#clocksNs.reduce((latest, clock) => Math.max(latest, clock), 0);
  }

  /** The histogram called `name`, made at its first use. Keep the reference on hot paths. */
  histogram(name: string): Histogram {
    let histogram = this.#histograms.get(name);
    if (histogram === undefined) {
      histogram = new Histogram();
      this.#histograms.set(name, histogram);
    }
    return histogram;
  }

  /** All histograms by name, in the order of their first use. */
  histograms(): ReadonlyMap<string, Histogram> {
    return this.#histograms;
  }

  /** A random stream of its own for a component: the same (seed, name) gives the same numbers. */
  stream(name: string): RandomStream {
    return new RandomStream(this.seed, name);
  }
}
