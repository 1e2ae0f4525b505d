/**
 * zswap's index as the first kernels with zswap had it: a red-black tree for each swap type, under
 * one lock each, keyed by slot.
 * Kernel counterpart: struct zswap_tree, zswap_rb_search, zswap_rb_insert, zswap_rb_erase
 * (mm/zswap.c, linux 3.11 to 6.8).
 *
 * A node is part of its zswap entry, so that storing needs no memory here. Every look-up takes the
 * lock of its tree, which readers of the xarrays do not.
 *
 * Simplified on purpose: the same lock covered the LRU and the reference counts then; here only the
 * steps in the tree are under it. frontswap's bitmap, which spared zswap the calls for slots that it
 * had never been given, is not here: such a call costs the lock and a walk, in an empty tree of none.
 */
import { EV, NO_RB_NODE, RbNodes, RbTree, type Engine } from '../engine/index.ts';
import { assert, entrySlot, entryType, type SwapEntry } from '../units/index.ts';
import type { AreaZswapIndex, ZswapIndexKind } from './zswap-index.ts';
import { ZswapTrees } from './zswap-index.ts';

/**
 * Bytes of struct zswap_tree.
 * @source its fields in the patches of 2013 (v9): root 8, LRU 16, lock 4 (+ 4), pool 8, type 4 (+ 4)
 */
export const ZSWAP_RB_TREE_BYTES = 48;

/** One red-black tree per swap type. */
export class ZswapRbTrees implements AreaZswapIndex {
  readonly kind = 'rbtree';
  readonly #engine: Engine;
  readonly #nodes = new RbNodes();
  readonly #trees: (RbTree | undefined)[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The size of the area does not matter: the tree grows with what is in it. */
  addArea(type: number, _maxPages: number): void {
    this.#trees[type] = new RbTree(this.#nodes, this.#engine);
  }

  removeArea(type: number): void {
    assert(this.#trees[type]?.isEmpty ?? false, 'swapoff leaves no entry');
    this.#trees[type] = undefined;
  }

  get(entry: SwapEntry): number {
    this.#engine.count(EV['lockAcquire.zswapTree']);
    const found = this.#tree(entry).find(entrySlot(entry));
    const { trace } = this.#engine;
    if (trace.isRecording)
      trace.hop(
        'rbVisit',
        `zswap rbtree ${entryType(entry)} at ${entrySlot(entry)}`,
        found === 0 ? 'nothing' : `zswap entry ${found}`,
      );
    return found;
  }

  reserve(_entry: SwapEntry): boolean {
    return true;
  }

  set(entry: SwapEntry, zswapEntry: number): number {
    this.#engine.count(EV['lockAcquire.zswapTree']);
    const tree = this.#tree(entry);
    const slot = entrySlot(entry);
    const older = tree.insert(slot, zswapEntry);
    if (older === NO_RB_NODE) return 0;
    // The node of the older entry is part of it: it goes, and the new one is put in from the root.
    const before = tree.eraseNode(older);
    assert(tree.insert(slot, zswapEntry) === NO_RB_NODE, 'an erased key is not in the tree');
    return before;
  }

  erase(entry: SwapEntry): number {
    this.#engine.count(EV['lockAcquire.zswapTree']);
    return this.#tree(entry).erase(entrySlot(entry));
  }

  moved(entry: SwapEntry): void {
    this.erase(entry);
  }

  get entryCount(): number {
    return this.#nodes.liveCount;
  }

  get treeCount(): number {
    return this.#trees.reduce((sum, tree) => sum + (tree === undefined ? 0 : 1), 0);
  }

  get treeBytes(): number {
    return this.treeCount * ZSWAP_RB_TREE_BYTES;
  }

  /** Nodes are part of the zswap entries. */
  get nodeCount(): number {
    return 0;
  }

  checkInvariants(): void {
    for (const tree of this.#trees) tree?.checkInvariants();
  }

  #tree(entry: SwapEntry): RbTree {
    return this.#trees[entryType(entry)]!;
  }
}

/** The index that plain entries are looked up in. */
export function createZswapIndex(kind: ZswapIndexKind, engine: Engine): AreaZswapIndex {
  return kind === 'rbtree' ? new ZswapRbTrees(engine) : new ZswapTrees(engine);
}
