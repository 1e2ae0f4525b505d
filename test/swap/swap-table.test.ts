import { describe, expect, it } from 'vitest';
import { CostProfile, Engine } from '../../src/engine/index.ts';
import { FrameTable, PG } from '../../src/frames/index.ts';
import { SlotArea, SlotSpace } from '../../src/slots/index.ts';
import { designs, type DesignHost, type SwapDesign } from '../../src/swap/index.ts';
import {
  entrySlot,
  NO_ENTRY,
  NO_FRAME,
  type PageFrame,
  type SwapEntry,
} from '../../src/units/index.ts';

interface World {
  readonly frames: FrameTable;
  readonly space: SlotSpace;
  readonly design: SwapDesign;
  readonly freed: string[];
}

function build(maxPages: number): World {
  const engine = new Engine({
    seed: 1,
    cpuCount: 1,
    costs: new CostProfile({ name: 'none', description: '', prices: {} }),
  });
  const frames = new FrameTable(4096);
  const space = new SlotSpace(engine);
  const freed: string[] = [];
  const host: DesignHost = {
    charge: (cgroup, entries) => {
      if (cgroup !== 0 && entries < 0) freed.push('an entry');
    },
    freeZswapEntry: () => undefined,
    reclaimCached: () => false,
  };
  const design = designs['swap-table']!.create({ engine, frames, space, host, revision: '6.18' });
  space.add(
    new SlotArea({
      type: 0,
      maxPages,
      badPages: [],
      rotational: false,
      isBlockDevice: false,
      priority: 0,
      engine,
      isSwapFull: () => space.isFull(),
    }),
  );
  design.addArea(0);
  return { frames, space, design, freed };
}

/** A folio in the swap cache under a new entry. */
function cache({ frames, design }: World): {
  readonly frame: PageFrame;
  readonly entry: SwapEntry;
} {
  const frame = frames.allocate(1);
  const entry = design.entries.allocate(frame);
  expect(entry).not.toBe(NO_ENTRY);
  design.entries.setCgroup(entry, 1);
  return { frame, entry };
}

function bytes(world: World, term: string): number {
  return world.design.metadata().find((each) => each.term === term)!.bytes;
}

/** What 6.18 takes at swapon, without the CPUs' records. */
function staticBytes(world: World): number {
  return ['swap_map', 'swap_cgroup', 'zeromap', 'cluster_info', 'zswap_trees']
    .map((term) => bytes(world, term))
    .reduce((sum, each) => sum + each, 0);
}

describe('an entry of the swap table', () => {
  it('goes through the life of a page: cached, counted, shadow, cached again, freed', () => {
    const world = build(4096);
    const { entries } = world.design;
    const { frame, entry } = cache(world);
    expect(entries.folioAt(entry)).toBe(frame);
    expect(entries.isSwapped(entry)).toBe(false);
    entries.duplicate(entry);
    entries.removeFolio(entry, 0x1_2345_6789_abc);
    expect(entries.folioAt(entry)).toBe(NO_FRAME);
    expect(world.frames.has(frame, PG.swapcache)).toBe(false);
    expect(entries.insertFolio(entry, frame)).toBe(0x1_2345_6789_abc);
    entries.putRange(entry, 1);
    expect(world.freed).toEqual([]);
    entries.removeFolio(entry, 0);
    expect(world.freed).toEqual(['an entry']);
    expect(world.space.area(0)!.inUse).toBe(0);
    world.design.checkInvariants();
  });

  it('is freed by its last reference when nothing caches it', () => {
    const world = build(4096);
    const { entries } = world.design;
    const { entry } = cache(world);
    entries.duplicate(entry);
    entries.duplicate(entry);
    entries.removeFolio(entry, 0);
    entries.putRange(entry, 1);
    expect(world.freed).toEqual([]);
    entries.putRange(entry, 1);
    expect(world.freed).toEqual(['an entry']);
  });

  it('counts beyond 62 in a continuation page, and back', () => {
    const world = build(4096);
    const { entries } = world.design;
    const { entry } = cache(world);
    for (let count = 1; count <= 62; count++) entries.duplicate(entry);
    expect(bytes(world, 'swap_map_continuation')).toBe(0);
    for (let count = 63; count <= 300; count++) entries.duplicate(entry);
    expect(entries.count(entry)).toBe(300);
    expect(bytes(world, 'swap_map_continuation')).toBe(4096);
    for (let count = 299; count >= 0; count--) {
      entries.putRange(entry, 1);
      expect(entries.count(entry)).toBe(count);
    }
    expect(world.freed).toEqual([]);
    entries.removeFolio(entry, 0);
    expect(world.freed).toEqual(['an entry']);
  });

  it('forgets its zero flag, its cgroup and its shadow when it is freed', () => {
    const world = build(4096);
    const { entries } = world.design;
    const { entry, frame } = cache(world);
    entries.setZero(entry, true);
    entries.setCgroup(entry, 7);
    expect(entries.isZero(entry)).toBe(true);
    entries.removeFolio(entry, 0);
    expect([entries.isZero(entry), entries.cgroup(entry)]).toEqual([false, 0]);
    world.design.checkInvariants();
    expect(world.frames.has(frame, PG.swapcache)).toBe(false);
  });
});

describe('the memory of the swap table', () => {
  it('has a table page for each cluster in use, and always one for the header', () => {
    const world = build(8 * 512);
    expect(bytes(world, 'swap_table')).toBe(4096);
    const cached = Array.from({ length: 511 + 512 + 1 }, () => cache(world));
    expect(bytes(world, 'swap_table')).toBe(3 * 4096);
    for (const { entry, frame } of cached) {
      world.design.entries.removeFolio(entry, 0);
      world.frames.free(frame);
    }
    expect(bytes(world, 'swap_table')).toBe(4096);
    expect(entrySlot(cached[511]!.entry)).toBe(512);
  });

  it('has a whole table page for a cluster with one slot in use', () => {
    const world = build(8 * 512);
    const cached = Array.from({ length: 511 + 5 * 512 + 1 }, () => cache(world));
    for (const { entry, frame } of cached) {
      if (entrySlot(entry) % 512 === 1) continue;
      world.design.entries.removeFolio(entry, 0);
      world.frames.free(frame);
    }
    expect(bytes(world, 'swap_table')).toBe(6 * 4096);
    world.design.checkInvariants();
  });

  it.each([
    [1, 835_840 / 2 ** 20],
    [16, 12.754],
  ])('is, for %i GiB and before use, what the arithmetic of 6.18 gives', (gib, mib) => {
    const world = build((gib * 2 ** 30) / 4096);
    expect(staticBytes(world) / 2 ** 20).toBeCloseTo(mib, 3);
  });

  it('is 816.25 MiB for 1 TiB', () => {
    const world = build(2 ** 28);
    const mib = (term: string): number => bytes(world, term) / 2 ** 20;
    expect({
      swap_map: mib('swap_map'),
      swap_cgroup: mib('swap_cgroup'),
      zeromap: mib('zeromap'),
      cluster_info: mib('cluster_info'),
      zswap_trees: mib('zswap_trees'),
    }).toEqual({
      swap_map: 256,
      swap_cgroup: 512,
      zeromap: 32,
      cluster_info: 16,
      zswap_trees: 0.25,
    });
    expect(staticBytes(world) / 2 ** 20).toBe(816.25);
  });
});
