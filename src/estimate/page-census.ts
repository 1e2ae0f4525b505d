/**
 * Counts the anonymous pages that page tables show, each once, and draws the sample from them.
 *
 * A word of /proc/PID/pagemap stands for a page, 64 bits: 63 present, 62 in swap, 61 of a file or of
 * shared memory, 56 mapped only here, 0 to 54 the page frame number (0 without CAP_SYS_ADMIN).
 * @source linux 6.18 Documentation/admin-guide/mm/pagemap.rst
 */
import type { Sampler } from './sampler.ts';

/** Bits of the high half of a word. */
const PRESENT = 0x8000_0000;
const FILE = 0x2000_0000;
const EXCLUSIVE = 0x0100_0000;
/** Bits of the frame number in the high half. */
const FRAME_HIGH = 0x007f_ffff;

/** A page of its own is there, in memory. */
export function isAnonymousPresent(high: number): boolean {
  return (high & (PRESENT | FILE)) >>> 0 === PRESENT;
}

/** No other page table holds it. */
export function isExclusive(high: number): boolean {
  return (high & EXCLUSIVE) !== 0;
}

/** The number of the page frame; 0: the kernel does not tell. */
export function frameNumber(low: number, high: number): number {
  return (high & FRAME_HIGH) * 0x1_0000_0000 + low;
}

/** Frame numbers that were seen, a bit each, in parts that exist where there are any. */
class FrameSet {
  readonly #parts = new Map<number, Uint32Array>();

  /** @returns false when it was there before */
  add(frame: number): boolean {
    const key = Math.floor(frame / FRAMES_PER_PART);
    let part = this.#parts.get(key);
    if (part === undefined) this.#parts.set(key, (part = new Uint32Array(FRAMES_PER_PART / 32)));
    const at = frame % FRAMES_PER_PART;
    const bit = 1 << (at & 31);
    if ((part[at >>> 5]! & bit) !== 0) return false;
    part[at >>> 5]! |= bit;
    return true;
  }
}

/** 1 GiB of memory in 32 KiB of bits. */
const FRAMES_PER_PART = 2 ** 18;

export interface CensusOptions {
  readonly sampler: Sampler;
  /**
   * Whether a frame is the kernel's shared page of zeros, which is nobody's memory; null: the kernel
   * does not tell, and what smaps counts less than the page table shows is taken for it.
   */
  readonly isZeroFrame: ((frame: number) => boolean) | null;
}

export class PageCensus {
  readonly #sampler: Sampler;
  readonly #isZeroFrame: ((frame: number) => boolean) | null;
  readonly #seen = new FrameSet();
  readonly #zeroFrames = new Set<number>();
  /** The sample: number of the mapping, and of the page. */
  readonly #mappings: Uint32Array;
  readonly #pages: Float64Array;
  #drawn = 0;
  #repeated = 0;
  #shared = 0;
  #zeroMapped = 0;

  constructor({ sampler, isZeroFrame }: CensusOptions) {
    this.#sampler = sampler;
    this.#isZeroFrame = isZeroFrame;
    this.#mappings = new Uint32Array(sampler.capacity);
    this.#pages = new Float64Array(sampler.capacity);
  }

  /** Pages from which the sample is drawn. */
  get drawnPages(): number {
    return this.#drawn;
  }

  /** Mappings of pages that another page table had shown before. */
  get repeatedPages(): number {
    return this.#repeated;
  }

  /** Pages that others map, too, and of which nobody knows whether they were counted before. */
  get undecidedPages(): number {
    return this.#shared;
  }

  /** Places in page tables that hold the kernel's shared page of zeros. */
  get zeroMappedPages(): number {
    return this.#zeroMapped;
  }

  /**
   * Takes words of a mapping's page table.
   * @param words - low and high halves in turn
   * @param wordCount - how many words of 64 bits
   * @param firstPage - number of the page of the first one
   * @param mapping - its number, for the sample
   * @returns pages of anonymous memory among them, and maybe of the shared page of zeros
   */
  add(words: Uint32Array, wordCount: number, firstPage: number, mapping: number): number {
    let found = 0;
    for (let i = 0; i < wordCount; i++) {
      const high = words[2 * i + 1]!;
      // The test of every word, of which most are empty: 0.4 ns.
      if ((high & (PRESENT | FILE)) >>> 0 !== PRESENT) continue;
      if (!isExclusive(high) && !this.#isCounted(frameNumber(words[2 * i]!, high))) continue;
      found += 1;
      if (this.#drawn++ !== this.#sampler.next) continue;
      const place = this.#sampler.take();
      this.#mappings[place] = mapping;
      this.#pages[place] = firstPage + i;
    }
    return found;
  }

  /** Of a page that others map, too: whether it counts here. */
  #isCounted(frame: number): boolean {
    if (frame === 0) {
      this.#shared += 1;
      return true;
    }
    // Asking the kernel takes a µs: once for each frame.
    const isNew = this.#seen.add(frame);
    if (isNew && this.#isZeroFrame?.(frame) === true) this.#zeroFrames.add(frame);
    if (this.#zeroFrames.has(frame)) {
      this.#zeroMapped += 1;
      return false;
    }
    if (!isNew) this.#repeated += 1;
    return isNew;
  }

  /** The sample by mapping, pages in the order of their addresses. */
  sample(): ReadonlyMap<number, Float64Array> {
    const pages = new Map<number, number[]>();
    for (let place = 0; place < this.#sampler.size; place++) {
      const mapping = this.#mappings[place]!;
      const list = pages.get(mapping) ?? [];
      list.push(this.#pages[place]!);
      pages.set(mapping, list);
    }
    const sorted = [...pages].sort(([a], [b]) => a - b);
    return new Map(sorted.map(([mapping, list]) => [mapping, Float64Array.from(list).sort()]));
  }
}
