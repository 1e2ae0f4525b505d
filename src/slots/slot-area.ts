/**
 * The slot allocator of one swap area.
 * Kernel counterpart: cluster_alloc_swap_entry, alloc_swap_scan_cluster, swap_range_free,
 * swap_reclaim_full_clusters (linux 6.18 mm/swapfile.c: nonfull clusters before free ones; through
 * 6.17 free ones first). Simplified on purpose: no discard of freed clusters, and the worker that
 * reclaims full clusters when an area is 100 % full is not run beside the task.
 */
import {
  assert,
  clusterOf,
  NO_SLOT,
  SWAPFILE_CLUSTER,
  type ClusterIndex,
  type SlotIndex,
} from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import {
  CHUNK_CLUSTERS,
  ChunkedClusters,
  DynamicClusters,
  FixedClusters,
  type ClusterSupply,
} from './cluster-supply.ts';
import { ClusterList, ClusterTable, NO_CLUSTER, SWAP_NR_ORDERS } from './cluster-table.ts';
import { longestRun, runAt } from './find-run.ts';
import type { SlotOwner } from './slot-owner.ts';

/** What the slots of an area are for; bits, so that an allocation can accept several. */
export const ROLE = {
  /** Pages are written to a device. */
  plain: 1,
  /** No device behind it: pages stay in zswap or in memory. */
  ghost: 2,
  /** The slots are virtual: they stand for bytes that are anywhere. */
  virtual: 4,
} as const;

/** Order of tries and of the free list, by kernel version. */
export type AllocatorVersion = '6.17' | '6.18';

export interface SlotAreaOptions {
  readonly type: number;
  /** One of ROLE; plain where it is not given. */
  readonly role?: number;
  readonly allocator?: AllocatorVersion;
  /** How clusters come into being: all at swapon, one by one, or in chunks at the tail. */
  readonly growth?: 'fixed' | 'dynamic' | 'chunked';
  /** Slots including the header and bad ones. */
  readonly maxPages: number;
  readonly badPages: readonly number[];
  readonly rotational: boolean;
  /** Whole block devices may hold folios above order 0; files may not. */
  readonly isBlockDevice: boolean;
  readonly priority: number;
  readonly engine: Engine;
  /** Less than half of all swap is free (vm_swap_full): cache-only slots may be reused. */
  readonly isSwapFull: () => boolean;
  /** The device wants to know which slots hold nothing any more (swap_slot_free_notify of zram). */
  readonly onSlotFreed?: (slot: SlotIndex) => void;
}

export class SlotArea {
  readonly type: number;
  readonly maxPages: number;
  /** Slots that can hold a page. */
  readonly usablePages: number;
  readonly rotational: boolean;
  readonly priority: number;
  readonly role: number;
  readonly clusters: ClusterTable;
  readonly supply: ClusterSupply;
  /** False once swapoff has begun. */
  isWritable = true;
  readonly #engine: Engine;
  readonly #isBlockDevice: boolean;
  readonly #isSwapFull: () => boolean;
  readonly #onSlotFreed: SlotAreaOptions['onSlotFreed'];
  readonly #triesFreeFirst: boolean;
  /** si->global_cluster of rotating devices. */
  readonly #globalNext = new Uint32Array(SWAP_NR_ORDERS);
  readonly #unusable: readonly number[];
  #owner: SlotOwner | undefined;
  #inUse = 0;
  /** The next allocation from the lists begins a free cluster, for a run. */
  #beginsFree = false;
  /** Result of the latest scan: where the next one goes on. */
  #nextSlot: SlotIndex = NO_SLOT;

