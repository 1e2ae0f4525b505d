/**
 * A swap area's bytes in a regular file or on a block special file: slot s at offset s × 4096, by
 * positional I/O on one descriptor.
 *
 * Kernel counterpart: the swap half of mm/page_io.c below __swap_writepage, and the block layer
 * under it. Simplified on purpose: the kernel maps a swapfile's extents once and goes around the
 * file system; here the file system is asked at each transfer, and its page cache is in between.
 */
import * as fs from 'node:fs';
import {
  assert,
  PAGE_SIZE,
  RunError,
  UsageError,
  type Errno,
  type Outcome,
} from '../units/index.ts';
import type { BlockDevice } from './block-device.ts';
import { blockDeviceBytes } from './block-size.ts';
import {
  assertBuffers,
  assertRange,
  assertSectors,
  assertWriteRange,
  assertWriteSectors,
} from './io-range.ts';

/** The calls of `node:fs` that a transfer needs; a test can put others in their place. */
export interface FilePort {
  readSync(fd: number, buffer: Uint8Array, offset: number, length: number, at: number): number;
  writeSync(fd: number, buffer: Uint8Array, offset: number, length: number, at: number): number;
  readvSync(fd: number, buffers: readonly Uint8Array[], at: number): number;
  writevSync(fd: number, buffers: readonly Uint8Array[], at: number): number;
  fdatasyncSync(fd: number): void;
  closeSync(fd: number): void;
}

export interface FileOpenOptions {
  /** Opens without the right to write; every write is answered EROFS. Default false. */
  readonly readOnly?: boolean;
  /** What the header declares: a file with fewer bytes is refused. */
  readonly expectBytes?: number;
  /**
   * What was looked at before under this path (`AreaFileStat.fileId`): anything else that stands
   * there now is refused, so that nothing is written to it.
   */
  readonly expectFileId?: string;
  /** What the device's profile says; false where nobody knows. */
  readonly rotational?: boolean;
}

export interface FileDeviceOptions {
  /** Where it is, for messages. */
  readonly name: string;
  /** An open descriptor; the device closes it. */
  readonly fd: number;
  readonly sizeBytes: number;
  readonly readOnly?: boolean;
  readonly rotational?: boolean;
  readonly port?: FilePort;
}

/** Every errno name that a device may return; the type demands that none is missing. */
const errnoNames: Readonly<Record<Errno, true>> = {
  EPERM: true,
  ENOENT: true,
  EINTR: true,
  EIO: true,
  EAGAIN: true,
  ENOMEM: true,
  EACCES: true,
  EBUSY: true,
  EEXIST: true,
  ENODEV: true,
  ENOTDIR: true,
  EISDIR: true,
  EINVAL: true,
  ETXTBSY: true,
  EFBIG: true,
  ENOSPC: true,
  EROFS: true,
  ENXIO: true,
  ELOOP: true,
};

export class FileDevice implements BlockDevice {
  readonly name: string;
  readonly sizeBytes: number;
  readonly rotational: boolean;
  readonly synchronous = false;
  readonly #fd: number;
  readonly #readOnly: boolean;
  readonly #port: FilePort;
  #completionNs = 0;
  #problem: string | null = null;
  #isOpen = true;

  /** Takes over an open descriptor. `FileDevice.open` is the usual way. */
  constructor(options: FileDeviceOptions) {
    this.name = options.name;
    this.sizeBytes = options.sizeBytes;
    this.rotational = options.rotational ?? false;
    this.#fd = options.fd;
    this.#readOnly = options.readOnly ?? false;
    this.#port = options.port ?? fs;
  }

