/**
 * Virtual Swap Space, Swap Table Edition: a device of virtual slots whose clusters come and go, each
 * with a swap table (folio, shadow, count, zero flag), a virtual table (where the bytes are) and a
 * table of cgroups. A slot of an area is taken when bytes go to a device, and its word in the area's
 * swap table points back. Plain entries of areas stand beside the virtual ones.
 * Kernel counterpart: the series of May to September 2026 on swap table phase IV (RFC v2).
 *
 * Lock order: the virtual cluster's lock, then the area's cluster lock.
 */
import { XA_NODE_BYTES, type Engine } from '../../../engine/index.ts';
import { ROLE, SlotArea, type SlotSpace } from '../../../slots/index.ts';
import {
  assert,
  entrySlot,
  entryType,
  makeSwapEntry,
  MAX_SWAPFILES,
  NO_ENTRY,
  NO_FRAME,
  SWAPFILE_MAX_PAGES,
  type ClusterIndex,
  type PageFrame,
  type SlotIndex,
  type SwapEntry,
} from '../../../units/index.ts';
import { ZswapTrees, type ZswapIndex } from '../../../zswap/index.ts';
import {
  VIRTUAL_TYPE,
  type Backing,
  type DesignHost,
  type DesignKind,
  type DesignParts,
  type EntriesBehind,
  type EntryTable,
  type MetadataTerm,
  type SwapDesign,
} from '../../swap-design.ts';
import { CountedArea } from '../../tables/counted-area.ts';
import { CountedEntries } from '../../tables/counted-entries.ts';
import { clusterTerms, sumTerms, zswapTreeTerms } from '../../tables/metadata.ts';
import { stepToBytes } from '../../tables/plain-backing.ts';
import { PHASE_IV_CLUSTER_INFO_BYTES, PHASE_IV_LAYOUT } from '../../tables/phases.ts';
import { VirtualTables } from './virtual-tables.ts';

/** The virtual device comes before every area. @source vswap device priority SHRT_MAX */
const VIRTUAL_PRIORITY = 0x7fff;
/**
 * Bytes of struct swap_cluster_info_dynamic.
 * @source its fields: cluster info 48, index 4 (+ 4), rcu head 16, table pointer 8
 */
const DYNAMIC_INFO_BYTES = 80;

export const vswapTable: DesignKind = {
  summary: 'Virtual Swap Space, Swap Table Edition: virtual clusters with swap and virtual tables',
  revisions: ['rfc-v2'],
  allocator: '6.18',
  isVirtual: true,
  writesBack: true,
  areas: 'as-given',
  perCpuCluster: 'device-offset',
  deviations: [
    {
      what: 'at most 2^28 virtual slots (1 TiB); cluster 0 is left out',
      why: 'a swap entry has 32 bits here and 0 is none; the kernel has up to 8 PiB',
    },
    {
      what: 'the cgroup table that a plain entry needed stays as long as its cluster is in use',
      why: 'it belongs to the cluster; the one with the header is in use until swapoff',
      claim: 'metadata.back-to-start',
    },
  ],
  create: (parts) => new VswapTableDesign(parts),
};

/** Where bytes are: plain entries are their slot, virtual ones ask the virtual table. */
class VirtualBacking implements Backing, ZswapIndex, EntriesBehind {
  readonly trees: ZswapTrees;
  readonly tables: VirtualTables;
  readonly #engine: Engine;
  readonly #space: SlotSpace;
  readonly #host: DesignHost;
  readonly #areas: readonly (CountedArea | undefined)[];

  constructor(parts: DesignParts, areas: readonly (CountedArea | undefined)[]) {
    this.#engine = parts.engine;
    this.#space = parts.space;
    this.#host = parts.host;
    this.#areas = areas;
    this.trees = new ZswapTrees(parts.engine);
    this.tables = new VirtualTables(parts.engine);
  }

  get zswap(): ZswapIndex {
    return this;
  }

  mayWrite(_entry: SwapEntry): boolean {
    return this.#space.totalPages > 0;
  }

  canWriteBack(): boolean {
    return this.#space.freePagesOf(ROLE.plain) > 0;
  }

