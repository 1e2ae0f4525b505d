import { describe, expect, it } from 'vitest';
import type { ZswapParameter } from '../../src/zswap/index.ts';
import { createSized } from './sized.ts';
import { ZswapWorld } from './support.ts';

/** The limit is 20 % of 100 pages; a page that does not compress takes one. */
function world(settings: Partial<ZswapWorld['zswap']['settings']> = {}): ZswapWorld {
  const made = new ZswapWorld(
    { writebackBatch: 1, ...settings },
    { compressor: createSized('first'), ramPages: 100 },
  );
  made.isWritable = false;
  expect(made.zswap.maxPages).toBe(20);
  return made;
}

function fill(made: ZswapWorld, from: number, to: number): void {
  for (let slot = from; slot <= to; slot++) expect(made.storeSized(slot, 4096)).toBe(true);
}

/** What a store answers, and the limit hits so far. */
function attempt(made: ZswapWorld, slot: number): [stored: boolean, hits: number] {
  return [made.storeSized(slot, 4096), made.counted('zswap.pool_limit_hit')];
}

describe('the limit of the pool', () => {
  it('is hit at it, holds down to the accept threshold, and opens at the threshold', () => {
    const made = world();
    fill(made, 1, 20);
    expect(attempt(made, 21)).toEqual([false, 1]);
    expect(attempt(made, 21)).toEqual([false, 2]);
    // Nineteen pages: below the limit, above 90 % of it. Refused, and no hit.
    made.load(1);
    expect(made.pool.pageCount).toBe(19);
    expect(attempt(made, 22)).toEqual([false, 2]);
    made.load(2);
    expect(made.pool.pageCount).toBe(18);
    expect(attempt(made, 23)).toEqual([true, 2]);
    // Open again: up to the limit without a stop at the threshold.
    expect(attempt(made, 24)).toEqual([true, 2]);
    expect(attempt(made, 25)).toEqual([false, 3]);
    made.load(3);
    expect(attempt(made, 26)).toEqual([false, 3]);
  });

  it('does not close between the threshold and the limit where it was never hit', () => {
    const made = world();
    fill(made, 1, 19);
    made.load(1);
    expect(attempt(made, 30)).toEqual([true, 0]);
    expect(attempt(made, 31)).toEqual([true, 0]);
  });

  it('has no hysteresis at an accept threshold of 100', () => {
    const made = world({ acceptThresholdPercent: 100 });
    fill(made, 1, 20);
    expect(attempt(made, 21)).toEqual([false, 1]);
    made.load(1);
    expect(attempt(made, 22)).toEqual([true, 1]);
    expect(attempt(made, 23)).toEqual([false, 2]);
  });

  it('rounds down twice: 33 % of 100 pages, and 90 % of those', () => {
    const made = new ZswapWorld(
      { maxPoolPercent: 33 },
      { compressor: createSized('first'), ramPages: 100 },
    );
    made.isWritable = false;
    expect(made.zswap.maxPages).toBe(33);
    fill(made, 1, 33);
    expect(attempt(made, 34)).toEqual([false, 1]);
    // floor(29.7)
    for (let slot = 1; slot <= 3; slot++) made.load(slot);
    expect(attempt(made, 35)[0]).toBe(false);
    made.load(4);
    expect(attempt(made, 36)[0]).toBe(true);
  });

  it('lets the worker bring the pool down to the threshold, no further', () => {
    const made = world();
    fill(made, 1, 20);
    made.isWritable = true;
    made.zswap.pickBatch(20, 1);
    expect(attempt(made, 21)).toEqual([false, 1]);
    made.zswap.runQueuedShrink();
    expect(made.pool.pageCount).toBe(18);
    expect(made.flushes).toEqual([[1], [2]]);
    expect(attempt(made, 22)[0]).toBe(true);
  });

  it('refuses an older copy’s successor too, and the older copy is gone', () => {
    const made = world();
    fill(made, 1, 20);
    expect(made.storeSized(1, 4096)).toBe(false);
    expect(made.load(1)).toBe('ENOENT');
    expect(made.zswap.areaFigures(0)).toMatchObject({ held: 19, refused: 1 });
  });
});

