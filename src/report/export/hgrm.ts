/**
 * A histogram as HdrHistogram's percentile distribution (`.hgrm`), which its plotters read.
 *
 * Ours has HdrHistogram's buckets (128 of size 1, then 64 for each power of two). A line's value is
 * the highest that is equivalent to it, as there; the mean is that of bucket mid-points, as there.
 *
 * @source HdrHistogram AbstractHistogram.outputPercentileDistribution, PercentileIterator.java
 */
import type { HistogramBucket } from '../../engine/index.ts';
import type { HistogramRecord, StoredRun } from '../../runs/index.ts';
import { nearestNames, RunError, UsageError } from '../../units/index.ts';
import { countOf } from './document.ts';

/** Lines for each halving of the distance to 100 %; HdrHistogram's default. */
const TICKS_PER_HALF_DISTANCE = 5;
const SUB_BUCKETS = 128;

/**
 * The histogram `wanted` of each run; of several runs one after the other, under a comment.
 * @throws UsageError for a name that no run has, with the nearest
 * @throws RunError for a run that has no such histogram, or nothing in it
 */
export function hgrmExport(runs: readonly StoredRun[], wanted: string): string {
  const names = [...new Set(runs.flatMap(({ histograms }) => histograms.map(({ name }) => name)))];
  if (names.length > 0 && !names.includes(wanted))
    throw new UsageError(
      `--histogram: '${wanted}' is of none of these runs; the nearest are ` +
        nearestNames(wanted, names, 3).join(', '),
    );
  return runs
    .map((run) => {
      const { name, unit, buckets } = filled(run, wanted);
      const heading = runs.length === 1 ? '' : `#[Run ${run.runId}: ${name} in ${unit}]\n`;
      return heading + percentileDistribution(buckets);
    })
    .join('\n');
}

function filled({ runId, histograms }: StoredRun, wanted: string): HistogramRecord {
  const found = histograms.find(({ name, buckets }) => name === wanted && buckets.length > 0);
  if (found !== undefined) return found;
  const others = histograms.filter(({ buckets }) => buckets.length > 0).map(({ name }) => name);
  throw new RunError(
    `run ${runId} has nothing in a histogram ${wanted}` +
      (others.length === 0 ? '' : `; --histogram takes of this run: ${others.join(', ')}`),
  );
}

/** @param buckets - at least one, ascending */
export function percentileDistribution(buckets: readonly HistogramBucket[]): string {
  const total = countOf(buckets);
  const lines = [
    `${'Value'.padStart(12)} ${'Percentile'.padStart(14)} ${'TotalCount'.padStart(10)} ` +
      `${'1/(1-Percentile)'.padStart(14)}\n\n`,
  ];
  let seen = 0;
  let level = 0;
  for (const { high, count } of buckets) {
    seen += count;
    // A bucket may stand for several levels; each has a line, the last bucket's but one.
    while (seen < total && (100 * seen) / total >= level) {
      lines.push(line(high, level, seen));
      level = nextLevel(level);
    }
    if (seen < total) continue;
    if (level < 100 && (100 * seen) / total >= level) lines.push(line(high, level, seen));
    lines.push(line(high, 100, seen));
  }
  return lines.join('') + footer(buckets, total);
}

/** The same number of steps to each half of what is left to 100. */
function nextLevel(level: number): number {
  const halvings = Math.floor(Math.log2(100 / (100 - level))) + 1;
  return level + 100 / (TICKS_PER_HALF_DISTANCE * 2 ** halvings);
}

function line(value: number, level: number, count: number): string {
  const inverse = level === 100 ? '' : ` ${(1 / (1 - level / 100)).toFixed(2).padStart(14)}`;
  return (
    `${value.toFixed(3).padStart(12)} ${(level / 100).toFixed(12).padStart(14)} ` +
    `${String(count).padStart(10)}${inverse}\n`
  );
}

function footer(buckets: readonly HistogramBucket[], total: number): string {
  const middle = ({ low, high }: HistogramBucket): number => low + Math.floor((high - low + 1) / 2);
  const mean = buckets.reduce((sum, each) => sum + middle(each) * each.count, 0) / total;
  const squares = buckets.reduce((sum, each) => sum + (middle(each) - mean) ** 2 * each.count, 0);
  const highest = buckets.at(-1)!.high;
  const octaves = Math.max(1, Math.ceil(Math.log2((highest + 1) / SUB_BUCKETS)) + 1);
  const [meanText, deviation, max] = [mean, Math.sqrt(squares / total), highest].map((value) =>
    value.toFixed(3).padStart(12),
  );
  return (
    `#[Mean    = ${meanText ?? ''}, StdDeviation   = ${deviation ?? ''}]\n` +
    `#[Max     = ${max ?? ''}, Total count    = ${String(total).padStart(12)}]\n` +
    `#[Buckets = ${String(octaves).padStart(12)}, SubBuckets     = ${String(SUB_BUCKETS).padStart(12)}]\n`
  );
}
