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
  entryName,
  entryType,
  MAX_SWAPFILES,
  NO_ENTRY,
  NO_FRAME,
  CheckError,
  entrySlot,
  PAGE_SIZE,
  type Outcome,
  type PageFrame,
  type SwapEntry,
} from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import { PG, type FrameTable, type Payload } from '../frames/index.ts';
import type { BlockDevice } from '../device/block-device.ts';
import type { SlotSpace } from '../slots/index.ts';
import type { BlobBatch, WritebackTarget, Zswap } from '../zswap/index.ts';
import { FilledPages, type SameFilled } from './filled-pages.ts';
import { PageChecks } from './page-checks.ts';
import {
  NO_MEMORY,
  NO_SHADOW,
  NOT_WANTED,
  type DesignHost,
  type Shadow,
  type SwapDesign,
} from './swap-design.ts';
import { locate, locateOutside, locationOfFrame, recordSearch } from './resolve.ts';
import type { LocateParts, Location, Resolution, SlotPlace } from './resolve.ts';
import { SwapIo, type AreaTraffic, type WriteCompletion } from './swap-io.ts';
import { emptyArea, type SwapoffResult } from './swapoff.ts';
import { WrongPages, type PageWitness } from './wrong-pages.ts';

/** What the swap core needs of memory management (implemented in src/memory). */
export interface SwapClient {
  /** Allocates a folio charged to `cgroup` for a page that is to be read; NO_FRAME: no memory. */
  allocateFolio(cgroup: number): PageFrame;
  /**
   * Makes room for folios of a cgroup that will be allocated together, as far as reclaim can.
   * @returns how many of them there is room for
   */
  reserveFolios(count: number, cgroup: number): number;
  /** The folio was put in the cache to be read: it goes on the LRU, `shadow` tells of its past. */
  folioInserted(frame: PageFrame, shadow: Shadow): void;
  /** A folio that nothing maps has left the cache: it is freed. */
  releaseFolio(frame: PageFrame): void;
  /** A folio is being read from its device: it can be used from `doneNs` on. */
  readSubmitted(frame: PageFrame, doneNs: number): void;
  /** Waits until a folio has been read. */
  waitForRead(frame: PageFrame): void;
  /**
   * Brings back every page whose entry of the area stands in a page table or in a file's index.
   * @returns ENOMEM when there is no memory for one; what cannot be read is poisoned, not kept
   */
  unuse(type: number): Outcome;
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
}

export interface SwapSystemParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly payload: Payload;
  readonly space: SlotSpace;
  /** Builds the design over the ports that only the swap system can offer. */
  readonly createDesign: (host: DesignHost) => SwapDesign;
  readonly createZswap: (design: SwapDesign, target: WritebackTarget) => Zswap;
  readonly client: SwapClient;
  readonly sameFilled?: SameFilled;
  /** Who keeps account of damaged devices. */
  readonly witness?: PageWitness | null;
  /** A page that comes back wrong ends the run (stop), or is counted once a task has it. */
  readonly onWrongPage?: 'stop' | 'count';
}

export class SwapSystem implements WritebackTarget, WriteCompletion, DesignHost {
  readonly design: SwapDesign;
  readonly zswap: Zswap;
  readonly space: SlotSpace;
  readonly filled: FilledPages;
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #payload: Payload;
  readonly #client: SwapClient;
  readonly #io: SwapIo;
  readonly #checks: PageChecks;
  readonly #witness: PageWitness | null;
  /** Null where the first wrong page ends the run. */
  readonly #wrong: WrongPages | null;
  readonly #areas: (SwapArea | undefined)[] = new Array<undefined>(MAX_SWAPFILES).fill(undefined);
  /** Entries charged to each cgroup. */
  #charged = new Float64Array(16);
  /** By frame: zswap writes it back. */
  readonly #ofZswap: Uint8Array;
  #hasSynchronous = false;
  #source: SwapInSource = 'cache';

  constructor(parts: SwapSystemParts) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#payload = parts.payload;
    this.#ofZswap = new Uint8Array(parts.frames.frameCount);
    this.#client = parts.client;
    this.space = parts.space;
    this.#io = new SwapIo(parts.engine, parts.payload, this, parts.witness);
    this.#checks = new PageChecks(parts.payload);
    this.#witness = parts.witness ?? null;
    this.#wrong =
      parts.onWrongPage === 'count' ? new WrongPages(this.#witness, parts.frames.frameCount) : null;
    this.filled = new FilledPages(parts.payload, parts.sameFilled ?? 'zero');
    this.design = parts.createDesign(this);
    this.zswap = parts.createZswap(this.design, this);
  }

