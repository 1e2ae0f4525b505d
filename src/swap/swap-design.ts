/**
 * The contract of a swap design. Designs differ in tables, hardly in flows: the flows
 * stand once in `swap-system.ts`, over the two interfaces here. A design folder holds its tables,
 * its locks and its metadata; it knows nothing of page tables, reclaim or devices.
 */
import type { Outcome, PageFrame, SwapEntry } from '../units/index.ts';
import type { ZswapIndex } from '../zswap/index.ts';

/**
 * What is left of a folio that was evicted: age of the LRU, memory cgroup and workingset bit in one
 * number of at most 50 bits (`src/memory/workingset.ts` packs it); 0 is none.
 */
export type Shadow = number;
export const NO_SHADOW = 0;

/** What an entry says: folio or shadow, reference count, zero flag, cgroup. */
export interface EntryTable {
  /**
   * Takes an entry for a folio and puts the folio in the swap cache under it.
   * @returns the entry, or NO_ENTRY when there is no room; then nothing has changed
   */
  allocate(frame: PageFrame): SwapEntry;
  /** The folio in the swap cache, or NO_FRAME. */
  folioAt(entry: SwapEntry): PageFrame;
  /** True when the entry is in use and has references beyond the cache. */
  isSwapped(entry: SwapEntry): boolean;
  /**
   * Pins the entry and puts a folio that is to be read in the cache.
   * @returns the shadow that stood there, NO_SHADOW when there was none
   */
  insertFolio(entry: SwapEntry, frame: PageFrame): Shadow;
  /**
   * Takes the folio out of the cache and leaves its shadow behind; an entry without references is
   * freed.
   */
  removeFolio(entry: SwapEntry, shadow: Shadow): void;
  /** Adds a reference; ENOMEM when the count cannot grow. */
  duplicate(entry: SwapEntry): Outcome;
  /** Drops a reference; an entry with neither references nor a cached folio is freed. */
  put(entry: SwapEntry): void;
  /** References from page tables. */
  count(entry: SwapEntry): number;
  setZero(entry: SwapEntry, isZero: boolean): void;
  isZero(entry: SwapEntry): boolean;
  /** Notes which cgroup is charged for the entry; 0 is none. */
  setCgroup(entry: SwapEntry, cgroup: number): void;
  cgroup(entry: SwapEntry): number;
}

/** Where an entry's bytes are outside of memory. */
export interface Backing {
  /**
   * The slot that the entry's bytes are read from or written to, as swap type and slot.
   * NO_ENTRY when it has none (virtual designs) or none can be had for a write.
   */
  slotForRead(entry: SwapEntry): SwapEntry;
  slotForWrite(entry: SwapEntry): SwapEntry;
  readonly zswap: ZswapIndex;
}

/** One term of the memory that a design takes, summed from what is allocated now. */
export interface MetadataTerm {
  readonly term: string;
  readonly bytes: number;
  /** `static` terms are paid at swapon, `dynamic` ones by use. */
  readonly kind: 'static' | 'dynamic';
}

/** What a design tells the flows when an entry is freed. */
export interface FreedEntries {
  /** The entry holds nothing any more: its zswap copy and its charge go. No lock is held. */
  entryFreed(entry: SwapEntry, cgroup: number): void;
  /** Tries to drop a cached folio that nothing maps, so that its entry is freed. */
  reclaimCached(entry: SwapEntry): boolean;
}

export interface SwapDesign {
  /** Registry key. */
  readonly name: string;
  readonly entries: EntryTable;
  readonly backing: Backing;
  /** Prepares the tables for an area that swapon has put to use; and gives them back. */
  addArea(type: number): void;
  removeArea(type: number): void;
  metadata(): MetadataTerm[];
  checkInvariants(): void;
}
