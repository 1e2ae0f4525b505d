/**
 * Erase blocks that garbage collection may take, in one list for each count of valid pages: the
 * block with the fewest is found without a search. A block whose page was overwritten moves one list
 * down; within a list the one that has been there longest goes first.
 */
import { assert } from '../../units/index.ts';

/** No block. */
export const NO_BLOCK = -1;

export class VictimLists {
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** The list of a block, which is its count of valid pages; -1 for none. */
  readonly #list: Int16Array;
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  /** No list below has a block. */
  #lowest: number;

  /** @param blockPages - pages of a block, at most 32767 */
  constructor(blockCount: number, blockPages: number) {
    this.#next = new Int32Array(blockCount).fill(NO_BLOCK);
    this.#previous = new Int32Array(blockCount).fill(NO_BLOCK);
    this.#list = new Int16Array(blockCount).fill(-1);
    this.#heads = new Int32Array(blockPages + 1).fill(NO_BLOCK);
    this.#tails = new Int32Array(blockPages + 1).fill(NO_BLOCK);
    this.#lowest = blockPages + 1;
  }

  has(block: number): boolean {
    return this.#list[block]! >= 0;
  }

  /** The list that a block is in: its count of valid pages; -1 for none. */
  validOf(block: number): number {
    return this.#list[block]!;
  }

  add(block: number, validPages: number): void {
    assert(!this.has(block), 'a block is in one list');
    const tail = this.#tails[validPages]!;
    this.#previous[block] = tail;
    this.#next[block] = NO_BLOCK;
    if (tail === NO_BLOCK) this.#heads[validPages] = block;
    else this.#next[tail] = block;
    this.#tails[validPages] = block;
    this.#list[block] = validPages;
    if (validPages < this.#lowest) this.#lowest = validPages;
  }

  remove(block: number): void {
    const list = this.#list[block]!;
    assert(list >= 0, 'a block is in a list');
    const next = this.#next[block]!;
    const previous = this.#previous[block]!;
    if (previous === NO_BLOCK) this.#heads[list] = next;
    else this.#next[previous] = next;
    if (next === NO_BLOCK) this.#tails[list] = previous;
    else this.#previous[next] = previous;
    this.#list[block] = -1;
  }

  /** One of the block's pages is valid no more. */
  demote(block: number): void {
    const validPages = this.#list[block]! - 1;
    this.remove(block);
    this.add(block, validPages);
  }

  /** The block with the fewest valid pages; NO_BLOCK when there is none. */
  fewest(): number {
    const count = this.#heads.length;
    while (this.#lowest < count && this.#heads[this.#lowest] === NO_BLOCK) this.#lowest += 1;
    return this.#lowest < count ? this.#heads[this.#lowest]! : NO_BLOCK;
  }

  /** Checks that lists and links agree; O(blocks). */
  checkInvariants(): void {
    let linked = 0;
    for (const [list, head] of this.#heads.entries()) {
      assert(head === NO_BLOCK || list >= this.#lowest, 'no block is below the lowest list');
      let before = NO_BLOCK;
      for (let block = head; block !== NO_BLOCK; block = this.#next[block]!) {
        assert(this.#list[block] === list, 'a block knows its list');
        assert(this.#previous[block] === before, 'links go both ways');
        before = block;
        linked += 1;
      }
      assert(this.#tails[list] === before, 'a list ends at its tail');
    }
    const known = this.#list.reduce((count, list) => count + (list >= 0 ? 1 : 0), 0);
    assert(linked === known, 'every block with a list is in it');
  }
}