describe('a parameter that is changed while pages are stored', () => {
  function set(made: ZswapWorld, parameter: ZswapParameter): void {
    made.zswap.setParameter(parameter);
    made.zswap.checkInvariants();
  }

  it('max_pool_percent lowered: nothing is dropped, nothing stored above the new threshold', () => {
    const made = world();
    fill(made, 1, 15);
    set(made, { name: 'max_pool_percent', value: 10 });
    expect([made.zswap.maxPages, made.pool.pageCount]).toEqual([10, 15]);
    expect(attempt(made, 16)).toEqual([false, 1]);
    for (let slot = 1; slot <= 5; slot++) made.load(slot);
    expect(attempt(made, 17)).toEqual([false, 2]);
    made.load(6);
    expect(attempt(made, 18)).toEqual([true, 2]);
  });

  it('max_pool_percent raised: the flag of the old limit falls with the new threshold', () => {
    const made = world();
    fill(made, 1, 20);
    expect(attempt(made, 21)).toEqual([false, 1]);
    set(made, { name: 'max_pool_percent', value: 40 });
    expect(attempt(made, 22)).toEqual([true, 1]);
  });

  it('accept_threshold_percent: the next store is judged by it', () => {
    const made = world();
    fill(made, 1, 20);
    attempt(made, 21);
    made.load(1);
    expect(attempt(made, 22)[0]).toBe(false);
    set(made, { name: 'accept_threshold_percent', value: 95 });
    expect(attempt(made, 23)[0]).toBe(true);
  });

  it('compressor: an entry is restored by the compressor that it was stored with', () => {
    const made = world();
    made.storeSized(1, 1000);
    set(made, { name: 'compressor', value: createSized('second') });
    made.storeSized(2, 1000);
    expect(made.pools.length).toBe(2);
    expect(made.pools.map(({ objectCount }) => objectCount)).toEqual([1, 1]);
    expect([made.loadSized(1, 1000), made.loadSized(2, 1000)]).toEqual(['ok', 'ok']);
  });

  it('compressor: the limit counts the pages of all pools, and the old one goes when empty', () => {
    const made = world();
    fill(made, 1, 12);
    set(made, { name: 'compressor', value: createSized('second') });
    fill(made, 13, 20);
    expect(made.pools.map(({ pageCount }) => pageCount)).toEqual([12, 8]);
    expect(attempt(made, 21)).toEqual([false, 1]);
    for (let slot = 1; slot <= 12; slot++) expect(made.loadSized(slot, 4096)).toBe('ok');
    expect(made.zswap.gauges()['pool_total_size']).toBe(8 * 4096);
    // It is gone: the same name makes a new one.
    set(made, { name: 'compressor', value: createSized('first') });
    expect(made.pools.length).toBe(3);
    fill(made, 30, 30);
    expect(made.pools.map(({ objectCount }) => objectCount)).toEqual([0, 8, 1]);
  });

  it('compressor: one whose pool still has entries gets that pool back', () => {
    const made = world();
    fill(made, 1, 2);
    set(made, { name: 'compressor', value: createSized('second') });
    fill(made, 3, 3);
    set(made, { name: 'compressor', value: createSized('first') });
    fill(made, 4, 4);
    expect(made.pools.map(({ objectCount }) => objectCount)).toEqual([3, 1]);
    for (let slot = 1; slot <= 4; slot++) expect(made.loadSized(slot, 4096)).toBe('ok');
  });

  it('compressor: a page that is stored anew leaves the old pool', () => {
    const made = world();
    made.storeSized(1, 500);
    set(made, { name: 'compressor', value: createSized('second') });
    made.storeSized(1, 700);
    expect(made.pools.map(({ objectCount }) => objectCount)).toEqual([0, 1]);
    expect(made.loadSized(1, 700)).toBe('ok');
  });

  it('enabled off: pages stay until they are loaded or written back, and none comes', () => {
    const made = world();
    fill(made, 1, 4);
    set(made, { name: 'enabled', value: false });
    expect(made.storeSized(5, 100)).toBe(false);
    expect(made.zswap.areaFigures(0)).toMatchObject({ held: 4, refused: 0 });
    expect(made.loadSized(1, 4096)).toBe('ok');
    expect(made.writeBack(2)).toBe(1);
    expect(made.flushes).toEqual([[2]]);
    // What is swapped out anew goes past zswap: its old copy must not be written over it later.
    expect(made.storeSized(3, 100)).toBe(false);
    expect(made.lru()).toEqual([4]);
    expect(made.loadSized(4, 4096)).toBe('ok');
    set(made, { name: 'enabled', value: true });
    expect(made.storeSized(5, 100)).toBe(true);
  });
});
