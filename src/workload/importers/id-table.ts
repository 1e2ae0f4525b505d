/**
 * Numbers the 64-bit identifiers of a trace in the order of their first appearance: open addressing
 * over two 32-bit halves, so that identifiers beyond 2^53 are told apart without a BigInt each.
 */
import { RunError } from '../../units/index.ts';

/** Words of a place in the table: low half, high half, ordinal + 1 (0: free), unused. */
const STRIDE = 4;
const PLACES_FIRST = 1 << 12;
/** Places that a table may have: 4 GiB of them. assumed */
const PLACES_MAX = 1 << 28;

export class IdTable {
  #words = new Uint32Array(PLACES_FIRST * STRIDE);
  #mask = PLACES_FIRST - 1;
  #count = 0;

  /** How many different identifiers came: the ordinal that the next new one gets. */
  get count(): number {
    return this.#count;
  }

  /**
   * The ordinal of an identifier; one that is new gets the value of `count` before the call.
   * @param low - its lower 32 bits, unsigned
   * @param high - its upper 32 bits, unsigned
   */
  ordinal(low: number, high: number): number {
    const words = this.#words;
    let place = hash(low, high) & this.#mask;
    for (;;) {
      const at = place * STRIDE;
      const ordinal = words[at + 2]!;
      if (ordinal === 0) break;
      if (words[at] === low && words[at + 1] === high) return ordinal - 1;
      place = (place + 1) & this.#mask;
    }
    const at = place * STRIDE;
    words[at] = low;
    words[at + 1] = high;
    this.#count += 1;
    words[at + 2] = this.#count;
    if (this.#count * 2 > this.#mask) this.#grow();
    return this.#count - 1;
  }

  #grow(): void {
    const places = (this.#mask + 1) * 2;
    if (places > PLACES_MAX)
      throw new RunError(`the trace has more than ${PLACES_MAX / 2} objects or pages`);
    const old = this.#words;
    const words = new Uint32Array(places * STRIDE);
    const mask = places - 1;
    for (let from = 0; from < old.length; from += STRIDE) {
      if (old[from + 2] === 0) continue;
      let place = hash(old[from]!, old[from + 1]!) & mask;
      while (words[place * STRIDE + 2] !== 0) place = (place + 1) & mask;
      words[place * STRIDE] = old[from]!;
      words[place * STRIDE + 1] = old[from + 1]!;
      words[place * STRIDE + 2] = old[from + 2]!;
    }
    this.#words = words;
    this.#mask = mask;
  }
}

/** The finalizer of MurmurHash3 over both halves. @source Austin Appleby, MurmurHash3.cpp, fmix32 */
function hash(low: number, high: number): number {
  let h = low ^ Math.imul(high, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
