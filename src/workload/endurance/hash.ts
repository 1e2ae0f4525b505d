/** Mixing of whole numbers into one word, for draws that depend on nothing else. */

/** @source splitmix32-like finalizer of MurmurHash3 (fmix32, Austin Appleby) */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A word of three whole numbers, each taken modulo 2^32. */
export function hash3(a: number, b: number, c: number): number {
  return mix32(mix32(mix32(a) ^ (b | 0)) ^ (c | 0));
}
