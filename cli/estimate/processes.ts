/**
 * The memory of live processes, read through /proc and never written to: smaps says which mappings
 * hold anonymous memory, pagemap which of their pages are there, mem what is in them.
 *
 * A page that is not there is not touched: that would bring it in from swap or make a new one. What
 * reading does is to mark the page as accessed (get_user_pages with FOLL_TOUCH), as any read of
 * /proc/PID/mem; there is no way around it, and it concerns the sampled pages only.
 * @source linux 6.18 mm/gup.c follow_page_pte, fs/proc/base.c mem_rw
 */
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import {
  frameNumber,
  isAnonymousPresent,
  isExclusive,
  parseSmaps,
  type Mapping,
} from '../../src/estimate/index.ts';
import { PAGE_SIZE, RunError, UsageError } from '../../src/units/index.ts';

/** A process with memory of its own. */
export interface ProcessMemory {
  readonly pid: number;
  /** Its short name (comm), at most 15 bytes. */
  readonly name: string;
  readonly mappings: readonly Mapping[];
}

/** Why a process is left out. `gone`: it ended meanwhile; `none`: a kernel thread or a zombie. */
export type Missing = 'gone' | 'denied' | 'none';

const WORD_BYTES = 8;
/** Words that are read at a time: the page table of 256 MiB. */
const WORDS_PER_READ = 65_536;
/** Bit of /proc/kpageflags. @source linux 6.18 include/uapi/linux/kernel-page-flags.h */
const KPF_ZERO_PAGE = 24;

/** @throws RunError where no process would have the files that are read */
export function requireProc(): void {
  const absent = ['smaps', 'pagemap', 'mem'].find((file) => !existsSync(`/proc/self/${file}`));
  if (absent !== undefined)
    throw new RunError(
      `/proc/self/${absent} is not there; accepted: Linux with /proc mounted and ` +
        'CONFIG_PROC_PAGE_MONITOR',
    );
}

/** All processes but this one, by their numbers in /proc, which may be another namespace's. */
export function listProcesses(): number[] {
  const self = readlinkSync('/proc/self');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== self)
    .map(Number)
    .sort((a, b) => a - b);
}

/** @throws RunError where the kernel has other pages than of 4096 bytes */
export function readProcess(pid: number): ProcessMemory | Missing {
  try {
    const mappings = parseSmaps(readFileSync(`/proc/${pid}/smaps`, 'latin1'));
    if (mappings.length === 0) return 'none';
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
    const smallest = mappings.reduce(
      (least, { pageBytes }) => Math.min(least, pageBytes),
      Infinity,
    );
    if (smallest !== PAGE_SIZE)
      throw new RunError(`this kernel has pages of ${smallest} bytes; accepted: ${PAGE_SIZE}`);
    return { pid, name, mappings };
  } catch (error) {
    return missing(error);
  }
}

