/**
 * Stored runs in the shape of fio's JSON output, so that tools which read it read ours: a job a run,
 * what its devices read and wrote in virtual time.
 *
 * Only keys with a source in the run are there. Of fio's keys are left out: slat and lat (there is no
 * submission apart), mean and deviations (buckets do not have them), CPU times, I/O depths.
 * Percentiles are upper ends of buckets, and the keys of `bins` are the same upper ends, so that who
 * recomputes them from the bins, as fio's own tests do, gets equal numbers. As in fio, `percentile`
 * is not there when N is 0.
 *
 * @source fio 3.36 stat.c add_ddir_status_json, add_ddir_lat_json; the list is stat.c's default
 */
import { percentileOf, type HistogramBucket } from '../../engine/index.ts';
import type { StoredRun } from '../../runs/index.ts';
import { PAGE_SIZE } from '../../units/index.ts';
import { countOf } from './document.ts';

const FIO_PERCENTILES = [
  ...[1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99],
] as const;

export function fioExport(runs: readonly StoredRun[]): string {
  const finishedMs = Math.max(0, ...runs.map((run) => run.finishedMs ?? run.startedMs));
  const [first] = runs;
  const document = {
    'fio version': `swaplab-${first?.version ?? ''}`,
    timestamp: Math.floor(finishedMs / 1000),
    timestamp_ms: finishedMs,
    time: new Date(finishedMs).toUTCString(),
    jobs: runs.map(job),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function job(run: StoredRun): Record<string, unknown> {
  const { runId, name, status, phases } = run;
  const runtimeNs = run.virtualNs ?? phases.reduce((sum, { virtualNs }) => sum + virtualNs, 0);
  const majorFaults = phases.reduce((sum, { counters }) => sum + (counters['pgmajfault'] ?? 0), 0);
  return {
    jobname: name ?? `run-${runId}`,
    groupid: 0,
    job_start: run.startedMs,
    error: status === 'done' || status === 'running' ? 0 : 1,
    'job options': { name: name ?? `run-${runId}`, swaplab_run: runId, command: run.command },
    read: direction(
      run,
      { pages: 'pagesRead', ios: 'reads', histogram: 'deviceRead.ns' },
      runtimeNs,
    ),
    write: direction(
      run,
      { pages: 'pagesWritten', ios: 'writes', histogram: 'deviceWrite.ns' },
      runtimeNs,
    ),
    job_runtime: Math.round(runtimeNs / 1e6),
    majf: majorFaults,
  };
}

/** Where a run has what devices did in one direction. */
interface DirectionNames {
  readonly pages: string;
  readonly ios: string;
  readonly histogram: string;
}

function direction(
  run: StoredRun,
  { pages, ios, histogram }: DirectionNames,
  runtimeNs: number,
): Record<string, unknown> {
  const sum = (name: string): number =>
    run.areas.reduce((total, { counters }) => total + (counters[name] ?? 0), 0);
  const bytes = sum(pages) * PAGE_SIZE;
  const bytesPerSecond = runtimeNs === 0 ? 0 : (bytes * 1e9) / runtimeNs;
  const buckets = run.histograms.find(({ name }) => name === histogram)?.buckets;
  return {
    io_bytes: bytes,
    io_kbytes: bytes / 1024,
    bw_bytes: Math.floor(bytesPerSecond),
    bw: Math.floor(bytesPerSecond / 1024),
    iops: runtimeNs === 0 ? 0 : Number(((sum(ios) * 1e9) / runtimeNs).toFixed(6)),
    runtime: Math.round(runtimeNs / 1e6),
    total_ios: sum(ios),
    ...(buckets === undefined ? {} : { clat_ns: latency(buckets) }),
  };
}

function latency(buckets: readonly HistogramBucket[]): Record<string, unknown> {
  const N = countOf(buckets);
  if (N === 0) return { N };
  return {
    min: buckets[0]!.low,
    max: buckets.at(-1)!.high,
    N,
    percentile: Object.fromEntries(
      FIO_PERCENTILES.map((percent) => [percent.toFixed(6), percentileOf(buckets, percent)]),
    ),
    bins: Object.fromEntries(buckets.map(({ high, count }) => [String(high), count])),
  };
}
