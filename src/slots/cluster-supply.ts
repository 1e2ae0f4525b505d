/**
 * Where an area's clusters come from: all there at swapon, one by one on demand, or in chunks at
 * the area's tail.
 * Kernel counterparts: setup_clusters (linux 6.18 mm/swapfile.c; 6.17 with its shuffle), the
 * cluster xarray of the Swap Table Edition of Virtual Swap Space, the sparse array of xswap.
 */
import { assert, SWAPFILE_CLUSTER, type ClusterIndex } from '../units/index.ts';
import { EV, XArray, XArrayNodes, type Engine } from '../engine/index.ts';
import { ClusterList, type ClusterTable } from './cluster-table.ts';

export interface ClusterSupply {
  /** Lists the clusters that are empty from the start, once those with unusable slots are listed. */
  start(): void;
  /** The free list is empty: adds clusters to it. False when there are no more, or no memory. */
  grow(): boolean;
  /** A cluster went to the free list. Its lock may be held, it may be scanned at this moment. */
  emptied(cluster: ClusterIndex): void;
  /** Work that had to wait until no cluster is held. */
  settle(): void;
  /** A cluster is looked up by its index. */
  lookUp(cluster: ClusterIndex): void;
  exists(cluster: ClusterIndex): boolean;
  /** Nodes of the tree that the clusters stand in, where they do. */
  readonly nodeCount: number;
  /** Cluster infos that memory is taken for. */
  readonly mappedCount: number;
}

/** @source linux 6.12 to 6.17 SWAP_CLUSTER_COLS: max(ceil(64 / 24), 16384 / 512) */
const SHUFFLE_COLUMNS = 32;

/** All clusters at swapon, in one array. */
export class FixedClusters implements ClusterSupply {
  readonly #clusters: ClusterTable;
  readonly #isShuffled: boolean;
  readonly nodeCount = 0;

  /** @param isShuffled - the free list goes in 32 columns, as through 6.17 */
  constructor(clusters: ClusterTable, isShuffled: boolean) {
    this.#clusters = clusters;
    this.#isShuffled = isShuffled;
  }

  start(): void {
    const columns = this.#isShuffled ? SHUFFLE_COLUMNS : 1;
    for (let column = 0; column < columns; column++)
      for (let index = column; index < this.#clusters.clusterCount; index += columns) {
        const cluster = index as ClusterIndex;
        if (this.#clusters.count(cluster) === 0)
          this.#clusters.moveToTail(cluster, ClusterList.free);
      }
  }

  grow(): boolean {
    return false;
  }

  emptied(_cluster: ClusterIndex): void {
    // It stays on the free list.
  }

  settle(): void {
    // Nothing waits.
  }

  lookUp(_cluster: ClusterIndex): void {
    // Pointer arithmetic in an array.
  }

  exists(cluster: ClusterIndex): boolean {
    return cluster < this.#clusters.clusterCount;
  }

  get mappedCount(): number {
    return this.#clusters.clusterCount;
  }
}

/**
 * A cluster is made when one is needed and goes when it is empty; an xarray finds it by its index,
 * the lowest free one is taken. Cluster 0 is left out, so that entry 0 stays "none".
 */
export class DynamicClusters implements ClusterSupply {
  readonly #engine: Engine;
  readonly #clusters: ClusterTable;
  readonly #clustersMax: number;
  readonly #nodes: XArrayNodes;
  readonly #map: XArray;
  #isThere = new Uint8Array(16);
  #live = 0;
  /** No index below is free. */
  #freeFrom = 1;

  constructor(engine: Engine, clusters: ClusterTable, maxPages: number) {
    this.#engine = engine;
    this.#clusters = clusters;
    this.#clustersMax = Math.floor(maxPages / SWAPFILE_CLUSTER);
    this.#nodes = new XArrayNodes(engine);
    this.#map = new XArray(this.#nodes, engine);
  }

