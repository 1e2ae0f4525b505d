/**
 * What a run of endure was from time to time, as far as its series do not say it; of one that did not
 * come to its end there are intervals only.
 */
import type { StoredRun } from '../../runs/index.ts';
import type { Child } from '../charts/markup.ts';
import type { Point } from '../charts/thin.ts';
import type { ChartContext } from './figures.ts';
import { workloadName } from './headline.ts';
import { seriesSection, type SeriesChart } from './time-charts.ts';

const OWN: readonly SeriesChart[] = [
  {
    ...{ name: 'pagesChecked', title: 'Pages compared', quantity: 'count', label: 'pages' },
    says: 'Added up: each was compared with what the task had written.',
  },
  {
    ...{ name: 'swapOuts', title: 'Pages swapped out', quantity: 'count', label: 'pages' },
    says: 'Added up.',
  },
  {
    ...{ name: 'swapIns', title: 'Pages swapped in', quantity: 'count', label: 'pages' },
    says: 'Added up.',
  },
  {
    ...{ name: 'meanFreeRun', title: 'Mean run of free slots', quantity: 'count', label: 'slots' },
    says: 'The shorter, the more fragmented.',
  },
  {
    ...{ name: 'killedTasks', title: 'Killed tasks', quantity: 'count', label: 'tasks' },
    says: 'Added up: out of memory, or by a page that could not be read.',
  },
];

/** What series have as well. */
const AS_SERIES: readonly SeriesChart[] = [
  {
    ...{ name: 'pool_total_size', title: 'Size of the zswap pool', quantity: 'bytes' },
    ...{ says: 'Memory that compressed pages take.', label: 'pool' },
  },
  {
    ...{ name: 'stored_pages', title: 'Pages in the zswap pool', quantity: 'count' },
    ...{ says: 'How many pages that memory holds.', label: 'pages' },
  },
  {
    ...{ name: 'usedSlots', title: 'Slots in use', quantity: 'count', label: 'slots' },
    says: 'Slots of areas with a device that are taken, also for pages in zswap.',
  },
];

/** Nothing where no run of endure has intervals; those of other runs are in their series. */
export function enduranceSection({ columns, plots }: ChartContext): Child[] {
  const endured = columns.filter(
    ({ shown }) => workloadName(shown.spec) === 'endurance' && shown.intervals.length > 0,
  );
  if (endured.length === 0) return [];
  const hasSeries = endured.every(({ shown }) =>
    shown.phases.some(({ series }) => series.length > 0),
  );
  const charts = hasSeries ? OWN : [...OWN, ...AS_SERIES];
  return seriesSection({ columns: endured, plots }, charts, intervalPoints);
}

function intervalPoints({ intervals }: StoredRun, name: string): Point[] {
  return intervals.flatMap(({ timeNs, figures }) => {
    const value = figures[name];
    return value === undefined ? [] : [{ x: timeNs, y: value }];
  });
}
