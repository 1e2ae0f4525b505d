/**
 * What Node cannot ask the system about a swap area, asked of the system's own programs: locks
 * (flock), blocks set aside (fallocate), extents (filefrag of e2fsprogs), signatures (wipefs), device
 * sizes (blockdev) and the devices behind labels and UUIDs (blkid).
 *
 * util-linux counterpart: the ioctls and library calls of mkswap. Each answer is `missing` where the
 * program is not installed; what to say then is the caller's.
 */
import { spawnSync, type StdioOptions } from 'node:child_process';

/** The answer where a program is not installed. */
export type Missing = 'missing';

export interface ProgramResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Something of a file system that a swapfile should not have, and where. */
export interface BadExtent {
  readonly kind: 'hole' | 'inline' | 'shared' | 'unallocated';
  /** Bytes from the start of the file. */
  readonly offsetBytes: number;
}

/** A magic string that another tool left in the file. */
export interface FoundMagic {
  /** `ext4`, `swap`, `dos`, … */
  readonly type: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly isPartitionTable: boolean;
}

/** Where administrators' programs are, whatever a user's PATH says. */
export const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

export class SystemPrograms {
  readonly #searchPath: string;

  /** @param searchPath - folders to look for programs in, as in PATH */
  constructor(searchPath: string = SYSTEM_PATH) {
    this.#searchPath = searchPath;
  }

  /**
   * Runs a program to its end.
   * @param fd - a descriptor that the program gets as its descriptor 3
   */
  run(name: string, args: readonly string[], fd?: number): ProgramResult | Missing {
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...(fd === undefined ? [] : [fd])];
    const env = { PATH: this.#searchPath, LC_ALL: 'C' };
    const result = spawnSync(name, args, { stdio, env, encoding: 'utf8' });
    if (result.error !== undefined && result.status === null) return 'missing';
    return { status: result.status ?? 1, stdout: result.stdout, stderr: result.stderr };
  }

  /**
   * Takes an exclusive BSD lock on an open file. It belongs to the open file, not to the program
   * that took it, so it lasts until the descriptor is closed.
   */
  lock(fd: number, mode: 'wait' | 'nonblock'): 'locked' | 'busy' | 'failed' | Missing {
    const result = this.run('flock', mode === 'wait' ? ['-x', '3'] : ['-x', '-n', '3'], fd);
    if (result === 'missing') return 'missing';
    if (result.status === 0) return 'locked';
    return result.status === 1 && mode === 'nonblock' ? 'busy' : 'failed';
  }

  /**
   * Sets blocks aside for the first `sizeBytes` of a file.
   * mkswap calls posix_fallocate; `fallocate --posix` would too, but with util-linux 2.38 it exits 0
   * when that finds the disk full.
   * @returns `failed` with what the system said, in its words, when there was no room;
   *   `unsupported` where the file system cannot
   */
  allocate(
    path: string,
    sizeBytes: number,
  ): 'ok' | 'unsupported' | Missing | { readonly failed: string } {
    const result = this.run('fallocate', ['--length', String(sizeBytes), '--', path]);
    if (result === 'missing') return 'missing';
    if (result.status === 0) return 'ok';
    const failed = result.stderr.trim().replace(/^.*: /s, '');
    return /not (supported|implemented)$/.test(failed) ? 'unsupported' : { failed };
  }

  /** Asks the file system not to copy blocks on write (Btrfs); others refuse, and may. */
  forbidCopyOnWrite(path: string): void {
    this.run('chattr', ['+C', path]);
  }

  /** Size of a block device in bytes; null when it cannot be told. */
  deviceBytes(path: string): number | null | Missing {
    const result = this.run('blockdev', ['--getsize64', path]);
    if (result === 'missing') return 'missing';
    return result.status === 0 ? Number(result.stdout) : null;
  }

  /**
   * Lists what the kernel may not like in a regular file's extents, in file order.
   * @returns null where the file system does not tell its extents
   */
  badExtents(path: string, sizeBytes: number): readonly BadExtent[] | null | Missing {
    const result = this.run('filefrag', ['-s', '-v', '-b1', path]);
    if (result === 'missing') return 'missing';
    if (result.status !== 0 || !/\d+ extents? found$/m.test(result.stdout)) return null;
    return parseExtents(result.stdout, sizeBytes);
  }

  /** Finds the block device with a tag such as LABEL or UUID; none has it when `device` is null. */
  findDevice(tag: string, value: string): { readonly device: string | null } | Missing {
    const args = ['-c', '/dev/null', '-l', '-o', 'device', '-t', `${tag}=${value}`];
    const result = this.run('blkid', args);
    if (result === 'missing') return 'missing';
    return { device: result.status === 0 ? (result.stdout.split('\n')[0] ?? null) : null };
  }

  /** Lists the magic strings of file systems, partition tables and swap areas in a file. */
  magics(path: string): readonly FoundMagic[] | null | Missing {
    const columns = 'TYPE,OFFSET,LENGTH,USAGE';
    const result = this.run('wipefs', ['--json', '--output', columns, path]);
    if (result === 'missing') return 'missing';
    return result.status === 0 ? parseMagics(result.stdout) : null;
  }
}

/** A row of `filefrag -v`: number, logical range, physical range, length, expected, flags. */
const EXTENT_ROW =
  /^\s*\d+:\s*(\d+)\.\.\s*(\d+):\s*\d+\.\.\s*\d+:\s*\d+:(?:\s*\d+:)?\s*(\S*)\s*$/gm;

/** @source util-linux disk-utils/mkswap.c check_extents; e2fsprogs misc/filefrag.c */
export function parseExtents(text: string, sizeBytes: number): BadExtent[] {
  const found: BadExtent[] = [];
  let endBytes = 0;
  for (const [, start, last, flagText] of text.matchAll(EXTENT_ROW)) {
    const offsetBytes = Number(start);
    if (offsetBytes > endBytes) found.push({ kind: 'hole', offsetBytes: endBytes });
    endBytes = Number(last) + 1;
    const flags = (flagText ?? '').split(',');
    if (flags.includes('inline')) found.push({ kind: 'inline', offsetBytes });
    if (flags.includes('shared')) found.push({ kind: 'shared', offsetBytes });
    if (flags.includes('delalloc')) found.push({ kind: 'unallocated', offsetBytes });
  }
  if (endBytes < sizeBytes) found.push({ kind: 'hole', offsetBytes: endBytes });
  return found;
}

interface WipefsDocument {
  readonly signatures?: readonly {
    readonly type: string;
    /** `0xff6` */
    readonly offset: string;
    readonly length: number | string;
    readonly usage: string;
  }[];
}

/** wipefs prints nothing at all where it finds nothing. */
function parseMagics(text: string): FoundMagic[] {
  if (text.trim() === '') return [];
  const document = JSON.parse(text) as WipefsDocument;
  return (document.signatures ?? []).map(({ type, offset, length, usage }) => ({
    type,
    offsetBytes: Number(offset),
    lengthBytes: Number(length),
    isPartitionTable: usage === 'partition-table',
  }));
}