  /**
   * Opens an existing regular file or block special file; symbolic links are followed.
   *
   * @throws RunError when it cannot be opened or is shorter than `expectBytes`
   * @throws UsageError when it is neither a regular file nor a block device
   */
  static open(path: string, options: FileOpenOptions = {}): FileDevice {
    const readOnly = options.readOnly ?? false;
    let fd: number;
    try {
      // O_NONBLOCK: a named pipe that has come there answers at once.
      fd = fs.openSync(
        path,
        (readOnly ? fs.constants.O_RDONLY : fs.constants.O_RDWR) | fs.constants.O_NONBLOCK,
      );
    } catch (error) {
      throw new RunError(`${path}: cannot be opened: ${codeOf(error)}`);
    }
    try {
      const { expectFileId } = options;
      if (
        expectFileId !== undefined &&
        fileIdOf(fs.fstatSync(fd, { bigint: true })) !== expectFileId
      )
        throw new RunError(`${path}: another file has come there since it was looked at`);
      const sizeBytes = sizeOf(fd, path);
      if (sizeBytes < (options.expectBytes ?? 0))
        throw new RunError(
          `${path}: has ${sizeBytes} bytes where its header declares ${options.expectBytes ?? 0}: ` +
            'it was truncated',
        );
      const rotational = options.rotational ?? false;
      return new FileDevice({ name: path, fd, sizeBytes, readOnly, rotational });
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  }

  /** A file models no time: the time at which the latest transfer was submitted. */
  get completionNs(): number {
    return this.#completionNs;
  }

  /** What went wrong at the latest transfer that failed, in a sentence; null when none did. */
  /**
   * Notices a file that was made shorter behind our back, before a later write makes it long again.
   * @returns false when it is shorter than when it was opened; `problem` says so
   */
  checkSize(): boolean {
    const stat = fs.fstatSync(this.#fd);
    if (!stat.isFile() || stat.size >= this.sizeBytes) return true;
    const { size } = stat;
    this.#problem = `${this.name}: has ${size} bytes where it had ${this.sizeBytes}: it was truncated while in use`;
    return false;
  }

  get problem(): string | null {
    return this.#problem;
  }

  read(
    offsetBytes: number,
    pages: readonly Uint8Array[],
    pageCount: number,
    nowNs: number,
  ): Outcome {
    assertRange(this, offsetBytes, pageCount * PAGE_SIZE);
    assertBuffers(pages, pageCount);
    this.#completionNs = nowNs;
    return this.#transfer('read', offsetBytes, pages, pageCount);
  }

  /** A write can also fail with EROFS, on a device that was opened for reading. */
  write(
    offsetBytes: number,
    pages: readonly Uint8Array[],
    pageCount: number,
    nowNs: number,
  ): Outcome {
    assertWriteRange(this, offsetBytes, pageCount * PAGE_SIZE);
    assertBuffers(pages, pageCount);
    this.#completionNs = nowNs;
    if (this.#readOnly) return this.#refuseWrite();
    return this.#transfer('write', offsetBytes, pages, pageCount);
  }

  readSectors(
    offsetBytes: number,
    target: Uint8Array,
    lengthBytes: number,
    nowNs: number,
  ): Outcome {
    assertSectors(this, offsetBytes, lengthBytes);
    this.#completionNs = nowNs;
    return this.#transferBuffer('read', offsetBytes, target, lengthBytes);
  }

  /** A write can also fail with EROFS, as `write`. */
  writeSectors(
    offsetBytes: number,
    source: Uint8Array,
    lengthBytes: number,
    nowNs: number,
  ): Outcome {
    assertWriteSectors(this, offsetBytes, lengthBytes);
    this.#completionNs = nowNs;
    if (this.#readOnly) return this.#refuseWrite();
    return this.#transferBuffer('write', offsetBytes, source, lengthBytes);
  }

  /**
   * Does nothing: the kernel discards the blocks under a swapfile, never the file's own extents,
   * and Node cannot ask a block device to discard.
   */
  discard(offsetBytes: number, lengthBytes: number): Outcome {
    assertRange(this, offsetBytes, lengthBytes);
    return 'ok';
  }

  flush(): Outcome {
    try {
      this.#port.fdatasyncSync(this.#fd);
      return 'ok';
    } catch (error) {
      return this.#fail(error, 'flush');
    }
  }

  close(): void {
    assert(this.#isOpen, 'a device is closed once');
    this.#isOpen = false;
    this.#port.closeSync(this.#fd);
  }

  #refuseWrite(): Errno {
    this.#problem = `${this.name}: is open for reading only`;
    return 'EROFS';
  }

  /** Moves whole pages: a run in one vectored call; what that leaves over follows page by page. */
  #transfer(
    direction: 'read' | 'write',
    offsetBytes: number,
    pages: readonly Uint8Array[],
    pageCount: number,
  ): Outcome {
    return this.#moveAll(direction, offsetBytes, pageCount * PAGE_SIZE, (doneBytes) =>
      doneBytes === 0 && pageCount > 1
        ? this.#moveRun(direction, offsetBytes, pages, pageCount)
        : this.#movePage(direction, offsetBytes, pages, doneBytes),
    );
  }

  /** Moves the first `lengthBytes` bytes of one buffer. */
  #transferBuffer(
    direction: 'read' | 'write',
    offsetBytes: number,
    buffer: Uint8Array,
    lengthBytes: number,
  ): Outcome {
    assert(buffer.length >= lengthBytes, 'a transfer has a buffer for all its bytes');
    return this.#moveAll(direction, offsetBytes, lengthBytes, (doneBytes) => {
      const length = lengthBytes - doneBytes;
      const at = offsetBytes + doneBytes;
      return direction === 'read'
        ? this.#port.readSync(this.#fd, buffer, doneBytes, length, at)
        : this.#port.writeSync(this.#fd, buffer, doneBytes, length, at);
    });
  }

  /**
   * Moves all bytes, in as many calls as it takes: the system may stop a transfer anywhere.
   * @param move - moves some of the bytes behind the first `doneBytes`; returns how many
   */
  #moveAll(
    direction: 'read' | 'write',
    offsetBytes: number,
    lengthBytes: number,
    move: (doneBytes: number) => number,
  ): Outcome {
    assert(this.#isOpen, 'a closed device takes no I/O');
    let doneBytes = 0;
    while (doneBytes < lengthBytes) {
      let movedBytes: number;
      try {
        movedBytes = move(doneBytes);
      } catch (error) {
        if (codeOf(error) === 'EINTR') continue;
        return this.#fail(error, `${direction} of ${lengthBytes} bytes at offset ${offsetBytes}`);
      }
      if (movedBytes === 0) {
        this.#problem =
          `${this.name}: ${direction} of ${lengthBytes} bytes at offset ${offsetBytes} ` +
          (direction === 'read' ? 'hit the end of the file: it was truncated' : 'took no bytes');
        return 'EIO';
      }
      doneBytes += movedBytes;
    }
    return 'ok';
  }

  #moveRun(
    direction: 'read' | 'write',
    offsetBytes: number,
    pages: readonly Uint8Array[],
    pageCount: number,
  ): number {
    const run = pages.length === pageCount ? pages : pages.slice(0, pageCount);
    return direction === 'read'
      ? this.#port.readvSync(this.#fd, run, offsetBytes)
      : this.#port.writevSync(this.#fd, run, offsetBytes);
  }

  /** Moves what is left of the page that `doneBytes` stands in. */
  #movePage(
    direction: 'read' | 'write',
    offsetBytes: number,
    pages: readonly Uint8Array[],
    doneBytes: number,
  ): number {
    const start = doneBytes % PAGE_SIZE;
    const page = pages[(doneBytes - start) / PAGE_SIZE]!;
    const at = offsetBytes + doneBytes;
    return direction === 'read'
      ? this.#port.readSync(this.#fd, page, start, PAGE_SIZE - start, at)
      : this.#port.writeSync(this.#fd, page, start, PAGE_SIZE - start, at);
  }

  #fail(error: unknown, what: string): Errno {
    const code = codeOf(error);
    this.#problem = `${this.name}: ${what} failed: ${code}`;
    return errnoOf(error);
  }
}

/** The errno of a failed system call; EIO for one that no emulated operation returns. */
export function errnoOf(error: unknown): Errno {
  const code = codeOf(error);
  return Object.hasOwn(errnoNames, code) ? (code as Errno) : 'EIO';
}

/** The errno name of a failed system call; anything else is a bug and goes on. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && 'syscall' in error) return String(error.code);
  throw error;
}

/**
 * Identity of a file: `device:inode`, for block devices `block:major:minor`.
 * @source glibc sysdeps/unix/sysv/linux/sys/sysmacros.h gnu_dev_major, gnu_dev_minor
 */
export function fileIdOf(stat: fs.BigIntStats): string {
  if (!stat.isBlockDevice()) return `${stat.dev}:${stat.ino}`;
  const { rdev } = stat;
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn);
  return `block:${major}:${minor}`;
}

function sizeOf(fd: number, path: string): number {
  const stat = fs.fstatSync(fd);
  if (stat.isFile()) return stat.size;
  if (stat.isBlockDevice()) return blockDeviceBytes(fd);
  throw new UsageError(`${path}: is neither a regular file nor a block device`);
}
