/**
 * An XArray: a radix tree of 64-slot nodes whose nodes are counted and freed as the kernel does.
 * Kernel counterpart: lib/xarray.c, include/linux/xarray.h (linux 6.18).
 *
 * Values are whole numbers from 1 to 2^53-1 (a slot is 8 bytes, as in the kernel); 0 is "no entry".
 * All trees of one arena share its nodes, so that a tree is one small record. An entry at index 0 alone is stored in the root without a node;
 * a tree is only as high as the largest index stored since it was empty, and shrinks again when the
 * root node has a single entry at slot 0.
 */
import { assert } from '../units/index.ts';
import type { Engine } from './engine.ts';
import { EV } from './events.ts';

const FANOUT_BITS = 6;
const FANOUT = 64;
/**
 * Indices that a tree of so many levels has room for. With the power taken at each look-up, swapping
 * out took 2.5 times as long in vswap, which looks up every descriptor (0.26 against 0.67 M pages/s).
 */
const INDICES: Readonly<Float64Array> = Float64Array.from(
  { length: 10 },
  (_, levels) => 2 ** (FANOUT_BITS * levels),
);
/** Bytes of struct xa_node. @source linux 6.18 x86-64, from BTF */
export const XA_NODE_BYTES = 576;
/** Bytes of struct xarray. @source linux 6.18 x86-64, from BTF */
export const XARRAY_BYTES = 16;

/** The nodes of many trees, in typed arrays that grow by doubling. */
export class XArrayNodes {
  readonly #engine: Engine;
  #slots = new Float64Array(FANOUT * 64);
  #counts = new Uint8Array(64);
  readonly #free: number[] = [];
  #used = 1;
  #live = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Nodes in use by all trees of the arena. */
  get liveCount(): number {
    return this.#live;
  }

  /** True when a node can be had: a store asks for all that it may need before it changes a tree. */
  canAllocate(): boolean {
    return !this.#engine.allocationFails('xa_node');
  }

