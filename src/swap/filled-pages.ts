/**
 * Pages that are one word over and over: a flag in the design's tables says so, and they have no bytes
 * anywhere. Of zeros that is all; the word of another such page is kept here.
 * Kernel counterpart: swap_zeromap and its successors (since 6.12: zeros only). Any repeated word is
 * what zram does, and zswap did up to 6.11, and what is proposed for Virtual Swap Space, whose
 * descriptors have room for the word. Simplified on purpose: the words of a cluster of slots are one
 * table that stays until the machine ends.
 */
import { fillWithWord, isSameFilled, isZeroPage, wordHalf } from '../codec/index.ts';
import { isFilledTag, type Payload } from '../frames/index.ts';
import { CLUSTER_SHIFT, SWAPFILE_CLUSTER, type PageFrame, type SwapEntry } from '../units/index.ts';

/** Which pages need no bytes: none (2013), those of zeros (6.12), or those of any repeated word. */
export const SAME_FILLED = ['none', 'zero', 'any'] as const;
export type SameFilled = (typeof SAME_FILLED)[number];

/** 32-bit words of a pattern: low and high half of the word that is repeated. */
const HALVES = 2;
/** Bytes of the words of a cluster of slots. */
const TABLE_BYTES = SWAPFILE_CLUSTER * HALVES * 4;

export class FilledPages {
  readonly policy: SameFilled;
  readonly #payload: Payload;
  /** By swap type and cluster (the entry without its lowest 9 bits). */
  readonly #tables: (Uint32Array | undefined)[] = [];
  #tableCount = 0;
  #low = 0;
  #high = 0;

  constructor(payload: Payload, policy: SameFilled) {
    this.#payload = payload;
    this.policy = policy;
  }

  /** Bytes that the words of pages take which are not zeros. */
  get tableBytes(): number {
    return this.#tableCount * TABLE_BYTES;
  }

  /** The folio needs no bytes; `note` and `isZero` speak of it from then on. */
  detect(frame: PageFrame): boolean {
    return this.#payload.kind === 'bytes' ? this.#detectBytes(frame) : this.#detectTag(frame);
  }

  /** The page that was detected last is zeros. */
  get isZero(): boolean {
    return this.#low === 0 && this.#high === 0;
  }

  /** Keeps the word of the page that was detected last. */
  note(entry: SwapEntry): void {
    const at = entry >>> CLUSTER_SHIFT;
    let table = this.#tables[at];
    if (table === undefined) {
      if (this.isZero) return;
      table = new Uint32Array(SWAPFILE_CLUSTER * HALVES);
      this.#tables[at] = table;
      this.#tableCount += 1;
    }
    const place = (entry & (SWAPFILE_CLUSTER - 1)) * HALVES;
    table[place] = this.#low;
    table[place + 1] = this.#high;
  }

  /**
   * Fills a frame with what an entry whose flag is set stands for.
   * @returns true when that is zeros
   */
  restore(entry: SwapEntry, frame: PageFrame): boolean {
    this.#lookUp(entry);
    this.#fill(frame);
    return this.isZero;
  }

  /** The word of an entry whose flag is set, in hexadecimal; null for zeros. */
  wordOf(entry: SwapEntry): string | null {
    this.#lookUp(entry);
    if (this.isZero) return null;
    const digits = [this.#high, this.#low].map((half) => half.toString(16).padStart(8, '0'));
    return `0x${digits.join('')}`;
  }

  #lookUp(entry: SwapEntry): void {
    const table = this.#tables[entry >>> CLUSTER_SHIFT];
    const place = (entry & (SWAPFILE_CLUSTER - 1)) * HALVES;
    this.#low = table?.[place] ?? 0;
    this.#high = table?.[place + 1] ?? 0;
  }

  /** Fills a frame with the word that was looked up last. */
  #fill(frame: PageFrame): void {
    if (this.isZero) {
      this.#payload.clear(frame);
    } else if (this.#payload.kind === 'none') {
      this.#payload.setTag(frame, this.#low);
    } else {
      fillWithWord(this.#payload.view(frame), this.#low, this.#high);
    }
  }

  #detectBytes(frame: PageFrame): boolean {
    const page = this.#payload.view(frame);
    this.#low = 0;
    this.#high = 0;
    if (this.policy === 'zero') return isZeroPage(page);
    if (this.policy === 'none' || !isSameFilled(page)) return false;
    this.#low = wordHalf(page, 0);
    this.#high = wordHalf(page, 4);
    return true;
  }

  #detectTag(frame: PageFrame): boolean {
    const tag = this.#payload.tag(frame);
    this.#low = tag;
    this.#high = 0;
    if (this.policy === 'none') return false;
    return tag === 0 || (this.policy === 'any' && isFilledTag(tag));
  }
}
