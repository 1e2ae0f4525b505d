import { describe, expect, it } from 'vitest';
import { MemoryDevice, NullDevice } from '../../src/device/index.ts';
import { InvariantError, PAGE_SIZE } from '../../src/units/index.ts';

const CHUNK_BYTES = 64 * PAGE_SIZE;

function filled(byte: number): Uint8Array {
  return new Uint8Array(PAGE_SIZE).fill(byte);
}

/** The byte that all of page `index` holds; -1 when it holds several. */
function byteOf(device: MemoryDevice, index: number): number {
  const found = filled(0xcc);
  expect(device.read(index * PAGE_SIZE, [found], 1, 0)).toBe('ok');
  return found.every((byte) => byte === found[0]) ? found[0]! : -1;
}

describe('a memory device', () => {
  it('gives back what was written, zeros elsewhere', () => {
    const device = new MemoryDevice({ name: 'ram', sizeBytes: 4 * CHUNK_BYTES });
    // Across the border between two chunks.
    expect(device.write(63 * PAGE_SIZE, [filled(1), filled(2), filled(3)], 2, 7)).toBe('ok');
    expect(device.completionNs).toBe(7);
    expect([62, 63, 64, 65, 255].map((index) => byteOf(device, index))).toEqual([0, 1, 2, 0, 0]);
  });

  it('keeps a copy, not the buffer', () => {
    const device = new MemoryDevice({ name: 'ram', sizeBytes: CHUNK_BYTES });
    const page = filled(9);
    device.write(PAGE_SIZE, [page], 1, 0);
    page.fill(8);
    expect(byteOf(device, 1)).toBe(9);
  });

  it('takes memory where something is written, and gives a discarded chunk back', () => {
    const device = new MemoryDevice({ name: 'ram', sizeBytes: 2 ** 40 });
    expect(device.allocatedBytes).toBe(0);
    device.write(2 ** 39, [filled(1)], 1, 0);
    device.write(CHUNK_BYTES - PAGE_SIZE, [filled(1), filled(2)], 2, 0);
    expect(device.allocatedBytes).toBe(3 * CHUNK_BYTES);
    device.discard(2 ** 39, CHUNK_BYTES);
    expect(device.allocatedBytes).toBe(2 * CHUNK_BYTES);
  });

  it('reads zeros from the pages that were discarded, and from no others', () => {
    const device = new MemoryDevice({ name: 'ram', sizeBytes: 4 * CHUNK_BYTES });
    const pages = Array.from({ length: 255 }, () => filled(5));
    device.write(PAGE_SIZE, pages, 255, 0);
    expect(device.discard(60 * PAGE_SIZE, 80 * PAGE_SIZE)).toBe('ok');
    const places = [59, 60, 63, 64, 127, 128, 139, 140, 255];
    expect(places.map((index) => byteOf(device, index))).toEqual([5, 0, 0, 0, 0, 0, 0, 5, 5]);
  });
});

describe.each([
  ['a memory device', new MemoryDevice({ name: 'ram', sizeBytes: CHUNK_BYTES })],
  ['a null device', new NullDevice({ name: 'none', sizeBytes: CHUNK_BYTES })],
])('%s', (_name, device) => {
  it('refuses the header, parts of pages and what lies outside', () => {
    expect(() => device.write(0, [filled(1)], 1, 0)).toThrow(InvariantError);
    expect(() => device.write(1000, [filled(1)], 1, 0)).toThrow(InvariantError);
    expect(() => device.write(CHUNK_BYTES, [filled(1)], 1, 0)).toThrow(InvariantError);
    expect(() => device.read(CHUNK_BYTES, [filled(1)], 1, 0)).toThrow(InvariantError);
    expect(() => device.discard(PAGE_SIZE, 2 * CHUNK_BYTES)).toThrow(InvariantError);
  });
});

describe('a null device', () => {
  it('succeeds without bytes, at any size, and leaves buffers alone', () => {
    const device = new NullDevice({ name: 'none', sizeBytes: 2 ** 50, synchronous: true });
    const page = filled(4);
    expect(device.write(2 ** 49, [], 32, 3)).toBe('ok');
    expect(device.read(2 ** 49, [page], 1, 5)).toBe('ok');
    expect(device.completionNs).toBe(5);
    expect(page.every((byte) => byte === 4)).toBe(true);
    expect(device.synchronous).toBe(true);
    expect([device.discard(PAGE_SIZE, PAGE_SIZE), device.flush()]).toEqual(['ok', 'ok']);
  });
});
