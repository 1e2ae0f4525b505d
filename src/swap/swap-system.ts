/**
 * The flows of swapping, written once for all designs: swap-out, swap-in, release, writeback from
 * zswap, swapon and swapoff.
 * Kernel counterpart: mm/swap_state.c, mm/page_io.c, the folio half of mm/swapfile.c (linux 6.18).
 *
 * Lock order: folio lock before cluster lock before swap_info lock. Simplified on purpose: folios
 * are single pages and never contended (one CPU runs at a time), so a trylock always works.
 */
import {
  assert,
  entryType,
  MAX_SWAPFILES,
  NO_ENTRY,
  NO_FRAME,
  CheckError,
  entrySlot,
  type Outcome,
  type PageFrame,
  type SwapEntry,
} from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import { PG, type FrameTable, type Payload } from '../frames/index.ts';
import { isZeroPage } from '../codec/index.ts';
import type { BlockDevice } from '../device/block-device.ts';
import type { SlotSpace } from '../slots/index.ts';
import type { WritebackTarget, Zswap } from '../zswap/index.ts';
import { PageChecks } from './page-checks.ts';
import { NO_SHADOW, type FreedEntries, type Shadow, type SwapDesign } from './swap-design.ts';
import { SwapIo, type AreaTraffic, type WriteCompletion } from './swap-io.ts';

/** What the swap core needs of memory management (implemented in src/memory). */
export interface SwapClient {
  /** Allocates a folio charged to `cgroup` for a page that is to be read; NO_FRAME: no memory. */
  allocateFolio(cgroup: number): PageFrame;
  /**
   * Makes room for folios that will be allocated together, as far as reclaim can.
   * @returns how many of them there is room for
   */
  reserveFolios(count: number): number;
  /** The folio was put in the cache to be read: it goes on the LRU, `shadow` tells of its past. */
  folioInserted(frame: PageFrame, shadow: Shadow): void;
  /** A folio that nothing maps has left the cache: it is freed. */
  releaseFolio(frame: PageFrame): void;
  /** A folio is being read from its device: it can be used from `doneNs` on. */
  readSubmitted(frame: PageFrame, doneNs: number): void;
  /** The write of a folio has ended; it is no longer under writeback. */
  writeEnded(frame: PageFrame, outcome: Outcome, doneNs: number): void;
}

/** How the write-out of a folio ended. */
export type WriteOutResult =
  /** The content is safe (zero flag or zswap): the folio can go. */
  | 'stored'
  /** Under writeback until the device completes. */
  | 'queued'
  /** Nowhere to put it: back to the active list, dirty. */
  | 'activate'
  /** Nobody needs the entry any more: it was freed, the folio is no longer cached. */
  | 'freed';

/** How a swap-in found its page. */
export type SwapInSource = 'cache' | 'zero' | 'zswap' | 'device' | 'error';

/** An area that was put to use. */
export interface SwapArea {
  readonly type: number;
  readonly name: string;
  readonly device: BlockDevice;
  /** Header-only file: zswap may hold its pages, the device never. */
  readonly isGhost: boolean;
}

export interface SwapSystemParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly payload: Payload;
  readonly space: SlotSpace;
  /** Builds the design over the ports that only the swap system can offer. */
  readonly createDesign: (freed: FreedEntries) => SwapDesign;
  readonly createZswap: (design: SwapDesign, target: WritebackTarget) => Zswap;
  readonly client: SwapClient;
}

export class SwapSystem implements WritebackTarget, WriteCompletion, FreedEntries {
  readonly design: SwapDesign;
  readonly zswap: Zswap;
  readonly space: SlotSpace;
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #payload: Payload;
  readonly #client: SwapClient;
  readonly #io: SwapIo;
  readonly #checks: PageChecks;
  readonly #areas: (SwapArea | undefined)[] = new Array<undefined>(MAX_SWAPFILES).fill(undefined);
  /** Entries charged to each cgroup. */
  readonly #charged = new Float64Array(1 << 16);
  #source: SwapInSource = 'cache';

