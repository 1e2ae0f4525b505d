/** The size of a block device, found by reading: Node has neither lseek nor the ioctl. */
import { readSync } from 'node:fs';
import { PAGE_SIZE } from '../units/index.ts';

/** Returns the size in bytes of the block device behind a descriptor, down to whole pages. */
export function blockDeviceBytes(fd: number): number {
  const byte = new Uint8Array(1);
  const holdsPage = (page: number): boolean =>
    readSync(fd, byte, 0, 1, (page + 1) * PAGE_SIZE - 1) === 1;
  return countPages(holdsPage) * PAGE_SIZE;
}

/**
 * Counts the pages of something that holds pages 0 to n-1 and no others, in about 2 × log2(n) + 1
 * questions: doubling until one is missing, then halving.
 */
export function countPages(holdsPage: (page: number) => boolean): number {
  let above = 1;
  while (holdsPage(above - 1)) above *= 2;
  let below = Math.floor(above / 2);
  while (below < above) {
    const middle = Math.floor((below + above) / 2);
    if (holdsPage(middle)) below = middle + 1;
    else above = middle;
  }
  return below;
}
