/** Stretches of free slots, found cluster by cluster: a terabyte that is empty takes milliseconds. */
import { clusterOf, SWAPFILE_CLUSTER, type ClusterIndex, type SlotIndex } from '../units/index.ts';
import type { SlotArea } from './slot-area.ts';

/** What is asked of the tables. */
export interface SlotsLookedAt {
  /** Slots to look at: from `first` up to `end`. */
  readonly first: number;
  readonly end: number;
  /** Nothing in the cluster is taken or bad. */
  isEmptyCluster(cluster: number): boolean;
  /** Of a slot of any other cluster; bad slots are not. */
  isFree(slot: number): boolean;
}

/** Calls back for every stretch of free slots, each as long as it can be, in ascending order. */
export function forEachFreeRun(
  slots: SlotsLookedAt,
  visit: (start: number, length: number) => void,
): void {
  const { first, end } = slots;
  let start = first;
  for (let at = first; at < end;) {
    const stop = Math.min(end, (clusterOf(at as SlotIndex) + 1) * SWAPFILE_CLUSTER);
    if (slots.isEmptyCluster(clusterOf(at as SlotIndex))) {
      at = stop;
      continue;
    }
    for (; at < stop; at++) {
      if (slots.isFree(at)) continue;
      if (at > start) visit(start, at - start);
      start = at + 1;
    }
  }
  if (end > start) visit(start, end - start);
}

/** The slots of an area behind its header; nothing is counted, and no lock is taken. */
export function slotsOfArea(area: SlotArea): SlotsLookedAt {
  const { clusters } = area;
  return {
    first: 1,
    end: area.maxPages,
    isEmptyCluster: (cluster) =>
      cluster >= clusters.clusterCount || clusters.count(cluster as ClusterIndex) === 0,
    isFree: (slot) => area.isFree(slot as SlotIndex),
  };
}
