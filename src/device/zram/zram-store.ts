/**
 * What a zram device keeps in memory: the table of slots, the pool of compressed objects, and the
 * gauges over both; also the flags of slots whose page is on the backing device.
 *
 * Kernel counterpart: zram_write_page, read_from_zspool and slot_free (drivers/block/zram/zram_drv.c,
 * linux 6.18). One thing differs on purpose: with compressed writeback the driver keeps the HUGE flag
 * of a page that goes to the backing device and takes it off `huge_pages` twice, when it goes and when
 * it is freed; here it is taken off once.
 */
import {
  type Compressor,
  countCompress,
  countDecompress,
  fillWithWord,
  INCOMPRESSIBLE,
  isSameFilled,
  wordHalf,
} from '../../codec/index.ts';
import { EV, type Engine } from '../../engine/index.ts';
import { NO_HANDLE, ZsmallocPool, type PoolHandle } from '../../pool/index.ts';
import { assert, PAGE_SIZE, type Outcome } from '../../units/index.ts';
import { BackingBlocks } from './backing-blocks.ts';
import { ZRAM, ZramSlotTable } from './slot-table.ts';

/** @source linux 6.18 drivers/block/zram/zram_drv.h ZRAM_MAX_COMPS */
export const ZRAM_MAX_COMPS = 4;

export interface ZramStoreOptions {
  readonly slotCount: number;
  readonly engine: Engine;
  /** The primary one, then up to three for recompression, by priority. */
  readonly compressors: readonly Compressor[];
  /** Blocks of the backing device; 1, the one never used, where there is none. */
  readonly blockCount: number;
}

export class ZramStore {
  readonly slots: ZramSlotTable;
  readonly blocks: BackingBlocks;
  readonly compressors: readonly Compressor[];
  /** First length that is kept as it is: huge_class_size. */
  readonly hugeLength: number;
  readonly #pool: ZsmallocPool;
  readonly #compressed: Uint8Array = Buffer.alloc(2 * PAGE_SIZE);
  readonly #scratch: Uint8Array;
  #limitPages = 0;
  #pagesMax = 0;
  #pagesStored = 0;
  #comprBytes = 0;
  #samePages = 0;
  #hugePages = 0;
  #hugePagesSince = 0;
  #accesses = 0;
  readonly #engine: Engine;

  constructor(options: ZramStoreOptions) {
    const { compressors, engine } = options;
    this.#engine = engine;
    assert(compressors.length >= 1 && compressors.length <= ZRAM_MAX_COMPS, 'one to four of them');
    this.slots = new ZramSlotTable(options.slotCount);
    this.blocks = new BackingBlocks(options.blockCount);
    this.compressors = compressors;
    this.#pool = new ZsmallocPool({ engine, bytes: true });
    this.hugeLength = this.#pool.hugeClassSize;
    const headroom = Math.max(...compressors.map(({ headroomBytes }) => headroomBytes));
    this.#scratch = Buffer.alloc(headroom + PAGE_SIZE);
  }

  /** Pages stored now, wherever they are. */
  get pagesStored(): number {
    return this.#pagesStored;
  }

  /** Bytes of all objects in the pool; a huge page counts 4096. */
  get comprBytes(): number {
    return this.#comprBytes;
  }

  get samePages(): number {
    return this.#samePages;
  }

  get hugePages(): number {
    return this.#hugePages;
  }

  get hugePagesSince(): number {
    return this.#hugePagesSince;
  }

  get poolPages(): number {
    return this.#pool.pageCount;
  }

  get poolPagesMax(): number {
    return this.#pagesMax;
  }

  get pagesCompacted(): number {
    return this.#pool.pagesCompacted;
  }

  /** Pages that the pool may have after a write; 0 is no limit. */
  get limitPages(): number {
    return this.#limitPages;
  }

  set limitPages(pages: number) {
    this.#limitPages = pages;
  }

  /** Calls of compressors so far, both ways. */
  get compressions(): number {
    return this.#engine.counted(EV.compress);
  }

  get decompressions(): number {
    return this.#engine.counted(EV.decompress);
  }

