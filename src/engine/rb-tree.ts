/**
 * A red-black tree: integers by integer keys, rebalanced as the kernel does it, so that the nodes
 * looked at and the rotations can be counted.
 * Kernel counterpart: lib/rbtree.c, include/linux/rbtree.h (linux 3.11; the same to this day).
 *
 * All trees of one arena share its nodes, which grow by doubling; node 0 is none. In the kernel a
 * node lies in the object that it leads to and takes no memory of its own: its bytes are counted
 * with that object. A node goes from place to place in its tree but is never copied into another.
 *
 * `rbVisit` is a node of the way down, or the sibling or uncle that rebalancing looks at; `rbRotate`
 * is a rotation with its change of colours.
 */
import { assert, grown } from '../units/index.ts';
import type { Engine } from './engine.ts';
import { EV } from './events.ts';

/** No node. */
export const NO_RB_NODE = 0;
const BLACK = 0;
const RED = 1;
const LEFT = 0;
const RIGHT = 1;

/** The nodes of many trees, in typed arrays that grow by doubling. */
export class RbNodes {
  #capacity = 64;
  #keys = new Uint32Array(this.#capacity);
  #values = new Uint32Array(this.#capacity);
  /** Left and right child of each node; the left one of a free node is the next free node. */
  #children = new Uint32Array(2 * this.#capacity);
  #parents = new Uint32Array(this.#capacity);
  #colours = new Uint8Array(this.#capacity);
  #freeHead = NO_RB_NODE;
  #used = 1;
  #live = 0;

  /** Nodes in use by all trees of the arena. */
  get liveCount(): number {
    return this.#live;
  }

  /** A red node without children. */
  allocate(key: number, value: number, parent: number): number {
    let node = this.#freeHead;
    if (node !== NO_RB_NODE) {
      this.#freeHead = this.#children[2 * node]!;
    } else {
      if (this.#used === this.#capacity) this.#grow();
      node = this.#used++;
    }
    this.#live += 1;
    this.#keys[node] = key;
    this.#values[node] = value;
    this.#children[2 * node] = NO_RB_NODE;
    this.#children[2 * node + 1] = NO_RB_NODE;
    this.#parents[node] = parent;
    this.#colours[node] = RED;
    return node;
  }

  release(node: number): void {
    this.#children[2 * node] = this.#freeHead;
    this.#freeHead = node;
    this.#live -= 1;
  }

  key(node: number): number {
    return this.#keys[node]!;
  }

  value(node: number): number {
    return this.#values[node]!;
  }

  /** @param side - 0 for the smaller keys, 1 for the larger ones */
  child(node: number, side: number): number {
    return this.#children[2 * node + side]!;
  }

  setChild(node: number, side: number, child: number): void {
    this.#children[2 * node + side] = child;
  }

  parent(node: number): number {
    return this.#parents[node]!;
  }

  setParent(node: number, parent: number): void {
    this.#parents[node] = parent;
  }

  /** No node is black. */
  isRed(node: number): boolean {
    return this.#colours[node] === RED;
  }

  setRed(node: number, isRed: boolean): void {
    this.#colours[node] = isRed ? RED : BLACK;
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#keys = grown(this.#keys, this.#capacity);
    this.#values = grown(this.#values, this.#capacity);
    this.#children = grown(this.#children, 2 * this.#capacity);
    this.#parents = grown(this.#parents, this.#capacity);
    this.#colours = grown(this.#colours, this.#capacity);
  }
}

/** Keys are whole numbers from 0, values from 1, both to 2^32-1; value 0 is "nothing". */
export class RbTree {
  readonly #nodes: RbNodes;
  readonly #engine: Engine;
  #root = NO_RB_NODE;
  #count = 0;

  constructor(nodes: RbNodes, engine: Engine) {
    this.#nodes = nodes;
    this.#engine = engine;
  }

  /** Keys in the tree. */
  get count(): number {
    return this.#count;
  }

  get isEmpty(): boolean {
    return this.#root === NO_RB_NODE;
  }

  /** The value under `key`; 0 when there is none. */
  find(key: number): number {
    const node = this.search(key);
    return node === NO_RB_NODE ? 0 : this.#nodes.value(node);
  }

  /** The node of `key`, which holds until it is erased; NO_RB_NODE when there is none. */
  search(key: number): number {
    const nodes = this.#nodes;
    let at = this.#root;
    let visits = 0;
    while (at !== NO_RB_NODE) {
      visits += 1;
      const here = nodes.key(at);
      if (here === key) break;
      at = nodes.child(at, key < here ? LEFT : RIGHT);
    }
    this.#engine.countMany(EV.rbVisit, visits);
    return at;
  }

