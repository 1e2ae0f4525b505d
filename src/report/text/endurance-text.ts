/** What a run was from time to time: a line for some of its intervals, and all figures of the last. */
import type { StoredInterval, StoredRun } from '../../runs/index.ts';
import { withAreaNames } from './area-names.ts';
import { grouped, secondsText } from './figures.ts';
import { alignRows, alignTable } from './table.ts';

/** Lines; a long run has thousands of intervals. */
const LINES_MAX = 20;

/** Figures with a column of their own, by their titles. */
const SHOWN_FIGURES: Readonly<Record<string, string>> = {
  CHECKED: 'pagesChecked',
  FORKS: 'forks',
  KILLED: 'killedTasks',
  SWAPOFFS: 'swapoffs',
  'POOL BYTES': 'pool_total_size',
  'IN ZSWAP': 'stored_pages',
  'USED SLOTS': 'usedSlots',
  SLOTS: 'slots',
};

export function enduranceText(run: StoredRun): string {
  const { intervals, checkpoint } = run;
  const last = intervals.at(-1);
  const parts: string[] = [];
  if (last !== undefined) {
    parts.push(intervalTable(run), `\nAt ${grouped(last.operations)} operations\n`);
    const figures = Object.entries(last.figures).map(([name, value]) => [
      withAreaNames(run, name),
      value,
    ]);
    parts.push(alignTable([], figures));
  }
  if (checkpoint !== null)
    parts.push(
      `${parts.length === 0 ? '' : '\n'}Its latest checkpoint is at ${grouped(checkpoint.operations)} operations.\n`,
    );
  return parts.join('');
}

function intervalTable({ intervals, startedMs }: StoredRun): string {
  const shown = Object.entries(SHOWN_FIGURES).filter(([, name]) =>
    intervals.some(({ figures }) => figures[name] !== undefined),
  );
  const rows = spread(intervals).map(({ atMs, operations, timeNs, figures }) => ({
    AT: secondsText(atMs - startedMs, 1e3),
    OPERATIONS: operations,
    VIRTUAL: secondsText(timeNs, 1e9),
    ...Object.fromEntries(shown.map(([title, name]) => [title, figures[name] ?? '-'])),
  }));
  const left = intervals.length - rows.length;
  return alignRows(rows) + (left === 0 ? '' : `${left} more: runs show --json has them all\n`);
}

/** At most LINES_MAX, evenly spread, the last among them. */
function spread(intervals: readonly StoredInterval[]): StoredInterval[] {
  const step = Math.ceil(intervals.length / LINES_MAX);
  return intervals.filter((_, index) => (intervals.length - 1 - index) % step === 0);
}
