/** Where each form puts blobs, and in how many I/Os. */
import { describe, expect, it } from 'vitest';
import { EV } from '../../../src/engine/index.ts';
import { PAGE_SIZE, UsageError, type Outcome } from '../../../src/units/index.ts';
import { blobOf, lz4, mapped, squeezable } from '../support/mapped.ts';
import { pageOf } from '../support/recording-device.ts';

const KIB = 1024;

describe('one blob a slot', () => {
  it('lies at its slot’s offset, rounded up to sectors', () => {
    const { inner, device, blobs } = mapped({ form: 'slot', pages: 32 });
    expect(blobs([5, 9], [1, 513])).toBe('ok');
    expect(inner.writes).toEqual([
      [5 * PAGE_SIZE, 512],
      [9 * PAGE_SIZE, 1024],
    ]);
    expect(device.stats()).toMatchObject({ payloadBytes: 514, liveBytes: 514, usedBytes: 1536 });
  });

  it('merges neighbours whose bytes touch, and only those', () => {
    const { inner, blobs } = mapped({ form: 'slot', pages: 32 });
    // 3585 bytes fill a page by sectors, 3584 do not; the order of the batch does not matter.
    blobs([7, 4, 5, 6, 9], [100, PAGE_SIZE, 3585, 3584, 4000]);
    expect(inner.writes).toEqual([
      [4 * PAGE_SIZE, 2 * PAGE_SIZE + 3584],
      [7 * PAGE_SIZE, 512],
      [9 * PAGE_SIZE, PAGE_SIZE],
    ]);
  });

  it('saves nothing on a device whose block is a page', () => {
    const { inner, blobs } = mapped({ form: 'slot', pages: 32, blockBytes: 4096 });
    blobs([4, 5], [100, 200]);
    expect(inner.writes).toEqual([[4 * PAGE_SIZE, 2 * PAGE_SIZE]]);
  });

  it.each([0, 1, 2])('loses only I/O %i of three when that fails', (position) => {
    const { inner, device, compressed, read } = mapped({ form: 'slot', pages: 32 });
    const before = [1, 2, 3].map((seed) => squeezable(seed, 900));
    const after = [4, 5, 6].map((seed) => squeezable(seed, 1700));
    const slots = [4, 10, 20];
    compressed(slots, before);
    inner.failAt = inner.operations + position;
    expect(compressed(slots, after)).toBe('EIO');
    slots.forEach((slot, i) => {
      const expected = i === position ? before[i] : after[i];
      expect(read(slot)).toEqual({ outcome: 'ok', page: expected });
    });
    device.checkInvariants();
  });
});

describe('packed pages', () => {
  it('take several blobs each by best fit, none in two pages, in one I/O', () => {
    const { inner, device, blobs } = mapped({ form: 'packed', pages: 64 });
    // 2000 leaves 2096, 3000 leaves 1096: 1000 goes where least is left over, 2096 fills the other.
    expect(blobs([10, 11, 12, 13], [2000, 3000, 1000, 2096])).toBe('ok');
    expect([10, 11, 12, 13].map((slot) => device.locate(slot))).toEqual([
      PAGE_SIZE,
      2 * PAGE_SIZE,
      2 * PAGE_SIZE + 3000,
      PAGE_SIZE + 2000,
    ]);
    expect(inner.writes).toEqual([[PAGE_SIZE, 2 * PAGE_SIZE]]);
    expect(device.stats()).toMatchObject({ usedBytes: 2 * PAGE_SIZE, liveBytes: 8096 });
  });

  it('are one I/O for each run of free pages', () => {
    const { inner, write, discard, blobs } = mapped({
      form: 'packed',
      pages: 12,
      reservedSegments: 2,
    });
    write(1, ...Array.from({ length: 9 }, (_, i) => pageOf(i)));
    discard(3, 6, 7);
    inner.transfers.length = 0;
    blobs([3, 6, 7], [PAGE_SIZE, PAGE_SIZE, 4000]);
    // Free were pages 10, 11, and 3, 6, 7; one is kept back.
    expect(inner.writes).toEqual([
      [10 * PAGE_SIZE, 2 * PAGE_SIZE],
      [3 * PAGE_SIZE, PAGE_SIZE],
    ]);
  });

  it('are free as soon as nothing in them is live', () => {
    const { inner, device, blobs, discard } = mapped({ form: 'packed', pages: 64 });
    blobs([10, 11, 12], [1000, 1000, 3000]);
    discard(10);
    expect(device.stats().usedBytes).toBe(2 * PAGE_SIZE);
    discard(11);
    expect(device.stats().usedBytes).toBe(PAGE_SIZE);
    expect(inner.transfers.at(-1)).toEqual({
      kind: 'discard',
      offset: PAGE_SIZE,
      length: PAGE_SIZE,
    });
  });

  it('tell the relative age that they lose', () => {
    const { device, compressed } = mapped({ form: 'packed', pages: 64 });
    const [a, b, c, d] = [1, 2, 3, 4].map((seed) => squeezable(seed, 1800));
    compressed([1, 2, 3, 4], [a!, b!, c!, d!], [50, 10, 7, 7]);
    compressed([5], [a!], [99]);
    // Two pages of two: 40 and 0; a page of one has no spread.
    expect(device.stats()).toMatchObject({ ageSpreadMean: 20, agedPages: 2 });
  });

  it('are read by the sectors of the blob, and restored', () => {
    const { inner, engine, device, compressed, read } = mapped({ form: 'packed', pages: 64 });
    const pages = [1, 2, 3].map((seed) => squeezable(seed, 700));
    compressed([1, 2, 3], pages);
    expect(read(2)).toEqual({ outcome: 'ok', page: pages[1] });
    const [length] = [blobOf(pages[0]!).length];
    expect(length).toBeGreaterThan(700);
    expect(inner.reads).toEqual([[PAGE_SIZE + 512, 1024]]);
    expect(engine.counted(EV.decompress)).toBe(1);
    expect(engine.counted(EV.locationRead)).toBe(4);
    expect(engine.counted(EV.locationWrite)).toBe(3);
    expect(device.stats().readAmplification).toBeCloseTo(1024 / blobOf(pages[1]!).length, 6);
  });
});