  constructor(options: SlotAreaOptions) {
    this.type = options.type;
    this.maxPages = options.maxPages;
    this.rotational = options.rotational;
    this.priority = options.priority;
    this.#engine = options.engine;
    this.#isBlockDevice = options.isBlockDevice;
    this.#isSwapFull = options.isSwapFull;
    this.#onSlotFreed = options.onSlotFreed;
    this.role = options.role ?? ROLE.plain;
    this.#triesFreeFirst = options.allocator === '6.17';
    const growth = options.growth ?? 'fixed';
    const { engine, maxPages } = options;
    const clusterCount = Math.ceil(maxPages / SWAPFILE_CLUSTER);
    switch (growth) {
      case 'fixed':
        this.clusters = new ClusterTable(clusterCount);
        this.supply = new FixedClusters(this.clusters, this.#triesFreeFirst);
        break;
      case 'dynamic':
        this.clusters = new ClusterTable(0);
        this.supply = new DynamicClusters(engine, this.clusters, maxPages);
        break;
      case 'chunked':
        this.clusters = new ClusterTable(Math.min(CHUNK_CLUSTERS, clusterCount));
        this.supply = new ChunkedClusters(engine, this.clusters, maxPages, () => this.#inUse);
    }
    const bad = options.badPages.filter((page) => page < maxPages);
    // A virtual area has no header; its cluster 0 is never made.
    this.#unusable = growth === 'dynamic' ? [] : [0, ...bad];
    this.usablePages =
      growth === 'dynamic' ? maxPages - SWAPFILE_CLUSTER : maxPages - this.#unusable.length;
    assert(this.usablePages > 0, 'an area has room for a page');
  }

  /** Slots that hold a page now. */
  get inUse(): number {
    return this.#inUse;
  }

  get isFull(): boolean {
    return this.#inUse === this.usablePages;
  }

  /** Where the latest allocation says that the next one of its order goes on; 0 for anywhere. */
  get nextSlot(): SlotIndex {
    return this.#nextSlot;
  }

  /** True of a slot that nobody holds, as the tables say; for looks from outside, without a lock. */
  isFree(slot: SlotIndex): boolean {
    return this.#tables().isFree(slot);
  }

  /** Slots that can never be handed out: the header and bad pages. */
  get unusable(): readonly number[] {
    return this.#unusable;
  }

  /**
   * Binds the tables and builds the lists as swapon does: clusters with header, bad or masked slots
   * on nonfull[0] (with their table allocated), the others free in ascending order.
   */
  attach(owner: SlotOwner): void {
    this.#owner = owner;
    for (const slot of this.#unusable) this.clusters.addToCount(clusterOf(slot as SlotIndex), 1);
    const masked = this.clusters.clusterCount * SWAPFILE_CLUSTER - this.maxPages;
    if (masked > 0)
      this.clusters.addToCount((this.clusters.clusterCount - 1) as ClusterIndex, masked);
    for (let index = 0; index < this.clusters.clusterCount; index++) {
      const cluster = index as ClusterIndex;
      const count = this.clusters.count(cluster);
      if (count === 0) continue;
      assert(owner.openCluster(cluster), 'tables of the first clusters fit in memory');
      this.clusters.moveToTail(
        cluster,
        count === SWAPFILE_CLUSTER ? ClusterList.full : ClusterList.nonfull,
      );
    }
    this.supply.start();
  }

  /** Back in use after a swapoff that found no memory. */
  restore(): void {
    this.isWritable = true;
  }

  /**
   * The fast path: goes on at `slot`, where this CPU left off.
   * @param byPointer - the CPU kept the cluster itself, not its index: nothing is looked up
   * @returns the first slot of 2^order, or 0
   */
  allocateAt(slot: SlotIndex, order: number, byPointer = false): SlotIndex {
    const cluster = clusterOf(slot);
    const { clusters } = this;
    this.#nextSlot = NO_SLOT;
    if (!byPointer) this.supply.lookUp(cluster);
    if (!this.supply.exists(cluster)) return NO_SLOT;
    this.#hold(cluster);
    const list = clusters.list(cluster);
    const count = clusters.count(cluster);
    const isUsable =
      list !== ClusterList.full &&
      list !== ClusterList.discard &&
      list !== ClusterList.free &&
      (order === 0 || count === 0 || clusters.order(cluster) === order);
    if (!isUsable) {
      clusters.release(cluster);
      return NO_SLOT;
    }
    return this.#scan(cluster, count === 0 ? clusters.start(cluster) : slot, order);
  }

  /**
   * The slow path: tries the area's lists in the kernel's order.
   * @returns the first slot of 2^order, or 0 when the area has none
   * @source linux 6.18 cluster_alloc_swap_entry
   */
  allocate(order: number): SlotIndex {
    this.#nextSlot = NO_SLOT;
    this.supply.settle();
    if (order > 0 && !this.#isBlockDevice) return NO_SLOT;
    if (!this.rotational) return this.#allocateFromLists(order);
    this.#engine.count(EV['lockAcquire.globalCluster']);
    const resume = this.#globalNext[order]! as SlotIndex;
    let found = resume === NO_SLOT ? NO_SLOT : this.allocateAt(resume, order);
    if (found === NO_SLOT) found = this.#allocateFromLists(order);
    this.#globalNext[order] = this.#nextSlot;
    return found;
  }

  /**
   * Looks for `count` free slots that follow each other (`find-run.ts`); nothing is taken. Where there is
   * a free cluster the next allocation from the lists begins it.
   * @param here - where a CPU left off; 0 for nowhere
   * @returns the first slot of the run, or 0
   */
  findRun(count: number, here: SlotIndex): SlotIndex {
    const { clusters, supply, maxPages } = this;
    const search = { engine: this.#engine, clusters, supply, maxPages, owner: this.#tables() };
    const wanted = Math.min(count, SWAPFILE_CLUSTER);
    this.#beginsFree = false;
    if (here !== NO_SLOT && runAt(search, here, wanted) === wanted) return here;
    if (clusters.length(ClusterList.free, 0) === 0) supply.grow();
    this.#beginsFree = clusters.length(ClusterList.free, 0) > 0;
    return this.#beginsFree ? NO_SLOT : longestRun(search, wanted);
  }

  /** Notes that `slot` holds nothing any more and lists its cluster anew; the lock is held. */
  release(slot: SlotIndex): void {
    const cluster = clusterOf(slot);
    const { clusters } = this;
    clusters.assertHeld(cluster);
    this.#engine.count(EV.slotFree);
    this.#onSlotFreed?.(slot);
    clusters.addToCount(cluster, -1);
    this.#inUse -= 1;
    assert(this.#inUse >= 0, 'no slot is freed twice');
    if (clusters.count(cluster) === 0) this.#freeCluster(cluster);
    else if (clusters.list(cluster) !== ClusterList.nonfull)
      this.#move(cluster, ClusterList.nonfull);
  }

  /** Looks up and takes the lock of the cluster that holds `slot`. */
  lock(slot: SlotIndex): void {
    const cluster = clusterOf(slot);
    this.supply.lookUp(cluster);
    this.#hold(cluster);
  }

  unlock(slot: SlotIndex): void {
    this.clusters.release(clusterOf(slot));
  }

  checkInvariants(): void {
    this.clusters.checkInvariants();
    const owner = this.#tables();
    let used = 0;
    const end = Math.min(this.maxPages, this.clusters.clusterCount * SWAPFILE_CLUSTER);
    for (let slot = 1; slot < end; slot++) if (!owner.isFree(slot as SlotIndex)) used += 1;
    const bad = Math.max(0, this.#unusable.length - 1);
    assert(used - bad === this.#inUse, 'slots in use are counted right');
  }

  #tables(): SlotOwner {
    assert(this.#owner !== undefined, 'an area is attached to its tables before use');
    return this.#owner;
  }

  #hold(cluster: ClusterIndex): void {
    this.#engine.count(EV['lockAcquire.cluster']);
    this.clusters.hold(cluster);
  }

  #allocateFromLists(order: number): SlotIndex {
    const beginsFree = this.#beginsFree && order === 0;
    this.#beginsFree = false;
    if (beginsFree) {
      const first = this.#tryFree(order);
      if (first !== NO_SLOT) return first;
    }
    let found = this.#triesFreeFirst ? this.#tryFree(order) : this.#tryNonfull(order);
    if (found !== NO_SLOT) return found;
    if (!this.#triesFreeFirst) found = this.#tryFree(order);
    if (found !== NO_SLOT) return found;
    if (this.#isSwapFull()) this.#reclaimFullCluster();
    if (this.#triesFreeFirst) found = this.#tryNonfull(order);
    if (found !== NO_SLOT) return found;
    if (order < SWAP_NR_ORDERS - 1) {
      found = this.#tryList(ClusterList.frag, order, order);
      if (found !== NO_SLOT) return found;
    }
    if (order > 0) return NO_SLOT;
    return this.#steal();
  }

  #tryNonfull(order: number): SlotIndex {
    let found: SlotIndex = NO_SLOT;
    if (order >= SWAP_NR_ORDERS - 1) return found;
    // A cluster that fails here goes to the frag list, so the loop ends.
    while (found === NO_SLOT && this.clusters.length(ClusterList.nonfull, order) > 0)
      found = this.#tryList(ClusterList.nonfull, order, order);
    return found;
  }

  #tryFree(order: number): SlotIndex {
    if (this.clusters.length(ClusterList.free, 0) === 0) this.supply.grow();
    return this.#tryList(ClusterList.free, 0, order);
  }

  /** Order 0 takes room from clusters of higher orders when nothing else is left. */
  #steal(): SlotIndex {
    for (let order = 1; order < SWAP_NR_ORDERS; order++) {
      for (const list of [ClusterList.frag, ClusterList.nonfull]) {
        // Bounded by the list's length: a cluster without room may come back to its tail.
        for (let left = this.clusters.length(list, order); left > 0; left--) {
          const found = this.#tryList(list, order, 0);
          if (found !== NO_SLOT) return found;
        }
      }
    }
    return NO_SLOT;
  }

  /** Isolates the head of a list and scans it. */
  #tryList(list: number, listOrder: number, order: number): SlotIndex {
    this.#engine.count(EV['lockAcquire.swapInfo']);
    const cluster = this.clusters.first(list, listOrder);
    if (cluster === NO_CLUSTER) return NO_SLOT;
    this.#hold(cluster);
    this.clusters.isolate(cluster);
    if (list === ClusterList.free) {
      if (!this.#tables().openCluster(cluster)) {
        this.clusters.moveToTail(cluster, ClusterList.free);
        // One that was made for this is not kept without its tables.
        this.supply.emptied(cluster);
        this.clusters.release(cluster);
        return NO_SLOT;
      }
      this.#engine.count(EV.clusterAlloc);
    }
    return this.#scan(cluster, this.clusters.start(cluster), order);
  }

  /**
   * Looks for 2^order free slots from `from` to the end of the cluster; never wraps.
   * Lists the cluster anew and releases its lock.
   * @source linux 6.18 alloc_swap_scan_cluster
   */
  #scan(cluster: ClusterIndex, from: SlotIndex, order: number): SlotIndex {
    const owner = this.#tables();
    const { clusters } = this;
    const wanted = 1 << order;
    const start = clusters.start(cluster);
    const end = Math.min(start + SWAPFILE_CLUSTER, this.maxPages) - wanted;
    let found: SlotIndex = NO_SLOT;
    this.#nextSlot = NO_SLOT;
    if (this.isWritable && clusters.count(cluster) + wanted <= SWAPFILE_CLUSTER) {
      for (let slot = from; slot <= end; slot = (slot + wanted) as SlotIndex) {
        this.#engine.count(EV.slotScan);
        if (!this.#rangeFree(cluster, slot, wanted)) continue;
        found = slot;
        break;
      }
    }
    if (found !== NO_SLOT) {
      if (clusters.count(cluster) === 0) clusters.setOrder(cluster, order);
      for (let slot = found; slot < found + wanted; slot++) owner.claim(slot);
      clusters.addToCount(cluster, wanted);
      this.#inUse += wanted;
      this.#engine.count(EV.slotAlloc);
      if (found + wanted <= end && clusters.count(cluster) < SWAPFILE_CLUSTER)
        this.#nextSlot = (found + wanted) as SlotIndex;
    }
    this.#relocate(cluster);
    clusters.release(cluster);
    return found;
  }

  /** True when all `wanted` slots are free, after dropping cached folios where swap is short. */
  #rangeFree(cluster: ClusterIndex, slot: SlotIndex, wanted: number): boolean {
    const owner = this.#tables();
    let mustReclaim = false;
    for (let at = slot; at < slot + wanted; at++) {
      if (owner.isFree(at)) continue;
      if (!owner.isCacheOnly(at) || !this.#isSwapFull()) return false;
      mustReclaim = true;
    }
    if (!mustReclaim) return true;
    // Dropping a folio takes the cluster lock itself; what it frees may relist the cluster.
    this.clusters.release(cluster);
    for (let at = slot; at < slot + wanted; at++)
      if (owner.isCacheOnly(at)) owner.reclaimCached(at);
    this.#hold(cluster);
    const list = this.clusters.list(cluster);
    if (list === ClusterList.free) {
      // It became empty and gave its table back: open it again and go on.
      if (!owner.openCluster(cluster)) return false;
      this.clusters.isolate(cluster);
    }
    for (let at = slot; at < slot + wanted; at++) if (!owner.isFree(at)) return false;
    return true;
  }

  /** Drops the cached folios of the full cluster at the head of the list (one cluster a call). */
  #reclaimFullCluster(): void {
    this.#engine.count(EV['lockAcquire.swapInfo']);
    const cluster = this.clusters.first(ClusterList.full, 0);
    if (cluster === NO_CLUSTER) return;
    this.#hold(cluster);
    this.clusters.isolate(cluster);
    this.clusters.release(cluster);
    const owner = this.#tables();
    const start = this.clusters.start(cluster);
    const end = Math.min(start + SWAPFILE_CLUSTER, this.maxPages);
    for (let slot = start; slot < end; slot++) {
      this.#engine.count(EV.slotScan);
      if (owner.isCacheOnly(slot)) owner.reclaimCached(slot);
    }
    this.#hold(cluster);
    if (this.clusters.list(cluster) === ClusterList.none) this.#relocate(cluster);
    this.clusters.release(cluster);
  }

  /** @source linux 6.18 relocate_cluster */
  #relocate(cluster: ClusterIndex): void {
    const count = this.clusters.count(cluster);
    const list = this.clusters.list(cluster);
    if (count === 0) {
      if (list !== ClusterList.free) this.#freeCluster(cluster);
    } else if (count < SWAPFILE_CLUSTER) {
      if (list !== ClusterList.frag) this.#move(cluster, ClusterList.frag);
    } else if (list !== ClusterList.full) {
      this.#move(cluster, ClusterList.full);
    }
  }

  #freeCluster(cluster: ClusterIndex): void {
    this.#tables().closeCluster(cluster);
    this.#engine.count(EV.clusterFree);
    this.#move(cluster, ClusterList.free);
    this.clusters.setOrder(cluster, 0);
    this.supply.emptied(cluster);
  }

  #move(cluster: ClusterIndex, list: number): void {
    this.#engine.count(EV.clusterMove);
    this.#engine.count(EV['lockAcquire.swapInfo']);
    this.clusters.moveToTail(cluster, list);
  }
}
