/** Buffering, full areas and compaction. */
import { describe, expect, it } from 'vitest';
import { EV } from '../../../src/engine/index.ts';
import { PAGE_SIZE, type Outcome } from '../../../src/units/index.ts';
import { mapped, squeezable, type Fixture } from '../support/mapped.ts';
import { pageOf } from '../support/recording-device.ts';

const KIB = 1024;
const BLOCK = 128 * KIB;
const BLOCK_PAGES = 32;

function buffered(blocks: number): Fixture {
  return mapped({ form: 'pages', pages: blocks * BLOCK_PAGES, bufferBytes: BLOCK });
}

/** True for a read that gave this page; `toEqual` takes a millisecond for that. */
function holds(result: { outcome: Outcome; page: Uint8Array }, page: Uint8Array): boolean {
  return result.outcome === 'ok' && Buffer.compare(result.page, page) === 0;
}

/** Fills all slots; the seed of a page is its slot. */
function fill({ device, write }: Fixture): void {
  for (let slot = 1; slot <= device.usablePages; slot++)
    expect(write(slot, pageOf(slot)), `slot ${slot}`).toBe('ok');
}

describe('a RAM buffer', () => {
  it('becomes one aligned run of an erase block when it can take no more', () => {
    const fixture = buffered(8);
    const { inner, engine, device, write, read } = fixture;
    // Slots in no order: the run is sequential all the same.
    for (let i = 0; i < 65; i++) write(1 + ((i * 37) % 100), pageOf(i));
    expect(inner.writes).toEqual([[BLOCK, BLOCK]]);
    expect(device.stats()).toMatchObject({
      bufferBytes: 2 * BLOCK,
      bufferedBytes: 33 * PAGE_SIZE,
      writes: 1,
    });
    expect(engine.counted(EV.memcpyPage)).toBe(65);
    expect(engine.counted(EV.deviceWrite)).toBe(1);
    for (let i = 0; i < 65; i++) expect(read(1 + ((i * 37) % 100)).page).toEqual(pageOf(i));
    expect(device.stats().bufferReads).toBe(33);
  });

  it('serves reads without an I/O, and never writes what was discarded or replaced', () => {
    const { inner, device, write, read, discard } = buffered(8);
    write(1, pageOf(1), pageOf(2), pageOf(3));
    expect(read(2).page).toEqual(pageOf(2));
    expect(inner.operations).toBe(0);
    discard(2);
    write(3, pageOf(33));
    expect(device.flush()).toBe('ok');
    expect(inner.writes).toEqual([[BLOCK, 2 * PAGE_SIZE]]);
    const found = inner.peek(BLOCK, 2 * PAGE_SIZE);
    expect(Buffer.compare(found, Buffer.concat([pageOf(1), pageOf(33)]))).toBe(0);
    expect(device.stats()).toMatchObject({ bufferedBytes: 0, bufferDrops: 2 });
    expect([1, 2, 3].map((slot) => read(slot).page)).toEqual([
      pageOf(1),
      new Uint8Array(PAGE_SIZE),
      pageOf(33),
    ]);
  });

  it('goes on in the erase block that a flush left partly empty, then by whole ones', () => {
    const { inner, device, write } = buffered(8);
    write(1, pageOf(1));
    device.flush();
    for (let slot = 2; slot <= 98; slot++) write(slot, pageOf(slot));
    expect(inner.writes).toEqual([
      [BLOCK, PAGE_SIZE],
      [BLOCK + PAGE_SIZE, BLOCK - PAGE_SIZE],
      [2 * BLOCK, BLOCK],
    ]);
  });

  it('keeps what it cannot write, serves it, and tries again', () => {
    const { inner, device, write, read } = buffered(8);
    for (let slot = 1; slot <= 64; slot++) write(slot, pageOf(slot));
    inner.failsWrites = true;
    // Every slot is live, so the block has to be written before another page fits.
    expect(write(5, pageOf(55))).toBe('EIO');
    expect(read(5).page).toEqual(pageOf(5));
    expect(write(100, pageOf(100))).toBe('EIO');
    expect(read(100).page).toEqual(new Uint8Array(PAGE_SIZE));
    expect(device.flush()).toBe('EIO');
    expect(read(32).page).toEqual(pageOf(32));
    device.checkInvariants();
    inner.failsWrites = false;
    expect(write(100, pageOf(100))).toBe('ok');
    expect(write(5, pageOf(55))).toBe('ok');
    expect(device.flush()).toBe('ok');
    for (const [slot, seed] of [
      [1, 1],
      [5, 55],
      [100, 100],
    ] as const)
      expect(read(slot)).toEqual({ outcome: 'ok', page: pageOf(seed) });
  });

  it('collects compressed blobs too, packed or back to back', () => {
    for (const form of ['packed', 'batch'] as const) {
      const { inner, device, compressed, read } = mapped({
        form,
        pages: 8 * BLOCK_PAGES,
        bufferBytes: BLOCK,
      });
      const slots = Array.from({ length: 150 }, (_, i) => i + 1);
      for (const slot of slots) compressed([slot], [squeezable(slot, 1900)]);
      // 150 blobs of about 1.9 KB: two to a page, or 68 to a block.
      expect(inner.writes).toEqual([[BLOCK, form === 'packed' ? BLOCK : expect.any(Number)]]);
      expect(inner.writes[0]![1]).toBeGreaterThan(BLOCK - PAGE_SIZE);
      for (const slot of slots) expect(holds(read(slot), squeezable(slot, 1900))).toBe(true);
      device.checkInvariants();
    }
  });
});