  allocate(): number {
    this.#engine.count(EV.xaNodeAlloc);
    this.#live += 1;
    const recycled = this.#free.pop();
    if (recycled !== undefined) return recycled;
    if (this.#used === this.#counts.length) this.#grow();
    return this.#used++;
  }

  release(node: number): void {
    this.#engine.count(EV.xaNodeFree);
    assert(this.#counts[node] === 0, 'only an empty node is freed');
    this.#live -= 1;
    this.#free.push(node);
  }

  get(node: number, slot: number): number {
    return this.#slots[node * FANOUT + slot]!;
  }

  /** Stores and keeps the node's count of entries. */
  put(node: number, slot: number, value: number): void {
    const at = node * FANOUT + slot;
    const before = this.#slots[at]!;
    this.#slots[at] = value;
    if (before === 0 && value !== 0) this.#counts[node]! += 1;
    else if (before !== 0 && value === 0) this.#counts[node]! -= 1;
  }

  entryCount(node: number): number {
    return this.#counts[node]!;
  }

  #grow(): void {
    const slots = new Float64Array(this.#slots.length * 2);
    slots.set(this.#slots);
    this.#slots = slots;
    const counts = new Uint8Array(this.#counts.length * 2);
    counts.set(this.#counts);
    this.#counts = counts;
  }
}

export class XArray {
  readonly #nodes: XArrayNodes;
  readonly #engine: Engine;
  /** The root: a value at index 0 when `#levels` is 0, otherwise a node. */
  #root = 0;
  #levels = 0;

  constructor(nodes: XArrayNodes, engine: Engine) {
    this.#nodes = nodes;
    this.#engine = engine;
  }

  get isEmpty(): boolean {
    return this.#root === 0;
  }

  /** The value at `index`; 0 when there is none. */
  load(index: number): number {
    this.#engine.count(EV.xaLoad);
    return this.peek(index);
  }

  /** As `load`, uncounted: for what a walk that is counted otherwise finds on its way. */
  peek(index: number): number {
    if (this.#levels === 0) return index === 0 ? this.#root : 0;
    if (index >= INDICES[this.#levels]!) return 0;
    let node = this.#root;
    for (let level = this.#levels - 1; level > 0; level--) {
      node = this.#nodes.get(node, slotAt(index, level));
      if (node === 0) return 0;
    }
    return this.#nodes.get(node, index & (FANOUT - 1));
  }

  /**
   * Makes sure that the nodes for `index` are there, so that storing cannot fail.
   * @returns false when a node cannot be had; the tree is as it was
   * @source linux 6.18 lib/xarray.c xas_create_range, xas_nomem
   */
  reserve(index: number): boolean {
    return this.#missingNodes(index) === 0 || this.#nodes.canAllocate();
  }

  /**
   * Stores a value and returns the one before it.
   * @param value - 1 to 2^53-1
   */
  store(index: number, value: number): number {
    assert(value !== 0, 'storing nothing is erasing');
    this.#engine.count(EV.xaStore);
    if (index === 0 && this.#levels === 0) {
      const before = this.#root;
      this.#root = value;
      return before;
    }
    this.#expand(index);
    let node = this.#root;
    for (let level = this.#levels - 1; level > 0; level--) {
      const slot = slotAt(index, level);
      let child = this.#nodes.get(node, slot);
      if (child === 0) {
        child = this.#nodes.allocate();
        this.#nodes.put(node, slot, child);
      }
      node = child;
    }
    const slot = index & (FANOUT - 1);
    const before = this.#nodes.get(node, slot);
    this.#nodes.put(node, slot, value);
    return before;
  }

  /** Removes the value at `index` and returns it; frees nodes that become empty. */
  erase(index: number): number {
    this.#engine.count(EV.xaErase);
    if (this.#levels === 0) {
      if (index !== 0) return 0;
      const before = this.#root;
      this.#root = 0;
      return before;
    }
    if (index >= INDICES[this.#levels]!) return 0;
    const before = this.#eraseBelow(this.#root, this.#levels - 1, index);
    if (before !== 0) this.#shrink();
    return before;
  }

  /** Nodes that storing at `index` would add. */
  #missingNodes(index: number): number {
    if (this.#levels === 0) return index === 0 ? 0 : 1;
    if (index >= INDICES[this.#levels]!) return 1;
    let node = this.#root;
    for (let level = this.#levels - 1; level > 0; level--) {
      node = this.#nodes.get(node, slotAt(index, level));
      if (node === 0) return level;
    }
    return 0;
  }

  #eraseBelow(node: number, level: number, index: number): number {
    const slot = slotAt(index, level);
    const child = this.#nodes.get(node, slot);
    if (child === 0) return 0;
    if (level === 0) {
      this.#nodes.put(node, slot, 0);
      return child;
    }
    const before = this.#eraseBelow(child, level - 1, index);
    if (before !== 0 && this.#nodes.entryCount(child) === 0) {
      this.#nodes.put(node, slot, 0);
      this.#nodes.release(child);
    }
    return before;
  }

  /** Makes the tree high enough for `index` (xas_expand). */
  #expand(index: number): void {
    if (this.#root === 0) {
      this.#levels = 1;
      while (index >= INDICES[this.#levels]!) this.#levels += 1;
      this.#root = this.#nodes.allocate();
      return;
    }
    while (this.#levels === 0 || index >= INDICES[this.#levels]!) {
      const above = this.#nodes.allocate();
      this.#nodes.put(above, 0, this.#root);
      this.#root = above;
      this.#levels += 1;
    }
  }

  /** Drops root nodes that have at most a single entry, at slot 0 (xas_shrink). */
  #shrink(): void {
    while (this.#levels > 0) {
      const root = this.#root;
      const count = this.#nodes.entryCount(root);
      const first = this.#nodes.get(root, 0);
      if (count > 1 || (count === 1 && first === 0)) return;
      this.#nodes.put(root, 0, 0);
      this.#nodes.release(root);
      this.#root = first;
      this.#levels -= 1;
      if (first === 0) this.#levels = 0;
    }
  }
}

function slotAt(index: number, level: number): number {
  return level < 5
    ? (index >>> (FANOUT_BITS * level)) & (FANOUT - 1)
    : Math.floor(index / 2 ** (FANOUT_BITS * level)) % FANOUT;
}
