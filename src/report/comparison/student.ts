/** Student's t distribution, which simple-statistics has not. */
import { gammaln } from 'simple-statistics';

/** Steps of the continued fraction; it needs about as many as the root of the larger parameter. */
const STEPS_MAX = 500;
const PRECISION = 1e-15;
/** Stands for a zero that would be divided by. */
const TINY = 1e-300;

/**
 * Chance of a t at least as far from 0 as this one, on both sides.
 * @param t - infinite: 0
 * @param freedom - degrees of freedom, above 0, whole or not
 * @source Abramowitz and Stegun, 26.7.1: I_x(freedom / 2, 1 / 2) at x = freedom / (freedom + t²)
 */
export function studentTwoSided(t: number, freedom: number): number {
  if (!Number.isFinite(t)) return 0;
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/** The regularized incomplete beta function I_x(a, b); 0 <= x <= 1. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(
    gammaln(a + b) - gammaln(a) - gammaln(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  // The fraction is quick on this side of the mean only; on the other one by symmetry.
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/**
 * The continued fraction of the incomplete beta function, by the modified method of Lentz.
 * @source Abramowitz and Stegun, 26.5.8; Thompson and Barnett 1986 for the method
 */
function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= STEPS_MAX; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const step = d * c;
    value *= step;
    if (Math.abs(step - 1) < PRECISION) break;
  }
  return value;
}

function away(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
