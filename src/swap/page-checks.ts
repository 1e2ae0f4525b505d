/**
 * The checks of every page: what was swapped out must come back. Not part of any kernel: a checksum
 * (or, with payload none, the content tag) by swap entry, noted when a folio's content leaves and
 * compared when it returns. Detects what a broken table, a stale slot or another program's write to
 * the file would do, at the page where it happens.
 */
import { xxh64 } from '@node-rs/xxhash';
import {
  entrySlot,
  entryType,
  MAX_SWAPFILES,
  type PageFrame,
  type SwapEntry,
} from '../units/index.ts';
import type { Payload } from '../frames/index.ts';

const CHUNK_SHIFT = 12;
const CHUNK_MASK = (1 << CHUNK_SHIFT) - 1;

export class PageChecks {
  readonly #payload: Payload;
  /** Checksums by swap type, then by chunk of 4096 slots. */
  readonly #sums: (BigUint64Array | undefined)[][];
  readonly #tags: (Uint32Array | undefined)[][];

  constructor(payload: Payload) {
    this.#payload = payload;
    this.#sums = Array.from({ length: MAX_SWAPFILES }, () => []);
    this.#tags = Array.from({ length: MAX_SWAPFILES }, () => []);
  }

  /** Notes the content that leaves memory under `entry`. */
  note(entry: SwapEntry, frame: PageFrame): void {
    const slot = entrySlot(entry);
    const chunk = slot >>> CHUNK_SHIFT;
    if (this.#payload.kind === 'bytes') {
      const sums = (this.#sums[entryType(entry)]![chunk] ??= new BigUint64Array(1 << CHUNK_SHIFT));
      sums[slot & CHUNK_MASK] = xxh64(this.#payload.view(frame));
    } else {
      const tags = (this.#tags[entryType(entry)]![chunk] ??= new Uint32Array(1 << CHUNK_SHIFT));
      tags[slot & CHUNK_MASK] = this.#payload.tag(frame);
    }
  }

  /** True when the frame holds what was noted for `entry`. */
  matches(entry: SwapEntry, frame: PageFrame): boolean {
    const slot = entrySlot(entry);
    const chunk = slot >>> CHUNK_SHIFT;
    if (this.#payload.kind === 'bytes')
      return (
        this.#sums[entryType(entry)]![chunk]?.[slot & CHUNK_MASK] ===
        xxh64(this.#payload.view(frame))
      );
    return this.#tags[entryType(entry)]![chunk]?.[slot & CHUNK_MASK] === this.#payload.tag(frame);
  }
}
