/** What two runs of the same workload are compared by. */
import type { CountedName } from '../engine/index.ts';
import { PAGE_SIZE } from '../units/index.ts';
import { deviceMetrics } from './device-metrics.ts';
import { faultMetrics } from './fault-metrics.ts';
import { counter, type Metric } from './metric.ts';
import type { RunResult } from './run-result.ts';

type Counts = Readonly<Partial<Record<CountedName, number>>>;

/** The kernel's counters, in the order of a page's way. */
const COUNTERS: readonly (readonly [CountedName, Metric['better']])[] = [
  ['pgmajfault', 'lower'],
  ['zswpout', 'none'],
  ['zswpin', 'none'],
  ['zswpwb', 'lower'],
  ['pswpout', 'lower'],
  ['pswpin', 'lower'],
  ['swpout_zero', 'none'],
  ['swpin_zero', 'none'],
  ['swpout_filled', 'none'],
  ['swpin_filled', 'none'],
  ['swap_ra', 'none'],
  ['swap_ra_hit', 'higher'],
  ['workingset_refault_anon', 'lower'],
  ['swap_alloc_fail', 'lower'],
  ['oom_kill', 'lower'],
];

/** Those of the counters that count no pages. */
const EVENTS: ReadonlySet<CountedName> = new Set<CountedName>([
  'pgmajfault',
  'swap_alloc_fail',
  'oom_kill',
]);

const READS: readonly CountedName[] = [
  'tableRead',
  'redirectRead',
  'zeromapRead',
  'cgroupRead',
  'lookupCacheHit',
];
const WRITES: readonly CountedName[] = [
  'tableWrite',
  'swapMapWrite',
  'zeromapWrite',
  'cgroupWrite',
  'redirectWrite',
];
const TREE: readonly CountedName[] = ['xaLoad', 'xaStore', 'xaErase'];
const RED_BLACK: readonly CountedName[] = ['rbVisit', 'rbRotate'];
/** What a location map adds to each look-up: the extra indirection. */
const LOCATIONS: readonly CountedName[] = ['locationRead', 'locationWrite'];
/** Locks that a design takes; those of folios, the LRU and zswap's pool are the same under all. */
const LOCKS: readonly CountedName[] = [
  'lockAcquire.percpuCluster',
  'lockAcquire.cluster',
  'lockAcquire.swapInfo',
  'lockAcquire.globalCluster',
  'lockAcquire.swapCache',
  'lockAcquire.virtualCluster',
  'lockAcquire.virtualClusterMap',
  'lockAcquire.zswapTree',
];

/** Pages that left memory; a page that zswap writes back later has left it once. */
function swapOuts(result: RunResult): number {
  const count = counter(result);
  const filled = count('swpout_zero') + count('swpout_filled');
  return count('zswpout') + filled + count('pswpout') - count('zswpwb');
}

/** Pages that came back, those read ahead among them. */
function swapIns(result: RunResult): number {
  const count = counter(result);
  return count('zswpin') + count('pswpin') + count('swpin_zero') + count('swpin_filled');
}

/** References that were dropped for good: by DONTNEED, by exit, and at the end of all tasks. */
function frees(result: RunResult): number {
  return result.operations.free['swap.referencesFreed'] ?? 0;
}

/** The operations whose costs are told, each with its denominator. */
const OPERATIONS = [
  { key: 'swapOut', label: 'per 1000 pages swapped out', count: swapOuts },
  { key: 'swapIn', label: 'per 1000 pages swapped in', count: swapIns },
  { key: 'free', label: 'per 1000 entries freed', count: frees },
] as const;

const STEPS: readonly (readonly [string, readonly CountedName[]])[] = [
  ['table words read', READS],
  ['table words written', WRITES],
  ['xarray operations', TREE],
  ['red-black tree steps', RED_BLACK],
  ['location map accesses', LOCATIONS],
  ['locks taken', LOCKS],
  ['slots looked at', ['slotScan']],
];

