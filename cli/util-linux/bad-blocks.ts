/** `mkswap --check`: which pages cannot be read. util-linux counterpart: mkswap.c check_blocks. */
import type { AreaFile } from '../../src/device/area-file.ts';

export interface CheckedRange {
  /** Bytes of a page. */
  readonly pageSize: number;
  readonly pageCount: number;
  /** Bytes in front of page 0. */
  readonly offsetBytes: number;
}

/** Bytes that are read at once while nothing is wrong. */
const STRIDE_BYTES = 1 << 20;

/**
 * Reads every page of a range and returns the numbers of those that cannot be read, ascending.
 * @param onProgress - told of the pages that have been read
 */
export function findUnreadablePages(
  file: Pick<AreaFile, 'read'>,
  { pageSize, pageCount, offsetBytes }: CheckedRange,
  onProgress: (done: number) => void = () => undefined,
): Uint32Array {
  const bad: number[] = [];
  const isReadable = (page: number, count: number): boolean => {
    try {
      const bytes = file.read(offsetBytes + page * pageSize, count * pageSize);
      return bytes.length === count * pageSize;
    } catch (error) {
      if (error instanceof Error && 'syscall' in error) return false;
      throw error;
    }
  };
  const stride = Math.max(1, Math.floor(STRIDE_BYTES / pageSize));
  for (let start = 0; start < pageCount; start += stride) {
    onProgress(start);
    const count = Math.min(stride, pageCount - start);
    if (isReadable(start, count)) continue;
    for (let page = start; page < start + count; page++) if (!isReadable(page, 1)) bad.push(page);
  }
  return Uint32Array.from(bad);
}
