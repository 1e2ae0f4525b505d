/**
 * A picture of one area: how its slots stand by state, cell by cell, how its clusters stand on the
 * allocator's lists, and how long its stretches of free slots are. Taken from the tables as they are:
 * clusters of which nothing is taken are not looked into.
 */
import { Histogram, type HistogramBucket } from '../engine/index.ts';
import { SWAPFILE_CLUSTER, type ClusterIndex, type SlotIndex } from '../units/index.ts';
import { ClusterList, SWAP_NR_ORDERS, type ClusterTable } from './cluster-table.ts';
import { forEachFreeRun, slotsOfArea } from './free-runs.ts';
import type { SlotArea } from './slot-area.ts';
import { SLOT_STATES, type SlotState } from './slot-states.ts';

/** Cells of the largest map. */
export const SLOT_MAP_CELLS_MAX = 1024;

/** Slots that follow each other. */
export interface SlotMapCell {
  readonly firstSlot: number;
  readonly slots: number;
  /** By SLOT_STATES; together `slots`. */
  readonly counts: readonly number[];
}

/** Clusters on one list; of lists without orders, and of clusters on none, the order is 0. */
export interface ClusterListLength {
  readonly list: string;
  readonly order: number;
  readonly clusters: number;
}

export interface SlotMap {
  /** Of the area. */
  readonly type: number;
  /** Equally long but for the last, ascending from slot 0. */
  readonly cells: readonly SlotMapCell[];
  /** Lists without a cluster are left out. */
  readonly clusterLists: readonly ClusterListLength[];
  /** Lengths of the stretches of free slots. */
  readonly freeRuns: readonly HistogramBucket[];
}

/**
 * @param stateOf - of a slot that is taken and not bad
 * @returns the map of all slots of the area, header and bad ones included
 */
export function slotMapOf(area: SlotArea, stateOf: (slot: SlotIndex) => SlotState): SlotMap {
  const runs = new Histogram();
  forEachFreeRun(slotsOfArea(area), (_start, length) => {
    runs.record(length);
  });
  return {
    type: area.type,
    cells: cellsOf(area, stateOf),
    clusterLists: listLengths(area.clusters),
    freeRuns: [...runs.buckets()],
  };
}

function cellsOf(area: SlotArea, stateOf: (slot: SlotIndex) => SlotState): SlotMapCell[] {
  const { maxPages, clusters } = area;
  const width = Math.ceil(maxPages / SLOT_MAP_CELLS_MAX);
  const states = SLOT_STATES.length;
  const counts = new Float64Array(Math.ceil(maxPages / width) * states);
  const note = (slot: number, state: SlotState): void => {
    counts[Math.floor(slot / width) * states + SLOT_STATES.indexOf(state)]! += 1;
  };
  const bad = new Set(area.unusable);
  for (const slot of bad) note(slot, 'bad');
  for (let cluster = 0; cluster < clusters.clusterCount; cluster++) {
    if (clusters.count(cluster as ClusterIndex) === 0) continue;
    const start = clusters.start(cluster as ClusterIndex);
    const end = Math.min(start + SWAPFILE_CLUSTER, maxPages);
    for (let at = start; at < end; at = (at + 1) as SlotIndex)
      if (!area.isFree(at) && !bad.has(at)) note(at, stateOf(at));
  }
  return Array.from({ length: counts.length / states }, (_, index) => {
    const firstSlot = index * width;
    const slots = Math.min(width, maxPages - firstSlot);
    const cell = [...counts.subarray(index * states, (index + 1) * states)];
    cell[SLOT_STATES.indexOf('free')] = slots - cell.reduce((sum, count) => sum + count, 0);
    return { firstSlot, slots, counts: cell };
  });
}

/** Lists that have no orders. */
const PLAIN_LISTS = ['free', 'full', 'discard'] as const;
const LISTS_BY_ORDER = ['nonfull', 'frag'] as const;

function listLengths(clusters: ClusterTable): ClusterListLength[] {
  const lengths: ClusterListLength[] = [];
  const add = (list: keyof typeof ClusterList, order: number, count: number): void => {
    if (count > 0) lengths.push({ list, order, clusters: count });
  };
  for (const list of PLAIN_LISTS) add(list, 0, clusters.length(ClusterList[list], 0));
  for (const list of LISTS_BY_ORDER)
    for (let order = 0; order < SWAP_NR_ORDERS; order++)
      add(list, order, clusters.length(ClusterList[list], order));
  const listed = lengths.reduce((sum, each) => sum + each.clusters, 0);
  add('none', 0, clusters.clusterCount - listed);
  return lengths;
}
