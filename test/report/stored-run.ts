/** A stored run for tests of reports: small, and with something of everything. */
import { Histogram } from '../../src/engine/index.ts';
import type { HistogramRecord, SlotMapRecord, StoredRun } from '../../src/runs/index.ts';

/** A histogram of `values`. */
export function histogramOf(name: string, values: Iterable<number>): HistogramRecord {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return { name, unit: name.split('.').at(-1) ?? '', buckets: [...histogram.buckets()] };
}

/** 40 slots in cells of 8: by cell bad and free; all written; few written; half zswap; zero. */
export const SLOT_MAP: SlotMapRecord = {
  type: 0,
  cells: [
    { firstSlot: 0, slots: 8, counts: [7, 0, 0, 0, 0, 1] },
    { firstSlot: 8, slots: 8, counts: [0, 8, 0, 0, 0, 0] },
    { firstSlot: 16, slots: 8, counts: [6, 2, 0, 0, 0, 0] },
    { firstSlot: 24, slots: 8, counts: [1, 3, 4, 0, 0, 0] },
    { firstSlot: 32, slots: 8, counts: [5, 0, 0, 3, 0, 0] },
  ],
  clusterLists: [
    { list: 'free', order: 0, clusters: 3 },
    { list: 'nonfull', order: 2, clusters: 1 },
  ],
  freeRuns: [
    { low: 1, high: 1, count: 4 },
    { low: 4, high: 7, count: 2 },
  ],
};

export function storedRun(changes: Partial<StoredRun> = {}): StoredRun {
  const area = { type: 0, path: '/tmp/swaplab-run-77/swap', kind: 'file' as const, priority: -2 };
  return {
    ...{ runId: 12, specHash: 'ab'.repeat(32), design: 'vswap', seed: 3, version: '0.1.0' },
    ...{ name: 'web "1"\nback\\slash', command: 'swaplab run', status: 'done', exitReason: null },
    ...{ exitCode: 0, phaseCount: 1, digest: 'abc', slotRuns: 4, virtualNs: 2e9, wallMs: 15 },
    ...{ startedMs: Date.UTC(2026, 0, 31, 23, 59), finishedMs: Date.UTC(2026, 1, 1) },
    verify: { pagesChecked: 100, mismatches: 0 },
    spec: { areasHeld: [{ type: 0, name: null, maxPages: 131072 }], zswap: { enabled: true } },
    phases: [
      {
        ...{ index: 0, op: 'touch', present: 60, swapped: 40, virtualNs: 2e9, wallMs: 15 },
        counters: { pgmajfault: 7, pswpout: 10 },
        zswap: { stored_pages: 5 },
        series: [0, 1, 2, 3, 8].map((value, index) => ({
          ...{ name: 'swap.usedPages', timeNs: index * 10, value },
        })),
      },
    ],
    metadata: [{ term: 'swp_desc', bytes: 96, kind: 'dynamic' }],
    histograms: [
      histogramOf('deviceRead.ns', []),
      histogramOf('deviceWrite.ns', [500, 500, 900, 90_000]),
    ],
    areas: [
      {
        ...{ ...area, pages: 131071, usedPages: 40 },
        counters: { pagesWritten: 3, writes: 2, pagesRead: 0, reads: 0 },
      },
    ],
    ...{ faults: [], faultCounts: [], steering: [], operations: {}, intervals: [] },
    events: [{ timeNs: 1e9, kind: 'area', detail: `${area.path}: given up` }],
    metrics: [],
    slotMaps: [SLOT_MAP],
    checkpoint: null,
    ...changes,
  };
}
