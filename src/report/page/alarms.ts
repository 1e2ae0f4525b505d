/** What must not be overlooked: wrong bytes, runs without an end, killed tasks, unequal columns. */
import type { SpecDifference } from '../comparison/index.ts';
import type { StoredRun } from '../../runs/index.ts';
import { grouped } from '../charts/quantity.ts';
import type { PageColumn, PageRuns } from './columns.ts';
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
    ...unequalColumns(comparison.differences, comparison.baseline, columns),
  ].flatMap((sentence) => sentence ?? []);
}

/** `a 3, b 12`: columns where it is not 0, over all of their runs; null where it is 0 everywhere. */
function perColumn(
  columns: readonly PageColumn[],
  of: (run: StoredRun) => number,
  more: (column: PageColumn) => string = () => '',
): string | null {
  const parts = columns.flatMap((column) => {
    const count = sum(column.runs, of);
    return count === 0 ? [] : [`${column.label} ${grouped(count)}${more(column)}`];
  });
  return parts.length === 0 ? null : parts.join(', ');
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

/** A metric of a run, or else that figure of an endurance run's last interval; 0 where it has none. */
function figureOf({ metrics, intervals }: StoredRun, metric: string, figure?: string): number {
  const found = metrics.find(({ name }) => name === metric)?.value;
  return found ?? (figure === undefined ? 0 : (intervals.at(-1)?.figures[figure] ?? 0));
}

/** With why: a task ends by the OOM killer, or by SIGBUS where its page cannot be read. */
function killedTasks(columns: readonly PageColumn[]): string | null {
  const killed = (run: StoredRun): number => figureOf(run, 'killed tasks', 'killedTasks');
  const sigbus = (run: StoredRun): number => figureOf(run, 'tasks ended by SIGBUS', 'sigbus');
  const told = perColumn(columns, killed, ({ runs }) => {
    const bySignal = sum(runs, sigbus);
    const byKiller = sum(runs, killed) - bySignal;
    const why = [
      ...(byKiller > 0 ? [`${grouped(byKiller)} out of memory`] : []),
      ...(bySignal > 0 ? [`${grouped(bySignal)} by SIGBUS`] : []),
    ];
    return ` (${why.join(', ')})`;
  });
  return told === null
    ? null
    : `Tasks were KILLED before their end: ${told}. What they had not done yet is in no figure.`;
}

function failedAllocations(columns: readonly PageColumn[]): string | null {
  const told = perColumn(columns, (run) => figureOf(run, 'swap_alloc_fail'));
  return told === null ? null : `Swap was full: searches for a slot that found none: ${told}.`;
}

function refusedPages(columns: readonly PageColumn[]): string | null {
  const told = perColumn(columns, (run) => figureOf(run, 'pages refused by zswap'));
  return told === null ? null : `zswap refused pages, which took another way: ${told}.`;
}

/** What a spec says of how it was resolved, or what goes with another key. */
const KEYS_BESIDE = ['areasHeld', 'costs', 'revision'] as const;

/** Columns that differ from the baseline by several settings, those by the same ones together. */
function unequalColumns(
  differences: readonly SpecDifference[],
  baseline: number,
  columns: readonly PageColumn[],
): string[] {
  const byKeys = new Map<string, string[]>();
  for (const { label, index } of columns) {
    const keys = differences
      .filter(({ key }) => !KEYS_BESIDE.some((each) => each === key))
      .filter(({ values }) => JSON.stringify(values[index]) !== JSON.stringify(values[baseline]))
      .map(({ key }) => key);
    if (keys.length < 2) continue;
    const named = listed(keys);
    byKeys.set(named, [...(byKeys.get(named) ?? []), label]);
  }
  const of = columns[baseline]!.label;
  return [...byKeys].map(
    ([keys, labels]) =>
      `${listed(labels)} ${labels.length === 1 ? 'differs' : 'differ'} from ${of} by more than one ` +
      `setting: ${keys}. What changed may come of any of them.`,
  );
}
