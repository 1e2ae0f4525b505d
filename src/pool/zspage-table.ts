/**
 * zspages: their pages, their free objects, and the fullness lists of each class.
 * Kernel counterpart: struct zspage, fix_fullness_group, find_get_zspage (linux 6.18
 * mm/zsmalloc.c).
 *
 * Structure of arrays that grow by doubling; zspage 0 is none. Free objects of a zspage are a list
 * through `#links`, last freed first. Fullness groups: 0 empty, 1 to 10 by tenths, 11 full.
 * Compaction takes two zspages out of the lists (isolates them), moves objects from one to the
 * other, and puts them back.
 */
import { assert, grown } from '../units/index.ts';
import type { SizeClass } from './size-classes.ts';

export const FULLNESS_GROUPS = 12;
const FULL = FULLNESS_GROUPS - 1;
/** More than any zspage has objects: 16 pages of 48 bytes would be 1365. */
const NO_OBJECT = 0xffff;
export const NO_ZSPAGE = 0;

export class ZspageTable {
  /** Lists by class and group; a head points to the zspage inserted last. */
  readonly #heads: Uint32Array;
  #capacity = 256;
  #classIndex = new Uint8Array(this.#capacity);
  #inUse = new Uint16Array(this.#capacity);
  #freeObject = new Uint16Array(this.#capacity);
  #group = new Uint8Array(this.#capacity);
  #next = new Uint32Array(this.#capacity);
  #previous = new Uint32Array(this.#capacity);
  /** By zspage: page numbers in the arena, and for each object the next free one. */
  readonly #pages: number[][] = [[]];
  readonly #links: Uint16Array[] = [new Uint16Array(0)];
  /** By zspage and object: handle of what is stored, 0 for a free one. */
  readonly #handles: Uint32Array[] = [new Uint32Array(0)];
  /** By class: ZS_OBJS_INUSE, and zspages. */
  readonly #usedObjects: Uint32Array;
  readonly #zspageCounts: Uint32Array;
  #freeHead = NO_ZSPAGE;
  #used = 1;
  #live = 0;

  constructor(classCount: number) {
    this.#heads = new Uint32Array(classCount * FULLNESS_GROUPS);
    this.#usedObjects = new Uint32Array(classCount);
    this.#zspageCounts = new Uint32Array(classCount);
  }

  get count(): number {
    return this.#live;
  }

