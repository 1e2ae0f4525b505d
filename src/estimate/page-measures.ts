/** What becomes of sampled pages: zero, of one word, or compressed to a length by each compressor. */
import { INCOMPRESSIBLE, isSameFilled, isZeroPage, type Compressor } from '../codec/index.ts';
import { assert, PAGE_SIZE } from '../units/index.ts';

export const PAGE_KIND = { zero: 0, sameFilled: 1, other: 2 } as const;

export class PageMeasures {
  readonly compressors: readonly Compressor[];
  readonly #kinds: Uint8Array;
  /** By compressor; 4096: it does not get smaller. Of zero pages, which nobody compresses, 0. */
  readonly #lengths: readonly Uint16Array[];
  readonly #target = Buffer.alloc(2 * PAGE_SIZE);
  #count = 0;

  /** @param capacity - pages at most */
  constructor(compressors: readonly Compressor[], capacity: number) {
    this.compressors = compressors;
    this.#kinds = new Uint8Array(capacity);
    this.#lengths = compressors.map(() => new Uint16Array(capacity));
  }

  get count(): number {
    return this.#count;
  }

  /** @param page - 4096 bytes, which it does not keep */
  record(page: Uint8Array): void {
    assert(this.#count < this.#kinds.length, 'there is room for what is measured');
    const at = this.#count++;
    if (isZeroPage(page)) return;
    this.#kinds[at] = isSameFilled(page) ? PAGE_KIND.sameFilled : PAGE_KIND.other;
    this.compressors.forEach((compressor, index) => {
      const length = compressor.compress(page, this.#target);
      this.#lengths[index]![at] = length === INCOMPRESSIBLE ? PAGE_SIZE : length;
    });
  }

  /** PAGE_KIND of the pages, in the order of recording. */
  get kinds(): Uint8Array {
    return this.#kinds.subarray(0, this.#count);
  }

  /** Compressed lengths in bytes, 1 to 4096; 0 for zero pages. @param compressor - its index */
  lengths(compressor: number): Uint16Array {
    return this.#lengths[compressor]!.subarray(0, this.#count);
  }
}
