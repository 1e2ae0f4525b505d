/**
 * The contract of a swap design. Designs differ in tables, hardly in flows: the flows
 * stand once in `swap-system.ts`, over the two interfaces here. A design folder holds its tables,
 * its locks and its metadata; it knows nothing of page tables, reclaim or devices.
 */
import type { Engine } from '../engine/index.ts';
import type { FrameTable } from '../frames/index.ts';
import type { AllocatorVersion, SlotSpace } from '../slots/index.ts';
import type { Outcome, PageFrame, SwapEntry } from '../units/index.ts';
import type { ZswapIndex, ZswapIndexKind } from '../zswap/index.ts';

/**
 * What is left of a folio that was evicted: age of the LRU, memory cgroup and workingset bit in one
 * number of at most 49 bits; 0 is none. The cgroup is in bits 1 to 16, because one revision of a
 * design has no other place for it; `src/memory/workingset.ts` packs the rest.
 */
export type Shadow = number;
export const NO_SHADOW = 0;

/** The swap type that virtual slots have; areas have those below. */
export const VIRTUAL_TYPE = 15;

/** What an entry says: folio or shadow, reference count, zero flag, cgroup. */
export interface EntryTable {
  /**
   * Takes an entry for a folio and puts the folio in the swap cache under it.
   * @returns the entry, or NO_ENTRY when there is no room or no memory for tables; then nothing has
   *   changed
   */
  allocate(frame: PageFrame): SwapEntry;
  /** The folio in the swap cache, or NO_FRAME; any entry may be asked for, a free one too. */
  folioAt(entry: SwapEntry): PageFrame;
  /** True when the entry is in use and has references beyond the cache. */
  isSwapped(entry: SwapEntry): boolean;
  /**
   * Puts a folio that is to be read in the cache. Looks again, in the hold of its lock, whether that
   * is still wanted: making room for the folio may have let others in.
   * @returns the shadow that stood there, NO_SHADOW when there was none; NOT_WANTED when a folio is
   *   there already or nothing refers to the entry, NO_MEMORY when a table could not grow: then
   *   nothing has changed
   */
  insertFolio(entry: SwapEntry, frame: PageFrame): Shadow;
  /**
   * Takes the folio out of the cache and leaves its shadow behind; an entry without references is
   * freed.
   */
  removeFolio(entry: SwapEntry, shadow: Shadow): void;
  /** Adds a reference; ENOMEM when the count cannot grow, and nothing has changed. */
  duplicate(entry: SwapEntry): Outcome;
  /**
   * Drops a reference of each of `count` entries that follow each other; an entry with neither
   * references nor a cached folio is freed.
   * @returns true when some entry is kept by the cache alone
   */
  putRange(first: SwapEntry, count: number): boolean;
  /** References beyond the cache: page tables, and indices of files. */
  count(entry: SwapEntry): number;
  /** Says whether the page is all zeros; a page of zeros has no bytes anywhere. */
  setZero(entry: SwapEntry, isZero: boolean): void;
  isZero(entry: SwapEntry): boolean;
  /** Notes whose the entry is; 0 is nobody's. */
  setCgroup(entry: SwapEntry, cgroup: number): void;
  cgroup(entry: SwapEntry): number;
}

/** A table could not grow (ENOMEM). */
export const NO_MEMORY: Shadow = -1;
/** There is a folio already (EEXIST), or nothing refers to the entry any more (ENOENT). */
export const NOT_WANTED: Shadow = -2;

/** Where an entry's bytes are outside of memory. A slot is told as an entry: swap type and slot. */
export interface Backing {
  /** False for an entry that no device can take the bytes of (a ghost's). */
  mayWrite(entry: SwapEntry): boolean;
  /** False when nothing that zswap holds could be written anywhere: its shrinker stands still. */
  canWriteBack(): boolean;
  /** The slot that holds the entry's bytes or is kept for them; NO_ENTRY when it has none. */
  slotForRead(entry: SwapEntry): SwapEntry;
  /**
   * The slot that the entry's bytes will be in from now on; whatever held them before does not any
   * more (a virtual entry's zswap entry is not found again, and is the caller's to free).
   * @returns NO_ENTRY when no slot can be had: then nothing has changed
   */
  slotForWrite(entry: SwapEntry): SwapEntry;
  /**
   * `slotForWrite` in two steps, for bytes that shall be found where they were until they have been
   * written: a slot for them, an entry's own where it is one. NO_ENTRY when none can be had.
   */
  takeSlot(entry: SwapEntry): SwapEntry;
  /**
   * The second step: the entry's bytes are in the slot from now on, and are not where they were.
   * @returns false when there is no memory to note that: then nothing has changed
   */
  useSlot(entry: SwapEntry, slot: SwapEntry): boolean;
  /** Gives a slot back that was taken for the entry and is not used. */
  dropSlot(entry: SwapEntry, slot: SwapEntry): void;
  /**
   * So many calls of `slotForWrite` follow: where slots are taken for them, they shall follow each
   * other. Absent where an entry is its slot.
   */
  expectWrites?(count: number): void;
  /** The entry whose bytes are in a slot; NO_ENTRY when nobody's are, or none can tell. */
  entryAt(slot: SwapEntry): SwapEntry;
  readonly zswap: ZswapIndex;
}

