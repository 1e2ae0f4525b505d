/** Figures: a chart under its caption, legends, and the sentences for charts that have no data. */
import { el, type Child, type Markup } from '../charts/markup.ts';
import { swatch } from '../charts/palette.ts';
import type { PageColumn } from './columns.ts';
import type { PlotData } from './plot-data.ts';
import { listed } from './words.ts';

/** What sections with charts are made with. */
export interface ChartContext {
  readonly columns: readonly PageColumn[];
  readonly plots: PlotData;
}

export interface FigureInput {
  readonly title: string;
  /** What to see. */
  readonly says: string;
  readonly chart: Markup;
  /** Number of the plot that takes its place where scripts run. */
  readonly plot?: number;
}

export function figure({ title, says, chart, plot }: FigureInput): Markup {
  return el(
    'figure',
    { 'data-plot': plot },
    el('figcaption', {}, el('b', {}, title), el('span', {}, says)),
    chart,
  );
}

/** Small multiples. */
export function figures(...content: readonly Child[]): Markup {
  return el('div', { class: 'charts' }, ...content);
}

/** Which line is which column's. */
export function columnLegend(columns: readonly PageColumn[]): Markup | null {
  if (columns.length === 1) return null;
  return legend(
    'line',
    columns.map(({ label, index }) => ({ label, index })),
  );
}

/** Names beside samples of colour and dash or pattern. */
export function legend(
  kind: 'line' | 'area',
  items: readonly { readonly label: string; readonly index: number }[],
): Markup {
  return el(
    'ul',
    { class: 'legend', 'aria-label': 'Legend' },
    items.map(({ label, index }) => el('li', {}, swatch(kind, index), label)),
  );
}

/** Which columns have none of something, as a sentence; null where all have it. */
export function without(
  columns: readonly PageColumn[],
  has: (column: PageColumn) => boolean,
  why: string,
): Markup | null {
  const names = columns.filter((column) => !has(column)).map(({ label }) => label);
  if (names.length === 0) return null;
  const all = names.length === columns.length && columns.length > 1;
  return absent(`Not shown${all ? '' : ` of ${listed(names)}`}: ${why}`);
}

/** In place of a chart. */
export function absent(sentence: string): Markup {
  return el('p', { class: 'soft absent' }, sentence);
}

/** Which lines cannot be told apart because they are the same, as a sentence with a space before. */
export function coinciding(
  lines: readonly { readonly label: string; readonly points: readonly unknown[] }[],
): string {
  const groups = new Map<string, string[]>();
  for (const { label, points } of lines) {
    const key = JSON.stringify(points);
    groups.set(key, [...(groups.get(key) ?? []), label]);
  }
  const same = [...groups.values()].filter((labels) => labels.length > 1);
  if (same.length === 0) return '';
  return ` The same line: ${same.map(listed).join('; ')}.`;
}

/** A letter-and-digit name for ids. */
export function idOf(...parts: readonly (string | number)[]): string {
  return parts.join('-').replace(/[^a-zA-Z0-9-]/g, '');
}
