/**
 * How blobs are put into a region of the device: back to back, or several to a page.
 *
 * No blob lies in two segments, since each is freed as a whole. In the packed form none lies in two
 * pages: each goes to the page of the region where least is left over (best fit).
 */
import { PAGE_SIZE } from '../../units/index.ts';
import type { BlobList } from './blob-list.ts';

/** A page with less left is not looked at again. @source assumed: hardly a page compresses so far */
const PAGE_REST_MIN = 32;

export interface Region {
  readonly start: number;
  readonly bytes: number;
}

/**
 * Gives addresses to blobs `from` and behind, in order, until one does not fit.
 * @param segmentEnd - where the segment of the region's start ends; the next ones follow
 * @returns the index behind the last blob that fits, and the bytes used from the region's start
 */
export function layOutInOrder(
  list: BlobList,
  from: number,
  region: Region,
  segmentEnd: number,
  segmentBytes: number,
): { readonly to: number; readonly usedBytes: number } {
  const end = region.start + region.bytes;
  let border = segmentEnd;
  let at = region.start;
  let to = from;
  for (; to < list.count; to++) {
    const length = list.length[to]!;
    let start = at;
    if (start + length > border) {
      start = border;
      if (start + length > end) break;
      border += segmentBytes;
    }
    list.address[to] = start;
    at = start + length;
  }
  return { to, usedBytes: at - region.start };
}

/** As `layOutInOrder`, by best fit into the pages of a region; a region begins with a page. */
export function layOutInPages(
  list: BlobList,
  from: number,
  region: Region,
): { readonly to: number; readonly usedBytes: number } {
  const pageCount = Math.floor(region.bytes / PAGE_SIZE);
  // Pages that take more: their index, and what is left of each.
  const open: number[] = [];
  const rest: number[] = [];
  let pages = 0;
  let to = from;
  for (; to < list.count; to++) {
    const length = list.length[to]!;
    let best = -1;
    for (let i = 0; i < open.length; i++)
      if (rest[i]! >= length && (best < 0 || rest[i]! < rest[best]!)) best = i;
    if (best < 0) {
      if (pages === pageCount) break;
      best = open.push(pages++) - 1;
      rest.push(PAGE_SIZE);
    }
    list.address[to] = region.start + open[best]! * PAGE_SIZE + PAGE_SIZE - rest[best]!;
    rest[best]! -= length;
    if (rest[best]! < PAGE_REST_MIN) {
      open[best] = open.at(-1)!;
      rest[best] = rest.at(-1)!;
      open.pop();
      rest.pop();
    }
  }
  return { to, usedBytes: pages * PAGE_SIZE };
}
