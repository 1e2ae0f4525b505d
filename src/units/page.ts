/**
 * Page size and the branded numbers of one machine word that must not be mixed up.
 *
 * A swap entry packs the swap type (which area) and the slot in it into 32 bits: 4 bits of type
 * and 28 bits of slot, so 16 areas of at most 1 TiB. The kernel (x86-64) has 5 bits of type and 58
 * of offset; a u32 keeps page tables and swap tables in one typed array each. Value 0 is "none":
 * slot 0 of every area is its header and can never be handed out.
 * @source linux 6.18 include/linux/swapops.h (SWP_TYPE_SHIFT), arch limits of mm/swapfile.c
 */
import { assert } from './errors.ts';

declare const brand: unique symbol;
/** A number that only the functions here make from a plain one. */
export type Branded<Name extends string> = number & { readonly [brand]: Name };

/** Swap type in the top 4 bits, slot in the low 28. */
export type SwapEntry = Branded<'SwapEntry'>;
/** Index of a 4 KiB slot in one swap area; 0 is the header. */
export type SlotIndex = Branded<'SlotIndex'>;
/** Index of a cluster of 512 slots in one swap area. */
export type ClusterIndex = Branded<'ClusterIndex'>;
/** Index of a 4 KiB page frame in the machine's memory. */
export type PageFrame = Branded<'PageFrame'>;
/** Page number in an address space. */
export type VirtualPage = Branded<'VirtualPage'>;

export const PAGE_SHIFT = 12;
/** Bytes of a page. @source x86-64 */
export const PAGE_SIZE = 4096;

/** Slots of a cluster. @source linux 6.18 mm/swap.h SWAPFILE_CLUSTER with THP_SWAP, x86-64 */
export const SWAPFILE_CLUSTER = 512;
export const CLUSTER_SHIFT = 9;

export const SWP_TYPE_SHIFT = 28;
/** Areas that can be active at once. The kernel has 24 to 28 by configuration. */
export const MAX_SWAPFILES = 16;
/** Slots of the largest area that an entry can address (1 TiB). */
export const SWAPFILE_MAX_PAGES = 0x10000000;

/** No swap entry. */
export const NO_ENTRY = 0 as SwapEntry;
/** No slot: the header's. */
export const NO_SLOT = 0 as SlotIndex;
/** No page frame; all ones so that frame 0 stays usable. */
export const NO_FRAME = 0xffffffff as PageFrame;

/** Packs swap type `type` (0 to 15) and slot (1 to 2^28-1) into an entry. */
export function makeSwapEntry(type: number, slot: SlotIndex): SwapEntry {
  assert(type >= 0 && type < MAX_SWAPFILES, 'swap type out of range');
  assert(slot >= 0 && slot < SWAPFILE_MAX_PAGES, 'slot out of range');
  return (((type << SWP_TYPE_SHIFT) | slot) >>> 0) as SwapEntry;
}

/** The swap type of an entry. */
export function entryType(entry: SwapEntry): number {
  return entry >>> SWP_TYPE_SHIFT;
}

/** The slot of an entry. */
export function entrySlot(entry: SwapEntry): SlotIndex {
  return (entry & (SWAPFILE_MAX_PAGES - 1)) as SlotIndex;
}

/** The cluster that holds `slot`. */
export function clusterOf(slot: SlotIndex): ClusterIndex {
  return (slot >>> CLUSTER_SHIFT) as ClusterIndex;
}

/** A swap entry in words: swap type and slot. */
export function entryName(entry: SwapEntry): string {
  return `swap entry ${entryType(entry)}:${entrySlot(entry)}`;
}
