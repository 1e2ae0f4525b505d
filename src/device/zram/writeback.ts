/**
 * Writing pages of a zram device to its backing device, a batch at a time, under a budget.
 *
 * Kernel counterpart: zram_writeback_slots and zram_writeback_complete (drivers/block/zram/zram_drv.c,
 * linux 6.18, with the batches of November 2025 and compressed writeback of December 2025). The
 * kernel keeps `writeback_batch_size` requests of a page in flight and lets the block layer merge
 * them; here a batch is read, written in one I/O per run of blocks, and completed, before the next.
 */
import { PAGE_SIZE, type Outcome } from '../../units/index.ts';
import type { BlockDevice } from '../block-device.ts';
import type { FlashWear } from '../ftl/flash-wear.ts';
import { NO_SLOT_LEFT, type PostProcessing } from './post-processing.ts';
import { ZRAM } from './slot-table.ts';
import type { ZramStore } from './zram-store.ts';

export interface ZramBacking {
  readonly device: BlockDevice;
  /** The same device without a model of time, for looks from outside; absent: `device`. */
  readonly untimed?: BlockDevice;
  /** writeback_batch_size. */
  readonly batchPages: number;
  /** compressed_writeback: what is written is the object as it is, in a block of its own. */
  readonly isCompressed: boolean;
}

export class ZramWriteback {
  readonly #store: ZramStore;
  readonly #device: BlockDevice;
  readonly #untimed: BlockDevice;
  readonly #isCompressed: boolean;
  /** writeback_limit in pages of 4 KiB, and whether it holds. */
  limitPages = 0;
  isLimited = false;
  #slots = new Uint32Array(0);
  #blocks = new Uint32Array(0);
  #pages: Uint8Array[] = [];
  #pagesWritten = 0;
  #writes = 0;
  #pagesRead = 0;
  #readDoneNs = 0;
  #doneNs = 0;

  constructor(store: ZramStore, backing: ZramBacking) {
    this.#store = store;
    this.#device = backing.device;
    this.#untimed = backing.untimed ?? backing.device;
    this.#isCompressed = backing.isCompressed;
    this.batchPages = backing.batchPages;
  }

  get batchPages(): number {
    return this.#slots.length;
  }

  set batchPages(pages: number) {
    this.#slots = new Uint32Array(pages);
    this.#blocks = new Uint32Array(pages);
    this.#pages = Array.from({ length: pages }, () => Buffer.alloc(PAGE_SIZE));
  }

  /** What its writes have done to flash. */
  get wear(): FlashWear | null {
    return this.#device.wear ?? null;
  }

  /** bd_writes, and the I/Os that it took. */
  get pagesWritten(): number {
    return this.#pagesWritten;
  }

  get writes(): number {
    return this.#writes;
  }

  /** bd_reads: a page each. */
  get pagesRead(): number {
    return this.#pagesRead;
  }

  /** Virtual time at which the latest read was done. */
  get readDoneNs(): number {
    return this.#readDoneNs;
  }

  /** Virtual time at which the last write of the latest run was done. */
  get doneNs(): number {
    return this.#doneNs;
  }

  /** Reads the page of a slot that is on the backing device. */
  read(slot: number, page: Uint8Array, nowNs: number): Outcome {
    this.#pagesRead += 1;
    const block = this.#store.slots.low(slot);
    const outcome = this.#device.read(block * PAGE_SIZE, [page], 1, nowNs);
    this.#readDoneNs = this.#device.completionNs;
    return outcome === 'ok' ? this.#store.finishBackingRead(slot, page) : outcome;
  }

  /** As `read`, but it is not counted and takes no time. */
  peek(slot: number, page: Uint8Array): Outcome {
    const offsetBytes = this.#store.slots.low(slot) * PAGE_SIZE;
    const outcome = this.#untimed.read(offsetBytes, [page], 1, 0);
    return outcome === 'ok' ? this.#store.finishBackingRead(slot, page) : outcome;
  }

  /**
   * Works off the slots that were picked.
   * @returns EIO when the budget is used up, ENOSPC when the device is full, else the errno of the
   *   latest write that failed
   */
  run(picked: PostProcessing, nowNs: number): Outcome {
    let outcome: Outcome = 'ok';
    this.#doneNs = nowNs;
    while (!picked.isEmpty) {
      if (this.isLimited && this.limitPages === 0) {
        outcome = 'EIO';
        break;
      }
      const gathered = this.#gather(picked);
      const count = this.#store.blocks.reserve(this.#blocks, gathered);
      for (let i = count; i < gathered; i++) this.#store.slots.clear(this.#slots[i]!, ZRAM.PP_SLOT);
      const failed = this.#writeBatch(count);
      if (failed !== 'ok') outcome = failed;
      if (count < gathered) {
        outcome = 'ENOSPC';
        break;
      }
    }
    picked.release();
    return outcome;
  }

  close(): void {
    this.#device.close();
  }

  /** Reads the pages of a batch; a slot that was touched since it was picked is left where it is. */
  #gather(picked: PostProcessing): number {
    const { slots } = this.#store;
    const wanted = this.isLimited ? Math.min(this.batchPages, this.limitPages) : this.batchPages;
    let count = 0;
    while (count < wanted) {
      const slot = picked.take();
      if (slot === NO_SLOT_LEFT) break;
      if (!slots.has(slot, ZRAM.PP_SLOT)) continue;
      const page = this.#pages[count]!;
      const outcome = this.#isCompressed
        ? this.#store.readRaw(slot, page)
        : this.#store.read(slot, page);
      if (outcome !== 'ok') {
        slots.clear(slot, ZRAM.PP_SLOT);
        continue;
      }
      this.#slots[count] = slot;
      count += 1;
    }
    return count;
  }

  /** Writes the first `count` pages of the batch to their blocks: one I/O for each run. */
  #writeBatch(count: number): Outcome {
    let outcome: Outcome = 'ok';
    const nowNs = this.#doneNs;
    // Charged before: what is in flight must not exceed the budget.
    if (this.isLimited) this.limitPages -= count;
    let start = 0;
    while (start < count) {
      let end = start + 1;
      while (end < count && this.#blocks[end] === this.#blocks[end - 1]! + 1) end += 1;
      const pages = this.#pages.slice(start, end);
      const written = this.#device.write(
        this.#blocks[start]! * PAGE_SIZE,
        pages,
        end - start,
        nowNs,
      );
      this.#doneNs = Math.max(this.#doneNs, this.#device.completionNs);
      if (written === 'ok') this.#writes += 1;
      else outcome = written;
      for (let i = start; i < end; i++) this.#complete(i, written);
      start = end;
    }
    return outcome;
  }

  /** A write has ended: the page has moved, unless it failed or the slot was touched meanwhile. */
  #complete(place: number, written: Outcome): void {
    const { slots, blocks } = this.#store;
    const slot = this.#slots[place]!;
    const block = this.#blocks[place]!;
    if (written !== 'ok') {
      // What failed is not charged.
      if (this.isLimited) this.limitPages += 1;
      blocks.release(block);
      slots.clear(slot, ZRAM.PP_SLOT);
      return;
    }
    this.#pagesWritten += 1;
    if (slots.has(slot, ZRAM.PP_SLOT)) this.#store.moveToBlock(slot, block, this.#isCompressed);
    else blocks.release(block);
  }
}
