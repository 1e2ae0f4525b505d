/** When a difference between two columns is more than chance: t-tests, and Holm's correction. */
import { mean, sampleVariance } from 'simple-statistics';
import { studentTwoSided } from './student.ts';

/** Level of the whole table: of so many tables of equal columns at most so many have a mark. */
export const SIGNIFICANCE_LEVEL = 0.05;

/** Runs that a column needs for a mark; two differ too often by nothing but chance. assumed */
export const MARKED_RUN_COUNT_MIN = 3;

/** One metric of two columns. */
export interface SamplePair {
  readonly baseline: readonly number[];
  /** With `isPaired` in the same order of seeds. */
  readonly column: readonly number[];
  readonly isPaired: boolean;
}

/**
 * Chance that equal columns differ as much: a t-test of the differences, or Welch's. A difference
 * that is the same in each pair, or between columns without any spread, has none: 0.
 * @returns null where there is nothing to test: too few runs, or all values equal
 */
export function chanceOf({ baseline, column, isPaired }: SamplePair): number | null {
  if (Math.min(baseline.length, column.length) < MARKED_RUN_COUNT_MIN) return null;
  const first = baseline[0]!;
  // Such a metric could not be marked whatever came: it is no test that Holm must count (Tarone).
  if ([...baseline, ...column].every((value) => value === first)) return null;
  return isPaired ? pairedChance(baseline, column) : welchChance(baseline, column);
}

function pairedChance(baseline: readonly number[], column: readonly number[]): number {
  const differences = column.map((value, index) => value - baseline[index]!);
  const shift = mean(differences);
  const error = Math.sqrt(sampleVariance(differences) / differences.length);
  return chanceOfShift(shift, error, differences.length - 1);
}

/** @source Welch 1947, degrees of freedom by Satterthwaite 1946 */
function welchChance(baseline: readonly number[], column: readonly number[]): number {
  const [a, b] = [baseline, column].map((values) => ({
    mean: mean([...values]),
    squaredError: sampleVariance([...values]) / values.length,
    freedom: values.length - 1,
  })) as [Moments, Moments];
  const squaredError = a.squaredError + b.squaredError;
  const freedom =
    squaredError ** 2 / (a.squaredError ** 2 / a.freedom + b.squaredError ** 2 / b.freedom);
  return chanceOfShift(b.mean - a.mean, Math.sqrt(squaredError), freedom);
}

interface Moments {
  readonly mean: number;
  /** Of the mean. */
  readonly squaredError: number;
  readonly freedom: number;
}

function chanceOfShift(shift: number, error: number, freedom: number): number {
  if (shift === 0) return 1;
  return error === 0 ? 0 : studentTwoSided(shift / error, freedom);
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
