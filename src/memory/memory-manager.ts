/**
 * Memory management of the emulated machine: its parts put together, what tasks and the swap core
 * ask of them, and bringing an area's pages back for swapoff.
 * Kernel counterpart: mm/memory.c, mm/shmem.c, unuse_mm (linux 6.18). Knows the swap contract, never
 * a design. Simplified on purpose: single pages; a task has one private mapping, all tasks share one
 * file.
 */
import {
  assert,
  entryType,
  NO_ENTRY,
  NO_FRAME,
  type Outcome,
  type PageFrame,
  type SwapEntry,
  type VirtualPage,
} from '../units/index.ts';
import { EV, OPERATION, type Engine } from '../engine/index.ts';
import { PG, type FrameTable, type Payload } from '../frames/index.ts';
import type { Shadow } from '../swap/swap-design.ts';
import type { SwapClient } from '../swap/swap-client.ts';
import type { SwapSystem } from '../swap/swap-system.ts';
import type { ObjectCharges } from '../zswap/index.ts';
import { AddressSpace, PTE } from './address-space.ts';
import type { FlushWorker } from './cgroup-statistics.ts';
import { FaultHandler, type KillReason } from './faults.ts';
import { FrameAllocator } from './frame-allocator.ts';
import { Mappings, ZAP_BATCH_MAX } from './mappings.ts';
import type { MemoryCgroup } from './memory-cgroup.ts';
import { FIRST_CGROUP, MemoryCgroups, type CgroupOptions } from './memory-cgroups.ts';
import { Reclaimer } from './reclaim.ts';
import { SwapReadahead } from './readahead.ts';
import { entryOf, resolvePage } from './resolve-page.ts';
import type { PageResolution, ResolvePageParts } from './resolve-page.ts';
import { ReverseMap } from './reverse-map.ts';
import { SharedPages } from './shared-pages.ts';
import { ShmemFile } from './shmem-file.ts';
import { refault, type RefaultContext } from './workingset.ts';

export interface MemoryOptions {
  /** The machine's cgroups; the first has the id FIRST_CGROUP. */
  readonly cgroups: readonly CgroupOptions[];
  readonly pageCluster: number;
  readonly swappiness: number;
  /** Pages of the file that all tasks map behind their private pages. */
  readonly sharedPages?: number;
}

export interface MemoryParts {
  /** A task is about to be killed: its pages are as it left them. */
  readonly onKill?: (space: AddressSpace, reason: KillReason) => void;
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly payload: Payload;
  /** Builds the swap system over this client; zswap may charge cgroups for what it keeps. */
  readonly createSwap: (client: SwapClient, charges: ObjectCharges) => SwapSystem;
  /** When the machine's worker flushes statistics; always late unless told. */
  readonly flushWorker?: FlushWorker | undefined;
}

export type { KillReason } from './faults.ts';

export class MemoryManager implements SwapClient {
  readonly swap: SwapSystem;
  readonly cgroups: MemoryCgroups;
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #payload: Payload;
  readonly #rmap: ReverseMap;
  readonly #readahead: SwapReadahead;
  readonly #memory: FrameAllocator;
  readonly #file: ShmemFile;
  readonly #shared: SharedPages;
  readonly #mappings: Mappings;
  readonly #faults: FaultHandler;
  readonly #onKill: MemoryParts['onKill'];
  readonly #refaultContext: RefaultContext;

