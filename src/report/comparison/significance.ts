/** When a difference between two columns is more than chance: t-tests, and Holm's correction. */
import { mean, sampleVariance } from 'simple-statistics';
import { studentTwoSided } from './student.ts';

/** Level of the whole table: of so many tables of equal columns at most so many have a mark. */
export const SIGNIFICANCE_LEVEL = 0.05;

/**
 * Runs that a column needs for a mark, and for an interval of 95 %. Of three or four, metrics that
 * take few values differ in all of them too often by nothing but chance.
 * @source simulation in test/report/comparison/significance.test.ts
 */
export const MARKED_RUN_COUNT_MIN = 5;

/** A spread smaller than this part of the shift is one of rounding. */
const ROUNDING = 1e-12;

/** One metric of two columns. */
export interface SamplePair {
  readonly baseline: readonly number[];
  /** With `isPaired` in the same order of seeds. */
  readonly column: readonly number[];
  readonly isPaired: boolean;
}

/**
 * Chance that equal columns differ as much: a t-test of the differences, or Welch's. Columns that
 * differ and have no spread of their own were not drawn: 0.
 * @returns null where there is nothing to test: too few runs, or all values equal
 */
export function chanceOf({ baseline, column, isPaired }: SamplePair): number | null {
  if (Math.min(baseline.length, column.length) < MARKED_RUN_COUNT_MIN) return null;
  const isFlat = (values: readonly number[]): boolean => values.every((each) => each === values[0]);
  if (isFlat(baseline) && isFlat(column))
    // Such a metric could not be marked whatever came: it is no test that Holm must count (Tarone).
    return baseline[0] === column[0] ? null : 0;
  return isPaired ? pairedChance(baseline, column) : welchChance(baseline, column);
}

/** Five differences may be all equal by chance; a t-test, with no spread left, would be certain. */
function pairedChance(baseline: readonly number[], column: readonly number[]): number {
  const differences = column.map((value, index) => value - baseline[index]!);
  const shift = mean(differences);
  if (shift === 0) return 1;
  const error = Math.sqrt(sampleVariance(differences) / differences.length);
  if (error > Math.abs(shift) * ROUNDING)
    return studentTwoSided(shift / error, differences.length - 1);
  // The least that flipping signs can give; less, if the shift is large beside what seeds change.
  return Math.min(2 ** (1 - differences.length), welchChance(baseline, column));
}

/**
 * Of columns of which one at least has a spread.
 * @source Welch 1947, degrees of freedom by Satterthwaite 1946
 */
function welchChance(baseline: readonly number[], column: readonly number[]): number {
  const [a, b] = [baseline, column].map((values) => ({
    mean: mean([...values]),
    squaredError: sampleVariance([...values]) / values.length,
    freedom: values.length - 1,
  })) as [Moments, Moments];
  const squaredError = a.squaredError + b.squaredError;
  const freedom =
    squaredError ** 2 / (a.squaredError ** 2 / a.freedom + b.squaredError ** 2 / b.freedom);
  return studentTwoSided((b.mean - a.mean) / Math.sqrt(squaredError), freedom);
}

interface Moments {
  readonly mean: number;
  /** Of the mean. */
  readonly squaredError: number;
  readonly freedom: number;
}

/**
 * Which of several tests hold, so that the chance of any false one stays below the level.
 * @param chances - null for what was not tested
 * @source Holm 1979, A Simple Sequentially Rejective Multiple Test Procedure
 */
export function holmRejects(chances: readonly (number | null)[]): boolean[] {
  const tested = chances
    .flatMap((chance, index) => (chance === null ? [] : [{ chance, index }]))
    .sort((a, b) => a.chance - b.chance);
  const passed = tested.findIndex(
    ({ chance }, rank) => chance > SIGNIFICANCE_LEVEL / (tested.length - rank),
  );
  const rejected = new Set(
    (passed < 0 ? tested : tested.slice(0, passed)).map(({ index }) => index),
  );
  return chances.map((_, index) => rejected.has(index));
}
