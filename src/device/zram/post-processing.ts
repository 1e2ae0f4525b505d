/**
 * The slots that a writeback or a recompression works off: largest objects first.
 *
 * Kernel counterpart: struct zram_pp_ctl, place_pp_slot and select_pp_slot
 * (drivers/block/zram/zram_drv.c, linux 6.18).
 */
import { grown, PAGE_SIZE } from '../../units/index.ts';
import { ZRAM, type ZramSlotTable } from './slot-table.ts';

/** @source linux 6.18 drivers/block/zram/zram_drv.c PP_BUCKET_SIZE_RANGE, NUM_PP_BUCKETS */
const BUCKET_BYTES = 64;
const BUCKETS = PAGE_SIZE / BUCKET_BYTES + 1;

/** No slot. */
export const NO_SLOT_LEFT = -1;

export class PostProcessing {
  readonly #slots: ZramSlotTable;
  /** As placed. */
  #placed = new Uint32Array(64);
  #count = 0;
  readonly #bucketCounts = new Uint32Array(BUCKETS);
  /** In the order of work; made when the first is asked for. */
  #ordered: Uint32Array | null = null;
  #next = 0;

  constructor(slots: ZramSlotTable) {
    this.#slots = slots;
  }

  get isEmpty(): boolean {
    return this.#next === this.#count;
  }

  /** Picks a slot; one that is picked already stays so. */
  place(slot: number): void {
    if (this.#slots.has(slot, ZRAM.PP_SLOT)) return;
    this.#slots.mark(slot, ZRAM.PP_SLOT);
    if (this.#count === this.#placed.length) this.#placed = grown(this.#placed, this.#count * 2);
    this.#placed[this.#count] = slot;
    this.#count += 1;
    this.#bucketCounts[this.#bucketOf(slot)]! += 1;
  }

  /** The next slot; one that was accessed or freed since it was picked has lost its PP_SLOT flag. */
  take(): number {
    if (this.isEmpty) return NO_SLOT_LEFT;
    this.#ordered ??= this.#order();
    const slot = this.#ordered[this.#next]!;
    this.#next += 1;
    return slot;
  }

  /** Lets go of all slots that were not taken. */
  release(): void {
    for (let slot = this.take(); slot !== NO_SLOT_LEFT; slot = this.take())
      this.#slots.clear(slot, ZRAM.PP_SLOT);
  }

  /** Buckets from the largest down; in a bucket what was placed last comes first, as in a list. */
  #order(): Uint32Array {
    const ends = new Uint32Array(BUCKETS);
    let end = 0;
    for (let bucket = BUCKETS - 1; bucket >= 0; bucket--) {
      end += this.#bucketCounts[bucket]!;
      ends[bucket] = end;
    }
    const ordered = new Uint32Array(this.#count);
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#placed[i]!;
      const bucket = this.#bucketOf(slot);
      ends[bucket]! -= 1;
      ordered[ends[bucket]!] = slot;
    }
    return ordered;
  }

  #bucketOf(slot: number): number {
    return Math.floor(this.#slots.length(slot) / BUCKET_BYTES);
  }
}
