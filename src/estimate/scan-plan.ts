/** Which mappings' page tables are read: those with anonymous memory that may be swapped. */
import { PAGE_SIZE } from '../units/index.ts';
import type { Mapping } from './smaps.ts';

/**
 * Words of page tables that are read at most: those of 1 TiB. Empty ones take 10 ns each, so 3 s.
 * Programs reserve address space by the terabyte (an address sanitizer's shadow has 14).
 */
export const SCAN_WORDS_MAX: number = 2 ** 28;

export interface ScanPlan<Item> {
  readonly scanned: readonly Item[];
  /** Anonymous pages that mlock keeps in memory: nobody swaps them. */
  readonly lockedPages: number;
  /** Of the mappings that are left out because they are too large for what is in them. */
  readonly skippedMappings: number;
  readonly skippedPages: number;
}

/**
 * Chooses mappings, the densest first where there are too many words, and keeps their order. One that
 * does not fit leaves its room to sparser ones.
 * @param items - of all processes
 * @param wordsMax - words of page tables to read at most
 */
export function planScan<Item extends { readonly mapping: Mapping }>(
  items: readonly Item[],
  wordsMax: number = SCAN_WORDS_MAX,
): ScanPlan<Item> {
  const anonymous = items.filter(
    ({ mapping }) => mapping.anonymousPages > 0 && mapping.pageBytes === PAGE_SIZE,
  );
  const pagesOf = (list: readonly Item[]): number =>
    list.reduce((sum, { mapping }) => sum + mapping.anonymousPages, 0);
  const locked = anonymous.filter(({ mapping }) => mapping.isLocked);
  const wanted = anonymous.filter(({ mapping }) => !mapping.isLocked);
  const density = ({ mapping }: Item): number => mapping.anonymousPages / mapping.pageCount;
  let words = 0;
  const fitting = new Set(
    [...wanted]
      .sort((a, b) => density(b) - density(a))
      .filter(({ mapping: { pageCount } }) => {
        const fits = words + pageCount <= wordsMax;
        if (fits) words += pageCount;
        return fits;
      }),
  );
  const scanned = wanted.filter((item) => fitting.has(item));
  const skipped = wanted.filter((item) => !fitting.has(item));
  return {
    scanned,
    lockedPages: pagesOf(locked),
    ...{ skippedMappings: skipped.length, skippedPages: pagesOf(skipped) },
  };
}
