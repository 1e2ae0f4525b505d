/**
 * Entries of kernels through 6.18: the count and the cache's pin in swap_map, the folio in the swap
 * cache, as two updates. Each comment of a hold says which call of the kernel takes it.
 * Kernel counterpart: mm/swapfile.c, mm/swap_state.c (linux 6.17, 6.18).
 */
import { EV, type Engine } from '../../engine/index.ts';
import type { FrameTable } from '../../frames/index.ts';
import type { SlotSpace } from '../../slots/index.ts';
import {
  assert,
  clusterOf,
  entrySlot,
  entryType,
  NO_ENTRY,
  NO_FRAME,
  SWAPFILE_CLUSTER,
  type Outcome,
  type PageFrame,
  type SlotIndex,
  type SwapEntry,
} from '../../units/index.ts';
import {
  NO_MEMORY,
  NOT_WANTED,
  type DesignParts,
  type EntryTable,
  type Shadow,
} from '../swap-design.ts';
import type { MapArea } from './map-area.ts';

export class MapEntries implements EntryTable {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #space: SlotSpace;
  readonly #areas: readonly (MapArea | undefined)[];

  /** @param areas - by swap type; filled by the design */
  constructor(parts: DesignParts, areas: readonly (MapArea | undefined)[]) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#space = parts.space;
    this.#areas = areas;
  }

  allocate(frame: PageFrame): SwapEntry {
    const entry = this.#space.allocate(0);
    if (entry === NO_ENTRY) return NO_ENTRY;
    const at = this.#at(entry);
    const slot = entrySlot(entry);
    if (!at.cache.reserve(slot)) {
      // add_to_swap_cache found no memory: the slot goes back.
      this.#unpin(at, slot);
      return NO_ENTRY;
    }
    at.cache.enter(slot, frame);
    this.#frames.enterSwapCache(frame, entry);
    return entry;
  }

  folioAt(entry: SwapEntry): PageFrame {
    return this.#at(entry).cache.folio(entrySlot(entry));
  }

  isSwapped(entry: SwapEntry): boolean {
    return this.#at(entry).map.count(entrySlot(entry)) > 0;
  }

  insertFolio(entry: SwapEntry, frame: PageFrame): Shadow {
    const at = this.#at(entry);
    const slot = entrySlot(entry);
    if (!at.cache.reserve(slot)) return NO_MEMORY;
    // swapcache_prepare, then swap_cache_add_folio.
    at.area.lock(slot);
    const isWanted = !at.map.hasCache(slot) && at.map.count(slot) > 0;
    if (isWanted) {
      this.#engine.count(EV.swapMapWrite);
      at.map.setCache(slot);
    }
    at.area.unlock(slot);
    if (!isWanted) return NOT_WANTED;
    const shadow = at.cache.shadow(slot);
    at.cache.enter(slot, frame);
    this.#frames.enterSwapCache(frame, entry);
    return shadow;
  }

  removeFolio(entry: SwapEntry, shadow: Shadow): void {
    const at = this.#at(entry);
    const slot = entrySlot(entry);
    const frame = at.cache.leave(slot, shadow);
    assert(frame !== NO_FRAME, 'only a cached folio leaves the cache');
    this.#frames.leaveSwapCache(frame);
    this.#unpin(at, slot);
  }

  duplicate(entry: SwapEntry): Outcome {
    const at = this.#at(entry);
    const slot = entrySlot(entry);
    at.area.lock(slot);
    const needsPage = at.map.needsContinuation(slot);
    const isOk = !(needsPage && this.#engine.allocationFails('swap_map_continuation'));
    if (isOk) {
      this.#engine.count(EV.swapMapWrite);
      at.map.increment(slot);
    }
    at.area.unlock(slot);
    return isOk ? 'ok' : 'ENOMEM';
  }

  putRange(first: SwapEntry, count: number): boolean {
    const at = this.#at(first);
    const end = entrySlot(first) + count;
    let hasCache = false;
    for (let slot = entrySlot(first); slot < end;) {
      const stop = Math.min(end, (clusterOf(slot) + 1) * SWAPFILE_CLUSTER);
      if (this.#putInCluster(at, slot, stop)) hasCache = true;
      slot = stop as SlotIndex;
    }
    return hasCache;
  }

  count(entry: SwapEntry): number {
    return this.#at(entry).map.count(entrySlot(entry));
  }

  setZero(entry: SwapEntry, isZero: boolean): void {
    this.#at(entry).setZero(entrySlot(entry), isZero);
  }

  isZero(entry: SwapEntry): boolean {
    return this.#at(entry).isZero(entrySlot(entry));
  }

  setCgroup(entry: SwapEntry, cgroup: number): void {
    this.#at(entry).setCgroup(entrySlot(entry), cgroup);
  }

  cgroup(entry: SwapEntry): number {
    return this.#at(entry).cgroup(entrySlot(entry));
  }

  /**
   * Slots of one cluster: in one hold of its lock when each has one reference, else one by one.
   * @source linux 6.18 swap_entries_put_nr
   */
  #putInCluster(at: MapArea, first: SlotIndex, stop: number): boolean {
    let isBatch = true;
    for (let slot = first; slot < stop; slot++) if (at.map.count(slot) !== 1) isBatch = false;
    let hasCache = false;
    if (isBatch) at.area.lock(first);
    for (let slot = first; slot < stop; slot++) {
      if (!isBatch) at.area.lock(slot);
      at.drop(slot);
      if (!isBatch) at.area.unlock(slot);
      if (at.map.isCacheOnly(slot)) hasCache = true;
    }
    if (isBatch) at.area.unlock(first);
    return hasCache;
  }

  /** put_swap_folio: the cache's pin on the slot goes, in a hold of its own. */
  #unpin(at: MapArea, slot: SlotIndex): void {
    at.area.lock(slot);
    this.#engine.count(EV.swapMapWrite);
    at.map.clearCache(slot);
    if (at.map.isFree(slot)) at.free(slot);
    at.area.unlock(slot);
  }

  #at(entry: SwapEntry): MapArea {
    return this.#areas[entryType(entry)]!;
  }
}
