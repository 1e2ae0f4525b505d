/**
 * The virtual tables: for each cluster of virtual slots 512 tagged words that say where a slot's
 * bytes are, beside the swap table that says everything else.
 * Kernel counterpart: virtual_table of struct swap_cluster_info_dynamic (Swap Table Edition of
 * Virtual Swap Space, RFC v2 of June 2026).
 *
 * A word, as two 32-bit halves here (tag, payload):
 *
 *   NONE   no bytes anywhere: the page is free, zeros (flag in the swap table) or a folio there
 *   PHYS   payload: swap type and slot of an area
 *   ZSWAP  payload: zswap entry
 */
import { EV, type Engine } from '../../../engine/index.ts';
import {
  assert,
  clusterOf,
  entrySlot,
  entryType,
  NO_ENTRY,
  PAGE_SIZE,
  SWAPFILE_CLUSTER,
  type ClusterIndex,
  type SlotIndex,
  type SwapEntry,
} from '../../../units/index.ts';

const NONE = 0;
const PHYS = 1;
const ZSWAP = 2;

export class VirtualTables {
  readonly #engine: Engine;
  readonly #tables: (Uint32Array | undefined)[] = [];
  readonly #spare: Uint32Array[] = [];
  #live = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** A cluster of virtual slots comes into being; false when there is no memory. */
  open(cluster: ClusterIndex): boolean {
    if (this.#engine.allocationFails('virtual_table')) return false;
    this.#engine.count(EV.tableAlloc);
    this.#tables[cluster] = this.#spare.pop() ?? new Uint32Array(SWAPFILE_CLUSTER * 2);
    this.#live += 1;
    return true;
  }

  close(cluster: ClusterIndex): void {
    const table = this.#tables[cluster];
    assert(table !== undefined, 'only a table that is there is freed');
    this.#engine.count(EV.tableFree);
    this.#tables[cluster] = undefined;
    this.#spare.push(table.fill(0));
    this.#live -= 1;
  }

  /** Slot of an area behind a virtual slot, or NO_ENTRY. */
  slot(slot: SlotIndex): SwapEntry {
    this.#engine.count(EV.tableRead);
    this.#noteHop(slot);
    return this.#has(slot, PHYS) ? (this.#payload(slot) as SwapEntry) : NO_ENTRY;
  }

  /** zswap entry behind a virtual slot, or 0. */
  zswapEntry(slot: SlotIndex): number {
    this.#engine.count(EV.tableRead);
    this.#noteHop(slot);
    return this.#has(slot, ZSWAP) ? this.#payload(slot) : 0;
  }

  setSlot(slot: SlotIndex, physical: SwapEntry): void {
    this.#put(slot, PHYS, physical);
  }

  setZswapEntry(slot: SlotIndex, zswapEntry: number): void {
    this.#put(slot, ZSWAP, zswapEntry);
  }

  clear(slot: SlotIndex): void {
    this.#put(slot, NONE, 0);
  }

  /** True when the slot has bytes in zswap or on an area; uncounted. */
  isBacked(slot: SlotIndex): boolean {
    return !this.#has(slot, NONE);
  }

  /** The slot of an area, uncounted: for checks, and for words that were just read. */
  peekSlot(slot: SlotIndex): SwapEntry {
    return this.#has(slot, PHYS) ? (this.#payload(slot) as SwapEntry) : NO_ENTRY;
  }

  get bytes(): number {
    return this.#live * PAGE_SIZE;
  }

  #has(slot: SlotIndex, tag: number): boolean {
    return (this.#tables[slot >>> 9]?.[(slot & 511) << 1] ?? NONE) === tag;
  }

  #payload(slot: SlotIndex): number {
    return this.#tables[slot >>> 9]![((slot & 511) << 1) + 1]!;
  }

  #put(slot: SlotIndex, tag: number, payload: number): void {
    const table = this.#tables[slot >>> 9];
    assert(table !== undefined, 'a virtual slot in use has a table');
    this.#engine.count(EV.tableWrite);
    const at = (slot & 511) << 1;
    table[at] = tag;
    table[at + 1] = payload;
  }

  #noteHop(slot: SlotIndex): void {
    const { trace } = this.#engine;
    if (!trace.isRecording) return;
    let to = 'NONE';
    if (this.#has(slot, ZSWAP)) to = `ZSWAP: zswap entry ${this.#payload(slot)}`;
    if (this.#has(slot, PHYS)) {
      const physical = this.#payload(slot) as SwapEntry;
      to = `PHYS: slot ${entrySlot(physical)} of area ${entryType(physical)}`;
    }
    trace.hop('tableRead', `virtual table of cluster ${clusterOf(slot)}`, to);
  }
}
