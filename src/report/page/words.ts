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

/** What columns have: that of most of them, and in brackets which have something else. */
export function sharedText(
  columns: readonly PageColumn[],
  of: (column: PageColumn) => string,
): string {
  const whose = new Map<string, string[]>();
  for (const column of columns) {
    const text = of(column);
    whose.set(text, [...(whose.get(text) ?? []), column.label]);
  }
  // Sorting keeps the order of columns among equals.
  const [first, ...others] = [...whose].sort(([, a], [, b]) => b.length - a.length);
  if (others.length === 0) return first![0];
  const exceptions = others.map(([text, labels]) => `${listed(labels)}: ${text}`);
  return `${first![0]} (${exceptions.join('; ')})`;
}
