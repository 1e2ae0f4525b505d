/**
 * zram: a block device that keeps its pages compressed in a zsmalloc pool.
 * Kernel counterpart: drivers/block/zram/zram_drv.c (linux 6.18): pages of one word over and over
 * take no memory, pages that hardly compress are kept as they are, the swap core tells when a slot
 * is freed.
 */
import { INCOMPRESSIBLE, isSameFilled, type Compressor } from '../codec/index.ts';
import type { Engine } from '../engine/index.ts';
import {
  createSizeClasses,
  hugeClassSize,
  NO_HANDLE,
  ZsmallocPool,
  type PoolHandle,
} from '../pool/index.ts';
import { assert, PAGE_SIZE, type Outcome } from '../units/index.ts';
import type { BlockDevice } from './block-device.ts';
import { assertBuffers, assertRange, assertWriteRange } from './io-range.ts';

/** @source linux 6.18 CONFIG_ZSMALLOC_CHAIN_SIZE */
const CHAIN_SIZE = 8;
/** A page that is one word over and over: the word is kept, no object. */
const SAME = 0xffffffff;

/** /sys/block/zramN/mm_stat, in its order. */
export interface ZramStat {
  readonly origDataBytes: number;
  readonly comprDataBytes: number;
  readonly memUsedBytes: number;
  readonly memUsedMaxBytes: number;
  readonly samePages: number;
  readonly hugePages: number;
}

export interface ZramOptions {
  readonly name: string;
  /** A multiple of 4096. */
  readonly sizeBytes: number;
  readonly engine: Engine;
  readonly compressor: Compressor;
}

export class ZramDevice implements BlockDevice {
  readonly name: string;
  readonly sizeBytes: number;
  readonly rotational = false;
  readonly synchronous = true;
  readonly #compressor: Compressor;
  readonly #pool: ZsmallocPool;
  readonly #hugeLength: number;
  /** By slot: pool handle, SAME, or 0 for nothing; and compressed length, 4096 as it is. */
  readonly #handle: Uint32Array;
  readonly #length: Uint16Array;
  /** By slot: the repeated word of a same-filled page. */
  readonly #words = new Map<number, Uint8Array>();
  readonly #compressed: Uint8Array = Buffer.alloc(2 * PAGE_SIZE);
  readonly #scratch: Uint8Array;
  #stored = 0;
  #comprBytes = 0;
  #hugePages = 0;
  #pagesMax = 0;
  #completionNs = 0;

  constructor(options: ZramOptions) {
    this.name = options.name;
    this.sizeBytes = options.sizeBytes;
    this.#compressor = options.compressor;
    this.#scratch = Buffer.alloc(options.compressor.headroomBytes + PAGE_SIZE);
    this.#pool = new ZsmallocPool({ engine: options.engine, bytes: true, chainSize: CHAIN_SIZE });
    this.#hugeLength = hugeClassSize(createSizeClasses(CHAIN_SIZE));
    this.#handle = new Uint32Array(options.sizeBytes / PAGE_SIZE);
    this.#length = new Uint16Array(options.sizeBytes / PAGE_SIZE);
  }

  get completionNs(): number {
    return this.#completionNs;
  }

  /** @source linux 6.18 drivers/block/zram/zram_drv.c mm_stat_show */
  stat(): ZramStat {
    return {
      origDataBytes: this.#stored * PAGE_SIZE,
      comprDataBytes: this.#comprBytes,
      memUsedBytes: this.#pool.pageCount * PAGE_SIZE,
      memUsedMaxBytes: this.#pagesMax * PAGE_SIZE,
      samePages: this.#words.size,
      hugePages: this.#hugePages,
    };
  }

  /** Slots that hold nothing read as zeros. */
  read(offsetBytes: number, pages: readonly Uint8Array[], count: number, nowNs: number): Outcome {
    assertRange(this, offsetBytes, count * PAGE_SIZE);
    assertBuffers(pages, count);
    this.#completionNs = nowNs;
    for (let i = 0; i < count; i++)
      if (!this.#readSlot(offsetBytes / PAGE_SIZE + i, pages[i]!)) return 'EIO';
    return 'ok';
  }

  write(offsetBytes: number, pages: readonly Uint8Array[], count: number, nowNs: number): Outcome {
    assertWriteRange(this, offsetBytes, count * PAGE_SIZE);
    assertBuffers(pages, count);
    this.#completionNs = nowNs;
    for (let i = 0; i < count; i++)
      if (!this.#writeSlot(offsetBytes / PAGE_SIZE + i, pages[i]!)) return 'ENOMEM';
    return 'ok';
  }

  /** The slots hold nothing any more: REQ_OP_DISCARD, and swap_slot_free_notify of the swap core. */
  discard(offsetBytes: number, lengthBytes: number): Outcome {
    assertRange(this, offsetBytes, lengthBytes);
    const end = (offsetBytes + lengthBytes) / PAGE_SIZE;
    for (let slot = offsetBytes / PAGE_SIZE; slot < end; slot++) this.#forget(slot);
    return 'ok';
  }

  flush(): Outcome {
    return 'ok';
  }

  close(): void {
    for (let slot = 0; slot < this.#handle.length; slot++) this.#forget(slot);
    assert(this.#stored === 0, 'a closed zram holds nothing');
  }

  #readSlot(slot: number, page: Uint8Array): boolean {
    const handle = this.#handle[slot]!;
    if (handle === 0) {
      page.fill(0);
      return true;
    }
    if (handle === SAME) {
      const word = this.#words.get(slot)!;
      for (let at = 0; at < PAGE_SIZE; at += word.length) page.set(word, at);
      return true;
    }
    const length = this.#length[slot]!;
    if (length === PAGE_SIZE) {
      this.#pool.load(handle as PoolHandle, page, 0);
      return true;
    }
    this.#pool.load(handle as PoolHandle, this.#scratch, this.#compressor.headroomBytes);
    return this.#compressor.decompress(this.#scratch, length, page);
  }

  #writeSlot(slot: number, page: Uint8Array): boolean {
    this.#forget(slot);
    if (isSameFilled(page)) {
      // A copy: the slice of a Buffer would be a view.
      this.#words.set(slot, Uint8Array.from(page.subarray(0, 8)));
      this.#handle[slot] = SAME;
      this.#stored += 1;
      return true;
    }
    let length = this.#compressor.compress(page, this.#compressed);
    if (length === INCOMPRESSIBLE || length >= this.#hugeLength) length = PAGE_SIZE;
    const isHuge = length === PAGE_SIZE;
    const handle = this.#pool.store(isHuge ? page : this.#compressed, length);
    if (handle === NO_HANDLE) return false;
    this.#handle[slot] = handle;
    this.#length[slot] = length;
    this.#stored += 1;
    this.#comprBytes += length;
    if (isHuge) this.#hugePages += 1;
    if (this.#pool.pageCount > this.#pagesMax) this.#pagesMax = this.#pool.pageCount;
    return true;
  }

  #forget(slot: number): void {
    const handle = this.#handle[slot]!;
    if (handle === 0) return;
    this.#handle[slot] = 0;
    this.#stored -= 1;
    if (handle === SAME) {
      this.#words.delete(slot);
      return;
    }
    this.#pool.free(handle as PoolHandle);
    this.#comprBytes -= this.#length[slot]!;
    if (this.#length[slot] === PAGE_SIZE) this.#hugePages -= 1;
  }
}
