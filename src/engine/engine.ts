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
import { RandomStream } from './random.ts';

export interface EngineOptions {
  readonly seed: number;
  readonly cpuCount: number;
  readonly costs: CostProfile;
}

export class Engine {
  readonly seed: number;
  readonly cpuCount: number;
  readonly costs: CostProfile;
  readonly #counts = new Float64Array(COUNTED_NAMES.length);
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
    this.#counts[event]! += 1;
    this.#clocksNs[this.#cpu]! += this.#pricesNs[event]!;
  }

  /** Counts `times` events of one kind. */
  countMany(event: number, times: number): void {
    this.#counts[event]! += times;
    this.#clocksNs[this.#cpu]! += this.#pricesNs[event]! * times;
  }

  /** The count of one event so far. */
  counted(event: number): number {
    return this.#counts[event]!;
  }

  /** A copy of all counts, for the difference over a phase. */
  snapshot(): Float64Array {
    return this.#counts.slice();
  }

  /** What was counted since `before`, by name; names that did not move are left out. */
  since(before: Float64Array): Partial<Record<CountedName, number>> {
    const moved: Partial<Record<CountedName, number>> = {};
    COUNTED_NAMES.forEach((name, index) => {
      const delta = this.#counts[index]! - before[index]!;
      if (delta !== 0) moved[name] = delta;
    });
    return moved;
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
