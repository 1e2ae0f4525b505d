/**
 * The size classes of zsmalloc: how large objects get, and how many pages a zspage takes.
 * Kernel counterpart: mm/zsmalloc.c (linux 6.18: get_size_class_index,
 * calculate_zspage_chain_size, zs_create_pool), 4 KiB pages, 64-bit handles.
 */
import { assert, PAGE_SIZE } from '../units/index.ts';

/** Pages of the longest zspage where nothing else is said. @source linux 6.18 mm/Kconfig */
export const ZSMALLOC_CHAIN_SIZE = 8;
/** @source linux 6.18 mm/Kconfig, range of ZSMALLOC_CHAIN_SIZE */
export const CHAIN_SIZE_MIN = 4;
export const CHAIN_SIZE_MAX = 16;

/** Bytes of the handle at the start of each object that shares its page. */
export const ZS_HANDLE_SIZE = 8;
const ZS_MIN_ALLOC_SIZE = 32;
const ZS_SIZE_CLASS_DELTA = PAGE_SIZE >> 8;
/** Classes before merging: sizes 32, 48, … 4096. */
export const ZS_SIZE_CLASSES: number =
  Math.ceil((PAGE_SIZE - ZS_MIN_ALLOC_SIZE) / ZS_SIZE_CLASS_DELTA) + 1;

export interface SizeClass {
  /** Largest index of the classes that were merged into this one. */
  readonly index: number;
  /** Bytes of an object with its handle. */
  readonly size: number;
  readonly pagesPerZspage: number;
  readonly objectsPerZspage: number;
  /** One object fills one page, and the handle stands elsewhere. */
  readonly isHuge: boolean;
}

/**
 * Builds the table of classes; merged ones are the same object.
 * @param chainSizeMax - CONFIG_ZSMALLOC_CHAIN_SIZE, 4 to 16
 * @returns 255 places by class index
 */
export function createSizeClasses(chainSizeMax: number): readonly SizeClass[] {
  assert(
    chainSizeMax >= CHAIN_SIZE_MIN && chainSizeMax <= CHAIN_SIZE_MAX,
    'a zspage has at most 4 to 16 pages',
  );
  const table = new Array<SizeClass>(ZS_SIZE_CLASSES);
  let larger: SizeClass | undefined;
  for (let index = ZS_SIZE_CLASSES - 1; index >= 0; index--) {
    const size = Math.min(ZS_MIN_ALLOC_SIZE + index * ZS_SIZE_CLASS_DELTA, PAGE_SIZE);
    const pagesPerZspage = chainSize(size, chainSizeMax);
    const objectsPerZspage = Math.floor((pagesPerZspage * PAGE_SIZE) / size);
    const isMerged =
      larger?.pagesPerZspage === pagesPerZspage && larger.objectsPerZspage === objectsPerZspage;
    if (larger === undefined || !isMerged)
      larger = {
        index,
        size,
        pagesPerZspage,
        objectsPerZspage,
        isHuge: pagesPerZspage === 1 && objectsPerZspage === 1,
      };
    table[index] = larger;
  }
  return table;
}

/** Index of the class that serves `length` bytes (1 to 4096). */
export function classIndexOf(length: number): number {
  const size = length + ZS_HANDLE_SIZE;
  if (size <= ZS_MIN_ALLOC_SIZE) return 0;
  const index = Math.ceil((size - ZS_MIN_ALLOC_SIZE) / ZS_SIZE_CLASS_DELTA);
  return Math.min(index, ZS_SIZE_CLASSES - 1);
}

/** Byte of a zspage's chain at which an object's own bytes begin, behind its handle. */
export function objectStart(entry: SizeClass, object: number): number {
  return object * entry.size + (entry.isHuge ? 0 : ZS_HANDLE_SIZE);
}

/** First payload length that takes a whole page (huge_class_size). */
export function hugeClassSize(table: readonly SizeClass[]): number {
  const shared = table.filter((entry) => !entry.isHuge).at(-1);
  assert(shared !== undefined, 'some class shares pages');
  return shared.size - ZS_HANDLE_SIZE + 1;
}

/** Pages of a zspage: the number that wastes least, the smallest of equals. */
function chainSize(size: number, chainSizeMax: number): number {
  if ((size & (size - 1)) === 0) return 1;
  let best = 1;
  let wasteMin = PAGE_SIZE % size;
  for (let pages = 2; pages <= chainSizeMax; pages++) {
    const waste = (pages * PAGE_SIZE) % size;
    if (waste < wasteMin) {
      wasteMin = waste;
      best = pages;
    }
  }
  return best;
}
