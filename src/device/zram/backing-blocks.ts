/**
 * Which blocks of a backing device hold a page: a bit each; block 0 is never used.
 *
 * Kernel counterpart: zram->bitmap with zram_reserve_bdev_block (drivers/block/zram/zram_drv.c, linux
 * 6.18). The kernel takes the first free block for each page; here a batch takes the first run of
 * free blocks that holds all of it, or else the longest runs there are: the same blocks on a device
 * that fills up, fewer and longer I/Os on one whose pages come and go.
 */
import { assert } from '../../units/index.ts';

const WORD_BITS = 32;
const FULL_WORD = 0xffffffff;

export class BackingBlocks {
  readonly blockCount: number;
  readonly #used: Uint32Array;
  #count = 0;
  /** No block below is free. */
  #firstFree = 1;
  /** Where the run begins that `#findRun` has found. */
  #runStart = 0;

  constructor(blockCount: number) {
    assert(blockCount >= 1, 'a backing device has at least the block that is never used');
    this.blockCount = blockCount;
    this.#used = new Uint32Array(Math.ceil(blockCount / WORD_BITS));
    this.#used[0] = 1;
  }

  /** Blocks that hold a page: bd_count. */
  get count(): number {
    return this.#count;
  }

  isUsed(block: number): boolean {
    return (this.#used[block >>> 5]! & (1 << (block & 31))) !== 0;
  }

  /**
   * Takes blocks for a batch, neighbours as far as there are any.
   * @param into - gets the blocks' numbers
   * @returns how many could be had: `wanted`, or fewer when the device is full
   */
  reserve(into: Uint32Array, wanted: number): number {
    let taken = 0;
    while (taken < wanted) {
      const length = this.#findRun(wanted - taken);
      if (length === 0) break;
      for (let i = 0; i < length; i++) {
        const block = this.#runStart + i;
        this.#used[block >>> 5]! |= 1 << (block & 31);
        into[taken + i] = block;
      }
      if (this.#runStart === this.#firstFree) this.#firstFree += length;
      taken += length;
    }
    this.#count += taken;
    return taken;
  }

  release(block: number): void {
    assert(block > 0 && this.isUsed(block), 'a block is given back once');
    this.#used[block >>> 5]! &= ~(1 << (block & 31));
    this.#count -= 1;
    if (block < this.#firstFree) this.#firstFree = block;
  }

  /**
   * Finds the first run of `wanted` free blocks, else the longest: at `#runStart`.
   * @returns its length, at most `wanted`; 0 when no block is free
   */
  #findRun(wanted: number): number {
    let best = 0;
    let length = 0;
    for (let block = this.#firstFree; block < this.blockCount; block++) {
      if ((block & 31) === 0 && this.#used[block >>> 5] === FULL_WORD) {
        length = 0;
        block += WORD_BITS - 1;
        continue;
      }
      if (this.isUsed(block)) {
        length = 0;
        continue;
      }
      length += 1;
      if (length <= best) continue;
      best = length;
      this.#runStart = block - length + 1;
      if (best === wanted) break;
    }
    return best;
  }
}
