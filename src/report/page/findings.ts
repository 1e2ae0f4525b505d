/** What came out, in plain sentences computed from the table: who did least, by how much, ties told. */
import {
  isToldApart,
  MARKED_RUN_COUNT_MIN,
  type ComparedMetric,
  type RunComparison,
} from '../comparison/index.ts';
import { grouped } from '../charts/quantity.ts';
import { killedTasksOf } from './alarms.ts';
import type { PageColumn, PageRuns } from './columns.ts';
import { changeText, counted, listed, metricTexts } from './words.ts';

interface Question {
  readonly group: string;
  readonly name: string;
  /** `xarray wrote least to the disk`; what follows is a number. */
  readonly least: string;
  /** All columns the same: `All 5 columns wrote the same to the disk`. */
  readonly same: string;
  /** One column: `It wrote to the disk`. */
  readonly alone: string;
  /** Not told of columns that have 0: they are without what the question is about. */
  readonly isSilentAtZero?: boolean;
}

/** In the order in which they are told. Of each metric less is better. */
const QUESTIONS: readonly Question[] = [
  {
    ...{ group: 'devices', name: 'bytes written' },
    least: 'wrote least to the disk',
    same: 'wrote the same to the disk',
    alone: 'Written to the disk',
  },
  {
    ...{ group: 'zswap', name: 'pool bytes max', isSilentAtZero: true },
    least: 'had the smallest zswap pool at its largest',
    same: 'had a zswap pool of the same size at its largest',
    alone: 'The zswap pool at its largest',
  },
  {
    ...{ group: 'metadata', name: 'most at any sample metadata' },
    least: 'needed least metadata at the most',
    same: 'needed the same metadata',
    alone: 'Metadata at the most',
  },
  {
    ...{ group: 'devices', name: 'virtual time' },
    least: 'was fastest in virtual time',
    same: 'took the same virtual time',
    alone: 'Virtual time',
  },
];

/** One sentence each; without metrics only that of the comparison of pages, if it was reached. */
export function findings(made: PageRuns): string[] {
  const { comparison, columns } = made;
  const told = QUESTIONS.flatMap((question) => {
    const metric = comparison.metrics.find(
      ({ group, name }) => group === question.group && name === question.name,
    );
    return metric === undefined ? [] : (sentence(question, metric, made) ?? []);
  });
  const pages = pagesSentence(columns);
  return pages === null ? told : [...told, pages];
}

function sentence(
  question: Question,
  metric: ComparedMetric,
  { comparison, columns }: PageRuns,
): string | null {
  const killed = columns.filter(({ runs }) => runs.some((run) => killedTasksOf(run) > 0));
  const known = columns.flatMap((column) => {
    const value = metric.summaries[column.index]?.median;
    // Who has not done all of the work wins nothing by it; where all have not, nobody is told apart.
    // Without zswap there is no pool that could be small.
    if (value === 0 && question.isSilentAtZero === true) return [];
    const isLess = killed.includes(column) && killed.length < columns.length;
    const label = isLess ? `${column.label} (with killed tasks)` : column.label;
    return value === undefined ? [] : [{ label, value, column: column.index }];
  });
  if (known.length === 0) return null;
  const show = metricTexts(
    metric.unit,
    known.map(({ value }) => value),
  );
  const least = Math.min(...known.map(({ value }) => value));
  const most = Math.max(...known.map(({ value }) => value));
  const missing = question.isSilentAtZero === true ? 0 : columns.length - known.length;
  const end = missing === 0 ? '.' : ` (of ${counted(missing, 'column')} it is not known).`;
  if (columns.length === 1) return `${question.alone}: ${show(least)}.`;
  // Of others nothing is known: runs that live, or were stored without metrics.
  if (known.length === 1) return `${question.alone} (${known[0]!.label}): ${show(least)}${end}`;
  if (least === most) return `All ${known.length} ${question.same}: ${show(least)}${end}`;
  const winners = known.filter(({ value }) => value === least);
  const names = listed(winners.map(({ label }) => label));
  const tie = winners.length > 1 ? ' (a tie)' : '';
  const others = known.filter(({ value }) => value > least).sort((a, b) => a.value - b.value);
  const next = others[0]!;
  const last = others.at(-1)!;
  const alike = listed(
    others.filter(({ value }) => value === next.value).map(({ label }) => label),
  );
  const behind = `${alike} ${show(next.value)}${ahead(least, next.value)}`;
  const worst = last.value === next.value ? '' : `; most: ${last.label} ${show(last.value)}`;
  return `${names} ${question.least}${tie}: ${least === 0 ? 'nothing' : show(least)}. Next: ${behind}${worst}${end}${doubt(comparison, metric, winners, next)}`;
}

function ahead(least: number, next: number): string {
  return least === 0 ? '' : ` (${changeText((next / least - 1) * 100)})`;
}

/** What is said where the seeds do not tell the next column from one of the first, as in the table. */
function doubt(
  comparison: RunComparison,
  { name, summaries }: ComparedMetric,
  winners: readonly { readonly column: number }[],
  next: { readonly column: number },
): string {
  const counts = [...winners, next].map(({ column }) => summaries[column]?.values.length ?? 0);
  // One run of each: no seeds that could say anything, and nobody asked them.
  if (counts.every((count) => count < 2)) return '';
  if (counts.some((count) => count < MARKED_RUN_COUNT_MIN))
    return ` Fewer than ${MARKED_RUN_COUNT_MIN} runs of a column do not tell the two apart.`;
  return winners.every(({ column }) => isToldApart(comparison, name, column, next.column))
    ? ''
    : ' Over the seeds the two are not told apart.';
}

/** Whether the bytes were right, which is the first thing to know of a swap. */
function pagesSentence(columns: readonly PageColumn[]): string | null {
  const runs = columns.flatMap(({ runs: own }) => own);
  const ended = runs.flatMap(({ verify }) => verify ?? []);
  if (ended.length === 0) return null;
  const checked = ended.reduce((sum, { pagesChecked }) => sum + pagesChecked, 0);
  const wrong = ended.reduce((sum, { mismatches }) => sum + mismatches, 0);
  const verdict =
    wrong === 0
      ? `All ${grouped(checked)} pages that were compared byte for byte were right`
      : `${grouped(wrong)} of ${grouped(checked)} compared pages were WRONG`;
  return `${verdict}${ended.length > 1 ? `, over ${ended.length} runs` : ''}.`;
}
