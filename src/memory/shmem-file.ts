/**
 * A file in memory that all tasks map: its index holds for each page nothing, a folio, or a swap
 * entry. The index is what refers to a swapped page, not page tables.
 * Kernel counterpart: mm/shmem.c, the mapping's XArray with swp_to_radix_entry values (linux 6.18).
 */
import { assert, NO_ENTRY, NO_FRAME, type PageFrame, type SwapEntry } from '../units/index.ts';

const HOLE = 0;
const FOLIO = 1;
const SWAPPED = 2;
/** Its entry could not be read and is gone. @source shmem_set_folio_swapin_error */
const POISONED = 3;

export class ShmemFile {
  readonly pageCount: number;
  readonly #state: Uint8Array;
  readonly #word: Uint32Array;

  constructor(pageCount: number) {
    this.pageCount = pageCount;
    this.#state = new Uint8Array(pageCount);
    this.#word = new Uint32Array(pageCount);
  }

  /** The folio of a page, or NO_FRAME. */
  frame(index: number): PageFrame {
    return this.#state[index] === FOLIO ? (this.#word[index]! as PageFrame) : NO_FRAME;
  }

  /** The swap entry of a page, or NO_ENTRY. */
  entry(index: number): SwapEntry {
    return this.#state[index] === SWAPPED ? (this.#word[index]! as SwapEntry) : NO_ENTRY;
  }

  setFrame(index: number, frame: PageFrame): void {
    this.#state[index] = FOLIO;
    this.#word[index] = frame;
  }

  /** The folio's place is taken by its swap entry (shmem_delete_from_page_cache). */
  setEntry(index: number, entry: SwapEntry): void {
    assert(this.#state[index] === FOLIO, 'only a page in memory is swapped out');
    this.#state[index] = SWAPPED;
    this.#word[index] = entry;
  }

  isPoisoned(index: number): boolean {
    return this.#state[index] === POISONED;
  }

  setPoisoned(index: number): void {
    assert(this.#state[index] === SWAPPED, 'only a page in swap cannot be read');
    this.#state[index] = POISONED;
    this.#word[index] = 0;
  }

  clear(index: number): void {
    this.#state[index] = HOLE;
    this.#word[index] = 0;
  }

  /** Pages in memory and in swap. */
  residency(): { readonly present: number; readonly swapped: number } {
    let present = 0;
    let swapped = 0;
    for (const state of this.#state) {
      if (state === FOLIO) present += 1;
      else if (state === SWAPPED) swapped += 1;
    }
    return { present, swapped };
  }
}
