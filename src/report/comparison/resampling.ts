/**
 * Bootstrap by percentiles: which runs a resample draws is decided once for each number of runs and
 * role, from a stream of that name, so that all metrics are resampled by the same draws and the same
 * runs give the same intervals anywhere.
 * @source Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13
 */
import { quickselect } from 'simple-statistics';
import { RandomStream } from '../../engine/index.ts';

/** Enough that the ends of a 95 % interval have 50 resamples beyond them. */
const RESAMPLE_COUNT = 2000;
const CONFIDENCE = 0.95;

/** Whose runs are drawn; the columns of an unpaired comparison are drawn apart. */
type DrawRole = 'column' | 'baseline';

/** An interval that holds the true value with a confidence of 95 %, of five runs or more. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Draws runs with replacement; made for one comparison, to draw only once. */
export class Resampler {
  readonly #draws = new Map<string, Draws>();

  /** Medians of all resamples. @param values - one or more */
  medians(values: readonly number[], role: DrawRole): Float64Array {
    const { lowRanks, highRanks } = this.#drawsOf(values.length, role);
    const sorted = Float64Array.from(values).sort();
    // A loop: `from` with a function takes ten times as long.
    const medians = new Float64Array(RESAMPLE_COUNT);
    for (let at = 0; at < RESAMPLE_COUNT; at++)
      medians[at] = (sorted[lowRanks[at]!]! + sorted[highRanks[at]!]!) / 2;
    return medians;
  }

  /**
   * Medians of all resamples of pairs.
   * @returns those of `first` and of `second`, of the same draws
   */
  pairedMedians(
    first: readonly number[],
    second: readonly number[],
  ): readonly [Float64Array, Float64Array] {
    const { positions } = this.#drawsOf(first.length, 'baseline');
    // `medians` draws by rank, so the pairs are brought in the order of their first ones.
    const order = first.map((_, index) => index).sort((a, b) => first[a]! - first[b]!);
    const ordered = Float64Array.from(order, (index) => second[index]!);
    return [this.medians(first, 'baseline'), drawnMedians(ordered, positions)];
  }

  #drawsOf(count: number, role: DrawRole): Draws {
    const name = `comparison.bootstrap.${role}.${count}`;
    const known = this.#draws.get(name);
    if (known !== undefined) return known;
    const draws = drawRuns(count, new RandomStream(0, name));
    this.#draws.set(name, draws);
    return draws;
  }
}

/** Of all resamples of so many runs. */
interface Draws {
  /** Ranks of the runs that are drawn, `count` for each resample. */
  readonly positions: Uint32Array;
  /** The two ranks whose values the median is between, for each resample; equal of odd counts. */
  readonly lowRanks: Uint32Array;
  readonly highRanks: Uint32Array;
}

function drawRuns(count: number, stream: RandomStream): Draws {
  const positions = Uint32Array.from({ length: RESAMPLE_COUNT * count }, () => stream.below(count));
  const rankAt = (middle: number): Uint32Array =>
    Uint32Array.from(
      { length: RESAMPLE_COUNT },
      (_, at) => positions.slice(at * count, (at + 1) * count).sort()[middle]!,
    );
  return {
    positions,
    lowRanks: rankAt((count - 1) >> 1),
    highRanks: rankAt(count >> 1),
  };
}

/**
 * The middle 95 % of resampled values. It ends at values that were drawn, not between two: what all
 * of them but the outermost agree on, their interval agrees on.
 * @param resampled - their order is changed
 */
export function percentileInterval(resampled: Float64Array): Interval {
  const beyond = Math.floor(((1 - CONFIDENCE) / 2) * resampled.length);
  const last = resampled.length - 1;
  return { low: valueAt(resampled, beyond), high: valueAt(resampled, last - beyond) };
}

/** The value that would stand there if they were sorted, which takes three times as long. */
function valueAt(values: Float64Array, position: number): number {
  quickselect(values as unknown as number[], position);
  return values[position]!;
}

/** By insertion sort: a comparison has 3 to 20 runs a column, where it is quicker than `sort`. */
function drawnMedians(values: Float64Array, positions: Uint32Array): Float64Array {
  const count = values.length;
  const half = count >> 1;
  const sorted = new Float64Array(count);
  const medians = new Float64Array(RESAMPLE_COUNT);
  for (let resample = 0, from = 0; resample < RESAMPLE_COUNT; resample++, from += count) {
    for (let i = 0; i < count; i++) {
      const value = values[positions[from + i]!]!;
      let at = i;
      for (; at > 0 && sorted[at - 1]! > value; at--) sorted[at] = sorted[at - 1]!;
      sorted[at] = value;
    }
    medians[resample] = (sorted[(count - 1) >> 1]! + sorted[half]!) / 2;
  }
  return medians;
}
