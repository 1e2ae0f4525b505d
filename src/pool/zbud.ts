/**
 * zbud: at most two objects a page, the first at its beginning, the last at its end.
 * Kernel counterpart: mm/zbud.c (linux 6.12, removed since).
 *
 * Room is counted in chunks of 64 bytes; the first chunk of a page is its header. A page with one
 * object stands in the list of its free chunks, one with two in list 0, which no page with one object
 * can be in. Never fewer objects than pages, never more than twice as many.
 */
import { assert, grown, PAGE_SIZE } from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import { HandleTable } from './handle-table.ts';
import {
  NO_HANDLE,
  type ObjectPlace,
  type ObjectPool,
  type PoolHandle,
  type PoolOptions,
} from './object-pool.ts';
import { PageArena } from './page-arena.ts';

/** @source linux 6.12 mm/zbud.c NCHUNKS_ORDER: a page has 64 chunks */
const CHUNK_SIZE = PAGE_SIZE >> 6;
/** @source linux 6.12 mm/zbud.c ZHDR_SIZE_ALIGNED */
const HEADER_SIZE = CHUNK_SIZE;
/** Chunks of a page without its header, and number of lists. */
const NCHUNKS = (PAGE_SIZE - HEADER_SIZE) / CHUNK_SIZE;
const BUDDIED = 0;
const FIRST = 0;
const LAST = 1;
/** Pages are numbered from 1 on here: 0 ends a list. */
const NO_PAGE = 0;

export class ZbudPool implements ObjectPool {
  /** @source linux 6.12 mm/zbud.c zbud_alloc: larger ones get ENOSPC */
  readonly largestObject: number = PAGE_SIZE - HEADER_SIZE - CHUNK_SIZE;
  /** A handle is the object's address. */
  readonly handleBytes = 0;
  readonly #engine: Engine;
  readonly #hasBytes: boolean;
  readonly #mayGrow: ((pages: number) => boolean) | undefined;
  readonly #arena: PageArena;
  readonly #handles = new HandleTable();
  /** By free chunks: the page inserted last. */
  readonly #heads = new Uint32Array(NCHUNKS);
  #capacity = 256;
  /** By page: the list it is in, its neighbours there, and chunks of its two objects, 0 for none. */
  #list = new Uint8Array(this.#capacity);
  #next = new Uint32Array(this.#capacity);
  #previous = new Uint32Array(this.#capacity);
  #firstChunks = new Uint8Array(this.#capacity);
  #lastChunks = new Uint8Array(this.#capacity);

  constructor(options: PoolOptions) {
    this.#engine = options.engine;
    this.#hasBytes = options.bytes;
    this.#mayGrow = options.mayGrow;
    this.#arena = new PageArena(options.bytes);
  }

  get pageCount(): number {
    return this.#arena.count;
  }

  get objectCount(): number {
    return this.#handles.count;
  }

  /** @source linux 6.12 mm/zbud.c zbud_alloc */
  store(source: Uint8Array | null, length: number): PoolHandle {
    assert(length >= 1 && length <= PAGE_SIZE, 'an object has 1 to 4096 bytes');
    if (length > this.largestObject) return NO_HANDLE;
    const chunks = chunksOf(length);
    this.#engine.count(EV.zbudAlloc);
    this.#engine.count(EV['lockAcquire.zbud']);
    let page = this.#withRoom(chunks);
    if (page === NO_PAGE) {
      page = this.#createPage();
      if (page === NO_PAGE) return NO_HANDLE;
    } else {
      this.#unlink(page);
    }
    const buddy = this.#firstChunks[page] === 0 ? FIRST : LAST;
    if (buddy === FIRST) this.#firstChunks[page] = chunks;
    else this.#lastChunks[page] = chunks;
    this.#insert(page);
    const handle = this.#handles.allocate(length);
    this.#handles.place(handle, page, buddy);
    if (this.#hasBytes) {
      assert(source !== null, 'a pool of bytes stores bytes');
      this.#arena.write(page - 1, this.#offsetOf(page, buddy), source, 0, length);
    }
    return handle;
  }

  lengthOf(handle: PoolHandle): number {
    return this.#handles.length(handle);
  }

  placeOf(handle: PoolHandle): ObjectPlace {
    const zspage = this.#handles.chain(handle);
    const object = this.#handles.object(handle);
    const chunks = object === FIRST ? this.#firstChunks[zspage]! : this.#lastChunks[zspage]!;
    const offset = this.#offsetOf(zspage, object);
    return { zspage, object, classBytes: chunks * CHUNK_SIZE, offset };
  }

