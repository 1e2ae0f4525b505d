/** What the intervals of a live run say: how things stand now, and lines over the wall time. */
import type { FaultCount, RunProgress, StoredInterval } from '../../runs/index.ts';
import type { Line } from '../charts/line-chart.ts';
import { grouped, quantityText, type Quantity } from '../charts/quantity.ts';
import type { Point } from '../charts/thin.ts';

/** How the figures of an interval name the used pages of an area. */
const USED = 'used ';

/** A chart of a live run. */
export interface LiveChart {
  /** Unique among them. */
  readonly id: string;
  readonly title: string;
  readonly says: string;
  readonly quantity: Quantity;
  readonly label: string;
  /** x is wall ns since the start of the run. */
  readonly lines: readonly Line[];
}

/** Those of which the run has anything. */
export function liveCharts({ run, intervals }: RunProgress): LiveChart[] {
  const timeOf = ({ atMs }: StoredInterval): number => (atMs - run.startedMs) * 1e6;
  const lineOf = (name: string, label: string, column = 0): Line => ({
    ...{ label, column },
    points: intervals.flatMap((interval): Point[] => {
      const y = interval.figures[name];
      return y === undefined ? [] : [{ x: timeOf(interval), y }];
    }),
  });
  const areas = areaNames(intervals);
  const charts: LiveChart[] = [
    {
      ...{ id: 'rate', title: 'Operations a second', quantity: 'count', label: 'operations/s' },
      says: 'Of wall time; each step is the mean of its interval.',
      lines: [{ label: 'operations/s', column: 0, points: ratePoints(intervals, timeOf) }],
    },
    {
      ...{ id: 'pool', title: 'Bytes of the zswap pool', quantity: 'bytes', label: 'pool' },
      says: 'Memory that holds compressed pages.',
      lines: [lineOf('pool_total_size', 'pool')],
    },
    {
      ...{ id: 'stored', title: 'Pages in zswap', quantity: 'count', label: 'pages' },
      says: 'Pages that are compressed in memory.',
      lines: [lineOf('stored_pages', 'pages in zswap')],
    },
    {
      ...{ id: 'used', title: 'Used pages of each area', quantity: 'count', label: 'pages' },
      says: 'Slots that are taken.',
      lines: areas.map((area, index) => lineOf(USED + area, shortName(area), index)),
    },
  ];
  return charts.filter(({ lines }) => lines.some(({ points }) => points.length > 0));
}

/** How a live run stands, by name, as people read it. */
export function liveFigures(progress: RunProgress): [name: string, value: string][] {
  const { run, intervals, faultCounts } = progress;
  const last = intervals.at(-1);
  if (last === undefined) return [['phases done', grouped(run.phaseCount)]];
  const { figures } = last;
  const rate = ratePoints(intervals, ({ atMs }) => atMs).at(-1)?.y;
  const known = (name: string, text: (value: number) => string): string | null => {
    const value = figures[name];
    return value === undefined ? null : text(value);
  };
  const used = Object.entries(figures).filter(([name]) => name.startsWith(USED));
  const all: [string, string | null][] = [
    ['wall time', quantityText('ns', (last.atMs - run.startedMs) * 1e6)],
    ['virtual time', quantityText('ns', last.timeNs)],
    ['operations', grouped(last.operations)],
    ['operations a second', rate === undefined ? null : grouped(Math.round(rate))],
    ['phases done', grouped(run.phaseCount)],
    ['zswap pool', known('pool_total_size', (bytes) => quantityText('bytes', bytes))],
    ['pages in zswap', known('stored_pages', grouped)],
    ['pages checked', known('pagesChecked', grouped)],
    ...used.map(([name, pages]): [string, string] => [
      `used of ${shortName(name.slice(USED.length))}`,
      `${grouped(pages)} pages`,
    ]),
    ['faults fired', faultCounts.length === 0 ? null : grouped(firedOf(faultCounts))],
  ];
  return all.filter((figure): figure is [string, string] => figure[1] !== null);
}

function firedOf(counts: readonly FaultCount[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

/** The rate of an interval stands from where the one before ended; the last one at its end too. */
function ratePoints(
  intervals: readonly StoredInterval[],
  timeOf: (interval: StoredInterval) => number,
): Point[] {
  const points = intervals.slice(1).map((interval, index): Point => {
    const before = intervals[index]!;
    const seconds = (interval.atMs - before.atMs) / 1000;
    const done = interval.operations - before.operations;
    // A run that went on from a checkpoint may have fewer operations than before.
    return { x: timeOf(before), y: seconds > 0 ? Math.max(0, done / seconds) : 0 };
  });
  const last = intervals.at(-1);
  const rate = points.at(-1)?.y;
  return last === undefined || rate === undefined ? [] : [...points, { x: timeOf(last), y: rate }];
}

/** In the order in which they come up. */
function areaNames(intervals: readonly StoredInterval[]): string[] {
  const names = intervals.flatMap(({ figures }) => Object.keys(figures));
  return [...new Set(names)]
    .filter((name) => name.startsWith(USED))
    .map((name) => name.slice(USED.length));
}

/** An area's path without its folders. */
function shortName(path: string): string {
  return path.split('/').at(-1)!;
}
