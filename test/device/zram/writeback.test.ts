import { describe, expect, it } from 'vitest';
import { ZRAM } from '../../../src/device/index.ts';
import { PAGE_SIZE } from '../../../src/units/index.ts';
import { dullPage, mixedPage, noisePage, testZram, textPage, type TestZram } from './support.ts';

const page = (slot: number): Buffer => (slot % 2 === 0 ? noisePage(slot) : textPage(slot));

function filled(test: TestZram, slots: number): TestZram {
  for (let slot = 1; slot <= slots; slot++) expect(test.write(slot, page(slot))).toBe('ok');
  return test;
}

function expectAll(test: TestZram, slots: number): void {
  for (let slot = 1; slot <= slots; slot++) expect(test.read(slot), `${slot}`).toEqual(page(slot));
  test.zram.checkInvariants();
}

describe('writeback of a zram device', () => {
  it.each([false, true])('gives the same bytes back from the backing device, as is %s', (raw) => {
    const test = filled(testZram({ isCompressed: raw }), 64);
    expect(test.set('idle', 'all')).toBe('ok');
    expect(test.set('writeback', 'idle')).toBe('ok');
    expect(test.zram.stat()).toMatchObject({
      origDataBytes: 64 * PAGE_SIZE,
      comprDataBytes: 0,
      memUsedBytes: 0,
      hugePages: 0,
      hugePagesSince: 32,
      bdCount: 64,
      bdWrites: 64,
    });
    expectAll(test, 64);
    expect(test.zram.stat()).toMatchObject({ bdReads: 64, bdCount: 64 });
  });

  it('writes a batch of 32 in one I/O, and one of 1 in 32', () => {
    const batched = filled(testZram(), 64);
    batched.set('idle', 'all');
    batched.set('writeback', 'idle');
    expect(batched.backing.transfers).toEqual([
      ['write', 1, 32],
      ['write', 33, 32],
    ]);
    const single = filled(testZram({ batchPages: 1 }), 64);
    single.set('idle', 'all');
    single.set('writeback', 'idle');
    expect(single.backing.transfers).toHaveLength(64);
    expect(single.zram.stat()).toMatchObject({ bdWrites: 64, backingWrites: 64 });
  });

  it('takes the size of a batch from writeback_batch_size', () => {
    const test = filled(testZram(), 40);
    test.set('writeback_batch_size', '8');
    test.set('idle', 'all');
    test.set('writeback', 'idle');
    expect(test.backing.transfers.map(([, , count]) => count)).toEqual([8, 8, 8, 8, 8]);
  });

  /** Every other of 20 blocks is free; the blocks were taken from the last slot down. */
  function withGaps(blocks: number): TestZram {
    const test = testZram({ blocks });
    for (let slot = 1; slot <= 40; slot++) test.write(slot, noisePage(slot));
    test.set('writeback', 'page_indexes=1-20');
    for (let slot = 2; slot <= 20; slot += 2) test.zram.slotFreed(slot);
    return test;
  }

  it('looks for room for the whole batch before it goes into gaps', () => {
    const test = withGaps(256);
    test.set('writeback', 'page_indexes=21-40');
    expect(test.backing.transfers).toEqual([
      ['write', 1, 20],
      ['write', 21, 20],
    ]);
    for (let slot = 1; slot <= 40; slot++)
      if (slot > 20 || slot % 2 === 1) expect(test.read(slot)).toEqual(noisePage(slot));
    test.zram.checkInvariants();
  });

  it('goes into gaps when there is no other room, in an I/O for each', () => {
    const test = withGaps(21);
    expect(test.set('writeback', 'page_indexes=21-30')).toBe('ok');
    expect(test.backing.transfers.slice(1)).toEqual(
      [1, 3, 5, 7, 9, 11, 13, 15, 17, 19].map((block) => ['write', block, 1]),
    );
    expect(test.zram.stat()).toMatchObject({ bdCount: 20, bdWrites: 30 });
    for (let slot = 21; slot <= 30; slot++) expect(test.read(slot)).toEqual(noisePage(slot));
    expect(test.set('writeback', 'page_index=31')).toBe('ENOSPC');
  });

  it.each([
    ['huge', [2, 4, 6, 8]],
    ['type=idle', [1, 2, 3, 4]],
    ['huge_idle', [2, 4]],
    ['page_index=5', [5]],
    ['page_indexes=2-3 page_index=7 page_indexes=3-4', [2, 3, 4, 7]],
    ['incompressible', []],
  ])('picks what %s names', (value, slots) => {
    const test = filled(testZram(), 4);
    test.set('idle', 'all');
    for (let slot = 5; slot <= 8; slot++) test.write(slot, page(slot));
    expect(test.set('writeback', value)).toBe('ok');
    const moved = [1, 2, 3, 4, 5, 6, 7, 8].filter((slot) => test.zram.hasFlags(slot, ZRAM.WB));
    expect(moved).toEqual(slots);
    expectAll(test, 8);
  });

  it('picks what no compressor makes smaller, once recompression has found that', () => {
    const test = testZram({ recompress: ['deflate'] });
    test.write(1, noisePage(1));
    test.write(2, dullPage(2));
    test.set('recompress', 'type=huge');
    test.set('writeback', 'incompressible');
    expect(test.zram.hasFlags(1, ZRAM.WB)).toBe(true);
    expect(test.zram.hasFlags(2, ZRAM.WB)).toBe(false);
  });

  it('leaves pages of one word where they are', () => {
    const test = testZram();
    test.write(1, Buffer.alloc(PAGE_SIZE, 0xff));
    test.set('idle', 'all');
    expect(test.set('writeback', 'page_index=1')).toBe('ok');
    expect(test.backing.transfers).toEqual([]);
    expect(test.zram.stat()).toMatchObject({ samePages: 1, bdCount: 0 });
  });

  it('writes the largest objects first', () => {
    const test = testZram({ batchPages: 1 });
    [64, 512, 1024, 256].forEach((words, at) => test.write(at + 1, mixedPage(words, at)));
    const order: number[] = [];
    test.backing.inTheMiddle = () => {
      // The page under way is the one that has no block yet, of those picked before the others.
      order.push(test.zram.stat().comprDataBytes);
    };
    test.set('idle', 'all');
    test.set('writeback', 'idle');
    const lengths = order.map((bytes, at) => bytes - (order[at + 1] ?? 0));
    expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
    expect(lengths[0]).toBe(PAGE_SIZE);
  });

  it('says ENODEV without a backing device, EINVAL beyond the disk', () => {
    const test = testZram();
    expect(test.set('writeback', 'page_indexes=1-95')).toBe('ok');
    expect(test.set('writeback', 'page_indexes=1-96')).toBe('EINVAL');
    expect(testZram({ blocks: 0 }).set('writeback', 'idle')).toBe('ENODEV');
  });

  it('stops with EIO when the budget is used up, and charges only what was written', () => {
    const test = filled(testZram({ batchPages: 8 }), 40);
    test.set('idle', 'all');
    test.set('writeback_limit', '20');
    test.set('writeback_limit_enable', '1');
    test.backing.fails = () => test.backing.transfers.length === 1;
    // The first batch of 8 fails and is not charged; 20 pages more fit.
    expect(test.set('writeback', 'idle')).toBe('EIO');
    expect(test.zram.stat()).toMatchObject({ bdWrites: 20, bdCount: 20 });
    test.backing.fails = () => false;
    expect(test.set('writeback', 'idle')).toBe('EIO');
    expect(test.zram.stat().bdWrites).toBe(20);
    test.set('writeback_limit_enable', '0');
    expect(test.set('writeback', 'idle')).toBe('ok');
    expect(test.zram.stat().bdWrites).toBe(40);
    expectAll(test, 40);
  });

  it('keeps pages in memory whose write fails, goes on with the others, and says so', () => {
    const test = filled(testZram({ batchPages: 4 }), 12);
    test.backing.fails = () => test.backing.transfers.length === 2;
    test.set('idle', 'all');
    expect(test.set('writeback', 'idle')).toBe('EIO');
    expect(test.zram.stat()).toMatchObject({ bdWrites: 8, bdCount: 8 });
    expectAll(test, 12);
    test.backing.fails = () => false;
    expect(test.set('idle', 'all')).toBe('ok');
    expect(test.set('writeback', 'idle')).toBe('ok');
    expectAll(test, 12);
    expect(test.zram.stat()).toMatchObject({ bdCount: 12 });
  });

  it('fills the backing device to its last block and then says ENOSPC', () => {
    const test = filled(testZram({ blocks: 11 }), 30);
    test.set('idle', 'all');
    expect(test.set('writeback', 'idle')).toBe('ENOSPC');
    expect(test.zram.stat()).toMatchObject({ bdCount: 10, bdWrites: 10 });
    expectAll(test, 30);
  });

  it('leaves a slot alone that is written, read or freed while its batch is under way', () => {
    const test = filled(testZram(), 8);
    test.backing.inTheMiddle = () => {
      test.write(3, textPage(99));
      test.zram.slotFreed(4);
      test.zram.slotFreed(5);
      test.write(5, noisePage(98));
      test.read(6);
    };
    test.set('idle', 'all');
    expect(test.set('writeback', 'idle')).toBe('ok');
    expect(test.read(3)).toEqual(textPage(99));
    expect(test.read(4)).toEqual(Buffer.alloc(PAGE_SIZE));
    expect(test.read(5)).toEqual(noisePage(98));
    for (const slot of [1, 2, 6, 7, 8]) expect(test.read(slot)).toEqual(page(slot));
    expect(test.zram.stat()).toMatchObject({ bdWrites: 8, bdCount: 4, bdReads: 4 });
    test.zram.checkInvariants();
  });

  it('gives a read of the backing device back as its errno, and keeps the page', () => {
    const test = filled(testZram(), 2);
    test.set('idle', 'all');
    test.set('writeback', 'idle');
    test.backing.fails = (direction) => direction === 'read';
    expect(test.read(1)).toBe('EIO');
    expect(test.zram.stat()).toMatchObject({ bdReads: 1, failedReads: 0, bdCount: 2 });
    test.backing.fails = () => false;
    expectAll(test, 2);
  });

  it('writes whole pages of zeros behind an object that it writes as it is', () => {
    const test = testZram({ isCompressed: true });
    const long = mixedPage(700, 1);
    test.write(1, long);
    test.set('writeback', 'page_index=1');
    test.zram.slotFreed(1);
    // The buffer of the batch still holds the longer object.
    test.write(1, textPage(2));
    const { comprDataBytes } = test.zram.stat();
    test.set('writeback', 'page_index=1');
    const block = Buffer.alloc(PAGE_SIZE, 0xee);
    test.backing.read(PAGE_SIZE, [block], 1, 0);
    expect(block.subarray(comprDataBytes)).toEqual(Buffer.alloc(PAGE_SIZE - comprDataBytes));
    expect(test.read(1)).toEqual(textPage(2));
  });

  it('frees the block of a page that is written anew or freed, and closes the device', () => {
    const test = filled(testZram({ isCompressed: true }), 4);
    test.set('idle', 'all');
    test.set('writeback', 'idle');
    test.write(1, textPage(7));
    test.zram.discard(2 * PAGE_SIZE, PAGE_SIZE);
    expect(test.zram.stat()).toMatchObject({ bdCount: 2, notifyFree: 1, hugePages: 0 });
    test.zram.checkInvariants();
    test.zram.close();
    expect(test.zram.stat()).toMatchObject({ bdCount: 0, origDataBytes: 0, hugePages: 0 });
    expect(test.backing.isClosed).toBe(true);
  });
});
