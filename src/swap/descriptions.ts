/** What happens to a watched page, in words. */
import { entrySlot, entryType, PAGE_SIZE, type SwapEntry } from '../units/index.ts';
import type { FilledPages } from './filled-pages.ts';

/** A slot and its bytes. */
export function describePlace(slot: SwapEntry): string {
  const at = entrySlot(slot);
  return `slot ${at} of area ${entryType(slot)} (byte ${at * PAGE_SIZE})`;
}

export function describeTime(timeNs: number): string {
  return `${(timeNs / 1e9).toFixed(9)} s`;
}

/** What the latest page of one word is to the tables. */
export function describeFill(filled: FilledPages): string {
  return filled.isZero
    ? 'all zeros, its flag is set'
    : 'one word over and over, its flag is set and the word kept';
}
