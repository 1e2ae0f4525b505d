/**
 * Where the bytes of virtual slots are, in their descriptors: a slot of an area, zswap, zeros, or a
 * folio and nothing else.
 */
import { EV, type Engine } from '../../../engine/index.ts';
import { ROLE, type SlotSpace } from '../../../slots/index.ts';
import {
  assert,
  entrySlot,
  entryType,
  makeSwapEntry,
  NO_ENTRY,
  type SlotIndex,
  type SwapEntry,
} from '../../../units/index.ts';
import type { ZswapIndex } from '../../../zswap/index.ts';
import {
  VIRTUAL_TYPE,
  type Backing,
  type DesignHost,
  type DesignParts,
  type EntriesBehind,
} from '../../swap-design.ts';
import { stepToBytes } from '../../tables/plain-backing.ts';
import { cgroupOf, countOf, PLACE, placeOf, setPlace, typeOf } from './descriptor.ts';
import type { PhysicalSlots } from './physical-slots.ts';
import { WORDS, type VirtualClusters } from './virtual-clusters.ts';

export class VirtualBacking implements Backing, ZswapIndex, EntriesBehind {
  readonly #engine: Engine;
  readonly #space: SlotSpace;
  readonly #host: DesignHost;
  readonly #clusters: VirtualClusters;
  readonly #areas: readonly (PhysicalSlots | undefined)[];
  #zeroCount = 0;

  constructor(
    parts: DesignParts,
    clusters: VirtualClusters,
    areas: readonly (PhysicalSlots | undefined)[],
  ) {
    this.#engine = parts.engine;
    this.#space = parts.space;
    this.#host = parts.host;
    this.#clusters = clusters;
    this.#areas = areas;
  }

  get zswap(): ZswapIndex {
    return this;
  }

  /** Descriptors of pages of zeros. */
  get zeroCount(): number {
    return this.#zeroCount;
  }

  /** A descriptor of a page of zeros is freed. */
  zeroFreed(): void {
    this.#zeroCount -= 1;
  }

  mayWrite(_entry: SwapEntry): boolean {
    return this.#space.totalPages > 0;
  }

  canWriteBack(): boolean {
    return this.#space.freePages > 0;
  }

