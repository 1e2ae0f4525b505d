/** How long the runs of pages are that go to a device at once: the longer, the fewer requests. */
import { barChart } from '../charts/bar-chart.ts';
import { el, type Child, type Markup } from '../charts/markup.ts';
import { grouped, threeDigits } from '../charts/quantity.ts';
import type { HistogramRecord } from '../../runs/index.ts';
import type { PageColumn } from './columns.ts';
import { absent, figure, figures, idOf, without, type ChartContext } from './figures.ts';
import { histogramOf } from './latency-charts.ts';
import { capital, counted, listed } from './words.ts';

const KINDS = [
  { name: 'deviceWrite.pages', what: 'all writes to devices' },
  { name: 'writeback.pages', what: 'writeback by zswap' },
] as const;

interface Bar {
  readonly label: string;
  readonly value: number;
  readonly told: string;
}

type Lengths = readonly {
  readonly column: PageColumn;
  readonly record: HistogramRecord;
  readonly bars: readonly Bar[];
}[];

const NONE = 'there were none, or the runs were stored without their lengths';

/** One kind of write after the other, each as small multiples with axes of its own. */
export function runLengthSection({ columns }: ChartContext): Child[] {
  const found = KINDS.map(({ name, what }) => ({
    what,
    each: columns.flatMap((column): Lengths => {
      const record = histogramOf(column.shown.histograms, name);
      return record === null ? [] : [{ column, record, bars: powersOfTwo(record) }];
    }),
  }));
  const missing = found.filter(({ each }) => each.length === 0);
  return [
    missing.length < found.length &&
      el(
        'p',
        { class: 'soft' },
        'Writes by how many pages each carries, in powers of two; for writeback by zswap only those ' +
          'that carry any of its pages, by how many of these.',
      ),
    found.map(({ what, each }, kind) => {
      if (each.length === 0) return null;
      const lengths = lengthFigures(each, { what, kind });
      const none = without(
        columns,
        (column) => each.some((shown) => shown.column === column),
        `${what}, of which there were none.`,
      );
      return [el('h3', {}, capital(what)), figures(lengths), none];
    }),
    missing.length > 0 &&
      absent(`Not shown: ${listed(missing.map(({ what }) => what))} (${NONE}).`),
  ];
}

function lengthFigures(
  each: Lengths,
  { what, kind }: { readonly what: string; readonly kind: number },
): Markup[] {
  const widest = Math.max(...each.map(({ bars }) => bars.length));
  const max = Math.max(...each.flatMap(({ bars }) => bars.map(({ value }) => value)));
  return each.map(({ column: { label, index }, record, bars }) =>
    figure({
      title: label,
      says: meanText(record),
      chart: barChart({
        ...{ id: idOf('lengths', kind, index), title: `${label}: ${what}`, max, column: index },
        bars: [...bars, ...classesFrom(bars.length, widest)],
        ...{ quantity: 'count', label: 'writes', classes: 'pages in a write' },
        description: bars.map(({ told }) => told).join('; '),
      }),
    }),
  );
}

/** Lengths are recorded exactly up to 127 pages, longer ones to a 64th. */
function meanText({ buckets }: HistogramRecord): string {
  const writes = buckets.reduce((sum, { count }) => sum + count, 0);
  const pages = buckets.reduce((sum, { low, count }) => sum + low * count, 0);
  const mean = threeDigits(pages / writes);
  return `${counted(writes, 'write')} of ${mean} ${mean === '1' ? 'page' : 'pages'} on average.`;
}

/** Counts of 1, 2 to 3, 4 to 7, … pages. A bucket is where its low end is. */
function powersOfTwo({ buckets }: HistogramRecord): Bar[] {
  const counts: number[] = [];
  for (const { low, count } of buckets) {
    const power = Math.floor(Math.log2(Math.max(1, low)));
    counts[power] = (counts[power] ?? 0) + count;
  }
  return Array.from(counts, (count, power) => classOf(power, count));
}

function classesFrom(from: number, to: number): Bar[] {
  return Array.from({ length: to - from }, (_, index) => classOf(from + index, 0));
}

function classOf(power: number, count = 0): Bar {
  const [low, high] = [2 ** power, 2 ** (power + 1) - 1];
  const label = low === high ? String(low) : `${low}–${high}`;
  return { label, value: count, told: `${grouped(count)} of ${label} pages` };
}