function perThousand(): Metric[] {
  return OPERATIONS.flatMap(({ key, label, count }) =>
    STEPS.map(([name, events]): Metric => ({
      group: label,
      name,
      unit: 'events',
      better: 'lower',
      value: (result) => {
        const pages = count(result);
        return pages === 0 ? null : (sum(result.operations[key], events) * 1000) / pages;
      },
    })),
  );
}

/** Metrics of one name in several groups are told apart by the group. */
export function metricName({ group, name }: Metric): string {
  return group.startsWith('per 1000') || group === 'metadata' ? `${name} ${group}` : name;
}

/** Every metric, in the order of the table; a design's own gauges are those that `results` have. */
export function metricsOf(results: readonly RunResult[]): Metric[] {
  const gauges = [...new Set(results.flatMap(({ gauges: each }) => Object.keys(each)))];
  return [
    ...COUNTERS.map(([name, better]): Metric => ({
      group: 'kernel counters',
      name,
      unit: EVENTS.has(name) ? 'events' : 'pages',
      better,
      value: (result) => counter(result)(name),
    })),
    ...perThousand(),
    ...allocation,
    ...compressed,
    ...compressedAreas,
    ...deviceMetrics,
    ...usage,
    ...memory,
    ...gauges.map((name): Metric => ({
      group: 'only some designs',
      name,
      unit: 'count',
      better: 'none',
      value: (result) => result.gauges[name] ?? null,
    })),
    // Only where something was made to fail: other comparisons have their rows as they were.
    ...(results.some(({ faults }) => faults.length > 0) ? faultMetrics : []),
    ...outcome,
  ];
}

/** A metric of a run, worked out. */
export interface MetricRow {
  readonly group: string;
  /** In full (`metricName`). */
  readonly name: string;
  readonly unit: string;
  readonly better: Metric['better'];
  readonly isAlwaysShown: boolean;
  readonly value: number;
}

/** Every metric that a run has, in the order of the table. */
export function metricRows(result: RunResult): MetricRow[] {
  return metricsOf([result]).flatMap((metric) => {
    const { group, unit, better, isAlwaysShown = false } = metric;
    const value = metric.value(result);
    if (value === null) return [];
    return [{ group, name: metricName(metric), unit, better, isAlwaysShown, value }];
  });
}

function allOperations(result: RunResult, events: readonly CountedName[]): number {
  return Object.values(result.operations).reduce((total, counts) => total + sum(counts, events), 0);
}

function counted(group: string, name: string, events: readonly CountedName[]): Metric {
  const value = (result: RunResult): number => allOperations(result, events);
  return { group, name, unit: 'events', better: 'lower', value };
}

const allocation: readonly Metric[] = [
  counted('allocation', 'tables and nodes allocated', [
    'tableAlloc',
    'extendTableAlloc',
    'xaNodeAlloc',
  ]),
  counted('allocation', 'clusters allocated', ['clusterAlloc']),
  counted('allocation', 'per-CPU cluster missed', ['percpuClusterMiss']),
  counted('allocation', 'locks taken in all', LOCKS),
];

/** A metric of zswap, from its gauges. */
function ofZswap(
  name: string,
  unit: string,
  better: Metric['better'],
  of: (gauge: (name: string) => number) => number | null,
): Metric {
  const value = (result: RunResult): number | null => of((each) => result.zswap[each] ?? 0);
  return { group: 'zswap', name, unit, better, value };
}

/** How many pages go into one, by bytes; null while nothing is held. */
function compression(pages: number, bytes: number): number | null {
  return bytes === 0 ? null : (pages * PAGE_SIZE) / bytes;
}

