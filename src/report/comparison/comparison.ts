/**
 * A comparison of columns of runs, by which columns are equal but for seeds.
 *
 * How it decides. Of a column's runs a metric has the median, and around it the interval that holds
 * the true median with a confidence of about 95 % (bootstrap by percentiles, 2000 resamples); of
 * fewer than five runs that is the range from the lowest to the highest, which holds it less often.
 * The change of a column is that of its median against the baseline's; its interval is made by
 * resampling the runs of both, seed by seed where both have the same seeds, because designs that
 * share a seed share a workload. A change is marked as significant when
 *
 * - both columns have five runs or more,
 * - the interval of the change does not reach 0, and
 * - a t-test (of the differences seed by seed; Welch's where seeds differ) holds at 5 % after Holm's
 *   correction over all metrics and columns of the table: one table in twenty of columns that do
 *   not differ may have a mark, not one metric in twenty.
 *
 * A change between two columns that no seed changes is certain; one that is the same for each of
 * seeds that do change something is as likely as significance.ts says. Not modelled: that metrics
 * depend on each other, under which Holm's correction is stricter than it need be.
 */
import { max, median, min } from 'simple-statistics';
import type { JsonValue, MetricRecord, Verification } from '../../runs/index.ts';
import { assert } from '../../units/index.ts';
import { percentileInterval, Resampler, type Interval } from './resampling.ts';
import { chanceOf, holmRejects, type SamplePair } from './significance.ts';
import { specDifferences, unresolved, type SpecDifference } from './spec-differences.ts';

/** A run as far as comparisons look at it; fresh and stored ones alike. */
export interface MeasuredRun {
  /** Null: not in the database. */
  readonly runId: number | null;
  /** NAME, as in the spec. */
  readonly design: string;
  readonly seed: number;
  readonly digest: string;
  /** The resolved spec. */
  readonly spec: JsonValue;
  readonly metrics: readonly MetricRecord[];
  readonly verify: Verification;
}

/** Runs of one spec, repeated over seeds; one or more. */
export interface ComparedColumn {
  readonly label: string;
  readonly runs: readonly MeasuredRun[];
}

/** A metric of a column. */
export interface Summary {
  /** In the order of the column's runs, but for those that have no such value. */
  readonly values: readonly number[];
  readonly median: number;
  /** The 95 % interval of the median; of fewer than five runs their range. */
  readonly low: number;
  readonly high: number;
  readonly min: number;
  readonly max: number;
  /** (max - min) / median, 0 where all are equal; null where the median alone is 0. */
  readonly spread: number | null;
}

/** A metric of a column against the baseline. */
export interface Change {
  /** Of the medians; null where the baseline's is 0 and the column's is not. */
  readonly percent: number | null;
  /** Around `percent`, as `Summary` has them; null: no bound, or no percent. */
  readonly low: number | null;
  readonly high: number | null;
  readonly isSignificant: boolean;
  /** Of what is significant; `different` where the metric has no better direction. */
  readonly verdict: 'better' | 'worse' | 'different' | 'none';
}

export interface ComparedMetric extends Omit<MetricRecord, 'value'> {
  /** One per column; null where it has no such value. */
  readonly summaries: readonly (Summary | null)[];
  /** One per column; null for the baseline, and where one of the two has no value. */
  readonly changes: readonly (Change | null)[];
}

export interface RunComparison {
  readonly columns: readonly ComparedColumn[];
  /** Position of the column that the others are compared with. */
  readonly baseline: number;
  /** In the order in which runs store them. */
  readonly metrics: readonly ComparedMetric[];
  /** Keys of the specs that differ between columns, but for seed and name. */
  readonly differences: readonly SpecDifference[];
}

/**
 * Compares columns.
 * @param columns - each with at least one run
 * @param baseline - position of the column that the others are compared with
 */
export function compareColumns(
  columns: readonly ComparedColumn[],
  baseline: number,
): RunComparison {
  assert(columns[baseline] !== undefined, 'the baseline is a column');
  for (const { label, runs } of columns) assert(runs.length > 0, `column '${label}' has runs`);
  const indexes = columns.map(({ runs }) => runs.map(metricsByName));
  const records = metricOrder(columns.flatMap(({ runs }) => runs.map(({ metrics }) => metrics)));
  const resampler = new Resampler();
  const pairs = records.map(({ name }) =>
    columns.map((_, index) => (index === baseline ? null : pairOf(name, indexes, baseline, index))),
  );
  const chances = pairs.flat().map((pair) => (pair === null ? null : chanceOf(pair)));
  const holds = holmRejects(chances);
  const metrics = records.map(({ value: _, ...metric }, row): ComparedMetric => ({
    ...metric,
    summaries: indexes.map((runs) => summaryOf(valuesOf(metric.name, runs), resampler)),
    changes: pairs[row]!.map((pair, index) =>
      pair === null
        ? null
        : changeOf(pair, metric.better, holds[row * columns.length + index]!, resampler),
    ),
  }));
  return {
    ...{ columns, baseline, metrics },
    differences: specDifferences(columns.map(({ runs }) => unresolved(runs[0]!.spec))),
  };

  function pairOf(name: string, of: readonly Indexes[], a: number, b: number): SamplePair | null {
    return samplePair(name, [columns[a]!, of[a]!], [columns[b]!, of[b]!]);
  }
}

