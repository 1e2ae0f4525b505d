/**
 * Page table entries that are made and that go for good: map, fork's copies, zap.
 * Kernel counterpart: mm/memory.c (linux 6.18: set_pte_range, copy_pte_range, zap_pte_range).
 */
import {
  entryType,
  NO_ENTRY,
  type PageFrame,
  type SwapEntry,
  type VirtualPage,
} from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import { PG, type FrameTable } from '../frames/index.ts';
import type { SwapSystem } from '../swap/swap-system.ts';
import { PTE, type AddressSpace } from './address-space.ts';
import type { FrameAllocator } from './frame-allocator.ts';

/** Swap entries that one call frees at most: those of a page table. @source zap_pte_range */
export const ZAP_BATCH_MAX = 512;

export interface MappingsParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly swap: SwapSystem;
  readonly memory: FrameAllocator;
}

export class Mappings {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #swap: SwapSystem;
  readonly #memory: FrameAllocator;

  constructor(parts: MappingsParts) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#swap = parts.swap;
    this.#memory = parts.memory;
  }

  /** False when the count of a swap entry could not grow (ENOMEM). */
  copyPte(parent: AddressSpace, child: AddressSpace, page: VirtualPage): boolean {
    const flags = parent.flags(page);
    if ((flags & PTE.swap) !== 0) {
      const entry = parent.entry(page);
      if (this.#swap.design.entries.duplicate(entry) !== 'ok') return false;
      parent.clearFlags(page, PTE.exclusive);
      child.mapEntry(page, entry, 0);
      if (this.#isWatched(parent, page)) this.#note(`fork: the child's PTE holds its entry, too`);
    } else if ((flags & PTE.poisoned) !== 0) {
      child.mapPoisoned(page);
    } else if ((flags & PTE.zero) !== 0) {
      child.mapZero(page);
    } else if ((flags & PTE.present) !== 0) {
      parent.clearFlags(page, PTE.writable | PTE.exclusive);
      this.map(child, page, parent.frame(page), flags & PTE.dirty);
      if (this.#isWatched(parent, page))
        this.#note(`fork: the child maps its frame, too; read-only`);
    }
    return true;
  }

  map(space: AddressSpace, page: VirtualPage, frame: PageFrame, flags: number): void {
    this.#engine.count(EV.pteWrite);
    space.mapFrame(page, frame, flags);
    this.#frames.addMapping(frame, space.id, page);
    if (!this.#isWatched(space, page)) return;
    const { trace } = this.#engine;
    trace.watchedFrame = frame;
    // A folio that is still cached keeps its entry.
    trace.watchedEntry = this.#swap.entryOf(frame);
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
  zap(space: AddressSpace, page: VirtualPage, maxBatch: number): number {
    const flags = space.flags(page);
    if ((flags & PTE.swap) !== 0) {
      const first = space.entry(page);
      const count = maxBatch === 1 ? 1 : this.#batchLength(space, page, maxBatch);
      for (let i = 0; i < count; i++) {
        if (this.#isWatched(space, page + i)) this.#note('unmapped for good: its entry is dropped');
        space.unmap((page + i) as VirtualPage);
      }
      this.#swap.forgetRange(first, count);
      return count;
    }
    if ((flags & (PTE.zero | PTE.poisoned)) !== 0) {
      space.unmap(page);
    } else if ((flags & PTE.present) !== 0) {
      if (this.#isWatched(space, page)) this.#note('unmapped for good');
      this.unmapFrame(space, page, space.frame(page));
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
    const { entries, comparesCgroups } = this.#swap.design;
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
  unmapFrame(space: AddressSpace, page: VirtualPage, frame: PageFrame): void {
    this.#engine.count(EV.pteWrite);
    if ((space.flags(page) & PTE.dirty) !== 0) this.#frames.set(frame, PG.dirty);
    this.#frames.dropMapping(frame);
    if (this.#frames.mapCount(frame) > 0 || this.#frames.has(frame, PG.shmem)) return;
    if (this.#frames.has(frame, PG.swapcache) && !this.#swap.freeSwap(frame)) return;
    this.#memory.release(frame);
  }

  #isWatched(space: AddressSpace, page: number): boolean {
    return this.#engine.trace.isPage(space.id, page);
  }

  #note(what: string): void {
    this.#engine.trace.note(this.#engine.nowNs, what);
  }
}