  /**
   * Adds a key.
   * @returns NO_RB_NODE, or the node that has the key already (EEXIST): nothing has changed then
   */
  insert(key: number, value: number): number {
    assert(value !== 0, 'storing nothing is erasing');
    const nodes = this.#nodes;
    let parent = NO_RB_NODE;
    let side = LEFT;
    let visits = 0;
    for (let at = this.#root; at !== NO_RB_NODE; at = nodes.child(at, side)) {
      visits += 1;
      const here = nodes.key(at);
      if (here === key) {
        this.#engine.countMany(EV.rbVisit, visits);
        return at;
      }
      parent = at;
      side = key < here ? LEFT : RIGHT;
    }
    this.#engine.countMany(EV.rbVisit, visits);
    const node = nodes.allocate(key, value, parent);
    if (parent === NO_RB_NODE) this.#root = node;
    else nodes.setChild(parent, side, node);
    this.#count += 1;
    this.#balanceInserted(node);
    return NO_RB_NODE;
  }

  /** Removes a key and returns what was under it; 0 when there was nothing. */
  erase(key: number): number {
    const node = this.search(key);
    return node === NO_RB_NODE ? 0 : this.eraseNode(node);
  }

  /** Removes a node of this tree, as `search` or `insert` has returned it; returns its value. */
  eraseNode(node: number): number {
    const nodes = this.#nodes;
    const value = nodes.value(node);
    if (nodes.child(node, LEFT) !== NO_RB_NODE && nodes.child(node, RIGHT) !== NO_RB_NODE)
      this.#swapWithSuccessor(node);
    const left = nodes.child(node, LEFT);
    const child = left === NO_RB_NODE ? nodes.child(node, RIGHT) : left;
    const parent = nodes.parent(node);
    const side = this.#sideOf(node, parent);
    this.#link(parent, side, child);
    if (!nodes.isRed(node)) {
      // A child of a black node with one child is red: black, it takes the place of both.
      if (child !== NO_RB_NODE) nodes.setRed(child, false);
      else if (parent !== NO_RB_NODE) this.#balanceErased(parent, side);
    }
    nodes.release(node);
    this.#count -= 1;
    return value;
  }