  constructor(parts: MemoryParts, options: MemoryOptions) {
    const { engine, frames, payload } = parts;
    this.#engine = engine;
    this.#frames = frames;
    this.#payload = payload;
    this.#onKill = parts.onKill;
    this.cgroups = new MemoryCgroups(
      { engine, frames, worker: parts.flushWorker },
      options.cgroups,
    );
    this.#rmap = new ReverseMap(engine, frames);
    this.#file = new ShmemFile(options.sharedPages ?? 0);
    this.swap = parts.createSwap(this, this.cgroups);
    const { cgroups, swap } = this;
    const { batch } = cgroups;
    const common = { engine, frames, payload, swap, rmap: this.#rmap, cgroups, batch };
    const reclaimer = new Reclaimer({
      ...common,
      freeFolio: (frame) => {
        this.#memory.free(frame);
      },
      moveToSwap: (frame, entry) => {
        this.#shared.moveToSwap(frame, entry);
      },
      swappiness: options.swappiness,
    });
    this.#refaultContext = common;
    this.#memory = new FrameAllocator({ ...common, reclaimer });
    this.#readahead = new SwapReadahead({ ...common, pageCluster: options.pageCluster });
    const over = { ...common, reclaimer, memory: this.#memory, readahead: this.#readahead };
    this.#mappings = new Mappings(over);
    this.#shared = new SharedPages({
      ...over,
      file: this.#file,
      noteMajor: (frame, startNs) => {
        this.#faults.noteMajor(frame, startNs);
      },
    });
    this.#faults = new FaultHandler({
      ...over,
      mappings: this.#mappings,
      shared: this.#shared,
      file: this.#file,
      kill: (space, reason) => {
        this.#kill(space, reason);
      },
    });
  }

  /** The first cgroup: the only one unless several were asked for. */
  get cgroup(): MemoryCgroup {
    return this.cgroups.byId(FIRST_CGROUP);
  }

  /** A new task: `pageCount` private pages, and behind them those of the shared file. */
  createSpace(pageCount: number, cgroup: number = FIRST_CGROUP): AddressSpace {
    const all = pageCount + this.#file.pageCount;
    const space = new AddressSpace(this.#rmap.freeId(), all, cgroup, pageCount);
    this.#rmap.addSpace(space);
    return space;
  }

  /** Pages of the shared file that are in memory and in swap. */
  sharedResidency(): { readonly present: number; readonly swapped: number } {
    return this.#file.residency();
  }

  /** The swap entry in the shared file's index at a page of the mapping; NO_ENTRY for none. */
  sharedEntry(space: AddressSpace, page: VirtualPage): SwapEntry {
    return page < space.sharedFrom ? NO_ENTRY : this.#file.entry(page - space.sharedFrom);
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
    return this.#faults.handle(space, page, isWrite);
  }

  /** madvise(MADV_DONTNEED) of one page. */
  drop(space: AddressSpace, page: VirtualPage): void {
    const before = this.#engine.enter(OPERATION.free);
    this.#engine.count(EV.pteVisit);
    this.#mappings.zap(space, page, 1);
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
      if (this.#faults.chargeTable(child, page) && this.#mappings.copyPte(parent, child, page))
        continue;
      this.exit(child);
      return null;
    }
    return child;
  }

  /** exit: everything that the task had mapped is given back. */
  exit(space: AddressSpace): void {
    const before = this.#engine.enter(OPERATION.free);
    for (let page = 0; page < space.pageCount;)
      page += this.#mappings.zap(space, page as VirtualPage, ZAP_BATCH_MAX);
    this.cgroups.byId(space.cgroup).uncharge(space.tableCount());
    space.isAlive = false;
    if (this.#engine.trace.watchedSpace === space.id) this.#engine.trace.unwatch();
    this.#rmap.removeSpace(space);
    if (this.#rmap.spaces().length === 0) this.#shared.release();
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
    let frame = index < 0 ? NO_FRAME : this.#file.frame(index);
    if ((flags & (PTE.present | PTE.zero)) === PTE.present) frame = space.frame(page);
    if (frame !== NO_FRAME) {
      this.#payload.copy(frame, into);
      return true;
    }
    if ((flags & PTE.poisoned) !== 0 || (index >= 0 && this.#file.isPoisoned(index))) return false;
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

  allocateFolio(cgroup: number): PageFrame {
    return this.#memory.allocate(cgroup);
  }

  reserveFolios(count: number, cgroup: number): number {
    return this.#memory.reserve(cgroup, count);
  }

  folioInserted(frame: PageFrame, shadow: Shadow): void {
    if (shadow !== 0)
      refault(this.#refaultContext, frame, shadow, this.swap.design.freeEntries() > 0);
    this.cgroups.batch.add(frame);
  }

  releaseFolio(frame: PageFrame): void {
    this.#memory.release(frame);
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
    this.cgroups.of(frame).lru.rotateToTail(frame);
  }

  /**
   * Brings every page back whose entry stands in a page table or in the shared file's index; what
   * cannot be read becomes a poisoned marker there.
   * @source linux 6.18 try_to_unuse: shmem_unuse, then unuse_mm of every task
   */
  unuse(type: number): Outcome {
    const shared = this.#shared.unuse(type);
    if (shared !== 'ok') return shared;
    for (const space of this.#rmap.spaces())
      for (let index = 0; index < space.sharedFrom; index++) {
        const page = index as VirtualPage;
        if (!space.hasTable(page)) continue;
        this.#engine.count(EV.pteVisit);
        if ((space.flags(page) & PTE.swap) === 0 || entryType(space.entry(page)) !== type) continue;
        const before = this.#engine.enter(OPERATION.swapIn);
        const outcome = this.#faults.unuse(space, page);
        this.#engine.leave(before);
        if (outcome !== 'ok') return outcome;
      }
    return 'ok';
  }

  checkInvariants(): void {
    this.cgroups.checkInvariants(this.#rmap.spaces(), (id) => this.swap.zswap.chargedBytes(id));
    this.#rmap.checkInvariants();
    this.swap.checkInvariants();
  }

  #resolveParts(): ResolvePageParts {
    return {
      engine: this.#engine,
      swap: this.swap,
      sharedEntry: (space, page) => this.sharedEntry(space, page),
      sharedFrame: (space, page) => this.#file.frame(page - space.sharedFrom),
    };
  }

  /** Ends a task before its time. */
  #kill(space: AddressSpace, reason: KillReason): void {
    if (reason === 'oom') this.cgroups.byId(space.cgroup).oomKills += 1;
    this.#engine.count(reason === 'oom' ? EV.oom_kill : EV.sigbus);
    this.#onKill?.(space, reason);
    this.exit(space);
  }
}
