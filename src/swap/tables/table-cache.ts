/**
 * The swap cache of one area as swap tables: for each cluster in use a page of 512 words.
 * Kernel counterpart: mm/swap_table.h, linux 6.18 (phase I).
 *
 * A word is two 32-bit halves here (low, high):
 *
 *   NULL    0                                   0
 *   shadow  low 31 bits of the shadow << 1 | 1  the bits above
 *   folio   page frame << 2 | 2                 0
 *
 * The kernel has a pointer where we have the frame number; the low bit tells a shadow in both.
 */
import { EV, type Engine } from '../../engine/index.ts';
import { ClusterList, type SlotArea } from '../../slots/index.ts';
import {
  assert,
  clusterOf,
  NO_FRAME,
  PAGE_SIZE,
  SWAPFILE_CLUSTER,
  type ClusterIndex,
  type PageFrame,
  type SlotIndex,
} from '../../units/index.ts';
import { NO_SHADOW, type MetadataTerm, type Shadow } from '../swap-design.ts';
import type { SlotCache } from './map-area.ts';
import type { SwapMap } from './swap-map.ts';

const SHADOW_LOW_RANGE = 2 ** 31;
const WORDS = SWAPFILE_CLUSTER * 2;

export class TableCache implements SlotCache {
  readonly #area: SlotArea;
  readonly #engine: Engine;
  readonly #tables: (Uint32Array | undefined)[];
  /** Tables that were given back; kept so that a busy cluster allocates nothing. */
  readonly #spare: Uint32Array[] = [];
  #live = 0;

  constructor(area: SlotArea, engine: Engine) {
    this.#area = area;
    this.#engine = engine;
    this.#tables = new Array<undefined>(area.clusters.clusterCount).fill(undefined);
  }

  folio(slot: SlotIndex): PageFrame {
    this.#engine.count(EV.tableRead);
    const frame = this.#folio(slot);
    const { trace } = this.#engine;
    if (trace.isRecording)
      trace.hop('tableRead', `swap table of cluster ${clusterOf(slot)}`, this.#say(slot, frame));
    return frame;
  }

  shadow(slot: SlotIndex): Shadow {
    const table = this.#tables[slot >>> 9];
    if (table === undefined) return NO_SHADOW;
    const at = (slot & 511) << 1;
    const low = table[at]!;
    return (low & 1) === 1 ? table[at + 1]! * SHADOW_LOW_RANGE + (low >>> 1) : NO_SHADOW;
  }

  reserve(_slot: SlotIndex): boolean {
    // The table came with the slot.
    return true;
  }

  enter(slot: SlotIndex, frame: PageFrame): void {
    this.#area.lock(slot);
    this.#engine.count(EV.tableWrite);
    this.#put(slot, ((frame << 2) | 2) >>> 0, 0);
    this.#area.unlock(slot);
  }

  leave(slot: SlotIndex, shadow: Shadow): PageFrame {
    const frame = this.#folio(slot);
    this.#area.lock(slot);
    this.#engine.count(EV.tableWrite);
    if (shadow === NO_SHADOW) {
      this.#put(slot, 0, 0);
    } else {
      const high = Math.floor(shadow / SHADOW_LOW_RANGE);
      this.#put(slot, (((shadow - high * SHADOW_LOW_RANGE) << 1) | 1) >>> 0, high);
    }
    this.#area.unlock(slot);
    return frame;
  }

  forget(slot: SlotIndex): void {
    if (this.shadow(slot) === NO_SHADOW) return;
    this.#engine.count(EV.tableWrite);
    this.#put(slot, 0, 0);
  }

  open(cluster: ClusterIndex): boolean {
    if (this.#engine.allocationFails('swap_table')) return false;
    assert(this.#tables[cluster] === undefined, 'a cluster has one table');
    this.#engine.count(EV.tableAlloc);
    this.#tables[cluster] = this.#spare.pop() ?? new Uint32Array(WORDS);
    this.#live += 1;
    return true;
  }

  close(cluster: ClusterIndex): void {
    const table = this.#tables[cluster];
    assert(table !== undefined, 'only a table that is there is freed');
    this.#engine.count(EV.tableFree);
    this.#tables[cluster] = undefined;
    this.#spare.push(table);
    this.#live -= 1;
  }

  metadata(inUse: number): MetadataTerm[] {
    return [{ term: 'swap_table', kind: 'dynamic', bytes: this.#live * PAGE_SIZE, units: inUse }];
  }

  checkInvariants(map: SwapMap): void {
    const { clusters, maxPages } = this.#area;
    for (let index = 0; index < clusters.clusterCount; index++)
      assert(
        (this.#tables[index] !== undefined) ===
          (clusters.list(index as ClusterIndex) !== ClusterList.free),
        'tables exist for clusters in use and only for them',
      );
    for (let index = 1; index < maxPages; index++) {
      const slot = index as SlotIndex;
      if (this.#tables[slot >>> 9] === undefined) continue;
      assert(map.hasCache(slot) === (this.#folio(slot) !== NO_FRAME), 'map and table agree');
      if (map.isFree(slot)) assert(this.shadow(slot) === NO_SHADOW, 'a free slot has no shadow');
    }
  }

  #folio(slot: SlotIndex): PageFrame {
    const table = this.#tables[slot >>> 9];
    if (table === undefined) return NO_FRAME;
    const low = table[(slot & 511) << 1]!;
    return (low & 3) === 2 ? ((low >>> 2) as PageFrame) : NO_FRAME;
  }

  #put(slot: SlotIndex, low: number, high: number): void {
    const table = this.#tables[slot >>> 9];
    assert(table !== undefined, 'a slot in use has a table');
    const at = (slot & 511) << 1;
    table[at] = low;
    table[at + 1] = high;
  }

  #say(slot: SlotIndex, frame: PageFrame): string {
    if (frame !== NO_FRAME) return `frame ${frame}`;
    return this.shadow(slot) === NO_SHADOW ? 'nothing' : 'a shadow';
  }
}