  start(): void {
    assert(this.#clusters.clusterCount === 0, 'no cluster is there before it is needed');
    this.#clusters.resize(1);
  }

  grow(): boolean {
    while (this.#isThere[this.#freeFrom] === 1) this.#freeFrom += 1;
    const cluster = this.#freeFrom as ClusterIndex;
    if (cluster >= this.#clustersMax) return false;
    this.#engine.count(EV['lockAcquire.virtualClusterMap']);
    if (this.#engine.allocationFails('cluster') || !this.#map.reserve(cluster)) return false;
    this.#map.store(cluster, cluster);
    if (cluster >= this.#isThere.length) this.#double();
    this.#isThere[cluster] = 1;
    this.#live += 1;
    if (cluster >= this.#clusters.clusterCount) this.#clusters.resize(cluster + 1);
    this.#clusters.moveToTail(cluster, ClusterList.free);
    return true;
  }

  emptied(cluster: ClusterIndex): void {
    this.#engine.count(EV['lockAcquire.virtualClusterMap']);
    this.#clusters.isolate(cluster);
    this.#map.erase(cluster);
    this.#isThere[cluster] = 0;
    this.#live -= 1;
    if (cluster < this.#freeFrom) this.#freeFrom = cluster;
  }

  settle(): void {
    // Nothing waits.
  }

  lookUp(cluster: ClusterIndex): void {
    const found = this.#map.load(cluster);
    const { trace } = this.#engine;
    if (trace.isRecording)
      trace.hop(
        'xaLoad',
        `virtual cluster map at ${cluster}`,
        found === 0 ? 'nothing' : `virtual cluster ${cluster}`,
      );
  }

  exists(cluster: ClusterIndex): boolean {
    return this.#isThere[cluster] === 1;
  }

  get nodeCount(): number {
    return this.#nodes.liveCount;
  }

  get mappedCount(): number {
    return this.#live;
  }

  #double(): void {
    const isThere = new Uint8Array(this.#isThere.length * 2);
    isThere.set(this.#isThere);
    this.#isThere = isThere;
  }
}

/** Cluster infos of one page, the unit of growth. @source xswap v2: max(4096 / 48, 16) */
export const CHUNK_CLUSTERS = 85;
/** Free chunks at the tail before any goes: slack and four more. @source xswap v2 */
const FREE_CHUNKS_MIN = 5;

/** Clusters come in chunks of 85 at the tail and go there when most of the area is empty. */
export class ChunkedClusters implements ClusterSupply {
  readonly #engine: Engine;
  readonly #clusters: ClusterTable;
  readonly #clustersMax: number;
  readonly #inUse: () => number;
  readonly nodeCount = 0;
  #mayShrink = false;

  /** @param inUse - slots of the area that hold a page */
  constructor(engine: Engine, clusters: ClusterTable, maxPages: number, inUse: () => number) {
    this.#engine = engine;
    this.#clusters = clusters;
    this.#clustersMax = Math.ceil(maxPages / SWAPFILE_CLUSTER);
    this.#inUse = inUse;
  }

  start(): void {
    for (let index = 0; index < this.#clusters.clusterCount; index++) {
      const cluster = index as ClusterIndex;
      if (this.#clusters.count(cluster) === 0) this.#clusters.moveToTail(cluster, ClusterList.free);
    }
  }

  grow(): boolean {
    const from = this.#clusters.clusterCount;
    const to = Math.min(from + CHUNK_CLUSTERS, this.#clustersMax);
    if (from === to || this.#engine.allocationFails('cluster_chunk')) return false;
    this.#engine.count(EV.clusterChunkMap);
    this.#clusters.resize(to);
    for (let cluster = from; cluster < to; cluster++)
      this.#clusters.moveToTail(cluster as ClusterIndex, ClusterList.free);
    return true;
  }

  emptied(_cluster: ClusterIndex): void {
    this.#mayShrink = true;
  }

  /** @source xswap v2: only the tail goes, and only while at most half of it is in use */
  settle(): void {
    if (!this.#mayShrink) return;
    this.#mayShrink = false;
    const { clusterCount } = this.#clusters;
    if (this.#inUse() * 2 > clusterCount * SWAPFILE_CLUSTER) return;
    let used = clusterCount;
    while (used > 0 && this.#clusters.list((used - 1) as ClusterIndex) === ClusterList.free)
      used -= 1;
    const keptChunks = Math.ceil(used / CHUNK_CLUSTERS);
    const freeChunks = Math.ceil(clusterCount / CHUNK_CLUSTERS) - keptChunks;
    if (freeChunks < FREE_CHUNKS_MIN) return;
    const left = Math.max(keptChunks + 1, 1) * CHUNK_CLUSTERS;
    for (let cluster = left; cluster < clusterCount; cluster++)
      this.#clusters.isolate(cluster as ClusterIndex);
    this.#clusters.resize(left);
    this.#engine.countMany(EV.clusterChunkUnmap, Math.ceil((clusterCount - left) / CHUNK_CLUSTERS));
  }

  lookUp(_cluster: ClusterIndex): void {
    // The array is sparse but one: pointer arithmetic.
  }

  exists(cluster: ClusterIndex): boolean {
    return cluster < this.#clusters.clusterCount;
  }

  get mappedCount(): number {
    // Whole pages of infos.
    return Math.ceil(this.#clusters.clusterCount / CHUNK_CLUSTERS) * CHUNK_CLUSTERS;
  }
}