  /** A new empty zspage over `pages`. */
  create(entry: SizeClass, pages: number[]): number {
    let zspage = this.#freeHead;
    if (zspage === NO_ZSPAGE) {
      if (this.#used === this.#capacity) this.#grow();
      zspage = this.#used++;
    } else {
      this.#freeHead = this.#next[zspage]!;
    }
    const count = entry.objectsPerZspage;
    let links = this.#links[zspage];
    if (links === undefined || links.length !== count) {
      links = new Uint16Array(count);
      this.#links[zspage] = links;
      this.#handles[zspage] = new Uint32Array(count);
    }
    for (let i = 0; i < count; i++) links[i] = i + 1 < count ? i + 1 : NO_OBJECT;
    this.#classIndex[zspage] = entry.index;
    this.#inUse[zspage] = 0;
    this.#freeObject[zspage] = 0;
    this.#pages[zspage] = pages;
    this.#group[zspage] = 0;
    this.#insert(zspage, entry.index, 0);
    this.#zspageCounts[entry.index]! += 1;
    this.#live += 1;
    return zspage;
  }

  /** Gives an empty zspage back and returns its pages. */
  destroy(zspage: number): readonly number[] {
    assert(this.#inUse[zspage] === 0, 'only an empty zspage is freed');
    this.#unlink(zspage);
    this.#zspageCounts[this.#classIndex[zspage]!]! -= 1;
    const pages = this.#pages[zspage]!;
    this.#pages[zspage] = [];
    this.#next[zspage] = this.#freeHead;
    this.#freeHead = zspage;
    this.#live -= 1;
    return pages;
  }

  /** The fullest zspage of a class that has room, newest first of a group; or none. */
  withRoom(classIndex: number): number {
    for (let group = FULL - 1; group >= 0; group--) {
      const zspage = this.#heads[classIndex * FULLNESS_GROUPS + group]!;
      if (zspage !== NO_ZSPAGE) return zspage;
    }
    return NO_ZSPAGE;
  }

  /** Takes the first free object for `handle`; lists the zspage anew. */
  take(zspage: number, entry: SizeClass, handle: number): number {
    const object = this.#occupy(zspage, handle);
    this.#usedObjects[entry.index]! += 1;
    this.#regroup(zspage, entry);
    return object;
  }

  /** Gives an object back; true when the zspage has become empty. */
  giveBack(zspage: number, entry: SizeClass, object: number): boolean {
    this.#vacate(zspage, object);
    this.#usedObjects[entry.index]! -= 1;
    this.#regroup(zspage, entry);
    return this.#inUse[zspage] === 0;
  }

  /** Takes the fullest zspage that has room out of its list; or none. */
  isolateFullest(classIndex: number): number {
    for (let group = FULL - 1; group >= 1; group--) {
      const zspage = this.#heads[classIndex * FULLNESS_GROUPS + group]!;
      if (zspage === NO_ZSPAGE) continue;
      this.#unlink(zspage);
      return zspage;
    }
    return NO_ZSPAGE;
  }

  /** Takes the emptiest zspage that holds anything and is not full out of its list; or none. */
  isolateEmptiest(classIndex: number): number {
    for (let group = 1; group < FULL; group++) {
      const zspage = this.#heads[classIndex * FULLNESS_GROUPS + group]!;
      if (zspage === NO_ZSPAGE) continue;
      this.#unlink(zspage);
      return zspage;
    }
    return NO_ZSPAGE;
  }

  /** Lists an isolated zspage again, as full as it is now. */
  putBack(zspage: number, entry: SizeClass): void {
    this.#insert(zspage, entry.index, fullness(this.#inUse[zspage]!, entry.objectsPerZspage));
  }

  /**
   * Moves an object between two isolated zspages.
   * @returns its index in the new one
   */
  move(from: number, object: number, to: number): number {
    const moved = this.#occupy(to, this.#handles[from]![object]!);
    this.#vacate(from, object);
    return moved;
  }

  /** @source linux 6.18 mm/zsmalloc.c zs_can_compact */
  compactablePages(entry: SizeClass): number {
    const allocated = this.#zspageCounts[entry.index]! * entry.objectsPerZspage;
    const wasted = Math.floor(
      (allocated - this.#usedObjects[entry.index]!) / entry.objectsPerZspage,
    );
    return wasted * entry.pagesPerZspage;
  }

  /** Objects of a class in use. */
  usedObjects(classIndex: number): number {
    return this.#usedObjects[classIndex]!;
  }

  /** zspages of a class, the isolated ones among them. */
  zspageCount(classIndex: number): number {
    return this.#zspageCounts[classIndex]!;
  }

  /** zspages listed in one fullness group of a class. */
  countInGroup(classIndex: number, group: number): number {
    let count = 0;
    let zspage = this.#heads[classIndex * FULLNESS_GROUPS + group]!;
    for (; zspage !== NO_ZSPAGE; zspage = this.#next[zspage]!) count += 1;
    return count;
  }

  pages(zspage: number): readonly number[] {
    return this.#pages[zspage]!;
  }

  handleAt(zspage: number, object: number): number {
    return this.#handles[zspage]![object]!;
  }

  inUse(zspage: number): number {
    return this.#inUse[zspage]!;
  }

  classIndex(zspage: number): number {
    return this.#classIndex[zspage]!;
  }

  /** zspages of a class, in no order of use. */
  *ofClass(classIndex: number): Generator<number> {
    for (let group = 0; group < FULLNESS_GROUPS; group++) {
      let zspage = this.#heads[classIndex * FULLNESS_GROUPS + group]!;
      for (; zspage !== NO_ZSPAGE; zspage = this.#next[zspage]!) yield zspage;
    }
  }

  checkInvariants(table: readonly SizeClass[]): void {
    let listed = 0;
    for (let index = 0; index < table.length; index++) {
      let usedObjects = 0;
      let zspages = 0;
      for (const zspage of this.ofClass(index)) {
        const entry = table[index]!;
        const used = this.#handles[zspage]!.reduce((sum, handle) => sum + (handle > 0 ? 1 : 0), 0);
        assert(used === this.#inUse[zspage], 'objects in use are counted right');
        assert(
          this.#group[zspage] === fullness(used, entry.objectsPerZspage),
          'listed by fullness',
        );
        let free = 0;
        for (let at = this.#freeObject[zspage]!; at !== NO_OBJECT; at = this.#links[zspage]![at]!)
          free += 1;
        assert(used + free === entry.objectsPerZspage, 'each object is used or free');
        usedObjects += used;
        zspages += 1;
      }
      assert(usedObjects === this.#usedObjects[index], 'objects of a class are counted right');
      assert(zspages === this.#zspageCounts[index], 'zspages of a class are counted right');
      listed += zspages;
    }
    assert(listed === this.#live, 'each zspage is listed');
  }

  #occupy(zspage: number, handle: number): number {
    const object = this.#freeObject[zspage]!;
    assert(object !== NO_OBJECT, 'a zspage with room has a free object');
    this.#freeObject[zspage] = this.#links[zspage]![object]!;
    this.#handles[zspage]![object] = handle;
    this.#inUse[zspage]! += 1;
    return object;
  }

  #vacate(zspage: number, object: number): void {
    assert(this.#handles[zspage]![object] !== 0, 'an object is freed once');
    this.#handles[zspage]![object] = 0;
    this.#links[zspage]![object] = this.#freeObject[zspage]!;
    this.#freeObject[zspage] = object;
    this.#inUse[zspage]! -= 1;
  }

  #regroup(zspage: number, entry: SizeClass): void {
    const group = fullness(this.#inUse[zspage]!, entry.objectsPerZspage);
    if (group === this.#group[zspage]) return;
    this.#unlink(zspage);
    this.#insert(zspage, entry.index, group);
  }

  #insert(zspage: number, classIndex: number, group: number): void {
    const head = classIndex * FULLNESS_GROUPS + group;
    const first = this.#heads[head]!;
    this.#group[zspage] = group;
    this.#next[zspage] = first;
    this.#previous[zspage] = NO_ZSPAGE;
    if (first !== NO_ZSPAGE) this.#previous[first] = zspage;
    this.#heads[head] = zspage;
  }

  #unlink(zspage: number): void {
    const next = this.#next[zspage]!;
    const previous = this.#previous[zspage]!;
    if (next !== NO_ZSPAGE) this.#previous[next] = previous;
    if (previous !== NO_ZSPAGE) this.#next[previous] = next;
    else this.#heads[this.#classIndex[zspage]! * FULLNESS_GROUPS + this.#group[zspage]!] = next;
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#classIndex = grown(this.#classIndex, this.#capacity);
    this.#inUse = grown(this.#inUse, this.#capacity);
    this.#freeObject = grown(this.#freeObject, this.#capacity);
    this.#group = grown(this.#group, this.#capacity);
    this.#next = grown(this.#next, this.#capacity);
    this.#previous = grown(this.#previous, this.#capacity);
  }
}

/** @source linux 6.18 mm/zsmalloc.c get_fullness_group */
function fullness(inUse: number, objects: number): number {
  if (inUse === 0) return 0;
  if (inUse === objects) return FULL;
  return Math.floor(Math.floor((100 * inUse) / objects) / 10) + 1;
}
