/**
 * What swapon checks in an area before it takes it, in the kernel's order, with its errno and its
 * log text. Pure: bytes of the header and facts about the file in, a verdict out.
 *
 * Kernel counterpart: mm/swapfile.c 6.18 swapon, read_swap_header, setup_swap_map (steps 6 to 14),
 * with the rule of the ghost swapfile patch: a file of exactly one page is a ghost.
 * Simplified on purpose: the machine is x86-64, pages of 4096 bytes, little endian; extents are not
 * mapped, so a file is refused for holes only and never shrinks to its aligned pages; a bad page
 * that is listed twice is refused as from phase III of the swap table on (6.18 counts it twice, and its number of usable
 * pages goes wrong).
 */
import { PAGE_SIZE, SWAPFILE_MAX_PAGES, type Errno } from '../units/index.ts';
import type { AreaKind } from './active-areas.ts';
import {
  badPageCountMax,
  decodeHeader,
  labelText,
  SWAP_VERSION,
  type ByteOrder,
  type SwapHeader,
} from './header.ts';
import { uuidText } from './uuid.ts';

export interface AreaFacts {
  /** The first bytes of the file: one page, fewer where it has fewer. */
  readonly firstPage: Uint8Array;
  readonly fileType: 'regular' | 'block' | 'other';
  readonly sizeBytes: number;
  /** True for a regular file with ranges that have no blocks. */
  readonly hasHoles: boolean;
  /** True when the file is an active area already. */
  readonly isActive: boolean;
}

/** An area that swapon takes. */
export interface AcceptedArea {
  readonly outcome: 'ok';
  readonly kind: AreaKind;
  /** Slots including the header page, after truncation to what an entry can address. */
  readonly maxPages: number;
  /** Usable slots: without header and bad pages. */
  readonly pages: number;
  /** Bad slots below `maxPages`, without the header, ascending. */
  readonly badPages: Uint32Array;
  readonly uuid: string | null;
  readonly label: string | null;
  /** `big` where the header was made on a machine of the other byte order. */
  readonly byteOrder: ByteOrder;
  /** What the kernel logs on the way. */
  readonly log: readonly string[];
}

/** An area that swapon refuses. */
export interface RefusedArea {
  readonly outcome: Errno;
  /** What the kernel logs; it refuses some lies without a word. */
  readonly log: readonly string[];
  /** What is wrong and what would be accepted. */
  readonly reason: string;
}

export type AreaVerdict = AcceptedArea | RefusedArea;

/** Judges an area as swapon(2) does from the opened file on. */
export function checkSwapArea(facts: AreaFacts): AreaVerdict {
  if (facts.isActive) return refuse('EBUSY', 'it is an active swap area already');
  if (facts.fileType === 'other')
    return refuse('EINVAL', 'it is neither a regular file nor a block device');
  const header = decodeHeader(withinPage(facts.firstPage), PAGE_SIZE);
  if (typeof header === 'string')
    return refuse(
      'EINVAL',
      `'SWAPSPACE2' is not at the end of the first ${PAGE_SIZE} bytes; make an area with mkswap`,
      'Unable to find swap-space signature',
    );
  const isGhost = facts.fileType === 'regular' && facts.sizeBytes === PAGE_SIZE;
  const kind = isGhost ? 'ghost' : facts.fileType === 'block' ? 'partition' : 'file';
  return headerProblem(header) ?? checkSize(header, facts, kind);
}

/** Steps b to d of read_swap_header: the fields that are wrong whatever the file is. */
function headerProblem(header: SwapHeader): RefusedArea | null {
  const { version, lastPage, byteOrder } = header;
  if (byteOrder === 'big' && hasTooManyBadPages(header)) return tooManyBadPages(header);
  if (version !== SWAP_VERSION)
    return refuse(
      'EINVAL',
      `the header has version ${version}; accepted: ${SWAP_VERSION}`,
      // The kernel prints it as an int.
      `Unable to handle swap header version ${version | 0}`,
    );
  if (lastPage === 0)
    return refuse('EINVAL', 'last_page is 0; accepted: 1 to the last page', 'Empty swap-file');
  return null;
}

