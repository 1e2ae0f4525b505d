/**
 * The design of Linux 6.18: swap table, phase I. One table page per cluster in use holds folios and
 * shadows; counts and the cache flag stay in swap_map, zero pages in a bitmap, cgroups in an array.
 * Kernel counterpart: mm/swap_table.h, mm/swap_state.c, mm/swapfile.c, mm/swap_cgroup.c (6.18).
 *
 * Locks: map and table are two updates under the same cluster lock, in separate holds where the
 * kernel takes it twice (reference: one hold to claim the slot, one to insert the folio, …).
 */
import {
  assert,
  clusterOf,
  entrySlot,
  entryType,
  makeSwapEntry,
  MAX_SWAPFILES,
  NO_ENTRY,
  NO_FRAME,
  type ClusterIndex,
  type PageFrame,
  type SlotIndex,
  type SwapEntry,
  type Outcome,
} from '../../../units/index.ts';
import { EV, XA_NODE_BYTES, type Engine } from '../../../engine/index.ts';
import { PG, type FrameTable } from '../../../frames/index.ts';
import {
  ClusterList,
  type SlotArea,
  type SlotOwner,
  type SlotSpace,
} from '../../../slots/index.ts';
import { ZswapTrees } from '../../../zswap/index.ts';
import {
  NO_SHADOW,
  type Backing,
  type EntryTable,
  type FreedEntries,
  type MetadataTerm,
  type Shadow,
  type SwapDesign,
} from '../../swap-design.ts';
import { ClusterTables } from './cluster-tables.ts';
import { SwapMap } from './swap-map.ts';

export interface SwapTableParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly space: SlotSpace;
  readonly freed: FreedEntries;
}

/** Everything that 6.18 keeps for one area; also what the slot allocator asks about slots. */
class AreaTables implements SlotOwner {
  readonly area: SlotArea;
  readonly map: SwapMap;
  readonly tables: ClusterTables;
  /** A bit for each slot that holds a page of zeros. */
  readonly zeromap: Uint8Array;
  readonly cgroups: Uint16Array;
  readonly #engine: Engine;
  readonly #freed: FreedEntries;

  constructor(area: SlotArea, engine: Engine, freed: FreedEntries) {
    this.area = area;
    this.map = new SwapMap(area.maxPages, area.unusable);
    this.tables = new ClusterTables(area.clusters.clusterCount);
    this.zeromap = new Uint8Array(Math.ceil(area.maxPages / 64) * 8);
    this.cgroups = new Uint16Array(area.maxPages + (area.maxPages % 2));
    this.#engine = engine;
    this.#freed = freed;
  }

  isFree(slot: SlotIndex): boolean {
    return this.map.isFree(slot);
  }

  isCacheOnly(slot: SlotIndex): boolean {
    return this.map.isCacheOnly(slot);
  }

  claim(slot: SlotIndex): void {
    this.#engine.count(EV.swapMapWrite);
    this.map.setCache(slot);
  }

  openCluster(cluster: ClusterIndex): boolean {
    this.#engine.count(EV.tableAlloc);
    this.tables.open(cluster);
    return true;
  }

  closeCluster(cluster: ClusterIndex): void {
    this.#engine.count(EV.tableFree);
    this.tables.close(cluster);
  }

  reclaimCached(slot: SlotIndex): boolean {
    return this.#freed.reclaimCached(makeSwapEntry(this.area.type, slot));
  }

  /**
   * Frees a slot that nothing holds; its cluster lock is held.
   * @source linux 6.18 swap_entries_free, swap_range_free
   */
  free(slot: SlotIndex): void {
    const cgroup = this.cgroups[slot]!;
    this.cgroups[slot] = 0;
    const byte = slot >>> 3;
    const bit = 1 << (slot & 7);
    if ((this.zeromap[byte]! & bit) !== 0) {
      this.#engine.count(EV.zeromapWrite);
      this.zeromap[byte]! &= ~bit;
    }
    this.tables.setShadow(slot, NO_SHADOW);
    this.#freed.entryFreed(makeSwapEntry(this.area.type, slot), cgroup);
    this.area.release(slot);
  }
}

