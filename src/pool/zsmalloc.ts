/**
 * zsmalloc: a pool of objects of 1 to 4096 bytes packed into chains of pages.
 * Kernel counterpart: mm/zsmalloc.c (linux 6.18: zs_malloc, zs_free, zs_compact).
 *
 * Object i of a zspage lies at byte i × class size of its chain and may straddle pages; its first
 * 8 bytes are the handle's. Handles stay valid when compaction moves objects. Simplified on
 * purpose: an empty zspage is always freed at once (no page is ever locked).
 */
import { assert, PAGE_SIZE } from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import { classStats, type ClassStats } from './class-stats.ts';
import { compactClass, type CompactionParts } from './compaction.ts';
import { HandleTable } from './handle-table.ts';
import {
  NO_HANDLE,
  type ObjectPlace,
  type ObjectPool,
  type PoolHandle,
  type PoolOptions,
} from './object-pool.ts';
import { PageArena } from './page-arena.ts';
import {
  classIndexOf,
  createSizeClasses,
  hugeClassSize,
  objectStart,
  ZS_HANDLE_SIZE,
  ZSMALLOC_CHAIN_SIZE,
  type SizeClass,
} from './size-classes.ts';
import { NO_ZSPAGE, ZspageTable } from './zspage-table.ts';

export interface ZsmallocOptions extends PoolOptions {
  /** Pages of the longest zspage, 4 to 16 (CONFIG_ZSMALLOC_CHAIN_SIZE); 8 when absent. */
  readonly chainSize?: number | undefined;
}

export class ZsmallocPool implements ObjectPool {
  /** ZS_MAX_ALLOC_SIZE */
  readonly largestObject: number = PAGE_SIZE;
  /** An object of the slab zs_handle. @source linux 6.18 mm/zsmalloc.c zs_create_pool */
  readonly handleBytes: number = ZS_HANDLE_SIZE;
  /** First length that takes a page of its own (zs_huge_class_size, which zram asks for). */
  readonly hugeClassSize: number;
  readonly #engine: Engine;
  readonly #hasBytes: boolean;
  readonly #mayGrow: ((pages: number) => boolean) | undefined;
  readonly #classes: readonly SizeClass[];
  readonly #zspages: ZspageTable;
  readonly #arena: PageArena;
  readonly #handles = new HandleTable();
  readonly #compaction: CompactionParts;
  #pagesCompacted = 0;

  constructor(options: ZsmallocOptions) {
    this.#engine = options.engine;
    this.#hasBytes = options.bytes;
    this.#mayGrow = options.mayGrow;
    this.#classes = createSizeClasses(options.chainSize ?? ZSMALLOC_CHAIN_SIZE);
    this.hugeClassSize = hugeClassSize(this.#classes);
    this.#zspages = new ZspageTable(this.#classes.length);
    this.#arena = new PageArena(options.bytes);
    this.#compaction = {
      engine: options.engine,
      zspages: this.#zspages,
      handles: this.#handles,
      bytes: options.bytes ? { arena: this.#arena, scratch: Buffer.alloc(PAGE_SIZE) } : null,
      freeZspage: (zspage, entry) => {
        this.#destroyZspage(zspage, entry);
      },
    };
  }

  get pageCount(): number {
    return this.#arena.count;
  }

  get objectCount(): number {
    return this.#handles.count;
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
      zspage = this.#createZspage(entry);
      if (zspage === NO_ZSPAGE) return NO_HANDLE;
    }
    const handle = this.#handles.allocate(length);
    const object = this.#zspages.take(zspage, entry, handle);
    this.#handles.place(handle, zspage, object);
    if (this.#hasBytes) {
      assert(source !== null, 'a pool of bytes stores bytes');
      const pages = this.#zspages.pages(zspage);
      this.#arena.writeChain(pages, objectStart(entry, object), source, length);
    }
    return handle;
  }

  /** The class that serves objects of `length` bytes, by its index. */
  classIndex(length: number): number {
    return this.#classes[classIndexOf(length)]!.index;
  }