const compressed: readonly Metric[] = [
  {
    group: 'zswap',
    name: 'pages refused by zswap',
    unit: 'pages',
    better: 'lower',
    value: (result) => counter(result)('zswap.refused'),
  },
  {
    group: 'zswap',
    name: 'pages decompressed',
    unit: 'pages',
    better: 'lower',
    // Null with a zram: what it decompresses at a read is in the time of its profile, not counted.
    value: (result) =>
      result.areas.some(({ zram }) => zram !== undefined)
        ? null
        : allOperations(result, ['decompress']),
  },
  ofZswap('pool bytes max', 'bytes', 'lower', (gauge) => gauge('pool_total_size_max')),
  ofZswap('compression by the compressor', ': 1', 'higher', (gauge) =>
    compression(gauge('stored_pages'), gauge('stored_bytes')),
  ),
  ofZswap('compression in the pool', ': 1', 'higher', (gauge) =>
    compression(gauge('stored_pages'), gauge('pool_total_size')),
  ),
  age('age of pages that went to a device', 'higher', ({ gone }) => gone),
  age('age of pages that stayed', 'lower', ({ kept }) => kept),
  // Refused pages are of age 0. A page is the smallest age there is to tell apart, so that a cache
  // that does nothing but refuse has a number too.
  age('LRU inversion', 'lower', ({ kept, gone }) => kept / Math.max(1, gone), ': 1'),
];

/** A metric of the areas in compressed memory; null in a run without one. */
function ofZram(name: string, unit: string, better: Metric['better'], figure: string): Metric {
  const value = ({ areas }: RunResult): number | null => {
    const zrams = areas.flatMap(({ zram }) => (zram === undefined ? [] : [zram[figure] ?? 0]));
    return zrams.length === 0 ? null : zrams.reduce((total, each) => total + each, 0);
  };
  return { group: 'zram', name, unit, better, value };
}

const compressedAreas: readonly Metric[] = [
  // Of several devices the sum of what each had at most.
  ofZram('zram bytes max', 'bytes', 'lower', 'mem_used_max'),
  ofZram('zram pages of one word', 'pages', 'none', 'same_pages'),
  ofZram('writes refused by zram', 'pages', 'lower', 'failed_writes'),
];

/** A metric of the ages in zswap; null in a run of which nothing went to a device. */
function age(
  name: string,
  better: Metric['better'],
  of: (mean: { readonly kept: number; readonly gone: number }) => number,
  unit = 'pages offered',
): Metric {
  const value = ({ zswap }: RunResult): number | null => {
    const { age_kept_mean: kept, age_gone_mean: gone } = zswap;
    return kept === undefined || gone === undefined ? null : of({ kept, gone });
  };
  return { group: 'zswap', name, unit, better, value };
}

function used(
  name: string,
  better: Metric['better'],
  of: (usage: RunResult['usage']) => number,
): Metric {
  const value = (result: RunResult): number => of(result.usage);
  return { group: 'swap usage at the end', name, unit: 'pages', better, value };
}

const usage: readonly Metric[] = [
  used('entries in use (virtual)', 'none', ({ entries }) => entries),
  used('slots in use (physical)', 'lower', ({ slots }) => slots),
  used('slots taken by data in zswap', 'lower', ({ slotsOfZswap }) => slotsOfZswap),
  used('pages in zswap', 'none', ({ zswapEntries }) => zswapEntries),
  used('zero pages', 'none', ({ zeroEntries }) => zeroEntries),
  used('charged to the cgroup', 'none', ({ chargedPages }) => chargedPages),
];

const memory: readonly Metric[] = [
  {
    group: 'metadata',
    name: 'most at any sample',
    unit: 'bytes',
    better: 'lower',
    value: (result) => result.metadataBytesMax,
  },
  {
    group: 'metadata',
    name: 'at the end',
    unit: 'bytes',
    better: 'lower',
    value: (result) => result.metadata.reduce((total, { bytes }) => total + bytes, 0),
  },
];

/** How a run ended. */
const outcome: readonly Metric[] = [
  {
    group: 'runs',
    name: 'pages compared',
    unit: 'pages',
    better: 'none',
    isAlwaysShown: true,
    value: ({ verify }) => verify.pagesChecked,
  },
  {
    group: 'runs',
    name: 'mismatches',
    unit: 'pages',
    better: 'lower',
    isAlwaysShown: true,
    value: ({ verify }) => verify.mismatches,
  },
  {
    group: 'runs',
    name: 'killed tasks',
    unit: 'tasks',
    better: 'lower',
    isAlwaysShown: true,
    value: ({ killedTasks }) => killedTasks,
  },
];

function sum(counts: Counts, events: readonly CountedName[]): number {
  return events.reduce((total, event) => total + (counts[event] ?? 0), 0);
}
