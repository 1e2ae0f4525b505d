/**
 * The swap tables of one area: for each cluster in use a table of 512 words of 8 bytes.
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
import {
  assert,
  NO_FRAME,
  PAGE_SIZE,
  SWAPFILE_CLUSTER,
  type ClusterIndex,
  type PageFrame,
  type SlotIndex,
} from '../../../units/index.ts';
import { NO_SHADOW, type Shadow } from '../../swap-design.ts';

const SHADOW_LOW_RANGE = 2 ** 31;
const WORDS = SWAPFILE_CLUSTER * 2;

export class ClusterTables {
  readonly #tables: (Uint32Array | undefined)[];
  /** Tables that were given back; kept so that a busy cluster allocates nothing. */
  readonly #spare: Uint32Array[] = [];
  #live = 0;

  constructor(clusterCount: number) {
    this.#tables = new Array<undefined>(clusterCount).fill(undefined);
  }

  open(cluster: ClusterIndex): void {
    assert(this.#tables[cluster] === undefined, 'a cluster has one table');
    this.#tables[cluster] = this.#spare.pop() ?? new Uint32Array(WORDS);
    this.#live += 1;
  }

  close(cluster: ClusterIndex): void {
    const table = this.#tables[cluster];
    assert(table !== undefined, 'only a table that is there is freed');
    this.#tables[cluster] = undefined;
    this.#spare.push(table);
    this.#live -= 1;
  }

  /** The folio at a slot; NO_FRAME for a shadow, nothing, or no table. */
  folio(slot: SlotIndex): PageFrame {
    const table = this.#tables[slot >>> 9];
    if (table === undefined) return NO_FRAME;
    const low = table[(slot & 511) << 1]!;
    return (low & 3) === 2 ? ((low >>> 2) as PageFrame) : NO_FRAME;
  }

  /** The shadow at a slot; 0 when there is none. */
  shadow(slot: SlotIndex): Shadow {
    const table = this.#tables[slot >>> 9];
    if (table === undefined) return NO_SHADOW;
    const at = (slot & 511) << 1;
    const low = table[at]!;
    return (low & 1) === 1 ? table[at + 1]! * SHADOW_LOW_RANGE + (low >>> 1) : NO_SHADOW;
  }

  setFolio(slot: SlotIndex, frame: PageFrame): void {
    const at = (slot & 511) << 1;
    const table = this.#table(slot);
    table[at] = ((frame << 2) | 2) >>> 0;
    table[at + 1] = 0;
  }

  setShadow(slot: SlotIndex, shadow: Shadow): void {
    const at = (slot & 511) << 1;
    const table = this.#table(slot);
    if (shadow === NO_SHADOW) {
      table[at] = 0;
      table[at + 1] = 0;
      return;
    }
    const high = Math.floor(shadow / SHADOW_LOW_RANGE);
    table[at] = (((shadow - high * SHADOW_LOW_RANGE) << 1) | 1) >>> 0;
    table[at + 1] = high;
  }

  /** Bytes of the tables that are allocated: a page each. */
  get tableBytes(): number {
    return this.#live * PAGE_SIZE;
  }

  hasTable(cluster: ClusterIndex): boolean {
    return this.#tables[cluster] !== undefined;
  }

  #table(slot: SlotIndex): Uint32Array {
    const table = this.#tables[slot >>> 9];
    assert(table !== undefined, 'a slot in use has a table');
    return table;
  }
}
