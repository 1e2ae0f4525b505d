import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileDevice, type FilePort } from '../../src/device/index.ts';
import { InvariantError, PAGE_SIZE, RunError, UsageError } from '../../src/units/index.ts';

const SLOTS = 64;
let folder = '';
let path = '';

/** A page whose every 32-bit word names the page and its place. */
function page(tag: number): Uint8Array {
  const words = new Uint32Array(PAGE_SIZE / 4).map((_, i) => tag * 65536 + i);
  return new Uint8Array(words.buffer);
}

function emptyPages(count: number): Uint8Array[] {
  return Array.from({ length: count }, () => new Uint8Array(PAGE_SIZE).fill(0xcc));
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'pwrite' });
}

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'swaplab-device-'));
  path = join(folder, 'swapfile');
  fs.writeFileSync(path, Buffer.alloc(SLOTS * PAGE_SIZE));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

describe('a file device', () => {
  it('puts the bytes of slot s at s × 4096 of the file and leaves all others', () => {
    const device = FileDevice.open(path);
    expect(device.write(5 * PAGE_SIZE, [page(5)], 1, 0)).toBe('ok');
    expect(device.write(9 * PAGE_SIZE, [page(9), page(10), page(11)], 3, 0)).toBe('ok');
    expect(device.flush()).toBe('ok');
    device.close();
    const bytes = fs.readFileSync(path);
    expect(bytes.length).toBe(SLOTS * PAGE_SIZE);
    for (let slot = 0; slot < SLOTS; slot++) {
      const found = bytes.subarray(slot * PAGE_SIZE, (slot + 1) * PAGE_SIZE);
      const isWritten = slot === 5 || (slot >= 9 && slot <= 11);
      expect(isEqual(found, isWritten ? page(slot) : Buffer.alloc(PAGE_SIZE)), `${slot}`).toBe(
        true,
      );
    }
  });

  it('reads single pages and runs back, into the first pages of a longer list', () => {
    for (let slot = 1; slot < SLOTS; slot++) {
      const fd = fs.openSync(path, 'r+');
      fs.writeSync(fd, page(slot), 0, PAGE_SIZE, slot * PAGE_SIZE);
      fs.closeSync(fd);
    }
    const device = FileDevice.open(path, { readOnly: true });
    const pages = emptyPages(8);
    expect(device.read(20 * PAGE_SIZE, pages, 7, 42)).toBe('ok');
    expect(device.completionNs).toBe(42);
    pages.slice(0, 7).forEach((found, i) => {
      expect(isEqual(found, page(20 + i))).toBe(true);
    });
    expect(pages[7]!.every((byte) => byte === 0xcc)).toBe(true);
    expect(device.read(63 * PAGE_SIZE, pages, 1, 0)).toBe('ok');
    expect(isEqual(pages[0]!, page(63))).toBe(true);
    device.close();
  });

  it('moves runs of more buffers than the system takes in one call', () => {
    const count = 1500;
    fs.truncateSync(path, (count + 1) * PAGE_SIZE);
    const device = FileDevice.open(path);
    const written = Array.from({ length: count }, (_, i) => page(i));
    expect(device.write(PAGE_SIZE, written, count, 0)).toBe('ok');
    const pages = emptyPages(count);
    expect(device.read(PAGE_SIZE, pages, count, 0)).toBe('ok');
    device.close();
    expect(pages.every((found, i) => isEqual(found, written[i]!))).toBe(true);
  });

  it('says EIO, and where, when the file was truncated under it', () => {
    const device = FileDevice.open(path);
    expect(device.problem).toBeNull();
    fs.truncateSync(path, 10 * PAGE_SIZE + 100);
    expect(device.read(9 * PAGE_SIZE, emptyPages(3), 3, 0)).toBe('EIO');
    expect(device.problem).toBe(
      `${path}: read of 12288 bytes at offset 36864 hit the end of the file: it was truncated`,
    );
    expect(device.read(10 * PAGE_SIZE, emptyPages(1), 1, 0)).toBe('EIO');
    expect(device.read(9 * PAGE_SIZE, emptyPages(1), 1, 0)).toBe('ok');
    device.close();
  });

  it('never writes the header, and takes whole pages inside the device only', () => {
    const device = FileDevice.open(path);
    const wrong = [
      (): unknown => device.write(0, [page(0)], 1, 0),
      (): unknown => device.write(PAGE_SIZE + 512, [page(0)], 1, 0),
      (): unknown => device.write(SLOTS * PAGE_SIZE, [page(0)], 1, 0),
      (): unknown => device.write((SLOTS - 1) * PAGE_SIZE, [page(0), page(1)], 2, 0),
      (): unknown => device.read(PAGE_SIZE, [page(0)], 2, 0),
      (): unknown => device.read(PAGE_SIZE, [page(0)], 0, 0),
      (): unknown => device.read(PAGE_SIZE, [new Uint8Array(512)], 1, 0),
      (): unknown => device.read(-PAGE_SIZE, [page(0)], 1, 0),
      (): unknown => device.discard(100, PAGE_SIZE),
    ];
    for (const call of wrong) expect(call).toThrow(InvariantError);
    expect(device.read(0, emptyPages(1), 1, 0)).toBe('ok');
    device.close();
    expect(fs.readFileSync(path).every((byte) => byte === 0)).toBe(true);
    expect(() => device.read(0, emptyPages(1), 1, 0)).toThrow(InvariantError);
    expect(() => {
      device.close();
    }).toThrow(InvariantError);
  });

  it('answers EROFS to writes when it is open for reading only', () => {
    const device = FileDevice.open(path, { readOnly: true });
    expect(device.write(PAGE_SIZE, [page(1)], 1, 0)).toBe('EROFS');
    expect(device.problem).toBe(`${path}: is open for reading only`);
    device.close();
  });

  it('keeps the bytes of a discarded range: the kernel does not punch swapfiles', () => {
    const device = FileDevice.open(path);
    device.write(PAGE_SIZE, [page(1)], 1, 0);
    expect(device.discard(PAGE_SIZE, PAGE_SIZE)).toBe('ok');
    const [found] = emptyPages(1);
    device.read(PAGE_SIZE, [found!], 1, 0);
    expect(isEqual(found!, page(1))).toBe(true);
    device.close();
  });

  it('follows symbolic links', () => {
    const link = join(folder, 'link');
    fs.symlinkSync(path, link);
    const device = FileDevice.open(link, { rotational: true, expectBytes: SLOTS * PAGE_SIZE });
    expect(device.sizeBytes).toBe(SLOTS * PAGE_SIZE);
    expect(device.rotational).toBe(true);
    device.close();
  });

  it('is not opened where there is no file, no swap file, or too little of one', () => {
    const missing = join(folder, 'missing');
    expect(() => FileDevice.open(missing)).toThrow(
      new RunError(`${missing}: cannot be opened: ENOENT`),
    );
    expect(() => FileDevice.open('/dev/null')).toThrow(
      new UsageError('/dev/null: is neither a regular file nor a block device'),
    );
    expect(() => FileDevice.open(path, { expectBytes: 1048576 })).toThrow(
      new RunError(`${path}: has 262144 bytes where its header declares 1048576: it was truncated`),
    );
  });
});

