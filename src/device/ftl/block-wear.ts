/**
 * How often each erase block was erased, and the free ones by that: a heap with the least worn on
 * top, so that new writes go there (dynamic wear levelling). The lowest count of all blocks is kept
 * by a histogram: counts only grow, so it is found by walking up.
 */
import { assert } from '../../units/index.ts';
import { NO_BLOCK } from './victim-lists.ts';

export class BlockWear {
  readonly #erases: Uint32Array;
  /** A binary heap of free blocks, by erases, then by number: the same on every machine. */
  readonly #heap: Int32Array;
  #freeCount = 0;
  /** Blocks by their count of erases. */
  #histogram = new Uint32Array(64);
  #lowest = 0;
  #highest = 0;
  #total = 0;

  constructor(blockCount: number) {
    this.#erases = new Uint32Array(blockCount);
    this.#heap = new Int32Array(blockCount);
    this.#histogram[0] = blockCount;
  }

  get freeCount(): number {
    return this.#freeCount;
  }

  /** Erases in all, of the least worn block, of the most worn one. */
  get erases(): number {
    return this.#total;
  }

  get erasesMin(): number {
    return this.#lowest;
  }

  get erasesMax(): number {
    return this.#highest;
  }

  erasesOf(block: number): number {
    return this.#erases[block]!;
  }

  /** Standard deviation of the counts: how evenly blocks wear. */
  erasesDeviation(): number {
    const blockCount = this.#erases.length;
    const mean = this.#total / blockCount;
    let squares = 0;
    for (let count = this.#lowest; count <= this.#highest; count++)
      squares += this.#histogram[count]! * (count - mean) ** 2;
    return Math.sqrt(squares / blockCount);
  }

  erase(block: number): void {
    const before = this.#erases[block]!;
    this.#erases[block] = before + 1;
    this.#total += 1;
    if (before + 1 >= this.#histogram.length) {
      const larger = new Uint32Array(this.#histogram.length * 2);
      larger.set(this.#histogram);
      this.#histogram = larger;
    }
    this.#histogram[before]! -= 1;
    this.#histogram[before + 1]! += 1;
    if (before + 1 > this.#highest) this.#highest = before + 1;
    while (this.#histogram[this.#lowest] === 0) this.#lowest += 1;
  }

  addFree(block: number): void {
    let at = this.#freeCount;
    this.#freeCount += 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.#isLessWorn(block, this.#heap[parent]!)) break;
      this.#heap[at] = this.#heap[parent]!;
      at = parent;
    }
    this.#heap[at] = block;
  }

  /** Takes the least worn free block. */
  takeLeastWorn(): number {
    assert(this.#freeCount > 0, 'collection keeps blocks free');
    return this.#takeAt(0);
  }

  /** Takes the most worn free block: for data that will stay. O(free blocks), which are few. */
  takeMostWorn(): number {
    assert(this.#freeCount > 0, 'collection keeps blocks free');
    let place = 0;
    for (let at = 1; at < this.#freeCount; at++)
      if (this.#isLessWorn(this.#heap[place]!, this.#heap[at]!)) place = at;
    return this.#takeAt(place);
  }

  /** Checks counts, histogram and heap; O(blocks). */
  checkInvariants(): void {
    let total = 0;
    const histogram = new Uint32Array(this.#histogram.length);
    for (const count of this.#erases) {
      total += count;
      histogram[count]! += 1;
    }
    assert(total === this.#total, "the sum of blocks' erases is the count of erases");
    for (const [count, blocks] of this.#histogram.entries())
      assert(histogram[count] === blocks, 'the histogram has every block');
    assert(histogram.findIndex((blocks) => blocks > 0) === this.#lowest, 'the lowest is known');
    assert(histogram.findLastIndex((blocks) => blocks > 0) === this.#highest, 'and the highest');
    const free = this.#heap.subarray(0, this.#freeCount);
    assert(new Set(free).size === this.#freeCount, 'a free block is free once');
    assert(!free.includes(NO_BLOCK), 'a free block is one');
    for (let at = 1; at < this.#freeCount; at++)
      assert(!this.#isLessWorn(free[at]!, free[(at - 1) >>> 1]!), 'the least worn is on top');
  }

  /** The free blocks, for checks. */
  free(): Int32Array {
    return this.#heap.slice(0, this.#freeCount);
  }

  #takeAt(place: number): number {
    const heap = this.#heap;
    const taken = heap[place]!;
    this.#freeCount -= 1;
    if (place === this.#freeCount) return taken;
    const block = heap[this.#freeCount]!;
    let at = place;
    // The last one may be less worn than the parent of a hole in the middle.
    while (at > 0 && this.#isLessWorn(block, heap[(at - 1) >>> 1]!)) {
      heap[at] = heap[(at - 1) >>> 1]!;
      at = (at - 1) >>> 1;
    }
    for (;;) {
      let child = at * 2 + 1;
      if (child >= this.#freeCount) break;
      if (child + 1 < this.#freeCount && this.#isLessWorn(heap[child + 1]!, heap[child]!))
        child += 1;
      if (!this.#isLessWorn(heap[child]!, block)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = block;
    return taken;
  }

  #isLessWorn(a: number, b: number): boolean {
    const difference = this.#erases[a]! - this.#erases[b]!;
    return difference < 0 || (difference === 0 && a < b);
  }
}
