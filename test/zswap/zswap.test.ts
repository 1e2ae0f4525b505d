import { describe, expect, it } from 'vitest';
import { PG } from '../../src/frames/index.ts';
import { ZswapWorld } from './support.ts';

describe('zswap', () => {
  it('gives a page back once: a load takes it out', () => {
    const world = new ZswapWorld();
    expect(world.store(7, 1000)).toBe(true);
    expect(world.load(7)).toEqual(world.expected(7, 1000));
    expect(world.load(7)).toBe('ENOENT');
    expect(world.zswap.gauges()['stored_pages']).toBe(0);
    expect(world.pool.pageCount).toBe(0);
    expect([world.counted('zswpout'), world.counted('zswpin')]).toEqual([1, 1]);
  });

  it('stores a page of one byte compressed, in size class 48: it is no zero page', () => {
    const world = new ZswapWorld();
    // 48 bytes: 3 pages hold 256 objects.
    for (let slot = 1; slot <= 256; slot++) world.storeFilled(slot, 0xaa);
    const { stored_bytes: bytes, pool_total_size: size } = world.zswap.gauges();
    expect([26, 27]).toContain(bytes! / 256);
    expect(size).toBe(3 * 4096);
    world.storeFilled(257, 0xaa);
    expect(world.pool.pageCount).toBe(6);
    expect(world.load(1)).toEqual(Buffer.alloc(4096, 0xaa));
  });

  it('leaves a loaded folio dirty, for its copy is gone', () => {
    const world = new ZswapWorld();
    world.store(7, 1000);
    const frame = world.frames.allocate(1);
    world.frames.enterSwapCache(frame, 7 as never);
    expect(world.zswap.load(frame)).toBe('ok');
    expect(world.frames.has(frame, PG.dirty)).toBe(true);
  });

  it('has stored what is neither loaded, written back, invalidated nor replaced', () => {
    const world = new ZswapWorld();
    for (let slot = 1; slot <= 60; slot++) world.store(slot, 1000);
    for (let slot = 1; slot <= 5; slot++) world.store(slot, 500);
    for (let slot = 6; slot <= 13; slot++) world.load(slot);
    for (let slot = 14; slot <= 16; slot++) world.zswap.invalidate(slot as never);
    world.zswap.pickBatch(60, 1);
    world.zswap.pickBatch(20, 1);
    world.zswap.writeBackPicked();
    const gone = world.counted('zswpin') + world.counted('zswpwb');
    expect([world.counted('zswpout'), gone]).toEqual([65, 8 + 20]);
    expect(world.zswap.gauges()['stored_pages']).toBe(65 - 28 - 3 - 5);
    world.zswap.checkInvariants();
  });

  it('keeps stored pages when it was switched off, and takes no new ones', () => {
    const world = new ZswapWorld({ enabled: false });
    expect(world.store(1, 100)).toBe(false);
    expect(world.zswap.areaFigures(0).refused).toBe(0);
    expect(world.load(1)).toBe('ENOENT');
  });

  it('stores an incompressible page raw, and refuses it where it cannot be written back', () => {
    const world = new ZswapWorld();
    expect(world.store(1, 4096)).toBe(true);
    expect(world.zswap.gauges()).toMatchObject({
      stored_incompressible_pages: 1,
      stored_bytes: 4096,
      pool_total_size: 4096,
    });
    expect(world.store(2, 4096, false)).toBe(false);
    expect(world.counted('zswap.reject_compress_fail')).toBe(1);
    expect(world.load(1)).toEqual(world.expected(1, 4096));
  });

  it('replaces an older copy of the same slot', () => {
    const world = new ZswapWorld();
    world.store(1, 500);
    world.store(1, 900);
    expect(world.zswap.gauges()['stored_pages']).toBe(1);
    expect(world.load(1)).toEqual(world.expected(1, 900));
  });

  it('drops the older copy when the new one is refused', () => {
    const world = new ZswapWorld();
    world.store(1, 500, false);
    world.store(1, 4096, false);
    expect(world.load(1)).toBe('ENOENT');
  });

  it('refuses from its limit on until the pool is at the accept threshold', () => {
    // 20 % of 1000 pages: 200; the threshold is 180. Raw pages take one each.
    const world = new ZswapWorld();
    world.isWritable = false;
    for (let slot = 1; slot <= 200; slot++) expect(world.store(slot, 4096)).toBe(true);
    expect(world.store(201, 4096)).toBe(false);
    expect(world.counted('zswap.pool_limit_hit')).toBe(1);
    for (let slot = 1; slot <= 19; slot++) world.load(slot);
    expect(world.pool.pageCount).toBe(181);
    expect(world.store(202, 4096)).toBe(false);
    // Below the limit it refuses without counting a hit.
    expect(world.counted('zswap.pool_limit_hit')).toBe(1);
    world.load(20);
    expect(world.store(203, 4096)).toBe(true);
  });
});

