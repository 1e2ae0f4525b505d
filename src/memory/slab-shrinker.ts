/**
 * How reclaim asks a cache that is not on its lists (a "slab") to give something up: in proportion to
 * how hard it scans its own lists, with what was too little to act on carried over.
 * Kernel counterpart: do_shrink_slab (linux 6.12 and 6.18 mm/shrinker.c), called by shrink_node_memcgs
 * after each cgroup's lists.
 */
import { SHRINK_STOP, type Shrinker } from '../zswap/index.ts';
import type { MemoryCgroup } from './memory-cgroup.ts';

/** Objects that one call looks at. @source linux 6.18 SHRINK_BATCH */
const SHRINK_BATCH = 128;
/** @source linux 6.18 DEFAULT_SEEKS */
const DEFAULT_SEEKS = 2;

/**
 * Asks once.
 * @param priority - of the scan, 12 (light) to 0
 * @returns objects freed
 */
export function shrinkSlab(shrinker: Shrinker, cgroup: MemoryCgroup, priority: number): number {
  const freeable = shrinker.count(cgroup.id);
  if (freeable === 0) return 0;
  const deferred = cgroup.deferredScan;
  const delta = Math.floor(((freeable >>> priority) * 4) / DEFAULT_SEEKS);
  let toScan = Math.min(Math.floor(deferred / 2 ** priority) + delta, 2 * freeable);
  let freed = 0;
  let scanned = 0;
  // Less than a batch waits, unless it is all that there is.
  while (toScan >= SHRINK_BATCH || toScan >= freeable) {
    const size = Math.min(SHRINK_BATCH, toScan);
    const result = shrinker.scan(cgroup.id, size);
    if (result === SHRINK_STOP) break;
    freed += result;
    toScan -= size;
    scanned += size;
  }
  cgroup.deferredScan = Math.min(Math.max(0, deferred + delta - scanned), 2 * freeable);
  return freed;
}