class SwapTableEntries implements EntryTable {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #space: SlotSpace;
  readonly #areas: (AreaTables | undefined)[];

  constructor(parts: SwapTableParts, areas: (AreaTables | undefined)[]) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#space = parts.space;
    this.#areas = areas;
  }

  allocate(frame: PageFrame): SwapEntry {
    const entry = this.#space.allocate(0);
    if (entry === NO_ENTRY) return NO_ENTRY;
    this.#enter(entry, frame);
    return entry;
  }

  folioAt(entry: SwapEntry): PageFrame {
    this.#engine.count(EV.tableRead);
    return this.#at(entry).tables.folio(entrySlot(entry));
  }

  isSwapped(entry: SwapEntry): boolean {
    return this.#at(entry).map.count(entrySlot(entry)) > 0;
  }

  insertFolio(entry: SwapEntry, frame: PageFrame): Shadow {
    const at = this.#at(entry);
    const slot = entrySlot(entry);
    // swapcache_prepare, then swap_cache_add_folio: two holds of the cluster lock in 6.18.
    at.area.lock(slot);
    this.#engine.count(EV.swapMapWrite);
    at.map.setCache(slot);
    at.area.unlock(slot);
    const shadow = at.tables.shadow(slot);
    this.#enter(entry, frame);
    return shadow;
  }

  removeFolio(entry: SwapEntry, shadow: Shadow): void {
    const at = this.#at(entry);
    const slot = entrySlot(entry);
    const frame = at.tables.folio(slot);
    assert(frame !== NO_FRAME, 'only a cached folio leaves the cache');
    at.area.lock(slot);
    this.#engine.count(EV.tableWrite);
    at.tables.setShadow(slot, shadow);
    this.#frames.leaveSwapCache(frame);
    at.area.unlock(slot);
    // put_swap_folio: the cache's pin on the slot goes in a hold of its own.
    at.area.lock(slot);
    this.#engine.count(EV.swapMapWrite);
    at.map.clearCache(slot);
    if (at.map.isFree(slot)) at.free(slot);
    at.area.unlock(slot);
  }

  duplicate(entry: SwapEntry): Outcome {
    const at = this.#at(entry);
    const slot = entrySlot(entry);
    at.area.lock(slot);
    this.#engine.count(EV.swapMapWrite);
    at.map.increment(slot);
    at.area.unlock(slot);
    return 'ok';
  }

  put(entry: SwapEntry): void {
    const at = this.#at(entry);
    const slot = entrySlot(entry);
    at.area.lock(slot);
    this.#engine.count(EV.swapMapWrite);
    at.map.decrement(slot);
    if (at.map.isFree(slot)) at.free(slot);
    at.area.unlock(slot);
  }

  count(entry: SwapEntry): number {
    return this.#at(entry).map.count(entrySlot(entry));
  }

  setZero(entry: SwapEntry, isZero: boolean): void {
    const slot = entrySlot(entry);
    const { zeromap } = this.#at(entry);
    this.#engine.count(EV.zeromapWrite);
    if (isZero) zeromap[slot >>> 3]! |= 1 << (slot & 7);
    else zeromap[slot >>> 3]! &= ~(1 << (slot & 7));
  }

  isZero(entry: SwapEntry): boolean {
    const slot = entrySlot(entry);
    return (this.#at(entry).zeromap[slot >>> 3]! & (1 << (slot & 7))) !== 0;
  }

  setCgroup(entry: SwapEntry, cgroup: number): void {
    this.#at(entry).cgroups[entrySlot(entry)] = cgroup;
  }

  cgroup(entry: SwapEntry): number {
    return this.#at(entry).cgroups[entrySlot(entry)]!;
  }

  /** swap_cache_add_folio */
  #enter(entry: SwapEntry, frame: PageFrame): void {
    const at = this.#at(entry);
    const slot = entrySlot(entry);
    at.area.lock(slot);
    this.#engine.count(EV.tableWrite);
    at.tables.setFolio(slot, frame);
    this.#frames.enterSwapCache(frame, entry);
    at.area.unlock(slot);
  }

  #at(entry: SwapEntry): AreaTables {
    return this.#areas[entryType(entry)]!;
  }
}

