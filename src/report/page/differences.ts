/** By what columns differ, as far as readers of a page want to know it. */
import type { RunComparison, SpecDifference } from '../comparison/index.ts';

/** `areas` says it better. */
const KEY_LEFT_OUT = 'noAreas';

/** The design first, which is what most comparisons are about. */
export function shownDifferences({ differences }: RunComparison): SpecDifference[] {
  const shown = differences.filter(({ key }) => key !== KEY_LEFT_OUT);
  const isFirst = ({ key }: SpecDifference): boolean => key === 'design' || key === 'revision';
  return [...shown.filter(isFirst), ...shown.filter((each) => !isFirst(each))];
}

/**
 * What a column has that the baseline has not, by names of settings: a design and its revision are
 * one, and so is zswap with all of its settings where one of the two columns has none.
 */
export function settingsApart(comparison: RunComparison, column: number): string[] {
  const apart = shownDifferences(comparison)
    .filter(({ values }) => {
      const [own, other] = [values[column], values[comparison.baseline]];
      return JSON.stringify(own) !== JSON.stringify(other);
    })
    .map(({ key }) => (key === 'revision' ? 'design' : key));
  const isOff = apart.includes('zswap.enabled');
  const named = apart.map((key) => (isOff && key.startsWith('zswap.') ? 'zswap' : key));
  return [...new Set(named)];
}
