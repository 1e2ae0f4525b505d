/**
 * The table of zswap entries and their LRU lists: what is stored, where, whose it is, and how
 * recently it was met.
 * Kernel counterpart: struct zswap_entry and zswap_list_lru (linux 6.18 mm/zswap.c: a list per memory
 * cgroup and node; one node here). The zswap of 2013 kept a list per swap type.
 *
 * Structure of arrays that grow by doubling. Entry 0 is none.
 */
import { assert, grown, type SwapEntry } from '../units/index.ts';
import type { PoolHandle } from '../pool/object-pool.ts';

/** Bytes of struct zswap_entry. @source linux 6.18 x86-64, from BTF */
export const ZSWAP_ENTRY_BYTES = 56;
/** No entry. */
export const NO_ZSWAP_ENTRY = 0;

/** What a new entry says. */
export interface NewZswapEntry {
  readonly swapEntry: SwapEntry;
  readonly handle: PoolHandle;
  /** Compressed length in bytes; 4096 for a page stored as it is. */
  readonly length: number;
  /** Content tag, only with payload none. */
  readonly tag: number;
  /** Number of the pool that holds the object. */
  readonly pool: number;
  readonly cgroup: number;
  /** LRU list that it joins, at the young end. */
  readonly list: number;
  /** Pages that had been offered to zswap before it. */
  readonly storedAt: number;
}

export class ZswapEntries {
  #capacity = 1024;
  #swapEntry = new Uint32Array(this.#capacity);
  #length = new Uint16Array(this.#capacity);
  #referenced = new Uint8Array(this.#capacity);
  #handle = new Uint32Array(this.#capacity);
  #tag = new Uint32Array(this.#capacity);
  #pool = new Uint8Array(this.#capacity);
  #cgroup = new Uint16Array(this.#capacity);
  #storedAt = new Float64Array(this.#capacity);
  #list = new Uint16Array(this.#capacity);
  #next = new Uint32Array(this.#capacity);
  #previous = new Uint32Array(this.#capacity);
  /** By list: coldest entry, the one stored last, and how many. */
  #head = new Uint32Array(16);
  #tail = new Uint32Array(16);
  #size = new Uint32Array(16);
  #freeHead = NO_ZSWAP_ENTRY;
  #used = 1;
  #live = 0;
  #storedAtSum = 0;

  /** Entries stored now. */
  get count(): number {
    return this.#live;
  }

  /** Lists there may be: those from 0 to here. */
  get listCount(): number {
    return this.#head.length;
  }

  /** Sum of `storedAt` over all entries. */
  get storedAtSum(): number {
    return this.#storedAtSum;
  }

