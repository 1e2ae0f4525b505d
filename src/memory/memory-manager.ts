/**
 * Memory management of the emulated machine: faults, fork, madvise(DONTNEED), exit, and bringing an
 * area's pages back for swapoff.
 * Kernel counterpart: mm/memory.c, mm/shmem.c, unuse_mm (linux 6.18). Knows the swap contract, never
 * a design. Simplified on purpose: single pages; a task has one private mapping, all tasks share one
 * file; one cgroup.
 */
import {
  assert,
  entryName,
  entryType,
  NO_ENTRY,
  NO_FRAME,
  type Outcome,
  type PageFrame,
  type SwapEntry,
  type VirtualPage,
} from '../units/index.ts';
import { EV, OPERATION, type Engine, type Histogram } from '../engine/index.ts';
import { PG, type FrameTable, type Payload } from '../frames/index.ts';
import type { Shadow } from '../swap/swap-design.ts';
import type { SwapClient, SwapSystem } from '../swap/swap-system.ts';
import { AddressSpace, PTE } from './address-space.ts';
import type { FlushWorker } from './cgroup-statistics.ts';
import { FrameAllocator } from './frame-allocator.ts';
import { LruLists } from './lru-lists.ts';
import { MemoryCgroup } from './memory-cgroup.ts';
import { Reclaimer } from './reclaim.ts';
import { SwapReadahead } from './readahead.ts';
import { entryOf, resolvePage } from './resolve-page.ts';
import type { PageResolution, ResolvePageParts } from './resolve-page.ts';
import { ReverseMap } from './reverse-map.ts';
import { ShmemFile } from './shmem-file.ts';
import { refault } from './workingset.ts';

/** The one cgroup; 0 is none. */
const CGROUP_ID = 1;
/** Swap entries that one call frees at most: those of a page table. @source zap_pte_range */
const ZAP_BATCH_MAX = 512;

export interface MemoryOptions {
  /** memory.max of the cgroup in pages. */
  readonly limitPages: number;
  readonly pageCluster: number;
  readonly swappiness: number;
  /** Pages that are charged from the start: what else runs in the cgroup. */
  readonly reservedPages: number;
  /** How many of these are file pages. */
  readonly filePages?: number | undefined;
  /** Pages of the file that all tasks map behind their private pages. */
  readonly sharedPages?: number;
}

export interface MemoryParts {
  /** A task is about to be killed: its pages are as it left them. */
  readonly onKill?: (space: AddressSpace, reason: KillReason) => void;
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly payload: Payload;
  /** Builds the swap system over this client. */
  readonly createSwap: (client: SwapClient) => SwapSystem;
  /** When the machine's worker flushes statistics; always late unless told. */
  readonly flushWorker?: FlushWorker | undefined;
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
  readonly #memory: FrameAllocator;
  readonly #shmem: ShmemFile;
  readonly #majorFault: Histogram;
  readonly #onKill: MemoryParts['onKill'];
  readonly #refaultContext: { engine: Engine; frames: FrameTable; cgroup: MemoryCgroup };