  lengthOf(handle: PoolHandle): number {
    return this.#handles.length(handle);
  }

  placeOf(handle: PoolHandle): ObjectPlace {
    const zspage = this.#handles.chain(handle);
    const entry = this.#classOf(zspage);
    const object = this.#handles.object(handle);
    return { zspage, object, classBytes: entry.size, offset: objectStart(entry, object) };
  }

  load(handle: PoolHandle, target: Uint8Array, offset: number): void {
    assert(this.#hasBytes, 'a pool without bytes has none to give');
    const zspage = this.#handles.chain(handle);
    const position = objectStart(this.#classOf(zspage), this.#handles.object(handle));
    const length = this.#handles.length(handle);
    this.#arena.readChain(this.#zspages.pages(zspage), position, target, offset, length);
  }

  free(handle: PoolHandle): void {
    const zspage = this.#handles.chain(handle);
    this.#engine.count(EV.zsmallocFree);
    this.#engine.count(EV['lockAcquire.zsmalloc']);
    const entry = this.#classOf(zspage);
    if (this.#zspages.giveBack(zspage, entry, this.#handles.object(handle)))
      this.#destroyZspage(zspage, entry);
    this.#handles.release(handle);
  }

  /** Pages that `compact` could free now. */
  compactablePages(): number {
    let pages = 0;
    this.#classes.forEach((entry, index) => {
      if (entry.index === index) pages += this.#zspages.compactablePages(entry);
    });
    return pages;
  }

  /**
   * Moves objects from the emptiest zspages to the fullest and frees what becomes empty, from the
   * largest class to the smallest.
   * @returns pages freed
   * @source linux 6.18 mm/zsmalloc.c zs_compact
   */
  compact(): number {
    const before = this.pageCount;
    for (let index = this.#classes.length - 1; index >= 0; index--) {
      const entry = this.#classes[index]!;
      if (entry.index === index) compactClass(this.#compaction, entry);
    }
    const freed = before - this.pageCount;
    this.#pagesCompacted += freed;
    return freed;
  }

  /** The table of classes, as debugfs shows it; `formatClassStats` prints it. */
  classStats(): readonly ClassStats[] {
    return classStats(this.#classes, this.#zspages);
  }

  checkInvariants(): void {
    this.#zspages.checkInvariants(this.#classes);
    let pages = 0;
    let objects = 0;
    this.#classes.forEach((entry, index) => {
      if (entry.index !== index) return;
      for (const zspage of this.#zspages.ofClass(index)) {
        pages += entry.pagesPerZspage;
        for (let object = 0; object < entry.objectsPerZspage; object++) {
          const handle = this.#zspages.handleAt(zspage, object);
          if (handle === 0) continue;
          objects += 1;
          assert(this.#handles.chain(handle) === zspage, 'a handle knows its zspage');
          assert(this.#handles.object(handle) === object, 'a handle knows its object');
        }
      }
    });
    assert(pages === this.pageCount, 'the pool holds the pages of its zspages');
    assert(objects === this.objectCount, 'objects are counted right');
  }

  #classOf(zspage: number): SizeClass {
    return this.#classes[this.#zspages.classIndex(zspage)]!;
  }

  /** A new zspage: all of its pages or none. */
  #createZspage(entry: SizeClass): number {
    const count = entry.pagesPerZspage;
    if (this.#mayGrow?.(count) === false || this.#engine.allocationFails('zspage'))
      return NO_ZSPAGE;
    const pages: number[] = [];
    for (let i = 0; i < count; i++) pages.push(this.#arena.allocate());
    this.#engine.count(EV.zspageAlloc);
    return this.#zspages.create(entry, pages);
  }

  #destroyZspage(zspage: number, entry: SizeClass): void {
    const pages = this.#zspages.destroy(zspage);
    assert(pages.length === entry.pagesPerZspage, 'a zspage has the pages of its class');
    for (const page of pages) this.#arena.release(page);
    this.#engine.count(EV.zspageFree);
  }
}
