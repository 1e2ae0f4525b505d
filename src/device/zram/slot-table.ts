/**
 * The table of a zram device: a row for each page of the disk.
 *
 * Kernel counterpart: struct zram_table_entry and enum zram_pageflags (drivers/block/zram/zram_drv.h,
 * linux 6.18). What the handle is depends on the flags:
 *
 * | flags    | low                     | high                 | length                            |
 * |----------|-------------------------|----------------------|-----------------------------------|
 * | none set | pool handle, 0: nothing | 0                    | of the object                     |
 * | SAME     | low half of the word    | high half of it      | 0                                 |
 * | WB       | block of the backing    | 0                    | of the object there; 0: plain page|
 */
import { assert } from '../../units/index.ts';

/** Bits of a row's flags, by the kernel's names; the two above are the compressor's priority. */
export const ZRAM = {
  /** One 8-byte word over and over: no object. */
  SAME: 1,
  /** On the backing device. */
  WB: 2,
  /** Picked for writeback or recompression, and neither accessed nor freed since. */
  PP_SLOT: 4,
  /** Kept as it is: a whole page. */
  HUGE: 8,
  /** Not accessed since it was marked. */
  IDLE: 16,
  /** No compressor makes it smaller. */
  INCOMPRESSIBLE: 32,
} as const;

const PRIORITY_SHIFT = 6;
const FLAGS = (1 << PRIORITY_SHIFT) - 1;

export class ZramSlotTable {
  readonly count: number;
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  readonly #length: Uint16Array;
  readonly #flags: Uint8Array;
  /** Number of the device's access at which the slot was accessed last; 0 is never. */
  readonly #accessed: Float64Array;

  constructor(count: number) {
    this.count = count;
    this.#low = new Uint32Array(count);
    this.#high = new Uint32Array(count);
    this.#length = new Uint16Array(count);
    this.#flags = new Uint8Array(count);
    this.#accessed = new Float64Array(count);
  }

  /** True where the slot holds a page, wherever that is. */
  isAllocated(slot: number): boolean {
    return this.#low[slot] !== 0 || (this.#flags[slot]! & (ZRAM.SAME | ZRAM.WB)) !== 0;
  }

  /** True when all of these flags are set. */
  has(slot: number, flags: number): boolean {
    return (this.#flags[slot]! & flags) === flags;
  }

  /** True when one of these flags is set. */
  hasAny(slot: number, flags: number): boolean {
    return (this.#flags[slot]! & flags) !== 0;
  }

  mark(slot: number, flags: number): void {
    this.#flags[slot]! |= flags;
  }

  clear(slot: number, flags: number): void {
    this.#flags[slot]! &= ~flags;
  }

  /** The pool handle, the block, or the low half of the word. */
  low(slot: number): number {
    return this.#low[slot]!;
  }

  high(slot: number): number {
    return this.#high[slot]!;
  }

  length(slot: number): number {
    return this.#length[slot]!;
  }

  /** Which compressor made the object: 0 is the primary one. */
  priority(slot: number): number {
    return this.#flags[slot]! >>> PRIORITY_SHIFT;
  }

  accessed(slot: number): number {
    return this.#accessed[slot]!;
  }

  setAccessed(slot: number, access: number): void {
    this.#accessed[slot] = access;
  }

  /** Fills an empty row with a repeated word. */
  putSame(slot: number, low: number, high: number): void {
    assert(!this.isAllocated(slot), 'a row is filled when it is empty');
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#flags[slot] = ZRAM.SAME;
  }

  /** Fills an empty row with an object of the pool, or with a block of the backing device. */
  put(slot: number, handle: number, length: number, flags: number, priority: number): void {
    assert(!this.isAllocated(slot), 'a row is filled when it is empty');
    assert((flags & ~FLAGS) === 0, 'flags leave the priority alone');
    this.#low[slot] = handle;
    this.#length[slot] = length;
    this.#flags[slot] = flags | (priority << PRIORITY_SHIFT);
  }

  /** Empties a row; what it named is the caller's to give back. */
  erase(slot: number): void {
    this.#low[slot] = 0;
    this.#high[slot] = 0;
    this.#length[slot] = 0;
    this.#flags[slot] = 0;
    this.#accessed[slot] = 0;
  }
}
