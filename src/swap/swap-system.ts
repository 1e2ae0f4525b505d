/**
 * The flows of swapping, written once for all designs: swap-out, release, swapon and swapoff; swap-in
 * and writeback from zswap are in files of their own.
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
  type Outcome,
  type PageFrame,
  type SwapEntry,
} from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import { PG, type FrameTable, type Payload } from '../frames/index.ts';
import type { BlockDevice } from '../device/block-device.ts';
import type { SlotSpace } from '../slots/index.ts';
import type { WritebackTarget, Zswap } from '../zswap/index.ts';
import { describeFill, describePlace, describeTime } from './descriptions.ts';
import { FilledPages, type SameFilled } from './filled-pages.ts';
import { PageChecks } from './page-checks.ts';
import { NO_SHADOW, type DesignHost, type SwapDesign } from './swap-design.ts';
import type { SwapClient } from './swap-client.ts';
import { SwapIn, type SwapInSource } from './swap-in.ts';
import { SwapIo, type AreaTraffic, type WriteCompletion } from './swap-io.ts';
import { emptyArea, type SwapoffResult } from './swapoff.ts';
import { SwapView } from './swap-view.ts';
import { ZswapWriteback } from './zswap-writeback.ts';
import { WrongPages, type PageWitness } from './wrong-pages.ts';

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

export class SwapSystem implements WriteCompletion, DesignHost {
  readonly design: SwapDesign;
  readonly zswap: Zswap;
  readonly space: SlotSpace;
  readonly filled: FilledPages;
  /** What zswap writes back through. */
  readonly writeback: ZswapWriteback;
  /** For those who look on. */
  readonly view: SwapView;
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #client: SwapClient;
  readonly #io: SwapIo;
  readonly #checks: PageChecks;
  readonly #witness: PageWitness | null;
  /** Null where the first wrong page ends the run. */
  readonly #wrong: WrongPages | null;
  readonly #areas: (SwapArea | undefined)[] = new Array<undefined>(MAX_SWAPFILES).fill(undefined);
  /** Entries charged to each cgroup. */
  #charged = new Float64Array(16);
  readonly #swapIn: SwapIn;
  #hasSynchronous = false;

  constructor(parts: SwapSystemParts) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#client = parts.client;
    this.space = parts.space;
    this.#io = new SwapIo(parts.engine, parts.payload, this, parts.witness);
    this.#checks = new PageChecks(parts.payload);
    this.#witness = parts.witness ?? null;
    this.#wrong =
      parts.onWrongPage === 'count' ? new WrongPages(this.#witness, parts.frames.frameCount) : null;
    this.filled = new FilledPages(parts.payload, parts.sameFilled ?? 'zero');
    this.design = parts.createDesign(this);
    const shared = {
      ...{ engine: parts.engine, frames: parts.frames, payload: parts.payload },
      ...{ client: parts.client, design: this.design, io: this.#io },
    };
    this.#swapIn = new SwapIn({
      ...shared,
      filled: this.filled,
      checks: this.#checks,
      witness: this.#witness,
      wrong: this.#wrong,
      nameOf: (entry) => this.#nameOf(entry),
      zswap: () => this.zswap,
    });
    this.writeback = new ZswapWriteback({
      ...shared,
      swapIn: this.#swapIn,
      submit: (slot, frame) => {
        this.#submit(slot, frame, true);
      },
    });
    this.zswap = parts.createZswap(this.design, this.writeback);
    this.view = new SwapView({
      ...{ frames: parts.frames, design: this.design, zswap: this.zswap, filled: this.filled },
      placeOf: (type, slot) => this.#io.placeOf(type, slot),
      nameOf: (type) => this.#areaName(type),
    });
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
    if (this.#wrong?.has(frame) !== true) return;
    this.#wrong.give(
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
    this.#frames.setDoubled(frame, false);
    this.#checks.note(entry, frame);
    if (this.filled.policy !== 'none') this.#engine.count(EV.zeroCheck);
    if (this.filled.detect(frame)) {
      entries.setZero(entry, true);
      this.#frames.setDoubled(frame, true);
      this.filled.note(entry);
      // A load that left zswap's copy there (2013): it would be written back over the flag.
      this.zswap.forgetKept(entry);
      this.#engine.count(this.filled.isZero ? EV.swpout_zero : EV.swpout_filled);
      if (this.#sees(frame, entry))
        this.#tell(`${describeFill(this.filled)}: no bytes go anywhere`);
      return 'stored';
    }
    entries.setZero(entry, false);
    if (this.zswap.store(frame, backing.mayWrite(entry))) {
      this.#frames.setDoubled(frame, true);
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
    this.#submit(slot, frame, false);
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
   */
  swapIn(entry: SwapEntry): PageFrame {
    return this.#swapIn.swapIn(entry);
  }

  /**
   * Copies an entry's content into a frame without touching the entry.
   * @returns false when the content is nowhere
   */
  peek(entry: SwapEntry, into: PageFrame): boolean {
    return this.#swapIn.peek(entry, into);
  }

  /** Sends what was queued: sorted by slot, neighbours merged. */
  flushWrites(): void {
    this.#io.flush();
  }

  /** What is known of reads only when the next one comes is noted: at the end of a workload. */
  endReadRuns(): void {
    this.#io.endReadRuns();
  }

  /** The entry that a folio has in the swap cache, or NO_ENTRY. */
  entryOf(frame: PageFrame): SwapEntry {
    return this.#frames.has(frame, PG.swapcache) ? this.#frames.entry(frame) : NO_ENTRY;
  }

  /** Where the latest `swapIn` found the page. */
  get source(): SwapInSource {
    return this.#swapIn.source;
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

  // --- WriteCompletion: what I/O calls -------------------------------------------------------

  writeEnded(frame: PageFrame, outcome: Outcome, doneNs: number): void {
    if (this.#sees(frame, this.#frames.entry(frame)))
      this.#tell(`write ended: ${outcome}, the device is done at ${describeTime(doneNs)}`);
    this.#frames.clear(frame, PG.writeback);
    if (this.writeback.takeEnded(frame)) this.zswap.writeEnded();
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
      if (this.#frames.has(frame, PG.swapcache)) this.#checkCached(frame);
  }

  #checkCached(frame: PageFrame): void {
    const { entries } = this.design;
    const entry = this.#frames.entry(frame);
    assert(entries.folioAt(entry) === frame, 'a cached folio stands in the table under its entry');
    const isDoubled = this.#engine.aside(() => entries.isZero(entry) || this.zswap.holds(entry));
    assert(
      this.#frames.has(frame, PG.doubled) === isDoubled,
      'a cached folio says whether its entry has the page elsewhere too',
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

  #submit(slot: SwapEntry, frame: PageFrame, isWriteback: boolean): void {
    const entry = this.#frames.entry(frame);
    if (this.#sees(frame, entry))
      this.#tell(
        `under writeback, to ${describePlace(slot)}${slot === entry ? '' : ` behind its entry`}`,
      );
    this.#frames.set(frame, PG.writeback | PG.reclaim);
    this.#engine.count(EV.pswpout);
    this.#io.queueWrite(slot, frame, isWriteback);
  }

  #nameOf(entry: SwapEntry): string {
    return this.#areaName(entryType(entry));
  }

  #areaName(type: number): string {
    return this.#areas[type]?.name ?? 'virtual swap space';
  }

  #noteSynchronous(): void {
    this.#hasSynchronous = this.areas().some((area) => area.device.synchronous);
  }
}
