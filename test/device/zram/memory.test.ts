import { describe, expect, it } from 'vitest';
import { ZRAM, zramFigures } from '../../../src/device/index.ts';
import { PAGE_SIZE } from '../../../src/units/index.ts';
import { dullPage, mixedPage, noisePage, SLOTS, testZram, textPage } from './support.ts';

describe('the memory of a zram device', () => {
  it('keeps any repeated word, all of its 64 bits', () => {
    const test = testZram();
    const words = ['0000000000000000', 'ffffffffffffffff', '80000000fedcba98', '00000000ffffffff'];
    words.forEach((word, at) => test.write(at + 1, Buffer.alloc(PAGE_SIZE, word, 'hex')));
    expect(test.zram.stat()).toMatchObject({ samePages: 4, memUsedBytes: 0, comprDataBytes: 0 });
    words.forEach((word, at) => {
      expect(test.read(at + 1)).toEqual(Buffer.alloc(PAGE_SIZE, word, 'hex'));
    });
    test.zram.checkInvariants();
  });

  it('keeps a page as it is from the huge class on, and counts it 4096 bytes', () => {
    const test = testZram();
    let shortest = 0;
    for (let words = 800; words <= 1024; words += 4) {
      const before = test.zram.stat();
      test.write(1, mixedPage(words, words));
      const now = test.zram.stat();
      if (now.hugePages === 1) {
        expect(now.comprDataBytes).toBe(PAGE_SIZE);
      } else {
        // @source linux 6.18 zs_huge_class_size: 3625 with chains of 8 pages
        expect(now.comprDataBytes).toBeLessThan(3625);
        shortest = now.comprDataBytes;
        expect(before.hugePagesSince).toBe(0);
      }
    }
    expect(shortest).toBeGreaterThan(3500);
    expect(test.zram.stat()).toMatchObject({ hugePages: 1, origDataBytes: PAGE_SIZE });
    expect(test.zram.stat().hugePagesSince).toBeGreaterThan(10);
  });

  it('has all of mm_stat, io_stat and bd_stat, by their names and in their order', () => {
    expect(Object.keys(zramFigures(testZram().zram.stat()))).toEqual(
      (
        'orig_data_size compr_data_size mem_used_total mem_limit mem_used_max same_pages ' +
        'pages_compacted huge_pages huge_pages_since ' +
        'failed_reads failed_writes invalid_io notify_free ' +
        'bd_count bd_reads bd_writes'
      ).split(' '),
    );
  });

  it('refuses a page once the pool is over mem_limit, and keeps what the slot had', () => {
    const test = testZram();
    test.set('mem_limit', '16K');
    for (let slot = 1; slot <= 4; slot++) expect(test.write(slot, noisePage(slot))).toBe('ok');
    expect(test.write(5, noisePage(5))).toBe('ENOMEM');
    expect(test.write(2, noisePage(6))).toBe('ENOMEM');
    expect(test.read(2)).toEqual(noisePage(2));
    expect(test.read(5)).toEqual(Buffer.alloc(PAGE_SIZE));
    // The limit is looked at when the pool has grown already.
    expect(test.zram.stat()).toMatchObject({
      memUsedBytes: 4 * PAGE_SIZE,
      memLimitBytes: 4 * PAGE_SIZE,
      memUsedMaxBytes: 5 * PAGE_SIZE,
      failedWrites: 2,
    });
    test.zram.slotFreed(1);
    expect(test.write(5, noisePage(5))).toBe('ok');
    test.set('mem_limit', '0');
    expect(test.write(6, noisePage(6))).toBe('ok');
    test.zram.checkInvariants();
  });

  it('begins mem_used_max anew when 0 is written to it', () => {
    const test = testZram();
    for (let slot = 1; slot <= 8; slot++) test.write(slot, noisePage(slot));
    for (let slot = 1; slot <= 6; slot++) test.zram.slotFreed(slot);
    expect(test.zram.stat().memUsedMaxBytes).toBe(8 * PAGE_SIZE);
    test.set('mem_used_max', '0');
    expect(test.zram.stat().memUsedMaxBytes).toBe(2 * PAGE_SIZE);
  });

  it('gives pages back by compaction, and counts them', () => {
    const test = testZram();
    for (let slot = 1; slot < SLOTS; slot++) test.write(slot, mixedPage(300, slot));
    for (let slot = 1; slot < SLOTS; slot++) if (slot % 4 !== 0) test.zram.slotFreed(slot);
    const before = test.zram.stat();
    expect(test.set('compact', '1')).toBe('ok');
    const after = test.zram.stat();
    expect(after.pagesCompacted).toBeGreaterThan(0);
    expect(before.memUsedBytes - after.memUsedBytes).toBe(after.pagesCompacted * PAGE_SIZE);
    for (let slot = 4; slot < SLOTS; slot += 4)
      expect(test.read(slot)).toEqual(mixedPage(300, slot));
  });

  it('counts what it is told of freed slots', () => {
    const test = testZram();
    test.write(1, textPage(1));
    test.zram.slotFreed(1);
    test.zram.slotFreed(1);
    test.zram.discard(PAGE_SIZE, 3 * PAGE_SIZE);
    expect(test.zram.stat()).toMatchObject({ notifyFree: 5, origDataBytes: 0 });
  });
});

