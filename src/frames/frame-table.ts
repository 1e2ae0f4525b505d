/**
 * The machine's page frames: flags, map counts, and for folios in the swap cache their entry.
 * Kernel counterpart: struct page / struct folio (include/linux/page-flags.h, mm_types.h, 6.18).
 *
 * Simplified on purpose: folios are single pages; a folio's reference count is what can be derived
 * (mappings + swap cache), because nothing here runs between a reference and its release.
 */
import { assert, NO_ENTRY, NO_FRAME, type PageFrame, type SwapEntry } from '../units/index.ts';

/** Folio flags; names are the kernel's without PG_. */
export const PG = {
  /** On an LRU list (or in the batch before it). */
  lru: 0x1,
  active: 0x2,
  referenced: 0x4,
  dirty: 0x8,
  writeback: 0x10,
  /** To be rotated to the inactive tail when its write ends. */
  reclaim: 0x20,
  swapcache: 0x40,
  uptodate: 0x80,
  /** Was on the active list once; its shadow says so. */
  workingset: 0x100,
  /** Read ahead and not yet touched. */
  readahead: 0x200,
  swapbacked: 0x400,
  /** In use (not on the free stack); for assertions. */
  allocated: 0x800,
  /** Its latest read failed: the task that touches it gets SIGBUS. */
  error: 0x1000,
  /** A page of a shared file: in its index, however many map it. */
  shmem: 0x2000,
  /** Has been mapped as a private page; a folio that was only read ahead has not. */
  anon: 0x4000,
  /** In the swap cache, while its entry is marked as zeros or is in zswap as well. */
  doubled: 0x8000,
} as const;

export class FrameTable {
  readonly frameCount: number;
  readonly #flags: Uint16Array;
  readonly #mapCount: Uint32Array;
  readonly #entry: Uint32Array;
  /** One place where the folio is mapped (or was last): the start of a reverse-map walk. */
  readonly #homeSpace: Uint16Array;
  readonly #homePage: Uint32Array;
  readonly #cgroup: Uint16Array;
  readonly #freeStack: Uint32Array;
  #freeCount: number;
  #cachedCount = 0;
  #doubledCount = 0;

  /** @param frameCount - frames of 4 KiB, at least 1 */
  constructor(frameCount: number) {
    assert(frameCount >= 1, 'a machine has at least one page frame');
    this.frameCount = frameCount;
    this.#flags = new Uint16Array(frameCount);
    this.#mapCount = new Uint32Array(frameCount);
    this.#entry = new Uint32Array(frameCount);
    this.#homeSpace = new Uint16Array(frameCount);
    this.#homePage = new Uint32Array(frameCount);
    this.#cgroup = new Uint16Array(frameCount);
    this.#freeStack = new Uint32Array(frameCount);
    for (let i = 0; i < frameCount; i++) this.#freeStack[i] = frameCount - 1 - i;
    this.#freeCount = frameCount;
  }

  get freeCount(): number {
    return this.#freeCount;
  }

  /** Folios in the swap cache. */
  get cachedCount(): number {
    return this.#cachedCount;
  }

  /** Of those, whose entry is marked as zeros or is in zswap as well. */
  get doubledCount(): number {
    return this.#doubledCount;
  }