  constructor(parts: SwapSystemParts) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#payload = parts.payload;
    this.#client = parts.client;
    this.space = parts.space;
    this.#io = new SwapIo(parts.engine, parts.payload, this);
    this.#checks = new PageChecks(parts.payload);
    this.design = parts.createDesign(this);
    this.zswap = parts.createZswap(this.design, this);
  }

  /** Puts an area to use; its slots are in the slot space already. */
  addArea(area: SwapArea): void {
    this.#areas[area.type] = area;
    this.#io.addArea(area.type, area.device);
    this.design.addArea(area.type);
  }

  /** Areas in use, by swap type. */
  areas(): SwapArea[] {
    return this.#areas.filter((area) => area !== undefined);
  }

  traffic(type: number): AreaTraffic {
    return this.#io.traffic(type);
  }

  /** What went wrong with a device first, in words; empty when nothing did. */
  get deviceProblem(): string {
    return this.#io.problem;
  }

  /** Entries charged to a cgroup now (memory.swap.current in pages). */
  chargedEntries(cgroup: number): number {
    return this.#charged[cgroup]!;
  }

  /**
   * Gives a folio an entry and puts it in the swap cache.
   * @returns false when no slot is free
   * @source linux 6.18 folio_alloc_swap
   */
  addToSwap(frame: PageFrame): boolean {
    const entry = this.design.entries.allocate(frame);
    if (entry === NO_ENTRY) {
      this.#engine.count(EV.swap_alloc_fail);
      return false;
    }
    const cgroup = this.#frames.cgroup(frame);
    this.#engine.count(EV.cgroupWrite);
    this.design.entries.setCgroup(entry, cgroup);
    this.#charged[cgroup]! += 1;
    return true;
  }

  /**
   * Writes a cached, unmapped, dirty folio out: zero flag, then zswap, then the device.
   * @source linux 6.18 mm/page_io.c swap_writeout
   */
  writeOut(frame: PageFrame): WriteOutResult {
    const { entries, backing } = this.design;
    const entry = this.#frames.entry(frame);
    this.#frames.clear(frame, PG.dirty);
    if (this.freeSwap(frame)) return 'freed';
    this.#checks.note(entry, frame);
    this.#engine.count(EV.zeroCheck);
    if (this.#isZero(frame)) {
      // An older copy in zswap would be loaded instead of the zeros.
      this.zswap.invalidate(entry);
      entries.setZero(entry, true);
      this.#engine.count(EV.swpout_zero);
      return 'stored';
    }
    entries.setZero(entry, false);
    const isGhost = this.#area(entry).isGhost;
    if (this.zswap.store(frame, !isGhost)) return 'stored';
    const slot = isGhost ? NO_ENTRY : backing.slotForWrite(entry);
    if (slot === NO_ENTRY) {
      this.#frames.set(frame, PG.dirty);
      return 'activate';
    }
    this.#submit(slot, frame);
    if (!this.#io.isSynchronous(entryType(slot))) return 'queued';
    this.#io.flush();
    // A synchronous write that failed leaves the folio dirty: it stays.
    return this.#frames.has(frame, PG.dirty) ? 'queued' : 'stored';
  }

  /** The folio of an entry in the swap cache, or NO_FRAME. */
  lookup(entry: SwapEntry): PageFrame {
    return this.design.entries.folioAt(entry);
  }

  /**
   * Brings an entry's page into the swap cache and starts reading it.
   * @returns the folio (cached before or new), NO_FRAME when there is no memory or the entry is free
   * @source linux 6.18 __read_swap_cache_async, swap_read_folio
   */
  swapIn(entry: SwapEntry): PageFrame {
    const { entries } = this.design;
    const cached = entries.folioAt(entry);
    if (cached !== NO_FRAME) {
      this.#source = 'cache';
      return cached;
    }
    if (!entries.isSwapped(entry)) return NO_FRAME;
    const frame = this.#insert(entry);
    if (frame === NO_FRAME) return NO_FRAME;
    if (this.#frames.has(frame, PG.uptodate)) {
      // Making room for the folio wrote the entry back from zswap and left its folio cached.
      this.#source = 'cache';
      return frame;
    }
    this.#read(entry, frame);
    return frame;
  }

  /** Where the latest `swapIn` found the page. */
  get source(): SwapInSource {
    return this.#source;
  }

  /** True when the area of the entry is done with I/O at submission and needs no readahead. */
  isSynchronous(entry: SwapEntry): boolean {
    return this.#io.isSynchronous(entryType(entry));
  }

  /**
   * Drops a folio from the cache and frees its entry if no page table holds it.
   * @returns true when it was dropped; it is dirty then, for it has no copy any more
   * @source linux 6.18 folio_free_swap
   */
  freeSwap(frame: PageFrame): boolean {
    if (!this.#frames.has(frame, PG.swapcache) || this.#frames.has(frame, PG.writeback))
      return false;
    const entry = this.#frames.entry(frame);
    if (this.design.entries.isSwapped(entry)) return false;
    this.design.entries.removeFolio(entry, NO_SHADOW);
    this.#frames.set(frame, PG.dirty);
    return true;
  }

  /** Drops one page table's reference, as a fault does that maps the page. */
  put(entry: SwapEntry): void {
    this.design.entries.put(entry);
  }

  /**
   * Drops one page table's reference when its page is unmapped for good (exit, DONTNEED); a cached
   * folio that nothing needs any more goes too.
   * @source linux 6.18 free_swap_and_cache_nr
   */
  forget(entry: SwapEntry): void {
    const frame = this.design.entries.folioAt(entry);
    this.design.entries.put(entry);
    if (frame === NO_FRAME || this.design.entries.isSwapped(entry)) return;
    if (this.#frames.mapCount(frame) === 0 || this.space.isFull()) this.reclaimCached(entry);
  }

  /** @source linux 6.18 __try_to_reclaim_swap (TTRS_ANYWAY) */
  reclaimCached(entry: SwapEntry): boolean {
    const frame = this.design.entries.folioAt(entry);
    if (frame === NO_FRAME || !this.freeSwap(frame)) return false;
    if (this.#frames.mapCount(frame) === 0) this.#client.releaseFolio(frame);
    return true;
  }

  entryFreed(entry: SwapEntry, cgroup: number): void {
    this.zswap.invalidate(entry);
    if (cgroup !== 0) this.#charged[cgroup]! -= 1;
  }

  /** Ends a round of reclaim: what was queued goes out. */
  endRound(): void {
    this.#io.flush();
  }

  // --- WritebackTarget: what zswap calls -----------------------------------------------------

  canWriteBack(): boolean {
    return this.#areas.some((area) => area !== undefined && !area.isGhost);
  }

  reserveFolios(count: number): number {
    return this.#client.reserveFolios(count);
  }

  beginWriteback(entry: SwapEntry): PageFrame {
    const { entries } = this.design;
    if (this.#area(entry).isGhost) return NO_FRAME;
    if (entries.folioAt(entry) !== NO_FRAME || !entries.isSwapped(entry)) return NO_FRAME;
    return this.#insert(entry);
  }

  cancelWriteback(frame: PageFrame): void {
    this.design.entries.removeFolio(this.#frames.entry(frame), NO_SHADOW);
    this.#client.releaseFolio(frame);
  }

  submitWriteback(frame: PageFrame): void {
    const entry = this.#frames.entry(frame);
    this.#check(entry, frame);
    this.#frames.set(frame, PG.uptodate);
    const slot = this.design.backing.slotForWrite(entry);
    assert(slot !== NO_ENTRY, 'an entry that is written back has a slot');
    this.#submit(slot, frame);
  }

  flushWrites(): void {
    this.#io.flush();
  }

  // --- WriteCompletion: what I/O calls -------------------------------------------------------

  writeEnded(frame: PageFrame, outcome: Outcome, doneNs: number): void {
    this.#frames.clear(frame, PG.writeback);
    if (outcome !== 'ok') {
      // The page stays dirty in memory and its slot counted. @source end_swap_bio_write
      this.#frames.set(frame, PG.dirty);
      this.#frames.clear(frame, PG.reclaim);
    }
    this.#client.writeEnded(frame, outcome, doneNs);
  }

  checkInvariants(): void {
    this.space.checkInvariants();
    this.zswap.checkInvariants();
    this.design.checkInvariants();
    this.#frames.checkInvariants();
    for (const frame of this.#frames.allocated())
      if (this.#frames.has(frame, PG.swapcache))
        assert(
          this.design.entries.folioAt(this.#frames.entry(frame)) === frame,
          'a cached folio stands in the table under its entry',
        );
  }

  #isZero(frame: PageFrame): boolean {
    return this.#payload.kind === 'bytes'
      ? isZeroPage(this.#payload.view(frame))
      : this.#payload.tag(frame) === 0;
  }

  #submit(slot: SwapEntry, frame: PageFrame): void {
    this.#frames.set(frame, PG.writeback | PG.reclaim);
    this.#engine.count(EV.pswpout);
    this.#io.queueWrite(slot, frame);
  }

  /** A new folio for the entry, in the cache and on the LRU, not yet read. */
  #insert(entry: SwapEntry): PageFrame {
    const frame = this.#client.allocateFolio(this.design.entries.cgroup(entry));
    if (frame === NO_FRAME) return NO_FRAME;
    // Making room for it may have let somebody else free or read the entry.
    const { entries } = this.design;
    if (entries.folioAt(entry) !== NO_FRAME || !entries.isSwapped(entry)) {
      this.#client.releaseFolio(frame);
      return entries.folioAt(entry);
    }
    const shadow = entries.insertFolio(entry, frame);
    this.#client.folioInserted(frame, shadow);
    return frame;
  }

  /** @source linux 6.18 mm/page_io.c swap_read_folio */
  #read(entry: SwapEntry, frame: PageFrame): void {
    const outcome = this.#readContent(entry, frame);
    if (outcome !== 'ok') {
      this.#source = 'error';
      this.#engine.count(EV.read_error);
      this.#frames.set(frame, PG.error);
      return;
    }
    this.#frames.set(frame, PG.uptodate);
    this.#check(entry, frame);
  }

  #readContent(entry: SwapEntry, frame: PageFrame): Outcome {
    const { entries, backing } = this.design;
    if (entries.isZero(entry)) {
      this.#source = 'zero';
      this.#engine.count(EV.swpin_zero);
      this.#engine.count(EV.pageClear);
      this.#payload.clear(frame);
      return 'ok';
    }
    const loaded = this.zswap.load(frame);
    if (loaded !== 'ENOENT') {
      this.#source = 'zswap';
      return loaded;
    }
    if (this.#area(entry).isGhost) return 'EIO';
    const slot = backing.slotForRead(entry);
    assert(slot !== NO_ENTRY, 'what is neither zero nor in zswap has a slot');
    this.#source = 'device';
    this.#engine.count(EV.pswpin);
    const outcome = this.#io.read(slot, frame);
    this.#client.readSubmitted(frame, this.#io.readDoneNs);
    return outcome;
  }

  #check(entry: SwapEntry, frame: PageFrame): void {
    if (this.#checks.matches(entry, frame)) return;
    throw new CheckError(
      `${this.#area(entry).name}: slot ${entrySlot(entry)}: the page read back from ` +
        `${this.#source} differs from what was written; was the file changed by another program?`,
    );
  }

  #area(entry: SwapEntry): SwapArea {
    const area = this.#areas[entryType(entry)];
    assert(area !== undefined, 'an entry belongs to an active area');
    return area;
  }
}
