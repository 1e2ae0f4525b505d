/**
 * The catalogue of everything that is counted: events of the mechanisms, which have a
 * price in virtual nanoseconds, and the kernel's own counters under the kernel's own names, which
 * mean here exactly what they mean there and cost nothing.
 * @source kernel names: linux 6.18 include/linux/vm_event_item.h, mm/zswap.c (debugfs)
 */

/** Events that a cost profile prices; each is one step of a mechanism. */
export const EVENT_NAMES = [
  // Faults and page tables.
  'pageTouch',
  'pageFault',
  'pteVisit',
  'pteWrite',
  'pageTableAlloc',
  'tlbFlush',
  'cowCopy',
  'forkPte',
  // Memory and its lists.
  'frameAlloc',
  'frameFree',
  'memcgCharge',
  'lruMove',
  'rmapWalk',
  // Swap cache and tables.
  'tableRead',
  'tableWrite',
  'tableAlloc',
  'tableFree',
  'extendTableAlloc',
  'swapMapWrite',
  'cgroupRead',
  'cgroupWrite',
  'zeromapRead',
  'zeromapWrite',
  'redirectRead',
  'redirectWrite',
  'lookupCacheHit',
  'lookupCacheMiss',
  'readaheadPin',
  'xaLoad',
  'xaStore',
  'xaErase',
  'xaNodeAlloc',
  'xaNodeFree',
  'rbVisit',
  'rbRotate',
  // Slots.
  'slotAlloc',
  'slotFree',
  'slotScan',
  'clusterAlloc',
  'clusterFree',
  'clusterMove',
  'areaRotate',
  'percpuClusterHit',
  'percpuClusterMiss',
  'clusterChunkMap',
  'clusterChunkUnmap',
  // Locks, one name a lock.
  'lockAcquire.percpuCluster',
  'lockAcquire.cluster',
  'lockAcquire.swapInfo',
  'lockAcquire.globalCluster',
  'lockAcquire.swapCache',
  'lockAcquire.virtualCluster',
  'lockAcquire.virtualClusterMap',
  'lockAcquire.zswapTree',
  'lockAcquire.zswapLru',
  'lockAcquire.zsmalloc',
  'lockAcquire.zbud',
  'lockAcquire.lru',
  'lockAcquire.folio',
  // Bytes.
  'zeroCheck',
  'pageClear',
  'memcpyPage',
  'compress',
  'decompress',
  'zsmallocAlloc',
  'zsmallocFree',
  'zspageAlloc',
  'zspageFree',
  'zsmallocMove',
  'zbudAlloc',
  'zbudFree',
  'zbudPageAlloc',
  'zbudPageFree',
  'checksum',
  // Devices.
  'locationRead',
  'locationWrite',
  'deviceSubmit',
  'deviceRead',
  'deviceWrite',
] as const;

/** Counters of /proc/vmstat and of zswap's debugfs, and what the emulated system did to tasks. */
export const COUNTER_NAMES = [
  'pgfault',
  'pgmajfault',
  'pgscan_anon',
  'pgscan_file',
  'pgsteal_anon',
  'pgsteal_file',
  'pgactivate',
  'pgdeactivate',
  'pgrefill',
  'pgrotated',
  'pswpin',
  'pswpout',
  'swpin_zero',
  'swpout_zero',
  // Of one word over and over, not zeros: no kernel's counters.
  'swpin_filled',
  'swpout_filled',
  'zswpin',
  'zswpout',
  'zswpwb',
  'swap_ra',
  'swap_ra_hit',
  'nr_vmscan_write',
  'workingset_refault_anon',
  'workingset_activate_anon',
  'workingset_restore_anon',
  'oom_kill',
  'sigbus',
  'swap_alloc_fail',
  'swap.entriesTaken',
  'swap.referencesFreed',
  'write_error',
  'read_error',
  'checksumMismatch',
  'zswap.pool_limit_hit',
  'zswap.reject_reclaim_fail',
  'zswap.reject_alloc_fail',
  'zswap.reject_compress_fail',
  'zswap.reject_compress_poor',
  'zswap.reject_kmemcache_fail',
  // Those of 2013 alone.
  'zswap.reject_writeback_attempted',
  'zswap.reject_tmppage_fail',
  'zswap.reject_zsmalloc_fail',
  'zswap.saved_by_writeback',
  'zswap.duplicate_entry',
  'zswap.decompress_fail',
  'zswap.written_back_pages',
  'zswap.refused',
  'zswap.writebackBatches',
] as const;

export type EventName = (typeof EVENT_NAMES)[number];
export type CounterName = (typeof COUNTER_NAMES)[number];
export type CountedName = EventName | CounterName;

/** All names; the index of a name here is its identity on the hot path. */
export const COUNTED_NAMES: readonly CountedName[] = [...EVENT_NAMES, ...COUNTER_NAMES];

/** Index of each name, for `engine.count(EV.tableRead)`. */
export const EV: Readonly<Record<CountedName, number>> = Object.freeze(
  Object.fromEntries(COUNTED_NAMES.map((name, index) => [name, index])),
) as Readonly<Record<CountedName, number>>;