  load(handle: PoolHandle, target: Uint8Array, offset: number): void {
    assert(this.#hasBytes, 'a pool without bytes has none to give');
    const page = this.#handles.chain(handle);
    const from = this.#offsetOf(page, this.#handles.object(handle));
    this.#arena.read(page - 1, from, target, offset, this.#handles.length(handle));
  }

  /** @source linux 6.12 mm/zbud.c zbud_free */
  free(handle: PoolHandle): void {
    const page = this.#handles.chain(handle);
    this.#engine.count(EV.zbudFree);
    this.#engine.count(EV['lockAcquire.zbud']);
    this.#unlink(page);
    if (this.#handles.object(handle) === FIRST) this.#firstChunks[page] = 0;
    else this.#lastChunks[page] = 0;
    this.#handles.release(handle);
    if (this.#firstChunks[page] === 0 && this.#lastChunks[page] === 0) {
      this.#arena.release(page - 1);
      this.#engine.count(EV.zbudPageFree);
    } else {
      this.#insert(page);
    }
  }

  checkInvariants(): void {
    let pages = 0;
    let buddies = 0;
    this.#heads.forEach((head, list) => {
      for (let page = head; page !== NO_PAGE; page = this.#next[page]!) {
        const first = this.#firstChunks[page]!;
        const last = this.#lastChunks[page]!;
        const isBuddied = first > 0 && last > 0;
        assert(first + last >= 1 && first + last <= NCHUNKS, 'objects fit in their page');
        assert(list === (isBuddied ? BUDDIED : NCHUNKS - first - last), 'listed by free chunks');
        assert(list === this.#list[page], 'a page knows its list');
        pages += 1;
        buddies += isBuddied ? 2 : 1;
      }
    });
    assert(pages === this.pageCount, 'each page is listed');
    let objects = 0;
    for (const handle of this.#handles.live()) {
      const { classBytes } = this.placeOf(handle);
      const room = chunksOf(this.#handles.length(handle)) * CHUNK_SIZE;
      assert(classBytes === room, 'an object has the chunks of its length');
      objects += 1;
    }
    assert(objects === buddies && objects === this.objectCount, 'each buddy has one handle');
  }

  /** The page with one object whose room is least of what suffices; or none. */
  #withRoom(chunks: number): number {
    for (let list = chunks; list < NCHUNKS; list++)
      if (this.#heads[list] !== NO_PAGE) return this.#heads[list]!;
    return NO_PAGE;
  }

  #createPage(): number {
    if (this.#mayGrow?.(1) === false || this.#engine.allocationFails('zbudPage')) return NO_PAGE;
    const page = this.#arena.allocate() + 1;
    while (page >= this.#capacity) this.#grow();
    this.#firstChunks[page] = 0;
    this.#lastChunks[page] = 0;
    this.#engine.count(EV.zbudPageAlloc);
    // The lock is dropped for the page and taken again.
    this.#engine.count(EV['lockAcquire.zbud']);
    return page;
  }

  #offsetOf(page: number, buddy: number): number {
    return buddy === FIRST ? HEADER_SIZE : PAGE_SIZE - this.#lastChunks[page]! * CHUNK_SIZE;
  }

  #insert(page: number): void {
    const first = this.#firstChunks[page]!;
    const last = this.#lastChunks[page]!;
    const list = first > 0 && last > 0 ? BUDDIED : NCHUNKS - first - last;
    const head = this.#heads[list]!;
    this.#list[page] = list;
    this.#next[page] = head;
    this.#previous[page] = NO_PAGE;
    if (head !== NO_PAGE) this.#previous[head] = page;
    this.#heads[list] = page;
  }

  #unlink(page: number): void {
    const next = this.#next[page]!;
    const previous = this.#previous[page]!;
    if (next !== NO_PAGE) this.#previous[next] = previous;
    if (previous !== NO_PAGE) this.#next[previous] = next;
    else this.#heads[this.#list[page]!] = next;
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#list = grown(this.#list, this.#capacity);
    this.#next = grown(this.#next, this.#capacity);
    this.#previous = grown(this.#previous, this.#capacity);
    this.#firstChunks = grown(this.#firstChunks, this.#capacity);
    this.#lastChunks = grown(this.#lastChunks, this.#capacity);
  }
}

function chunksOf(length: number): number {
  return Math.ceil(length / CHUNK_SIZE);
}
