/** What the intervals of a live run say: how things stand now, and lines over the wall time. */
import type { FaultCount, RunProgress, StoredInterval } from '../../runs/index.ts';
import type { Line } from '../charts/line-chart.ts';
import { grouped, quantityText, type Quantity } from '../charts/quantity.ts';
import type { Point } from '../charts/thin.ts';

/** Letters of a folder's name; the folder of a temporary area has many, of which the last count. */
const FOLDER_LETTERS_MAX = 16;

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
  const lineOf = (name: string, label: string, column = 0): Line => {
    const known = intervals.filter(({ figures }) => figures[name] !== undefined);
    const values = known.map(({ figures }) => figures[name]!);
    return { label, column, points: steps([0, ...known.map(timeOf)], values) };
  };
  const charts: LiveChart[] = [
    {
      ...{ id: 'rate', title: 'Operations a second', quantity: 'count', label: 'operations/s' },
      says: 'Of wall time; each step is the mean of its interval.',
      lines: [
        {
          ...{ label: 'operations/s', column: 0 },
          points: steps(intervals.map(timeOf), ratesOf(intervals)),
        },
      ],
    },
    {
      ...{ id: 'pool', title: 'Bytes of the zswap pool', quantity: 'bytes', label: 'pool' },
      says: 'Memory that holds compressed pages, at the end of each interval.',
      lines: [lineOf('pool_total_size', 'pool')],
    },
    {
      ...{ id: 'stored', title: 'Pages in zswap', quantity: 'count', label: 'pages' },
      says: 'Compressed in memory, at the end of each interval.',
      lines: [lineOf('stored_pages', 'pages in zswap')],
    },
    {
      ...{ id: 'used', title: 'Used pages of each area', quantity: 'count', label: 'pages' },
      says: 'Slots that are taken at the end of each interval.',
      lines: areasOf(intervals).map(({ key, name }, index) => lineOf(key, name, index)),
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
  const rate = ratesOf(intervals).at(-1);
  const known = (name: string, text: (value: number) => string): string | null => {
    const value = figures[name];
    return value === undefined ? null : text(value);
  };
  const all: [string, string | null][] = [
    ['wall time', quantityText('ns', (last.atMs - run.startedMs) * 1e6)],
    ['virtual time', quantityText('ns', last.timeNs)],
    ['operations', grouped(last.operations)],
    ['operations a second', rate === undefined ? null : grouped(Math.round(rate))],
    ['phases done', grouped(run.phaseCount)],
    ['zswap pool', known('pool_total_size', (bytes) => quantityText('bytes', bytes))],
    ['pages in zswap', known('stored_pages', grouped)],
    ['pages checked', known('pagesChecked', grouped)],
    ...areasOf(intervals).map(({ key, name }): [string, string | null] => [
      `used of ${name}`,
      known(key, (pages) => `${grouped(pages)} pages`),
    ]),
    ['faults fired', faultCounts.length === 0 ? null : grouped(firedOf(faultCounts))],
  ];
  return all.filter((figure): figure is [string, string] => figure[1] !== null);
}

function firedOf(counts: readonly FaultCount[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

/** Operations a second of wall time, of every interval but the first: it may go on from a checkpoint. */
function ratesOf(intervals: readonly StoredInterval[]): number[] {
  return intervals.slice(1).map(({ atMs, operations }, index) => {
    const before = intervals[index]!;
    const seconds = (atMs - before.atMs) / 1000;
    return seconds > 0 ? (operations - before.operations) / seconds : 0;
  });
}

/**
 * Points of a line that has each value from one time to the next.
 * @param times - one more than values, ascending
 */
function steps(times: readonly number[], values: readonly number[]): Point[] {
  const points = values.map((y, index): Point => ({ x: times[index]!, y }));
  const last = values.at(-1);
  return last === undefined ? [] : [...points, { x: times.at(-1)!, y: last }];
}

interface LiveArea {
  /** In figures. */
  readonly key: string;
  /** As much of the end of its path as tells it from the others. */
  readonly name: string;
}

/** In the order in which they come up. */
function areasOf(intervals: readonly StoredInterval[]): LiveArea[] {
  const names = intervals.flatMap(({ figures }) => Object.keys(figures));
  const keys = [...new Set(names)].filter((name) => name.startsWith(USED));
  const paths = keys.map((key) => key.slice(USED.length).split('/').map(shortFolder));
  const depth = Math.max(0, ...paths.map((path) => path.length));
  let parts = 1;
  const shortened = (): string[] => paths.map((path) => path.slice(-parts).join('/'));
  while (parts < depth && new Set(shortened()).size < keys.length) parts++;
  const short = shortened();
  return keys.map((key, index) => ({ key, name: short[index]! }));
}

/** `…7iAwh7/` for a long one; the last part of a path stays as it is. */
function shortFolder(name: string, index: number, path: readonly string[]): string {
  const isShort = name.length <= FOLDER_LETTERS_MAX || index === path.length - 1;
  return isShort ? name : `…${name.slice(-6)}`;
}