  slotForRead(entry: SwapEntry): SwapEntry {
    const slot = isVirtual(entry) ? this.#lookUp(entry).slot(entrySlot(entry)) : entry;
    stepToBytes(this.#engine, entry, slot);
    return slot;
  }

  expectWrites(count: number): void {
    this.#space.seekRun(count, ROLE.plain);
  }

  slotForWrite(entry: SwapEntry): SwapEntry {
    if (!isVirtual(entry)) return entry;
    const virtual = entrySlot(entry);
    const old = this.#lookUp(entry).slot(virtual);
    if (old !== NO_ENTRY) return old;
    const slot = this.takeSlot(entry);
    if (slot !== NO_ENTRY) this.useSlot(entry, slot);
    return slot;
  }

  takeSlot(entry: SwapEntry): SwapEntry {
    if (!isVirtual(entry)) return entry;
    for (const area of this.#areas) area?.expectPointer(entrySlot(entry));
    return this.#space.allocate(0, ROLE.plain);
  }

  useSlot(entry: SwapEntry, slot: SwapEntry): boolean {
    if (!isVirtual(entry)) return true;
    const virtual = entrySlot(entry);
    const { area } = this.#virtual();
    area.lock(virtual);
    this.tables.setSlot(virtual, slot);
    this.#host.charge(this.#virtual().cgroup(virtual), 1);
    // Its last reference may have gone while a batch's writeback held its folio.
    if (this.#virtual().count(virtual) === 0) this.noteCacheOnly(entry, true);
    area.unlock(virtual);
    return true;
  }

  dropSlot(entry: SwapEntry, slot: SwapEntry): void {
    if (isVirtual(entry)) this.#giveBack(slot);
  }

  entryAt(slot: SwapEntry): SwapEntry {
    const virtual = this.#areas[entryType(slot)]!.pointer(entrySlot(slot));
    return virtual === 0 ? slot : makeSwapEntry(VIRTUAL_TYPE, virtual);
  }

  // --- ZswapIndex --------------------------------------------------------------------------------

  get(entry: SwapEntry): number {
    return isVirtual(entry)
      ? this.#lookUp(entry).zswapEntry(entrySlot(entry))
      : this.trees.get(entry);
  }

  reserve(entry: SwapEntry): boolean {
    // The word of a virtual slot is there with the slot.
    return isVirtual(entry) || this.trees.reserve(entry);
  }

  set(entry: SwapEntry, zswapEntry: number): number {
    if (!isVirtual(entry)) return this.trees.set(entry, zswapEntry);
    const virtual = entrySlot(entry);
    const { area } = this.#virtual();
    area.lock(virtual);
    const old = this.tables.zswapEntry(virtual);
    if (old === 0) this.release(entry);
    this.tables.setZswapEntry(virtual, zswapEntry);
    area.unlock(virtual);
    return old;
  }

  erase(entry: SwapEntry): number {
    if (!isVirtual(entry)) return this.trees.erase(entry);
    const virtual = entrySlot(entry);
    const { area } = this.#virtual();
    area.lock(virtual);
    const zswapEntry = this.tables.zswapEntry(virtual);
    if (zswapEntry !== 0) this.tables.clear(virtual);
    area.unlock(virtual);
    return zswapEntry;
  }

  moved(entry: SwapEntry): void {
    // The word of a virtual slot was switched to its new place.
    if (!isVirtual(entry)) this.trees.moved(entry);
  }

  // --- EntriesBehind -----------------------------------------------------------------------------

  visit(type: number, visit: (entry: SwapEntry) => boolean): void {
    const at = this.#areas[type]!;
    for (let index = 1; index < at.area.maxPages; index++) {
      if (!at.hasTable(index as SlotIndex)) continue;
      const virtual = at.pointer(index as SlotIndex);
      if (virtual !== 0 && !visit(makeSwapEntry(VIRTUAL_TYPE, virtual))) return;
    }
  }

  detach(entry: SwapEntry): void {
    const virtual = entrySlot(entry);
    const { area } = this.#virtual();
    area.lock(virtual);
    this.release(entry);
    area.unlock(virtual);
  }

  // --- For the design ----------------------------------------------------------------------------

  /** Gives the slot behind a virtual one back, whose cluster is locked; its cgroup still stands. */
  release(entry: SwapEntry): void {
    const virtual = entrySlot(entry);
    const slot = this.tables.peekSlot(virtual);
    if (slot === NO_ENTRY) return;
    this.#host.charge(this.#virtual().cgroup(virtual), -1);
    this.tables.clear(virtual);
    this.#giveBack(slot);
  }

  /** A virtual slot is freed, its cluster is locked: whatever its word leads to goes. */
  free(entry: SwapEntry): void {
    const virtual = entrySlot(entry);
    if (!this.tables.isBacked(virtual)) return;
    const zswapEntry = this.tables.zswapEntry(virtual);
    if (zswapEntry === 0) {
      this.release(entry);
      return;
    }
    this.tables.clear(virtual);
    this.#host.freeZswapEntry(zswapEntry);
  }

  /** Tells the area that a virtual entry is kept by the cache alone, or no longer. */
  noteCacheOnly(entry: SwapEntry, isCacheOnly: boolean): void {
    if (!isVirtual(entry)) return;
    const slot = this.tables.peekSlot(entrySlot(entry));
    if (slot !== NO_ENTRY) this.#areas[entryType(slot)]!.setCacheOnly(entrySlot(slot), isCacheOnly);
  }

  /** Finds a virtual cluster's tables: an xarray look-up, under RCU. */
  #lookUp(entry: SwapEntry): VirtualTables {
    this.#virtual().area.supply.lookUp((entrySlot(entry) >>> 9) as ClusterIndex);
    return this.tables;
  }

  #giveBack(slot: SwapEntry): void {
    const at = this.#areas[entryType(slot)]!;
    at.area.lock(entrySlot(slot));
    at.free(entrySlot(slot));
    at.area.unlock(entrySlot(slot));
  }

  #virtual(): CountedArea {
    return this.#areas[VIRTUAL_TYPE]!;
  }
}

