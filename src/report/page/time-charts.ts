/** What happened when: swap traffic, the pool and metadata over virtual time, a line per column. */
import type { StoredRun } from '../../runs/index.ts';
import { timeChart, type Line } from '../charts/line-chart.ts';
import type { Child } from '../charts/markup.ts';
import type { Quantity } from '../charts/quantity.ts';
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
import { listed } from './words.ts';

export interface SeriesChart {
  /** Of the stored series, or what else `pointsOf` reads. */
  readonly name: string;
  readonly title: string;
  readonly says: string;
  readonly quantity: Quantity;
  readonly label: string;
}

const STEEPNESS = 'Added up: the steeper, the more a second.';

const TRAFFIC: readonly SeriesChart[] = [
  {
    ...{ name: 'pswpout', title: 'Pages written to swap devices', quantity: 'count' },
    ...{ says: STEEPNESS, label: 'pages' },
  },
  {
    ...{ name: 'pswpin', title: 'Pages read from swap devices', quantity: 'count' },
    ...{ says: STEEPNESS, label: 'pages' },
  },
  {
    ...{ name: 'zswpout', title: 'Pages stored in zswap', quantity: 'count' },
    ...{ says: STEEPNESS, label: 'pages' },
  },
  {
    ...{ name: 'zswpin', title: 'Pages loaded from zswap', quantity: 'count' },
    ...{ says: STEEPNESS, label: 'pages' },
  },
  {
    ...{ name: 'zswpwb', title: 'Pages written back by zswap', quantity: 'count' },
    ...{ says: `From the pool to the device. ${STEEPNESS}`, label: 'pages' },
  },
  {
    ...{ name: 'pgmajfault', title: 'Major faults', quantity: 'count' },
    ...{ says: `Touches that had to wait for a page. ${STEEPNESS}`, label: 'faults' },
  },
];

const LEVELS: readonly SeriesChart[] = [
  {
    ...{ name: 'zswap.poolBytes', title: 'Size of the zswap pool', quantity: 'bytes' },
    ...{ says: 'Memory that compressed pages take.', label: 'pool' },
  },
  {
    ...{ name: 'zswap.storedPages', title: 'Pages in the zswap pool', quantity: 'count' },
    ...{ says: 'How many pages that memory holds.', label: 'pages' },
  },
  {
    ...{ name: 'swap.usedPages', title: 'Swap in use', quantity: 'count' },
    ...{ says: 'Entries that are taken, whatever is behind them.', label: 'entries' },
  },
  {
    ...{ name: 'swap.usedSlots', title: 'Slots in use', quantity: 'count' },
    ...{ says: 'Slots of areas with a device that are taken, also for pages in zswap.' },
    label: 'slots',
  },
  {
    ...{ name: 'metadata.bytes', title: 'Metadata', quantity: 'bytes' },
    ...{ says: 'What the design’s own tables take.', label: 'metadata' },
  },
];

/** Points of a run's series over all of its phases; empty where it has none of the name. */
export function seriesOf(run: StoredRun, name: string): Point[] {
  return run.phases.flatMap(({ series }) =>
    series
      .filter((point) => point.name === name)
      .map(({ timeNs, value }) => ({ x: timeNs, y: value })),
  );
}

/** Charts of cumulative counters. */
export function trafficSection(context: ChartContext): Child[] {
  return seriesSection(context, TRAFFIC, seriesOf);
}

/** Charts of what there was at each time. */
export function levelSection(context: ChartContext): Child[] {
  return seriesSection(context, LEVELS, seriesOf);
}

/** Charts of what `pointsOf` a run's name gives, and why there are none of the others. */
export function seriesSection(
  context: ChartContext,
  charts: readonly SeriesChart[],
  pointsOf: (run: StoredRun, name: string) => Point[],
): Child[] {
  const made = charts.map((chart) => seriesFigure(context, chart, pointsOf));
  const shown = made.flatMap(({ figure: each }) => each ?? []);
  return [
    shown.length > 0 && columnLegend(context.columns),
    figures(shown),
    REASONS.map((reason) => {
      const titles = made.flatMap(({ why, title }) =>
        why === reason ? [title.toLowerCase()] : [],
      );
      return titles.length > 0 && absent(`Not shown: ${listed(titles)}, because ${reason}.`);
    }),
  ];
}

/** Why there is no chart. */
const REASONS = [
  'these runs have no such series (they are without zswap, have not ended, or an earlier version stored them)',
  'of these runs it was 0 all the time',
] as const;

function seriesFigure(
  { columns, plots }: ChartContext,
  { name, title, says, quantity, label }: SeriesChart,
  pointsOf: (run: StoredRun, name: string) => Point[],
): { readonly title: string; readonly figure?: Child; readonly why?: (typeof REASONS)[number] } {
  const lines = columns.flatMap(({ label: column, index, shown }): Line[] => {
    const points = pointsOf(shown, name);
    return points.length === 0 ? [] : [{ label: column, column: index, points }];
  });
  if (lines.length === 0) return { title, why: REASONS[0] };
  if (lines.every(({ points }) => points.every(({ y }) => y === 0)))
    return { title, why: REASONS[1] };
  const input = { title, quantity, label, lines };
  return {
    title,
    figure: figure({
      title,
      says: `${says}${coinciding(lines)}`,
      chart: timeChart({
        ...input,
        id: idOf('time', name),
        description: description(lines, label),
      }),
      plot: plots.add({ ...input, kind: 'lines' }),
    }),
  };
}

function description(lines: readonly Line[], label: string): string {
  const last = lines.map(({ label: name, points }) => `${name} ends at ${points.at(-1)!.y}`);
  return `${label} over virtual time. ${last.join('; ')}.`;
}
