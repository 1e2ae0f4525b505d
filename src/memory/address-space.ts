/**
 * The page table of one task: for each page a byte of flags and a word. The pages from `sharedFrom`
 * on map a file that all tasks share; those before are private and anonymous.
 * Kernel counterpart: struct mm_struct with one private and one shared VMA (linux 6.18, x86-64 PTEs).
 *
 *   not mapped   flags 0
 *   present      PTE.present | …   word: page frame (shared zero page: PTE.zero, no frame)
 *   swapped      PTE.swap | …      word: swap entry
 *   poisoned     PTE.poisoned      a marker: the page could not be read when its area was given up
 *
 * Page table pages are charged to the cgroup as the kernel does: one for each 512 pages touched.
 */
import { assert, type PageFrame, type SwapEntry, type VirtualPage } from '../units/index.ts';

export const PTE = {
  present: 0x1,
  writable: 0x2,
  accessed: 0x4,
  dirty: 0x8,
  swap: 0x10,
  /** The page belongs to this mapping alone (PageAnonExclusive, or the mark in a swap PTE). */
  exclusive: 0x20,
  /** The shared zero page. */
  zero: 0x40,
  /** A touch is SIGBUS. @source linux 6.18 PTE_MARKER_POISONED, make_poisoned_swp_entry */
  poisoned: 0x80,
} as const;

/** Pages that one page of page table maps. */
const PAGES_PER_TABLE = 512;

export class AddressSpace {
  readonly id: number;
  readonly pageCount: number;
  /** First page of the shared mapping; `pageCount` where there is none. */
  readonly sharedFrom: number;
  /** Cgroup that its pages are charged to. */
  readonly cgroup: number;
  readonly #flags: Uint8Array;
  readonly #word: Uint32Array;
  readonly #tables: Uint8Array;
  /** swap_readahead_info of the VMA: page of the last fault, window, hits. */
  readaheadPage = 0;
  readaheadWindow = 0;
  /** @source linux 6.18 mm/swap_state.c SWAP_RA_... : 4 before the first fault */
  readaheadHits = 4;
  isAlive = true;

  constructor(id: number, pageCount: number, cgroup: number, sharedFrom: number = pageCount) {
    assert(pageCount >= 1, 'a mapping has a page');
    this.id = id;
    this.pageCount = pageCount;
    this.sharedFrom = sharedFrom;
    this.cgroup = cgroup;
    this.#flags = new Uint8Array(pageCount);
    this.#word = new Uint32Array(pageCount);
    this.#tables = new Uint8Array(Math.ceil(pageCount / PAGES_PER_TABLE));
  }

  flags(page: VirtualPage): number {
    return this.#flags[page]!;
  }

  setFlags(page: VirtualPage, flags: number): void {
    this.#flags[page] = flags;
  }

  addFlags(page: VirtualPage, flags: number): void {
    this.#flags[page]! |= flags;
  }

  clearFlags(page: VirtualPage, flags: number): void {
    this.#flags[page]! &= ~flags;
  }

  frame(page: VirtualPage): PageFrame {
    return this.#word[page]! as PageFrame;
  }

  entry(page: VirtualPage): SwapEntry {
    return this.#word[page]! as SwapEntry;
  }

  mapFrame(page: VirtualPage, frame: PageFrame, flags: number): void {
    this.#flags[page] = flags | PTE.present;
    this.#word[page] = frame;
  }

  mapZero(page: VirtualPage): void {
    this.#flags[page] = PTE.present | PTE.zero | PTE.accessed;
    this.#word[page] = 0;
  }

  mapEntry(page: VirtualPage, entry: SwapEntry, exclusive: number): void {
    this.#flags[page] = PTE.swap | exclusive;
    this.#word[page] = entry;
  }

  mapPoisoned(page: VirtualPage): void {
    this.#flags[page] = PTE.poisoned;
    this.#word[page] = 0;
  }

  unmap(page: VirtualPage): void {
    this.#flags[page] = 0;
    this.#word[page] = 0;
  }

  /** Notes that the page's table is needed; true when it is new and must be charged. */
  touchTable(page: VirtualPage): boolean {
    const table = page >>> 9;
    if (this.#tables[table] === 1) return false;
    this.#tables[table] = 1;
    return true;
  }

  /** The page's table could not be charged: it is not there. */
  forgetTable(page: VirtualPage): void {
    this.#tables[page >>> 9] = 0;
  }

  /** The page's table is there: its entries are looked at by a walk. */
  hasTable(page: VirtualPage): boolean {
    return this.#tables[page >>> 9] === 1;
  }

  /** Page table pages in use. */
  tableCount(): number {
    return this.#tables.reduce((sum, used) => sum + used, 0);
  }

  /**
   * What the OOM killer goes by: pages in memory and in swap, and page tables.
   * @source linux 6.18 mm/oom_kill.c oom_badness
   */
  badness(): number {
    const isOwn = (flags: number): boolean =>
      (flags & (PTE.present | PTE.swap)) !== 0 && (flags & PTE.zero) === 0;
    return this.#flags.reduce((sum, flags) => sum + (isOwn(flags) ? 1 : 0), 0) + this.tableCount();
  }

  /** Pages with a present PTE (the shared zero page counts), and with a swap entry. */
  residency(): { readonly present: number; readonly swapped: number } {
    let present = 0;
    let swapped = 0;
    for (const flags of this.#flags) {
      if ((flags & PTE.present) !== 0) present += 1;
      else if ((flags & PTE.swap) !== 0) swapped += 1;
    }
    return { present, swapped };
  }
}
