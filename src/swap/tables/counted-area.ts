/**
 * What kernels from swap table phase III on keep for one area: for each cluster in use one table
 * whose words say everything about a slot, and tables beside it for what a word has no room for.
 * Kernel counterpart: mm/swap_table.h, mm/swapfile.c (phases III and IV; memcg_table and
 * extend_table of struct swap_cluster_info).
 *
 * Every update is one hold of the cluster's lock; the methods here say which they need held.
 */
import { EV, type Engine } from '../../engine/index.ts';
import { ClusterList, type SlotArea, type SlotOwner } from '../../slots/index.ts';
import {
  assert,
  clusterOf,
  makeSwapEntry,
  NO_FRAME,
  PAGE_SIZE,
  SWAPFILE_CLUSTER,
  type ClusterIndex,
  type Outcome,
  type PageFrame,
  type SlotIndex,
} from '../../units/index.ts';
import { NO_SHADOW, type DesignHost, type MetadataTerm, type Shadow } from '../swap-design.ts';
import {
  asPlaceholder,
  BAD_HIGH,
  BAD_LOW,
  cgroupOf,
  COUNT_EXTENDED,
  countOf,
  folioLow,
  folioOf,
  isBad,
  isCacheOnlyPointer,
  isPointer,
  isShadow,
  isZeroFlagged,
  keptOf,
  placeholderLow,
  pointedSlot,
  pointerLow,
  shadowHigh,
  shadowLow,
  shadowOf,
  withCacheOnly,
  withCgroup,
  withCount,
  withZero,
} from './entry-words.ts';
import { pageAlign } from './map-area.ts';

/** Where a revision keeps what is not always in the word. */
export interface WordLayout {
  readonly zero: 'word' | 'bitmap';
  /** In the word, in a table of each cluster, or in an array of the area. */
  readonly cgroup: 'word' | 'table' | 'array';
}

/** Bytes of a cluster's table of cgroup ids and of counts. @source phase IV: 512 × u16; III: × u32 */
const CGROUP_TABLE_BYTES = 1024;
const EXTEND_TABLE_BYTES = 2048;
const WORDS = SWAPFILE_CLUSTER * 2;

export interface CountedAreaParts {
  readonly area: SlotArea;
  readonly engine: Engine;
  readonly host: DesignHost;
  readonly layout: WordLayout;
  /** A table of cgroup ids is made when the first is written, not with the cluster. */
  readonly defersCgroupTable?: boolean;
  /** A slot is freed, its cluster's lock is held: what its entry has elsewhere goes. */
  readonly onFree: (slot: SlotIndex, cgroup: number) => void;
  /** A cluster's tables come and go with this. */
  readonly onOpen?: (cluster: ClusterIndex) => boolean;
  readonly onClose?: (cluster: ClusterIndex) => void;
  /** A slot behind a virtual entry, kept by the cache alone, is wanted. */
  readonly onReclaimPointer?: (virtualSlot: SlotIndex) => boolean;
}

export class CountedArea implements SlotOwner {
  readonly area: SlotArea;
  readonly #parts: CountedAreaParts;
  readonly #engine: Engine;
  readonly #tables: (Uint32Array | undefined)[] = [];
  readonly #cgroupTables: (Uint16Array | undefined)[] = [];
  readonly #extendTables: (Uint32Array | undefined)[] = [];
  /** Slots of each cluster whose count is in its extend table. */
  readonly #extended = new Map<number, number>();
  readonly #spare: Uint32Array[] = [];
  readonly #zeromap: Uint8Array | null;
  readonly #cgroups: Uint16Array | null;
  readonly #unusable: ReadonlySet<number>;
  #live = 0;
  #liveCgroupTables = 0;
  #pointers = 0;
  #zeroCount = 0;
  #incomingLow = 0;
  #incomingHigh = 0;

  constructor(parts: CountedAreaParts) {
    this.#parts = parts;
    this.area = parts.area;
    this.#engine = parts.engine;
    const { maxPages, unusable } = parts.area;
    this.#zeromap =
      parts.layout.zero === 'bitmap' ? new Uint8Array(Math.ceil(maxPages / 64) * 8) : null;
    this.#cgroups =
      parts.layout.cgroup === 'array' ? new Uint16Array(maxPages + (maxPages % 2)) : null;
    this.#unusable = new Set(unusable);
  }

