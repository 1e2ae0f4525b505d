/** What `--fail-if` says: a metric that must not pass a limit. */
import { clipped, nearestNames, UsageError } from '../../units/index.ts';
import { changePercent, type ComparedMetric, type RunComparison } from './comparison.ts';
import { shown } from './numbers.ts';

const RELATIONS = ['>', '>=', '<', '<='] as const;
type Relation = (typeof RELATIONS)[number];

export interface Threshold {
  /** As the user gave it. */
  readonly text: string;
  readonly metric: string;
  readonly relation: Relation;
  readonly limit: number;
  /** The limit is a change in percent of the baseline, not a value. */
  readonly isPercent: boolean;
}

/** A column that is beyond a threshold. */
export interface Passing {
  readonly threshold: Threshold;
  readonly label: string;
  readonly value: number;
  /** Of the baseline; null where the limit is a value. */
  readonly baseline: number | null;
  /** The change from the baseline is more than chance. */
  readonly isSignificant: boolean;
}

/** Columns for which a threshold says nothing. */
export interface ThresholdGap {
  readonly threshold: Threshold;
  /** Those without such a metric; of a change from a baseline without it, the baseline alone. */
  readonly labels: readonly string[];
  /** No column at all was judged by it. */
  readonly isWhole: boolean;
}

/**
 * Reads `METRIC RELATION LIMIT`, such as `pswpout > +5%` or `virtual time >= 1200`.
 * @param metrics - names that are accepted
 * @throws UsageError that names the nearest metrics, or the form
 */
export function parseThreshold(
  text: string,
  metrics: readonly string[],
  option: string,
): Threshold {
  const parts =
    /^\s*(.+?)\s*(>=|<=|>|<)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(%?)\s*$/i.exec(text);
  if (parts === null)
    throw new UsageError(
      `${option}: '${clipped(text)}' is not METRIC RELATION LIMIT, such as 'pswpout > +5%' or ` +
        `'killed tasks > 0'; relations: ${RELATIONS.join(' ')}; limits are plain numbers in the ` +
        "metric's unit, such as 1e6",
    );
  const [, metric = '', relation = '', limit = '', percent = ''] = parts;
  requireMetric(metric, metrics, option);
  return {
    ...{ text: text.trim(), metric, relation: relation as Relation },
    ...{ limit: Number(limit), isPercent: percent === '%' },
  };
}

/** @throws UsageError that names the nearest metrics */
export function requireMetric(name: string, metrics: readonly string[], option: string): void {
  if (metrics.includes(name)) return;
  throw new UsageError(
    `${option}: '${clipped(name)}' is no metric; the nearest are ` +
      nearestNames(name, metrics, 4).join(', '),
  );
}

/**
 * Where medians are beyond thresholds: a change in every column but the baseline, a value in every
 * column. A column without such a value passes none: `thresholdGaps` tells it.
 */
export function passedThresholds(
  { columns, metrics, baseline }: RunComparison,
  thresholds: readonly Threshold[],
): Passing[] {
  return thresholds.flatMap((threshold) => {
    const metric = metrics.find(({ name }) => name === threshold.metric);
    if (metric === undefined) return [];
    return columns.flatMap(({ label }, index): Passing[] => {
      const from = metric.summaries[baseline]?.median ?? null;
      const value = metric.summaries[index]?.median ?? null;
      if (value === null || !isPassed(threshold, { value, from, isBaseline: index === baseline }))
        return [];
      return [passing(threshold, label, metric, { index, value, from })];
    });
  });
}

/** Where thresholds cannot be judged, because columns have no such metric. */
export function thresholdGaps(
  { columns, metrics, baseline }: RunComparison,
  thresholds: readonly Threshold[],
): ThresholdGap[] {
  return thresholds.flatMap((threshold): ThresholdGap[] => {
    const summaries = metrics.find(({ name }) => name === threshold.metric)?.summaries;
    const isMissing = (index: number): boolean => !summaries?.[index];
    const label = (index: number): string => columns[index]!.label;
    if (threshold.isPercent && isMissing(baseline))
      return [{ threshold, labels: [label(baseline)], isWhole: true }];
    const judged = [...columns.keys()].filter(
      (index) => !threshold.isPercent || index !== baseline,
    );
    const missing = judged.filter(isMissing);
    if (missing.length === 0) return [];
    const isWhole = missing.length === judged.length;
    return [{ threshold, labels: missing.map(label), isWhole }];
  });
}

/** A line for people: `zram bytes > 5: not judged: ghost has no 'zram bytes'`. */
export function gapText({ threshold, labels }: ThresholdGap): string {
  const has = labels.length === 1 ? 'has' : 'have';
  return `${threshold.text}: not judged: ${labels.join(', ')} ${has} no '${threshold.metric}'`;
}

interface Medians {
  readonly value: number;
  readonly from: number | null;
  readonly isBaseline: boolean;
}

function isPassed(threshold: Threshold, { value, from, isBaseline }: Medians): boolean {
  const { relation, limit, isPercent } = threshold;
  if (!isPercent) return isBeyond(value, relation, limit);
  if (isBaseline || from === null) return false;
  // Not by the quotient: 105 is not more than 5 % above 100.
  if (from !== 0) return isBeyond(value * 100, relation, from * 100 + Math.abs(from) * limit);
  return isBeyond(changePercent(from, value), relation, limit);
}

function isBeyond(value: number, relation: Relation, limit: number): boolean {
  switch (relation) {
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
  }
}

function passing(
  threshold: Threshold,
  label: string,
  { changes }: ComparedMetric,
  at: { readonly index: number; readonly value: number; readonly from: number | null },
): Passing {
  return {
    ...{ threshold, label, value: at.value },
    baseline: threshold.isPercent ? at.from : null,
    isSignificant: changes[at.index]?.isSignificant ?? false,
  };
}

/** A line for people: `pswpout > +5%: vswap has 1200, 9.1 % more than 1100`. */
export function passingText({ threshold, label, value, baseline, isSignificant }: Passing): string {
  const head = `${threshold.text}: ${label} has ${shown(value)}`;
  if (baseline === null) return head;
  const percent = changePercent(baseline, value);
  const size = Number.isFinite(percent) ? `${Math.abs(percent).toFixed(1)} % ` : '';
  const mark = isSignificant ? ' (significant)' : '';
  return `${head}, ${size}${percent < 0 ? 'less' : 'more'} than ${shown(baseline)}${mark}`;
}
