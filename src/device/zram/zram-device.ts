/**
 * zram: a block device that keeps its pages compressed in memory, and may write some of them to a
 * backing device.
 *
 * Kernel counterpart: drivers/block/zram/zram_drv.c (linux 6.18; writeback in batches and compressed
 * writeback as they came after it). Simplified on purpose: reads of pages on the backing device wait
 * for each other, ages are counted in accesses, and a page is read and written as a whole.
 *
 * The engine is for the pool's events; what zram costs in time is its device profile's.
 */
import type { Compressor } from '../../codec/index.ts';
import type { Engine } from '../../engine/index.ts';
import { assert, PAGE_SIZE, type Outcome } from '../../units/index.ts';
import type { BlockDevice } from '../block-device.ts';
import type { FlashWear } from '../ftl/flash-wear.ts';
import { assertBuffers, assertRange, assertWriteRange } from '../io-range.ts';
import type { ZramSetting, ZramWritebackSetting } from './attributes.ts';
import { PostProcessing } from './post-processing.ts';
import { ZramRecompression } from './recompress.ts';
import { ZRAM } from './slot-table.ts';
import { ZramWriteback, type ZramBacking } from './writeback.ts';
import type { ZramStat } from './zram-stat.ts';
import { ZramStore } from './zram-store.ts';

export interface ZramOptions {
  readonly name: string;
  /** A multiple of 4096. */
  readonly sizeBytes: number;
  readonly engine: Engine;
  readonly compressor: Compressor;
  /** For recompression, by priority from 1; at most three. */
  readonly recompressors?: readonly Compressor[];
  /** mem_limit in pages; 0, the default, is none. */
  readonly limitPages?: number;
  /** The device closes it. */
  readonly backing?: ZramBacking;
}

export class ZramDevice implements BlockDevice {
  readonly name: string;
  readonly sizeBytes: number;
  readonly rotational = false;
  readonly synchronous = true;
  readonly #store: ZramStore;
  readonly #recompression: ZramRecompression;
  readonly #writeback: ZramWriteback | null;
  #failedReads = 0;
  #failedWrites = 0;
  #notifyFree = 0;
  #completionNs = 0;

