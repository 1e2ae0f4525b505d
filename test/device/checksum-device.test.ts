import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ChecksumDevice,
  MemoryDevice,
  NullDevice,
  type ChecksumProblem,
} from '../../src/device/index.ts';
import { EV } from '../../src/engine/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import { pageOf, RecordingDevice, testEngine } from './support/recording-device.ts';

const PAGES = 64;

function setUp(onMismatch?: (problem: ChecksumProblem) => void) {
  const inner = new RecordingDevice({ pages: PAGES });
  const engine = testEngine();
  const device = new ChecksumDevice({
    inner,
    engine,
    hasBytes: true,
    ...(onMismatch === undefined ? {} : { onMismatch }),
  });
  const write = (slot: number, ...seeds: number[]) =>
    device.write(slot * PAGE_SIZE, seeds.map(pageOf), seeds.length, 0);
  const read = (slot: number) => {
    const page = new Uint8Array(PAGE_SIZE);
    const outcome = device.read(slot * PAGE_SIZE, [page], 1, 0);
    return { outcome, page };
  };
  return { inner, engine, device, write, read };
}

describe('a device with checksums', () => {
  it('answers EIO for the page of a flipped bit, and for no other', () => {
    const told: ChecksumProblem[] = [];
    const { inner, engine, device, write, read } = setUp((problem) => told.push(problem));
    expect(write(3, 30, 40, 50)).toBe('ok');
    inner.flipBit(4 * PAGE_SIZE + 4095, 7);
    expect([3, 4, 5].map((slot) => read(slot).outcome)).toEqual(['ok', 'EIO', 'ok']);
    expect(read(5).page).toEqual(pageOf(50));
    expect(engine.counted(EV.checksumMismatch)).toBe(1);
    expect(device.problems()).toHaveLength(1);
    expect(told).toEqual(device.problems());
    expect(told[0]).toMatchObject({ slot: 4 });
    expect(told[0]!.found).not.toBe(told[0]!.expected);
    expect(device.problem).toContain('slot 4');
  });

  it('delivers the good pages of a run with a bad one, and names the bad one', () => {
    const { inner, device, write } = setUp();
    write(3, 30, 40, 50);
    inner.flipBit(4 * PAGE_SIZE, 0);
    const pages = [new Uint8Array(PAGE_SIZE), new Uint8Array(PAGE_SIZE), new Uint8Array(PAGE_SIZE)];
    expect(device.read(3 * PAGE_SIZE, pages, 3, 0)).toBe('EIO');
    expect(pages[2]).toEqual(pageOf(50));
    expect(device.problems().map(({ slot }) => slot)).toEqual([4]);
  });

  it('takes the old and the new content after a failed write, and nothing between', () => {
    const { inner, device, write, read } = setUp();
    write(3, 30);
    inner.failAt = inner.operations;
    expect(write(3, 31)).toBe('EIO');
    expect(read(3)).toEqual({ outcome: 'ok', page: pageOf(30) });
    // The device had written all of it before it failed.
    inner.poke(3 * PAGE_SIZE, pageOf(31));
    expect(read(3)).toEqual({ outcome: 'ok', page: pageOf(31) });
    inner.poke(3 * PAGE_SIZE, pageOf(30).subarray(0, 512));
    expect(read(3).outcome).toBe('EIO');
    expect(device.problems()[0]!.expected).toMatch(/^[0-9a-f]{16} or [0-9a-f]{16}$/);
    write(3, 32);
    inner.poke(3 * PAGE_SIZE, pageOf(31));
    expect(read(3).outcome).toBe('EIO');
  });

  it('answers EIO where the only write of a slot failed', () => {
    const { inner, write, read } = setUp();
    inner.failAt = inner.operations;
    expect(write(3, 31)).toBe('EIO');
    expect(read(3).outcome).toBe('EIO');
  });

  it('forgets what was discarded, and takes what it never wrote as it is', () => {
    const { inner, device, write, read } = setUp();
    write(3, 30);
    device.discard(3 * PAGE_SIZE, PAGE_SIZE, 0);
    inner.poke(3 * PAGE_SIZE, pageOf(9));
    inner.poke(9 * PAGE_SIZE, pageOf(8));
    expect([read(3), read(9)]).toEqual([
      { outcome: 'ok', page: pageOf(9) },
      { outcome: 'ok', page: pageOf(8) },
    ]);
    expect(device.metadataBytes()).toBe(4096 * 8 + 512);
  });

  it('refuses sectors', () => {
    const { device } = setUp();
    const bytes = new Uint8Array(512);
    expect(device.readSectors(8192, bytes, 512, 0)).toBe('EINVAL');
    expect(device.writeSectors(8192, bytes, 512, 0)).toBe('EINVAL');
  });

  it('passes everything through with payload none', () => {
    const inner = new NullDevice({ name: 'none', sizeBytes: PAGES * PAGE_SIZE });
    const engine = testEngine();
    const device = new ChecksumDevice({ inner, engine, hasBytes: false });
    expect(device.write(PAGE_SIZE, [], 8, 0)).toBe('ok');
    expect(device.read(PAGE_SIZE, [], 8, 0)).toBe('ok');
    expect(device.writeSectors(PAGE_SIZE, new Uint8Array(0), 512, 0)).toBe('ok');
    expect([engine.counted(EV.checksum), device.metadataBytes()]).toEqual([0, 0]);
  });

  it('never gives wrong data, whatever single bits flip', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(PAGES - 2), fc.nat(PAGE_SIZE - 1), fc.nat(7)), { maxLength: 8 }),
        (flips) => {
          const memory = new MemoryDevice({ name: 'ram', sizeBytes: PAGES * PAGE_SIZE });
          const inner = new RecordingDevice({ pages: PAGES, inner: memory });
          const device = new ChecksumDevice({ inner, engine: testEngine(), hasBytes: true });
          for (let slot = 1; slot < PAGES; slot++)
            device.write(slot * PAGE_SIZE, [pageOf(slot)], 1, 0);
          for (const [page, byte, bit] of flips) inner.flipBit((page + 1) * PAGE_SIZE + byte, bit);
          for (let slot = 1; slot < PAGES; slot++) {
            const page = new Uint8Array(PAGE_SIZE);
            const outcome = device.read(slot * PAGE_SIZE, [page], 1, 0);
            // Two flips of the same bit undo each other.
            const isWhole = Buffer.compare(page, pageOf(slot)) === 0;
            expect(outcome).toBe(isWhole ? 'ok' : 'EIO');
          }
        },
      ),
      { seed: 5, numRuns: 30 },
    );
  });
});
