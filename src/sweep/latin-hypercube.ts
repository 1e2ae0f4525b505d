/**
 * Latin hypercube sampling: n samples of several keys such that each n-th part of every key's range
 * holds exactly one sample. Each key has a random stream of its own, so that adding one leaves the
 * others' values as they are.
 *
 * @source McKay, Beckman, Conover, "A comparison of three methods for selecting values of input
 *   variables", Technometrics 21 (1979)
 */
import { RandomStream } from '../engine/index.ts';
import { PAGE_SIZE, parseSize, UsageError } from '../units/index.ts';
import type { LatinHypercube, SampledRange } from './sweep-spec.ts';

/**
 * The samples, each as keys with values.
 * @throws UsageError for a range that is none
 */
export function sampleHypercube(
  { samples, seed, keys }: LatinHypercube,
  where: string,
): Record<string, unknown>[] {
  const columns = Object.entries(keys).map(([key, range]) => {
    const valueAt = valuesOf(range, `${where}: '${key}'`);
    return { key, values: stratified(samples, new RandomStream(seed, `lhs.${key}`)).map(valueAt) };
  });
  return Array.from({ length: samples }, (_, index) =>
    Object.fromEntries(columns.map(({ key, values }) => [key, values[index]])),
  );
}

/** Numbers in [0, 1), one in each of `count` equal parts, in random order. */
export function stratified(count: number, stream: RandomStream): number[] {
  const strata = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = stream.below(last + 1);
    [strata[last], strata[other]] = [strata[other]!, strata[last]!];
  }
  return strata.map((stratum) => Math.min((stratum + stream.fraction()) / count, 1 - 2 ** -53));
}

/** What a number in [0, 1) stands for. */
function valuesOf(
  range: SampledRange | readonly unknown[],
  where: string,
): (fraction: number) => unknown {
  if ('length' in range) return (fraction) => range[Math.floor(fraction * range.length)];
  const isSize = [range.from, range.to].some((end) => typeof end === 'string');
  const read = (value: number | string): number =>
    typeof value === 'number' ? value : parseSize(value, where);
  const [from, to] = [read(range.from), read(range.to)];
  const step = range.step === undefined ? (isSize ? PAGE_SIZE : 1) : read(range.step);
  if (step === 0 || to < from || (to > from && step > to - from))
    throw new UsageError(`${where}: no step of ${step} goes from ${range.from} to ${range.to}`);
  if (range.scale === 'log' && from === 0)
    throw new UsageError(`${where}: a range of scale log begins above 0`);
  const lastLevel = Math.floor((to - from) / step);
  if (range.scale === 'linear')
    return (fraction) => from + Math.floor(fraction * (lastLevel + 1)) * step;
  return (fraction) => {
    const value = from * (to / from) ** fraction;
    return from + Math.min(Math.round((value - from) / step), lastLevel) * step;
  };
}
