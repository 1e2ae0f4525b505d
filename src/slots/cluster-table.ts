/**
 * The clusters of one swap area and the lists they stand on.
 * Kernel counterpart: struct swap_cluster_info and move_cluster, free_cluster, relocate_cluster,
 * partial_free_cluster (linux 6.18 mm/swapfile.c).
 *
 * Each cluster has a count of slots in use (bad and masked ones included), the order it is
 * dedicated to, and the list it is on. Lists are doubly linked through typed arrays: node 0 to 22 are
 * the heads of the lists, cluster c is node 23 + c. The table grows for areas that do.
 *
 * Lock order in the kernel: cluster lock, then swap_info lock for moving between lists; isolation
 * takes the list lock and only tries cluster locks. `hold`/`release` check that whoever touches a
 * cluster holds its lock.
 */
import {
  assert,
  CLUSTER_SHIFT,
  grown,
  SWAPFILE_CLUSTER,
  type ClusterIndex,
  type SlotIndex,
} from '../units/index.ts';

/** Folio orders that the allocator knows (0 to 9). @source linux 6.18 SWAP_NR_ORDERS */
export const SWAP_NR_ORDERS = 10;

/** List of a cluster; the values are the kernel's CLUSTER_FLAG_*. */
export const ClusterList = { none: 0, free: 1, nonfull: 2, frag: 3, full: 4, discard: 5 } as const;

/** List heads before the clusters: free, full, discard, then nonfull and frag by order. */
const HEAD_COUNT = 3 + 2 * SWAP_NR_ORDERS;
/** No cluster. */
export const NO_CLUSTER = 0xffffffff as ClusterIndex;

export class ClusterTable {
  #clusterCount: number;
  #count: Uint16Array;
  #list: Uint8Array;
  #order: Uint8Array;
  #next: Uint32Array;
  #previous: Uint32Array;
  readonly #lengths = new Uint32Array(HEAD_COUNT);
  #held: number = NO_CLUSTER;

  /** @param clusterCount - clusters to begin with, each on no list */
  constructor(clusterCount: number) {
    this.#clusterCount = clusterCount;
    this.#count = new Uint16Array(clusterCount);
    this.#list = new Uint8Array(clusterCount);
    this.#order = new Uint8Array(clusterCount);
    this.#next = new Uint32Array(clusterCount + HEAD_COUNT);
    this.#previous = new Uint32Array(clusterCount + HEAD_COUNT);
    for (let head = 0; head < HEAD_COUNT; head++) {
      this.#next[head] = head;
      this.#previous[head] = head;
    }
  }

  /** Clusters that there are; cluster c is below. */
  get clusterCount(): number {
    return this.#clusterCount;
  }