class VswapTableDesign implements SwapDesign {
  readonly entries: EntryTable;
  readonly backing: VirtualBacking;
  readonly comparesCgroups = false;
  readonly readsAheadShared = false;
  readonly #parts: DesignParts;
  readonly #virtual: CountedArea;
  readonly #areas: (CountedArea | undefined)[] = new Array<undefined>(MAX_SWAPFILES).fill(
    undefined,
  );
  #isOn = true;

  constructor(parts: DesignParts) {
    this.#parts = parts;
    const { engine, host, space } = parts;
    this.backing = new VirtualBacking(parts, this.#areas);
    const area = new SlotArea({
      type: VIRTUAL_TYPE,
      role: ROLE.virtual,
      growth: 'dynamic',
      maxPages: SWAPFILE_MAX_PAGES,
      badPages: [],
      rotational: false,
      isBlockDevice: true,
      priority: VIRTUAL_PRIORITY,
      engine,
      isSwapFull: () => false,
    });
    this.#virtual = new CountedArea({
      area,
      engine,
      host,
      layout: PHASE_IV_LAYOUT,
      onFree: (slot) => {
        this.backing.free(makeSwapEntry(VIRTUAL_TYPE, slot));
      },
      onOpen: (cluster) => this.backing.tables.open(cluster),
      onClose: (cluster) => {
        this.backing.tables.close(cluster);
      },
    });
    this.#areas[VIRTUAL_TYPE] = this.#virtual;
    area.attach(this.#virtual);
    space.add(area);
    this.entries = new CountedEntries(parts, this.#areas, {
      allocateSlot: (frame) => this.#allocate(frame),
      onCacheOnly: (entry, isCacheOnly) => {
        this.backing.noteCacheOnly(entry, isCacheOnly);
      },
      onZero: (entry) => {
        if (isVirtual(entry)) this.backing.free(entry);
      },
      onCgroup: (entry, cgroup) => {
        if (!isVirtual(entry)) host.charge(cgroup, 1);
      },
    });
  }

  get behind(): EntriesBehind {
    return this.backing;
  }

  addArea(type: number): void {
    assert(type < VIRTUAL_TYPE, 'the last swap type is for virtual slots');
    const { engine, host, space } = this.#parts;
    const area = space.area(type);
    assert(area !== undefined, 'an area has slots before it has tables');
    const tables = new CountedArea({
      area,
      engine,
      host,
      layout: PHASE_IV_LAYOUT,
      defersCgroupTable: true,
      onFree: (slot, cgroup) => {
        const entry = makeSwapEntry(type, slot);
        host.charge(cgroup, -1);
        const zswapEntry = this.backing.trees.erase(entry);
        if (zswapEntry !== 0) host.freeZswapEntry(zswapEntry);
      },
      onReclaimPointer: (virtual) => host.reclaimCached(makeSwapEntry(VIRTUAL_TYPE, virtual)),
    });
    this.#areas[type] = tables;
    this.backing.trees.addArea(type, area.maxPages);
    area.attach(tables);
  }

  removeArea(type: number): void {
    this.backing.trees.removeArea(type);
    this.#areas[type] = undefined;
  }

  entriesInUse(): number {
    const physical = this.#physical();
    const plain = physical.reduce((sum, at) => sum + at.area.inUse - at.pointerCount, 0);
    return this.#virtual.area.inUse + plain;
  }

  zeroEntries(): number {
    return this.#areas.reduce((sum, area) => sum + (area?.zeroCount ?? 0), 0);
  }

  freeEntries(): number {
    const { area } = this.#virtual;
    const virtual = this.#isOn ? area.usablePages - area.inUse : 0;
    return virtual + this.#parts.space.freePages;
  }

  isHeldByPageTables(type: number): boolean {
    const at = this.#areas[type]!;
    return at.area.inUse > at.pointerCount;
  }

  setVirtual(isOn: boolean): void {
    this.#isOn = isOn;
  }

  metadata(): MetadataTerm[] {
    const physical = this.#physical();
    const { area } = this.#virtual;
    const { supply } = area;
    const virtualTerms = this.#virtual.metadata().map((term) => ({
      ...term,
      term: `virtual ${term.term}`,
    }));
    const physicalTerms = physical.flatMap((at) => at.metadata());
    const clusters = physical.reduce((sum, at) => sum + at.area.supply.mappedCount, 0);
    return sumTerms([
      {
        term: 'virtual cluster_info',
        kind: 'dynamic',
        bytes: supply.mappedCount * DYNAMIC_INFO_BYTES,
        units: supply.mappedCount,
      },
      ...virtualTerms,
      {
        term: 'virtual_table',
        kind: 'dynamic',
        bytes: this.backing.tables.bytes,
        units: area.inUse,
      },
      {
        term: 'cluster_map_xa_node',
        kind: 'dynamic',
        bytes: supply.nodeCount * XA_NODE_BYTES,
        units: supply.mappedCount,
      },
      ...physicalTerms,
      ...clusterTerms(clusters, PHASE_IV_CLUSTER_INFO_BYTES, this.#parts.space),
      ...zswapTreeTerms(this.backing.trees),
    ]);
  }

  gauges(): Record<string, number> {
    const physical = this.#physical();
    return {
      virtual_slots: this.#virtual.area.inUse,
      slots_behind_virtual: physical.reduce((sum, at) => sum + at.pointerCount, 0),
    };
  }

  checkInvariants(): void {
    for (const area of this.#areas) area?.checkInvariants();
    this.#checkPointers();
    const { area } = this.#virtual;
    for (let index = 0; index < area.clusters.clusterCount * 512; index++) {
      const slot = index as SlotIndex;
      if (this.#virtual.isFree(slot)) continue;
      const hasBytes = this.backing.tables.isBacked(slot) || this.#virtual.peekZero(slot);
      assert(
        hasBytes || this.#virtual.peekFolio(slot) !== NO_FRAME,
        'a page that is nowhere else is in memory',
      );
    }
  }

  #allocate(frame: PageFrame): SwapEntry {
    for (const area of this.#areas) area?.expectFolio(frame);
    const { space } = this.#parts;
    const virtual = this.#isOn ? space.allocate(0, ROLE.virtual) : NO_ENTRY;
    return virtual === NO_ENTRY ? space.allocate(0, ROLE.plain) : virtual;
  }

  #physical(): CountedArea[] {
    return this.#areas.filter((at) => at !== undefined).filter((at) => at !== this.#virtual);
  }

  /** Pointer and virtual table say the same, both ways. */
  #checkPointers(): void {
    for (const at of this.#physical())
      for (let index = 1; index < at.area.maxPages; index++) {
        const slot = index as SlotIndex;
        const virtual = at.peekPointer(slot);
        if (virtual === 0) continue;
        assert(
          this.backing.tables.peekSlot(virtual) === makeSwapEntry(at.area.type, slot),
          'the virtual table leads to the slot that points back',
        );
        assert(
          at.isCacheOnly(slot) === (this.#virtual.count(virtual) === 0),
          'the slot says whether the cache alone keeps its entry',
        );
      }
  }
}

function isVirtual(entry: SwapEntry): boolean {
  return entryType(entry) === VIRTUAL_TYPE;
}
