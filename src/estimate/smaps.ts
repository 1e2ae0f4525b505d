/**
 * /proc/PID/smaps: which mappings of a process hold anonymous memory.
 * @source linux 6.18 Documentation/filesystems/proc.rst (smaps); fs/proc/task_mmu.c
 */
import { PAGE_SIZE } from '../units/index.ts';

/** One mapping (VMA) of a process. */
export interface Mapping {
  /** Number of its first page: address / 4096. */
  readonly firstPage: number;
  readonly pageCount: number;
  /** Pages of its own, in memory; the kernel's shared zero page is none of them. */
  readonly anonymousPages: number;
  /** Pages in swap, those that zswap holds among them. */
  readonly swapPages: number;
  /** VmFlags `lo`: mlock keeps its pages in memory. */
  readonly isLocked: boolean;
  /** Bytes of the pages that it is made of: more than 4096 in hugetlbfs. */
  readonly pageBytes: number;
}

const KIB_PER_PAGE = PAGE_SIZE / 1024;
const HEADING = /^([0-9a-f]+)-([0-9a-f]+) [-rwxsp]{4} /;
const FIELD = /^(Anonymous|Swap|KernelPageSize): +(\d+) kB$/;

type Draft = { -readonly [Key in keyof Mapping]: Mapping[Key] };

/**
 * Reads the text of smaps; lines of which it knows nothing are passed over, as kernels add some.
 * @returns the mappings by address; none for a kernel thread, whose file is empty
 */
export function parseSmaps(text: string): Mapping[] {
  const mappings: Draft[] = [];
  let mapping: Draft | undefined;
  for (const line of text.split('\n')) {
    const heading = HEADING.exec(line);
    if (heading !== null) {
      const firstPage = pageNumber(heading[1]!);
      mapping = {
        ...{ firstPage, pageCount: pageNumber(heading[2]!) - firstPage },
        ...{ anonymousPages: 0, swapPages: 0, isLocked: false, pageBytes: PAGE_SIZE },
      };
      mappings.push(mapping);
    } else if (mapping !== undefined) readField(line, mapping);
  }
  return mappings;
}

/** Addresses may be beyond 2^53: exact are numbers of pages. */
function pageNumber(address: string): number {
  return Number.parseInt(address.slice(0, -3), 16) || 0;
}

function readField(line: string, mapping: Draft): void {
  if (line.startsWith('VmFlags:')) {
    mapping.isLocked = / lo( |$)/.test(line);
    return;
  }
  const field = FIELD.exec(line);
  if (field === null) return;
  const kib = Number(field[2]);
  if (field[1] === 'Anonymous') mapping.anonymousPages = kib / KIB_PER_PAGE;
  else if (field[1] === 'Swap') mapping.swapPages = kib / KIB_PER_PAGE;
  else mapping.pageBytes = kib * 1024;
}
