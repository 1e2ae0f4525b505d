/** How long things took, by percentile: the tail is what a task feels. */
import type { HistogramRecord } from '../../runs/index.ts';
import { percentileOf } from '../../engine/index.ts';
import { percentileChart, type Line } from '../charts/line-chart.ts';
import type { Child } from '../charts/markup.ts';
import { quantityText } from '../charts/quantity.ts';
import type { Point } from '../charts/thin.ts';
import {
  absent,
  coinciding,
  columnLegend,
  figure,
  figures,
  idOf,
  type ChartContext,
} from './figures.ts';
import { plainTable } from './table.ts';

const LATENCIES = [
  { name: 'majorFault.ns', title: 'Major faults', what: 'From the fault to the page.' },
  { name: 'deviceRead.ns', title: 'Reads of a device', what: 'From submission to completion.' },
  { name: 'deviceWrite.ns', title: 'Writes of a device', what: 'From submission to completion.' },
] as const;

const PERCENTILES = [50, 90, 99, 99.9, 99.99] as const;

export function latencySection({ columns }: ChartContext): Child[] {
  const found = LATENCIES.map((latency) => ({
    ...latency,
    lines: columns.flatMap(({ label, index, shown }): (Line & { record: HistogramRecord })[] => {
      const record = histogramOf(shown.histograms, latency.name);
      return record === null
        ? []
        : [{ label, column: index, points: percentilePoints(record), record }];
    }),
  }));
  const missing = found.filter(({ lines }) => lines.length === 0);
  const shown = found.filter(({ lines }) => lines.length > 0);
  return [
    shown.length > 0 && columnLegend(columns),
    figures(
      shown.map(({ name, title, what, lines }) =>
        figure({
          title,
          says: `${what} Each further nine has the same room; both axes grow by factors.${coinciding(lines)}`,
          chart: percentileChart({
            ...{ id: idOf('latency', name), title, lines, quantity: 'ns', label: 'virtual time' },
            count: Math.max(...lines.map(({ record }) => countOf(record))),
            description: lines
              .map(
                ({ label, record }) =>
                  `${label}: half within ${quantityText('ns', percentileOf(record.buckets, 50))}, ` +
                  `99 % within ${quantityText('ns', percentileOf(record.buckets, 99))}`,
              )
              .join('; '),
          }),
        }),
      ),
    ),
    shown.length > 0 &&
      plainTable({
        name: 'Percentiles',
        titles: ['of', 'column', 'count', ...PERCENTILES.map((each) => `${each} %`), 'most'],
        rows: shown.flatMap(({ title, lines }) =>
          lines.map(({ label, record }) => [
            ...[title, label, countOf(record)],
            ...PERCENTILES.map((each) => quantityText('ns', percentileOf(record.buckets, each))),
            quantityText('ns', record.buckets.at(-1)!.high),
          ]),
        ),
      }),
    missing.length > 0 &&
      absent(
        `Not shown: ${missing.map(({ title }) => title.toLowerCase()).join(', ')} (there were none, ` +
          'or the runs were stored without).',
      ),
  ];
}

/** A histogram that has anything; null where there is none. */
export function histogramOf(
  histograms: readonly HistogramRecord[],
  name: string,
): HistogramRecord | null {
  const found = histograms.find((record) => record.name === name);
  return found === undefined || found.buckets.length === 0 ? null : found;
}

export function countOf({ buckets }: HistogramRecord): number {
  return buckets.reduce((sum, { count }) => sum + count, 0);
}

/** At which percentile each bucket's values begin; the last one holds up to the end. */
function percentilePoints(record: HistogramRecord): Point[] {
  const total = countOf(record);
  let before = 0;
  const points = record.buckets.map(({ high, count }) => {
    const x = (before / total) * 100;
    before += count;
    return { x, y: high };
  });
  return [...points, { x: 100 - 50 / total, y: points.at(-1)!.y }];
}
