/**
 * The virtual slots: clusters of 512 descriptors that are made when needed, found through an
 * xarray, and go when nothing in them is in use. There is no list of free clusters.
 * Kernel counterpart: struct vswap_cluster, vswap_alloc, vswap_cluster_map (Virtual Swap Space v3 to
 * v6, mm/vswap.c).
 *
 * A descriptor is 24 bytes, six 32-bit words here:
 *
 *   0  place: swap type and slot, or zswap entry     1  (upper half of the kernel's 8 bytes)
 *   2  folio, or low half of the shadow              3  high half of the shadow
 *   4  count                                         5  cgroup (16) | in swap cache (1) | type (2)
 *
 * A cluster is one CPU's cached one, on the partial list, full, or about to go. Simplified on
 * purpose: folios are single pages, so all clusters are of order 0.
 *
 * Lock order: the CPU's own lock, then a cluster's, then the map's.
 */
import { EV, XArray, XArrayNodes, type Engine } from '../../../engine/index.ts';
import {
  assert,
  NO_SLOT,
  SWAPFILE_CLUSTER,
  SWAPFILE_MAX_PAGES,
  type SlotIndex,
} from '../../../units/index.ts';

/** Words of a descriptor, and bytes of a cluster's 512. @source vswap v3: 24 bytes */
export const WORDS = 6;
export const DESCRIPTOR_BYTES = 24;
/** Bytes of a cluster's bitmap of slots in use. */
export const BITMAP_BYTES: number = SWAPFILE_CLUSTER / 8;

const BITMAP_WORDS = SWAPFILE_CLUSTER / 32;
const CLUSTERS_MAX = SWAPFILE_MAX_PAGES / SWAPFILE_CLUSTER;
/** No cluster is cached. */
const NO_ID = -1;

export interface VirtualCluster {
  readonly id: number;
  readonly descriptors: Uint32Array;
  readonly bitmap: Uint32Array;
  /** Slots in use. */
  count: number;
  /** Some CPU allocates from it. */
  isCached: boolean;
  isPartial: boolean;
}

export class VirtualClusters {
  readonly #engine: Engine;
  readonly #nodes: XArrayNodes;
  readonly #map: XArray;
  readonly #clusters: (VirtualCluster | undefined)[] = [];
  /** Partial clusters, oldest first; those that are not partial any more are passed over. */
  #partial: VirtualCluster[] = [];
  #partialHead = 0;
  /** Id of the cluster that each CPU allocates from. */
  readonly #cached: Int32Array;
  /** Id of the cluster that each CPU looked up last; v6 only. */
  readonly #lastFound: Int32Array | null;
  readonly #spare: VirtualCluster[] = [];
  #lowestFree = 0;
  #live = 0;
  #inUse = 0;
  #held: VirtualCluster | null = null;

  /** @param remembersLookups - each CPU keeps the cluster that it found last (v6) */
  constructor(engine: Engine, remembersLookups: boolean) {
    this.#engine = engine;
    this.#nodes = new XArrayNodes(engine);
    this.#map = new XArray(this.#nodes, engine);
    this.#cached = new Int32Array(engine.cpuCount).fill(NO_ID);
    this.#lastFound = remembersLookups ? new Int32Array(engine.cpuCount).fill(NO_ID) : null;
  }

  /** Slots in use. */
  get inUse(): number {
    return this.#inUse;
  }

  get clusterCount(): number {
    return this.#live;
  }

  get nodeCount(): number {
    return this.#nodes.liveCount;
  }

  /**
   * Takes a slot; its descriptor is all zeros.
   * @returns the slot, or NO_SLOT when there is no memory for a cluster
   * @source vswap v3: the CPU's cluster, then the partial list, then a new one
   */
  allocate(): SlotIndex {
    const { cpu } = this.#engine;
    this.#engine.count(EV['lockAcquire.percpuCluster']);
    let cluster = this.#cached[cpu] === NO_ID ? undefined : this.#clusters[this.#cached[cpu]!];
    if (cluster !== undefined) {
      this.#engine.count(EV['lockAcquire.virtualCluster']);
      if (cluster.count < capacity(cluster)) {
        this.#engine.count(EV.percpuClusterHit);
        return this.#take(cluster);
      }
      cluster.isCached = false;
    }
    this.#engine.count(EV.percpuClusterMiss);
    this.#engine.count(EV['lockAcquire.virtualClusterMap']);
    cluster = this.#nextPartial() ?? this.#create();
    this.#cached[cpu] = cluster === undefined ? NO_ID : cluster.id;
    if (cluster === undefined) return NO_SLOT;
    this.#engine.count(EV['lockAcquire.virtualCluster']);
    cluster.isCached = true;
    return this.#take(cluster);
  }

