import { describe, expect, it } from 'vitest';
import {
  CgroupStatistics,
  FLUSH_PERIOD_NS,
  LATE_WORKER,
  recordedWorker,
} from '../../src/memory/cgroup-statistics.ts';
import { createLruLinks, LRU, LruLists } from '../../src/memory/lru-lists.ts';
import { CostProfile, Engine } from '../../src/engine/index.ts';
import { FrameTable } from '../../src/frames/index.ts';

/** Lists with `count` folios on the inactive anonymous one, and a way to add more. */
function lists(count: number): { lru: LruLists; add: (more: number) => void } {
  const costs = new CostProfile({ name: 'free', description: '', prices: {} });
  const frames = new FrameTable(1000);
  const engine = new Engine({ seed: 1, cpuCount: 1, costs });
  const lru = new LruLists(engine, frames, createLruLinks(frames.frameCount, 1), 0);
  const add = (more: number): void => {
    for (let i = 0; i < more; i++) lru.putBack(frames.allocate(1));
  };
  add(count);
  return { lru, add };
}

describe('statistics of a cgroup', () => {
  it('are exact at every look when the worker is late for good', () => {
    const { lru, add } = lists(3);
    const statistics = new CgroupStatistics(lru, LATE_WORKER);
    statistics.refresh();
    expect(statistics.size(LRU.inactiveAnon)).toBe(3);
    add(4);
    expect(statistics.size(LRU.inactiveAnon)).toBe(3);
    statistics.refresh();
    expect([statistics.size(LRU.inactiveAnon), statistics.totalSize]).toEqual([7, 7]);
  });

  it('are those of the last of the worker’s rounds', () => {
    let now = 0.5 * FLUSH_PERIOD_NS;
    const { lru, add } = lists(5);
    const statistics = new CgroupStatistics(
      lru,
      recordedWorker(() => now, [0, FLUSH_PERIOD_NS, 2 * FLUSH_PERIOD_NS]),
    );
    statistics.noteActivatedRefault();
    statistics.refresh();
    // The worker ran when nothing was there yet.
    expect([statistics.size(LRU.inactiveAnon), statistics.activatedRefaults]).toEqual([0, 0]);
    now = FLUSH_PERIOD_NS;
    statistics.refresh();
    expect([statistics.size(LRU.inactiveAnon), statistics.activatedRefaults]).toEqual([5, 1]);
    add(1);
    now = 2 * FLUSH_PERIOD_NS - 1;
    statistics.refresh();
    expect(statistics.size(LRU.inactiveAnon)).toBe(5);
  });

  it('are flushed by readers from two periods after the worker’s last round', () => {
    let now = 0;
    const { lru } = lists(5);
    const statistics = new CgroupStatistics(
      lru,
      recordedWorker(() => now, [-1e9]),
    );
    const seen = (at: number): number => {
      now = at;
      statistics.refresh();
      return statistics.size(LRU.inactiveAnon);
    };
    expect([seen(0), seen(3e9), seen(3e9 + 1)]).toEqual([0, 0, 5]);
  });

  it('take a round that the worker made since the last look as made now', () => {
    let now = 0;
    const { lru, add } = lists(5);
    const statistics = new CgroupStatistics(
      lru,
      recordedWorker(() => now, [-1e9, 1e9, 2e9]),
    );
    now = 2.5e9;
    statistics.refresh();
    expect(statistics.size(LRU.inactiveAnon)).toBe(5);
    add(1);
    now = 4e9;
    statistics.refresh();
    expect(statistics.size(LRU.inactiveAnon)).toBe(5);
  });
});