  constructor(options: ZramOptions) {
    this.name = options.name;
    this.sizeBytes = options.sizeBytes;
    const { backing } = options;
    this.#store = new ZramStore({
      slotCount: options.sizeBytes / PAGE_SIZE,
      engine: options.engine,
      compressors: [options.compressor, ...(options.recompressors ?? [])],
      blockCount: backing === undefined ? 1 : backing.device.sizeBytes / PAGE_SIZE,
    });
    this.#store.limitPages = options.limitPages ?? 0;
    this.#recompression = new ZramRecompression(this.#store);
    this.#writeback = backing === undefined ? null : new ZramWriteback(this.#store, backing);
  }

  get completionNs(): number {
    return this.#completionNs;
  }

  /** Of the backing device: memory does not wear. */
  get wear(): FlashWear | null {
    return this.#writeback?.wear ?? null;
  }

  /** Calls of compressors so far: lz4-napi's buffers need turns of the event loop. */
  get compressions(): number {
    return this.#store.compressions;
  }

  get decompressions(): number {
    return this.#store.decompressions;
  }

  /** Virtual time that those calls would have taken a CPU, ns. */
  get codecNs(): number {
    return this.#store.codecNs;
  }

  stat(): ZramStat {
    const store = this.#store;
    return {
      origDataBytes: store.pagesStored * PAGE_SIZE,
      comprDataBytes: store.comprBytes,
      memUsedBytes: store.poolPages * PAGE_SIZE,
      memLimitBytes: store.limitPages * PAGE_SIZE,
      memUsedMaxBytes: store.poolPagesMax * PAGE_SIZE,
      samePages: store.samePages,
      pagesCompacted: store.pagesCompacted,
      hugePages: store.hugePages,
      hugePagesSince: store.hugePagesSince,
      failedReads: this.#failedReads,
      failedWrites: this.#failedWrites,
      notifyFree: this.#notifyFree,
      bdCount: store.blocks.count,
      bdReads: this.#writeback?.pagesRead ?? 0,
      bdWrites: this.#writeback?.pagesWritten ?? 0,
      backingWrites: this.#writeback?.writes ?? 0,
    };
  }

  /**
   * Slots that hold nothing read as zeros. An error of the backing device is its errno, and is not
   * in `failed_reads`: the driver passes it by.
   */
  read(offsetBytes: number, pages: readonly Uint8Array[], count: number, nowNs: number): Outcome {
    assertRange(this, offsetBytes, count * PAGE_SIZE);
    assertBuffers(pages, count);
    this.#completionNs = nowNs;
    for (let i = 0; i < count; i++) {
      const outcome = this.#readSlot(offsetBytes / PAGE_SIZE + i, pages[i]!, nowNs);
      if (outcome !== 'ok') return outcome;
    }
    return 'ok';
  }

  /** ENOMEM: a page would have made the pool larger than `mem_limit`; those before it are stored. */
  write(offsetBytes: number, pages: readonly Uint8Array[], count: number, nowNs: number): Outcome {
    assertWriteRange(this, offsetBytes, count * PAGE_SIZE);
    assertBuffers(pages, count);
    this.#completionNs = nowNs;
    for (let i = 0; i < count; i++) {
      const slot = offsetBytes / PAGE_SIZE + i;
      const outcome = this.#store.write(slot, pages[i]!);
      if (outcome !== 'ok') {
        this.#failedWrites += 1;
        return outcome;
      }
      this.#store.noteAccess(slot);
    }
    return 'ok';
  }

  /** Refuses: zram's logical block is a page. @source linux 6.18 zram_drv.h ZRAM_LOGICAL_BLOCK_SIZE */
  readSectors(): Outcome {
    return 'EINVAL';
  }

  /** Refuses, as `readSectors`. */
  writeSectors(): Outcome {
    return 'EINVAL';
  }

  /** The slots hold nothing any more. @source linux 6.18 drivers/block/zram zram_bio_discard */
  discard(offsetBytes: number, lengthBytes: number): Outcome {
    assertRange(this, offsetBytes, lengthBytes);
    const end = (offsetBytes + lengthBytes) / PAGE_SIZE;
    for (let slot = offsetBytes / PAGE_SIZE; slot < end; slot++) this.slotFreed(slot);
    return 'ok';
  }

  slotFreed(slot: number): void {
    this.#notifyFree += 1;
    this.#store.free(slot);
  }

  flush(): Outcome {
    return 'ok';
  }

  close(): void {
    for (let slot = 0; slot < this.#store.slots.count; slot++) this.#store.free(slot);
    const { pagesStored, poolPages, comprBytes, blocks } = this.#store;
    assert(pagesStored === 0 && comprBytes === 0, 'a closed zram holds nothing');
    assert(poolPages === 0 && blocks.count === 0, 'a closed zram has given everything back');
    this.#writeback?.close();
  }

  /**
   * Does what a write to one of the device's files in /sys does.
   * @param nowNs - virtual time of the write; `completionNs` is when its I/O is done
   * @returns the errno of that write
   */
  apply(setting: ZramSetting, nowNs: number): Outcome {
    this.#completionNs = nowNs;
    switch (setting.attribute) {
      case 'idle':
        this.#markIdle(setting.age);
        return 'ok';
      case 'writeback':
        return this.#writeBack(setting, nowNs);
      case 'recompress':
        return this.#recompression.run(setting);
      case 'compact':
        this.#store.compact();
        return 'ok';
      case 'mem_used_max':
        this.#store.resetPagesMax();
        return 'ok';
      case 'mem_limit':
        this.#store.limitPages = setting.pages;
        return 'ok';
      case 'writeback_limit':
        if (this.#writeback !== null) this.#writeback.limitPages = setting.pages;
        return 'ok';
      case 'writeback_limit_enable':
        if (this.#writeback !== null) this.#writeback.isLimited = setting.isOn;
        return 'ok';
      case 'writeback_batch_size':
        if (this.#writeback !== null) this.#writeback.batchPages = setting.pages;
        return 'ok';
    }
  }

  /** True when a slot has all of these flags of `ZRAM`: block_state of debugfs. */
  hasFlags(slot: number, flags: number): boolean {
    return this.#store.slots.has(slot, flags);
  }

  /** Reads a slot as a look from outside: it is no access, and nothing counts it. */
  peek(slot: number, page: Uint8Array): Outcome {
    if (!this.#store.slots.has(slot, ZRAM.WB)) return this.#store.read(slot, page);
    assert(this.#writeback !== null, 'a page is on a backing device that there is');
    return this.#writeback.peek(slot, page);
  }

  checkInvariants(): void {
    this.#store.checkInvariants();
  }

  #readSlot(slot: number, page: Uint8Array, nowNs: number): Outcome {
    const store = this.#store;
    let outcome: Outcome;
    if (store.slots.has(slot, ZRAM.WB)) {
      assert(this.#writeback !== null, 'a page is on a backing device that there is');
      outcome = this.#writeback.read(slot, page, nowNs);
      this.#completionNs = Math.max(this.#completionNs, this.#writeback.readDoneNs);
    } else {
      outcome = store.read(slot, page);
      if (outcome !== 'ok') this.#failedReads += 1;
    }
    if (outcome === 'ok') store.noteAccess(slot);
    return outcome;
  }

  /** @source linux 6.18 drivers/block/zram mark_idle: what is too young loses the mark */
  #markIdle(age: number | null): void {
    const { slots, accesses } = this.#store;
    for (let slot = 0; slot < slots.count; slot++) {
      if (!slots.isAllocated(slot) || slots.hasAny(slot, ZRAM.WB | ZRAM.SAME)) continue;
      if (age === null || accesses - slots.accessed(slot) >= age) slots.mark(slot, ZRAM.IDLE);
      else slots.clear(slot, ZRAM.IDLE);
    }
  }

  /** ENODEV without a backing device, EINVAL for pages beyond the disk; else as `ZramWriteback`. */
  #writeBack({ flags, ranges }: ZramWritebackSetting, nowNs: number): Outcome {
    if (this.#writeback === null) return 'ENODEV';
    const { slots } = this.#store;
    if (ranges.some(({ last }) => last >= slots.count)) return 'EINVAL';
    const picked = new PostProcessing(slots);
    for (const { first, last } of ranges.length > 0
      ? ranges
      : [{ first: 0, last: slots.count - 1 }])
      for (let slot = first; slot <= last; slot++)
        if (
          slots.isAllocated(slot) &&
          !slots.hasAny(slot, ZRAM.WB | ZRAM.SAME) &&
          slots.has(slot, flags)
        )
          picked.place(slot);
    const outcome = this.#writeback.run(picked, nowNs);
    this.#completionNs = this.#writeback.doneNs;
    return outcome;
  }
}
