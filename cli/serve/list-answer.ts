/** The list of runs as the server answers with it. */
import { LIVE_INTERVALS_MAX, runListPage, type ListedRun } from '../../src/report/serve/index.ts';
import { RUN_STATUSES, type RunStore, type RunSummary } from '../../src/runs/index.ts';
import { UsageError } from '../../src/units/index.ts';
import { requireKnown } from '../runs/ls-filter.ts';
import { sortRuns } from '../runs/ls-columns.ts';
import { version } from '../version.ts';
import { pageAnswer, REPORT_RUNS_MAX, type Answer, type Asked } from './answer.ts';
import { inOwnWords, parseListQuery } from './parameters.ts';

/** Runs on one page of the list. */
const PAGE_RUNS = 50;

/** What the small pictures show. */
const SERIES = 'swap.usedPages';

/** How the figures of an interval name the used pages of an area. */
const USED = 'used ';

/** @throws UsageError */
export function listAnswer({ runs, query }: Asked): Answer {
  const { filter, runFilter, order, page } = parseListQuery(query);
  inOwnWords(() => {
    requireKnown(runFilter, runs);
  });
  const found = runs.list(runFilter);
  const sorted = liveFirst(order === null ? found : sortRuns(found, order));
  const pageCount = Math.max(1, Math.ceil(sorted.length / PAGE_RUNS));
  if (page > pageCount) throw new UsageError(`page: ${page}; accepted: 1 to ${pageCount}`);
  const shown = sorted.slice((page - 1) * PAGE_RUNS, page * PAGE_RUNS);
  const sort = order && { key: order.column.toLowerCase(), isDescending: order.isDescending };
  return pageAnswer(
    runListPage({
      ...{ version, filter, sort, page, pageCount, found: found.length },
      rows: listedRuns(runs, shown),
      statuses: RUN_STATUSES,
      designs: runs.designs(),
      reportRunsMax: REPORT_RUNS_MAX,
    }),
  );
}

/** Those that live on top, in the same order among themselves. */
function liveFirst(runs: readonly RunSummary[]): RunSummary[] {
  const isLive = ({ status }: RunSummary): boolean => status === 'running';
  return [...runs.filter(isLive), ...runs.filter((run) => !isLive(run))];
}

function listedRuns(runs: RunStore, shown: readonly RunSummary[]): ListedRun[] {
  const ids = shown.map(({ runId }) => runId);
  const series = runs.seriesOf(ids, SERIES);
  return shown.map((run) => ({
    run,
    swapped: series.get(run.runId) ?? (run.status === 'running' ? swappedSoFar(runs, run) : []),
  }));
}

/** The series comes with the phases; before the first has ended, and in an endless run: intervals. */
function swappedSoFar(runs: RunStore, { runId }: RunSummary): ListedRun['swapped'] {
  const intervals = runs.progress(runId, -1, LIVE_INTERVALS_MAX)?.intervals ?? [];
  return intervals.map(({ timeNs, figures }) => ({
    timeNs,
    value: Object.entries(figures)
      .filter(([name]) => name.startsWith(USED))
      .reduce((sum, [, pages]) => sum + pages, 0),
  }));
}