  /** Virtual time that those calls would have taken a CPU, ns. */
  get codecNs(): number {
    return this.#engine.nowNs;
  }

  /** Reads and writes of slots so far: what ages are counted in. */
  get accesses(): number {
    return this.#accesses;
  }

  /** mem_used_max begins anew. */
  resetPagesMax(): void {
    this.#pagesMax = this.#pool.pageCount;
  }

  compact(): void {
    this.#pool.compact();
  }

  /** Index of the size class that serves objects of this length, after merging. */
  classOf(length: number): number {
    return this.#pool.classIndex(length);
  }

  /** A read or write of the slot: it is not idle, and not to be worked off any more. */
  noteAccess(slot: number): void {
    this.#accesses += 1;
    this.slots.clear(slot, ZRAM.IDLE | ZRAM.PP_SLOT);
    this.slots.setAccessed(slot, this.#accesses);
  }

  /**
   * Stores a page. The slot keeps what it held when there is no memory for the new one.
   * @source linux 6.18 drivers/block/zram/zram_drv.c zram_write_page: the limit is looked at when the
   * pool has grown already
   */
  write(slot: number, page: Uint8Array): Outcome {
    if (isSameFilled(page)) {
      this.free(slot);
      this.slots.putSame(slot, wordHalf(page, 0), wordHalf(page, 4));
      this.#samePages += 1;
      this.#pagesStored += 1;
      return 'ok';
    }
    const length = this.compress(page, 0);
    const isHuge = length >= this.hugeLength;
    const handle = this.#pool.store(isHuge ? page : this.#compressed, isHuge ? PAGE_SIZE : length);
    if (handle === NO_HANDLE) return 'ENOMEM';
    this.#pagesMax = Math.max(this.#pagesMax, this.#pool.pageCount);
    if (this.#limitPages > 0 && this.#pool.pageCount > this.#limitPages) {
      this.#pool.free(handle);
      return 'ENOMEM';
    }
    this.free(slot);
    this.#put(slot, handle, isHuge ? PAGE_SIZE : length, 0);
    if (isHuge) this.#hugePagesSince += 1;
    return 'ok';
  }

  /** Gives back a page that is in memory; a slot that holds nothing reads as zeros. */
  read(slot: number, page: Uint8Array): Outcome {
    const { slots } = this;
    assert(!slots.has(slot, ZRAM.WB), 'a page on the backing device is read from there');
    const handle = slots.low(slot) as PoolHandle;
    if (slots.has(slot, ZRAM.SAME)) {
      fillWithWord(page, handle, slots.high(slot));
    } else if (handle === NO_HANDLE) {
      page.fill(0);
    } else if (slots.has(slot, ZRAM.HUGE)) {
      this.#pool.load(handle, page, 0);
    } else {
      const { headroomBytes } = this.compressors[slots.priority(slot)]!;
      this.#pool.load(handle, this.#scratch, headroomBytes);
      return this.#decompress(slot, page);
    }
    return 'ok';
  }

  /** Copies a slot's object as it is, with zeros behind it: for compressed writeback. */
  readRaw(slot: number, page: Uint8Array): Outcome {
    this.#pool.load(this.slots.low(slot) as PoolHandle, page, 0);
    page.fill(0, this.slots.length(slot));
    return 'ok';
  }

  /** Makes a page of what the backing device holds for a slot: decompressed where it was not. */
  finishBackingRead(slot: number, page: Uint8Array): Outcome {
    const length = this.slots.length(slot);
    if (length === 0 || this.slots.has(slot, ZRAM.HUGE)) return 'ok';
    const { headroomBytes } = this.compressors[this.slots.priority(slot)]!;
    this.#scratch.set(page.subarray(0, length), headroomBytes);
    return this.#decompress(slot, page);
  }

  /**
   * Compresses a page; the object stays for `replace` until the next call.
   * @returns its length; 4096 where that is not smaller
   */
  compress(page: Uint8Array, priority: number): number {
    const compressor = this.compressors[priority]!;
    countCompress(this.#engine, compressor);
    const length = compressor.compress(page, this.#compressed);
    return length === INCOMPRESSIBLE ? PAGE_SIZE : length;
  }

  /** Puts the latest output of `compress` in the place of the slot's object. */
  replace(slot: number, length: number, priority: number): Outcome {
    const handle = this.#pool.store(this.#compressed, length);
    if (handle === NO_HANDLE) return 'ENOMEM';
    this.free(slot);
    this.#put(slot, handle, length, priority);
    return 'ok';
  }

  /**
   * The page is on the backing device now, and its memory free.
   * @param isRaw - it lies there as it was in the pool: what decompression needs is kept
   */
  moveToBlock(slot: number, block: number, isRaw: boolean): void {
    const { slots } = this;
    const length = isRaw ? slots.length(slot) : 0;
    const flags = ZRAM.WB | (isRaw && slots.has(slot, ZRAM.HUGE) ? ZRAM.HUGE : 0);
    const priority = isRaw ? slots.priority(slot) : 0;
    this.free(slot);
    slots.put(slot, block, length, flags, priority);
    this.#pagesStored += 1;
  }

  /** The slot holds nothing any more, in memory or on the backing device. */
  free(slot: number): void {
    const { slots } = this;
    if (!slots.isAllocated(slot)) return;
    if (slots.has(slot, ZRAM.WB)) {
      this.blocks.release(slots.low(slot));
    } else if (slots.has(slot, ZRAM.SAME)) {
      this.#samePages -= 1;
    } else {
      this.#pool.free(slots.low(slot) as PoolHandle);
      this.#comprBytes -= slots.length(slot);
      if (slots.has(slot, ZRAM.HUGE)) this.#hugePages -= 1;
    }
    this.#pagesStored -= 1;
    slots.erase(slot);
  }

  /** Asserts that table, pool, blocks and gauges agree; for tests and fuzzing. */
  checkInvariants(): void {
    this.#pool.checkInvariants();
    const { slots } = this;
    const found = { stored: 0, objects: 0, bytes: 0, same: 0, huge: 0, blocks: 0 };
    for (let slot = 0; slot < slots.count; slot++) {
      assert(!slots.has(slot, ZRAM.PP_SLOT), 'no slot stays picked');
      if (!slots.isAllocated(slot)) continue;
      found.stored += 1;
      if (slots.has(slot, ZRAM.WB)) {
        assert(this.blocks.isUsed(slots.low(slot)), 'a block in use is taken');
        found.blocks += 1;
      } else if (slots.has(slot, ZRAM.SAME)) {
        found.same += 1;
      } else {
        assert(
          this.#pool.lengthOf(slots.low(slot) as PoolHandle) === slots.length(slot),
          'a slot knows the length of its object',
        );
        found.objects += 1;
        found.bytes += slots.length(slot);
        if (slots.has(slot, ZRAM.HUGE)) found.huge += 1;
      }
    }
    assert(found.stored === this.#pagesStored, 'stored pages are counted right');
    assert(found.objects === this.#pool.objectCount, 'each object has one slot');
    assert(found.bytes === this.#comprBytes, 'bytes are counted right');
    assert(found.same === this.#samePages, 'same-filled pages are counted right');
    assert(found.huge === this.#hugePages, 'huge pages are counted right');
    assert(found.blocks === this.blocks.count, 'each block has one slot');
  }

  #put(slot: number, handle: PoolHandle, length: number, priority: number): void {
    const isHuge = length === PAGE_SIZE;
    this.slots.put(slot, handle, length, isHuge ? ZRAM.HUGE : 0, priority);
    this.#pagesStored += 1;
    this.#comprBytes += length;
    if (isHuge) this.#hugePages += 1;
  }

  /** Decompresses the scratch buffer by the slot's compressor. */
  #decompress(slot: number, page: Uint8Array): Outcome {
    const compressor = this.compressors[this.slots.priority(slot)]!;
    countDecompress(this.#engine, compressor);
    return compressor.decompress(this.#scratch, this.slots.length(slot), page) ? 'ok' : 'EIO';
  }
}
