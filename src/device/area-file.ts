/**
 * The file or block device under a swap area while it is made, labelled or looked at: opening it,
 * what the system knows about it, and reads and writes of any range. Pages in use go through
 * `FileDevice`.
 *
 * util-linux counterpart: lib/blkdev.c, lib/ismounted.c and the file half of disk-utils/mkswap.c.
 * System calls that fail throw what Node throws (`codeOf` and `errnoOf` name the errno).
 */
import * as fs from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { RunError } from '../units/index.ts';
import { blockDeviceBytes } from './block-size.ts';
import { codeOf, fileIdOf } from './file-device.ts';
import { SystemPrograms } from './system-programs.ts';

const { O_CREAT, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = fs.constants;
/** Bits of st_mode that chmod can set. */
const PERMISSION_BITS = 0o7777;
const COPY_BYTES = 1 << 20;

export interface AreaFileOpenOptions {
  /** `create` makes a regular file of mode 0600 where there is none. Default `write`. */
  readonly access?: 'read' | 'write' | 'create';
  /** Open a block device that is in use all the same. Default false. */
  readonly isShared?: boolean;
  /** Refuse a symbolic link in the last component of the path (ELOOP). Default false. */
  readonly noFollow?: boolean;
  /** How the system's programs are found. */
  readonly programs?: SystemPrograms;
}

/** Tries to open a path while somebody keeps putting something else there. assumed */
const OPEN_TRIES = 8;

/** What stat tells of an area's file. */
export interface AreaFileStat {
  readonly type: 'regular' | 'block' | 'other';
  /** Permission bits, set-id bits included. */
  readonly mode: number;
  readonly uid: number;
  /** st_size: 0 for a block device. */
  readonly sizeBytes: number;
  /** Bytes of the blocks that the file system has given it. */
  readonly allocatedBytes: number;
  /** Identity of the file: `device:inode`, for block devices `block:major:minor`. */
  readonly fileId: string;
}

export class AreaFile {
  readonly path: string;
  /** True when opening it made the file. */
  readonly isCreated: boolean;
  readonly #fd: number;
  readonly #programs: SystemPrograms;

  private constructor(path: string, fd: number, isCreated: boolean, programs: SystemPrograms) {
    this.path = path;
    this.#fd = fd;
    this.isCreated = isCreated;
    this.#programs = programs;
  }

  /**
   * Opens a file; a block device exclusively when it is to be written and not shared, as mkswap and
   * swapon(2) do, so that one in use gives EBUSY.
   */
  static open(path: string, options: AreaFileOpenOptions = {}): AreaFile {
    const access = options.access ?? 'write';
    const programs = options.programs ?? new SystemPrograms();
    if (access === 'create') {
      try {
        // O_EXCL: never through a link, and never what another process has put there.
        const fd = fs.openSync(path, O_RDWR | O_CREAT | O_EXCL, 0o600);
        return new AreaFile(path, fd, true, programs);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
    }
    const mayShare = access === 'read' || options.isShared === true;
    // O_NONBLOCK: a named pipe answers at once instead of waiting for its other end. O_NOCTTY: a
    // terminal does not become ours.
    const flags =
      (access === 'read' ? O_RDONLY : O_RDWR) |
      (O_NONBLOCK | O_NOCTTY) |
      (options.noFollow === true ? O_NOFOLLOW : 0);
    for (let left = OPEN_TRIES; ; left--) {
      const look = options.noFollow === true ? fs.lstatSync : fs.statSync;
      const isExclusive = !mayShare && look(path).isBlockDevice();
      const fd = fs.openSync(path, flags | (isExclusive ? O_EXCL : 0));
      // Something else may have come to the path since stat: what was opened decides.
      if (mayShare || fs.fstatSync(fd).isBlockDevice() === isExclusive)
        return new AreaFile(path, fd, false, programs);
      fs.closeSync(fd);
      if (left === 1) throw new RunError(`${path}: something else is put there again and again`);
    }
  }

  stat(): AreaFileStat {
    return statOf(fs.fstatSync(this.#fd, { bigint: true }));
  }

  /** Bytes that an area can have here: the size of the file or of the block device. */
  sizeBytes(): number {
    const stat = this.stat();
    if (stat.type !== 'block') return stat.sizeBytes;
    const told = this.#programs.deviceBytes(this.path);
    return typeof told === 'number' ? told : blockDeviceBytes(this.#fd);
  }

  /** Reads up to `lengthBytes` bytes; fewer where the file ends. */
  read(offsetBytes: number, lengthBytes: number): Uint8Array {
    const bytes = new Uint8Array(lengthBytes);
    let done = 0;
    while (done < lengthBytes) {
      const moved = fs.readSync(this.#fd, bytes, done, lengthBytes - done, offsetBytes + done);
      if (moved === 0) break;
      done += moved;
    }
    return bytes.subarray(0, done);
  }

  write(offsetBytes: number, bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length)
      done += fs.writeSync(this.#fd, bytes, done, bytes.length - done, offsetBytes + done);
  }

  truncate(sizeBytes: number): void {
    fs.ftruncateSync(this.#fd, sizeBytes);
  }

  /** Sets the permission bits of the file. */
  setMode(mode: number): void {
    fs.fchmodSync(this.#fd, mode);
  }

  /**
   * Gives the file `sizeBytes` bytes that all have blocks on the disk.
   * @returns what the system said when there was no room, null when all is well
   */
  allocate(sizeBytes: number): string | null {
    if (this.stat().sizeBytes === 0) this.#programs.forbidCopyOnWrite(this.path);
    this.truncate(sizeBytes);
    const result = this.#programs.allocate(this.path, sizeBytes);
    if (result === 'ok') return null;
    if (typeof result !== 'string') return result.failed;
    // As posix_fallocate does where a file system cannot, or without fallocate: every byte is written.
    for (let at = 0; at < sizeBytes; at += COPY_BYTES)
      this.write(at, this.read(at, Math.min(COPY_BYTES, sizeBytes - at)));
    return null;
  }

  /** Takes an exclusive BSD lock that lasts until the file is closed. */
  lock(mode: 'wait' | 'nonblock'): ReturnType<SystemPrograms['lock']> {
    return this.#programs.lock(this.#fd, mode);
  }

  badExtents(): ReturnType<SystemPrograms['badExtents']> {
    return this.#programs.badExtents(this.path, this.stat().sizeBytes);
  }

  magics(): ReturnType<SystemPrograms['magics']> {
    return this.#programs.magics(this.path);
  }

  /**
   * True when a part of a regular file has no blocks. The number of blocks alone would miss holes
   * that blocks behind the end of the file make up for.
   */
  hasHoles(): boolean {
    const stat = this.stat();
    if (stat.type !== 'regular') return false;
    if (stat.allocatedBytes < stat.sizeBytes) return true;
    const extents = this.badExtents();
    if (extents === null || extents === 'missing') return false;
    return extents.some(({ kind }) => kind === 'hole');
  }

  sync(): void {
    fs.fsyncSync(this.#fd);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  /** Closes the file, and takes it away again if opening it made it. */
  abandon(): void {
    this.close();
    if (this.isCreated) fs.unlinkSync(this.path);
  }
}

/** The absolute path without links; the path as it is where nothing is there. */
export function canonicalPath(path: string): string {
  try {
    return fs.realpathSync.native(path);
  } catch {
    return path;
  }
}

/**
 * The absolute path by which a file is opened without following it: the folder without links, the
 * last component as it is.
 */
export function unfollowedPath(path: string): string {
  const absolute = resolve(path);
  const name = basename(absolute);
  return name === '' ? absolute : join(canonicalPath(dirname(absolute)), name);
}

/** What stat tells of the file at a path, links followed. */
export function statAreaFile(path: string): AreaFileStat {
  return statOf(fs.statSync(path, { bigint: true }));
}

/**
 * How the running system itself uses a file or block device: as swap, as a mounted file system, or
 * not as far as /proc tells.
 */
export function systemUse(path: string): 'swap' | 'mounted' | null {
  const names = new Set([path, canonicalPath(path)]);
  if (procColumn('/proc/swaps').some((name) => names.has(name))) return 'swap';
  if (procColumn('/proc/self/mounts').some((name) => names.has(name))) return 'mounted';
  return null;
}

/** The first column of a table in /proc; empty where there is none. */
function procColumn(file: string): string[] {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  const names = text.split('\n').map((line) => line.split(/[ \t]/, 1)[0] ?? '');
  return names
    .filter((name) => name.startsWith('/'))
    .map((name) => name.replace(/\\([0-7]{3})/g, (_, octal: string) => byteOf(octal)));
}

/** /proc writes blanks and backslashes as octal numbers. */
function byteOf(octal: string): string {
  return String.fromCharCode(Number.parseInt(octal, 8));
}

function statOf(stat: fs.BigIntStats): AreaFileStat {
  const type = stat.isFile() ? 'regular' : stat.isBlockDevice() ? 'block' : 'other';
  return {
    type,
    mode: Number(stat.mode) & PERMISSION_BITS,
    uid: Number(stat.uid),
    sizeBytes: Number(stat.size),
    allocatedBytes: Number(stat.blocks) * 512,
    fileId: fileIdOf(stat),
  };
}
