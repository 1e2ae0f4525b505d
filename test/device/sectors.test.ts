import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createCompressor } from '../../src/codec/index.ts';
import {
  FileDevice,
  LatencyDevice,
  MemoryDevice,
  NullDevice,
  SECTOR_SIZE,
  ZramDevice,
  type BlockDevice,
  type FilePort,
} from '../../src/device/index.ts';
import { nvme } from '../../src/device/profiles/nvme.ts';
import { CostProfile, Engine, RandomStream } from '../../src/engine/index.ts';
import { InvariantError, PAGE_SIZE } from '../../src/units/index.ts';

const SIZE_BYTES = 1 << 20;
const folder = fs.mkdtempSync(join(tmpdir(), 'swaplab-sectors-'));
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

function newFile(name: string): string {
  const path = join(folder, name);
  fs.writeFileSync(path, new Uint8Array(SIZE_BYTES));
  return path;
}

function memory(): MemoryDevice {
  return new MemoryDevice({ name: 'ram', sizeBytes: SIZE_BYTES });
}

/** Bytes that differ from sector to sector and within each. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + Math.floor(i / SECTOR_SIZE)) & 0xff);
}

const makers: Readonly<Record<string, () => BlockDevice>> = {
  'a memory device': memory,
  'a file': () => FileDevice.open(newFile('plain')),
  'a latency device': () => new LatencyDevice(memory(), nvme, new RandomStream(1, 'disk')),
};

describe.each(Object.entries(makers))('sectors of %s', (_name, make) => {
  it('come back as they were written, and leave their neighbours alone', () => {
    const device = make();
    const page = pattern(PAGE_SIZE);
    expect(device.write(16 * PAGE_SIZE, [page, page], 2, 0)).toBe('ok');
    const source = pattern(3 * SECTOR_SIZE).reverse();
    // Over the border between two pages; the buffer is longer than what is written.
    const at = 17 * PAGE_SIZE - SECTOR_SIZE;
    expect(device.writeSectors(at, source, 2 * SECTOR_SIZE, 0)).toBe('ok');
    const found = new Uint8Array(2 * PAGE_SIZE + 1).fill(0xee);
    expect(device.readSectors(16 * PAGE_SIZE, found, 2 * PAGE_SIZE, 0)).toBe('ok');
    const expected = new Uint8Array(2 * PAGE_SIZE + 1).fill(0xee);
    expected.set(page);
    expected.set(page, PAGE_SIZE);
    expected.set(source.subarray(0, 2 * SECTOR_SIZE), PAGE_SIZE - SECTOR_SIZE);
    expect(found).toEqual(expected);
    device.close();
  });

  it('are whole, inside the device, and never the header’s', () => {
    const device = make();
    const buffer = new Uint8Array(PAGE_SIZE);
    expect(() => device.readSectors(100, buffer, 512, 0)).toThrow(InvariantError);
    expect(() => device.readSectors(512, buffer, 100, 0)).toThrow(InvariantError);
    expect(() => device.readSectors(SIZE_BYTES, buffer, 512, 0)).toThrow(InvariantError);
    expect(() => device.writeSectors(512, buffer, 512, 0)).toThrow(InvariantError);
    expect(() => device.writeSectors(4096, buffer, 8192, 0)).toThrow(InvariantError);
    device.close();
  });
});

describe('sectors of a memory device', () => {
  it('span its chunks, and read as zeros where nothing was written', () => {
    const device = memory();
    const source = pattern(4 * SECTOR_SIZE);
    const at = 64 * PAGE_SIZE - 2 * SECTOR_SIZE;
    device.writeSectors(at, source, source.length, 0);
    const found = new Uint8Array(6 * SECTOR_SIZE).fill(0xee);
    device.readSectors(at, found, found.length, 0);
    expect(found.subarray(0, source.length)).toEqual(source);
    expect(found.subarray(source.length).every((byte) => byte === 0)).toBe(true);
    device.readSectors(128 * PAGE_SIZE, found, found.length, 0);
    expect(found.every((byte) => byte === 0)).toBe(true);
  });
});

describe('sectors of a file', () => {
  it('all arrive when the system takes them piece by piece', () => {
    const port: FilePort = {
      ...fs,
      writeSync: (fd, buffer, offset, length, at) =>
        fs.writeSync(fd, buffer, offset, Math.min(length, 700), at),
      readSync: (fd, buffer, offset, length, at) =>
        fs.readSync(fd, buffer, offset, Math.min(length, 700), at),
    };
    const fd = fs.openSync(newFile('pieces'), 'r+');
    const device = new FileDevice({ name: 'pieces', fd, sizeBytes: SIZE_BYTES, port });
    const source = pattern(8 * SECTOR_SIZE);
    expect(device.writeSectors(PAGE_SIZE, source, source.length, 0)).toBe('ok');
    const found = new Uint8Array(source.length);
    expect(device.readSectors(PAGE_SIZE, found, found.length, 0)).toBe('ok');
    expect(found).toEqual(source);
    device.close();
  });

  it('cannot be written where the file is open for reading', () => {
    const device = FileDevice.open(newFile('ro'), { readOnly: true });
    expect(device.writeSectors(PAGE_SIZE, new Uint8Array(512), 512, 0)).toBe('EROFS');
    expect(device.problem).toContain('reading only');
    device.close();
  });
});

describe('sectors of a latency device', () => {
  it('take the time of their bytes: between nothing and a page', () => {
    const bare = { ...nvme, write: { ...nvme.write, tail: undefined } };
    const device = new LatencyDevice(memory(), bare, new RandomStream(1, 'disk'));
    const buffer = new Uint8Array(PAGE_SIZE);
    device.writeSectors(8192, buffer, SECTOR_SIZE, 0);
    const sectorNs = device.completionNs;
    const far = 1e12;
    device.write(64 * PAGE_SIZE, [buffer], 1, far);
    const pageNs = device.completionNs - far;
    device.writeSectors(128 * PAGE_SIZE, buffer, PAGE_SIZE, 2 * far);
    expect(device.completionNs - 2 * far).toBe(pageNs);
    expect(sectorNs).toBeGreaterThan(nvme.write.fixedNs.value);
    expect(sectorNs).toBeLessThan(pageNs);
  });
});

describe('sectors of a null device', () => {
  it('need no buffer', () => {
    const device = new NullDevice({ name: 'none', sizeBytes: SIZE_BYTES });
    const none = new Uint8Array(0);
    expect(device.writeSectors(PAGE_SIZE, none, 512, 3)).toBe('ok');
    expect(device.readSectors(PAGE_SIZE, none, 512, 4)).toBe('ok');
    expect(device.completionNs).toBe(4);
    expect(() => device.writeSectors(512, none, 512, 0)).toThrow(InvariantError);
  });
});

describe('sectors of zram', () => {
  it('are refused: its block is a page', () => {
    const costs = new CostProfile({ name: 'free', description: '', prices: {} });
    const device = new ZramDevice({
      name: 'zram0',
      sizeBytes: SIZE_BYTES,
      engine: new Engine({ seed: 1, cpuCount: 1, costs }),
      compressor: createCompressor('lz4', 'test'),
    });
    expect([device.readSectors(), device.writeSectors()]).toEqual(['EINVAL', 'EINVAL']);
  });
});