/**
 * Whether a metric of two columns differs by more than chance: as the table marks it where one of
 * them is the baseline, else as a table of the two would.
 * @param first - position of a column, as `second`
 */
export function isToldApart(
  comparison: RunComparison,
  name: string,
  first: number,
  second: number,
): boolean {
  const { columns, baseline } = comparison;
  if (second === baseline) return isToldApart(comparison, name, second, first);
  const made =
    first === baseline ? comparison : compareColumns([columns[first]!, columns[second]!], 0);
  const changes = made.metrics.find((metric) => metric.name === name)?.changes;
  return changes?.[first === baseline ? second : 1]?.isSignificant ?? false;
}

type Indexes = readonly ReadonlyMap<string, number>[];

function metricsByName({ metrics }: MeasuredRun): ReadonlyMap<string, number> {
  return new Map(metrics.map(({ name, value }) => [name, value]));
}

function valuesOf(name: string, runs: Indexes): number[] {
  return runs.flatMap((values) => values.get(name) ?? []);
}

/** Null where a column has no value. Paired only where each run of both has one. */
function samplePair(
  name: string,
  [first, firstIndexes]: readonly [ComparedColumn, Indexes],
  [second, secondIndexes]: readonly [ComparedColumn, Indexes],
): SamplePair | null {
  const baseline = valuesOf(name, firstIndexes);
  const column = valuesOf(name, secondIndexes);
  if (baseline.length === 0 || column.length === 0) return null;
  const order = seedOrder(first, second);
  const isWhole = baseline.length === first.runs.length && column.length === second.runs.length;
  if (order === null || !isWhole) return { baseline, column, isPaired: false };
  return { baseline, column: order.map((index) => column[index]!), isPaired: true };
}

/** Positions in `second` of the seeds of `first`; null where the seeds are not the same. */
function seedOrder(first: ComparedColumn, second: ComparedColumn): number[] | null {
  if (first.runs.length !== second.runs.length) return null;
  const order = first.runs.map(({ seed }) => second.runs.findIndex((run) => run.seed === seed));
  return order.includes(-1) || new Set(order).size < order.length ? null : order;
}

/**
 * Every metric once, in an order that keeps that of each run: what only some runs have comes behind
 * what it follows there.
 */
export function metricOrder(lists: readonly (readonly MetricRecord[])[]): MetricRecord[] {
  const ordered: MetricRecord[] = [];
  const seen = new Set<string>();
  for (const list of lists) {
    if (list.every(({ name }) => seen.has(name))) continue;
    let at = 0;
    for (const record of list) {
      const known = seen.has(record.name);
      if (known) {
        at = ordered.findIndex(({ name }) => name === record.name) + 1;
        continue;
      }
      ordered.splice(at, 0, record);
      seen.add(record.name);
      at += 1;
    }
  }
  return ordered;
}

function summaryOf(values: readonly number[], resampler: Resampler): Summary | null {
  if (values.length === 0) return null;
  const [middle, least, most] = [median([...values]), min([...values]), max([...values])];
  const around = isFlat(values)
    ? { low: middle, high: middle }
    : percentileInterval(resampler.medians(values, 'column'));
  const spread = isFlat(values) ? 0 : middle === 0 ? null : (most - least) / Math.abs(middle);
  return { values, median: middle, ...around, min: least, max: most, spread };
}

function isFlat(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}

function changeOf(
  pair: SamplePair,
  better: MetricRecord['better'],
  holds: boolean,
  resampler: Resampler,
): Change {
  const from = median([...pair.baseline]);
  const to = median([...pair.column]);
  const around = changeInterval(pair, resampler);
  const isSignificant = holds && (around.low > 0 || around.high < 0);
  const verdict = isSignificant ? verdictOn(to - from, better) : 'none';
  return {
    percent: finite(changePercent(from, to)),
    low: finite(around.low),
    high: finite(around.high),
    ...{ isSignificant, verdict },
  };
}

/** In percent of the baseline's median, which is resampled with the column's. */
function changeInterval({ baseline, column, isPaired }: SamplePair, from: Resampler): Interval {
  if (isFlat(baseline) && isFlat(column)) {
    const percent = changePercent(baseline[0]!, column[0]!);
    return { low: percent, high: percent };
  }
  const [before, after] = isPaired
    ? from.pairedMedians(baseline, column)
    : [from.medians(baseline, 'baseline'), from.medians(column, 'column')];
  return percentileInterval(after.map((value, index) => changePercent(before[index]!, value)));
}

/** Infinite where something comes of nothing. */
export function changePercent(from: number, to: number): number {
  return to === from ? 0 : ((to - from) / Math.abs(from)) * 100;
}

function verdictOn(shift: number, better: MetricRecord['better']): Change['verdict'] {
  if (better === 'none') return 'different';
  return shift < 0 === (better === 'lower') ? 'better' : 'worse';
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
