/**
 * Memory management of the emulated machine: faults, fork, madvise(DONTNEED), exit, and charging a
 * cgroup that is at its limit.
 * Kernel counterpart: mm/memory.c, mm/memcontrol.c (linux 6.18). Knows the swap contract, never a
 * design. Simplified on purpose: single pages, one private anonymous mapping a task, one cgroup.
 */
import {
  assert,
  NO_FRAME,
  type Outcome,
  type PageFrame,
  type VirtualPage,
} from '../units/index.ts';
import { EV, type Engine, type Histogram } from '../engine/index.ts';
import { PG, type FrameTable, type Payload } from '../frames/index.ts';
import type { Shadow } from '../swap/swap-design.ts';
import type { SwapClient, SwapSystem } from '../swap/swap-system.ts';
import { AddressSpace, PTE } from './address-space.ts';
import { LruLists } from './lru-lists.ts';
import { MemoryCgroup } from './memory-cgroup.ts';
import { Reclaimer } from './reclaim.ts';
import { SwapReadahead } from './readahead.ts';
import { ReverseMap } from './reverse-map.ts';
import { refault } from './workingset.ts';

/** Reclaim attempts of a charge before the OOM killer. @source mm/internal.h */
const MAX_RECLAIM_RETRIES = 16;
/** The one cgroup; 0 is none. */
const CGROUP_ID = 1;

export interface MemoryOptions {
  /** memory.max of the cgroup in pages. */
  readonly limitPages: number;
  readonly pageCluster: number;
  readonly swappiness: number;
  /** Pages that are charged from the start: what else runs in the cgroup. */
  readonly reservedPages: number;
}

export interface MemoryParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly payload: Payload;
  /** Builds the swap system over this client. */
  readonly createSwap: (client: SwapClient) => SwapSystem;
}

/** Why a task is gone before its time. */
export type KillReason = 'oom' | 'sigbus';

export class MemoryManager implements SwapClient {
  readonly swap: SwapSystem;
  readonly cgroup: MemoryCgroup;
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #payload: Payload;
  readonly #rmap: ReverseMap;
  readonly #reclaimer: Reclaimer;
  readonly #readahead: SwapReadahead;
  readonly #majorFault: Histogram;
  /** Virtual time until which a frame's latest I/O keeps it busy. */
  readonly #ioDoneNs: Float64Array;
  readonly #refaultContext: { engine: Engine; frames: FrameTable; cgroup: MemoryCgroup };
  #isReclaiming = false;
  #isShrinking = false;

