import { describe, expect, it } from 'vitest';
import { CostProfile, Engine, EV } from '../../src/engine/index.ts';
import { FrameTable, PG } from '../../src/frames/index.ts';
import { MemoryCgroups } from '../../src/memory/index.ts';
import { LRU } from '../../src/memory/lru-lists.ts';
import { packShadow, refault } from '../../src/memory/workingset.ts';
import type { PageFrame } from '../../src/units/index.ts';

interface Two {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly cgroups: MemoryCgroups;
}

function two(): Two {
  const costs = new CostProfile({ name: 'free', description: '', prices: {} });
  const engine = new Engine({ seed: 1, cpuCount: 1, costs });
  const frames = new FrameTable(300);
  const cgroups = new MemoryCgroups({ engine, frames, worker: undefined }, [
    { name: 'a', limitPages: 100 },
    { name: 'b', limitPages: 200, reservedPages: 30, filePages: 10 },
  ]);
  return { engine, frames, cgroups };
}

/** A charged folio of a cgroup, on no list yet. */
function folio({ frames, cgroups }: Two, cgroup: number): PageFrame {
  expect(cgroups.byId(cgroup).tryCharge()).toBe(true);
  return frames.allocate(cgroup);
}

describe('the cgroups of a machine', () => {
  it('have ids from 1 on, and what is reserved in each is charged to it from the start', () => {
    const { cgroups } = two();
    expect(cgroups.all.map(({ id, name, filePages }) => [id, name, filePages])).toEqual([
      [1, 'a', 0],
      [2, 'b', 10],
    ]);
    expect(cgroups.all.map((cgroup) => cgroup.usagePages - cgroup.stockPages)).toEqual([0, 30]);
    expect(() => cgroups.byId(0)).toThrow(/a cgroup that there is/);
    expect(() => cgroups.byId(3)).toThrow(/a cgroup that there is/);
  });

  it('notice a folio that is charged to nobody', () => {
    const world = two();
    world.cgroups.batch.add(folio(world, 2));
    world.cgroups.checkInvariants([]);
    world.cgroups.byId(2).uncharge(1);
    expect(() => {
      world.cgroups.checkInvariants([]);
    }).toThrow(/charged for what it has/);
  });
});

describe('the batch of new folios', () => {
  it('goes to the lists of each folio’s cgroup, a lock for each change of cgroup', () => {
    const world = two();
    const { engine, cgroups } = world;
    for (const cgroup of [1, 1, 2, 1, 2, 2]) cgroups.batch.add(folio(world, cgroup));
    expect(cgroups.all.map(({ lru }) => lru.totalSize)).toEqual([0, 0]);
    cgroups.batch.drain();
    expect(cgroups.all.map(({ lru }) => lru.size(LRU.inactiveAnon))).toEqual([3, 3]);
    expect(engine.counted(EV['lockAcquire.lru'])).toBe(4);
    cgroups.checkInvariants([]);
  });

  it('is drained for a folio of it that is freed', () => {
    const world = two();
    const { frames, cgroups } = world;
    const frame = folio(world, 2);
    cgroups.batch.add(frame);
    cgroups.forget(frame);
    expect(frames.has(frame, PG.lru)).toBe(false);
    expect(cgroups.byId(2).lru.totalSize).toBe(0);
  });
});

describe('a refault', () => {
  /** Ten active folios in cgroup 2; cgroup 1 has evicted a thousand, cgroup 2 twenty. */
  function world(): Two {
    const made = two();
    for (let i = 0; i < 10; i++) {
      const frame = folio(made, 2);
      made.frames.set(frame, PG.active);
      made.cgroups.batch.add(frame);
    }
    made.cgroups.batch.drain();
    made.cgroups.byId(1).nonresidentAge = 1000;
    made.cgroups.byId(2).nonresidentAge = 20;
    return made;
  }

  it('is recent by the clock and the size of the cgroup that evicted the page', () => {
    const made = world();
    const [recent, old] = [folio(made, 2), folio(made, 2)];
    refault(made, recent, packShadow(10, 2, false), true);
    expect(made.frames.has(recent, PG.active)).toBe(true);
    refault(made, old, packShadow(9, 2, false), true);
    expect(made.frames.has(old, PG.active)).toBe(false);
    // Nothing is active in cgroup 1: ten evictions ago is long ago there.
    const other = folio(made, 1);
    refault(made, other, packShadow(990, 1, false), true);
    expect(made.frames.has(other, PG.active)).toBe(false);
  });

  it('that is activated ages the cgroup that it is charged to now', () => {
    const made = world();
    refault(made, folio(made, 1), packShadow(19, 2, true), true);
    expect(made.cgroups.all.map(({ nonresidentAge }) => nonresidentAge)).toEqual([1001, 20]);
    for (const { statistics } of made.cgroups.all) statistics.refresh();
    expect(made.cgroups.all.map(({ statistics }) => statistics.activatedRefaults)).toEqual([1, 0]);
  });
});