  /** Takes a free entry and puts it at the young end of its list, referenced. */
  add(entry: NewZswapEntry): number {
    let index = this.#freeHead;
    if (index !== NO_ZSWAP_ENTRY) {
      this.#freeHead = this.#next[index]!;
    } else {
      if (this.#used === this.#capacity) this.#grow();
      index = this.#used++;
    }
    this.#swapEntry[index] = entry.swapEntry;
    this.#handle[index] = entry.handle;
    this.#length[index] = entry.length;
    this.#tag[index] = entry.tag;
    this.#pool[index] = entry.pool;
    this.#cgroup[index] = entry.cgroup;
    this.#storedAt[index] = entry.storedAt;
    this.#storedAtSum += entry.storedAt;
    this.#referenced[index] = 1;
    while (entry.list >= this.#head.length) this.#growLists();
    this.#list[index] = entry.list;
    this.#linkYoung(index);
    this.#live += 1;
    return index;
  }

  remove(index: number): void {
    assert(this.#swapEntry[index] !== 0, 'a zswap entry is removed once');
    this.#unlink(index);
    this.#storedAtSum -= this.#storedAt[index]!;
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

  pool(index: number): number {
    return this.#pool[index]!;
  }

  cgroup(index: number): number {
    return this.#cgroup[index]!;
  }

  storedAt(index: number): number {
    return this.#storedAt[index]!;
  }

  /** Clears the second chance and says whether there was one. */
  testAndClearReferenced(index: number): boolean {
    const was = this.#referenced[index] === 1;
    this.#referenced[index] = 0;
    return was;
  }

  /** Entries of a list. */
  size(list: number): number {
    return this.#size[list] ?? 0;
  }

  /** The entry at the cold end of a list; 0 when there is none. */
  coldest(list: number): number {
    return this.#head[list] ?? NO_ZSWAP_ENTRY;
  }

  /** Calls back with the swap entry of each and its number, list by list, coldest first. */
  forEach(visit: (entry: SwapEntry, zswapEntry: number) => void): void {
    for (let list = 0; list < this.#head.length; list++)
      for (let at = this.#head[list]!; at !== NO_ZSWAP_ENTRY; at = this.#next[at]!)
        visit(this.#swapEntry[at]! as SwapEntry, at);
  }

  /** Moves an entry to the young end of its list. */
  rotate(index: number): void {
    this.#unlink(index);
    this.#linkYoung(index);
  }

  /** Moves an entry to the cold end of its list. */
  rotateBack(index: number): void {
    this.#unlink(index);
    const list = this.#list[index]!;
    const first = this.#head[list]!;
    this.#next[index] = first;
    this.#previous[index] = NO_ZSWAP_ENTRY;
    if (first === NO_ZSWAP_ENTRY) this.#tail[list] = index;
    else this.#previous[first] = index;
    this.#head[list] = index;
    this.#size[list]! += 1;
  }

  checkInvariants(): void {
    let listed = 0;
    let storedAtSum = 0;
    for (let list = 0; list < this.#head.length; list++) {
      let before = NO_ZSWAP_ENTRY;
      let size = 0;
      for (let at = this.#head[list]!; at !== NO_ZSWAP_ENTRY; at = this.#next[at]!) {
        assert(this.#swapEntry[at] !== 0, 'listed entries are live');
        assert(this.#previous[at] === before, 'the LRU is linked both ways');
        assert(this.#list[at] === list, 'an entry knows its list');
        storedAtSum += this.#storedAt[at]!;
        before = at;
        size += 1;
      }
      assert(this.#tail[list] === before, 'a list ends at its tail');
      assert(this.#size[list] === size, 'entries of a list are counted right');
      listed += size;
    }
    assert(listed === this.#live, 'each entry is on the LRU');
    assert(storedAtSum === this.#storedAtSum, 'ages are summed right');
  }

  #linkYoung(index: number): void {
    const list = this.#list[index]!;
    const last = this.#tail[list]!;
    this.#next[index] = NO_ZSWAP_ENTRY;
    this.#previous[index] = last;
    if (last === NO_ZSWAP_ENTRY) this.#head[list] = index;
    else this.#next[last] = index;
    this.#tail[list] = index;
    this.#size[list]! += 1;
  }

  #unlink(index: number): void {
    const list = this.#list[index]!;
    const next = this.#next[index]!;
    const previous = this.#previous[index]!;
    if (previous === NO_ZSWAP_ENTRY) this.#head[list] = next;
    else this.#next[previous] = next;
    if (next === NO_ZSWAP_ENTRY) this.#tail[list] = previous;
    else this.#previous[next] = previous;
    this.#size[list]! -= 1;
  }

  #growLists(): void {
    const count = this.#head.length * 2;
    this.#head = grown(this.#head, count);
    this.#tail = grown(this.#tail, count);
    this.#size = grown(this.#size, count);
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#swapEntry = grown(this.#swapEntry, this.#capacity);
    this.#length = grown(this.#length, this.#capacity);
    this.#referenced = grown(this.#referenced, this.#capacity);
    this.#handle = grown(this.#handle, this.#capacity);
    this.#tag = grown(this.#tag, this.#capacity);
    this.#pool = grown(this.#pool, this.#capacity);
    this.#cgroup = grown(this.#cgroup, this.#capacity);
    this.#storedAt = grown(this.#storedAt, this.#capacity);
    this.#list = grown(this.#list, this.#capacity);
    this.#next = grown(this.#next, this.#capacity);
    this.#previous = grown(this.#previous, this.#capacity);
  }
}