  // --- What the allocator asks -----------------------------------------------------------------

  isFree(slot: SlotIndex): boolean {
    const table = this.#tables[slot >>> 9];
    return table === undefined || table[(slot & 511) << 1] === 0;
  }

  isCacheOnly(slot: SlotIndex): boolean {
    const table = this.#tables[slot >>> 9];
    if (table === undefined) return false;
    const at = (slot & 511) << 1;
    const low = table[at]!;
    if (isPointer(low)) return isCacheOnlyPointer(low);
    return folioOf(low) !== NO_FRAME && countOf(table[at + 1]!) === 0;
  }

  claim(slot: SlotIndex): void {
    this.#engine.count(EV.tableWrite);
    this.#put(slot, this.#incomingLow, this.#incomingHigh);
    if (isPointer(this.#incomingLow)) this.#pointers += 1;
  }

  openCluster(cluster: ClusterIndex): boolean {
    if (this.#engine.allocationFails('swap_table')) return false;
    if (!(this.#parts.onOpen?.(cluster) ?? true)) return false;
    assert(this.#tables[cluster] === undefined, 'a cluster has one table');
    this.#engine.count(EV.tableAlloc);
    const table = this.#spare.pop() ?? new Uint32Array(WORDS);
    this.#tables[cluster] = table;
    this.#live += 1;
    const { layout, defersCgroupTable = false } = this.#parts;
    if (layout.cgroup === 'table' && !defersCgroupTable) this.#openCgroups(cluster);
    const start = cluster * SWAPFILE_CLUSTER;
    for (let i = 0; i < SWAPFILE_CLUSTER; i++)
      if (this.#unusable.has(start + i) || start + i >= this.area.maxPages) {
        table[i << 1] = BAD_LOW;
        table[(i << 1) + 1] = BAD_HIGH;
      }
    return true;
  }

  closeCluster(cluster: ClusterIndex): void {
    const table = this.#tables[cluster];
    assert(table !== undefined, 'only a table that is there is freed');
    this.#engine.count(EV.tableFree);
    this.#tables[cluster] = undefined;
    this.#spare.push(table.fill(0));
    this.#live -= 1;
    if (this.#cgroupTables[cluster] !== undefined) {
      this.#cgroupTables[cluster] = undefined;
      this.#liveCgroupTables -= 1;
    }
    assert(!this.#extended.has(cluster), 'an empty cluster has no long counts');
    this.#parts.onClose?.(cluster);
  }

  reclaimCached(slot: SlotIndex): boolean {
    const low = this.#low(slot);
    if (isPointer(low))
      return this.#parts.onReclaimPointer?.(pointedSlot(low) as SlotIndex) ?? false;
    return this.#parts.host.reclaimCached(makeSwapEntry(this.area.type, slot));
  }

  /** The next slot that is claimed holds this folio, in the same hold of the lock. */
  expectFolio(frame: PageFrame): void {
    this.#incomingLow = folioLow(frame);
    this.#incomingHigh = 0;
  }

  /** The next slot that is claimed belongs to a virtual slot; 0: to an index that is not told. */
  expectPointer(virtualSlot: SlotIndex): void {
    this.#incomingLow = pointerLow(virtualSlot);
    this.#incomingHigh = 0;
  }

  // --- Words, read without a lock ----------------------------------------------------------------

  folio(slot: SlotIndex): PageFrame {
    this.#engine.count(EV.tableRead);
    this.area.supply.lookUp(clusterOf(slot));
    const low = this.#low(slot);
    const frame = folioOf(low);
    const { trace } = this.#engine;
    if (trace.isRecording)
      trace.hop('tableRead', `swap table of cluster ${clusterOf(slot)}`, say(low));
    return frame;
  }

  shadow(slot: SlotIndex): Shadow {
    return shadowOf(this.#low(slot), this.#high(slot));
  }

  count(slot: SlotIndex): number {
    const low = this.#low(slot);
    if (low === 0 || isBad(low) || isPointer(low)) return 0;
    const count = countOf(this.#high(slot));
    return count < COUNT_EXTENDED ? count : this.#extendTables[slot >>> 9]![slot & 511]!;
  }

  isZero(slot: SlotIndex): boolean {
    const isZero = this.peekZero(slot);
    const isInWord = this.#zeromap === null;
    this.#engine.count(isInWord ? EV.tableRead : EV.zeromapRead);
    const { trace } = this.#engine;
    if (trace.isRecording)
      trace.hop(
        isInWord ? 'tableRead' : 'zeromapRead',
        isInWord
          ? `zero flag in the swap table of cluster ${clusterOf(slot)}`
          : `zeromap bit ${slot}`,
        isZero ? 'a page of zeros' : 'not zero',
      );
    return isZero;
  }

  cgroup(slot: SlotIndex): number {
    this.#engine.count(EV.cgroupRead);
    return this.#cgroup(slot);
  }

  /** The virtual slot that a slot belongs to; 0 when it is nobody's or a plain entry's. */
  pointer(slot: SlotIndex): SlotIndex {
    this.#engine.count(EV.tableRead);
    return this.peekPointer(slot);
  }

  /** As `pointer`, `folio` and `isZero`, uncounted: for checks. */
  peekPointer(slot: SlotIndex): SlotIndex {
    const low = this.#low(slot);
    return (isPointer(low) ? pointedSlot(low) : 0) as SlotIndex;
  }

  peekFolio(slot: SlotIndex): PageFrame {
    return folioOf(this.#low(slot));
  }

  peekZero(slot: SlotIndex): boolean {
    if (this.#zeromap !== null) return (this.#zeromap[slot >>> 3]! & (1 << (slot & 7))) !== 0;
    return isZeroFlagged(this.#high(slot)) && !isBad(this.#low(slot));
  }

  /** The slot's cluster is in use: there are words to look at. */
  hasTable(slot: SlotIndex): boolean {
    return this.#tables[slot >>> 9] !== undefined;
  }

  /** The slot is held from elsewhere, not by page tables. */
  isHeldElsewhere(slot: SlotIndex): boolean {
    return isPointer(this.#low(slot));
  }

  /** Slots that are held from elsewhere. */
  get pointerCount(): number {
    return this.#pointers;
  }

  // --- Words, written under the cluster's lock ---------------------------------------------------

  /** Puts a folio where a shadow stood, and returns the shadow. */
  insertFolio(slot: SlotIndex, frame: PageFrame): Shadow {
    this.area.clusters.assertHeld(clusterOf(slot));
    const shadow = this.shadow(slot);
    const cgroup = this.#parts.layout.cgroup === 'word' ? this.#cgroup(slot) : 0;
    this.#engine.count(EV.tableWrite);
    this.#put(slot, folioLow(frame), withCgroup(keptOf(this.#high(slot)), cgroup));
    return shadow;
  }

  /** Puts a shadow where the folio stood and returns the folio; without references it is freed. */
  removeFolio(slot: SlotIndex, shadow: Shadow): PageFrame {
    const low = this.#low(slot);
    const frame = folioOf(low);
    assert(frame !== NO_FRAME, 'only a cached folio leaves the cache');
    this.#engine.count(EV.tableWrite);
    if (this.count(slot) === 0) {
      this.free(slot);
      return frame;
    }
    const high = keptOf(this.#high(slot));
    if (shadow !== NO_SHADOW) this.#put(slot, shadowLow(shadow), high | shadowHigh(shadow));
    else this.#put(slot, placeholderLow(this.#wordCgroup(slot)), asPlaceholder(high));
    return frame;
  }

  /** One reference more; ENOMEM when its cluster's extend table cannot be had. */
  increment(slot: SlotIndex): Outcome {
    this.area.clusters.assertHeld(clusterOf(slot));
    const high = this.#high(slot);
    const count = countOf(high);
    const cluster = clusterOf(slot);
    if (count === COUNT_EXTENDED) {
      this.#extendTables[cluster]![slot & 511]! += 1;
    } else if (count + 1 < COUNT_EXTENDED) {
      this.#put(slot, this.#low(slot), withCount(high, count + 1));
    } else {
      if (!this.#extended.has(cluster)) {
        if (this.#engine.allocationFails('extend_table')) return 'ENOMEM';
        this.#engine.count(EV.extendTableAlloc);
        this.#extendTables[cluster] = new Uint32Array(SWAPFILE_CLUSTER);
        this.#extended.set(cluster, 0);
      }
      this.#extended.set(cluster, this.#extended.get(cluster)! + 1);
      this.#extendTables[cluster]![slot & 511] = COUNT_EXTENDED;
      this.#put(slot, this.#low(slot), withCount(high, COUNT_EXTENDED));
    }
    this.#engine.count(EV.tableWrite);
    return 'ok';
  }

  /** One reference less; a slot with neither references nor a folio is freed. */
  decrement(slot: SlotIndex): void {
    const high = this.#high(slot);
    const count = countOf(high);
    const cluster = clusterOf(slot);
    assert(this.count(slot) > 0, 'a reference is dropped once');
    this.#engine.count(EV.tableWrite);
    if (count === COUNT_EXTENDED) {
      const table = this.#extendTables[cluster]!;
      table[slot & 511]! -= 1;
      if (table[slot & 511]! >= COUNT_EXTENDED) return;
      table[slot & 511] = 0;
      this.#put(slot, this.#low(slot), withCount(high, COUNT_EXTENDED - 1));
      const left = this.#extended.get(cluster)! - 1;
      if (left > 0) {
        this.#extended.set(cluster, left);
      } else {
        this.#extended.delete(cluster);
        this.#extendTables[cluster] = undefined;
      }
      return;
    }
    this.#put(slot, this.#low(slot), withCount(high, count - 1));
    if (count === 1 && folioOf(this.#low(slot)) === NO_FRAME) this.free(slot);
  }

  setZero(slot: SlotIndex, isZero: boolean): void {
    this.#engine.count(this.#zeromap === null ? EV.tableWrite : EV.zeromapWrite);
    if (this.peekZero(slot) === isZero) return;
    this.#zeroCount += isZero ? 1 : -1;
    if (this.#zeromap === null)
      this.#put(slot, this.#low(slot), withZero(this.#high(slot), isZero));
    else this.#zeromap[slot >>> 3]! ^= 1 << (slot & 7);
  }

  /** Slots that hold a page of zeros. */
  get zeroCount(): number {
    return this.#zeroCount;
  }

  setCgroup(slot: SlotIndex, cgroup: number): void {
    this.#engine.count(EV.cgroupWrite);
    if (this.#cgroups !== null) {
      this.#cgroups[slot] = cgroup;
    } else if (this.#parts.layout.cgroup === 'table') {
      if (this.#cgroupTables[slot >>> 9] === undefined) this.#openCgroups(clusterOf(slot));
      this.#cgroupTables[slot >>> 9]![slot & 511] = cgroup;
    } else {
      const low = this.#low(slot);
      assert(folioOf(low) !== NO_FRAME, 'a cgroup is noted while the folio is there');
      this.#put(slot, low, withCgroup(this.#high(slot), cgroup));
    }
  }

  /** Says whether the virtual entry behind a slot is kept by the cache alone. */
  setCacheOnly(slot: SlotIndex, isCacheOnly: boolean): void {
    const low = this.#low(slot);
    assert(isPointer(low), 'only a pointer says so');
    this.#engine.count(EV.tableWrite);
    this.#put(slot, withCacheOnly(low, isCacheOnly), this.#high(slot));
  }

  /** Frees a slot that nothing holds; its cluster's lock is held. */
  free(slot: SlotIndex): void {
    const low = this.#low(slot);
    if (isPointer(low)) this.#pointers -= 1;
    else {
      this.#parts.onFree(slot, this.#cgroup(slot));
      this.#clearCgroup(slot);
    }
    if (this.peekZero(slot)) {
      this.#zeroCount -= 1;
      if (this.#zeromap !== null) {
        this.#engine.count(EV.zeromapWrite);
        this.#zeromap[slot >>> 3]! ^= 1 << (slot & 7);
      }
    }
    this.#engine.count(EV.tableWrite);
    this.#put(slot, 0, 0);
    this.area.release(slot);
  }

  metadata(): MetadataTerm[] {
    const { usablePages, inUse } = this.area;
    const terms: MetadataTerm[] = [
      { term: 'swap_table', kind: 'dynamic', bytes: this.#live * PAGE_SIZE, units: inUse },
      {
        term: 'extend_table',
        kind: 'dynamic',
        bytes: this.#extended.size * EXTEND_TABLE_BYTES,
        units: this.#extended.size,
      },
    ];
    if (this.#zeromap !== null) {
      const bytes = this.#zeromap.length;
      terms.push({ term: 'zeromap', kind: 'static', bytes, units: usablePages });
    }
    if (this.#cgroups !== null) {
      const bytes = pageAlign(this.#cgroups.byteLength);
      terms.push({ term: 'swap_cgroup', kind: 'static', bytes, units: usablePages });
    }
    if (this.#parts.layout.cgroup === 'table') {
      const bytes = this.#liveCgroupTables * CGROUP_TABLE_BYTES;
      terms.push({ term: 'memcg_table', kind: 'dynamic', bytes, units: inUse - this.#pointers });
    }
    return terms;
  }

  checkInvariants(): void {
    const { clusters, maxPages, supply } = this.area;
    let pointers = 0;
    for (let index = 0; index < clusters.clusterCount; index++) {
      const cluster = index as ClusterIndex;
      const hasTable = this.#tables[index] !== undefined;
      const isInUse = supply.exists(cluster) && clusters.list(cluster) !== ClusterList.free;
      assert(hasTable === isInUse, 'tables exist for clusters in use and only for them');
      const end = Math.min((index + 1) * SWAPFILE_CLUSTER, maxPages);
      for (let at = index * SWAPFILE_CLUSTER; hasTable && at < end; at++) {
        const slot = at as SlotIndex;
        const low = this.#low(slot);
        if (isPointer(low)) pointers += 1;
        if (isShadow(low)) assert(this.count(slot) > 0, 'a shadow without references is freed');
        if (low === 0) assert(this.#high(slot) === 0, 'a free slot has no flags left');
      }
    }
    assert(pointers === this.#pointers, 'pointers are counted right');
  }

  /** Cgroup as it stands in the word, for revisions that keep it there. */
  #wordCgroup(slot: SlotIndex): number {
    return this.#parts.layout.cgroup === 'word' ? this.#cgroup(slot) : 0;
  }

  #cgroup(slot: SlotIndex): number {
    if (this.#cgroups !== null) return this.#cgroups[slot]!;
    if (this.#parts.layout.cgroup === 'table')
      return this.#cgroupTables[slot >>> 9]?.[slot & 511] ?? 0;
    return cgroupOf(this.#low(slot), this.#high(slot));
  }

  #clearCgroup(slot: SlotIndex): void {
    if (this.#cgroups !== null) this.#cgroups[slot] = 0;
    const table = this.#cgroupTables[slot >>> 9];
    if (table !== undefined) table[slot & 511] = 0;
  }

  #openCgroups(cluster: ClusterIndex): void {
    this.#engine.count(EV.tableAlloc);
    this.#cgroupTables[cluster] = new Uint16Array(SWAPFILE_CLUSTER);
    this.#liveCgroupTables += 1;
  }

  #low(slot: SlotIndex): number {
    return this.#tables[slot >>> 9]?.[(slot & 511) << 1] ?? 0;
  }

  #high(slot: SlotIndex): number {
    return this.#tables[slot >>> 9]?.[((slot & 511) << 1) + 1] ?? 0;
  }

  #put(slot: SlotIndex, low: number, high: number): void {
    const table = this.#tables[slot >>> 9];
    assert(table !== undefined, 'a slot in use has a table');
    const at = (slot & 511) << 1;
    table[at] = low;
    table[at + 1] = high;
  }
}

function say(low: number): string {
  const frame = folioOf(low);
  if (frame !== NO_FRAME) return `frame ${frame}`;
  if (low === 0) return 'nothing';
  return isShadow(low) ? 'a shadow' : 'held from elsewhere';
}