/** @throws what is neither a process that has ended nor one that may not be looked at */
function missing(error: unknown): Missing {
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ESRCH') return 'gone';
  if (code === 'EACCES' || code === 'EPERM') return 'denied';
  throw error;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

/** Room for a part of a page table; one serves all processes. */
export class PageTableScratch {
  readonly words: Uint32Array = new Uint32Array(2 * WORDS_PER_READ);
  readonly bytes: Buffer = Buffer.from(this.words.buffer);
}

/** The files of a process that stay open while it is looked at. */
export class ProcessFiles {
  readonly #pagemap: number;
  readonly #memory: number;
  readonly #scratch: PageTableScratch;
  readonly #word = new Uint32Array(2);
  readonly #wordBytes = Buffer.from(this.#word.buffer);

  private constructor(pagemap: number, memory: number, scratch: PageTableScratch) {
    this.#pagemap = pagemap;
    this.#memory = memory;
    this.#scratch = scratch;
  }

  static open(pid: number, scratch: PageTableScratch): ProcessFiles | Missing {
    let pagemap = -1;
    try {
      pagemap = openSync(`/proc/${pid}/pagemap`, 'r');
      return new ProcessFiles(pagemap, openSync(`/proc/${pid}/mem`, 'r'), scratch);
    } catch (error) {
      if (pagemap >= 0) closeSync(pagemap);
      return missing(error);
    }
  }

  close(): void {
    closeSync(this.#pagemap);
    closeSync(this.#memory);
  }

  /**
   * Reads the page table of a mapping, part by part, as far as it is still there.
   * @param take - low and high halves of words, how many words, and the first one's page; the array is
   *   overwritten by the next part
   */
  eachPart(
    { firstPage, pageCount }: Mapping,
    take: (words: Uint32Array, wordCount: number, firstPage: number) => void,
  ): void {
    for (let done = 0; done < pageCount;) {
      const wanted = Math.min(WORDS_PER_READ, pageCount - done);
      const position = filePosition(firstPage + done, WORD_BYTES);
      const { bytes, words } = this.#scratch;
      const length = readAt(this.#pagemap, bytes, wanted * WORD_BYTES, position);
      const wordCount = Math.floor(length / WORD_BYTES);
      if (wordCount === 0) return;
      take(words, wordCount, firstPage + done);
      done += wordCount;
    }
  }

  /**
   * Reads one page, if it is still there and anonymous: asked right before, since the process runs on.
   * @param into - 4096 bytes
   * @returns whether no other process has it (`exclusive`); null: not read
   */
  readPage(page: number, into: Uint8Array): 'exclusive' | 'shared' | 'unknown' | null {
    const at = filePosition(page, WORD_BYTES);
    if (readAt(this.#pagemap, this.#wordBytes, WORD_BYTES, at) !== WORD_BYTES) return null;
    const [low, high] = this.#word as unknown as readonly [number, number];
    if (!isAnonymousPresent(high)) return null;
    const position = filePosition(page, PAGE_SIZE);
    if (readAt(this.#memory, into, PAGE_SIZE, position) !== PAGE_SIZE) return null;
    if (isExclusive(high)) return 'exclusive';
    return frameNumber(low, high) === 0 ? 'unknown' : 'shared';
  }
}

/** Addresses of 57 bits are beyond the numbers that a position may be. */
function filePosition(index: number, unit: number): number | bigint {
  const position = index * unit;
  return Number.isSafeInteger(position) ? position : BigInt(index) * BigInt(unit);
}

/** @returns bytes read; 0 where there is nothing or no longer: the process ended, or unmapped it */
function readAt(file: number, into: Uint8Array, length: number, position: number | bigint): number {
  try {
    return readSync(file, into, 0, length, position);
  } catch {
    return 0;
  }
}

/** Asks /proc/kpageflags for the page of zeros; null where that cannot be read (CAP_SYS_ADMIN). */
export function openZeroFrames(): { isZero: (frame: number) => boolean; close: () => void } | null {
  let file: number;
  try {
    file = openSync('/proc/kpageflags', 'r');
  } catch {
    return null;
  }
  const word = Buffer.alloc(WORD_BYTES);
  return {
    isZero: (frame) => {
      if (readAt(file, word, WORD_BYTES, frame * WORD_BYTES) !== WORD_BYTES) return false;
      return ((word.readUInt32LE(0) >>> KPF_ZERO_PAGE) & 1) === 1;
    },
    close: () => {
      closeSync(file);
    },
  };
}

/** What /proc/meminfo says, in bytes. */
export function readMeminfo(): ReadonlyMap<string, number> {
  try {
    const text = readFileSync('/proc/meminfo', 'latin1');
    const lines = text.matchAll(/^(\w+): +(\d+) kB$/gm);
    return new Map([...lines].map(([, name, kib]) => [name!, Number(kib) * 1024]));
  } catch (error) {
    throw new UsageError(
      `--ram: /proc/meminfo, which says how much there is, cannot be read (${codeOf(error)}); ` +
        'accepted: a size',
    );
  }
}
