import { describe, expect, it } from 'vitest';
import { PG } from '../../src/frames/index.ts';
import { makeSwapEntry, type SwapEntry } from '../../src/units/index.ts';
import { createSized } from './sized.ts';
import { ZswapWorld, type ZswapWorldOptions } from './support.ts';

/** A machine of the first posted zswap whose pages are as long as the test says. */
function world2013(
  settings: Partial<ZswapWorld['zswap']['settings']> = {},
  options: ZswapWorldOptions = {},
): ZswapWorld {
  return new ZswapWorld(
    { version: '2013', writebackBatch: 1, ...settings },
    { compressor: createSized('sized'), ...options },
  );
}

describe('the ratio limit of 2013', () => {
  it('takes 3317 bytes, which are 80 percent, and refuses 3318, which are 81', () => {
    const world = world2013();
    expect([world.storeSized(1, 3317), world.storeSized(2, 3318)]).toEqual([true, false]);
    expect(world.counted('zswap.reject_compress_poor')).toBe(1);
    expect(world.zswap.gauges()['stored_bytes']).toBe(3317);
  });

  it('moves with max_compression_ratio: at 100 a page is kept as it is, at 50 up to 2088 bytes', () => {
    expect(world2013({ maxCompressionRatio: 100 }).storeSized(1, 4096)).toBe(true);
    const half = world2013({ maxCompressionRatio: 50 });
    // floor(2088 · 100 / 4096) = 50, floor(2089 · 100 / 4096) = 51.
    expect([half.storeSized(1, 2088), half.storeSized(2, 2089)]).toEqual([true, false]);
  });

  it('drops an older copy of what it refuses', () => {
    const world = world2013();
    world.storeSized(1, 100);
    expect(world.storeSized(1, 4000)).toBe(false);
    expect(world.loadSized(1, 100)).toBe('ENOENT');
  });
});

describe('the pool limit of 2013', () => {
  it('is asked only when the pool wants a page: what fits in a page that it has is stored', () => {
    // One page: 2048-byte objects go two to a page of zbud.
    const world = world2013({}, { ramPages: 5, pool: 'zbud' });
    expect(world.zswap.maxPages).toBe(1);
    expect([world.storeSized(1, 1000), world.storeSized(2, 1000)]).toEqual([true, true]);
    expect(world.counted('zswap.pool_limit_hit')).toBe(0);
    world.isWritable = false;
    expect(world.storeSized(3, 1000)).toBe(false);
    // Asked by the store, and by the store's second try.
    expect(world.counted('zswap.pool_limit_hit')).toBe(2);
    world.loadSized(1, 1000);
    world.zswap.invalidate(1 as SwapEntry);
    expect(world.storeSized(3, 1000)).toBe(true);
  });

  it('has no hysteresis: one entry less and the next is stored', () => {
    const world = world2013({}, { ramPages: 50, pool: 'zbud' });
    world.isWritable = false;
    for (let slot = 1; slot <= 10; slot++) expect(world.storeSized(slot, 3300)).toBe(true);
    expect(world.storeSized(11, 3300)).toBe(false);
    world.zswap.invalidate(1 as SwapEntry);
    expect(world.storeSized(11, 3300)).toBe(true);
    world.zswap.runQueuedShrink();
    expect(world.flushes).toEqual([]);
  });
});

