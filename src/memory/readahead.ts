/**
 * Swap readahead: which entries are read beside the one that faulted.
 * Kernel counterpart: mm/swap_state.c (linux 6.18: swap_vma_readahead, swap_cluster_readahead,
 * __swapin_nr_pages). VMA readahead looks at neighbouring pages; where any area is on a rotating
 * device, cluster readahead looks at neighbouring slots instead.
 */
import {
  entryName,
  entrySlot,
  entryType,
  makeSwapEntry,
  NO_ENTRY,
  NO_FRAME,
  type SlotIndex,
  type SwapEntry,
  type VirtualPage,
} from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import { PG, type FrameTable } from '../frames/index.ts';
import type { PageFrame } from '../units/index.ts';
import type { SwapSystem } from '../swap/swap-system.ts';
import { PTE, type AddressSpace } from './address-space.ts';
import type { LruBatch } from './lru-batch.ts';

/** @source linux 6.18 SWAP_RA_ORDER_CEILING */
const ORDER_CEILING = 5;
/** @source linux 6.18 SWAP_RA_HITS_MAX */
const HITS_MAX = 63;
/** Pages that one page middle directory entry maps: a window does not cross its border. */
const PMD_PAGES = 512;

export interface ReadaheadParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly swap: SwapSystem;
  /** vm.page-cluster: log2 of the largest window; 0 is no readahead. */
  readonly pageCluster: number;
  /** New folios on their way to the LRU. */
  readonly batch: LruBatch;
}

export class SwapReadahead {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #swap: SwapSystem;
  readonly #pageCluster: number;
  readonly #batch: LruBatch;
  /** Cluster readahead is global: hits, the slot of the last fault without hits, last window. */
  #clusterHits = 4;
  #previousSlot = 0;
  #lastWindow = 0;

  constructor(parts: ReadaheadParts) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#swap = parts.swap;
    this.#pageCluster = parts.pageCluster;
    this.#batch = parts.batch;
  }

  /** Reads the entry of a faulting page, and its neighbours where that seems to pay. */
  swapIn(space: AddressSpace, page: VirtualPage, entry: SwapEntry): PageFrame {
    // A synchronous device gains nothing from readahead. @source do_swap_page (count is 1)
    const { design } = this.#swap;
    const isRead =
      !this.#swap.isSynchronous(entry) ||
      (design.readsAheadShared && design.entries.count(entry) > 1);
    if (isRead) {
      if (this.#usesVma()) this.#readVmaWindow(space, page, entry);
      else this.#readClusterWindow(entry);
    }
    return this.#swap.swapIn(entry);
  }

  /** Reads a page of a shared file: its neighbours are those of the slot (shmem_swapin_cluster). */
  swapInShared(entry: SwapEntry): PageFrame {
    if (!this.#swap.isSynchronous(entry)) this.#readClusterWindow(entry);
    return this.#swap.swapIn(entry);
  }

  /** A fault found its page in the swap cache (swap_update_readahead). */
  noteHit(space: AddressSpace, page: VirtualPage, frame: PageFrame): void {
    const wasReadAhead = this.#frames.testAndClear(frame, PG.readahead);
    const usesVma = this.#usesVma();
    if (usesVma) {
      if (wasReadAhead) space.readaheadHits = Math.min(space.readaheadHits + 1, HITS_MAX);
      space.readaheadPage = page;
    }
    if (!wasReadAhead) return;
    this.#engine.count(EV.swap_ra_hit);
    if (!usesVma) this.#clusterHits += 1;
  }

  #usesVma(): boolean {
    return !this.#swap.space.hasRotating;
  }

  #readVmaWindow(space: AddressSpace, page: VirtualPage, target: SwapEntry): void {
    const windowMax = 1 << Math.min(this.#pageCluster, ORDER_CEILING);
    if (windowMax === 1) return;
    const previous = space.readaheadPage;
    const window = windowSize({
      previous,
      current: page,
      hits: space.readaheadHits,
      windowMax,
      windowBefore: space.readaheadWindow,
    });
    space.readaheadPage = page;
    space.readaheadWindow = window;
    space.readaheadHits = 0;
    if (window === 1) return;
    let left: number;
    if (page === previous + 1) left = page;
    else if (previous === page + 1) left = page - window + 1;
    else left = page - Math.floor((window - 1) / 2);
    const region = page - (page % PMD_PAGES);
    const start = Math.max(left, 0, region);
    const end = Math.min(left + window, space.pageCount, region + PMD_PAGES);
    for (let index = start; index < end; index++) {
      const neighbour = index as VirtualPage;
      this.#engine.count(EV.pteVisit);
      if ((space.flags(neighbour) & PTE.swap) === 0) continue;
      this.#readOne(space.entry(neighbour), target);
    }
    this.#batch.drain();
  }

  #readClusterWindow(target: SwapEntry): void {
    const windowMax = 1 << this.#pageCluster;
    if (windowMax === 1) return;
    const hits = this.#clusterHits;
    this.#clusterHits = 0;
    // A page without a slot (zswap or zeros behind a virtual entry) has no neighbours.
    const { backing } = this.#swap.design;
    const physical = backing.slotForRead(target);
    const place = physical === NO_ENTRY ? target : physical;
    const slot = entrySlot(place);
    const window = windowSize({
      previous: this.#previousSlot,
      current: slot,
      hits,
      windowMax,
      windowBefore: this.#lastWindow,
    });
    if (hits === 0) this.#previousSlot = slot;
    this.#lastWindow = window;
    if (window === 1) return;
    const type = entryType(place);
    const area = this.#swap.space.area(type);
    if (area === undefined) return;
    const mask = window - 1;
    const start = Math.max(slot & ~mask, 1);
    const end = Math.min(slot | mask, area.maxPages - 1);
    for (let index = start; index <= end; index++) {
      const neighbour = makeSwapEntry(type, index as SlotIndex);
      const entry = physical === NO_ENTRY ? neighbour : backing.entryAt(neighbour);
      if (entry !== NO_ENTRY) this.#readOne(entry, target);
    }
    this.#batch.drain();
  }

  #readOne(entry: SwapEntry, target: SwapEntry): void {
    if (entry !== target) this.#swap.design.pinForReadahead?.(target, entry);
    if (this.#swap.lookup(entry) !== NO_FRAME) return;
    if (entry !== target && this.#engine.trace.concerns(NO_FRAME, entry))
      this.#engine.trace.note(
        this.#engine.nowNs,
        `read ahead: a fault on ${entryName(target)} takes it along`,
      );
    const frame = this.#swap.swapIn(entry);
    if (frame === NO_FRAME || entry === target) return;
    this.#frames.set(frame, PG.readahead);
    this.#engine.count(EV.swap_ra);
  }
}

interface WindowInput {
  readonly previous: number;
  readonly current: number;
  readonly hits: number;
  readonly windowMax: number;
  readonly windowBefore: number;
}

/**
 * Pages to read in all, the faulting one included.
 * @source linux 6.18 mm/swap_state.c __swapin_nr_pages
 */
function windowSize(input: WindowInput): number {
  let pages = input.hits + 2;
  if (pages === 2) {
    const isAdjacent = input.current === input.previous + 1 || input.current === input.previous - 1;
    if (!isAdjacent) pages = 1;
  } else {
    let rounded = 4;
    while (rounded < pages) rounded *= 2;
    pages = rounded;
  }
  return Math.max(Math.min(pages, input.windowMax), Math.floor(input.windowBefore / 2));
}
