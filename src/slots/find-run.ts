/**
 * Free slots that follow each other: what a batch of writes wants, which has no folio of its size to
 * take an order for. No counterpart in the kernel.
 */
import { EV, type Engine } from '../engine/index.ts';
import { clusterOf, NO_SLOT, SWAPFILE_CLUSTER, type SlotIndex } from '../units/index.ts';
import type { ClusterSupply } from './cluster-supply.ts';
import { ClusterList, NO_CLUSTER, type ClusterTable } from './cluster-table.ts';
import type { SlotOwner } from './slot-owner.ts';

/** Partly used clusters of each kind that are searched. @source assumed: 8 x 512 slots in all */
const RUN_CLUSTERS = 4;

export interface RunSearch {
  readonly engine: Engine;
  readonly clusters: ClusterTable;
  readonly supply: ClusterSupply;
  readonly maxPages: number;
  readonly owner: SlotOwner;
}

/** Free slots that follow each other from `slot` on, in its cluster and up to `most`. */
export function runAt(search: RunSearch, slot: SlotIndex, most: number): number {
  const { clusters, supply, owner } = search;
  const cluster = clusterOf(slot);
  if (!supply.exists(cluster)) return 0;
  const list = clusters.list(cluster);
  if (list === ClusterList.full || list === ClusterList.free) return 0;
  const end = Math.min(clusters.start(cluster) + SWAPFILE_CLUSTER, search.maxPages);
  let length = 0;
  while (length < most && slot + length < end) {
    search.engine.count(EV.slotScan);
    if (!owner.isFree((slot + length) as SlotIndex)) break;
    length += 1;
  }
  return length;
}

/**
 * A run in the partly used clusters at the heads of their lists.
 * @returns its first slot: the first run of `wanted` slots, else the longest one seen; 0 for none
 */
export function longestRun(search: RunSearch, wanted: number): SlotIndex {
  const { clusters } = search;
  let best: SlotIndex = NO_SLOT;
  let bestLength = 0;
  for (const list of [ClusterList.nonfull, ClusterList.frag]) {
    let cluster = clusters.first(list, 0);
    for (let left = RUN_CLUSTERS; left > 0 && cluster !== NO_CLUSTER; left--) {
      const start = clusters.start(cluster);
      const end = Math.min(start + SWAPFILE_CLUSTER, search.maxPages);
      for (let slot = start; slot < end;) {
        const length = runAt(search, slot, wanted);
        if (length > bestLength) {
          best = slot;
          bestLength = length;
        }
        if (bestLength === wanted) return best;
        slot = (slot + length + 1) as SlotIndex;
      }
      cluster = clusters.following(cluster);
    }
  }
  return best;
}
