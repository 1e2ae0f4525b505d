/**
 * What the generations of zswap do differently, as data. Everything else is the same code.
 *
 * | | 2013 (first posted, v9) | 6.12 | 6.18 |
 * |---|---|---|---|
 * | index (plain designs) | red-black tree per swap type | xarray per 64 MiB | xarray per 64 MiB |
 * | a load | keeps the copy, makes it young | takes the copy | takes the copy |
 * | a page that hardly shrinks | refused above max_compression_ratio | refused | kept as it is |
 * | the limit | asked when the pool wants a page | asked at each store, with hysteresis | as 6.12 |
 * | at the limit | the store itself writes back 16 entries and tries again | a worker is queued | as 6.12 |
 * | LRU lists | one per swap type, no second chance | one per cgroup, second chance | as 6.12 |
 * | written_back_pages | counts completions | counts submissions | as 6.12 |
 * | memory.zswap.* and the charge of the pool (cgroup v2) | no | yes | yes |
 * @source zswap v9 patches 4 and 7 (linux-mm, 2013-04-14); linux 6.12 and 6.18 mm/zswap.c
 */
import type { CounterName } from '../engine/index.ts';
import { ZSWAP_ENTRY_BYTES } from './zswap-entries.ts';
import type { ZswapIndexKind } from './zswap-index.ts';

/** Entries that a failed store of 2013 tries to write back. @source v9 patch 7 */
export const STORE_FLUSH_MAX = 16;
/** More writes under way than this and 2013 writes nothing back. @source v9 patch 7 */
export const OUTSTANDING_WRITEBACKS_MAX = 64;

export interface ZswapGeneration {
  /** What plain designs look entries up in. */
  readonly index: ZswapIndexKind;
  /** Bytes of struct zswap_entry. */
  readonly entryBytes: number;
  /** A load takes the entry out of zswap and leaves the folio dirty. */
  readonly loadsAreExclusive: boolean;
  /** `raw`: a page that does not shrink is kept as it is where it can be written back. */
  readonly incompressible: 'refuse' | 'raw';
  /** Pages above `maxCompressionRatio` percent of their size are refused. */
  readonly hasRatioLimit: boolean;
  /** `store`: asked before each store, with hysteresis. `pool`: when the pool wants a page. */
  readonly limit: 'store' | 'pool';
  /** Entries get a second chance before they are written back. */
  readonly hasSecondChance: boolean;
  readonly lists: 'cgroup' | 'area';
  /** An entry whose writeback failed: to the young end, or back to the cold one. */
  readonly failedGo: 'young' | 'cold';
  /** Writes are left under way to the end of the round, and count when they have ended. */
  readonly countsCompletions: boolean;
  /** A store that finds an older entry is counted. */
  readonly countsDuplicates: boolean;
  /** Module parameters that can be written while the machine runs. */
  readonly parameters: readonly ZswapParameterName[];
  /** /sys/kernel/debug/zswap: counters that are counted here, and gauges. */
  readonly debugfs: readonly (readonly [file: string, CounterName | GaugeName])[];
}

/** Gauges by what they measure. */
export type GaugeName =
  'poolBytes' | 'poolPages' | 'storedPages' | 'incompressiblePages' | 'outstandingWritebacks';

/** @source linux 6.18 mm/zswap.c zswap_debugfs_init; the order of the files is the kernel's */
const today: ZswapGeneration['debugfs'] = [
  ['pool_limit_hit', 'zswap.pool_limit_hit'],
  ['reject_reclaim_fail', 'zswap.reject_reclaim_fail'],
  ['reject_alloc_fail', 'zswap.reject_alloc_fail'],
  ['reject_kmemcache_fail', 'zswap.reject_kmemcache_fail'],
  ['reject_compress_fail', 'zswap.reject_compress_fail'],
  ['reject_compress_poor', 'zswap.reject_compress_poor'],
];

/** Module parameters by their names, of all versions. */
export type ZswapParameterName =
  | 'enabled'
  | 'compressor'
  | 'max_pool_percent'
  | 'accept_threshold_percent'
  | 'max_compression_ratio'
  | 'shrinker_enabled';

/** @source linux 6.12 and 6.18 mm/zswap.c: module_param with mode 0644 */
const writable: readonly ZswapParameterName[] = [
  'enabled',
  'compressor',
  'max_pool_percent',
  'accept_threshold_percent',
  'shrinker_enabled',
];

/** What 6.12 and 6.18 have in common. */
const recent = {
  index: 'xarray',
  entryBytes: ZSWAP_ENTRY_BYTES,
  loadsAreExclusive: true,
  hasRatioLimit: false,
  limit: 'store',
  hasSecondChance: true,
  lists: 'cgroup',
  failedGo: 'young',
  countsCompletions: false,
  countsDuplicates: false,
  parameters: writable,
} as const;

export type ZswapVersion = '2013' | '6.12' | '6.18';

export const generations: Readonly<Record<ZswapVersion, ZswapGeneration>> = {
  '2013': {
    index: 'rbtree',
    // Its fields: node 24, LRU 16, reference count 4 (+ 4), offset 8, handle 8, length 4 (+ 4).
    entryBytes: 72,
    loadsAreExclusive: false,
    incompressible: 'refuse',
    hasRatioLimit: true,
    limit: 'pool',
    hasSecondChance: false,
    lists: 'area',
    failedGo: 'cold',
    countsCompletions: true,
    countsDuplicates: true,
    // Switched on, and its compressor chosen, at boot. @source v9 patch 4
    parameters: ['max_pool_percent', 'max_compression_ratio'],
    debugfs: [
      ['pool_limit_hit', 'zswap.pool_limit_hit'],
      ['reject_writeback_attempted', 'zswap.reject_writeback_attempted'],
      ['reject_tmppage_fail', 'zswap.reject_tmppage_fail'],
      ['reject_zsmalloc_fail', 'zswap.reject_zsmalloc_fail'],
      ['reject_kmemcache_fail', 'zswap.reject_kmemcache_fail'],
      ['saved_by_writeback', 'zswap.saved_by_writeback'],
      ['written_back_pages', 'zswap.written_back_pages'],
      ['reject_compress_poor', 'zswap.reject_compress_poor'],
      ['duplicate_entry', 'zswap.duplicate_entry'],
      ['pool_pages', 'poolPages'],
      ['stored_pages', 'storedPages'],
      ['outstanding_writebacks', 'outstandingWritebacks'],
    ],
  },
  '6.12': {
    ...recent,
    incompressible: 'refuse',
    debugfs: [
      ...today,
      ['written_back_pages', 'zswap.written_back_pages'],
      ['pool_total_size', 'poolBytes'],
      ['stored_pages', 'storedPages'],
    ],
  },
  '6.18': {
    ...recent,
    incompressible: 'raw',
    debugfs: [
      ...today,
      ['decompress_fail', 'zswap.decompress_fail'],
      ['written_back_pages', 'zswap.written_back_pages'],
      ['pool_total_size', 'poolBytes'],
      ['stored_pages', 'storedPages'],
      ['stored_incompressible_pages', 'incompressiblePages'],
    ],
  },
};
