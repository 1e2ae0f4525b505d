/** The port through which the allocator asks what a slot holds. */
import type { ClusterIndex, SlotIndex } from '../units/index.ts';

/** What the allocator must know of the tables that say what a slot holds; a design implements it. */
export interface SlotOwner {
  /** The slot holds nothing. */
  isFree(slot: SlotIndex): boolean;
  /** The slot is kept by the swap cache alone: no page table refers to it. */
  isCacheOnly(slot: SlotIndex): boolean;
  /** The slot is taken (for the swap cache); the cluster's lock is held. */
  claim(slot: SlotIndex): void;
  /** A free cluster comes into use: its table is needed. False when memory for it lacks. */
  openCluster(cluster: ClusterIndex): boolean;
  /** A cluster has become empty: its table can go. */
  closeCluster(cluster: ClusterIndex): void;
  /** Tries to free a cache-only slot by dropping its cached folio. No cluster lock is held. */
  reclaimCached(slot: SlotIndex): boolean;
}
