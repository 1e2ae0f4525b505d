/** What a sample without replacement says of all pages: 95 % confidence intervals. */

/** The value for the sample, and the bounds between which that of all pages is expected. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The standard normal distribution's quantile of 97.5 %. */
const Z = 1.959964;

/** What is left of a variance when a part of everything was looked at; 0: all of it. */
function correction(sampled: number, population: number): number {
  if (sampled >= population) return 0;
  return population <= 1 ? 1 : (population - sampled) / (population - 1);
}

/**
 * The share of pages of a kind (Wilson's interval with the finite population correction).
 * @param hits - of the kind, in the sample
 * @param sampled - pages of the sample, 1 or more
 * @param population - all pages
 * @returns shares from 0 to 1
 * @source E. B. Wilson, J. Amer. Statist. Assoc. 22 (1927), p. 209; W. G. Cochran, Sampling
 *   Techniques, 3rd ed., §3.2 for the correction
 */
export function shareInterval(hits: number, sampled: number, population: number): Interval {
  const value = hits / sampled;
  const z2 = Z * Z * correction(sampled, population);
  const centre = (value + z2 / (2 * sampled)) / (1 + z2 / sampled);
  const half =
    Math.sqrt((value * (1 - value) * z2) / sampled + (z2 / (2 * sampled)) ** 2) /
    (1 + z2 / sampled);
  return {
    value,
    // Rounding may leave either bound beside the value where everything was looked at.
    low: Math.min(value, Math.max(0, centre - half)),
    high: Math.max(value, Math.min(1, centre + half)),
  };
}

/**
 * A mean of the sample (by the central limit theorem, with the finite population correction).
 * @param count - values, of which `sum` is the sum and `squares` that of their squares
 * @param population - how many of them there are in all
 * @source Cochran, §2.5 and §2.8
 */
export function meanInterval(
  { count, sum, squares }: { count: number; sum: number; squares: number },
  population: number,
): Interval {
  if (count === 0) return { value: 0, low: 0, high: 0 };
  const value = sum / count;
  const variance = count > 1 ? Math.max(0, squares - sum * value) / (count - 1) : 0;
  const half = Z * Math.sqrt((variance / count) * correction(count, population));
  return { value, low: Math.max(0, value - half), high: value + half };
}

/** The interval of `whole / value`, as a ratio is one of a mean. */
export function ratioInterval(whole: number, { value, low, high }: Interval): Interval | null {
  if (value <= 0 || low <= 0) return null;
  return { value: whole / value, low: whole / high, high: whole / low };
}

export function scaled({ value, low, high }: Interval, factor: number): Interval {
  return { value: value * factor, low: low * factor, high: high * factor };
}
