/**
 * What mkswap decides: how many pages an area has, what is written where, what is said. Pure; the
 * reading, writing and printing are the command's.
 *
 * util-linux counterpart: disk-utils/mkswap.c. Beyond it: ghost areas, whose header declares a size
 * that no file has. Different on purpose: with an offset the area's own bootbits are wiped, not the
 * first 1024 bytes of the file, which belong to whatever stands in front of the area; and bad pages
 * are written in the byte order of the header, counted from the start of the area.
 */
import { PAGE_SIZE } from '../units/index.ts';
import {
  badPageCountMax,
  BOOTBITS_BYTES,
  encodeHeader,
  isPageSize,
  labelText,
  SWAP_VERSION,
  volumeBytes,
  type ByteOrder,
} from './header.ts';
import { humanSize } from './human-size.ts';
import { formatUuid } from './uuid.ts';

/** Pages that an area has at least, header included. @source util-linux mkswap.c MIN_GOODPAGES */
export const AREA_PAGES_MIN = 10;
/** Pages that a header can declare. @source util-linux mkswap.8 */
const AREA_PAGES_MAX = 0xffffffff;

export interface SizeRequest {
  readonly pageSize: number;
  /** Bytes that the file or device has, or that the new file or ghost is asked to have. */
  readonly availableBytes: number;
  /** Bytes in front of the area. */
  readonly offsetBytes: number;
  /** The operand after the device, in KiB; null without it. */
  readonly requestedKib: number | null;
  /** --force: the area may be larger than the device. */
  readonly isForced: boolean;
}

export interface PlannedSize {
  readonly pageCount: number;
  readonly warnings: readonly string[];
}

/** Says why a page size is not accepted; null when it is. */
export function pageSizeProblem(pageSize: number): string | null {
  // The C program keeps it in an int, and shows it as one.
  return isPageSize(pageSize) ? null : `Bad user-specified page size ${pageSize | 0}`;
}

/** What is said about a page size that is not the system's; null when it is. */
export function pageSizeNotice(pageSize: number): string | null {
  if (pageSize === PAGE_SIZE) return null;
  return `Using user-specified page size ${pageSize}, instead of the system value ${PAGE_SIZE}`;
}

/** Decides how many pages the area has, the header included; an error is in mkswap's words. */
export function planSize(request: SizeRequest): PlannedSize | { readonly error: string } {
  const { pageSize, availableBytes, offsetBytes, requestedKib, isForced } = request;
  if (offsetBytes > availableBytes) return { error: 'offset larger than file size' };
  const availablePages = Math.floor((availableBytes - offsetBytes) / pageSize);
  const pageKib = pageSize / 1024;
  const requestedPages = Math.floor((requestedKib ?? 0) / pageKib);
  if (requestedPages > availablePages && !isForced)
    return {
      error:
        `error: size ${requestedPages * pageKib} KiB is larger than device size ` +
        `${availablePages * pageKib} KiB`,
    };
  const pageCount = requestedPages === 0 ? availablePages : requestedPages;
  if (pageCount < AREA_PAGES_MIN)
    return { error: `error: swap area needs to be at least ${AREA_PAGES_MIN * pageKib} KiB` };
  if (pageCount <= AREA_PAGES_MAX) return { pageCount, warnings: [] };
  const keptKib = AREA_PAGES_MAX * pageKib;
  return {
    pageCount: AREA_PAGES_MAX,
    warnings: [`warning: truncating swap area to ${keptKib} KiB`],
  };
}

export interface AreaRequest {
  readonly pageSize: number;
  readonly pageCount: number;
  /** Bytes in front of the area. */
  readonly offsetBytes: number;
  readonly byteOrder: ByteOrder;
  /** Unreadable pages, counted from the start of the area. */
  readonly badPages: Uint32Array;
  /** null without --label. */
  readonly label: string | null;
  /** 16 bytes. */
  readonly uuid: Uint8Array;
  /** Leave the bootbits as they are: a partition table stands there. */
  readonly keepsBootbits: boolean;
}

export interface PlannedArea {
  readonly writes: readonly { readonly offsetBytes: number; readonly bytes: Uint8Array }[];
  /** The line for stdout that tells the size, and what follows it: warnings, and label and UUID. */
  readonly sizeReport: string;
  readonly warnings: readonly string[];
  readonly nameReport: string;
}

/** Says why an area cannot have so many bad pages; null when it can. */
export function badPagesProblem(
  badPageCount: number,
  pageCount: number,
  pageSize: number,
): string | null {
  const most = badPageCountMax(pageSize);
  if (badPageCount > most) return `too many bad pages: ${most}`;
  if (badPageCount > pageCount - AREA_PAGES_MIN) return 'Unable to set up swap-space: unreadable';
  return null;
}

/** Decides what is written and what is said about it. `badPagesProblem` has been asked before. */
export function planArea(request: AreaRequest): PlannedArea {
  const { pageSize, pageCount, offsetBytes, badPages, label, uuid } = request;
  const { volume, isTruncated } = volumeBytes(label ?? '');
  const lastPage = pageCount - 1;
  const { byteOrder } = request;
  const page = encodeHeader({ pageSize, byteOrder, lastPage, badPages, uuid, volume });
  const start = request.keepsBootbits ? BOOTBITS_BYTES : 0;
  const sizeBytes = (pageCount - badPages.length - 1) * pageSize;
  const size = `${humanSize(sizeBytes, 'long')} (${sizeBytes} bytes)`;
  const name = label === null ? 'no label' : `LABEL=${labelText(volume) ?? ''}`;
  return {
    writes: [{ offsetBytes: offsetBytes + start, bytes: page.subarray(start) }],
    sizeReport: `Setting up swapspace version ${SWAP_VERSION}, size = ${size}\n`,
    warnings: isTruncated ? ['Label was truncated.'] : [],
    nameReport: `${name}, UUID=${formatUuid(uuid)}\n`,
  };
}

/** `0 bad pages`, `1 bad page`: what the check for bad pages ends with. */
export function badPagesReport(badPageCount: number): string {
  return `${badPageCount} bad page${badPageCount === 1 ? '' : 's'}\n`;
}