  constructor(parts: MemoryParts, options: MemoryOptions) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#payload = parts.payload;
    this.#onKill = parts.onKill;
    this.#rmap = new ReverseMap(parts.engine, parts.frames);
    const lru = new LruLists(parts.engine, parts.frames);
    this.cgroup = new MemoryCgroup(CGROUP_ID, options.limitPages, lru, parts.flushWorker);
    for (let page = 0; page < options.reservedPages; page++) this.cgroup.forceCharge();
    this.#refaultContext = { engine: parts.engine, frames: parts.frames, cgroup: this.cgroup };
    this.#shmem = new ShmemFile(options.sharedPages ?? 0);
    this.swap = parts.createSwap(this);
    this.#reclaimer = new Reclaimer({
      engine: parts.engine,
      frames: parts.frames,
      swap: this.swap,
      rmap: this.#rmap,
      freeFolio: (frame) => {
        this.#memory.free(frame);
      },
      moveToSwap: (frame, entry) => {
        this.#moveToSwap(frame, entry);
      },
      swappiness: options.swappiness,
      filePages: options.filePages ?? 0,
    });
    this.#memory = new FrameAllocator({
      engine: parts.engine,
      frames: parts.frames,
      cgroup: this.cgroup,
      swap: this.swap,
      reclaimer: this.#reclaimer,
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

  /** A new task: `pageCount` private pages, and behind them those of the shared file. */
  createSpace(pageCount: number): AddressSpace {
    const all = pageCount + this.#shmem.pageCount;
    const space = new AddressSpace(this.#rmap.freeId(), all, CGROUP_ID, pageCount);
    this.#rmap.addSpace(space);
    return space;
  }

  /** Pages of the shared file that are in memory and in swap. */
  sharedResidency(): { readonly present: number; readonly swapped: number } {
    return this.#shmem.residency();
  }

  /** The swap entry in the shared file's index at a page of the mapping; NO_ENTRY for none. */
  sharedEntry(space: AddressSpace, page: VirtualPage): SwapEntry {
    return page < space.sharedFrom ? NO_ENTRY : this.#shmem.entry(page - space.sharedFrom);
  }

  /** Finds a page's bytes from its PTE on, with every hop; nothing of it stays counted. */
  resolve(space: AddressSpace, page: VirtualPage): PageResolution {
    return resolvePage(this.#resolveParts(), space, page);
  }

  /** The swap entry that stands for a page, in its PTE or in the shared file's index. */
  entryOf(space: AddressSpace, page: VirtualPage): SwapEntry {
    return entryOf(this.#resolveParts(), space, page);
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
    if (page >= space.sharedFrom) return this.#sharedFault(space, page, isWrite);
    if ((flags & PTE.swap) !== 0) return this.#swapFault(space, page, isWrite);
    if ((flags & PTE.present) === 0) return this.#anonymousFault(space, page, isWrite);
    if ((flags & PTE.zero) !== 0) return this.#anonymousFault(space, page, true);
    return this.#writeProtectFault(space, page);
  }

  /** madvise(MADV_DONTNEED) of one page. */
  drop(space: AddressSpace, page: VirtualPage): void {
    const before = this.#engine.enter(OPERATION.free);
    this.#engine.count(EV.pteVisit);
    this.#zap(space, page, 1);
    this.#engine.leave(before);
  }

  /**
   * fork: a child that shares every page copy-on-write, and every swap entry.
   * @returns the child's space; null when its page tables could not be charged (out of memory)
   */
  fork(parent: AddressSpace): AddressSpace | null {
    const child = new AddressSpace(
      this.#rmap.freeId(),
      parent.pageCount,
      parent.cgroup,
      parent.sharedFrom,
    );
    this.#rmap.addSpace(child);
    // The shared file is mapped by faults, as the kernel leaves it.
    for (let index = 0; index < parent.sharedFrom; index++) {
      const page = index as VirtualPage;
      if (parent.flags(page) === 0) continue;
      this.#engine.count(EV.forkPte);
      // Charging may swap the parent's page out: it is looked at only then.
      if (this.#chargeTable(child, page) && this.#copyPte(parent, child, page)) continue;
      this.exit(child);
      return null;
    }
    return child;
  }

  /** exit: everything that the task had mapped is given back. */
  exit(space: AddressSpace): void {
    const before = this.#engine.enter(OPERATION.free);
    for (let page = 0; page < space.pageCount;)
      page += this.#zap(space, page as VirtualPage, ZAP_BATCH_MAX);
    this.cgroup.uncharge(space.tableCount());
    space.isAlive = false;
    if (this.#engine.trace.watchedSpace === space.id) this.#engine.trace.unwatch();
    this.#rmap.removeSpace(space);
    if (this.#rmap.spaces().length === 0) this.#releaseShared();
    this.#engine.leave(before);
  }

  /**
   * Copies what a page holds into a frame, without a fault: for comparing the pages of a task that
   * can get no memory any more. The caller sees to it that nothing is counted.
   * @returns false when the content is nowhere
   */
  peek(space: AddressSpace, page: VirtualPage, into: PageFrame): boolean {
    const flags = space.flags(page);
    const index = page - space.sharedFrom;
    let frame = index < 0 ? NO_FRAME : this.#shmem.frame(index);
    if ((flags & (PTE.present | PTE.zero)) === PTE.present) frame = space.frame(page);
    if (frame !== NO_FRAME) {
      this.#payload.copy(frame, into);
      return true;
    }
    const entry = (flags & PTE.swap) !== 0 ? space.entry(page) : this.sharedEntry(space, page);
    if (entry !== NO_ENTRY) return this.swap.peek(entry, into);
    this.#payload.clear(into);
    return true;
  }

  /** All queued I/O goes out and completes. */
  settle(): void {
    this.swap.flushWrites();
  }

  // --- SwapClient ----------------------------------------------------------------------------

  allocateFolio(_cgroup: number): PageFrame {
    return this.#memory.allocate();
  }

  reserveFolios(count: number): number {
    return this.#memory.reserve(count);
  }

  folioInserted(frame: PageFrame, shadow: Shadow): void {
    if (shadow !== 0)
      refault(this.#refaultContext, frame, shadow, this.swap.design.freeEntries() > 0);
    this.cgroup.lru.add(frame);
  }

  releaseFolio(frame: PageFrame): void {
    this.cgroup.lru.forget(frame);
    this.#memory.free(frame);
  }

  readSubmitted(frame: PageFrame, doneNs: number): void {
    this.#memory.noteIo(frame, doneNs);
  }

  waitForRead(frame: PageFrame): void {
    this.#memory.waitForIo(frame);
  }

  writeEnded(frame: PageFrame, outcome: Outcome, doneNs: number): void {
    this.#memory.noteIo(frame, doneNs);
    if (outcome !== 'ok' || !this.#frames.testAndClear(frame, PG.reclaim)) return;
    this.#engine.count(EV.pgrotated);
    this.cgroup.lru.rotateToTail(frame);
  }

  /**
   * Brings every page back whose entry stands in a page table or in the shared file's index.
   * @source linux 6.18 try_to_unuse: shmem_unuse, then unuse_mm of every task
   */
  unuse(type: number): Outcome {
    for (let index = 0; index < this.#shmem.pageCount; index++) {
      this.#engine.count(EV.xaLoad);
      const entry = this.#shmem.entry(index);
      if (entry === NO_ENTRY || entryType(entry) !== type) continue;
      const before = this.#engine.enter(OPERATION.swapIn);
      const outcome = this.#bringShared(index, entry);
      this.#engine.leave(before);
      if (outcome !== 'ok') return outcome;
    }
    for (const space of this.#rmap.spaces())
      for (let index = 0; index < space.sharedFrom; index++) {
        const page = index as VirtualPage;
        if (!space.hasTable(page)) continue;
        this.#engine.count(EV.pteVisit);
        if ((space.flags(page) & PTE.swap) === 0 || entryType(space.entry(page)) !== type) continue;
        const before = this.#engine.enter(OPERATION.swapIn);
        const outcome = this.#unusePte(space, page);
        this.#engine.leave(before);
        if (outcome !== 'ok') return outcome;
      }
    return 'ok';
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
      if (this.#isWatched(space, page))
        this.#note('first read: its PTE holds the shared zero page');
      return NO_FRAME;
    }
    const frame = this.#memory.allocate();
    if (frame === NO_FRAME) return this.#kill(space, 'oom');
    this.#engine.count(EV.pageClear);
    this.#payload.clear(frame);
    this.#frames.set(frame, PG.uptodate);
    if (this.#isWatched(space, page)) this.#note('first written: a frame of zeros is taken');
    this.#map(space, page, frame, PTE.writable | PTE.dirty | PTE.accessed | PTE.exclusive);
    this.cgroup.lru.add(frame);
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
    let frame = this.swap.lookup(entry);
    if (frame !== NO_FRAME) {
      this.#readahead.noteHit(space, page, frame);
      if (this.#isWatched(space, page)) this.#note(`found in the swap cache: frame ${frame}`);
    } else {
      frame = this.#readahead.swapIn(space, page, entry);
      if (frame !== NO_FRAME) this.#countMajor(frame, startNs);
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

  #countMajor(frame: PageFrame, startNs: number): void {
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
    const isSynchronous = this.swap.isSynchronous(entry);
    this.swap.put(entry);
    const isAlone = this.#frames.mapCount(frame) === 0;
    // should_try_to_free_swap: swap is short, or the page will be written and only we have it.
    // A synchronous device's page was never meant to stay cached (the bypass of 6.18).
    if (this.swap.space.isFull() || (isWrite && isAlone) || isSynchronous)
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
    const copy = this.#memory.allocate();
    this.#reclaimer.pinned = NO_FRAME;
    if (copy === NO_FRAME) return this.#kill(space, 'oom');
    if (this.#isWatched(space, page))
      this.#note(`written while others have it: frame ${shared} is copied to frame ${copy}`);
    this.#engine.count(EV.cowCopy);
    this.#engine.count(EV.memcpyPage);
    this.#payload.copy(shared, copy);
    this.#frames.set(copy, PG.uptodate);
    this.#unmapFrame(space, page, shared);
    this.#map(space, page, copy, PTE.writable | PTE.dirty | PTE.accessed | PTE.exclusive);
    this.cgroup.lru.add(copy);
    return copy;
  }

  /** False when the count of a swap entry could not grow (ENOMEM). */
  #copyPte(parent: AddressSpace, child: AddressSpace, page: VirtualPage): boolean {
    const flags = parent.flags(page);
    if ((flags & PTE.swap) !== 0) {
      const entry = parent.entry(page);
      if (this.swap.design.entries.duplicate(entry) !== 'ok') return false;
      parent.clearFlags(page, PTE.exclusive);
      child.mapEntry(page, entry, 0);
      if (this.#isWatched(parent, page)) this.#note(`fork: the child's PTE holds its entry, too`);
    } else if ((flags & PTE.zero) !== 0) {
      child.mapZero(page);
    } else if ((flags & PTE.present) !== 0) {
      parent.clearFlags(page, PTE.writable | PTE.exclusive);
      this.#map(child, page, parent.frame(page), flags & PTE.dirty);
      if (this.#isWatched(parent, page))
        this.#note(`fork: the child maps its frame, too; read-only`);
    }
    return true;
  }

  #map(space: AddressSpace, page: VirtualPage, frame: PageFrame, flags: number): void {
    this.#engine.count(EV.pteWrite);
    space.mapFrame(page, frame, flags);
    this.#frames.addMapping(frame, space.id, page);
    if (!this.#isWatched(space, page)) return;
    const { trace } = this.#engine;
    trace.watchedFrame = frame;
    // A folio that is still cached keeps its entry.
    trace.watchedEntry = this.swap.entryOf(frame);
    this.#note(
      `mapped: its PTE holds frame ${frame}` +
        (trace.watchedEntry === NO_ENTRY ? '' : `, still in the swap cache`),
    );
  }

  /**
   * Unmaps one page for good; swap entries that follow each other go together, up to `maxBatch`.
   * @returns pages unmapped
   * @source linux 6.18 zap_nonpresent_ptes, swap_pte_batch
   */
  #zap(space: AddressSpace, page: VirtualPage, maxBatch: number): number {
    const flags = space.flags(page);
    if ((flags & PTE.swap) !== 0) {
      const first = space.entry(page);
      const count = maxBatch === 1 ? 1 : this.#batchLength(space, page, maxBatch);
      for (let i = 0; i < count; i++) {
        if (this.#isWatched(space, page + i)) this.#note('unmapped for good: its entry is dropped');
        space.unmap((page + i) as VirtualPage);
      }
      this.swap.forgetRange(first, count);
      return count;
    }
    if ((flags & PTE.zero) !== 0) {
      space.unmap(page);
    } else if ((flags & PTE.present) !== 0) {
      if (this.#isWatched(space, page)) this.#note('unmapped for good');
      this.#unmapFrame(space, page, space.frame(page));
      space.unmap(page);
    }
    return 1;
  }

  /** Swap entries that follow each other from `page` on, in one page table and of one cgroup. */
  #batchLength(space: AddressSpace, page: VirtualPage, max: number): number {
    const first = space.entry(page);
    const end = Math.min(
      space.pageCount,
      page + max,
      page - (page % ZAP_BATCH_MAX) + ZAP_BATCH_MAX,
    );
    const { entries, comparesCgroups } = this.swap.design;
    let count = 1;
    let cgroup = -1;
    while (page + count < end) {
      const next = (page + count) as VirtualPage;
      const entry = (first + count) as SwapEntry;
      if ((space.flags(next) & PTE.swap) === 0 || space.entry(next) !== entry) break;
      if (entryType(entry) !== entryType(first)) break;
      if (comparesCgroups) {
        if (cgroup < 0) cgroup = entries.cgroup(first);
        if (entries.cgroup(entry) !== cgroup) break;
      }
      count += 1;
    }
    return count;
  }

  /** Drops one mapping of a folio for good; the last one frees it (free_swap_cache, folio_put). */
  #unmapFrame(space: AddressSpace, page: VirtualPage, frame: PageFrame): void {
    this.#engine.count(EV.pteWrite);
    if ((space.flags(page) & PTE.dirty) !== 0) this.#frames.set(frame, PG.dirty);
    this.#frames.dropMapping(frame);
    if (this.#frames.mapCount(frame) > 0 || this.#frames.has(frame, PG.shmem)) return;
    if (this.#frames.has(frame, PG.swapcache) && !this.swap.freeSwap(frame)) return;
    this.releaseFolio(frame);
  }

  // --- The shared file -----------------------------------------------------------------------

  /** @source linux 6.18 mm/shmem.c shmem_fault, shmem_get_folio */
  #sharedFault(space: AddressSpace, page: VirtualPage, isWrite: boolean): PageFrame {
    if (!this.#chargeTable(space, page)) return this.#kill(space, 'oom');
    const index = page - space.sharedFrom;
    const entry = this.#shmem.entry(index);
    if (entry !== NO_ENTRY) {
      const before = this.#engine.enter(OPERATION.swapIn);
      const outcome = this.#bringShared(index, entry);
      this.#engine.leave(before);
      if (outcome !== 'ok') return this.#kill(space, outcome === 'ENOMEM' ? 'oom' : 'sigbus');
    }
    let frame = this.#shmem.frame(index);
    if (frame === NO_FRAME) {
      frame = this.#memory.allocate();
      if (frame === NO_FRAME) return this.#kill(space, 'oom');
      this.#engine.count(EV.pageClear);
      this.#payload.clear(frame);
      this.#frames.set(frame, PG.uptodate | PG.dirty);
      this.#shareFrame(index, frame);
      this.cgroup.lru.add(frame);
    }
    const flags = PTE.accessed | (isWrite ? PTE.writable | PTE.dirty : 0);
    if ((space.flags(page) & PTE.present) === 0) {
      this.#map(space, page, frame, flags);
    } else {
      this.#engine.count(EV.pteWrite);
      space.addFlags(page, flags);
    }
    return frame;
  }

  /**
   * Brings a swapped page back into the file's index; it leaves the swap cache at once.
   * @source linux 6.18 mm/shmem.c shmem_swapin_folio
   */
  #bringShared(index: number, entry: SwapEntry): Outcome {
    const startNs = this.#engine.nowNs;
    let frame = this.swap.lookup(entry);
    if (frame === NO_FRAME) {
      frame = this.#readahead.swapInShared(entry);
      if (frame === NO_FRAME) return 'ENOMEM';
      this.#countMajor(frame, startNs);
    }
    this.#memory.waitForIo(frame);
    if (this.#frames.has(frame, PG.error)) return 'EIO';
    if (this.#frames.has(frame, PG.writeback)) this.swap.flushWrites();
    if (this.#engine.trace.concerns(frame, entry))
      this.#note(`back in the file's index: frame ${frame}`);
    this.swap.put(entry);
    const isFreed = this.swap.freeSwap(frame);
    assert(isFreed, 'only the index referred to the entry');
    this.#shareFrame(index, frame);
    return 'ok';
  }

  #shareFrame(index: number, frame: PageFrame): void {
    this.#frames.set(frame, PG.shmem);
    this.#shmem.setFrame(index, frame);
    const home = this.#rmap.spaces()[0];
    assert(home !== undefined, 'a shared file is mapped by somebody');
    this.#frames.setHome(frame, home.id, home.sharedFrom + index);
  }

  /** The index holds the swap entry instead of the folio. @source shmem_writeout */
  #moveToSwap(frame: PageFrame, entry: SwapEntry): void {
    const home = this.#rmap.spaces()[0]!;
    this.#frames.clear(frame, PG.shmem);
    if (this.#engine.trace.concerns(frame, entry))
      this.#note(`the file's index holds ${entryName(entry)} now`);
    this.#shmem.setEntry(this.#frames.homePage(frame) - home.sharedFrom, entry);
  }

  /** The last task is gone: so is the file. @source shmem_undo_range */
  #releaseShared(): void {
    for (let index = 0; index < this.#shmem.pageCount; index++) {
      const frame = this.#shmem.frame(index);
      const entry = this.#shmem.entry(index);
      this.#shmem.clear(index);
      if (frame !== NO_FRAME) this.releaseFolio(frame);
      if (entry !== NO_ENTRY) this.swap.forgetRange(entry, 1);
    }
  }

  /** Maps a swapped page for swapoff: not accessed, and without its slot. @source unuse_pte */
  #unusePte(space: AddressSpace, page: VirtualPage): Outcome {
    const entry = space.entry(page);
    if (this.#isWatched(space, page)) this.#note('swapoff finds its PTE and brings it back');
    let frame = this.swap.lookup(entry);
    if (frame === NO_FRAME) frame = this.#readahead.swapIn(space, page, entry);
    if (frame === NO_FRAME) return 'ENOMEM';
    this.#memory.waitForIo(frame);
    if (this.#frames.has(frame, PG.error)) return 'EIO';
    if (this.#frames.has(frame, PG.writeback)) this.swap.flushWrites();
    const exclusive = space.flags(page) & PTE.exclusive;
    this.swap.put(entry);
    this.#map(space, page, frame, exclusive === 0 ? 0 : PTE.writable | exclusive);
    this.swap.freeSwap(frame);
    return 'ok';
  }

  #resolveParts(): ResolvePageParts {
    return {
      engine: this.#engine,
      swap: this.swap,
      sharedEntry: (space, page) => this.sharedEntry(space, page),
      sharedFrame: (space, page) => this.#shmem.frame(page - space.sharedFrom),
    };
  }

  #isWatched(space: AddressSpace, page: number): boolean {
    return this.#engine.trace.isPage(space.id, page);
  }

  #note(what: string): void {
    this.#engine.trace.note(this.#engine.nowNs, what);
  }

  #chargeTable(space: AddressSpace, page: VirtualPage): boolean {
    if (!space.touchTable(page)) return true;
    this.#engine.count(EV.pageTableAlloc);
    if (this.#memory.charge()) return true;
    space.forgetTable(page);
    return false;
  }

  #kill(space: AddressSpace, reason: KillReason): PageFrame {
    this.#engine.count(reason === 'oom' ? EV.oom_kill : EV.sigbus);
    this.#onKill?.(space, reason);
    this.exit(space);
    return NO_FRAME;
  }
}
