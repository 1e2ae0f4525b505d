/**
 * zsmalloc: a pool of objects of 1 to 4096 bytes packed into chains of pages.
 * Kernel counterpart: mm/zsmalloc.c (linux 6.18: zs_malloc, zs_free, zs_compact).
 *
 * Object i of a zspage lies at byte i × class size of its chain and may straddle pages; its first
 * 8 bytes are the handle's. Handles stay valid when compaction moves objects. Simplified on
 * purpose: an empty zspage is always freed at once (no page is ever locked).
 */
import { assert, grown, PAGE_SIZE } from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import { NO_HANDLE, type ObjectPlace, type ObjectPool, type PoolHandle } from './object-pool.ts';
import { PageArena } from './page-arena.ts';
import { classIndexOf, createSizeClasses, ZS_HANDLE_SIZE, type SizeClass } from './size-classes.ts';
import { NO_ZSPAGE, ZspageTable } from './zspage-table.ts';

/** @source linux 6.18 CONFIG_ZSMALLOC_CHAIN_SIZE */
const CHAIN_SIZE_DEFAULT = 8;

export interface ZsmallocOptions {
  readonly engine: Engine;
  /** False for payload none: sizes only. */
  readonly bytes: boolean;
  readonly chainSize?: number;
  /** Asked before a zspage is made; false: the object is not stored. */
  readonly mayGrow?: () => boolean;
}

export class ZsmallocPool implements ObjectPool {
  readonly #engine: Engine;
  readonly #hasBytes: boolean;
  readonly #mayGrow: () => boolean;
  readonly #classes: readonly SizeClass[];
  readonly #zspages: ZspageTable;
  readonly #arena: PageArena;
  readonly #scratch: Uint8Array = Buffer.alloc(PAGE_SIZE);
  #capacity = 1024;
  /** By handle: zspage, object in it, and length; zspage 0 is a free handle. */
  #zspage = new Uint32Array(this.#capacity);
  #object = new Uint16Array(this.#capacity);
  #length = new Uint16Array(this.#capacity);
  readonly #freeHandles: number[] = [];
  #usedHandles = 1;
  #objectCount = 0;
  #pagesCompacted = 0;
  readonly #classObjects: Float64Array;
  readonly #classZspages: Float64Array;

  constructor(options: ZsmallocOptions) {
    this.#engine = options.engine;
    this.#hasBytes = options.bytes;
    this.#mayGrow = options.mayGrow ?? (() => true);
    this.#classes = createSizeClasses(options.chainSize ?? CHAIN_SIZE_DEFAULT);
    this.#zspages = new ZspageTable(this.#classes.length);
    this.#arena = new PageArena(options.bytes);
    this.#classObjects = new Float64Array(this.#classes.length);
    this.#classZspages = new Float64Array(this.#classes.length);
  }

  get largestObject(): number {
    return PAGE_SIZE;
  }

  get pageCount(): number {
    return this.#arena.count;
  }

  get objectCount(): number {
    return this.#objectCount;
  }

  get zspageCount(): number {
    return this.#zspages.count;
  }

  /** Pages that compaction has freed so far. */
  get pagesCompacted(): number {
    return this.#pagesCompacted;
  }

