/**
 * A table of page numbers that takes memory only where it was written: chunks of 64 KiB. What was
 * never written is either each page's own number (a drive that begins full, in order) or nothing.
 */

/** No page: of a table's entry, and of a look-up. */
export const NO_PAGE = 0xffffffff;

/** Entries of a chunk: small enough for scattered writes to a huge area, large enough to be few. */
const CHUNK_SHIFT = 14;
const CHUNK_ENTRIES = 1 << CHUNK_SHIFT;
const CHUNK_MASK = CHUNK_ENTRIES - 1;

export class PageTable {
  readonly #chunks: (Uint32Array | undefined)[] = [];
  /** Entries below are their own number until they are set. */
  readonly #identityCount: number;
  #chunkCount = 0;

  /** @param identityCount - entries from 0 that begin as their own number; all others are NO_PAGE */
  constructor(identityCount: number) {
    this.#identityCount = identityCount;
  }

  /** Bytes of the chunks that are there. */
  get tableBytes(): number {
    return this.#chunkCount * CHUNK_ENTRIES * Uint32Array.BYTES_PER_ELEMENT;
  }

  get(index: number): number {
    const chunk = this.#chunks[index >>> CHUNK_SHIFT];
    if (chunk !== undefined) return chunk[index & CHUNK_MASK]!;
    return index < this.#identityCount ? index : NO_PAGE;
  }

  set(index: number, page: number): void {
    const chunk = this.#chunks[index >>> CHUNK_SHIFT] ?? this.#makeChunk(index >>> CHUNK_SHIFT);
    chunk[index & CHUNK_MASK] = page;
  }

  #makeChunk(number: number): Uint32Array {
    const first = number * CHUNK_ENTRIES;
    const chunk = new Uint32Array(CHUNK_ENTRIES).fill(NO_PAGE);
    const own = Math.min(CHUNK_ENTRIES, this.#identityCount - first);
    for (let i = 0; i < own; i++) chunk[i] = first + i;
    this.#chunks[number] = chunk;
    this.#chunkCount += 1;
    return chunk;
  }
}
