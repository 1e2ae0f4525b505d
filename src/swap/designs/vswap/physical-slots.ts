/**
 * The slots of an area behind virtual ones: two bitmaps say which are taken and which are bad, and
 * the clusters' swap tables are used to point back to the virtual slot.
 * Kernel counterpart: the physical side of mm/swapfile.c in Virtual Swap Space v3 to v6.
 *
 * A word that points back is 8 bytes, of which we need 32 bits: virtual slot << 1 | cache-only. The
 * last bit is v6's; before, the allocator asks the virtual side.
 */
import { EV, type Engine } from '../../../engine/index.ts';
import { ClusterList, type SlotArea, type SlotOwner } from '../../../slots/index.ts';
import {
  assert,
  clusterOf,
  NO_SLOT,
  PAGE_SIZE,
  SWAPFILE_CLUSTER,
  type ClusterIndex,
  type SlotIndex,
} from '../../../units/index.ts';
import type { MetadataTerm } from '../../swap-design.ts';

/** What the allocator asks about the virtual slot behind a slot. */
export interface VirtualSide {
  isCacheOnly(virtual: SlotIndex): boolean;
  reclaimCached(virtual: SlotIndex): boolean;
}

export class PhysicalSlots implements SlotOwner {
  readonly area: SlotArea;
  readonly #engine: Engine;
  readonly #side: VirtualSide;
  /** The word itself says whether the cache alone keeps the slot (v6). */
  readonly #hasBit: boolean;
  readonly #allocated: Uint8Array;
  readonly #bad: Uint8Array;
  readonly #reverse: (Uint32Array | undefined)[] = [];
  readonly #spare: Uint32Array[] = [];
  #live = 0;
  #incoming: SlotIndex = NO_SLOT;

  constructor(area: SlotArea, engine: Engine, side: VirtualSide, hasBit: boolean) {
    this.area = area;
    this.#engine = engine;
    this.#side = side;
    this.#hasBit = hasBit;
    const bytes = Math.ceil(area.maxPages / 64) * 8;
    this.#allocated = new Uint8Array(bytes);
    this.#bad = new Uint8Array(bytes);
    for (const slot of area.unusable) setBit(this.#bad, slot, true);
  }

  isFree(slot: SlotIndex): boolean {
    return !hasBit(this.#allocated, slot) && !hasBit(this.#bad, slot);
  }

  isCacheOnly(slot: SlotIndex): boolean {
    if (!hasBit(this.#allocated, slot)) return false;
    this.#engine.count(EV.tableRead);
    const word = this.#word(slot);
    return this.#hasBit ? (word & 1) === 1 : this.#side.isCacheOnly((word >>> 1) as SlotIndex);
  }

  /** The next slot that is claimed is this virtual one's. */
  expect(virtual: SlotIndex): void {
    this.#incoming = virtual;
  }

  claim(slot: SlotIndex): void {
    this.#engine.count(EV.tableWrite);
    setBit(this.#allocated, slot, true);
    this.#put(slot, this.#incoming * 2);
  }

  openCluster(cluster: ClusterIndex): boolean {
    if (this.#engine.allocationFails('swap_table')) return false;
    this.#engine.count(EV.tableAlloc);
    this.#reverse[cluster] = this.#spare.pop() ?? new Uint32Array(SWAPFILE_CLUSTER);
    this.#live += 1;
    return true;
  }

  closeCluster(cluster: ClusterIndex): void {
    const table = this.#reverse[cluster];
    assert(table !== undefined, 'only a table that is there is freed');
    this.#engine.count(EV.tableFree);
    this.#reverse[cluster] = undefined;
    this.#spare.push(table);
    this.#live -= 1;
  }

  reclaimCached(slot: SlotIndex): boolean {
    return this.#side.reclaimCached((this.#word(slot) >>> 1) as SlotIndex);
  }

  /** The virtual slot whose bytes are in a slot, or NO_SLOT. */
  owner(slot: SlotIndex): SlotIndex {
    this.#engine.count(EV.tableRead);
    return this.peekOwner(slot);
  }

  /** As `owner`, uncounted. */
  peekOwner(slot: SlotIndex): SlotIndex {
    return (hasBit(this.#allocated, slot) ? this.#word(slot) >>> 1 : NO_SLOT) as SlotIndex;
  }

  /** What the word says of the cache alone keeping the slot, uncounted; null where it says nothing. */
  peekCacheOnly(slot: SlotIndex): boolean | null {
    return this.#hasBit ? (this.#word(slot) & 1) === 1 : null;
  }

  /** The slot's cluster is in use. */
  hasTable(slot: SlotIndex): boolean {
    return this.#reverse[clusterOf(slot)] !== undefined;
  }

  setCacheOnly(slot: SlotIndex, isCacheOnly: boolean): void {
    if (!this.#hasBit) return;
    this.#engine.count(EV.tableWrite);
    this.#put(slot, (this.#word(slot) & ~1) | (isCacheOnly ? 1 : 0));
  }

  /** Gives slots of one cluster back that follow each other, in one hold of its lock. */
  release(first: SlotIndex, count: number): void {
    this.area.lock(first);
    for (let slot = first; slot < first + count; slot++) {
      assert(hasBit(this.#allocated, slot), 'a slot is given back once');
      this.#engine.count(EV.tableWrite);
      setBit(this.#allocated, slot, false);
      this.#put(slot, 0);
      this.area.release(slot);
    }
    this.area.unlock(first);
  }

  metadata(): MetadataTerm[] {
    const { usablePages, inUse } = this.area;
    const { length } = this.#allocated;
    return [
      { term: 'allocated_bitmap', kind: 'static', bytes: length, units: usablePages },
      { term: 'bad_bitmap', kind: 'static', bytes: length, units: usablePages },
      { term: 'reverse_map', kind: 'dynamic', bytes: this.#live * PAGE_SIZE, units: inUse },
    ];
  }

  checkInvariants(): void {
    const { clusters } = this.area;
    for (let index = 0; index < clusters.clusterCount; index++)
      assert(
        (this.#reverse[index] !== undefined) ===
          (clusters.list(index as ClusterIndex) !== ClusterList.free),
        'reverse maps exist for clusters in use and only for them',
      );
  }

  #word(slot: SlotIndex): number {
    return this.#reverse[slot >>> 9]![slot & 511]!;
  }

  #put(slot: SlotIndex, word: number): void {
    const table = this.#reverse[slot >>> 9];
    assert(table !== undefined, 'a slot in use has a table');
    table[slot & 511] = word;
  }
}

function hasBit(bits: Uint8Array, slot: number): boolean {
  return (bits[slot >>> 3]! & (1 << (slot & 7))) !== 0;
}

function setBit(bits: Uint8Array, slot: number, value: boolean): void {
  if (value) bits[slot >>> 3]! |= 1 << (slot & 7);
  else bits[slot >>> 3]! &= ~(1 << (slot & 7));
}
