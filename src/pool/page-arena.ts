/**
 * The pages of a pool: 4 KiB each, in chunks that never move, with freed pages used again.
 * Without bytes (payload none) only the numbers are handed out.
 */
import { PAGE_SIZE } from '../units/index.ts';

const CHUNK_PAGES = 256;
const PAGE_SHIFT = 12;

export class PageArena {
  readonly #hasBytes: boolean;
  readonly #chunks: Uint8Array[] = [];
  readonly #free: number[] = [];
  #used = 0;
  #live = 0;

  constructor(hasBytes: boolean) {
    this.#hasBytes = hasBytes;
  }

  /** Pages handed out now. */
  get count(): number {
    return this.#live;
  }

  allocate(): number {
    this.#live += 1;
    const recycled = this.#free.pop();
    if (recycled !== undefined) return recycled;
    if (this.#hasBytes && this.#used % CHUNK_PAGES === 0)
      this.#chunks.push(Buffer.allocUnsafeSlow(CHUNK_PAGES * PAGE_SIZE));
    return this.#used++;
  }

  release(page: number): void {
    this.#live -= 1;
    this.#free.push(page);
  }

  /** Copies `length` bytes to a place in a page; they do not cross its end. */
  write(page: number, offset: number, source: Uint8Array, from: number, length: number): void {
    const chunk = this.#chunks[Math.floor(page / CHUNK_PAGES)]!;
    const at = (page % CHUNK_PAGES) * PAGE_SIZE + offset;
    // Buffer.copy is a memcpy without a view of the source: `set` would need a subarray.
    (source as Buffer).copy(chunk, at, from, from + length);
  }

  read(page: number, offset: number, target: Uint8Array, to: number, length: number): void {
    const chunk = this.#chunks[Math.floor(page / CHUNK_PAGES)]!;
    const at = (page % CHUNK_PAGES) * PAGE_SIZE + offset;
    (chunk as Buffer).copy(target, to, at, at + length);
  }

  /** Copies `length` bytes of `source` to byte `position` of a chain of pages. */
  writeChain(pages: readonly number[], position: number, source: Uint8Array, length: number): void {
    for (let done = 0; done < length;) {
      const offset = (position + done) & (PAGE_SIZE - 1);
      const part = Math.min(length - done, PAGE_SIZE - offset);
      this.write(pages[(position + done) >>> PAGE_SHIFT]!, offset, source, done, part);
      done += part;
    }
  }

  /** Copies `length` bytes from byte `position` of a chain of pages to `target` at `to`. */
  readChain(
    pages: readonly number[],
    position: number,
    target: Uint8Array,
    to: number,
    length: number,
  ): void {
    for (let done = 0; done < length;) {
      const offset = (position + done) & (PAGE_SIZE - 1);
      const part = Math.min(length - done, PAGE_SIZE - offset);
      this.read(pages[(position + done) >>> PAGE_SHIFT]!, offset, target, to + done, part);
      done += part;
    }
  }
}
