/**
 * swap_map: a byte of state for each slot.
 * Kernel counterpart: si->swap_map (linux 6.18 include/linux/swap.h, mm/swapfile.c).
 *
 *   7 6 5 4 3 2 1 0
 *   | | +---------+  count of page table references, 0 to 62; 63 is a bad slot
 *   | +------------  SWAP_HAS_CACHE: kept by the swap cache
 *   +--------------  COUNT_CONTINUED: more of the count in a continuation page
 *
 * Counts above 62 go on in continuation pages, one for each 4096 slots; simplified on purpose to a
 * number beside the map (the kernel keeps base-128 digits), with the pages counted as the kernel
 * allocates them: at the first overflow in a block, freed at swapoff.
 */
import { assert, PAGE_SIZE, type SlotIndex } from '../../units/index.ts';

const SWAP_MAP_MAX = 0x3e;
const SWAP_MAP_BAD = 0x3f;
const SWAP_HAS_CACHE = 0x40;
const COUNT_CONTINUED = 0x80;

export class SwapMap {
  readonly #map: Uint8Array;
  /** Count beyond 62, by slot; only slots that many processes share are here. */
  readonly #continued = new Map<number, number>();
  readonly #continuationPages = new Set<number>();

  constructor(maxPages: number, unusable: readonly number[]) {
    this.#map = new Uint8Array(maxPages);
    for (const slot of unusable) this.#map[slot] = SWAP_MAP_BAD;
  }

  isFree(slot: SlotIndex): boolean {
    return this.#map[slot] === 0;
  }

  isCacheOnly(slot: SlotIndex): boolean {
    return this.#map[slot] === SWAP_HAS_CACHE;
  }

  hasCache(slot: SlotIndex): boolean {
    return (this.#map[slot]! & SWAP_HAS_CACHE) !== 0 && this.#map[slot] !== SWAP_MAP_BAD;
  }

  setCache(slot: SlotIndex): void {
    assert((this.#map[slot]! & SWAP_HAS_CACHE) === 0, 'a slot is cached once');
    this.#map[slot]! |= SWAP_HAS_CACHE;
  }

  clearCache(slot: SlotIndex): void {
    assert((this.#map[slot]! & SWAP_HAS_CACHE) !== 0, 'a slot leaves the cache once');
    this.#map[slot]! &= ~SWAP_HAS_CACHE;
  }

  /** References from page tables. */
  count(slot: SlotIndex): number {
    const value = this.#map[slot]!;
    if (value === SWAP_MAP_BAD) return 0;
    const low = value & SWAP_MAP_BAD;
    return (value & COUNT_CONTINUED) === 0 ? low : low + (this.#continued.get(slot) ?? 0);
  }

  /** True when one more reference needs a continuation page that is not there. */
  needsContinuation(slot: SlotIndex): boolean {
    return (
      (this.#map[slot]! & SWAP_MAP_BAD) >= SWAP_MAP_MAX &&
      !this.#continuationPages.has(Math.floor(slot / PAGE_SIZE))
    );
  }

  increment(slot: SlotIndex): void {
    const value = this.#map[slot]!;
    assert(value !== SWAP_MAP_BAD, 'a bad slot has no references');
    if ((value & SWAP_MAP_BAD) < SWAP_MAP_MAX) {
      this.#map[slot] = value + 1;
      return;
    }
    this.#map[slot]! |= COUNT_CONTINUED;
    this.#continued.set(slot, (this.#continued.get(slot) ?? 0) + 1);
    this.#continuationPages.add(Math.floor(slot / PAGE_SIZE));
  }

  decrement(slot: SlotIndex): void {
    const value = this.#map[slot]!;
    assert(value !== SWAP_MAP_BAD && (value & SWAP_MAP_BAD) > 0, 'a reference is dropped once');
    if ((value & COUNT_CONTINUED) === 0) {
      this.#map[slot] = value - 1;
      return;
    }
    const left = this.#continued.get(slot)! - 1;
    if (left > 0) {
      this.#continued.set(slot, left);
      return;
    }
    this.#continued.delete(slot);
    this.#map[slot] = value & ~COUNT_CONTINUED;
  }

  /** Bytes of the vmalloc'ed map. */
  get mapBytes(): number {
    return Math.ceil(this.#map.length / PAGE_SIZE) * PAGE_SIZE;
  }

  get continuationBytes(): number {
    return this.#continuationPages.size * PAGE_SIZE;
  }
}