/** Steps e to h, the extents, and the bad pages. */
function checkSize(header: SwapHeader, facts: AreaFacts, kind: AreaKind): AreaVerdict {
  const { lastPage } = header;
  const log: string[] = [];
  if (lastPage > SWAPFILE_MAX_PAGES)
    log.push(
      'Truncating oversized swap area, only using ' +
        `${inKib(SWAPFILE_MAX_PAGES)}k out of ${inKib(lastPage)}k`,
    );
  const maxPages = Math.min(SWAPFILE_MAX_PAGES, lastPage + 1);
  const filePages = Math.floor(facts.sizeBytes / PAGE_SIZE);
  // A size of 0 is not compared, as in the kernel; such a file has no signature either.
  if (kind !== 'ghost' && filePages > 0 && maxPages > filePages) {
    log.push('Swap area shorter than signature indicates');
    const reason =
      `last_page is ${lastPage}, the file has ${filePages} whole pages; ` +
      `accepted: 1 to ${filePages - 1}`;
    return { outcome: 'EINVAL', log, reason };
  }
  if (header.badPageCount > 0 && facts.fileType === 'regular') {
    const reason = `nr_badpages is ${header.badPageCount}; accepted in a regular file: 0`;
    return { outcome: 'EINVAL', log, reason };
  }
  if (hasTooManyBadPages(header)) return { ...tooManyBadPages(header), log };
  if (kind === 'file' && facts.hasHoles)
    return {
      outcome: 'EINVAL',
      log: [...log, 'swapon: swapfile has holes'],
      reason: 'some of its bytes have no place on the disk; make it with mkswap --file --size SIZE',
    };
  return checkBadPages(header, maxPages, { log, kind });
}

/** setup_swap_map: every bad page is inside the area, and something is left. */
function checkBadPages(
  header: SwapHeader,
  maxPages: number,
  { log, kind }: Pick<AcceptedArea, 'log' | 'kind'>,
): AreaVerdict {
  const { lastPage, byteOrder } = header;
  const sorted = ascending(header.badPages);
  const outside = sorted.find((page) => page === 0 || page > lastPage);
  if (outside !== undefined)
    return { outcome: 'EINVAL', log, reason: `bad page ${outside}; accepted: 1 to ${lastPage}` };
  const twice = sorted.find((page, index) => page === sorted[index - 1]);
  if (twice !== undefined)
    return { outcome: 'EINVAL', log, reason: `bad page ${twice} is listed twice; accepted: once` };
  const badPages = sorted.filter((page) => page < maxPages);
  const pages = maxPages - 1 - badPages.length;
  if (pages === 0)
    return {
      outcome: 'EINVAL',
      log: [...log, 'Empty swap-file'],
      reason: `all of its ${maxPages - 1} pages are bad`,
    };
  const names = { uuid: uuidText(header.uuid), label: labelText(header.volume) };
  return { outcome: 'ok', kind, maxPages, pages, badPages, ...names, byteOrder, log };
}

/** Bad pages in order; as mkswap lists them they are that already. */
function ascending(pages: Uint32Array): Uint32Array {
  for (let at = 1; at < pages.length; at++)
    if (pages[at]! < pages[at - 1]!) return pages.toSorted();
  return pages;
}

function refuse(outcome: Errno, reason: string, ...log: string[]): RefusedArea {
  return { outcome, log, reason };
}

function hasTooManyBadPages({ badPageCount, pageSize }: SwapHeader): boolean {
  return badPageCount > badPageCountMax(pageSize);
}

function tooManyBadPages({ badPageCount, pageSize }: SwapHeader): RefusedArea {
  return refuse(
    'EINVAL',
    `nr_badpages is ${badPageCount}; accepted: 0 to ${badPageCountMax(pageSize)}`,
  );
}

/** The page as the page cache shows it: zero behind the end of the file. */
function withinPage(bytes: Uint8Array): Uint8Array {
  if (bytes.length >= PAGE_SIZE) return bytes;
  const page = new Uint8Array(PAGE_SIZE);
  page.set(bytes);
  return page;
}

/** Pages as the kernel prints them in KiB. */
function inKib(pages: number): number {
  return pages * (PAGE_SIZE / 1024);
}
