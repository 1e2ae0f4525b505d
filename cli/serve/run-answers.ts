/** What the server says of one run, and of several together. */
import { runDocument } from '../../src/report/export/document.ts';
import { servedReport } from '../../src/report/page/index.ts';
import {
  LIVE_INTERVALS_MAX,
  LIVE_PHASES_MAX,
  livePage,
  liveParts,
} from '../../src/report/serve/index.ts';
import type { RunStore } from '../../src/runs/index.ts';
import { RunError, UsageError } from '../../src/units/index.ts';
import { selectRuns } from '../runs/select-runs.ts';
import { version } from '../version.ts';
import {
  jsonAnswer,
  pageAnswer,
  REPORT_RUNS_MAX,
  type Answer,
  type Asked,
  type Problem,
  type Site,
} from './answer.ts';

/** A live run as it goes, another one as its report. */
export function runAnswer({ site, runs, runId }: Asked): Answer | Problem {
  const run = runs.summary(runId);
  if (run === undefined) return noSuchRun(runs, runId);
  if (run.status !== 'running') return reportOf(site, runs, [runId]);
  const progress = runs.progress(runId, -1, LIVE_INTERVALS_MAX);
  if (progress === undefined) return noSuchRun(runs, runId);
  const phases = runs.latestPhases(runId, LIVE_PHASES_MAX);
  return pageAnswer(livePage({ version, progress, phases }));
}

/** The run, and the parts of the live page as they are now. */
export function liveAnswer({ runs, runId }: Asked): Answer | Problem {
  const progress = runs.progress(runId, -1, LIVE_INTERVALS_MAX);
  if (progress === undefined) return noSuchRun(runs, runId);
  const phases = runs.latestPhases(runId, LIVE_PHASES_MAX);
  return jsonAnswer({ run: progress.run, parts: liveParts({ version, progress, phases }) });
}

export function documentAnswer({ runs, runId }: Asked): Answer | Problem {
  const run = runs.get(runId);
  return run === undefined ? noSuchRun(runs, runId) : jsonAnswer(runDocument(run));
}

export function reportAnswer({ site, runs, query }: Asked): Answer | Problem {
  const texts = query.getAll('run');
  if (texts.length === 0)
    throw new UsageError('run: is missing; accepted: one or more runs, ticked in the list of runs');
  const selected = selectedRuns(texts, runs);
  return 'title' in selected ? selected : reportOf(site, runs, selected);
}

function selectedRuns(texts: readonly string[], runs: RunStore): number[] | Problem {
  try {
    return selectRuns(texts, runs, 'run');
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return { status: 404, title: 'No such run', message: error.message };
  }
}

function reportOf(site: Site, runs: RunStore, runIds: readonly number[]): Answer {
  if (runIds.length > REPORT_RUNS_MAX)
    throw new UsageError(
      `run: ${runIds.length} runs; accepted: up to ${REPORT_RUNS_MAX} on a page of this server; ` +
        'swaplab report takes more',
    );
  const stored = runIds.flatMap((runId) => runs.get(runId) ?? []);
  const home = { href: '/', label: 'All runs' };
  const links = runIds.length === 1 ? [home, jsonLink(runIds[0]!)] : [home];
  return pageAnswer(servedReport({ runs: stored, version, plotLibrary: site.plotLibrary, links }));
}

function jsonLink(runId: number): { href: string; label: string } {
  return { href: `/runs/${runId}.json`, label: 'All data (JSON)' };
}

function noSuchRun(runs: RunStore, runId: number): Problem {
  const nearest = runs.nearestIds(runId, 3);
  const there =
    nearest.length === 0 ? 'there are no runs' : `the nearest are ${nearest.join(', ')}`;
  return {
    ...{ status: 404, title: `No run ${runId}`, message: `There is no run ${runId}; ${there}.` },
    links: nearest.map((each) => ({ href: `/runs/${each}`, label: `run ${each}` })),
  };
}