  /** Finds the cluster of a slot and takes its lock; null when the slot is not in use. */
  lock(slot: SlotIndex): VirtualCluster | null {
    const cluster = this.#find(slot >>> 9);
    if (cluster === undefined) return null;
    this.#engine.count(EV['lockAcquire.virtualCluster']);
    if (!isSet(cluster, slot & 511)) return null;
    assert(this.#held === null, 'one virtual cluster is locked at a time');
    this.#held = cluster;
    return cluster;
  }

  /** As `lock` where the operation before still holds the cluster: nothing is counted. */
  held(slot: SlotIndex): VirtualCluster {
    const cluster = this.#clusters[slot >>> 9];
    assert(cluster !== undefined && isSet(cluster, slot & 511), 'a slot in use has a cluster');
    assert(this.#held === null, 'one virtual cluster is locked at a time');
    this.#held = cluster;
    return cluster;
  }

  unlock(cluster: VirtualCluster): void {
    assert(this.#held === cluster, 'who releases a lock holds it');
    this.#held = null;
  }

  /** Drops the lock for something that must be done without it, and takes it again. */
  relock(cluster: VirtualCluster, work: () => void): void {
    this.unlock(cluster);
    work();
    this.#engine.count(EV['lockAcquire.virtualCluster']);
    this.#held = cluster;
  }

  /** Frees a slot of the locked cluster; an empty cluster that no CPU allocates from goes. */
  free(cluster: VirtualCluster, slot: SlotIndex): void {
    assert(this.#held === cluster, 'a cluster is touched under its lock');
    const index = slot & 511;
    assert(isSet(cluster, index), 'a virtual slot is freed once');
    cluster.bitmap[index >>> 5]! &= ~(1 << (index & 31));
    cluster.descriptors.fill(0, index * WORDS, (index + 1) * WORDS);
    cluster.count -= 1;
    this.#inUse -= 1;
    this.#engine.count(EV.slotFree);
    if (cluster.count === 0 && !cluster.isCached) this.#destroy(cluster);
    else if (!cluster.isCached && !cluster.isPartial) this.#addPartial(cluster);
  }

  /** The descriptor's words of a slot in use, uncounted: for checks. */
  peek(slot: SlotIndex): Uint32Array | null {
    const cluster = this.#clusters[slot >>> 9];
    if (cluster === undefined || !isSet(cluster, slot & 511)) return null;
    const at = (slot & 511) * WORDS;
    return cluster.descriptors.subarray(at, at + WORDS);
  }

  /** Calls back for each slot in use. */
  forEach(visit: (slot: SlotIndex) => void): void {
    for (const cluster of this.#clusters)
      for (let index = 0; cluster !== undefined && index < SWAPFILE_CLUSTER; index++) {
        const slot = (cluster.id * SWAPFILE_CLUSTER + index) as SlotIndex;
        if (slot !== NO_SLOT && isSet(cluster, index)) visit(slot);
      }
  }

  /** A cluster that only a CPU's cache keeps goes when nothing is in use at all (cpu offline). */
  dropEmpty(): void {
    for (const [cpu, id] of this.#cached.entries()) {
      const cluster = id === NO_ID ? undefined : this.#clusters[id];
      if (cluster === undefined || cluster.count > 0) continue;
      this.#cached[cpu] = NO_ID;
      cluster.isCached = false;
      this.#destroy(cluster);
    }
  }

  checkInvariants(): void {
    assert(this.#held === null, 'no lock is left held');
    let inUse = 0;
    let live = 0;
    for (const cluster of this.#clusters) {
      if (cluster === undefined) continue;
      live += 1;
      // Slot 0 of cluster 0 is marked, and nobody's.
      let set = cluster.id === 0 ? -1 : 0;
      for (let index = 0; index < SWAPFILE_CLUSTER; index++) if (isSet(cluster, index)) set += 1;
      assert(set === cluster.count, 'slots of a cluster are counted right');
      assert(set > 0 || cluster.isCached, 'an empty cluster is gone unless a CPU caches it');
      assert(this.#map.peek(cluster.id) === cluster.id + 1, 'a cluster stands in the map');
      inUse += set;
    }
    assert(inUse === this.#inUse && live === this.#live, 'clusters are counted right');
    if (live === 0) assert(this.#nodes.liveCount === 0, 'an empty map has no nodes');
  }

  /** The xarray, or (v6) what this CPU found last. */
  #find(id: number): VirtualCluster | undefined {
    if (this.#lastFound === null) {
      this.#load(id);
      return this.#clusters[id];
    }
    const { cpu } = this.#engine;
    const last = this.#lastFound[cpu]!;
    if (last === id && this.#clusters[id] !== undefined) {
      this.#engine.count(EV.lookupCacheHit);
      const { trace } = this.#engine;
      if (trace.isRecording)
        trace.hop('lookupCacheHit', `look-up cache of CPU ${cpu}`, `virtual cluster ${id}`);
      return this.#clusters[id];
    }
    this.#engine.count(EV.lookupCacheMiss);
    // The cluster that is thrown out is locked to drop the reference to it.
    if (last !== NO_ID) this.#engine.count(EV['lockAcquire.virtualCluster']);
    this.#load(id);
    this.#lastFound[cpu] = this.#clusters[id] === undefined ? NO_ID : id;
    return this.#clusters[id];
  }

  #load(id: number): void {
    this.#map.load(id);
    const { trace } = this.#engine;
    if (!trace.isRecording) return;
    const found = this.#clusters[id] === undefined ? 'nothing' : `virtual cluster ${id}`;
    trace.hop('xaLoad', `virtual cluster map at ${id}`, found);
  }

  /** First zero of the bitmap. */
  #take(cluster: VirtualCluster): SlotIndex {
    for (let word = 0; word < BITMAP_WORDS; word++) {
      this.#engine.count(EV.slotScan);
      const bits = cluster.bitmap[word]!;
      if (bits === 0xffffffff) continue;
      const bit = 31 - Math.clz32(~bits & -~bits);
      cluster.bitmap[word] = bits | (1 << bit);
      cluster.count += 1;
      this.#inUse += 1;
      this.#engine.count(EV.slotAlloc);
      return (cluster.id * SWAPFILE_CLUSTER + word * 32 + bit) as SlotIndex;
    }
    assert(false, 'a cluster that is not full has a zero in its bitmap');
  }

  #nextPartial(): VirtualCluster | undefined {
    while (this.#partialHead < this.#partial.length) {
      const cluster = this.#partial[this.#partialHead++]!;
      if (this.#partialHead > 1024 && this.#partialHead * 2 > this.#partial.length) {
        this.#partial = this.#partial.slice(this.#partialHead);
        this.#partialHead = 0;
      }
      if (!cluster.isPartial || this.#clusters[cluster.id] !== cluster) continue;
      cluster.isPartial = false;
      this.#engine.count(EV.clusterMove);
      return cluster;
    }
    return undefined;
  }

  #addPartial(cluster: VirtualCluster): void {
    this.#engine.count(EV.clusterMove);
    this.#engine.count(EV['lockAcquire.virtualClusterMap']);
    cluster.isPartial = true;
    this.#partial.push(cluster);
  }

  #create(): VirtualCluster | undefined {
    while (this.#clusters[this.#lowestFree] !== undefined) this.#lowestFree += 1;
    const id = this.#lowestFree;
    if (id >= CLUSTERS_MAX || this.#engine.allocationFails('vswap_cluster')) return undefined;
    if (!this.#map.reserve(id)) return undefined;
    this.#map.store(id, id + 1);
    this.#engine.count(EV.clusterAlloc);
    this.#engine.count(EV.tableAlloc);
    const old = this.#spare.pop();
    const cluster: VirtualCluster = {
      id,
      descriptors: old?.descriptors ?? new Uint32Array(SWAPFILE_CLUSTER * WORDS),
      bitmap: old?.bitmap ?? new Uint32Array(BITMAP_WORDS),
      count: 0,
      isCached: false,
      isPartial: false,
    };
    cluster.bitmap[0] = id === 0 ? 1 : 0;
    this.#clusters[id] = cluster;
    this.#live += 1;
    return cluster;
  }

  #destroy(cluster: VirtualCluster): void {
    this.#engine.count(EV['lockAcquire.virtualClusterMap']);
    this.#engine.count(EV.clusterFree);
    this.#engine.count(EV.tableFree);
    this.#map.erase(cluster.id);
    this.#clusters[cluster.id] = undefined;
    cluster.isPartial = false;
    this.#spare.push(cluster);
    this.#live -= 1;
    if (cluster.id < this.#lowestFree) this.#lowestFree = cluster.id;
    this.#lastFound?.forEach((id, cpu) => {
      if (id === cluster.id) this.#lastFound![cpu] = NO_ID;
    });
  }
}

/** Slots of a cluster that may be taken: slot 0 of cluster 0 stays out, for entry 0 is none. */
function capacity(cluster: VirtualCluster): number {
  return SWAPFILE_CLUSTER - (cluster.id === 0 ? 1 : 0);
}

function isSet(cluster: VirtualCluster, index: number): boolean {
  return (cluster.bitmap[index >>> 5]! & (1 << (index & 31))) !== 0;
}