  /** Adds clusters behind the last, or takes away the last ones, which are on no list. */
  resize(clusterCount: number): void {
    for (let cluster = clusterCount; cluster < this.#clusterCount; cluster++)
      assert(
        this.#list[cluster] === ClusterList.none && this.#count[cluster] === 0,
        'only clusters that are empty and on no list go',
      );
    if (clusterCount > this.#count.length) {
      const capacity = Math.max(clusterCount, this.#count.length * 2, 16);
      this.#count = grown(this.#count, capacity);
      this.#list = grown(this.#list, capacity);
      this.#order = grown(this.#order, capacity);
      this.#next = grown(this.#next, capacity + HEAD_COUNT);
      this.#previous = grown(this.#previous, capacity + HEAD_COUNT);
    }
    this.#clusterCount = clusterCount;
  }

  count(cluster: ClusterIndex): number {
    return this.#count[cluster]!;
  }

  list(cluster: ClusterIndex): number {
    return this.#list[cluster]!;
  }

  order(cluster: ClusterIndex): number {
    return this.#order[cluster]!;
  }

  setOrder(cluster: ClusterIndex, order: number): void {
    this.#order[cluster] = order;
  }

  /** Takes the cluster's lock; nobody holds one. */
  hold(cluster: ClusterIndex): void {
    assert(this.#held === NO_CLUSTER, 'one cluster lock is held at a time');
    this.#held = cluster;
  }

  release(cluster: ClusterIndex): void {
    assert(this.#held === cluster, 'who releases a cluster lock holds it');
    this.#held = NO_CLUSTER;
  }

  /** Asserts that the lock of the cluster is held. */
  assertHeld(cluster: ClusterIndex): void {
    assert(this.#held === cluster, 'a cluster is touched under its lock');
  }

  /** Adds slots to (or takes them from) the cluster's count. */
  addToCount(cluster: ClusterIndex, slots: number): void {
    const count = this.#count[cluster]! + slots;
    assert(count >= 0 && count <= SWAPFILE_CLUSTER, 'a cluster has 0 to 512 slots in use');
    this.#count[cluster] = count;
  }

  /** First slot of a cluster. */
  start(cluster: ClusterIndex): SlotIndex {
    return (cluster << CLUSTER_SHIFT) as SlotIndex;
  }

  /** Head of a list, or NO_CLUSTER. */
  first(list: number, order: number): ClusterIndex {
    const head = headOf(list, order);
    const first = this.#next[head]!;
    return (first === head ? NO_CLUSTER : first - HEAD_COUNT) as ClusterIndex;
  }

  /** The cluster behind another one on its list, or NO_CLUSTER. */
  following(cluster: ClusterIndex): ClusterIndex {
    const next = this.#next[cluster + HEAD_COUNT]!;
    return (next < HEAD_COUNT ? NO_CLUSTER : next - HEAD_COUNT) as ClusterIndex;
  }

  /** Clusters on a list now. */
  length(list: number, order: number): number {
    return this.#lengths[headOf(list, order)]!;
  }

  /** Takes the cluster off its list (isolate_lock_cluster). */
  isolate(cluster: ClusterIndex): void {
    this.#unlink(cluster);
    this.#list[cluster] = ClusterList.none;
  }

  /** Puts the cluster at the tail of a list, off the one it is on. */
  moveToTail(cluster: ClusterIndex, list: number): void {
    this.#unlink(cluster);
    this.#list[cluster] = list;
    const head = headOf(list, this.#order[cluster]!);
    const node = cluster + HEAD_COUNT;
    const last = this.#previous[head]!;
    this.#next[last] = node;
    this.#previous[node] = last;
    this.#next[node] = head;
    this.#previous[head] = node;
    this.#lengths[head]! += 1;
  }

  checkInvariants(): void {
    assert(this.#held === NO_CLUSTER, 'no lock is left held');
    let listed = 0;
    for (let head = 0; head < HEAD_COUNT; head++) {
      let length = 0;
      for (let at = this.#next[head]!; at !== head; at = this.#next[at]!) {
        const cluster = at - HEAD_COUNT;
        assert(headOf(this.#list[cluster]!, this.#order[cluster]!) === head, 'list as noted');
        length += 1;
      }
      assert(length === this.#lengths[head], 'list lengths are counted right');
      listed += length;
    }
    for (let cluster = 0; cluster < this.#clusterCount; cluster++) {
      const list = this.#list[cluster];
      const count = this.#count[cluster]!;
      if (list === ClusterList.none) listed += 1;
      if (list === ClusterList.free) assert(count === 0, 'free clusters are empty');
      if (list === ClusterList.full) assert(count === SWAPFILE_CLUSTER, 'full clusters are full');
      if (list === ClusterList.nonfull || list === ClusterList.frag)
        assert(count > 0 && count < SWAPFILE_CLUSTER, 'partly used clusters are partly used');
    }
    assert(listed === this.#clusterCount, 'each cluster is on one list or on none');
  }

  #unlink(cluster: ClusterIndex): void {
    const list = this.#list[cluster]!;
    if (list === ClusterList.none) return;
    const next = this.#next[cluster + HEAD_COUNT]!;
    const previous = this.#previous[cluster + HEAD_COUNT]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
    this.#lengths[headOf(list, this.#order[cluster]!)]! -= 1;
  }
}

/** Node of a list's head. */
function headOf(list: number, order: number): number {
  if (list === ClusterList.free) return 0;
  if (list === ClusterList.full) return 1;
  if (list === ClusterList.discard) return 2;
  return 3 + (list === ClusterList.frag ? SWAP_NR_ORDERS : 0) + order;
}
