/** A stored run as one JSON document: the keys of `run --json`, and what else is stored. */
import { percentileOf, type HistogramBucket } from '../../engine/index.ts';
import type { RunSummary, StoredRun } from '../../runs/index.ts';

/** Percentiles that are printed, beside the highest value. */
export const PERCENTILES = [50, 90, 99, 99.9, 99.99] as const;

/** The document of `runs show --json` and of `runs export --format json`. */
export function runDocument(run: StoredRun): Record<string, unknown> {
  const { spec, phases, metadata, areas, faults, faultCounts, events, steering } = run;
  const { metrics, operations, slotMaps, intervals, checkpoint } = run;
  const histograms = run.histograms.map((histogram) => ({
    ...histogram,
    count: countOf(histogram.buckets),
    percentiles: percentilesOf(histogram.buckets),
  }));
  return {
    ...summaryDocument(run),
    ...{ spec, phases, metadata, histograms, metrics, operations, areas, slotMaps },
    ...{ faults, faultCounts, events, steering, intervals, checkpoint },
  };
}

/** The document of a line of `runs ls`. */
export function summaryDocument(run: RunSummary): Record<string, unknown> {
  const { design, status, exitReason, name, seed, specHash, version, command, digest } = run;
  const { verify, slotRuns, phaseCount, virtualNs, wallMs, startedMs, finishedMs } = run;
  return {
    ...{ run: run.runId, design, status, exitReason, name, seed, specHash, version, command },
    ...{ digest, verify, slotRuns, phaseCount, virtualNs, wallMs, startedMs, finishedMs },
  };
}

/** `p50` to `p99.99` and `max` of what is in the buckets; empty when nothing is. */
export function percentilesOf(buckets: readonly HistogramBucket[]): Record<string, number> {
  const highest = buckets.at(-1);
  if (highest === undefined) return {};
  const percentiles = PERCENTILES.map((percent) => [`p${percent}`, percentileOf(buckets, percent)]);
  return { ...Object.fromEntries(percentiles), max: highest.high } as Record<string, number>;
}

export function countOf(buckets: readonly HistogramBucket[]): number {
  return buckets.reduce((sum, { count }) => sum + count, 0);
}
