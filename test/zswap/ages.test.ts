import { describe, expect, it } from 'vitest';
import { createSized } from './sized.ts';
import { ZswapWorld } from './support.ts';

function world(
  settings: Partial<ZswapWorld['zswap']['settings']> = {},
  ramPages = 1000,
): ZswapWorld {
  return new ZswapWorld(
    { writebackBatch: 1, ...settings },
    { compressor: createSized('sized'), ramPages },
  );
}

describe('the ages of what goes and what stays', () => {
  it('are none where nothing went', () => {
    const made = world();
    made.storeSized(1, 100);
    expect(made.zswap.ageFigures()).toEqual({});
  });

  it('of two entries written back of four: 3 and 2, against means of 1.5 and 1', () => {
    const made = world();
    for (const slot of [1, 2, 3, 4]) made.storeSized(slot, 100);
    expect(made.writeBack(4)).toBe(4);
    // Ages 3, 2, 1, 0 as they go; those that are there, itself too: (3+2+1+0)/4, (2+1+0)/3, 1/2, 0.
    expect(made.zswap.ageFigures()).toEqual({
      age_gone_mean: (3 + 2 + 1 + 0) / 4,
      age_kept_mean: (1.5 + 1 + 0.5 + 0) / 4,
      gone_refused: 0,
      gone_written_back: 4,
    });
  });

  it('of a page refused at the limit: 0, against the mean of all that stay', () => {
    // Five pages are the limit, three the threshold.
    const made = world({ acceptThresholdPercent: 70 }, 25);
    made.isWritable = false;
    for (let slot = 1; slot <= 5; slot++) expect(made.storeSized(slot, 4096)).toBe(true);
    expect(made.storeSized(6, 4096)).toBe(false);
    // At six offers the five are 5, 4, 3, 2 and 1 old.
    expect(made.zswap.ageFigures()).toEqual({
      age_gone_mean: 0,
      age_kept_mean: 3,
      gone_refused: 1,
      gone_written_back: 0,
    });
    made.load(1);
    expect(made.storeSized(7, 4096)).toBe(false);
    // 5, 4, 3 and 2: 3.5 on the average; the two refusals together 3.25.
    expect(made.zswap.ageFigures()).toMatchObject({ age_gone_mean: 0, age_kept_mean: 3.25 });
  });

  it('do not count a page that was refused while zswap held none', () => {
    const made = new ZswapWorld({ version: '6.12' }, { compressor: createSized('sized') });
    expect(made.storeSized(1, 4096)).toBe(false);
    expect(made.zswap.ageFigures()).toEqual({});
    made.storeSized(2, 100);
    expect(made.storeSized(3, 4096)).toBe(false);
    expect(made.zswap.ageFigures()).toMatchObject({ age_kept_mean: 1, gone_refused: 1 });
  });

  it('begin anew for a page that is stored anew', () => {
    const made = world();
    for (const slot of [1, 2, 1]) made.storeSized(slot, 100);
    expect(made.writeBack(2)).toBe(2);
    expect(made.flushes.flat()).toEqual([2, 1]);
    expect(made.zswap.ageFigures()).toMatchObject({ age_gone_mean: 0.5 });
  });
});

describe('writeback by age', () => {
  it('writes entries of the age and above, and none that is younger', () => {
    const made = world({ writebackAge: 3 });
    for (let slot = 1; slot <= 5; slot++) made.storeSized(slot, 100);
    made.zswap.runQueuedShrink();
    // After five offers the first two are 4 and 3 old.
    expect(made.flushes).toEqual([[1], [2]]);
    expect(made.zswap.ageFigures()).toMatchObject({ age_gone_mean: 3.5 });
    made.zswap.runQueuedShrink();
    expect(made.flushes.length).toBe(2);
  });

  it('goes in batches, cgroup by cgroup, whatever their second chances', () => {
    const made = world({ writebackAge: 2, writebackBatch: 2 });
    for (let slot = 1; slot <= 8; slot++) made.storeSized(slot, 100, slot <= 3 ? 1 : 2);
    made.zswap.runQueuedShrink();
    expect(made.flushes).toEqual([[1, 2], [3], [4, 5], [6]]);
  });

  it('gives a cgroup up after 16 looks that wrote nothing', () => {
    const made = world({ writebackAge: 0 });
    for (let slot = 1; slot <= 5; slot++) made.storeSized(slot, 100);
    made.isFull = true;
    made.zswap.runQueuedShrink();
    expect(made.counted('zswap.reject_reclaim_fail')).toBe(16);
    expect(made.zswap.entries.count).toBe(5);
  });

  it('does nothing where no area can be written to', () => {
    const made = world({ writebackAge: 0 });
    made.storeSized(1, 100);
    made.isWritable = false;
    made.zswap.runQueuedShrink();
    expect(made.zswap.entries.count).toBe(1);
  });
});

describe('a second chance', () => {
  it('is had once by each entry, and again by one that is stored anew', () => {
    const made = world();
    for (const slot of [1, 2, 3]) made.storeSized(slot, 100);
    expect(made.zswap.pickBatch(3, 1)).toBe(0);
    expect(made.lru()).toEqual([1, 2, 3]);
    made.storeSized(1, 200);
    // 2 and 3 have lost theirs; 1 is new.
    expect(made.zswap.pickBatch(3, 1)).toBe(2);
    expect(made.zswap.writeBackPicked()).toBe(2);
    expect(made.flushes).toEqual([[2, 3]]);
    expect(made.writeBack(1)).toBe(1);
  });

  it('is none in 2013', () => {
    const made = world({ version: '2013' });
    for (const slot of [1, 2, 3]) made.storeSized(slot, 100);
    expect(made.zswap.pickBatch(2, 0)).toBe(2);
    expect(made.zswap.writeBackPicked()).toBe(2);
    expect(made.lru(0)).toEqual([3]);
  });
});