/** Where bytes are in a plain design: the entry is the slot. */
function plainBacking(zswap: ZswapTrees): Backing {
  return { slotForRead: (entry) => entry, slotForWrite: (entry) => entry, zswap };
}

class SwapTableDesign implements SwapDesign {
  readonly name = 'swap-table';
  readonly entries: EntryTable;
  readonly backing: Backing;
  readonly #parts: SwapTableParts;
  readonly #trees: ZswapTrees;
  readonly #areas: (AreaTables | undefined)[] = new Array<undefined>(MAX_SWAPFILES).fill(undefined);

  constructor(parts: SwapTableParts) {
    this.#parts = parts;
    this.#trees = new ZswapTrees(parts.engine);
    this.entries = new SwapTableEntries(parts, this.#areas);
    this.backing = plainBacking(this.#trees);
  }

  addArea(type: number): void {
    const area = this.#parts.space.area(type);
    assert(area !== undefined, 'an area has slots before it has tables');
    const tables = new AreaTables(area, this.#parts.engine, this.#parts.freed);
    this.#areas[type] = tables;
    this.#trees.addArea(type, area.maxPages);
    area.attach(tables);
  }

  removeArea(type: number): void {
    this.#trees.removeArea(type);
    this.#areas[type] = undefined;
  }

  metadata(): MetadataTerm[] {
    const sum = (bytes: (at: AreaTables) => number): number =>
      this.#areas.reduce((total, at) => total + (at === undefined ? 0 : bytes(at)), 0);
    const space = this.#parts.space.metadataBytes();
    return [
      { term: 'swap_map', kind: 'static', bytes: sum((at) => at.map.mapBytes) },
      { term: 'swap_cgroup', kind: 'static', bytes: sum((at) => pageAlign(at.cgroups.byteLength)) },
      { term: 'zeromap', kind: 'static', bytes: sum((at) => at.zeromap.length) },
      { term: 'cluster_info', kind: 'static', bytes: space.clusterInfo },
      { term: 'zswap_trees', kind: 'static', bytes: this.#trees.treeBytes },
      { term: 'percpu_swap_cluster', kind: 'static', bytes: space.perCpu },
      { term: 'swap_table', kind: 'dynamic', bytes: sum((at) => at.tables.tableBytes) },
      {
        term: 'swap_map_continuation',
        kind: 'dynamic',
        bytes: sum((at) => at.map.continuationBytes),
      },
      { term: 'zswap_xa_node', kind: 'dynamic', bytes: this.#trees.nodeCount * XA_NODE_BYTES },
    ];
  }

  checkInvariants(): void {
    for (const at of this.#areas) if (at !== undefined) this.#checkArea(at);
  }

  #checkArea(at: AreaTables): void {
    const { clusters } = at.area;
    for (let index = 0; index < clusters.clusterCount; index++) {
      const cluster = index as ClusterIndex;
      assert(
        at.tables.hasTable(cluster) === (clusters.list(cluster) !== ClusterList.free),
        'tables exist for clusters in use and only for them',
      );
    }
    for (let index = 1; index < at.area.maxPages; index++) {
      const slot = index as SlotIndex;
      const frame = at.tables.folio(slot);
      assert(at.map.hasCache(slot) === (frame !== NO_FRAME), 'map and table agree on the cache');
      if (frame !== NO_FRAME) assert(this.#parts.frames.has(frame, PG.swapcache), 'folio as noted');
      if (at.map.isFree(slot) && at.tables.hasTable(clusterOf(slot)))
        assert(at.tables.shadow(slot) === NO_SHADOW, 'a free slot has no shadow');
    }
  }
}

function pageAlign(bytes: number): number {
  return Math.ceil(bytes / 4096) * 4096;
}

/** Builds the design of Linux 6.18. */
export function createSwapTable(parts: SwapTableParts): SwapDesign {
  return new SwapTableDesign(parts);
}
