/** Which rows a comparison shows, and what stands in their cells; the same in all forms. */
import { percentText } from './numbers.ts';
import type { Change, ComparedMetric, RunComparison, Summary } from './comparison.ts';
import { MARKED_RUN_COUNT_MIN, SIGNIFICANCE_LEVEL } from './significance.ts';

/** Which metrics are shown. */
export interface RowChoice {
  /** By their full names, first and in this order, without titles of groups. */
  readonly chosen: readonly string[];
  /** All others too, but for those that are zero in every run. */
  readonly hasRest: boolean;
}

export interface ShownRows {
  readonly chosen: readonly ComparedMetric[];
  /** By group. */
  readonly rest: readonly ComparedMetric[];
}

export function shownRows({ metrics, columns }: RunComparison, choice: RowChoice): ShownRows {
  const chosen = choice.chosen.map(
    (name) => metrics.find((metric) => metric.name === name) ?? missingMetric(name, columns.length),
  );
  const rest = metrics.filter(
    (metric) => !chosen.includes(metric) && (metric.isAlwaysShown || !isSilent(metric)),
  );
  return { chosen, rest: choice.hasRest ? rest : [] };
}

/** What was asked for and no run has: that is an answer. */
function missingMetric(name: string, columnCount: number): ComparedMetric {
  const nothing = Array.from({ length: columnCount }, () => null);
  return {
    ...{ group: '', name, unit: '', better: 'none', isAlwaysShown: true },
    ...{ summaries: nothing, changes: nothing },
  };
}

/** A counter that stayed at zero in every run says nothing. */
export function isSilent({ summaries }: ComparedMetric): boolean {
  return summaries.every((summary) => summary === null || (summary.min === 0 && summary.max === 0));
}

/** A column has more than one run. */
export function isRepeated({ columns }: RunComparison): boolean {
  return columns.some(({ runs }) => runs.length > 1);
}

/** The better direction, for eyes. */
export const ARROWS: Readonly<Record<ComparedMetric['better'], string>> = {
  lower: '↓',
  higher: '↑',
  none: '',
};

/** `pages ↓`. */
export function unitText({ unit, better }: ComparedMetric): string {
  return `${unit} ${ARROWS[better]}`.trimEnd();
}

/** Names of which several groups have the same end with their group, which stands above them. */
export function nameInGroup({ name, group }: ComparedMetric): string {
  const isTold = group.startsWith('per 1000') || group === 'metadata';
  return isTold && name.endsWith(` ${group}`) ? name.slice(0, -group.length - 1) : name;
}

/** Half of the range from the lowest to the highest run: `±0.4%`; nothing for none. */
export function spreadText(summary: Summary | null): string {
  if (summary === null || summary.min === summary.max) return '';
  if (summary.spread === null) return `≤${summary.max}`;
  const percent = summary.spread * 50;
  return percent < 0.05 ? '±<0.1%' : `±${percent.toFixed(percent < 9.95 ? 1 : 0)}%`;
}

const MARKS: Readonly<Record<Change['verdict'], string>> = {
  better: '*b',
  worse: '*w',
  different: '*',
  none: '',
};

/** `-9.1%*b`; nothing for no change. */
export function changeText(change: Change | null): string {
  if (change === null) return '';
  const { percent, verdict } = change;
  return `${percent === null ? 'new' : percentText(percent)}${MARKS[verdict]}`;
}

/** What a reader must know of cells, a line each. */
export function legend(comparison: RunComparison): string[] {
  const { columns, baseline, metrics } = comparison;
  const hasAlways = metrics.some(({ better }) => better !== 'none');
  return [
    ...(hasAlways ? ["↓ lower is better, ↑ higher is better; '-': there is none"] : []),
    ...(columns.length < 2 ? [] : [`changes are against ${columns[baseline]!.label}`]),
    ...(isRepeated(comparison)
      ? [`numbers are medians, ± half of the range; ${runCountText(comparison)}`]
      : []),
    ...(columns.length < 2 ? [] : [markLegend(comparison, '*b better, *w worse, * different')]),
  ];
}

function runCountText({ columns }: RunComparison): string {
  const counts = columns.map(({ runs }) => runs.length);
  return counts.every((count) => count === counts[0])
    ? `${counts[0]!} runs a column`
    : `runs: ${columns.map(({ label, runs }) => `${label} ${runs.length}`).join(', ')}`;
}

function isFew(runCount: number): boolean {
  return runCount < MARKED_RUN_COUNT_MIN;
}

/**
 * What marks say, or why there are none.
 * @param marks - what stands for the verdicts
 */
export function markLegend({ columns, baseline }: RunComparison, marks: string): string {
  const counts = columns.map(({ runs }) => runs.length);
  const others = counts.filter((_, index) => index !== baseline);
  if (counts.every((count) => count === 1))
    return 'one run a column tells no effect from chance: nothing is marked; --repeat 5 can';
  const few = `fewer than ${MARKED_RUN_COUNT_MIN} runs`;
  if (isFew(counts[baseline]!))
    return `${few} in ${columns[baseline]!.label}: nothing is marked; --repeat 5 can`;
  if (others.every(isFew)) return `${few} in a column: nothing is marked; --repeat 5 can`;
  return (
    `${marks}: more than chance, at ${SIGNIFICANCE_LEVEL * 100} % for the whole table` +
    (others.some(isFew) ? `; nothing is marked in columns of ${few}` : '')
  );
}

/** What `low` and `high` of medians are; nothing where no column has several runs. */
export function intervalLegend({ columns }: RunComparison): string {
  const counts = columns.map(({ runs }) => runs.length).filter((count) => count > 1);
  if (counts.length === 0) return '';
  if (counts.every(isFew)) return 'the range from the lowest to the highest run';
  const interval = 'the 95 % interval of the median (bootstrap)';
  return counts.some(isFew)
    ? `${interval}, of columns of fewer than ${MARKED_RUN_COUNT_MIN} runs the range of their runs`
    : interval;
}