describe('a batch', () => {
  it('lies back to back, rounded up at its end, in one I/O', () => {
    const { inner, device, blobs } = mapped({ form: 'batch', pages: 1 + 8 * 32 });
    expect(blobs([10, 12, 14], [3000, 2000, 1500])).toBe('ok');
    expect([10, 12, 14].map((slot) => device.locate(slot))).toEqual([4096, 7096, 9096]);
    // The next batch begins with the next sector.
    blobs([20], [100]);
    expect(inner.writes).toEqual([
      [4096, 6656],
      [4096 + 6656, 512],
    ]);
  });

  it('begins a segment anew when all of the open one was discarded', () => {
    const { device, blobs, discard } = mapped({ form: 'batch', pages: 1 + 8 * 32 });
    blobs([10], [3000]);
    discard(10);
    blobs([11], [3000]);
    expect((Number(device.locate(11)) - PAGE_SIZE) % (128 * KIB)).toBe(0);
    // Replaced by a batch that goes on behind it: it must not be freed with what it held before.
    blobs([11, 12], [2000, 2000]);
    device.checkInvariants();
    expect(device.stats()).toMatchObject({ usedBytes: 128 * KIB, liveBytes: 4000 });
  });

  it('of 32 whole pages is one I/O', () => {
    const { inner, write } = mapped({ form: 'batch', pages: 1 + 8 * 32 });
    write(1, ...Array.from({ length: 32 }, (_, i) => pageOf(i)));
    expect(inner.writes).toEqual([[4096, 32 * PAGE_SIZE]]);
  });

  it('goes on into the next segment in the same I/O, no blob in both', () => {
    const { inner, device, blobs } = mapped({ form: 'batch', pages: 1 + 8 * 32 });
    const slots = Array.from({ length: 40 }, (_, i) => 1 + i);
    blobs(
      slots,
      slots.map(() => 4000),
    );
    expect(inner.writes).toHaveLength(1);
    // 32 blobs of 4000 bytes fill 128000 of 131072; the 33rd begins the next segment.
    expect(device.locate(33)).toBe(4096 + 32 * 4096);
    device.checkInvariants();
  });

  it.each([0, 1, 2])('leaves all slots as they were when I/O %i fails', (position) => {
    // Free pages lie apart from each other, so that a batch needs several I/Os.
    const { inner, device, compressed, write, discard, read } = mapped({
      form: 'packed',
      pages: 20,
      reservedSegments: 2,
    });
    write(1, ...Array.from({ length: 16 }, (_, i) => pageOf(i)));
    discard(2, 4, 6, 8, 10);
    const free = device.stats().usedBytes;
    const slots = [2, 3, 4, 5, 6];
    inner.failAt = inner.operations + position;
    const outcome = compressed(
      slots,
      slots.map((slot) => squeezable(100 + slot, PAGE_SIZE)),
    );
    expect(outcome).toBe('EIO');
    expect(slots.map((slot) => read(slot).page)).toEqual(
      slots.map((slot) => (slot % 2 === 0 ? new Uint8Array(PAGE_SIZE) : pageOf(slot - 1))),
    );
    expect(device.stats().usedBytes).toBe(free);
    device.checkInvariants();
  });
});