  constructor(parts: MemoryParts, options: MemoryOptions) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#payload = parts.payload;
    this.#rmap = new ReverseMap(parts.engine, parts.frames);
    const lru = new LruLists(parts.engine, parts.frames);
    this.cgroup = new MemoryCgroup(CGROUP_ID, options.limitPages, lru);
    for (let page = 0; page < options.reservedPages; page++) this.cgroup.forceCharge();
    this.#refaultContext = { engine: parts.engine, frames: parts.frames, cgroup: this.cgroup };
    this.#ioDoneNs = new Float64Array(parts.frames.frameCount);
    this.swap = parts.createSwap(this);
    this.#reclaimer = new Reclaimer({
      engine: parts.engine,
      frames: parts.frames,
      swap: this.swap,
      rmap: this.#rmap,
      freeFolio: (frame) => {
        this.#freeFrame(frame);
      },
      swappiness: options.swappiness,
    });
    this.#readahead = new SwapReadahead({
      engine: parts.engine,
      frames: parts.frames,
      swap: this.swap,
      pageCluster: options.pageCluster,
      drainLru: () => {
        lru.drain();
      },
    });
    this.#majorFault = parts.engine.histogram('majorFault.ns');
  }

  /** A new task's mapping of `pageCount` pages. */
  createSpace(pageCount: number): AddressSpace {
    const space = new AddressSpace(this.#rmap.freeId(), pageCount, CGROUP_ID);
    this.#rmap.addSpace(space);
    return space;
  }

  /**
   * A task touches a page.
   * @returns the frame to read or write; NO_FRAME for the shared zero page (reads only) and when
   *   the task was killed (`space.isAlive` is false then)
   */
  touch(space: AddressSpace, page: VirtualPage, isWrite: boolean): PageFrame {
    assert(space.isAlive && page < space.pageCount, 'a live task touches its own mapping');
    this.#engine.count(EV.pageTouch);
    const flags = space.flags(page);
    if ((flags & PTE.present) !== 0 && (!isWrite || (flags & PTE.writable) !== 0)) {
      space.addFlags(page, isWrite ? PTE.accessed | PTE.dirty : PTE.accessed);
      return (flags & PTE.zero) !== 0 ? NO_FRAME : space.frame(page);
    }
    this.#engine.count(EV.pgfault);
    this.#engine.count(EV.pageFault);
    if ((flags & PTE.swap) !== 0) return this.#swapFault(space, page, isWrite);
    if ((flags & PTE.present) === 0) return this.#anonymousFault(space, page, isWrite);
    if ((flags & PTE.zero) !== 0) return this.#anonymousFault(space, page, true);
    return this.#writeProtectFault(space, page);
  }

  /** madvise(MADV_DONTNEED) of one page. */
  drop(space: AddressSpace, page: VirtualPage): void {
    this.#engine.count(EV.pteVisit);
    this.#zap(space, page);
  }

  /**
   * fork: a child that shares every page copy-on-write, and every swap entry.
   * @returns the child's space; null when its page tables could not be charged (out of memory)
   */
  fork(parent: AddressSpace): AddressSpace | null {
    const child = new AddressSpace(this.#rmap.freeId(), parent.pageCount, parent.cgroup);
    this.#rmap.addSpace(child);
    for (let index = 0; index < parent.pageCount; index++) {
      const page = index as VirtualPage;
      if (parent.flags(page) === 0) continue;
      this.#engine.count(EV.forkPte);
      if (!this.#chargeTable(child, page)) {
        this.exit(child);
        return null;
      }
      // Charging may have swapped the parent's page out: look only now.
      this.#copyPte(parent, child, page);
    }
    return child;
  }

  /** exit: everything that the task had mapped is given back. */
  exit(space: AddressSpace): void {
    for (let page = 0; page < space.pageCount; page++)
      if (space.flags(page as VirtualPage) !== 0) this.#zap(space, page as VirtualPage);
    this.cgroup.uncharge(space.tableCount());
    space.isAlive = false;
    this.#rmap.removeSpace(space);
  }

  /** All queued I/O goes out and completes. */
  settle(): void {
    this.swap.flushWrites();
  }

  // --- SwapClient ----------------------------------------------------------------------------

  allocateFolio(_cgroup: number): PageFrame {
    return this.#allocateFrame();
  }

  reserveFolios(count: number): number {
    if (this.#isReclaiming) return count;
    let retries = MAX_RECLAIM_RETRIES;
    while (this.cgroup.marginPages < count && retries-- > 0) {
      if (this.#reclaim(count - this.cgroup.marginPages) === 0) break;
    }
    return Math.min(count, this.cgroup.marginPages + this.cgroup.stockPages);
  }

  folioInserted(frame: PageFrame, shadow: Shadow): void {
    if (shadow !== 0) refault(this.#refaultContext, frame, shadow, this.swap.space.freePages > 0);
    this.cgroup.lru.add(frame);
  }

  releaseFolio(frame: PageFrame): void {
    this.cgroup.lru.forget(frame);
    this.#freeFrame(frame);
  }

  readSubmitted(frame: PageFrame, doneNs: number): void {
    this.#ioDoneNs[frame] = doneNs;
  }

  writeEnded(frame: PageFrame, outcome: Outcome, doneNs: number): void {
    this.#ioDoneNs[frame] = doneNs;
    if (outcome !== 'ok' || !this.#frames.testAndClear(frame, PG.reclaim)) return;
    this.#engine.count(EV.pgrotated);
    this.cgroup.lru.rotateToTail(frame);
  }

  checkInvariants(): void {
    this.cgroup.lru.drain();
    this.cgroup.lru.checkInvariants();
    this.#rmap.checkInvariants();
    this.swap.checkInvariants();
    for (const frame of this.#frames.allocated())
      assert(this.#frames.has(frame, PG.lru), 'each folio in use is on a list between operations');
  }

  // --- Faults --------------------------------------------------------------------------------

  /** @source linux 6.18 mm/memory.c do_anonymous_page */
  #anonymousFault(space: AddressSpace, page: VirtualPage, isWrite: boolean): PageFrame {
    if (!this.#chargeTable(space, page)) return this.#kill(space, 'oom');
    if (!isWrite) {
      this.#engine.count(EV.pteWrite);
      space.mapZero(page);
      return NO_FRAME;
    }
    const frame = this.#allocateFrame();
    if (frame === NO_FRAME) return this.#kill(space, 'oom');
    this.#engine.count(EV.pageClear);
    this.#payload.clear(frame);
    this.#frames.set(frame, PG.uptodate);
    this.#map(space, page, frame, PTE.writable | PTE.dirty | PTE.accessed | PTE.exclusive);
    this.cgroup.lru.add(frame);
    return frame;
  }

  /** @source linux 6.18 mm/memory.c do_swap_page */
  #swapFault(space: AddressSpace, page: VirtualPage, isWrite: boolean): PageFrame {
    const startNs = this.#engine.nowNs;
    const entry = space.entry(page);
    let frame = this.swap.lookup(entry);
    if (frame !== NO_FRAME) {
      this.#readahead.noteHit(space, page, frame);
    } else {
      frame = this.#readahead.swapIn(space, page, entry);
      if (frame === NO_FRAME) return this.#kill(space, 'oom');
      this.#engine.count(EV.pgmajfault);
      this.#engine.waitUntil(this.#ioDoneNs[frame]!);
      this.#majorFault.record(this.#engine.nowNs - startNs);
    }
    // For a hit: readahead may still be reading it.
    this.#engine.waitUntil(this.#ioDoneNs[frame]!);
    if (this.#frames.has(frame, PG.error)) return this.#kill(space, 'sigbus');
    return this.#mapSwapped(space, page, frame, isWrite);
  }

  #mapSwapped(
    space: AddressSpace,
    page: VirtualPage,
    frame: PageFrame,
    isWrite: boolean,
  ): PageFrame {
    const entry = space.entry(page);
    const isExclusive = (space.flags(page) & PTE.exclusive) !== 0;
    this.swap.put(entry);
    const isAlone = this.#frames.mapCount(frame) === 0;
    // should_try_to_free_swap: swap is short, or the page will be written and only we have it.
    // A synchronous device's page was never meant to stay cached (the bypass of 6.18).
    if (this.swap.space.isFull() || (isWrite && isAlone) || this.swap.isSynchronous(entry))
      this.swap.freeSwap(frame);
    const isOwned = isExclusive || (isAlone && !this.#frames.has(frame, PG.swapcache));
    let flags: number = PTE.accessed;
    if (isOwned) flags |= PTE.writable | PTE.exclusive | (isWrite ? PTE.dirty : 0);
    this.#map(space, page, frame, flags);
    return isWrite && !isOwned ? this.#writeProtectFault(space, page) : frame;
  }

  /** A write to a page that is mapped read-only: reuse or copy (do_wp_page). */
  #writeProtectFault(space: AddressSpace, page: VirtualPage): PageFrame {
    const shared = space.frame(page);
    if ((space.flags(page) & PTE.exclusive) === 0) {
      if (this.#frames.mapCount(shared) > 1) return this.#copyOnWrite(space, page, shared);
      this.swap.freeSwap(shared);
      // Still cached (its entry is referenced elsewhere, or it is being written): not ours alone.
      if (this.#frames.has(shared, PG.swapcache)) return this.#copyOnWrite(space, page, shared);
    }
    this.#engine.count(EV.pteWrite);
    space.addFlags(page, PTE.writable | PTE.dirty | PTE.accessed | PTE.exclusive);
    return shared;
  }

  #copyOnWrite(space: AddressSpace, page: VirtualPage, shared: PageFrame): PageFrame {
    this.#reclaimer.pinned = shared;
    const copy = this.#allocateFrame();
    this.#reclaimer.pinned = NO_FRAME;
    if (copy === NO_FRAME) return this.#kill(space, 'oom');
    this.#engine.count(EV.cowCopy);
    this.#engine.count(EV.memcpyPage);
    this.#payload.copy(shared, copy);
    this.#frames.set(copy, PG.uptodate);
    this.#unmapFrame(space, page, shared);
    this.#map(space, page, copy, PTE.writable | PTE.dirty | PTE.accessed | PTE.exclusive);
    this.cgroup.lru.add(copy);
    return copy;
  }

  #copyPte(parent: AddressSpace, child: AddressSpace, page: VirtualPage): void {
    const flags = parent.flags(page);
    if ((flags & PTE.swap) !== 0) {
      const entry = parent.entry(page);
      const outcome = this.swap.design.entries.duplicate(entry);
      assert(outcome === 'ok', 'a swap count can always grow');
      parent.clearFlags(page, PTE.exclusive);
      child.mapEntry(page, entry, 0);
    } else if ((flags & PTE.zero) !== 0) {
      child.mapZero(page);
    } else if ((flags & PTE.present) !== 0) {
      parent.clearFlags(page, PTE.writable | PTE.exclusive);
      this.#map(child, page, parent.frame(page), flags & PTE.dirty);
    }
  }

  #map(space: AddressSpace, page: VirtualPage, frame: PageFrame, flags: number): void {
    this.#engine.count(EV.pteWrite);
    space.mapFrame(page, frame, flags);
    this.#frames.addMapping(frame, space.id, page);
  }

  #zap(space: AddressSpace, page: VirtualPage): void {
    const flags = space.flags(page);
    if ((flags & PTE.swap) !== 0) {
      const entry = space.entry(page);
      space.unmap(page);
      this.swap.forget(entry);
    } else if ((flags & PTE.zero) !== 0) {
      space.unmap(page);
    } else if ((flags & PTE.present) !== 0) {
      this.#unmapFrame(space, page, space.frame(page));
      space.unmap(page);
    }
  }

  /** Drops one mapping of a folio for good; the last one frees it (free_swap_cache, folio_put). */
  #unmapFrame(space: AddressSpace, page: VirtualPage, frame: PageFrame): void {
    this.#engine.count(EV.pteWrite);
    if ((space.flags(page) & PTE.dirty) !== 0) this.#frames.set(frame, PG.dirty);
    this.#frames.dropMapping(frame);
    if (this.#frames.mapCount(frame) > 0) return;
    if (this.#frames.has(frame, PG.swapcache) && !this.swap.freeSwap(frame)) return;
    this.releaseFolio(frame);
  }

  #kill(space: AddressSpace, reason: KillReason): PageFrame {
    this.#engine.count(reason === 'oom' ? EV.oom_kill : EV.sigbus);
    this.exit(space);
    return NO_FRAME;
  }

  // --- Frames and charges ---------------------------------------------------------------------

  #allocateFrame(): PageFrame {
    if (!this.#charge()) return NO_FRAME;
    const frame = this.#frames.allocate(CGROUP_ID);
    if (frame === NO_FRAME) {
      this.cgroup.uncharge(1);
      return NO_FRAME;
    }
    this.#engine.count(EV.frameAlloc);
    this.#ioDoneNs[frame] = 0;
    return frame;
  }

  #freeFrame(frame: PageFrame): void {
    this.#engine.count(EV.frameFree);
    // In mode `batch` a write has ended for the tables before the device is done with it in
    // virtual time; whoever needs the frame waits for that.
    this.#engine.waitUntil(this.#ioDoneNs[frame]!);
    this.#ioDoneNs[frame] = 0;
    this.#frames.clear(frame, PG.dirty);
    this.#frames.free(frame);
    this.cgroup.uncharge(1);
  }

  /** @source linux 6.18 mm/memcontrol.c try_charge_memcg */
  #charge(): boolean {
    this.#engine.count(EV.memcgCharge);
    if (this.cgroup.tryCharge()) return true;
    if (this.#isReclaiming) {
      this.cgroup.forceCharge();
      return true;
    }
    let isDrained = false;
    for (let retries = MAX_RECLAIM_RETRIES; retries >= 0;) {
      const reclaimed = this.#reclaim(1);
      if (this.cgroup.tryCharge()) return true;
      if (!isDrained) {
        this.cgroup.drainStock();
        isDrained = true;
        if (this.cgroup.tryCharge()) return true;
      }
      if (reclaimed === 0) retries -= 1;
    }
    return false;
  }

  #chargeTable(space: AddressSpace, page: VirtualPage): boolean {
    if (!space.touchTable(page)) return true;
    this.#engine.count(EV.pageTableAlloc);
    if (this.#charge()) return true;
    space.forgetTable(page);
    return false;
  }

  #reclaim(pages: number): number {
    assert(!this.#isReclaiming, 'reclaim does not start reclaim');
    this.#isReclaiming = true;
    const reclaimed = this.#reclaimer.reclaim(this.cgroup, pages);
    this.#isReclaiming = false;
    if (!this.#isShrinking) {
      // The shrink worker is not part of reclaim: its own allocations may wait for reclaim.
      this.#isShrinking = true;
      this.swap.zswap.runQueuedShrink();
      this.#isShrinking = false;
    }
    return reclaimed;
  }
}
