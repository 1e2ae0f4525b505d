/**
 * A block device in memory, for tests, pmem and whatever else has no file. Holds real bytes; room
 * is taken chunk by chunk when something is first written.
 *
 * Kernel counterpart: drivers/block/brd.c, which takes a page at a time.
 */
import { assert, PAGE_SIZE, type Outcome } from '../units/index.ts';
import type { BlockDevice } from './block-device.ts';
import {
  assertBuffers,
  assertRange,
  assertSectors,
  assertWriteRange,
  assertWriteSectors,
} from './io-range.ts';

/** Pages of a chunk; 256 KiB keep the list short without taking much for a single page. */
const CHUNK_PAGES = 64;
const CHUNK_BYTES = CHUNK_PAGES * PAGE_SIZE;

export interface MemoryDeviceOptions {
  readonly name: string;
  /** A multiple of 4096. */
  readonly sizeBytes: number;
  readonly rotational?: boolean;
  readonly synchronous?: boolean;
}

export class MemoryDevice implements BlockDevice {
  readonly name: string;
  readonly sizeBytes: number;
  readonly rotational: boolean;
  readonly synchronous: boolean;
  readonly #chunks: (Uint8Array | undefined)[];
  #completionNs = 0;

  constructor(options: MemoryDeviceOptions) {
    assert(options.sizeBytes % PAGE_SIZE === 0, 'a memory device has whole pages');
    this.name = options.name;
    this.sizeBytes = options.sizeBytes;
    this.rotational = options.rotational ?? false;
    this.synchronous = options.synchronous ?? false;
    this.#chunks = new Array<Uint8Array | undefined>(
      Math.ceil(options.sizeBytes / CHUNK_BYTES),
    ).fill(undefined);
  }

  /** Memory models no time: the time at which the latest transfer was submitted. */
  get completionNs(): number {
    return this.#completionNs;
  }

  /** Bytes of memory taken so far, in whole chunks. */
  get allocatedBytes(): number {
    return this.#chunks.filter((chunk) => chunk !== undefined).length * CHUNK_BYTES;
  }

  /** Pages that were never written, or were discarded, read as zeros. */
  read(
    offsetBytes: number,
    pages: readonly Uint8Array[],
    pageCount: number,
    nowNs: number,
  ): Outcome {
    assertRange(this, offsetBytes, pageCount * PAGE_SIZE);
    assertBuffers(pages, pageCount);
    this.#completionNs = nowNs;
    for (let i = 0; i < pageCount; i++) {
      const at = offsetBytes + i * PAGE_SIZE;
      const chunk = this.#chunks[Math.floor(at / CHUNK_BYTES)];
      const start = at % CHUNK_BYTES;
      if (chunk === undefined) pages[i]!.fill(0);
      else pages[i]!.set(chunk.subarray(start, start + PAGE_SIZE));
    }
    return 'ok';
  }

  write(
    offsetBytes: number,
    pages: readonly Uint8Array[],
    pageCount: number,
    nowNs: number,
  ): Outcome {
    assertWriteRange(this, offsetBytes, pageCount * PAGE_SIZE);
    assertBuffers(pages, pageCount);
    this.#completionNs = nowNs;
    for (let i = 0; i < pageCount; i++) {
      const at = offsetBytes + i * PAGE_SIZE;
      const index = Math.floor(at / CHUNK_BYTES);
      const chunk = (this.#chunks[index] ??= new Uint8Array(CHUNK_BYTES));
      chunk.set(pages[i]!, at % CHUNK_BYTES);
    }
    return 'ok';
  }

  readSectors(
    offsetBytes: number,
    target: Uint8Array,
    lengthBytes: number,
    nowNs: number,
  ): Outcome {
    assertSectors(this, offsetBytes, lengthBytes);
    assert(target.length >= lengthBytes, 'a transfer has a buffer for all its bytes');
    this.#completionNs = nowNs;
    for (let done = 0; done < lengthBytes;) {
      const at = offsetBytes + done;
      const start = at % CHUNK_BYTES;
      const length = Math.min(CHUNK_BYTES - start, lengthBytes - done);
      const chunk = this.#chunks[Math.floor(at / CHUNK_BYTES)];
      if (chunk === undefined) target.fill(0, done, done + length);
      else target.set(chunk.subarray(start, start + length), done);
      done += length;
    }
    return 'ok';
  }

  writeSectors(
    offsetBytes: number,
    source: Uint8Array,
    lengthBytes: number,
    nowNs: number,
  ): Outcome {
    assertWriteSectors(this, offsetBytes, lengthBytes);
    assert(source.length >= lengthBytes, 'a transfer has a buffer for all its bytes');
    this.#completionNs = nowNs;
    for (let done = 0; done < lengthBytes;) {
      const at = offsetBytes + done;
      const start = at % CHUNK_BYTES;
      const length = Math.min(CHUNK_BYTES - start, lengthBytes - done);
      const chunk = (this.#chunks[Math.floor(at / CHUNK_BYTES)] ??= new Uint8Array(CHUNK_BYTES));
      chunk.set(source.subarray(done, done + length), start);
      done += length;
    }
    return 'ok';
  }

  /** Discarded pages read as zeros; a chunk that is discarded as a whole gives its memory back. */
  discard(offsetBytes: number, lengthBytes: number): Outcome {
    assertRange(this, offsetBytes, lengthBytes);
    const end = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < end;) {
      const index = Math.floor(at / CHUNK_BYTES);
      const start = at % CHUNK_BYTES;
      const length = Math.min(CHUNK_BYTES - start, end - at);
      if (length === CHUNK_BYTES) this.#chunks[index] = undefined;
      else this.#chunks[index]?.fill(0, start, start + length);
      at += length;
    }
    return 'ok';
  }

  flush(): Outcome {
    return 'ok';
  }

  close(): void {
    this.#chunks.fill(undefined);
  }
}