describe('a damaged blob', () => {
  it.each(['slot', 'packed', 'batch'] as const)(
    'is EIO in the form %s, never wrong data',
    (form) => {
      const { inner, device, compressed, read } = mapped({ form, pages: 1 + 4 * 32 });
      const page = squeezable(1, 600);
      compressed([3, 4], [page, page]);
      const at = Number(device.locate(3));
      const sector = at - (at % 512);
      inner.poke(sector, new Uint8Array(512).fill(0xff));
      expect(read(3).outcome).toBe('EIO');
      expect(device.problem).toContain('slot 3');
    },
  );

  it('is found by its checksum where it would decompress all the same', () => {
    const { inner, engine, device, compressed, read, write } = mapped({
      form: 'packed',
      pages: 64,
      hasChecksums: true,
    });
    const page = squeezable(1, 600);
    compressed([3, 4], [page, squeezable(2, 600)]);
    write(9, pageOf(9));
    // A literal byte of the block: lz4 has no way to notice.
    inner.flipBit(Number(device.locate(3)) + 300, 2);
    inner.flipBit(Number(device.locate(9)) + 4000, 7);
    expect([3, 4, 9].map((slot) => read(slot).outcome)).toEqual(['EIO', 'ok', 'EIO']);
    expect(device.problems().map(({ slot }) => slot)).toEqual([3, 9]);
    expect(engine.counted(EV.checksumMismatch)).toBe(2);
  });
});

describe('a mapped device', () => {
  it('reads zeros, without an I/O, where nothing was written or all was discarded', () => {
    const { inner, write, read, discard } = mapped({ form: 'packed', pages: 64 });
    write(3, pageOf(3));
    discard(3);
    expect([read(3).page, read(4).page]).toEqual([
      new Uint8Array(PAGE_SIZE),
      new Uint8Array(PAGE_SIZE),
    ]);
    expect(inner.reads).toEqual([]);
  });

  it('takes pages as they are among the blobs, and does not decompress them', () => {
    const { engine, compressed, read } = mapped({ form: 'batch', pages: 1 + 4 * 32 });
    const pages = [squeezable(1, 600), pageOf(2), squeezable(3, 900)];
    compressed([3, 4, 5], pages);
    expect([3, 4, 5].map((slot) => read(slot).page)).toEqual(pages);
    expect(engine.counted(EV.decompress)).toBe(2);
  });

  it('tells the outcome of each blob', () => {
    const { inner, device, blobs } = mapped({ form: 'slot', pages: 32 });
    const outcomes: Outcome[] = [];
    inner.failAt = inner.operations + 1;
    expect(blobs([3, 9, 5], [100, 100, 100], outcomes)).toBe('EIO');
    expect(outcomes).toEqual(['ok', 'ok', 'EIO']);
    expect(device.stats().blobs).toBe(2);
  });

  it('keeps the header where it is', () => {
    const { inner, read } = mapped({ form: 'batch', pages: 1 + 4 * 32 });
    read(0);
    expect(inner.reads).toEqual([[0, PAGE_SIZE]]);
  });

  it('counts what its map takes: a word a slot, and the segments', () => {
    expect(mapped({ form: 'slot', pages: 32 }).device.metadataBytes()).toBe(32 * 8);
    const { device } = mapped({ form: 'batch', pages: 1 + 4 * 32 });
    // 64 slots and the header, 4 segments.
    expect([device.usablePages, device.metadataBytes()]).toEqual([64, 65 * 16 + 4 * 8 + 1]);
  });

  it('refuses what makes no sense', () => {
    expect(() => mapped({ form: 'pages', pages: 64 })).toThrow(UsageError);
    expect(() => mapped({ form: 'slot', pages: 64, bufferBytes: 128 * KIB })).toThrow(UsageError);
    expect(() => mapped({ form: 'pages', pages: 999, bufferBytes: 100_000 })).toThrow(UsageError);
    expect(() => mapped({ form: 'batch', pages: 32 })).toThrow(/too few/);
    const { device, blobs } = mapped({ form: 'pages', pages: 6 * 32, bufferBytes: 128 * KIB });
    expect(blobs([1], [100])).toBe('EINVAL');
    expect([device.readSectors(), device.writeSectors()]).toEqual(['EINVAL', 'EINVAL']);
    expect(lz4.headroomBytes).toBeGreaterThan(0);
  });
});
