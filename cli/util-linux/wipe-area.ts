/**
 * `swapoff --wipe`: overwrites what an area holds, but for its header, so that swapon takes it again.
 *
 * util-linux has no counterpart. Zeros are written to every page up to the last one that the header
 * declares, also where a file has come to have holes (then they are filled), and synced. What the
 * disk keeps elsewhere is out of reach: old blocks of flash, snapshots, and copies on write.
 */
import type { ActiveArea, AcceptedArea } from '../../src/area/index.ts';
import type { AreaFile } from '../../src/device/area-file.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import type { Steps } from './program.ts';

/** Pages that are overwritten at once: 1 MiB. */
const RUN_PAGES = 256;
/** Pages that could not be overwritten after which the rest is not tried. assumed: the disk is gone */
const FAILURES_MAX = 1024;

export interface WipeResult {
  /** Pages to overwrite, and how many of them were: neither the header nor bad pages. */
  readonly pageCount: number;
  readonly wipedCount: number;
  readonly failedCount: number;
  /** What the system said at the first page that could not be overwritten. */
  readonly firstFailure: { readonly page: number; readonly error: unknown } | null;
  readonly isInterrupted: boolean;
}

/**
 * Overwrites the pages of an area.
 * @param badPages - ascending; they hold nothing and are left alone
 * @param onProgress - told of the pages that have been gone over, out of `pageCount`
 */
export function* wipeArea(
  file: Pick<AreaFile, 'write' | 'sync'>,
  { maxPages }: Pick<ActiveArea, 'maxPages'>,
  { badPages }: Pick<AcceptedArea, 'badPages'>,
  onProgress: (done: number, pageCount: number) => void,
): Steps<WipeResult> {
  const pageCount = maxPages - 1 - badPages.length;
  const zeros = new Uint8Array(RUN_PAGES * PAGE_SIZE);
  let wipedCount = 0;
  let failedCount = 0;
  let firstFailure: WipeResult['firstFailure'] = null;
  let isInterrupted = false;
  /** Index of the next bad page. */
  let bad = 0;
  const wipe = (page: number, count: number): boolean => {
    try {
      file.write(page * PAGE_SIZE, zeros.subarray(0, count * PAGE_SIZE));
      wipedCount += count;
      return true;
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      if (count > 1) return false;
      failedCount += 1;
      firstFailure ??= { page, error };
      return false;
    }
  };
  for (let page = 1; page < maxPages && !isInterrupted && failedCount < FAILURES_MAX;) {
    if (page === badPages[bad]) {
      bad += 1;
      page += 1;
      continue;
    }
    const end = Math.min(page + RUN_PAGES, maxPages, badPages[bad] ?? maxPages);
    if (!wipe(page, end - page) && end - page > 1)
      for (let each = page; each < end && failedCount < FAILURES_MAX; each++) wipe(each, 1);
    page = end;
    onProgress(wipedCount + failedCount, pageCount);
    isInterrupted = yield;
  }
  try {
    file.sync();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    // What the system could not bring to the disk is not overwritten there, and it does not say which.
    firstFailure ??= { page: 1, error };
    failedCount += wipedCount;
    wipedCount = 0;
  }
  isInterrupted &&= wipedCount + failedCount < pageCount;
  return { pageCount, wipedCount, failedCount, firstFailure, isInterrupted };
}
