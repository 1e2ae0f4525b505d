/** What must not be overlooked: wrong bytes, runs without an end, killed tasks, unequal columns. */
import type { RunComparison } from '../comparison/index.ts';
import type { StoredRun } from '../../runs/index.ts';
import { grouped } from '../charts/quantity.ts';
import type { PageColumn, PageRuns } from './columns.ts';
import { settingsApart } from './differences.ts';
import { listed } from './words.ts';

/** One sentence each; none where all is well. */
export function alarms({ comparison, columns }: PageRuns): string[] {
  return [
    wrongPages(columns),
    lostFaults(columns),
    ...unendedRuns(columns),
    killedTasks(columns),
    failedAllocations(columns),
    refusedPages(columns),
    unequalColumns(comparison, columns),
  ].flatMap((sentence) => sentence ?? []);
}

/** `a 3, b 12`: columns where it is not 0, over all of their runs; null where it is 0 everywhere. */
function perColumn(columns: readonly PageColumn[], of: (run: StoredRun) => number): string | null {
  const counts = columns.map(({ label, runs }) => ({ label, count: sum(runs, of) }));
  const known = counts.filter(({ count }) => count !== 0);
  if (known.length === 0) return null;
  const isShared = counts.length > 2 && counts.every(({ count }) => count === counts[0]!.count);
  if (isShared) return `${grouped(counts[0]!.count)} in each of the ${counts.length} columns`;
  return known.map(({ label, count }) => `${label} ${grouped(count)}`).join(', ');
}

function sum(runs: readonly StoredRun[], of: (run: StoredRun) => number): number {
  return runs.reduce((total, run) => total + of(run), 0);
}

function wrongPages(columns: readonly PageColumn[]): string | null {
  const told = perColumn(columns, ({ verify }) => verify?.mismatches ?? 0);
  return told === null ? null : `Pages that came back WRONG: ${told}.`;
}

function lostFaults(columns: readonly PageColumn[]): string | null {
  const told = perColumn(columns, ({ faultCounts }) =>
    faultCounts.reduce((total, each) => total + (each.consequence === 'lost' ? each.count : 0), 0),
  );
  return told === null
    ? null
    : `Faults of devices that were LOST, which is that a task was given wrong bytes as good: ${told}.`;
}

const STATES: Readonly<Record<Exclude<StoredRun['status'], 'done'>, string>> = {
  failed: 'FAILED',
  aborted: 'was ABORTED',
  running: 'is still running',
};

/** Runs with the same end of one column in one sentence. */
function unendedRuns(columns: readonly PageColumn[]): string[] {
  return columns.flatMap(({ label, runs }) => {
    const byEnd = new Map<string, number[]>();
    for (const { runId, status, exitReason, metrics } of runs) {
      if (status === 'done') continue;
      const reason = exitReason === null ? '' : `: ${exitReason}`;
      const missing = metrics.length === 0 ? ' Its figures are not in the table.' : '';
      const end = `${STATES[status]}${reason}.${missing}`;
      byEnd.set(end, [...(byEnd.get(end) ?? []), runId]);
    }
    return [...byEnd].map(
      ([end, ids]) =>
        `${ids.length === 1 ? 'Run' : 'Each of the runs'} ${listed(ids.map(String))} (${label}) ${end}`,
    );
  });
}

function figureOf({ metrics }: StoredRun, metric: string): number {
  return metrics.find(({ name }) => name === metric)?.value ?? 0;
}

/** Of runs without metrics, such as those of endure, as far as they tell it. */
export function killedTasksOf({ metrics, intervals, events }: StoredRun): number {
  const told = metrics.find(({ name }) => name === 'killed tasks')?.value;
  const last = intervals.at(-1)?.figures['killedTasks'] ?? 0;
  return told ?? Math.max(last, events.filter(({ kind }) => kind === 'kill').length);
}

/** With why, where it is known: the OOM killer, or SIGBUS for a page that cannot be read. */
function killedTasks(columns: readonly PageColumn[]): string | null {
  const told = perColumn(columns, killedTasksOf);
  if (told === null) return null;
  const bySignal = perColumn(columns, (run) => figureOf(run, 'tasks ended by SIGBUS'));
  const signal =
    bySignal === null ? '' : `; by SIGBUS, for a page that cannot be read: ${bySignal}`;
  return `Tasks were KILLED before their end: ${told}${signal}. What they had not done yet is in no figure.`;
}

function failedAllocations(columns: readonly PageColumn[]): string | null {
  const told = perColumn(columns, (run) => figureOf(run, 'swap_alloc_fail'));
  return told === null ? null : `Swap was full: searches for a slot that found none: ${told}.`;
}

function refusedPages(columns: readonly PageColumn[]): string | null {
  const told = perColumn(columns, (run) => figureOf(run, 'pages refused by zswap'));
  return told === null ? null : `zswap refused pages, which took another way: ${told}.`;
}

/** Columns that differ from the baseline by several settings. */
function unequalColumns(comparison: RunComparison, columns: readonly PageColumn[]): string | null {
  const byKeys = new Map<string, string[]>();
  for (const { label, index } of columns) {
    const keys = settingsApart(comparison, index);
    if (keys.length < 2) continue;
    const named = listed(keys);
    byKeys.set(named, [...(byKeys.get(named) ?? []), label]);
  }
  if (byKeys.size === 0) return null;
  const told = [...byKeys].map(([keys, labels]) => `${listed(labels)} (${keys})`);
  return (
    `By more than one setting differ from ${columns[comparison.baseline]!.label}: ` +
    `${told.join('; ')}. What changed there may come of any of them.`
  );
}