describe('a store of 2013 that finds the pool full', () => {
  /** zbud: a page for each object of 3300 bytes. */
  function full(): ZswapWorld {
    const world = world2013({}, { ramPages: 100, pool: 'zbud' });
    for (let slot = 1; slot <= 20; slot++) expect(world.storeSized(slot, 3300)).toBe(true);
    expect(world.pool.pageCount).toBe(20);
    return world;
  }

  it('writes back 16 entries, the oldest first and without a second chance, and is stored', () => {
    const world = full();
    expect(world.storeSized(21, 3300)).toBe(true);
    world.flushWrites();
    expect(world.flushes).toEqual([Array.from({ length: 16 }, (_, i) => i + 1)]);
    expect(world.lru(0)).toEqual([17, 18, 19, 20, 21]);
    expect(world.zswap.debugfs()).toMatchObject({
      pool_limit_hit: 1,
      reject_writeback_attempted: 1,
      saved_by_writeback: 1,
      reject_zsmalloc_fail: 0,
    });
  });

  it('is refused when nothing could be written, and counted', () => {
    const world = full();
    world.isFull = true;
    expect(world.storeSized(21, 3300)).toBe(false);
    expect(world.zswap.debugfs()).toMatchObject({
      reject_writeback_attempted: 1,
      saved_by_writeback: 0,
      reject_zsmalloc_fail: 1,
      outstanding_writebacks: 0,
      stored_pages: 20,
    });
  });

  it('puts an entry whose writeback failed back to the cold end, and tries that one again', () => {
    const world = full();
    world.cached.set(1, 0 as never);
    expect(world.storeSized(21, 3300)).toBe(false);
    // Sixteen tries of the same entry.
    expect(world.counted('zswap.reject_reclaim_fail')).toBe(16);
    expect(world.lru(0)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('writes back entries of its own area only', () => {
    const world = world2013({}, { ramPages: 100, pool: 'zbud' });
    const other = (slot: number): number => makeSwapEntry(1, slot as never);
    for (let slot = 1; slot <= 5; slot++) world.storeSized(slot, 3300);
    for (let slot = 1; slot <= 15; slot++) world.storeSized(other(slot), 3300);
    expect(world.storeSized(6, 3300)).toBe(true);
    world.flushWrites();
    expect(world.flushes).toEqual([[1, 2, 3, 4, 5]]);
    expect([world.lru(0), world.lru(1).length]).toEqual([[6], 15]);
    expect(world.zswap.areaFigures(0)).toEqual({ held: 1, refused: 0, writtenBack: 5 });
    expect(world.zswap.areaFigures(1)).toEqual({ held: 15, refused: 0, writtenBack: 0 });
  });

  it('writes nothing where no area can be written to', () => {
    const world = full();
    world.isWritable = false;
    expect(world.storeSized(21, 3300)).toBe(false);
    expect(world.counted('zswap.reject_reclaim_fail')).toBe(0);
    expect(world.zswap.entries.count).toBe(20);
  });
});

describe('writebacks under way in 2013', () => {
  it('stop further ones when they are more than 64: at 64 one more begins, at 65 none', () => {
    const world = world2013({}, { ramPages: 600, pool: 'zbud' });
    for (let slot = 1; slot <= 120; slot++) expect(world.storeSized(slot, 3300)).toBe(true);
    const outstanding = (): number => world.zswap.debugfs()['outstanding_writebacks']!;
    let slot = 121;
    const fill = (): boolean => {
      let isStored = true;
      while (isStored && world.pool.pageCount < 120) isStored = world.storeSized(slot++, 3300);
      return world.storeSized(slot++, 3300);
    };
    for (let store = 1; store <= 4; store++) {
      expect(fill()).toBe(true);
      expect(outstanding()).toBe(16 * store);
    }
    // 64 is not more than 64.
    expect(fill()).toBe(true);
    expect(outstanding()).toBe(65);
    expect(fill()).toBe(false);
    expect(outstanding()).toBe(65);
    world.flushWrites();
    expect(outstanding()).toBe(0);
    expect(fill()).toBe(true);
  });

  it('count as written back when their writes have ended, not before', () => {
    const world = world2013();
    world.storeSized(1, 100);
    world.storeSized(2, 100);
    expect(world.writeBack(2, 0)).toBe(2);
    expect(world.zswap.debugfs()).toMatchObject({
      written_back_pages: 0,
      outstanding_writebacks: 2,
      stored_pages: 0,
    });
    world.flushWrites();
    expect(world.zswap.debugfs()).toMatchObject({
      written_back_pages: 2,
      outstanding_writebacks: 0,
    });
  });
});

describe('a load of 2013', () => {
  it('keeps the entry, makes it young and leaves the folio clean', () => {
    const world = world2013();
    for (const slot of [1, 2, 3]) world.storeSized(slot, 100);
    expect(world.loadSized(1, 100)).toBe('ok');
    expect(world.lru(0)).toEqual([2, 3, 1]);
    const frame = world.frames.allocate(1);
    world.frames.enterSwapCache(frame, 2 as SwapEntry);
    expect(world.zswap.load(frame)).toBe('ok');
    expect(world.frames.has(frame, PG.dirty)).toBe(false);
    expect(world.lru(0)).toEqual([3, 1, 2]);
    expect(world.loadSized(1, 100)).toBe('ok');
  });
});

describe('a store of 2013 over an older entry', () => {
  it('replaces it and counts duplicate_entry', () => {
    const world = world2013();
    world.storeSized(1, 100);
    world.storeSized(1, 200);
    expect(world.zswap.debugfs()).toMatchObject({ duplicate_entry: 1, stored_pages: 1 });
    expect(world.loadSized(1, 200)).toBe('ok');
  });
});

describe('a page that does not compress', () => {
  it('is refused by 6.12 and counted as reject_compress_fail', () => {
    const world = new ZswapWorld({ version: '6.12' }, { compressor: createSized('sized') });
    expect([world.storeSized(1, 4096), world.storeSized(2, 4095)]).toEqual([false, true]);
    expect(world.zswap.debugfs()).toMatchObject({ reject_compress_fail: 1, stored_pages: 1 });
  });

  it('is kept as it is by 6.18, at the length of a page, and counted', () => {
    const world = new ZswapWorld({ version: '6.18' }, { compressor: createSized('sized') });
    expect([world.storeSized(1, 4096), world.storeSized(2, 4095)]).toEqual([true, true]);
    expect(world.zswap.debugfs()).toMatchObject({
      reject_compress_fail: 0,
      stored_incompressible_pages: 1,
      stored_pages: 2,
    });
    expect(world.zswap.gauges()['stored_bytes']).toBe(8191);
    expect(world.loadSized(1, 4096)).toBe('ok');
    expect(world.zswap.debugfs()['stored_incompressible_pages']).toBe(0);
  });

  it('is too large for zbud, which refuses more than 4032 bytes: reject_compress_poor', () => {
    const world = new ZswapWorld({}, { compressor: createSized('sized'), pool: 'zbud' });
    const { largestObject } = world.pool;
    expect(world.storeSized(1, largestObject)).toBe(true);
    expect(world.storeSized(2, largestObject + 1)).toBe(false);
    expect(world.counted('zswap.reject_compress_poor')).toBe(1);
  });
});

describe('the files of debugfs', () => {
  const shared = [
    'pool_limit_hit',
    'reject_reclaim_fail',
    'reject_alloc_fail',
    'reject_kmemcache_fail',
    'reject_compress_fail',
    'reject_compress_poor',
  ];

  it.each([
    [
      '2013',
      [
        'pool_limit_hit',
        'reject_writeback_attempted',
        'reject_tmppage_fail',
        'reject_zsmalloc_fail',
        'reject_kmemcache_fail',
        'saved_by_writeback',
        'written_back_pages',
        'reject_compress_poor',
        'duplicate_entry',
        'pool_pages',
        'stored_pages',
        'outstanding_writebacks',
      ],
    ],
    ['6.12', [...shared, 'written_back_pages', 'pool_total_size', 'stored_pages']],
    [
      '6.18',
      [
        ...shared,
        'decompress_fail',
        'written_back_pages',
        'pool_total_size',
        'stored_pages',
        'stored_incompressible_pages',
      ],
    ],
  ] as const)('of %s are these, in this order', (version, files) => {
    const world = new ZswapWorld({ version }, { compressor: createSized('sized') });
    for (const slot of [1, 2]) world.storeSized(slot, 3000);
    expect(Object.keys(world.zswap.debugfs())).toEqual(files);
    const bytes = world.pool.pageCount * 4096;
    const size = version === '2013' ? { pool_pages: bytes / 4096 } : { pool_total_size: bytes };
    expect(world.zswap.debugfs()).toMatchObject({ ...size, stored_pages: 2 });
  });
});

describe('an entry of 6.12 whose writeback failed', () => {
  it('goes to the young end, so that the next look finds another', () => {
    const world = new ZswapWorld({ version: '6.12' }, { compressor: createSized('sized') });
    for (const slot of [1, 2, 3]) world.storeSized(slot, 100);
    world.zswap.pickBatch(3, 1);
    world.cached.set(1, 0 as never);
    world.zswap.pickBatch(1, 1);
    expect(world.zswap.writeBackPicked()).toBe(0);
    expect(world.lru()).toEqual([2, 3, 1]);
  });
});
