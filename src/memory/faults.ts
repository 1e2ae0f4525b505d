/**
 * Faults: what happens to a page that a task touches and that its page table does not give.
 * Kernel counterpart: mm/memory.c (linux 6.18: handle_pte_fault and what it leads to).
 *
 * Simplified on purpose: a task that finds no memory in its own cgroup is the one that is killed.
 */
import {
  entryName,
  NO_ENTRY,
  NO_FRAME,
  type Outcome,
  type PageFrame,
  type VirtualPage,
} from '../units/index.ts';
import { EV, OPERATION, type Engine, type Histogram } from '../engine/index.ts';
import { PG, type FrameTable, type Payload } from '../frames/index.ts';
import type { SwapSystem } from '../swap/swap-system.ts';
import { PTE, type AddressSpace } from './address-space.ts';
import type { FrameAllocator } from './frame-allocator.ts';
import type { LruBatch } from './lru-batch.ts';
import type { Mappings } from './mappings.ts';
import type { Reclaimer } from './reclaim.ts';
import type { SwapReadahead } from './readahead.ts';
import type { ReverseMap } from './reverse-map.ts';
import type { SharedPages } from './shared-pages.ts';
import type { ShmemFile } from './shmem-file.ts';

/** Why a task is gone before its time. */
export type KillReason = 'oom' | 'sigbus';

export interface FaultParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly payload: Payload;
  readonly swap: SwapSystem;
  readonly rmap: ReverseMap;
  readonly memory: FrameAllocator;
  readonly reclaimer: Reclaimer;
  readonly readahead: SwapReadahead;
  readonly batch: LruBatch;
  readonly mappings: Mappings;
  readonly shared: SharedPages;
  readonly file: ShmemFile;
  /** Ends a task: everything that it has is given back. */
  readonly kill: (space: AddressSpace, reason: KillReason) => void;
}

export class FaultHandler {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #payload: Payload;
  readonly #swap: SwapSystem;
  readonly #rmap: ReverseMap;
  readonly #memory: FrameAllocator;
  readonly #reclaimer: Reclaimer;
  readonly #readahead: SwapReadahead;
  readonly #batch: LruBatch;
  readonly #mappings: Mappings;
  readonly #shared: SharedPages;
  readonly #file: ShmemFile;
  readonly #endTask: FaultParts['kill'];
  readonly #majorFault: Histogram;

