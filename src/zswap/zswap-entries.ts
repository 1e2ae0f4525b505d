/**
 * The table of zswap entries and their LRU: what is stored, where, and how recently it was met.
 * Kernel counterpart: struct zswap_entry and zswap_list_lru (linux 6.18 mm/zswap.c; one memory
 * cgroup and one node, so one list).
 *
 * Structure of arrays that grow by doubling. Entry 0 is no entry and the sentinel of the LRU: its
 * `next` is the coldest entry, its `previous` the one stored last.
 */
import { assert, grown, type SwapEntry } from '../units/index.ts';
import type { PoolHandle } from '../pool/object-pool.ts';

/** Bytes of struct zswap_entry. @source linux 6.18 x86-64, from BTF */
export const ZSWAP_ENTRY_BYTES = 56;
/** No entry. */
export const NO_ZSWAP_ENTRY = 0;

export class ZswapEntries {
  #capacity = 1024;
  #swapEntry = new Uint32Array(this.#capacity);
  #length = new Uint16Array(this.#capacity);
  #referenced = new Uint8Array(this.#capacity);
  #handle = new Uint32Array(this.#capacity);
  #tag = new Uint32Array(this.#capacity);
  #next = new Uint32Array(this.#capacity);
  #previous = new Uint32Array(this.#capacity);
  #freeHead = NO_ZSWAP_ENTRY;
  #used = 1;
  #live = 0;

  /** Entries stored now. */
  get count(): number {
    return this.#live;
  }

  /** Takes a free entry and puts it at the young end of the LRU, referenced. */
  add(swapEntry: SwapEntry, handle: PoolHandle, length: number, tag: number): number {
    let index = this.#freeHead;
    if (index !== NO_ZSWAP_ENTRY) {
      this.#freeHead = this.#next[index]!;
    } else {
      if (this.#used === this.#capacity) this.#grow();
      index = this.#used++;
    }
    this.#swapEntry[index] = swapEntry;
    this.#handle[index] = handle;
    this.#length[index] = length;
    this.#tag[index] = tag;
    this.#referenced[index] = 1;
    this.#linkYoung(index);
    this.#live += 1;
    return index;
  }

  remove(index: number): void {
    assert(this.#swapEntry[index] !== 0, 'a zswap entry is removed once');
    this.#unlink(index);
    this.#swapEntry[index] = 0;
    this.#next[index] = this.#freeHead;
    this.#freeHead = index;
    this.#live -= 1;
  }

  swapEntry(index: number): SwapEntry {
    return this.#swapEntry[index]! as SwapEntry;
  }

  handle(index: number): PoolHandle {
    return this.#handle[index]! as PoolHandle;
  }

  /** Compressed length in bytes; 4096 for a page stored as it is. */
  length(index: number): number {
    return this.#length[index]!;
  }

  /** Content tag, only with payload none. */
  tag(index: number): number {
    return this.#tag[index]!;
  }

  /** Clears the second chance and says whether there was one. */
  testAndClearReferenced(index: number): boolean {
    const was = this.#referenced[index] === 1;
    this.#referenced[index] = 0;
    return was;
  }

  /** The entry at the cold end; 0 when there is none. */
  coldest(): number {
    return this.#next[0]!;
  }

  /** Calls back with the swap entry of each, coldest first. */
  forEach(visit: (entry: SwapEntry) => void): void {
    for (let at = this.#next[0]!; at !== NO_ZSWAP_ENTRY; at = this.#next[at]!)
      visit(this.#swapEntry[at]! as SwapEntry);
  }

  /** Moves an entry to the young end. */
  rotate(index: number): void {
    this.#unlink(index);
    this.#linkYoung(index);
  }

  checkInvariants(): void {
    let listed = 0;
    for (let at = this.#next[0]!; at !== 0; at = this.#next[at]!) {
      assert(this.#swapEntry[at] !== 0, 'listed entries are live');
      assert(this.#next[this.#previous[at]!] === at, 'the LRU is linked both ways');
      listed += 1;
    }
    assert(listed === this.#live, 'each entry is on the LRU');
  }

  #linkYoung(index: number): void {
    const last = this.#previous[0]!;
    this.#next[last] = index;
    this.#previous[index] = last;
    this.#next[index] = 0;
    this.#previous[0] = index;
  }

  #unlink(index: number): void {
    const next = this.#next[index]!;
    const previous = this.#previous[index]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#swapEntry = grown(this.#swapEntry, this.#capacity);
    this.#length = grown(this.#length, this.#capacity);
    this.#referenced = grown(this.#referenced, this.#capacity);
    this.#handle = grown(this.#handle, this.#capacity);
    this.#tag = grown(this.#tag, this.#capacity);
    this.#next = grown(this.#next, this.#capacity);
    this.#previous = grown(this.#previous, this.#capacity);
  }
}
