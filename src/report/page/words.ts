/** Sentences: lists, numbers with units, and values that several columns have or do not share. */
import { quantityText } from '../charts/quantity.ts';
import type { PageColumn } from './columns.ts';

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`;
}

/** `1 page`, `2 pages`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${quantityText('count', count)} ${count === 1 ? one : many}`;
}

/** A metric's value with its unit as it is said in a sentence or a cell. */
export function metricText(unit: string, value: number): string {
  if (unit === 'bytes') return quantityText('bytes', value);
  if (unit === 'ms') return quantityText('ns', value * 1e6);
  return quantityText('count', value);
}

/** What all columns have in common, or what each has. */
export function sharedText(
  columns: readonly PageColumn[],
  of: (column: PageColumn) => string,
): string {
  const texts = columns.map(of);
  if (new Set(texts).size === 1) return texts[0]!;
  const different = [...new Set(texts)];
  return different
    .map((text) => {
      const whose = columns.filter((_, index) => texts[index] === text);
      return `${text} (${listed(whose.map(({ label }) => label))})`;
    })
    .join('; ');
}
