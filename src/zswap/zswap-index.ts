/**
 * Where the zswap entry of a swap entry is looked up. Plain designs keep an XArray per 64 MiB of
 * each area (here); virtual designs keep it in their own tables and pass their own index.
 * Kernel counterpart: zswap_trees (linux 6.18 mm/zswap.c).
 */
import { EV, XArray, XARRAY_BYTES, XArrayNodes, type Engine } from '../engine/index.ts';
import { assert, entrySlot, entryType, type SwapEntry } from '../units/index.ts';

/** log2 of the slots of one tree (64 MiB). @source linux 6.18 SWAP_ADDRESS_SPACE_SHIFT */
const TREE_SHIFT = 14;

/** zswap entries by swap entry; 0 is none. */
export interface ZswapIndex {
  get(entry: SwapEntry): number;
  /** Makes sure that `set` cannot fail; false when there is no memory for it. */
  reserve(entry: SwapEntry): boolean;
  /** Stores and returns what was there before. */
  set(entry: SwapEntry, zswapEntry: number): number;
  /** Removes and returns what was there. */
  erase(entry: SwapEntry): number;
  /** Forgets what stands under an entry whose bytes have just got a slot (`slotForWrite`). */
  moved(entry: SwapEntry): void;
}

/** Which index zswap keeps by slot: `rbtree` is that of the first kernels with zswap. */
export type ZswapIndexKind = 'xarray' | 'rbtree';

/** An index of its own by swap type, beside the areas: what plain entries are looked up in. */
export interface AreaZswapIndex extends ZswapIndex {
  readonly kind: ZswapIndexKind;
  /** zswap_swapon: for an area of `maxPages` slots. */
  addArea(type: number, maxPages: number): void;
  /** zswap_swapoff: nothing of the area may be left in it. */
  removeArea(type: number): void;
  /** zswap entries in all trees. */
  readonly entryCount: number;
  readonly treeCount: number;
  /** Bytes of the structs of the trees. */
  readonly treeBytes: number;
  /** Nodes that are allocated for themselves; 0 where a node is part of the zswap entry. */
  readonly nodeCount: number;
}

/** One XArray per 64 MiB of each area; the index inside is the full slot, as in the kernel. */
export class ZswapTrees implements AreaZswapIndex {
  readonly kind = 'xarray';
  readonly #engine: Engine;
  readonly #nodes: XArrayNodes;
  readonly #trees: (XArray[] | undefined)[] = [];
  #entryCount = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#nodes = new XArrayNodes(engine);
  }

  /** zswap_swapon: the trees of an area of `maxPages` slots. */
  addArea(type: number, maxPages: number): void {
    const count = Math.ceil(maxPages / (1 << TREE_SHIFT));
    this.#trees[type] = Array.from({ length: count }, () => new XArray(this.#nodes, this.#engine));
  }

  /** zswap_swapoff: the trees must be empty. */
  removeArea(type: number): void {
    assert(this.#trees[type]?.every((tree) => tree.isEmpty) ?? false, 'swapoff leaves no entry');
    this.#trees[type] = undefined;
  }

  get(entry: SwapEntry): number {
    const tree = this.#tree(entry);
    const found = tree.isEmpty ? 0 : tree.load(entrySlot(entry));
    const { trace } = this.#engine;
    if (trace.isRecording && !tree.isEmpty)
      trace.hop(
        'xaLoad',
        `zswap xarray ${entryType(entry)}/${entrySlot(entry) >>> TREE_SHIFT} at ${entrySlot(entry)}`,
        found === 0 ? 'nothing' : `zswap entry ${found}`,
      );
    return found;
  }

  reserve(entry: SwapEntry): boolean {
    return this.#tree(entry).reserve(entrySlot(entry));
  }

  set(entry: SwapEntry, zswapEntry: number): number {
    this.#engine.count(EV['lockAcquire.zswapTree']);
    const before = this.#tree(entry).store(entrySlot(entry), zswapEntry);
    if (before === 0) this.#entryCount += 1;
    return before;
  }

  erase(entry: SwapEntry): number {
    const tree = this.#tree(entry);
    // zswap_invalidate looks for an empty tree before it takes the lock.
    if (tree.isEmpty) return 0;
    this.#engine.count(EV['lockAcquire.zswapTree']);
    const before = tree.erase(entrySlot(entry));
    if (before !== 0) this.#entryCount -= 1;
    return before;
  }

  moved(entry: SwapEntry): void {
    this.erase(entry);
  }

  /** zswap entries in all trees. */
  get entryCount(): number {
    return this.#entryCount;
  }

  get treeCount(): number {
    return this.#trees.reduce((sum, trees) => sum + (trees?.length ?? 0), 0);
  }

  /** Nodes of all trees now. */
  get nodeCount(): number {
    return this.#nodes.liveCount;
  }

  /** Bytes of the arrays of struct xarray. */
  get treeBytes(): number {
    return this.treeCount * XARRAY_BYTES;
  }

  #tree(entry: SwapEntry): XArray {
    return this.#trees[entryType(entry)]![entrySlot(entry) >>> TREE_SHIFT]!;
  }
}