  constructor(parts: FaultParts) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#payload = parts.payload;
    this.#swap = parts.swap;
    this.#rmap = parts.rmap;
    this.#memory = parts.memory;
    this.#reclaimer = parts.reclaimer;
    this.#readahead = parts.readahead;
    this.#batch = parts.batch;
    this.#mappings = parts.mappings;
    this.#shared = parts.shared;
    this.#file = parts.file;
    this.#endTask = parts.kill;
    this.#majorFault = parts.engine.histogram('majorFault.ns');
  }

  /**
   * A touch that the page table entry does not allow as it is.
   * @returns as `MemoryManager.touch`
   */
  handle(space: AddressSpace, page: VirtualPage, isWrite: boolean): PageFrame {
    this.#engine.count(EV.pgfault);
    this.#engine.count(EV.pageFault);
    if (page >= space.sharedFrom) return this.#sharedFault(space, page, isWrite);
    const flags = space.flags(page);
    // @source linux 6.18 mm/memory.c handle_pte_marker
    if ((flags & PTE.poisoned) !== 0) return this.#kill(space, 'sigbus');
    if ((flags & PTE.swap) !== 0) return this.#swapFault(space, page, isWrite);
    if ((flags & PTE.present) === 0) return this.#anonymousFault(space, page, isWrite);
    if ((flags & PTE.zero) !== 0) return this.#anonymousFault(space, page, true);
    return this.#writeProtectFault(space, page);
  }

  /** @source linux 6.18 mm/memory.c do_anonymous_page */
  #anonymousFault(space: AddressSpace, page: VirtualPage, isWrite: boolean): PageFrame {
    if (!this.chargeTable(space, page)) return this.#kill(space, 'oom');
    if (!isWrite) {
      this.#engine.count(EV.pteWrite);
      space.mapZero(page);
      if (this.#isWatched(space, page))
        this.#note('first read: its PTE holds the shared zero page');
      return NO_FRAME;
    }
    const frame = this.#memory.allocate(space.cgroup);
    if (frame === NO_FRAME) return this.#kill(space, 'oom');
    this.#engine.count(EV.pageClear);
    this.#payload.clear(frame);
    this.#frames.set(frame, PG.uptodate);
    if (this.#isWatched(space, page)) this.#note('first written: a frame of zeros is taken');
    this.#mappings.map(space, page, frame, PTE.writable | PTE.dirty | PTE.accessed | PTE.exclusive);
    this.#batch.add(frame);
    return frame;
  }

  /** @source linux 6.18 mm/memory.c do_swap_page */
  #swapFault(space: AddressSpace, page: VirtualPage, isWrite: boolean): PageFrame {
    const before = this.#engine.enter(OPERATION.swapIn);
    const startNs = this.#engine.nowNs;
    const entry = space.entry(page);
    if (this.#isWatched(space, page))
      this.#note(`${isWrite ? 'written' : 'read'}: a fault on ${entryName(entry)}`);
    else if (this.#engine.trace.concerns(NO_FRAME, entry))
      this.#note(`another task that holds ${entryName(entry)} faults on it`);
    let frame = this.#swap.lookup(entry);
    if (frame !== NO_FRAME) {
      this.#readahead.noteHit(space, page, frame);
      if (this.#isWatched(space, page)) this.#note(`found in the swap cache: frame ${frame}`);
    } else {
      frame = this.#readahead.swapIn(space, page, entry);
      if (frame !== NO_FRAME) this.noteMajor(frame, startNs);
      if (this.#isWatched(space, page) && frame === NO_FRAME) this.#note('no memory to read it to');
    }
    // For a hit: readahead may still be reading it.
    if (frame !== NO_FRAME) this.#memory.waitForIo(frame);
    const isMapped = frame !== NO_FRAME && !this.#frames.has(frame, PG.error);
    if (isMapped) frame = this.#mapSwapped(space, page, frame, isWrite);
    this.#engine.leave(before);
    if (isMapped) return frame;
    return this.#kill(space, frame === NO_FRAME ? 'oom' : 'sigbus');
  }

  /** A fault had to read the page: since `startNs`. */
  noteMajor(frame: PageFrame, startNs: number): void {
    this.#engine.count(EV.pgmajfault);
    this.#memory.waitForIo(frame);
    this.#majorFault.record(this.#engine.nowNs - startNs);
  }

  #mapSwapped(
    space: AddressSpace,
    page: VirtualPage,
    frame: PageFrame,
    isWrite: boolean,
  ): PageFrame {
    const entry = space.entry(page);
    const isExclusive = (space.flags(page) & PTE.exclusive) !== 0;
    const isSynchronous = this.#swap.isSynchronous(entry);
    this.#swap.given(frame);
    this.#swap.put(entry);
    const isAlone = this.#frames.mapCount(frame) === 0;
    // should_try_to_free_swap: swap is short, or the page will be written and only we have it.
    // A synchronous device's page was never meant to stay cached (the bypass of 6.18).
    if (this.#swap.space.isFull() || (isWrite && isAlone) || isSynchronous)
      this.#swap.freeSwap(frame);
    const isOwned = isExclusive || (isAlone && !this.#frames.has(frame, PG.swapcache));
    let flags: number = PTE.accessed;
    if (isOwned) flags |= PTE.writable | PTE.exclusive | (isWrite ? PTE.dirty : 0);
    this.#mappings.map(space, page, frame, flags);
    return isWrite && !isOwned ? this.#writeProtectFault(space, page) : frame;
  }

  /** A write to a page that is mapped read-only: reuse or copy (do_wp_page). */
  #writeProtectFault(space: AddressSpace, page: VirtualPage): PageFrame {
    const shared = space.frame(page);
    if ((space.flags(page) & PTE.exclusive) === 0) {
      if (this.#frames.mapCount(shared) > 1) return this.#copyOnWrite(space, page, shared);
      this.#swap.freeSwap(shared);
      // Still cached (its entry is referenced elsewhere, or it is being written): not ours alone.
      if (this.#frames.has(shared, PG.swapcache)) return this.#copyOnWrite(space, page, shared);
    }
    this.#engine.count(EV.pteWrite);
    space.addFlags(page, PTE.writable | PTE.dirty | PTE.accessed | PTE.exclusive);
    return shared;
  }

  #copyOnWrite(space: AddressSpace, page: VirtualPage, shared: PageFrame): PageFrame {
    this.#reclaimer.pinned = shared;
    const copy = this.#memory.allocate(space.cgroup);
    this.#reclaimer.pinned = NO_FRAME;
    if (copy === NO_FRAME) return this.#kill(space, 'oom');
    if (this.#isWatched(space, page))
      this.#note(`written while others have it: frame ${shared} is copied to frame ${copy}`);
    this.#engine.count(EV.cowCopy);
    this.#engine.count(EV.memcpyPage);
    this.#payload.copy(shared, copy);
    this.#frames.set(copy, PG.uptodate);
    this.#mappings.unmapFrame(space, page, shared);
    this.#mappings.map(space, page, copy, PTE.writable | PTE.dirty | PTE.accessed | PTE.exclusive);
    this.#batch.add(copy);
    return copy;
  }

  /** @source linux 6.18 mm/shmem.c shmem_fault, shmem_get_folio */
  #sharedFault(space: AddressSpace, page: VirtualPage, isWrite: boolean): PageFrame {
    if (!this.chargeTable(space, page)) return this.#kill(space, 'oom');
    const index = page - space.sharedFrom;
    const outcome = this.#bringShared(space, index);
    if (outcome !== 'ok') return this.#kill(space, outcome === 'ENOMEM' ? 'oom' : 'sigbus');
    let frame = this.#file.frame(index);
    if (frame === NO_FRAME) frame = this.#shared.create(index, space.cgroup);
    if (frame === NO_FRAME) return this.#kill(space, 'oom');
    const flags = PTE.accessed | (isWrite ? PTE.writable | PTE.dirty : 0);
    if ((space.flags(page) & PTE.present) === 0) {
      this.#mappings.map(space, page, frame, flags);
    } else {
      this.#engine.count(EV.pteWrite);
      space.addFlags(page, flags);
    }
    return frame;
  }

  /**
   * Brings a page of the shared file back if it is in swap. It is charged to the cgroup that it was
   * charged to before: where that is another one and has no memory, a task of that one is killed.
   */
  #bringShared(space: AddressSpace, index: number): Outcome {
    for (;;) {
      const entry = this.#file.entry(index);
      if (this.#file.isPoisoned(index)) return 'EIO';
      if (entry === NO_ENTRY) return 'ok';
      this.#memory.exhausted = 0;
      const before = this.#engine.enter(OPERATION.swapIn);
      const outcome = this.#shared.bring(index, entry);
      this.#engine.leave(before);
      const { exhausted } = this.#memory;
      if (outcome !== 'ENOMEM' || exhausted === 0 || exhausted === space.cgroup) return outcome;
      const victim = this.#worstTask(exhausted);
      // Nobody is left whose end would give that cgroup memory (a kernel would try for ever).
      if (victim === null) return outcome;
      this.#kill(victim, 'oom');
    }
  }

  /** The task of a cgroup that has most. @source linux 6.18 mm/oom_kill.c oom_evaluate_task */
  #worstTask(cgroup: number): AddressSpace | null {
    let worst: AddressSpace | null = null;
    let most = 0;
    for (const space of this.#rmap.spaces()) {
      if (space.cgroup !== cgroup) continue;
      const points = space.badness();
      if (points < most) continue;
      worst = space;
      most = points;
    }
    return worst;
  }

  /** Maps a swapped page for swapoff: not accessed, and without its slot. @source unuse_pte */
  unuse(space: AddressSpace, page: VirtualPage): Outcome {
    const entry = space.entry(page);
    if (this.#isWatched(space, page)) this.#note('swapoff finds its PTE and brings it back');
    let frame = this.#swap.lookup(entry);
    if (frame === NO_FRAME) frame = this.#readahead.swapIn(space, page, entry);
    if (frame === NO_FRAME) return 'ENOMEM';
    this.#memory.waitForIo(frame);
    if (this.#frames.has(frame, PG.error)) {
      // The area goes all the same: whoever touches the page is told.
      if (this.#isWatched(space, page)) this.#note('it cannot be read: its PTE is poisoned');
      this.#engine.count(EV.pteWrite);
      space.mapPoisoned(page);
      this.#swap.put(entry);
      this.#swap.reclaimCached(entry);
      return 'ok';
    }
    if (this.#frames.has(frame, PG.writeback)) this.#swap.flushWrites();
    const exclusive = space.flags(page) & PTE.exclusive;
    this.#swap.given(frame);
    this.#swap.put(entry);
    this.#mappings.map(space, page, frame, exclusive === 0 ? 0 : PTE.writable | exclusive);
    this.#swap.freeSwap(frame);
    return 'ok';
  }

  #isWatched(space: AddressSpace, page: number): boolean {
    return this.#engine.trace.isPage(space.id, page);
  }

  #note(what: string): void {
    this.#engine.trace.note(this.#engine.nowNs, what);
  }

  /** False when a page of page table cannot be charged: no memory. */
  chargeTable(space: AddressSpace, page: VirtualPage): boolean {
    if (!space.touchTable(page)) return true;
    this.#engine.count(EV.pageTableAlloc);
    if (this.#memory.charge(space.cgroup)) return true;
    space.forgetTable(page);
    return false;
  }

  #kill(space: AddressSpace, reason: KillReason): PageFrame {
    this.#endTask(space, reason);
    return NO_FRAME;
  }
}
