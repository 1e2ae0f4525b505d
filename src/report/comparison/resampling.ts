/**
 * Bootstrap by percentiles: which runs a resample draws is decided once for each number of runs and
 * role, from a stream of that name, so that all metrics are resampled by the same draws and the same
 * runs give the same intervals anywhere.
 * @source Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13
 */
import { RandomStream } from '../../engine/index.ts';

/** Enough that the ends of a 95 % interval have 50 resamples beyond them. */
export const RESAMPLE_COUNT = 2000;
const CONFIDENCE = 0.95;

/** Whose runs are drawn; the columns of an unpaired comparison are drawn apart. */
export type DrawRole = 'column' | 'baseline';

/** An interval that holds the true value with a confidence of 95 %. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Draws runs with replacement; made for one comparison, to draw only once. */
export class Resampler {
  readonly #draws = new Map<string, Uint32Array>();
  #scratch = new Float64Array(0);

  /** Medians of all resamples. @param values - one or more */
  medians(values: readonly number[], role: DrawRole): Float64Array {
    const count = values.length;
    const draws = this.#drawsOf(count, role);
    const medians = new Float64Array(RESAMPLE_COUNT);
    if (this.#scratch.length !== count) this.#scratch = new Float64Array(count);
    for (let resample = 0, at = 0; resample < RESAMPLE_COUNT; resample++, at += count)
      medians[resample] = drawnMedian(values, draws, at, this.#scratch);
    return medians;
  }

  /** Positions of runs, `count` for each resample. */
  #drawsOf(count: number, role: DrawRole): Uint32Array {
    const name = `comparison.bootstrap.${role}.${count}`;
    const known = this.#draws.get(name);
    if (known !== undefined) return known;
    const stream = new RandomStream(0, name);
    const draws = Uint32Array.from({ length: RESAMPLE_COUNT * count }, () => stream.below(count));
    this.#draws.set(name, draws);
    return draws;
  }
}

/**
 * The middle 95 % of resampled values. It ends at values that were drawn, not between two: what all
 * of them but the outermost agree on, their interval agrees on.
 * @param resampled - sorted here
 */
export function percentileInterval(resampled: Float64Array): Interval {
  resampled.sort();
  const beyond = Math.floor(((1 - CONFIDENCE) / 2) * resampled.length);
  return { low: resampled[beyond]!, high: resampled[resampled.length - 1 - beyond]! };
}

/** Insertion sort: a comparison has 3 to 20 runs a column, where it is quicker than `sort`. */
function drawnMedian(
  values: readonly number[],
  draws: Uint32Array,
  from: number,
  sorted: Float64Array,
): number {
  const count = values.length;
  for (let i = 0; i < count; i++) {
    const value = values[draws[from + i]!]!;
    let at = i;
    for (; at > 0 && sorted[at - 1]! > value; at--) sorted[at] = sorted[at - 1]!;
    sorted[at] = value;
  }
  const half = count >> 1;
  return count % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