describe('the idle mark of a zram device', () => {
  it('is set on all pages with memory, and goes with an access', () => {
    const test = testZram();
    for (let slot = 1; slot <= 4; slot++) test.write(slot, textPage(slot));
    test.write(5, Buffer.alloc(PAGE_SIZE));
    test.set('idle', 'all');
    const idle = (): number[] =>
      [1, 2, 3, 4, 5, 6].filter((slot) => test.zram.hasFlags(slot, ZRAM.IDLE));
    expect(idle()).toEqual([1, 2, 3, 4]);
    test.read(2);
    test.write(3, textPage(9));
    expect(idle()).toEqual([1, 4]);
  });

  it('is set by age in accesses, and taken from what is younger', () => {
    const test = testZram();
    for (let slot = 1; slot <= 6; slot++) test.write(slot, textPage(slot));
    test.set('idle', 'all');
    test.read(1);
    // Since then: slot 2 five accesses, 3 four, … 6 one, 1 none.
    test.set('idle', '3');
    expect([1, 2, 3, 4, 5, 6].filter((slot) => test.zram.hasFlags(slot, ZRAM.IDLE))).toEqual([
      2, 3, 4,
    ]);
  });
});

describe('recompression of a zram device', () => {
  it('makes objects smaller by the second compressor, and gives pool pages back', () => {
    const test = testZram({ recompress: ['deflate'] });
    for (let slot = 1; slot <= 32; slot++) test.write(slot, dullPage(slot));
    const before = test.zram.stat();
    expect(before.hugePages).toBe(32);
    expect(test.set('recompress', 'type=huge')).toBe('ok');
    const after = test.zram.stat();
    expect(after).toMatchObject({ hugePages: 0, hugePagesSince: 32 });
    expect(after.memUsedBytes).toBeLessThan(0.8 * before.memUsedBytes);
    for (let slot = 1; slot <= 32; slot++) expect(test.read(slot)).toEqual(dullPage(slot));
    // Nothing is left to do.
    const compressions = test.zram.compressions;
    test.set('recompress', 'type=huge');
    test.set('recompress', 'type=idle');
    expect(test.zram.compressions).toBe(compressions);
    test.zram.checkInvariants();
  });

  it('tries as many pages as max_pages says, of those that reach the threshold', () => {
    const test = testZram({ recompress: ['deflate'] });
    for (let slot = 1; slot <= 8; slot++) test.write(slot, dullPage(slot));
    test.write(9, textPage(9));
    const before = test.zram.compressions;
    test.set('recompress', 'threshold=3000 max_pages=5');
    expect(test.zram.compressions - before).toBe(5);
    expect(test.zram.stat().hugePages).toBe(3);
    test.set('recompress', 'threshold=3000');
    expect(test.zram.compressions - before).toBe(8);
  });

  it('keeps the old object when the new one does not come below the threshold', () => {
    const test = testZram({ recompress: ['deflate'] });
    test.write(1, dullPage(1));
    test.set('recompress', 'threshold=100');
    expect(test.zram.stat()).toMatchObject({ hugePages: 1, comprDataBytes: PAGE_SIZE });
    expect(test.read(1)).toEqual(dullPage(1));
  });

  it('marks what the last compressor does not make smaller, and tries it no more', () => {
    const test = testZram({ recompress: ['deflate'] });
    test.write(1, noisePage(1));
    test.set('recompress', 'type=huge');
    expect(test.zram.hasFlags(1, ZRAM.INCOMPRESSIBLE)).toBe(true);
    const before = test.zram.compressions;
    test.set('recompress', 'type=huge');
    expect(test.zram.compressions).toBe(before);
    test.write(1, dullPage(1));
    expect(test.zram.hasFlags(1, ZRAM.INCOMPRESSIBLE)).toBe(false);
  });

  it('goes through the compressors by priority, one of them by algo or priority', () => {
    const test = testZram({ recompress: ['lz4', 'deflate'] });
    test.write(1, noisePage(1));
    test.write(2, dullPage(2));
    test.set('recompress', 'priority=1');
    // The first of two failed: not incompressible by all.
    expect(test.zram.hasFlags(1, ZRAM.INCOMPRESSIBLE)).toBe(false);
    expect(test.zram.stat().hugePages).toBe(2);
    expect(test.set('recompress', 'algo=deflate')).toBe('ok');
    expect(test.zram.hasFlags(1, ZRAM.INCOMPRESSIBLE)).toBe(true);
    expect(test.zram.stat().hugePages).toBe(1);
    expect(test.read(2)).toEqual(dullPage(2));
  });

  it('works on idle pages only when it is told so, and takes their mark', () => {
    const test = testZram({ recompress: ['deflate'] });
    test.write(1, dullPage(1));
    test.write(2, dullPage(2));
    test.write(3, noisePage(3));
    test.set('idle', 'all');
    test.read(2);
    test.set('recompress', 'type=huge_idle');
    expect(test.zram.stat().hugePages).toBe(2);
    expect(test.zram.hasFlags(1, ZRAM.IDLE)).toBe(false);
    // Tried in vain, but touched.
    expect(test.zram.hasFlags(3, ZRAM.INCOMPRESSIBLE)).toBe(true);
    expect(test.zram.hasFlags(3, ZRAM.IDLE)).toBe(false);
  });

  it('refuses a threshold that no object passes, and compressors that are not there', () => {
    const test = testZram({ recompress: ['deflate'] });
    expect(test.set('recompress', 'threshold=3625')).toBe('EINVAL');
    expect(test.set('recompress', 'threshold=3624')).toBe('ok');
    expect(test.set('recompress', 'algo=zstd')).toBe('EINVAL');
    expect(test.set('recompress', 'priority=2')).toBe('EINVAL');
    expect(testZram().set('recompress', 'type=huge')).toBe('EINVAL');
  });
});