describe('the shrink worker', () => {
  it('spares each entry once, then writes the oldest first, batch by batch', () => {
    const world = new ZswapWorld({ writebackBatch: 32 });
    for (let slot = 1; slot <= 200; slot++) world.store(slot, 4096);
    world.store(201, 4096);
    world.zswap.runQueuedShrink();
    // 200 entries lose their second chance in 7 looks of 32, the next look writes.
    expect(world.flushes.flat().slice(0, 3)).toEqual([1, 2, 3]);
    expect(world.pool.pageCount).toBeLessThanOrEqual(180);
    expect(world.flushes.every((flush) => flush.length <= 32)).toBe(true);
    expect(world.counted('zswpwb')).toBe(world.flushes.flat().length);
    expect(world.counted('zswap.written_back_pages')).toBe(world.counted('zswpwb'));
    world.zswap.checkInvariants();
  });

  it('gives up after 16 looks that wrote nothing', () => {
    const world = new ZswapWorld({ writebackBatch: 1 });
    for (let slot = 1; slot <= 200; slot++) world.store(slot, 4096);
    world.store(201, 4096);
    world.zswap.runQueuedShrink();
    expect(world.flushes).toEqual([]);
    // The first 16 have lost their second chance: they are at the young end now.
    expect(world.zswap.entries.swapEntry(world.zswap.entries.coldest(1))).toBe(17);
  });

  it('runs only when a store was refused by a full pool, and only with an area to write to', () => {
    const world = new ZswapWorld();
    for (let slot = 1; slot <= 200; slot++) world.store(slot, 4096);
    world.zswap.runQueuedShrink();
    world.store(201, 4096);
    world.isWritable = false;
    world.zswap.runQueuedShrink();
    expect(world.flushes).toEqual([]);
  });
});

describe('an entry that was picked for writeback', () => {
  /** Stores three pages that have lost their second chance, and picks them. */
  function picked(): ZswapWorld {
    const world = new ZswapWorld();
    for (const slot of [1, 2, 3]) world.store(slot, 1000);
    expect(world.zswap.pickBatch(32, 1)).toBe(0);
    expect(world.zswap.pickBatch(32, 1)).toBe(3);
    return world;
  }

  it('is left alone when it was loaded meanwhile', () => {
    const world = picked();
    expect(world.load(2)).toEqual(world.expected(2, 1000));
    expect(world.zswap.writeBackPicked()).toBe(2);
    expect(world.flushes).toEqual([[1, 3]]);
    expect(world.counted('zswap.reject_reclaim_fail')).toBe(1);
  });

  it('is left alone when its slot was freed meanwhile', () => {
    const world = picked();
    world.zswap.invalidate(3 as never);
    expect(world.zswap.writeBackPicked()).toBe(2);
    expect(world.flushes).toEqual([[1, 2]]);
  });

  it('is left alone when another page was stored in its slot meanwhile', () => {
    const world = picked();
    world.store(9, 10);
    world.store(1, 2000);
    expect(world.zswap.writeBackPicked()).toBe(2);
    expect(world.flushes).toEqual([[2, 3]]);
    expect(world.load(1)).toEqual(world.expected(1, 2000));
  });

  it('is written as it is now when its slot was freed and filled again meanwhile', () => {
    const world = picked();
    world.zswap.invalidate(1 as never);
    world.store(1, 2000);
    const written = world.zswap.writeBackPicked();
    // Left alone or taken for its successor in the same place: either way the new bytes survive.
    expect(written === 2 ? world.load(1) : world.written.get(1)).toEqual(world.expected(1, 2000));
    expect(world.written.get(2)).toEqual(world.expected(2, 1000));
  });

  it('is at the young end of the LRU when its writeback failed', () => {
    const world = picked();
    world.cached.set(1, 0 as never);
    world.zswap.writeBackPicked();
    world.store(9, 100);
    const { entries } = world.zswap;
    expect(entries.swapEntry(entries.coldest(1))).toBe(1);
    // Its second chance is used up: the next look picks it again, and the worker goes on.
    world.cached.clear();
    expect(world.zswap.pickBatch(2, 1)).toBe(1);
    expect(world.zswap.writeBackPicked()).toBe(1);
    expect(world.flushes).toEqual([[2, 3], [1]]);
  });

  it('is left alone when there is no room for its folio, but for the first of its batch', () => {
    const world = picked();
    world.room = 0;
    expect(world.zswap.writeBackPicked()).toBe(1);
    expect(world.flushes).toEqual([[1]]);
    expect(world.counted('zswap.reject_reclaim_fail')).toBe(2);
  });

  it('is left alone when somebody has it in the swap cache', () => {
    const world = picked();
    world.cached.set(1, 0 as never);
    expect(world.zswap.writeBackPicked()).toBe(2);
    expect(world.zswap.holds(1 as never)).toBe(true);
    expect(world.counted('zswap.reject_reclaim_fail')).toBe(1);
  });
});