describe('a RAM buffer that takes batches', () => {
  it('writes whole erase blocks, but for the page that no blob fills', () => {
    const { inner, blobs } = mapped({ form: 'batch', pages: 12 * BLOCK_PAGES, bufferBytes: BLOCK });
    for (let first = 1; first + 32 <= 280; first += 32)
      blobs(
        Array.from({ length: 32 }, (_, i) => first + i),
        Array.from({ length: 32 }, (_, i) => 1300 + 41 * i),
      );
    expect(inner.writes.length).toBeGreaterThanOrEqual(2);
    inner.writes.forEach(([offset, length], i) => {
      expect(offset).toBe((i + 1) * BLOCK);
      expect(length).toBeGreaterThan(BLOCK - PAGE_SIZE);
    });
  });
});

describe.each([
  ['packed', { form: 'packed', pages: 80 }],
  ['batch', { form: 'batch', pages: 1 + 6 * 32 }],
  ['buffered pages', { form: 'pages', pages: 7 * BLOCK_PAGES, bufferBytes: BLOCK }],
  ['buffered packed', { form: 'packed', pages: 7 * BLOCK_PAGES, bufferBytes: BLOCK }],
] as const)('a full area: %s', (_name, options) => {
  it('takes a whole page in every slot that it promises, and rewrites of all of them', () => {
    const fixture = mapped(options);
    const { device, write, read, inner } = fixture;
    fill(fixture);
    let seed = 1000;
    const seeds = new Map<number, number>();
    for (let i = 0; i < 3 * device.usablePages; i++) {
      const slot = 1 + ((i * 61) % device.usablePages);
      expect(write(slot, pageOf(++seed)), `rewrite ${i}`).toBe('ok');
      seeds.set(slot, seed);
    }
    for (const [slot, expected] of seeds) expect(holds(read(slot), pageOf(expected))).toBe(true);
    device.checkInvariants();
    expect(device.stats().bytesWritten).toBeLessThan(inner.sizeBytes * 40);
  });

  it('keeps at least two segments back', () => {
    const { device } = mapped(options);
    expect(device.usablePages).toBeLessThan(options.pages - 2);
    expect(device.sizeBytes).toBe((device.usablePages + 1) * PAGE_SIZE);
  });
});

describe('an area with more slots than pages', () => {
  it('answers ENOSPC to what no longer fits, and takes it once room was made', () => {
    const { device, write, read, discard } = mapped({ form: 'packed', pages: 10, slots: 40 });
    const outcomes: Outcome[] = [];
    for (let slot = 1; slot <= 10; slot++) outcomes.push(write(slot, pageOf(slot)));
    // Nine pages behind the header, one of them the compactor's.
    expect(outcomes).toEqual([...new Array<Outcome>(8).fill('ok'), 'ENOSPC', 'ENOSPC']);
    expect(read(9).page).toEqual(new Uint8Array(PAGE_SIZE));
    discard(4);
    expect(write(9, pageOf(9))).toBe('ok');
    expect([3, 9].map((slot) => read(slot).page)).toEqual([pageOf(3), pageOf(9)]);
    device.checkInvariants();
  });

  it('fits more compressed pages than it has, by compaction', () => {
    const { device, inner, compressed, read, discard } = mapped({
      form: 'packed',
      pages: 18,
      slots: 200,
    });
    // Pages of four blobs each, then three of each four go: sixteen pages hold a quarter.
    const page = (slot: number): Uint8Array => squeezable(slot, 900);
    for (let slot = 1; slot <= 61; slot += 4)
      expect(
        compressed(
          [slot, slot + 1, slot + 2, slot + 3],
          [0, 1, 2, 3].map((i) => page(slot + i)),
        ),
      ).toBe('ok');
    for (let slot = 1; slot <= 61; slot += 4) discard(slot, slot + 1, slot + 3);
    expect(device.stats()).toMatchObject({ usedBytes: 16 * PAGE_SIZE, segmentsCompacted: 0 });
    inner.transfers.length = 0;
    expect(compressed([100], [page(100)])).toBe('ok');
    const stats = device.stats();
    expect(stats.segmentsCompacted).toBeGreaterThan(0);
    expect(stats.bytesRelocated).toBeGreaterThan(900);
    expect(inner.reads.length).toBeGreaterThan(0);
    for (let slot = 3; slot <= 63; slot += 4) expect(read(slot).page).toEqual(page(slot));
    expect(read(100).page).toEqual(page(100));
    device.checkInvariants();
  });
});

