import { describe, expect, it } from 'vitest';
import { createSized } from './sized.ts';
import { ZswapWorld } from './support.ts';

/** Ten pages of 2000 bytes in cgroup 1: 20000 bytes are 4 whole pages. */
function world(settings: Partial<ZswapWorld['zswap']['settings']> = {}): ZswapWorld {
  const made = new ZswapWorld(
    { shrinkerEnabled: true, writebackBatch: 1, ...settings },
    {
      compressor: createSized('sized'),
      cgroups: [{ id: 2, zswapMaxBytes: Infinity, zswapWriteback: false }],
    },
  );
  for (let slot = 1; slot <= 10; slot++) made.storeSized(slot, 2000);
  return made;
}

function readFromDisk(made: ZswapWorld, pages: number, cgroup = 1): void {
  const frame = made.frames.allocate(cgroup);
  for (let i = 0; i < pages; i++) made.zswap.noteDiskSwapin(frame);
  made.frames.free(frame);
}

describe('the shrinker’s estimate', () => {
  it('is the entries, in the proportion of compressed pages to pages: 10 · 4 / 10', () => {
    expect(world().zswap.shrinker.count(1)).toBe(4);
  });

  it('rounds down after it has multiplied: 7 · 3 / 7 of 7 pages of 2000 bytes, 3 · 1 / 3 of 3', () => {
    const made = world();
    for (let slot = 1; slot <= 3; slot++) made.load(slot);
    expect(made.zswap.shrinker.count(1)).toBe(3);
    for (let slot = 4; slot <= 7; slot++) made.load(slot);
    // 6000 bytes: one page.
    expect(made.zswap.shrinker.count(1)).toBe(1);
    made.load(8);
    expect(made.zswap.shrinker.count(1)).toBe(0);
  });

  it('leaves off as many entries as were read from disk, once: (10 - 3) · 4 / 10 is 2', () => {
    const made = world();
    readFromDisk(made, 3);
    expect(made.zswap.shrinker.count(1)).toBe(2);
    expect(made.zswap.shrinker.count(1)).toBe(4);
  });

  it('carries over what is read beyond its entries: 25 leave nothing twice, then 10 - 5', () => {
    const made = world();
    readFromDisk(made, 25);
    expect(made.zswap.shrinker.count(1)).toBe(0);
    expect(made.zswap.shrinker.count(1)).toBe(0);
    expect(made.zswap.shrinker.count(1)).toBe(2);
    expect(made.zswap.shrinker.count(1)).toBe(4);
  });

  it('keeps the debt of a cgroup that has nothing in zswap until it has', () => {
    const made = world();
    readFromDisk(made, 1, 3);
    expect(made.zswap.shrinker.count(3)).toBe(0);
    for (let slot = 21; slot <= 23; slot++) made.storeSized(slot, 4096, 3);
    // (3 - 1) · 3 / 3
    expect(made.zswap.shrinker.count(3)).toBe(2);
    expect(made.zswap.shrinker.count(3)).toBe(3);
  });

  it('is of one cgroup: another’s pages and reads do not count', () => {
    const made = world();
    for (let slot = 21; slot <= 24; slot++) made.storeSized(slot, 4096, 3);
    readFromDisk(made, 2, 3);
    expect(made.zswap.shrinker.count(1)).toBe(4);
    expect(made.zswap.shrinker.count(3)).toBe(2);
  });

  it('is nothing where it is off, where pages may not be written, and where they cannot', () => {
    const made = world();
    made.zswap.setParameter({ name: 'shrinker_enabled', value: false });
    expect(made.zswap.shrinker.count(1)).toBe(0);
    expect(made.zswap.shrinker.scan(1, 10)).toBe(-1);
    made.zswap.setParameter({ name: 'shrinker_enabled', value: true });
    for (let slot = 21; slot <= 24; slot++) made.storeSized(slot, 4000, 2);
    expect(made.zswap.shrinker.count(2)).toBe(0);
    made.zswap.pickBatch(4, 2);
    expect(made.zswap.shrinker.scan(2, 4)).toBe(-1);
    made.isWritable = false;
    expect(made.zswap.shrinker.count(1)).toBe(0);
    expect(made.flushes).toEqual([]);
  });
});

describe('the shrinker’s scan', () => {
  it('writes back what has had its second chance, one by one, and says how many', () => {
    const made = world();
    // The first four lose their second chance; nothing is written: SHRINK_STOP.
    expect(made.zswap.shrinker.scan(1, 4)).toBe(-1);
    // The other six lose it, then the first four go.
    expect(made.zswap.shrinker.scan(1, 10)).toBe(4);
    expect(made.flushes).toEqual([[1], [2], [3], [4]]);
  });

  it('stops at an entry whose page is in the swap cache: the warm end has begun', () => {
    const made = world();
    made.zswap.shrinker.scan(1, 10);
    made.cached.set(3, 0 as never);
    expect(made.zswap.shrinker.scan(1, 10)).toBe(-1);
    expect(made.flushes).toEqual([[1], [2]]);
    // It is at the young end now.
    made.cached.clear();
    expect(made.lru()).toEqual([4, 5, 6, 7, 8, 9, 10, 3]);
  });

  it('ends the batch in which it met one', () => {
    const made = world({ writebackBatch: 4 });
    made.zswap.shrinker.scan(1, 10);
    const coldest = made.lru();
    made.cached.set(coldest[1]!, 0 as never);
    expect(made.zswap.shrinker.scan(1, 10)).toBe(-1);
    expect(made.flushes).toEqual([[coldest[0], coldest[2], coldest[3]]]);
  });

  it('never looks at more than it was told', () => {
    const made = world({ writebackBatch: 4 });
    made.zswap.shrinker.scan(1, 10);
    expect(made.zswap.shrinker.scan(1, 6)).toBe(6);
    expect(made.flushes.map(({ length }) => length)).toEqual([4, 2]);
  });
});