describe('a file device on a system that fails', () => {
  /** A device over the test's file, with some calls of `fs` replaced. */
  function deviceWith(port: Partial<FilePort>): FileDevice {
    return new FileDevice({
      name: path,
      fd: fs.openSync(path, 'r+'),
      sizeBytes: SLOTS * PAGE_SIZE,
      port: { ...fs, ...port },
    });
  }

  it('completes writes and reads that stop anywhere', () => {
    let calls = 0;
    // Runs stop within a page, single pages after 1000 bytes.
    const device = deviceWith({
      writevSync: (fd, buffers, at) =>
        fs.writeSync(fd, buffers[0]!, 0, PAGE_SIZE, at) +
        fs.writeSync(fd, buffers[1]!, 0, 77, at + PAGE_SIZE),
      readvSync: (fd, buffers, at) => fs.readSync(fd, buffers[0]!, 0, 123, at),
      writeSync: (fd, buffer, offset, length, at) => {
        calls += 1;
        return fs.writeSync(fd, buffer, offset, Math.min(length, 1000), at);
      },
      readSync: (fd, buffer, offset, length, at) => {
        calls += 1;
        return fs.readSync(fd, buffer, offset, Math.min(length, 1000), at);
      },
    });
    const written = [page(1), page(2), page(3), page(4)];
    expect(device.write(7 * PAGE_SIZE, written, 4, 0)).toBe('ok');
    expect(calls).toBe(5 + 5 + 5);
    expect(
      isEqual(
        fs.readFileSync(path).subarray(7 * PAGE_SIZE, 11 * PAGE_SIZE),
        Buffer.concat(written),
      ),
    ).toBe(true);
    const pages = emptyPages(4);
    expect(device.read(7 * PAGE_SIZE, pages, 4, 0)).toBe('ok');
    expect(isEqual(Buffer.concat(pages), Buffer.concat(written))).toBe(true);
    device.close();
  });

  it('tries again after EINTR', () => {
    let interrupts = 2;
    const device = deviceWith({
      writeSync: (fd, buffer, offset, length, at) => {
        if (interrupts-- > 0) throw failure('EINTR');
        return fs.writeSync(fd, buffer, offset, length, at);
      },
    });
    expect(device.write(PAGE_SIZE, [page(3)], 1, 0)).toBe('ok');
    expect(interrupts).toBe(-1);
    device.close();
  });

  it('gives errors their errno name, and EIO to those it has no name for', () => {
    for (const [code, outcome] of [
      ['ENOSPC', 'ENOSPC'],
      ['EIO', 'EIO'],
      ['EDQUOT', 'EIO'],
    ]) {
      const device = deviceWith({
        writevSync: () => {
          throw failure(code!);
        },
        fdatasyncSync: () => {
          throw failure(code!);
        },
      });
      expect(device.write(PAGE_SIZE, [page(1), page(2)], 2, 0)).toBe(outcome);
      expect(device.problem).toBe(`${path}: write of 8192 bytes at offset 4096 failed: ${code!}`);
      expect(device.flush()).toBe(outcome);
      expect(device.problem).toBe(`${path}: flush failed: ${code!}`);
      device.close();
    }
  });

  it('lets a bug through: what is no failed system call is no errno', () => {
    const device = deviceWith({
      readSync: () => {
        throw new TypeError('not a buffer');
      },
    });
    expect(() => device.read(PAGE_SIZE, emptyPages(1), 1, 0)).toThrow(TypeError);
    device.close();
  });

  it.runIf(fs.existsSync('/dev/full'))('says ENOSPC on a full device', () => {
    const device = new FileDevice({
      name: '/dev/full',
      fd: fs.openSync('/dev/full', 'r+'),
      sizeBytes: SLOTS * PAGE_SIZE,
    });
    expect(device.write(PAGE_SIZE, [page(1)], 1, 0)).toBe('ENOSPC');
    expect(device.write(PAGE_SIZE, [page(1), page(2)], 2, 0)).toBe('ENOSPC');
    device.close();
  });
});