describe('compaction', () => {
  /** Six batches of a segment each, of which every fourth page lives on. */
  function sparse(): Fixture {
    const fixture = mapped({ form: 'batch', pages: 1 + 12 * 32 });
    for (let slot = 1; slot <= 192; slot += 32)
      fixture.write(slot, ...Array.from({ length: 32 }, (_, i) => pageOf(slot + i)));
    for (let slot = 1; slot <= 192; slot++) if (slot % 4 !== 0) fixture.discard(slot);
    fixture.inner.transfers.length = 0;
    return fixture;
  }

  function survivors({ read }: Fixture): void {
    for (let slot = 4; slot <= 192; slot += 4)
      expect(holds(read(slot), pageOf(slot)), `slot ${slot}`).toBe(true);
  }

  it('puts what is live together, and frees the rest', () => {
    const fixture = sparse();
    const { device, inner, engine } = fixture;
    expect(device.stats()).toMatchObject({ usedBytes: 6 * BLOCK, spaceAmplification: 4 });
    const before = engine.counted(EV.deviceRead);
    expect(device.compact(0)).toBe('ok');
    // 48 pages need two segments.
    expect(device.stats()).toMatchObject({ usedBytes: 2 * BLOCK, segmentsCompacted: 4 });
    expect(device.stats().bytesRelocated).toBeGreaterThanOrEqual(32 * PAGE_SIZE);
    expect(engine.counted(EV.deviceRead) - before).toBe(inner.reads.length);
    expect(device.stats().readAmplification).toBe(0);
    device.checkInvariants();
    survivors(fixture);
  });

  it('is greedy: the segments with the least live bytes go first', () => {
    const { device, inner, write, discard } = mapped({ form: 'batch', pages: 1 + 5 * 32 });
    for (const first of [1, 33, 65])
      write(first, ...Array.from({ length: 32 }, (_, i) => pageOf(first + i)));
    for (let slot = 1; slot <= 20; slot++) discard(slot);
    for (let slot = 65; slot <= 90; slot++) discard(slot);
    inner.transfers.length = 0;
    device.compact(0);
    // 6 pages of the third and 12 of the first, in this order; the second is full.
    expect(inner.reads).toEqual([
      [PAGE_SIZE + 2 * BLOCK + 26 * PAGE_SIZE, 6 * PAGE_SIZE],
      [PAGE_SIZE + 20 * PAGE_SIZE, 12 * PAGE_SIZE],
    ]);
    expect(inner.writes).toEqual([[PAGE_SIZE + 3 * BLOCK, 18 * PAGE_SIZE]]);
  });

  it('changes nothing when any one of its I/Os fails', () => {
    const total = (() => {
      const { device, inner } = sparse();
      const before = inner.operations;
      device.compact(0);
      return inner.operations - before;
    })();
    expect(total).toBeGreaterThan(6);
    for (let position = 0; position < total; position++) {
      const fixture = sparse();
      fixture.inner.failAt = fixture.inner.operations + position;
      fixture.device.compact(0);
      fixture.device.checkInvariants();
      fixture.inner.failAt = -1;
      survivors(fixture);
    }
  });

  it('never moves a blob whose checksum is wrong', () => {
    const { device, inner, write, discard, read } = mapped({
      form: 'batch',
      pages: 1 + 6 * 32,
      hasChecksums: true,
    });
    for (const first of [1, 33, 65])
      write(first, ...Array.from({ length: 32 }, (_, i) => pageOf(first + i)));
    for (const first of [1, 33, 65]) for (let i = 0; i < 24; i++) discard(first + i);
    inner.flipBit(Number(device.locate(60)), 0);
    device.compact(0);
    expect(read(60).outcome).toBe('EIO');
    expect(device.locate(60)).toBe(PAGE_SIZE + 59 * PAGE_SIZE);
    // The other two segments went together.
    expect(device.stats()).toMatchObject({ segmentsCompacted: 1, usedBytes: 2 * BLOCK });
    expect(device.problems().every(({ slot }) => slot === 60)).toBe(true);
  });
});