  /** Puts an area to use; its slots are in the slot space already. */
  addArea(area: SwapArea): void {
    this.#areas[area.type] = area;
    this.#io.addArea(area.type, area.device);
    this.design.addArea(area.type);
    this.#noteSynchronous();
  }

  /**
   * Gives an area up: every page that has bytes on it comes back to memory. Without memory for that
   * the area stays on.
   * @source linux 6.18 mm/swapfile.c swapoff
   */
  swapoff(type: number): SwapoffResult {
    const area = this.space.area(type);
    assert(area !== undefined, 'an area that is given up is in use');
    this.#io.flush();
    this.space.retire(area);
    const result = emptyArea(
      {
        engine: this.#engine,
        frames: this.#frames,
        design: this.design,
        swapIn: (entry) => this.swapIn(entry),
        waitForRead: (frame) => {
          this.#client.waitForRead(frame as PageFrame);
        },
        dropCached: (entry) => this.reclaimCached(entry),
        flushWrites: () => {
          this.#io.flush();
        },
        unuse: (holder) => this.#client.unuse(holder),
        given: (frame) => {
          this.given(frame as PageFrame);
        },
      },
      area,
    );
    if (result.outcome !== 'ok') {
      this.space.restore(area);
      return result;
    }
    this.#io.flush();
    this.space.remove(area);
    this.design.removeArea(type);
    this.#io.removeArea(type);
    this.#areas[type] = undefined;
    this.#noteSynchronous();
    return result;
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

  /** Wrong pages that tasks were given; always 0 where the first one ends the run. */
  get wrongPagesGiven(): number {
    return this.#wrong?.givenCount ?? 0;
  }

  /** A task, or a page table of one, is given what a folio of an entry holds. */
  given(frame: PageFrame): void {
    this.#wrong?.give(
      frame,
      () => `${this.#nameOf(this.#frames.entry(frame))}: a task has the wrong page`,
    );
  }