  /** Takes a frame charged to `cgroup`, all flags clear; NO_FRAME when memory is used up. */
  allocate(cgroup: number): PageFrame {
    if (this.#freeCount === 0) return NO_FRAME;
    this.#freeCount -= 1;
    const frame = this.#freeStack[this.#freeCount]! as PageFrame;
    this.#flags[frame] = PG.allocated | PG.swapbacked;
    this.#mapCount[frame] = 0;
    this.#entry[frame] = NO_ENTRY;
    this.#cgroup[frame] = cgroup;
    return frame;
  }

  /** Gives a frame back; it is mapped nowhere, in no cache and on no list. */
  free(frame: PageFrame): void {
    const flags = this.#flags[frame]!;
    assert((flags & PG.allocated) !== 0, 'a frame is freed once');
    assert((flags & (PG.lru | PG.swapcache | PG.writeback)) === 0, 'a freed frame is used nowhere');
    assert(this.#mapCount[frame] === 0, 'a freed frame is not mapped');
    this.#flags[frame] = 0;
    this.#freeStack[this.#freeCount] = frame;
    this.#freeCount += 1;
  }

  /** True when any of the flags is set. */
  has(frame: PageFrame, flags: number): boolean {
    return (this.#flags[frame]! & flags) !== 0;
  }

  set(frame: PageFrame, flags: number): void {
    this.#flags[frame]! |= flags;
  }

  clear(frame: PageFrame, flags: number): void {
    this.#flags[frame]! &= ~flags;
  }

  /** Clears a flag and says whether it was set. */
  testAndClear(frame: PageFrame, flag: number): boolean {
    const flags = this.#flags[frame]!;
    this.#flags[frame] = flags & ~flag;
    return (flags & flag) !== 0;
  }

  /** Page table entries that map the frame. */
  mapCount(frame: PageFrame): number {
    return this.#mapCount[frame]!;
  }

  /** Notes one more mapping, at `page` of address space `space`. */
  addMapping(frame: PageFrame, space: number, page: number): void {
    this.#mapCount[frame]! += 1;
    if ((this.#flags[frame]! & PG.shmem) === 0) this.#flags[frame]! |= PG.anon;
    this.#homeSpace[frame] = space;
    this.#homePage[frame] = page;
  }

  /** Notes where the frame belongs without mapping it there. */
  setHome(frame: PageFrame, space: number, page: number): void {
    this.#homeSpace[frame] = space;
    this.#homePage[frame] = page;
  }

  dropMapping(frame: PageFrame): void {
    assert(this.#mapCount[frame]! > 0, 'a mapping is dropped once');
    this.#mapCount[frame]! -= 1;
  }

  homeSpace(frame: PageFrame): number {
    return this.#homeSpace[frame]!;
  }

  homePage(frame: PageFrame): number {
    return this.#homePage[frame]!;
  }

  cgroup(frame: PageFrame): number {
    return this.#cgroup[frame]!;
  }

  /** The swap entry of a folio in the swap cache. */
  entry(frame: PageFrame): SwapEntry {
    return this.#entry[frame]! as SwapEntry;
  }

  /** Puts the folio under `entry` in the swap cache (flag and entry together). */
  enterSwapCache(frame: PageFrame, entry: SwapEntry): void {
    assert((this.#flags[frame]! & PG.swapcache) === 0, 'a folio has one swap entry');
    this.#flags[frame]! |= PG.swapcache;
    this.#cachedCount += 1;
    this.#entry[frame] = entry;
  }

  leaveSwapCache(frame: PageFrame): void {
    assert((this.#flags[frame]! & PG.swapcache) !== 0, 'only a cached folio leaves the cache');
    this.setDoubled(frame, false);
    this.#flags[frame]! &= ~PG.swapcache;
    this.#cachedCount -= 1;
    this.#entry[frame] = NO_ENTRY;
  }

  /** Says whether the entry of a cached folio is marked as zeros, or in zswap, as well. */
  setDoubled(frame: PageFrame, isDoubled: boolean): void {
    const flags = this.#flags[frame]!;
    if (((flags & PG.doubled) !== 0) === isDoubled) return;
    this.#flags[frame] = flags ^ PG.doubled;
    this.#doubledCount += isDoubled ? 1 : -1;
  }

  /** Frames in use, in order; for checks and the end of a run. */
  *allocated(): Generator<PageFrame> {
    for (let frame = 0; frame < this.frameCount; frame++)
      if ((this.#flags[frame]! & PG.allocated) !== 0) yield frame as PageFrame;
  }

  checkInvariants(): void {
    let used = 0;
    for (const frame of this.allocated()) {
      used += 1;
      const cached = this.has(frame, PG.swapcache);
      assert(
        cached === (this.#entry[frame] !== NO_ENTRY),
        'cached folios and only they have entries',
      );
    }
    assert(used + this.#freeCount === this.frameCount, 'each frame is used or free');
  }
}
