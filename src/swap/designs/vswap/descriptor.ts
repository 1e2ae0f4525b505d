/** Typed access to the six words of a descriptor (layout: `virtual-clusters.ts`). */
import { NO_FRAME, type PageFrame } from '../../../units/index.ts';
import { NO_SHADOW, type Shadow } from '../../swap-design.ts';

/** Where a page's bytes are: the two bits of the type. */
export const PLACE = { slot: 0, zswap: 1, zero: 2, folio: 3 } as const;

const TYPE_SHIFT = 17;
const IN_SWAP_CACHE = 1 << 16;
const CGROUP_MASK = 0xffff;
const SHADOW_RANGE = 2 ** 32;

export function typeOf(words: Uint32Array, at = 0): number {
  return (words[at + 5]! >>> TYPE_SHIFT) & 3;
}

/** Swap type and slot of an area, or zswap entry, by the type. */
export function placeOf(words: Uint32Array, at = 0): number {
  return words[at]!;
}

export function setPlace(words: Uint32Array, at: number, type: number, place: number): void {
  words[at] = place;
  words[at + 5] = (words[at + 5]! & ~(3 << TYPE_SHIFT)) | (type << TYPE_SHIFT);
}

export function folioOf(words: Uint32Array, at = 0): PageFrame {
  return ((words[at + 5]! & IN_SWAP_CACHE) !== 0 ? words[at + 2]! : NO_FRAME) as PageFrame;
}

export function setFolio(words: Uint32Array, at: number, frame: PageFrame): void {
  words[at + 2] = frame;
  words[at + 3] = 0;
  words[at + 5]! |= IN_SWAP_CACHE;
}

export function shadowOf(words: Uint32Array, at = 0): Shadow {
  if ((words[at + 5]! & IN_SWAP_CACHE) !== 0) return NO_SHADOW;
  return words[at + 3]! * SHADOW_RANGE + words[at + 2]!;
}

export function setShadow(words: Uint32Array, at: number, shadow: Shadow): void {
  const high = Math.floor(shadow / SHADOW_RANGE);
  words[at + 2] = shadow - high * SHADOW_RANGE;
  words[at + 3] = high;
  words[at + 5]! &= ~IN_SWAP_CACHE;
}

export function countOf(words: Uint32Array, at = 0): number {
  return words[at + 4]!;
}

export function setCount(words: Uint32Array, at: number, count: number): void {
  words[at + 4] = count;
}

export function cgroupOf(words: Uint32Array, at = 0): number {
  return words[at + 5]! & CGROUP_MASK;
}

export function setCgroup(words: Uint32Array, at: number, cgroup: number): void {
  words[at + 5] = (words[at + 5]! & ~CGROUP_MASK) | cgroup;
}
