/** Sentences: lists, numbers with units, and values that several columns have or do not share. */
import { quantityText, significant, tellingDigits, threeDigits } from '../charts/quantity.ts';
import type { PageColumn } from './columns.ts';

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`;
}

export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** `1 page`, `2 pages`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${quantityText('count', count)} ${count === 1 ? one : many}`;
}

/**
 * Texts of a metric's values, with their units, that stand in one sentence or one row: with as many
 * digits as it takes that those which differ read differently.
 */
export function metricTexts(unit: string, values: readonly number[]): (value: number) => string {
  const digits = tellingDigits(
    values,
    (...each) => metricText(unit, ...each),
    unit === 'ms' ? 4 : 3,
  );
  return (value) => metricText(unit, value, digits);
}

function metricText(unit: string, value: number, digits: number): string {
  if (unit === 'bytes') return quantityText('bytes', value, digits);
  if (unit === 'ms') return quantityText('ns', value * 1e6, digits);
  return quantityText('count', value, digits);
}

/** From here on a change is a factor: nobody sees from +63,900 % that it is 640 times as much. */
const FACTOR_MIN = 10;

/**
 * A change that is not 0: `+12.3 %`, `−5 %`, `×640`.
 * @param percent - above -100 or that
 */
export function changeText(percent: number): string {
  const factor = 1 + percent / 100;
  if (factor >= FACTOR_MIN) return `×${threeDigits(factor)}`;
  const size = Math.abs(percent);
  if (size < 0.01) return `${percent > 0 ? '+' : '−'}<0.01 %`;
  // All but nothing is not all.
  const digits = percent < 0 ? tellingDigits([size, 100], significant) : 3;
  return `${percent > 0 ? '+' : '−'}${significant(size, digits)} %`;
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
