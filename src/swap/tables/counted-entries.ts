/**
 * Entries of kernels from swap table phase III on: each update is one hold of the cluster's lock,
 * for the folio, the count and the flags stand in one word.
 * Kernel counterpart: mm/swapfile.c, mm/swap_state.c (phases III and IV).
 */
import type { FrameTable } from '../../frames/index.ts';
import {
  clusterOf,
  entrySlot,
  entryType,
  NO_FRAME,
  SWAPFILE_CLUSTER,
  type Outcome,
  type PageFrame,
  type SlotIndex,
  type SwapEntry,
} from '../../units/index.ts';
import { NOT_WANTED, type DesignParts, type EntryTable, type Shadow } from '../swap-design.ts';
import type { CountedArea } from './counted-area.ts';

export interface CountedEntriesOptions {
  /** Takes a slot for the folio that the areas were told to expect. */
  readonly allocateSlot: (frame: PageFrame) => SwapEntry;
  /** Whose an entry is has been noted: where entries are charged, this charges it. */
  readonly onCgroup: (entry: SwapEntry, cgroup: number) => void;
  /** A count has become 0 (the cache alone keeps the entry) or 1 again. */
  readonly onCacheOnly?: (entry: SwapEntry, isCacheOnly: boolean) => void;
  /** The page is zeros now: bytes that it has elsewhere go. */
  readonly onZero?: (entry: SwapEntry) => void;
}

export class CountedEntries implements EntryTable {
  readonly #frames: FrameTable;
  readonly #areas: readonly (CountedArea | undefined)[];
  readonly #options: CountedEntriesOptions;

  /** @param areas - by swap type; filled by the design */
  constructor(
    parts: DesignParts,
    areas: readonly (CountedArea | undefined)[],
    options: CountedEntriesOptions,
  ) {
    this.#frames = parts.frames;
    this.#areas = areas;
    this.#options = options;
  }

  allocate(frame: PageFrame): SwapEntry {
    const entry = this.#options.allocateSlot(frame);
    if (entry !== 0) this.#frames.enterSwapCache(frame, entry);
    return entry;
  }

  folioAt(entry: SwapEntry): PageFrame {
    return this.#at(entry).folio(entrySlot(entry));
  }

  isSwapped(entry: SwapEntry): boolean {
    return this.#at(entry).count(entrySlot(entry)) > 0;
  }

  insertFolio(entry: SwapEntry, frame: PageFrame): Shadow {
    const at = this.#at(entry);
    const slot = entrySlot(entry);
    at.area.lock(slot);
    const isWanted = at.peekFolio(slot) === NO_FRAME && at.count(slot) > 0;
    const shadow = isWanted ? at.insertFolio(slot, frame) : NOT_WANTED;
    if (isWanted) this.#frames.enterSwapCache(frame, entry);
    at.area.unlock(slot);
    return shadow;
  }

  removeFolio(entry: SwapEntry, shadow: Shadow): void {
    const at = this.#at(entry);
    const slot = entrySlot(entry);
    at.area.lock(slot);
    this.#frames.leaveSwapCache(at.removeFolio(slot, shadow));
    at.area.unlock(slot);
  }

  duplicate(entry: SwapEntry): Outcome {
    const at = this.#at(entry);
    const slot = entrySlot(entry);
    at.area.lock(slot);
    const outcome = at.increment(slot);
    if (outcome === 'ok' && at.count(slot) === 1) this.#options.onCacheOnly?.(entry, false);
    at.area.unlock(slot);
    return outcome;
  }

  putRange(first: SwapEntry, count: number): boolean {
    const at = this.#at(first);
    const end = entrySlot(first) + count;
    let hasCache = false;
    for (let slot = entrySlot(first); slot < end;) {
      const stop = Math.min(end, (clusterOf(slot) + 1) * SWAPFILE_CLUSTER);
      at.area.lock(slot);
      for (let i = slot; i < stop; i++) {
        at.decrement(i);
        if (!at.isCacheOnly(i)) continue;
        hasCache = true;
        this.#options.onCacheOnly?.((first + (i - entrySlot(first))) as SwapEntry, true);
      }
      at.area.unlock(slot);
      slot = stop as SlotIndex;
    }
    return hasCache;
  }

  count(entry: SwapEntry): number {
    return this.#at(entry).count(entrySlot(entry));
  }

  setZero(entry: SwapEntry, isZero: boolean): void {
    const at = this.#at(entry);
    const slot = entrySlot(entry);
    at.area.lock(slot);
    at.setZero(slot, isZero);
    if (isZero) this.#options.onZero?.(entry);
    at.area.unlock(slot);
  }

  isZero(entry: SwapEntry): boolean {
    return this.#at(entry).isZero(entrySlot(entry));
  }

  setCgroup(entry: SwapEntry, cgroup: number): void {
    const at = this.#at(entry);
    const slot = entrySlot(entry);
    this.#options.onCgroup(entry, cgroup);
    at.area.lock(slot);
    at.setCgroup(slot, cgroup);
    at.area.unlock(slot);
  }

  cgroup(entry: SwapEntry): number {
    return this.#at(entry).cgroup(entrySlot(entry));
  }

  #at(entry: SwapEntry): CountedArea {
    return this.#areas[entryType(entry)]!;
  }
}