  store(source: Uint8Array | null, length: number): PoolHandle {
    assert(length >= 1 && length <= PAGE_SIZE, 'an object has 1 to 4096 bytes');
    this.#engine.count(EV.zsmallocAlloc);
    this.#engine.count(EV['lockAcquire.zsmalloc']);
    const entry = this.#classes[classIndexOf(length)]!;
    let zspage = this.#zspages.withRoom(entry.index);
    if (zspage === NO_ZSPAGE) {
      if (!this.#mayGrow()) return NO_HANDLE;
      zspage = this.#createZspage(entry);
    }
    const handle = this.#allocateHandle();
    this.#zspage[handle] = zspage;
    this.#object[handle] = this.#zspages.take(zspage, entry, handle);
    this.#length[handle] = length;
    this.#classObjects[entry.index]! += 1;
    this.#objectCount += 1;
    if (this.#hasBytes) {
      assert(source !== null, 'a pool of bytes stores bytes');
      this.#copy(handle, entry, source, 0, true);
    }
    return handle;
  }

  lengthOf(handle: PoolHandle): number {
    return this.#length[handle]!;
  }

  placeOf(handle: PoolHandle): ObjectPlace {
    const zspage = this.#zspage[handle]!;
    assert(zspage !== NO_ZSPAGE, 'a live handle');
    const entry = this.#classOf(handle);
    const object = this.#object[handle]!;
    return { zspage, object, classBytes: entry.size, offset: startOf(entry, object) };
  }

  load(handle: PoolHandle, target: Uint8Array, offset: number): void {
    assert(this.#hasBytes, 'a pool without bytes has none to give');
    assert(this.#zspage[handle] !== NO_ZSPAGE, 'a live handle');
    this.#copy(handle, this.#classOf(handle), target, offset, false);
  }

  free(handle: PoolHandle): void {
    const zspage = this.#zspage[handle]!;
    assert(zspage !== NO_ZSPAGE, 'a handle is freed once');
    this.#engine.count(EV.zsmallocFree);
    this.#engine.count(EV['lockAcquire.zsmalloc']);
    const entry = this.#classOf(handle);
    this.#classObjects[entry.index]! -= 1;
    this.#objectCount -= 1;
    if (this.#zspages.giveBack(zspage, entry, this.#object[handle]!))
      this.#destroyZspage(zspage, entry);
    this.#zspage[handle] = NO_ZSPAGE;
    this.#freeHandles.push(handle);
  }

  /** Pages that `compact` could free now. */
  compactablePages(): number {
    return this.#classes.reduce(
      (sum, entry, index) => sum + (entry.index === index ? this.#canCompact(entry) : 0),
      0,
    );
  }

  /**
   * Moves objects from the emptiest zspages to the fullest and frees what becomes empty.
   * @returns pages freed
   * @source linux 6.18 mm/zsmalloc.c zs_compact
   */
  compact(): number {
    const before = this.pageCount;
    for (let index = this.#classes.length - 1; index >= 0; index--) {
      const entry = this.#classes[index]!;
      if (entry.index !== index) continue;
      while (this.#canCompact(entry) > 0 && this.#compactOne(entry));
    }
    const freed = before - this.pageCount;
    this.#pagesCompacted += freed;
    return freed;
  }

  checkInvariants(): void {
    this.#zspages.checkInvariants(this.#classes);
    let pages = 0;
    let objects = 0;
    this.#classes.forEach((entry, index) => {
      if (entry.index !== index) return;
      let used = 0;
      for (const zspage of this.#zspages.ofClass(index)) {
        used += this.#zspages.inUse(zspage);
        pages += entry.pagesPerZspage;
        for (let object = 0; object < entry.objectsPerZspage; object++) {
          const handle = this.#zspages.handleAt(zspage, object);
          if (handle === 0) continue;
          assert(this.#zspage[handle] === zspage, 'a handle knows its zspage');
          assert(this.#object[handle] === object, 'a handle knows its object');
        }
      }
      assert(used === this.#classObjects[index], 'objects of a class are counted right');
      objects += used;
    });
    assert(pages === this.pageCount, 'the pool holds the pages of its zspages');
    assert(objects === this.#objectCount, 'objects are counted right');
  }

  #classOf(handle: number): SizeClass {
    return this.#classes[this.#zspages.classIndex(this.#zspage[handle]!)]!;
  }

  #createZspage(entry: SizeClass): number {
    const pages: number[] = [];
    for (let i = 0; i < entry.pagesPerZspage; i++) pages.push(this.#arena.allocate());
    this.#engine.count(EV.zspageAlloc);
    this.#classZspages[entry.index]! += 1;
    return this.#zspages.create(entry, pages);
  }

  #destroyZspage(zspage: number, entry: SizeClass): void {
    for (const page of this.#zspages.destroy(zspage)) this.#arena.release(page);
    this.#engine.count(EV.zspageFree);
    this.#classZspages[entry.index]! -= 1;
  }

  #allocateHandle(): PoolHandle {
    const recycled = this.#freeHandles.pop();
    if (recycled !== undefined) return recycled as PoolHandle;
    if (this.#usedHandles === this.#capacity) this.#grow();
    const handle = this.#usedHandles++;
    assert(handle !== NO_HANDLE, 'handle 0 is none');
    return handle as PoolHandle;
  }

  /** Copies an object's payload from or to `buffer` at `at`, page by page. */
  #copy(handle: number, entry: SizeClass, buffer: Uint8Array, at: number, isWrite: boolean): void {
    const pages = this.#zspages.pages(this.#zspage[handle]!);
    let position = startOf(entry, this.#object[handle]!);
    let left = this.#length[handle]!;
    let place = at;
    while (left > 0) {
      const page = pages[position >>> 12]!;
      const offset = position & (PAGE_SIZE - 1);
      const part = Math.min(left, PAGE_SIZE - offset);
      if (isWrite) this.#arena.write(page, offset, buffer, place, part);
      else this.#arena.read(page, offset, buffer, place, part);
      position += part;
      place += part;
      left -= part;
    }
  }

  #canCompact(entry: SizeClass): number {
    const allocated = this.#classZspages[entry.index]! * entry.objectsPerZspage;
    const spare = allocated - this.#classObjects[entry.index]!;
    return Math.floor(spare / entry.objectsPerZspage) * entry.pagesPerZspage;
  }

  /** Empties (as far as there is room) one zspage into fuller ones; false when none is left. */
  #compactOne(entry: SizeClass): boolean {
    const source = this.#zspages.emptiest(entry.index);
    if (source === NO_ZSPAGE) return false;
    for (let object = 0; object < entry.objectsPerZspage; object++) {
      const handle = this.#zspages.handleAt(source, object);
      if (handle === 0) continue;
      const target = this.#zspages.withRoom(entry.index, source);
      if (target === NO_ZSPAGE) return false;
      if (this.#move(handle, entry, target)) return true;
    }
    return true;
  }

  /** Moves one object; true when its old zspage became empty and was freed. */
  #move(handle: number, entry: SizeClass, target: number): boolean {
    const source = this.#zspage[handle]!;
    const object = this.#object[handle]!;
    if (this.#hasBytes) this.#copy(handle, entry, this.#scratch, 0, false);
    const isEmpty = this.#zspages.giveBack(source, entry, object);
    this.#zspage[handle] = target;
    this.#object[handle] = this.#zspages.take(target, entry, handle);
    if (this.#hasBytes) this.#copy(handle, entry, this.#scratch, 0, true);
    if (isEmpty) this.#destroyZspage(source, entry);
    return isEmpty;
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#zspage = grown(this.#zspage, this.#capacity);
    this.#object = grown(this.#object, this.#capacity);
    this.#length = grown(this.#length, this.#capacity);
  }
}

/** Byte of the chain at which an object's bytes begin, behind its handle. */
function startOf(entry: SizeClass, object: number): number {
  return object * entry.size + (entry.isHuge ? 0 : ZS_HANDLE_SIZE);
}
