/** Runs for tests of comparisons, made by hand. */
import type { MetricRecord, StoredRun } from '../../../src/runs/index.ts';
import type { ComparedColumn, MeasuredRun } from '../../../src/report/comparison/index.ts';

export function metric(
  name: string,
  value: number,
  more: Partial<MetricRecord> = {},
): MetricRecord {
  return {
    ...{ group: 'group', name, unit: 'pages', better: 'lower', isAlwaysShown: false, value },
    ...more,
  };
}

/** A spec as `run` stores it, as far as comparisons look at it. */
export const SPEC = {
  name: 'one',
  seed: 1,
  design: 'vswap',
  machine: { ram: '1G', memory: '16M' },
  areas: [{ size: '64M', ghost: false, on: true }],
  zswap: { compressor: 'lz4', compressorVersion: 'lz4 1.9', maxPoolPercent: 20 },
  workload: { trace: 'pages 16\nW 0 16 seq 16 1 rand\n', source: 't' },
  costs: 'default',
  areasHeld: [],
} as const;

export function measured(
  seed: number,
  values: Readonly<Record<string, number>>,
  more: Partial<MeasuredRun> = {},
): MeasuredRun {
  return {
    ...{ runId: seed, design: 'vswap', seed, digest: `digest ${seed}` },
    spec: { ...SPEC, seed },
    metrics: Object.entries(values).map(([name, value]) => metric(name, value)),
    verify: { pagesChecked: 16, mismatches: 0 },
    ...more,
  };
}

/** A column whose runs have these values of one metric, `m`, with seeds from `seed` on. */
export function column(label: string, values: readonly number[], seed = 1): ComparedColumn {
  return { label, runs: values.map((m, index) => measured(seed + index, { m })) };
}

export function stored(runId: number, more: Partial<StoredRun> = {}): StoredRun {
  return {
    ...{ runId, specHash: '', design: 'vswap', seed: 1, version: '0.1.0', name: null },
    ...{ command: `swaplab run ${runId}`, status: 'done', exitReason: null, exitCode: 0 },
    ...{ phaseCount: 1, digest: 'd', verify: { pagesChecked: 16, mismatches: 0 }, slotRuns: 1 },
    ...{ virtualNs: 5, wallMs: runId, startedMs: runId, finishedMs: runId + 1 },
    spec: SPEC,
    phases: [
      {
        ...{ index: 0, op: 'W 0 16 seq 16 1 rand', counters: { pswpout: 3, pswpin: 1 } },
        ...{ present: 1, swapped: 15, virtualNs: 5, wallMs: runId, zswap: null, series: [] },
      },
    ],
    metadata: [{ term: 'map', bytes: 32, kind: 'static' }],
    histograms: [],
    areas: [
      {
        ...{ type: 0, path: `/tmp/${runId}`, kind: 'file', pages: 9, usedPages: 1, priority: -2 },
        counters: { pagesWritten: 3 },
      },
    ],
    ...{ faults: [], faultCounts: [], steering: [], events: [] },
    metrics: [metric('pswpout', 3), metric('pswpin', 1)],
    ...{ operations: {}, slotMaps: [], intervals: [], checkpoint: null },
    ...more,
  };
}
