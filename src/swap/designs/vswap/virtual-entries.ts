/** What an entry says, in its descriptor. Every method looks the cluster up and takes its lock. */
import { EV, type Engine } from '../../../engine/index.ts';
import type { FrameTable } from '../../../frames/index.ts';
import {
  assert,
  entrySlot,
  makeSwapEntry,
  NO_ENTRY,
  NO_FRAME,
  NO_SLOT,
  SWAPFILE_CLUSTER,
  type Outcome,
  type PageFrame,
  type SlotIndex,
  type SwapEntry,
} from '../../../units/index.ts';
import {
  NOT_WANTED,
  VIRTUAL_TYPE,
  type DesignHost,
  type DesignParts,
  type EntryTable,
  type Shadow,
} from '../../swap-design.ts';
import {
  cgroupOf,
  countOf,
  folioOf,
  PLACE,
  placeOf,
  setCgroup,
  setCount,
  setFolio,
  setPlace,
  setShadow,
  shadowOf,
  typeOf,
} from './descriptor.ts';
import type { VswapRules } from './rules.ts';
import type { VirtualBacking } from './virtual-backing.ts';
import { WORDS, type VirtualCluster, type VirtualClusters } from './virtual-clusters.ts';

/** No slot waits to be given back. */
const NONE = -1;

export class VirtualEntries implements EntryTable {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #host: DesignHost;
  readonly #clusters: VirtualClusters;
  readonly #backing: VirtualBacking;
  readonly #rules: VswapRules;
  /** Slots of a range that wait to be given back together: the first, how many, whose. */
  #batchFirst = NONE;
  #batchCount = 0;
  #batchCgroup = 0;

