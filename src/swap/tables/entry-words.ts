/**
 * The words of a swap table from phase III on: folio or shadow, with the count and the flags in the
 * top bits.
 * Kernel counterpart: mm/swap_table.h, phases III and IV, and the Pointer entries of the Swap Table
 * Edition of Virtual Swap Space.
 *
 * A word is two 32-bit halves here. High half, from the top: count (4 bits), zero flag (1),
 * placeholder (1), then the type's own; low half by type:
 *
 *   NULL     0                                 high 0
 *   shadow   low 31 bits of the shadow << 1|1  high: the 18 bits above
 *   folio    page frame << 2 | 2               high: cgroup (16 bits) where the word holds it
 *   pointer  virtual slot << 4 | cache-only << 3 | 4   high 0 (no count of its own)
 *   bad      0xfffffff8                        high 0xffffffff
 *
 * A count of 15 means that the count is in the cluster's extend table. A placeholder is a shadow
 * that says nothing but whose the entry is.
 * @source linux-mm phase III, IV; PFN instead of a pointer so that the top bits are free
 */
import { NO_FRAME, type PageFrame } from '../../units/index.ts';
import { NO_SHADOW, type Shadow } from '../swap-design.ts';

/** Counts from here on are in the extend table. @source SWP_TB_COUNT_MAX on x86-64 */
export const COUNT_EXTENDED = 15;

const COUNT_SHIFT = 28;
const ZERO_FLAG = 1 << 27;
const PLACEHOLDER = 1 << 26;
/** Count and zero flag: what a word keeps when its folio goes or comes. */
const KEPT = 0xf8000000;
const SHADOW_HIGH = 0x3ffff;
const SHADOW_LOW_RANGE = 2 ** 31;
const CACHE_ONLY = 0x8;
/** Shadows hold the cgroup in bits 1 to 16. */
const CGROUP_SHIFT = 1;
const CGROUP_MASK = 0xffff;

export const BAD_LOW = 0xfffffff8;
export const BAD_HIGH = 0xffffffff;

export function folioLow(frame: PageFrame): number {
  return ((frame << 2) | 2) >>> 0;
}

export function folioOf(low: number): PageFrame {
  return (low & 3) === 2 ? ((low >>> 2) as PageFrame) : NO_FRAME;
}

export function isShadow(low: number): boolean {
  return (low & 1) === 1;
}

export function isBad(low: number): boolean {
  return low === BAD_LOW;
}

export function isPointer(low: number): boolean {
  return (low & 7) === 4;
}

export function pointerLow(virtualSlot: number): number {
  return ((virtualSlot << 4) | 4) >>> 0;
}

export function pointedSlot(low: number): number {
  return low >>> 4;
}

export function withCacheOnly(low: number, isCacheOnly: boolean): number {
  return (isCacheOnly ? low | CACHE_ONLY : low & ~CACHE_ONLY) >>> 0;
}

export function isCacheOnlyPointer(low: number): boolean {
  return (low & 15) === (4 | CACHE_ONLY);
}

/** The count in the word itself; 15 is "in the extend table". */
export function countOf(high: number): number {
  return high >>> COUNT_SHIFT;
}

export function withCount(high: number, count: number): number {
  return ((high & ~(15 << COUNT_SHIFT)) | (count << COUNT_SHIFT)) >>> 0;
}

export function isZeroFlagged(high: number): boolean {
  return (high & ZERO_FLAG) !== 0;
}

export function withZero(high: number, isZero: boolean): number {
  return (isZero ? high | ZERO_FLAG : high & ~ZERO_FLAG) >>> 0;
}

/** Only count and zero flag. */
export function keptOf(high: number): number {
  return (high & KEPT) >>> 0;
}

/** Cgroup in a word that holds it: beside the frame, or in the shadow. */
export function cgroupOf(low: number, high: number): number {
  return isShadow(low) ? (low >>> (1 + CGROUP_SHIFT)) & CGROUP_MASK : high & CGROUP_MASK;
}

/** High half of a folio's word with the cgroup beside the frame. */
export function withCgroup(high: number, cgroup: number): number {
  return ((high & ~CGROUP_MASK) | cgroup) >>> 0;
}

/** Halves of a shadow's word, the kept bits not among them. */
export function shadowLow(shadow: Shadow): number {
  const rest = shadow - Math.floor(shadow / SHADOW_LOW_RANGE) * SHADOW_LOW_RANGE;
  return ((rest << 1) | 1) >>> 0;
}

export function shadowHigh(shadow: Shadow): number {
  return Math.floor(shadow / SHADOW_LOW_RANGE);
}

/** A shadow that only says whose the entry is. */
export function placeholderLow(cgroup: number): number {
  return shadowLow(cgroup << CGROUP_SHIFT);
}

export function asPlaceholder(high: number): number {
  return (high | PLACEHOLDER) >>> 0;
}

/** The shadow in a word; none for a placeholder. */
export function shadowOf(low: number, high: number): Shadow {
  if (!isShadow(low) || (high & PLACEHOLDER) !== 0) return NO_SHADOW;
  return (high & SHADOW_HIGH) * SHADOW_LOW_RANGE + (low >>> 1);
}
