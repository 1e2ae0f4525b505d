import { describe, expect, it } from 'vitest';
import type { MemoryCgroup } from '../../src/memory/memory-cgroup.ts';
import { shrinkSlab } from '../../src/memory/slab-shrinker.ts';
import { SHRINK_STOP, type Shrinker } from '../../src/zswap/index.ts';

/** A cache of so many objects that gives up what it is asked for, up to a number of calls. */
class Cache implements Shrinker {
  readonly objects: number;
  readonly scans: number[] = [];
  stopsAfter = Infinity;

  constructor(objects: number) {
    this.objects = objects;
  }

  count(): number {
    return this.objects;
  }

  scan(_cgroup: number, size: number): number {
    if (this.scans.length >= this.stopsAfter) return SHRINK_STOP;
    this.scans.push(size);
    return size;
  }
}

function shrink(
  cache: Cache,
  priority: number,
  deferredScan = 0,
): { readonly freed: number; readonly scans: readonly number[]; readonly deferred: number } {
  const cgroup = { id: 1, deferredScan } as unknown as MemoryCgroup;
  const freed = shrinkSlab(cache, cgroup, priority);
  return { freed, scans: cache.scans, deferred: cgroup.deferredScan };
}

describe('a slab', () => {
  it('is asked for twice its objects by the power of the priority: 4096 at 4 are 512', () => {
    expect(shrink(new Cache(4096), 4)).toEqual({
      freed: 512,
      scans: [128, 128, 128, 128],
      deferred: 0,
    });
  });

  it('is asked in batches of 128, and what is less waits: 300 at 2 are 150', () => {
    expect(shrink(new Cache(300), 2)).toEqual({ freed: 128, scans: [128], deferred: 22 });
  });

  it('is not asked for less than a batch: 4096 at 12 are 2, which wait', () => {
    expect(shrink(new Cache(4096), 12)).toEqual({ freed: 0, scans: [], deferred: 2 });
  });

  it('is asked for what had waited, by the power of the priority', () => {
    // 1000 / 16 are 62; 2 · (1024 >> 4) are 128: 190 in all. 1128 less 128 that were scanned.
    expect(shrink(new Cache(1024), 4, 1000)).toEqual({ freed: 128, scans: [128], deferred: 1000 });
  });

  it('gives all it has when less than a batch is all there is', () => {
    // 2 · 50 are 100, which is not less than 50: asked for 100; then 0 are left.
    expect(shrink(new Cache(50), 0)).toEqual({ freed: 100, scans: [100], deferred: 0 });
  });

  it('is asked for twice its objects at most, and no more than that waits', () => {
    const cache = new Cache(10);
    cache.stopsAfter = 0;
    expect(shrink(cache, 0, 5000)).toEqual({ freed: 0, scans: [], deferred: 20 });
    expect(shrink(new Cache(10), 0, 5000)).toEqual({ freed: 20, scans: [20], deferred: 20 });
  });

  it('is left alone once it says stop: what was not looked at waits', () => {
    const cache = new Cache(1024);
    cache.stopsAfter = 2;
    expect(shrink(cache, 1)).toEqual({ freed: 256, scans: [128, 128], deferred: 768 });
  });

  it('without objects keeps what waits', () => {
    expect(shrink(new Cache(0), 0, 33)).toEqual({ freed: 0, scans: [], deferred: 33 });
  });
});