  /** Entries charged to a cgroup now (memory.swap.current in pages). */
  chargedEntries(cgroup: number): number {
    return this.#charged[cgroup] ?? 0;
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
    this.#engine.count(EV['swap.entriesTaken']);
    this.#wrong?.forget(frame);
    this.design.entries.setCgroup(entry, this.#frames.cgroup(frame));
    if (this.#sees(frame, entry)) {
      this.#engine.trace.watchedEntry = entry;
      this.#tell(`swapped out: takes ${entryName(entry)} and a place in the swap cache`);
    }
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
    if (this.filled.policy !== 'none') this.#engine.count(EV.zeroCheck);
    if (this.filled.detect(frame)) {
      entries.setZero(entry, true);
      this.filled.note(entry);
      // A load that left zswap's copy there (2013): it would be written back over the flag.
      this.zswap.forgetKept(entry);
      this.#engine.count(this.filled.isZero ? EV.swpout_zero : EV.swpout_filled);
      if (this.#sees(frame, entry)) this.#tell(`${this.#filling()}: no bytes go anywhere`);
      return 'stored';
    }
    entries.setZero(entry, false);
    if (this.zswap.store(frame, backing.mayWrite(entry))) {
      if (this.#sees(frame, entry))
        this.#tell(`zswap stores it: ${this.zswap.storedLength} bytes in the pool`);
      return 'stored';
    }
    if (this.zswap.isEnabled && this.#sees(frame, entry)) this.#tell('zswap refuses it');
    const mayLeave = this.zswap.mayWriteBack(this.#frames.cgroup(frame));
    const slot = mayLeave ? backing.slotForWrite(entry) : NO_ENTRY;
    if (slot === NO_ENTRY) {
      this.#frames.set(frame, PG.dirty);
      if (this.#sees(frame, entry))
        this.#tell('no device can take it: it stays in memory, dirty and with its entry');
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

  /**
   * Copies an entry's content into a frame without touching the entry: for comparing pages whose
   * task can get no memory any more.
   * @returns false when the content is nowhere
   */
  peek(entry: SwapEntry, into: PageFrame): boolean {
    const { entries, backing } = this.design;
    const cached = entries.folioAt(entry);
    if (cached !== NO_FRAME) {
      if (this.#frames.has(cached, PG.error) || this.#wrong?.has(cached) === true) return false;
      this.#payload.copy(cached, into);
      return true;
    }
    if (entries.isZero(entry)) {
      this.filled.restore(entry, into);
      return true;
    }
    if (this.zswap.peek(entry, into)) return true;
    const slot = backing.slotForRead(entry);
    if (slot === NO_ENTRY || this.#io.read(slot, into) !== 'ok') return false;
    // Damaged: it holds something, but not the content.
    return this.#witness === null || this.#witness.metCount === 0;
  }

  /** The hops from an entry to its bytes; the run's counts stay as they are. */
  resolve(entry: SwapEntry): Resolution {
    return recordSearch(this.#engine, () => this.locate(entry));
  }

  /** Where an entry's bytes are, by the look-ups of a fault; counted as those are. */
  locate(entry: SwapEntry): Location {
    return locate(this.#locateParts(), entry);
  }

  /** As `locate`, past the swap cache: what a cached folio's entry has elsewhere. */
  locateOutside(entry: SwapEntry): Location {
    return locateOutside(this.#locateParts(), entry);
  }

  locationOfFrame(frame: PageFrame): Location {
    return locationOfFrame(this.#frames, frame);
  }

  /** The entry that a folio has in the swap cache, or NO_ENTRY. */
  entryOf(frame: PageFrame): SwapEntry {
    return this.#frames.has(frame, PG.swapcache) ? this.#frames.entry(frame) : NO_ENTRY;
  }

  /** Where the latest `swapIn` found the page. */
  get source(): SwapInSource {
    return this.#source;
  }

  /** True when the area of the entry is done with I/O at submission and needs no readahead. */
  isSynchronous(entry: SwapEntry): boolean {
    if (!this.#hasSynchronous) return false;
    const slot = this.design.backing.slotForRead(entry);
    return slot !== NO_ENTRY && this.#io.isSynchronous(entryType(slot));
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
    if (this.#sees(frame, entry)) {
      this.#engine.trace.watchedEntry = NO_ENTRY;
      this.#tell(`${entryName(entry)} is freed, and what was behind it: no copy outside of memory`);
    }
    return true;
  }

  /** Drops one page table's reference, as a fault does that maps the page. */
  put(entry: SwapEntry): void {
    this.design.entries.putRange(entry, 1);
  }

  /**
   * Drops a reference of each of `count` entries that follow each other, when their pages are
   * unmapped for good (exit, DONTNEED); cached folios that nothing needs any more go too.
   * @source linux 6.18 free_swap_and_cache_nr
   */
  forgetRange(first: SwapEntry, count: number): void {
    const { entries } = this.design;
    this.#engine.countMany(EV['swap.referencesFreed'], count);
    if (!entries.putRange(first, count)) return;
    for (let i = 0; i < count; i++) {
      const entry = (first + i) as SwapEntry;
      const frame = entries.folioAt(entry);
      if (frame === NO_FRAME || entries.isSwapped(entry)) continue;
      if (this.#frames.mapCount(frame) === 0 || this.space.isFull()) this.reclaimCached(entry);
    }
  }

  /** @source linux 6.18 __try_to_reclaim_swap (TTRS_ANYWAY) */
  reclaimCached(entry: SwapEntry): boolean {
    const frame = this.design.entries.folioAt(entry);
    if (frame === NO_FRAME || !this.freeSwap(frame)) return false;
    if (this.#frames.mapCount(frame) === 0) this.#client.releaseFolio(frame);
    return true;
  }

  charge(cgroup: number, entries: number): void {
    if (cgroup === 0) return;
    if (cgroup >= this.#charged.length) {
      const charged = new Float64Array(cgroup * 2);
      charged.set(this.#charged);
      this.#charged = charged;
    }
    this.#charged[cgroup]! += entries;
  }

  freeZswapEntry(zswapEntry: number): void {
    this.zswap.freeEntry(zswapEntry);
  }

  /** Ends a round of reclaim: what was queued goes out. */
  endRound(): void {
    this.#io.flush();
    for (const area of this.space.areas()) area.supply.settle();
  }

  // --- WritebackTarget: what zswap calls -----------------------------------------------------

  canWriteBack(): boolean {
    return this.design.backing.canWriteBack();
  }

  reserveFolios(count: number, cgroup: number): number {
    return this.#client.reserveFolios(count, cgroup);
  }

  beginWriteback(entry: SwapEntry): PageFrame {
    const { entries, backing } = this.design;
    if (!backing.mayWrite(entry)) return NO_FRAME;
    if (entries.folioAt(entry) !== NO_FRAME || !entries.isSwapped(entry)) return NO_FRAME;
    const frame = this.#insert(entry);
    if (frame === NO_FRAME) return NO_FRAME;
    // Making room for it may have let a fault load the entry: that folio is the only copy now, and
    // not ours to take out of the cache again (EEXIST).
    return this.#frames.has(frame, PG.uptodate | PG.error) ? NO_FRAME : frame;
  }

  fillWriteback(frame: PageFrame): void {
    this.#check(this.#frames.entry(frame), frame);
    this.#frames.set(frame, PG.uptodate | PG.writeback);
  }

  cancelWriteback(frame: PageFrame): void {
    this.#frames.clear(frame, PG.writeback);
    if (this.#frames.mapCount(frame) > 0) return;
    this.design.entries.removeFolio(this.#frames.entry(frame), NO_SHADOW);
    this.#client.releaseFolio(frame);
  }

  isCached(entry: SwapEntry): boolean {
    return this.design.entries.folioAt(entry) !== NO_FRAME;
  }

  expectWrites(count: number): void {
    this.design.backing.expectWrites?.(count);
  }

  submitWriteback(frame: PageFrame): boolean {
    const entry = this.#frames.entry(frame);
    const slot = this.design.backing.slotForWrite(entry);
    if (slot === NO_ENTRY) return false;
    this.#ofZswap[frame] = 1;
    this.#submit(slot, frame);
    return true;
  }

  takeSlot(entry: SwapEntry): SwapEntry {
    const { entries, backing } = this.design;
    if (!backing.mayWrite(entry) || !entries.isSwapped(entry)) return NO_ENTRY;
    const slot = backing.takeSlot(entry);
    if (slot === NO_ENTRY || this.#io.takesCompressed(entryType(slot))) return slot;
    backing.dropSlot(entry, slot);
    return NO_ENTRY;
  }

  useSlot(entry: SwapEntry, slot: SwapEntry): boolean {
    if (!this.design.backing.useSlot(entry, slot)) return false;
    if (this.#sees(NO_FRAME, entry))
      this.#tell(`written as it is, compressed, to ${placeOf(slot)}`);
    return true;
  }

  dropSlot(entry: SwapEntry, slot: SwapEntry): void {
    this.design.backing.dropSlot(entry, slot);
  }

  writeBlobs(batch: BlobBatch): void {
    this.#io.writeBlobs(batch);
  }

  flushWrites(): void {
    this.#io.flush();
  }

  // --- WriteCompletion: what I/O calls -------------------------------------------------------

  writeEnded(frame: PageFrame, outcome: Outcome, doneNs: number): void {
    if (this.#sees(frame, this.#frames.entry(frame)))
      this.#tell(`write ended: ${outcome}, the device is done at ${seconds(doneNs)}`);
    this.#frames.clear(frame, PG.writeback);
    if (this.#ofZswap[frame] === 1) {
      this.#ofZswap[frame] = 0;
      this.zswap.writeEnded();
    }
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

  /** Somebody watches the page in this frame or under this entry. */
  #sees(frame: PageFrame, entry: SwapEntry): boolean {
    return this.#engine.trace.concerns(frame, entry);
  }

  /** Tells who watches what has happened. */
  #tell(what: string): void {
    this.#engine.trace.note(this.#engine.nowNs, what);
  }

  #submit(slot: SwapEntry, frame: PageFrame): void {
    const entry = this.#frames.entry(frame);
    if (this.#sees(frame, entry))
      this.#tell(
        `under writeback, to ${placeOf(slot)}${slot === entry ? '' : ` behind its entry`}`,
      );
    this.#frames.set(frame, PG.writeback | PG.reclaim);
    this.#engine.count(EV.pswpout);
    this.#io.queueWrite(slot, frame);
  }

  #filling(): string {
    return this.filled.isZero
      ? 'all zeros, its flag is set'
      : 'one word over and over, its flag is set and the word kept';
  }

  /** A new folio for the entry, in the cache and on the LRU, not yet read. */
  #insert(entry: SwapEntry): PageFrame {
    const frame = this.#client.allocateFolio(this.design.entries.cgroup(entry));
    if (frame === NO_FRAME) return NO_FRAME;
    this.#wrong?.forget(frame);
    const { entries } = this.design;
    const shadow = entries.insertFolio(entry, frame);
    if (shadow === NO_MEMORY || shadow === NOT_WANTED) {
      this.#client.releaseFolio(frame);
      // Making room for it let somebody else read the entry, or free it.
      return shadow === NO_MEMORY ? NO_FRAME : entries.folioAt(entry);
    }
    if (this.#sees(NO_FRAME, entry)) {
      this.#engine.trace.watchedFrame = frame;
      this.#tell(`frame ${frame} is put in the swap cache under ${entryName(entry)}`);
    }
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
      this.#witness?.readFailed(`${this.#nameOf(entry)}: a read was told as ${outcome}`);
      return;
    }
    this.#frames.set(frame, PG.uptodate);
    this.#check(entry, frame);
  }

  #readContent(entry: SwapEntry, frame: PageFrame): Outcome {
    const { entries, backing } = this.design;
    if (entries.isZero(entry)) {
      this.#source = 'zero';
      const isZero = this.filled.restore(entry, frame);
      this.#engine.count(isZero ? EV.swpin_zero : EV.swpin_filled);
      this.#engine.count(EV.pageClear);
      if (this.#sees(frame, entry)) this.#tell(`filled in memory: ${this.#filling()}`);
      return 'ok';
    }
    const loaded = this.zswap.load(frame);
    if (loaded !== 'ENOENT') {
      this.#source = 'zswap';
      if (this.#sees(frame, entry))
        this.#tell(
          loaded === 'ok'
            ? 'decompressed from zswap, which frees its copy'
            : 'not decompressed: EIO',
        );
      return loaded;
    }
    const slot = backing.slotForRead(entry);
    // A ghost's page that is neither zero nor in zswap is nowhere. @source ghost RFC: not up to date
    if (slot === NO_ENTRY) return 'EIO';
    this.#source = 'device';
    this.zswap.noteDiskSwapin(frame);
    this.#engine.count(EV.pswpin);
    const outcome = this.#io.read(slot, frame);
    if (this.#sees(frame, entry))
      this.#tell(
        `read from ${placeOf(slot)}: ${outcome}, the device is done at ` +
          seconds(this.#io.readDoneNs),
      );
    this.#client.readSubmitted(frame, this.#io.readDoneNs);
    return outcome;
  }

  #check(entry: SwapEntry, frame: PageFrame): void {
    if (this.#checks.matches(entry, frame)) {
      this.#witness?.readRight();
      return;
    }
    if (this.#wrong !== null) {
      this.#wrong.note(frame);
      return;
    }
    const faults = this.#witness?.describeMet() ?? '';
    throw new CheckError(
      `${this.#nameOf(entry)}: slot ${entrySlot(entry)}: the page read back from ` +
        `${this.#source} differs from what was written; ` +
        (faults === '' ? 'was the file changed by another program?' : `damaged by ${faults}`),
    );
  }

  #nameOf(entry: SwapEntry): string {
    return this.#areaName(entryType(entry));
  }

  #areaName(type: number): string {
    return this.#areas[type]?.name ?? 'virtual swap space';
  }

  #locateParts(): LocateParts {
    const nameOf = (type: number): string => this.#areaName(type);
    const { filled, zswap, design } = this;
    const placeOf = (type: number, slot: number): SlotPlace => this.#io.placeOf(type, slot);
    return { frames: this.#frames, design, zswap, filled, placeOf, nameOf };
  }

  #noteSynchronous(): void {
    this.#hasSynchronous = this.areas().some((area) => area.device.synchronous);
  }
}

/** A slot and its bytes, in words. */
function placeOf(slot: SwapEntry): string {
  const at = entrySlot(slot);
  return `slot ${at} of area ${entryType(slot)} (byte ${at * PAGE_SIZE})`;
}

function seconds(timeNs: number): string {
  return `${(timeNs / 1e9).toFixed(9)} s`;
}