/** One term of the memory that a design takes, summed from what is allocated now. */
export interface MetadataTerm {
  readonly term: string;
  readonly bytes: number;
  /** `static` terms are paid at swapon, `dynamic` ones by use. */
  readonly kind: 'static' | 'dynamic';
  /**
   * How many things it is kept for: slots of the area for a static array, entries that stand in it
   * for a table, clusters for cluster infos. What published tables multiply with a width.
   */
  readonly units: number;
}

/** What a design asks of the swap system. */
export interface DesignHost {
  /** Charges entries to a cgroup (memory.swap.current), or gives them back if negative. */
  charge(cgroup: number, entries: number): void;
  /** Frees what zswap holds under a number that stood in the design's tables. */
  freeZswapEntry(zswapEntry: number): void;
  /** Tries to drop a cached folio that nothing maps, so that its entry is freed. */
  reclaimCached(entry: SwapEntry): boolean;
}

/** What a design is built from. */
export interface DesignParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly space: SlotSpace;
  readonly host: DesignHost;
  /** One of the design's revisions. */
  readonly revision: string;
  /** zswap's index of a plain design (xarray); a virtual one has its own tables. */
  readonly zswapIndex?: ZswapIndexKind;
}

/** Something that a design does otherwise than the others or than its kernel, with the reason. */
export interface Deviation {
  readonly what: string;
  readonly why: string;
  /** The claim of the conformance suite that reads otherwise with this design. */
  readonly claim?: string;
}

/** A design as the registry knows it: what can be said of it without building one. */
export interface DesignKind {
  readonly summary: string;
  /** The first is the default; one design without revisions has one, called after its source. */
  readonly revisions: readonly [string, ...string[]];
  /** Order of tries and of the free list of its areas. */
  readonly allocator: AllocatorVersion;
  /** Entries are virtual: a slot is taken only for bytes that go to a device. */
  readonly isVirtual: boolean;
  /** zswap can write back to an area. */
  readonly writesBack: boolean;
  /** What becomes of the areas that a run is given. */
  readonly areas: 'as-given' | 'all-ghost' | 'ghost-above' | 'growing';
  /** Where a CPU goes on, when the run does not say. */
  readonly perCpuCluster: 'shared' | 'device-offset' | 'device-pointer';
  readonly deviations: readonly Deviation[];
  create(parts: DesignParts): SwapDesign;
}

/** Slots that hold the bytes of entries which are elsewhere: how swapoff finds and frees them. */
export interface EntriesBehind {
  /**
   * Visits each entry whose bytes are in a slot of the area, counting the table words that this
   * takes; stops when `visit` answers false.
   */
  visit(type: number, visit: (entry: SwapEntry) => boolean): void;
  /** The bytes of an entry are in memory alone from now on: its slot is given back. */
  detach(entry: SwapEntry): void;
}

export interface SwapDesign {
  readonly entries: EntryTable;
  readonly backing: Backing;
  /** Freeing a range compares the cgroup of each entry (through 6.18). */
  readonly comparesCgroups: boolean;
  /** Entries that several hold are read ahead on synchronous devices too (through 6.18). */
  readonly readsAheadShared: boolean;
  /** Only where an entry is not its slot. */
  readonly behind?: EntriesBehind;
  /** Prepares the tables for an area that swapon has put to use; and gives them back. */
  addArea(type: number): void;
  removeArea(type: number): void;
  /** Entries in use now, virtual ones included. */
  entriesInUse(): number;
  /** Of those, pages of zeros. */
  zeroEntries(): number;
  /** Entries that can still be taken. */
  freeEntries(): number;
  /** False when no page table or file index holds an entry of the area (absent: they may). */
  isHeldByPageTables?(type: number): boolean;
  /** An entry of a readahead window beside the one that faulted: what keeps it from going away. */
  pinForReadahead?(target: SwapEntry, neighbour: SwapEntry): void;
  /** Switches virtual slots off and on for entries that are taken from now on. */
  setVirtual?(isOn: boolean): void;
  metadata(): MetadataTerm[];
  /** Numbers that only this design has, by name. */
  gauges?(): Record<string, number>;
  checkInvariants(): void;
}
