import { describe, expect, it } from 'vitest';
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

  it('stores a page of 0xff compressed: it is no zero page', () => {
    const world = new ZswapWorld();
    world.store(1, 0);
    expect(world.zswap.gauges()['stored_bytes']).toBeLessThanOrEqual(40);
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
    expect(world.zswap.entries.swapEntry(world.zswap.entries.coldest())).toBe(17);
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
    expect(world.zswap.pickBatch(32)).toBe(0);
    expect(world.zswap.pickBatch(32)).toBe(3);
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

  it('is left alone when somebody has it in the swap cache', () => {
    const world = picked();
    world.cached.set(1, 0 as never);
    expect(world.zswap.writeBackPicked()).toBe(2);
    expect(world.zswap.holds(1 as never)).toBe(true);
    expect(world.counted('zswap.reject_reclaim_fail')).toBe(1);
  });
});
