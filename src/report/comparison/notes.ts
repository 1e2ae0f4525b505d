/** What people should know of how the columns of a comparison came about. */
import type { ComparedColumn, MeasuredRun } from './comparison.ts';

/** That seeds changed nothing; null where they did, or where there is one run a column. */
export function seedNote(columns: readonly ComparedColumn[]): string | null {
  const isSame = columns.every(
    ({ runs }) => runs.length > 1 && runs.every(({ digest }) => digest === runs[0]!.digest),
  );
  return isSame
    ? 'every seed gave the same run: nothing in it is drawn, differences are exact'
    : null;
}

/** Which of the runs are in no column; null when all are. */
export function leftOutNote(
  runs: readonly MeasuredRun[],
  columns: readonly ComparedColumn[],
): string | null {
  const used = new Set(columns.flatMap((column) => column.runs.map(({ runId }) => runId)));
  const left = runs.flatMap(({ runId }) => (runId === null || used.has(runId) ? [] : [runId]));
  if (left.length === 0) return null;
  const list = rangesText(left.toSorted((a, b) => a - b));
  return `left out, because a later run has the same spec and seed: ${list}`;
}

/** `3, 7-12` of ascending numbers. */
function rangesText(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}