  /** Order of keys, no red node under a red one, equal black heights, links both ways. */
  checkInvariants(): void {
    assert(!this.#nodes.isRed(NO_RB_NODE), 'no node is black');
    assert(!this.#nodes.isRed(this.#root), 'the root is black');
    assert(
      this.#root === NO_RB_NODE || this.#nodes.parent(this.#root) === NO_RB_NODE,
      'the root has no parent',
    );
    const visited = { count: 0 };
    this.#check(this.#root, -1, Infinity, visited);
    assert(visited.count === this.#count, 'the tree knows how many keys it has');
  }

  /** @returns the black nodes on each way down from `node` */
  #check(node: number, above: number, below: number, visited: { count: number }): number {
    if (node === NO_RB_NODE) return 0;
    const nodes = this.#nodes;
    visited.count += 1;
    // Without it a cycle of links would never end.
    assert(visited.count <= this.#count, 'each node has one place');
    const key = nodes.key(node);
    assert(key > above && key < below, 'smaller keys are to the left, larger ones to the right');
    for (const side of [LEFT, RIGHT]) {
      const child = nodes.child(node, side);
      if (child === NO_RB_NODE) continue;
      assert(nodes.parent(child) === node, 'a child knows its parent');
      assert(!nodes.isRed(node) || !nodes.isRed(child), 'no red node has a red child');
    }
    const left = this.#check(nodes.child(node, LEFT), above, key, visited);
    const right = this.#check(nodes.child(node, RIGHT), key, below, visited);
    assert(left === right, 'all ways down have as many black nodes');
    return left + (nodes.isRed(node) ? 0 : 1);
  }

  /** @source linux lib/rbtree.c __rb_insert */
  #balanceInserted(inserted: number): void {
    const nodes = this.#nodes;
    let node = inserted;
    let parent = nodes.parent(node);
    while (nodes.isRed(parent)) {
      // A red node is not the root.
      const grandparent = nodes.parent(parent);
      const side = this.#sideOf(parent, grandparent);
      const uncle = nodes.child(grandparent, 1 - side);
      this.#engine.count(EV.rbVisit);
      if (!nodes.isRed(uncle)) {
        if (this.#sideOf(node, parent) !== side) {
          this.#rotate(parent, side);
          parent = node;
        }
        nodes.setRed(parent, false);
        nodes.setRed(grandparent, true);
        this.#rotate(grandparent, 1 - side);
        return;
      }
      nodes.setRed(parent, false);
      nodes.setRed(uncle, false);
      nodes.setRed(grandparent, true);
      node = grandparent;
      parent = nodes.parent(node);
    }
    if (parent === NO_RB_NODE) nodes.setRed(node, false);
  }

  /**
   * The ways down through the child of `start` on `startSide` lack one black node.
   * @source linux lib/rbtree.c ____rb_erase_color
   */
  #balanceErased(start: number, startSide: number): void {
    const nodes = this.#nodes;
    let parent = start;
    let side = startSide;
    for (;;) {
      let sibling = nodes.child(parent, 1 - side);
      this.#engine.count(EV.rbVisit);
      if (nodes.isRed(sibling)) {
        nodes.setRed(sibling, false);
        nodes.setRed(parent, true);
        this.#rotate(parent, side);
        sibling = nodes.child(parent, 1 - side);
        this.#engine.count(EV.rbVisit);
      }
      if (nodes.isRed(nodes.child(sibling, 0)) || nodes.isRed(nodes.child(sibling, 1))) {
        this.#balanceAround(parent, side, sibling);
        return;
      }
      nodes.setRed(sibling, true);
      if (nodes.isRed(parent)) {
        nodes.setRed(parent, false);
        return;
      }
      const above = nodes.parent(parent);
      if (above === NO_RB_NODE) return;
      side = this.#sideOf(parent, above);
      parent = above;
    }
  }

  /** The last step of `#balanceErased`: the sibling has a red child, which makes up for all. */
  #balanceAround(parent: number, side: number, black: number): void {
    const nodes = this.#nodes;
    let sibling = black;
    if (!nodes.isRed(nodes.child(sibling, 1 - side))) {
      // Its near child goes up, and is given its colour below.
      nodes.setRed(sibling, true);
      this.#rotate(sibling, 1 - side);
      sibling = nodes.child(parent, 1 - side);
    }
    nodes.setRed(sibling, nodes.isRed(parent));
    nodes.setRed(parent, false);
    nodes.setRed(nodes.child(sibling, 1 - side), false);
    this.#rotate(parent, side);
  }

  /** Lets a node with two children and its successor change places, colours included. */
  #swapWithSuccessor(node: number): void {
    const nodes = this.#nodes;
    let successor = nodes.child(node, RIGHT);
    let visits = 1;
    while (nodes.child(successor, LEFT) !== NO_RB_NODE) {
      successor = nodes.child(successor, LEFT);
      visits += 1;
    }
    this.#engine.countMany(EV.rbVisit, visits);
    const below = nodes.child(successor, RIGHT);
    const parent = nodes.parent(node);
    const successorParent = nodes.parent(successor);
    const isRed = nodes.isRed(node);
    this.#link(parent, this.#sideOf(node, parent), successor);
    this.#link(successor, LEFT, nodes.child(node, LEFT));
    if (successorParent === node) {
      this.#link(successor, RIGHT, node);
    } else {
      this.#link(successor, RIGHT, nodes.child(node, RIGHT));
      this.#link(successorParent, LEFT, node);
    }
    nodes.setChild(node, LEFT, NO_RB_NODE);
    this.#link(node, RIGHT, below);
    nodes.setRed(node, nodes.isRed(successor));
    nodes.setRed(successor, isRed);
  }

  /** Turns a node down to `side`; its child on the other side takes its place. */
  #rotate(node: number, side: number): void {
    this.#engine.count(EV.rbRotate);
    const nodes = this.#nodes;
    const child = nodes.child(node, 1 - side);
    const parent = nodes.parent(node);
    const at = this.#sideOf(node, parent);
    this.#link(node, 1 - side, nodes.child(child, side));
    this.#link(child, side, node);
    this.#link(parent, at, child);
  }

  #sideOf(node: number, parent: number): number {
    return parent !== NO_RB_NODE && this.#nodes.child(parent, RIGHT) === node ? RIGHT : LEFT;
  }

  /** Links both ways; without a parent the child is the root. */
  #link(parent: number, side: number, child: number): void {
    if (parent === NO_RB_NODE) this.#root = child;
    else this.#nodes.setChild(parent, side, child);
    if (child !== NO_RB_NODE) this.#nodes.setParent(child, parent);
  }
}