  constructor(
    parts: DesignParts,
    clusters: VirtualClusters,
    backing: VirtualBacking,
    rules: VswapRules,
  ) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#host = parts.host;
    this.#clusters = clusters;
    this.#backing = backing;
    this.#rules = rules;
  }

  allocate(frame: PageFrame): SwapEntry {
    const slot = this.#clusters.allocate();
    if (slot === NO_SLOT) return NO_ENTRY;
    const entry = makeSwapEntry(VIRTUAL_TYPE, slot);
    // v6 puts the folio in the hold that takes the slot; before, the cluster is locked again.
    const cluster = this.#rules.isMerged ? this.#peek(slot) : this.#lock(entry);
    const at = (slot & 511) * WORDS;
    this.#engine.count(EV.tableWrite);
    setPlace(cluster.descriptors, at, PLACE.folio, 0);
    setFolio(cluster.descriptors, at, frame);
    this.#frames.enterSwapCache(frame, entry);
    this.#clusters.unlock(cluster);
    return entry;
  }

  folioAt(entry: SwapEntry): PageFrame {
    const slot = entrySlot(entry);
    const cluster = this.#clusters.lock(slot);
    if (cluster === null) return NO_FRAME;
    this.#engine.count(EV.tableRead);
    const frame = folioOf(cluster.descriptors, (slot & 511) * WORDS);
    const { trace } = this.#engine;
    if (trace.isRecording)
      trace.hop(
        'tableRead',
        `swap cache word of virtual slot ${slot}`,
        frame === NO_FRAME ? 'no folio' : `frame ${frame}`,
      );
    this.#clusters.unlock(cluster);
    return frame;
  }

  isSwapped(entry: SwapEntry): boolean {
    return this.count(entry) > 0;
  }

  insertFolio(entry: SwapEntry, frame: PageFrame): Shadow {
    const cluster = this.#clusters.lock(entrySlot(entry));
    if (cluster === null) return NOT_WANTED;
    const words = cluster.descriptors;
    const at = (entrySlot(entry) & 511) * WORDS;
    let shadow = NOT_WANTED;
    if (folioOf(words, at) === NO_FRAME && countOf(words, at) > 0) {
      shadow = shadowOf(words, at);
      this.#engine.count(EV.tableWrite);
      setFolio(words, at, frame);
      this.#frames.enterSwapCache(frame, entry);
    }
    this.#clusters.unlock(cluster);
    return shadow;
  }

  removeFolio(entry: SwapEntry, shadow: Shadow): void {
    const cluster = this.#lock(entry);
    const at = (entrySlot(entry) & 511) * WORDS;
    const frame = folioOf(cluster.descriptors, at);
    assert(frame !== NO_FRAME, 'only a cached folio leaves the cache');
    this.#engine.count(EV.tableWrite);
    setShadow(cluster.descriptors, at, shadow);
    this.#frames.leaveSwapCache(frame);
    if (countOf(cluster.descriptors, at) === 0) this.#free(cluster, entrySlot(entry));
    this.#flush(cluster);
    this.#clusters.unlock(cluster);
  }

  duplicate(entry: SwapEntry): Outcome {
    const cluster = this.#lock(entry);
    const at = (entrySlot(entry) & 511) * WORDS;
    const words = cluster.descriptors;
    this.#engine.count(EV.tableWrite);
    setCount(words, at, countOf(words, at) + 1);
    if (countOf(words, at) === 1) this.#noteCacheOnly(words, at, false);
    this.#clusters.unlock(cluster);
    return 'ok';
  }

  putRange(first: SwapEntry, count: number): boolean {
    const end = entrySlot(first) + count;
    let hasCache = false;
    for (let slot = entrySlot(first); slot < end;) {
      const stop = Math.min(end, ((slot >>> 9) + 1) * SWAPFILE_CLUSTER);
      if (this.#putInCluster(slot, stop)) hasCache = true;
      slot = stop as SlotIndex;
    }
    return hasCache;
  }

  count(entry: SwapEntry): number {
    const cluster = this.#clusters.lock(entrySlot(entry));
    if (cluster === null) return 0;
    this.#engine.count(EV.tableRead);
    const count = countOf(cluster.descriptors, (entrySlot(entry) & 511) * WORDS);
    this.#clusters.unlock(cluster);
    return count;
  }

  setZero(entry: SwapEntry, isZero: boolean): void {
    if (isZero) {
      this.#backing.setZero(entry);
      return;
    }
    // Its next place is written where it is found; only a page that stays in memory needs this.
    const cluster = this.#clusters.held(entrySlot(entry));
    const type = typeOf(cluster.descriptors, (entrySlot(entry) & 511) * WORDS);
    this.#clusters.unlock(cluster);
    if (type === PLACE.zero) this.#backing.detach(entry);
  }

  isZero(entry: SwapEntry): boolean {
    const cluster = this.#lock(entry);
    this.#engine.count(EV.tableRead);
    const type = typeOf(cluster.descriptors, (entrySlot(entry) & 511) * WORDS);
    this.#clusters.unlock(cluster);
    const { trace } = this.#engine;
    if (trace.isRecording)
      trace.hop(
        'tableRead',
        `type in the descriptor of virtual slot ${entrySlot(entry)}`,
        type === PLACE.zero ? 'a page of zeros' : 'not zero',
      );
    return type === PLACE.zero;
  }

  setCgroup(entry: SwapEntry, cgroup: number): void {
    this.#engine.count(EV.cgroupWrite);
    // v6 hands the cgroup in when the slot is taken; before, the descriptor is found once more.
    const cluster = this.#rules.isMerged ? this.#peek(entrySlot(entry)) : this.#lock(entry);
    setCgroup(cluster.descriptors, (entrySlot(entry) & 511) * WORDS, cgroup);
    this.#clusters.unlock(cluster);
  }

  cgroup(entry: SwapEntry): number {
    const cluster = this.#lock(entry);
    this.#engine.count(EV.cgroupRead);
    const cgroup = cgroupOf(cluster.descriptors, (entrySlot(entry) & 511) * WORDS);
    this.#clusters.unlock(cluster);
    return cgroup;
  }

  #putInCluster(first: SlotIndex, stop: number): boolean {
    const cluster = this.#clusters.lock(first);
    assert(cluster !== null, 'a reference is dropped once');
    const words = cluster.descriptors;
    let hasCache = false;
    for (let slot = first; slot < stop; slot++) {
      const at = (slot & 511) * WORDS;
      assert(countOf(words, at) > 0, 'a reference is dropped once');
      this.#engine.count(EV.tableWrite);
      setCount(words, at, countOf(words, at) - 1);
      if (countOf(words, at) > 0) continue;
      if (folioOf(words, at) === NO_FRAME) {
        this.#free(cluster, slot);
        continue;
      }
      hasCache = true;
      this.#noteCacheOnly(words, at, true);
    }
    this.#flush(cluster);
    this.#clusters.unlock(cluster);
    return hasCache;
  }

  /**
   * Frees an entry that nothing holds. What it leads to is given back with the lock dropped: each
   * by itself in v3, from v5 on slots that follow each other together.
   */
  #free(cluster: VirtualCluster, slot: SlotIndex): void {
    const at = (slot & 511) * WORDS;
    const type = typeOf(cluster.descriptors, at);
    const place = placeOf(cluster.descriptors, at);
    const cgroup = cgroupOf(cluster.descriptors, at);
    if (type === PLACE.zero) this.#backing.zeroFreed();
    if (type === PLACE.zswap) {
      if (this.#rules.batchesFrees) this.#host.freeZswapEntry(place);
      else
        this.#clusters.relock(cluster, () => {
          this.#host.freeZswapEntry(place);
        });
    } else if (type === PLACE.slot) {
      const isNext =
        place === this.#batchFirst + this.#batchCount &&
        cgroup === this.#batchCgroup &&
        (place & 511) !== 0;
      if (!isNext) this.#flush(cluster);
      if (this.#batchFirst === NONE) this.#batchFirst = place;
      this.#batchCount += 1;
      this.#batchCgroup = cgroup;
      if (!this.#rules.batchesFrees) this.#flush(cluster);
    }
    this.#clusters.free(cluster, slot);
  }

  /** Gives back the slots that wait. */
  #flush(cluster: VirtualCluster): void {
    if (this.#batchFirst === NONE) return;
    const first = this.#batchFirst as SwapEntry;
    const count = this.#batchCount;
    this.#batchFirst = NONE;
    this.#batchCount = 0;
    this.#clusters.relock(cluster, () => {
      this.#backing.releaseSlots(first, count, this.#batchCgroup);
    });
  }

  #noteCacheOnly(words: Uint32Array, at: number, isCacheOnly: boolean): void {
    if (typeOf(words, at) !== PLACE.slot) return;
    this.#backing.noteCacheOnly(placeOf(words, at) as SwapEntry, isCacheOnly);
  }

  #lock(entry: SwapEntry): VirtualCluster {
    const cluster = this.#clusters.lock(entrySlot(entry));
    assert(cluster !== null, 'an entry in use has a descriptor');
    return cluster;
  }

  /** The cluster whose lock the operation before still holds in the kernel: nothing is counted. */
  #peek(slot: SlotIndex): VirtualCluster {
    return this.#clusters.held(slot);
  }
}