  slotForRead(entry: SwapEntry): SwapEntry {
    const slot = this.#read(entry, PLACE.slot) as SwapEntry;
    stepToBytes(this.#engine, entry, slot);
    return slot;
  }

  expectWrites(count: number): void {
    this.#space.seekRun(count, ROLE.plain);
  }

  slotForWrite(entry: SwapEntry): SwapEntry {
    const old = this.#read(entry, PLACE.slot) as SwapEntry;
    if (old !== NO_ENTRY) return old;
    const slot = this.takeSlot(entry);
    if (slot !== NO_ENTRY) this.useSlot(entry, slot);
    return slot;
  }

  takeSlot(entry: SwapEntry): SwapEntry {
    for (const area of this.#areas) area?.expect(entrySlot(entry));
    return this.#space.allocate(0, ROLE.plain);
  }

  useSlot(entry: SwapEntry, slot: SwapEntry): boolean {
    this.#switch(entry, PLACE.slot, slot);
    return true;
  }

  dropSlot(_entry: SwapEntry, slot: SwapEntry): void {
    this.#areas[entryType(slot)]!.release(entrySlot(slot), 1);
  }

  entryAt(slot: SwapEntry): SwapEntry {
    const virtual = this.#areas[entryType(slot)]!.owner(entrySlot(slot));
    return virtual === 0 ? NO_ENTRY : makeSwapEntry(VIRTUAL_TYPE, virtual);
  }

  // --- ZswapIndex --------------------------------------------------------------------------------

  get(entry: SwapEntry): number {
    return this.#read(entry, PLACE.zswap);
  }

  reserve(_entry: SwapEntry): boolean {
    // The descriptor is there with the slot.
    return true;
  }

  set(entry: SwapEntry, zswapEntry: number): number {
    return this.#switch(entry, PLACE.zswap, zswapEntry);
  }

  erase(entry: SwapEntry): number {
    const cluster = this.#clusters.lock(entrySlot(entry));
    if (cluster === null) return 0;
    const at = (entrySlot(entry) & 511) * WORDS;
    let zswapEntry = 0;
    if (typeOf(cluster.descriptors, at) === PLACE.zswap) {
      zswapEntry = placeOf(cluster.descriptors, at);
      this.#engine.count(EV.tableWrite);
      setPlace(cluster.descriptors, at, PLACE.folio, 0);
    }
    this.#clusters.unlock(cluster);
    return zswapEntry;
  }

  moved(_entry: SwapEntry): void {
    // The descriptor was switched to the slot; zswap's entry is not found in it any more.
  }

  // --- EntriesBehind -----------------------------------------------------------------------------

  visit(type: number, visit: (entry: SwapEntry) => boolean): void {
    const at = this.#areas[type]!;
    for (let index = 1; index < at.area.maxPages; index++) {
      const slot = index as SlotIndex;
      if (!at.hasTable(slot)) continue;
      const virtual = at.owner(slot);
      if (virtual !== 0 && !visit(makeSwapEntry(VIRTUAL_TYPE, virtual))) return;
    }
  }

  detach(entry: SwapEntry): void {
    this.#switch(entry, PLACE.folio, 0);
  }

  // --- For the entries ---------------------------------------------------------------------------

  /** The page is zeros: whatever held its bytes does not any more. */
  setZero(entry: SwapEntry): void {
    const zswapEntry = this.#switch(entry, PLACE.zero, 0);
    if (zswapEntry !== 0) this.#host.freeZswapEntry(zswapEntry);
  }

  /** Gives slots back that follow each other; no virtual lock is held. */
  releaseSlots(first: SwapEntry, count: number, cgroup: number): void {
    this.#host.charge(cgroup, -count);
    this.#areas[entryType(first)]!.release(entrySlot(first), count);
  }

  /** Tells the area that the cache alone keeps a slot's entry, or no longer. */
  noteCacheOnly(slot: SwapEntry, isCacheOnly: boolean): void {
    this.#areas[entryType(slot)]!.setCacheOnly(entrySlot(slot), isCacheOnly);
  }

  /** What the descriptor leads to if it is of this type; 0 otherwise. */
  #read(entry: SwapEntry, type: number): number {
    const cluster = this.#clusters.lock(entrySlot(entry));
    if (cluster === null) return 0;
    this.#engine.count(EV.tableRead);
    const at = (entrySlot(entry) & 511) * WORDS;
    const found = typeOf(cluster.descriptors, at);
    const place = placeOf(cluster.descriptors, at);
    const { trace } = this.#engine;
    if (trace.isRecording)
      trace.hop('tableRead', `descriptor of virtual slot ${entrySlot(entry)}`, say(found, place));
    this.#clusters.unlock(cluster);
    return found === type ? place : 0;
  }

  /**
   * Writes a new place into the descriptor, and then gives back what it led to before.
   * @returns the zswap entry that stood there, 0 when there was none; it is the caller's to free
   */
  #switch(entry: SwapEntry, type: number, place: number): number {
    const cluster = this.#clusters.lock(entrySlot(entry));
    assert(cluster !== null, 'only an entry in use changes its place');
    const words = cluster.descriptors;
    const at = (entrySlot(entry) & 511) * WORDS;
    const oldType = typeOf(words, at);
    const oldPlace = placeOf(words, at);
    const cgroup = cgroupOf(words, at);
    this.#engine.count(EV.tableWrite);
    setPlace(words, at, type, place);
    if (oldType === PLACE.zero) this.#zeroCount -= 1;
    if (type === PLACE.zero) this.#zeroCount += 1;
    // Its last reference may have gone while a batch's writeback held its folio.
    if (type === PLACE.slot && countOf(words, at) === 0)
      this.noteCacheOnly(place as SwapEntry, true);
    this.#clusters.unlock(cluster);
    if (type === PLACE.slot) this.#host.charge(cgroup, 1);
    if (oldType === PLACE.slot && oldPlace !== 0)
      this.releaseSlots(oldPlace as SwapEntry, 1, cgroup);
    return oldType === PLACE.zswap ? oldPlace : 0;
  }
}

function say(type: number, place: number): string {
  switch (type) {
    case PLACE.slot:
      return `slot ${entrySlot(place as SwapEntry)} of area ${entryType(place as SwapEntry)}`;
    case PLACE.zswap:
      return `zswap entry ${place}`;
    case PLACE.zero:
      return 'a page of zeros';
    default:
      return 'a folio and nothing else';
  }
}
