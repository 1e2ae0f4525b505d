import { describe, expect, it } from 'vitest';
import type { Machine } from '../../src/machine/index.ts';
import { LRU } from '../../src/memory/lru-lists.ts';
import { PTE, type AddressSpace } from '../../src/memory/index.ts';
import type { VirtualPage } from '../../src/units/index.ts';
import { runSmall, smallMachine, sum } from '../machine/support.ts';

interface ByHand {
  readonly machine: Machine;
  readonly space: AddressSpace;
}

/** A machine without zswap and a mapping; its pages are zeros, so an area of them does no I/O. */
function byHand(pages: number, memoryPages: number, areaPages = 4096): ByHand {
  const machine = smallMachine({
    trace: 'pages 10\nR 0 1 seq 1 1 -\n',
    memoryPages,
    areas: [{ pages: areaPages }],
    payload: 'none',
  });
  return { machine, space: machine.memory.createSpace(pages) };
}

function write({ machine, space }: ByHand, first: number, count: number): void {
  for (let page = first; page < first + count && space.isAlive; page++)
    machine.memory.touch(space, page as VirtualPage, true);
}

/** Pages charged, without what was charged in advance. */
function usage(machine: Machine): number {
  machine.memory.cgroup.drainStock();
  return machine.memory.cgroup.usagePages;
}

describe('a charge', () => {
  it('takes 64 pages at a time while there is room for them', () => {
    const world = byHand(200, 200);
    const { cgroup } = world.machine.memory;
    // The first page takes its page table too.
    write(world, 0, 1);
    expect(cgroup.usagePages).toBe(64);
    write(world, 1, 62);
    expect(cgroup.usagePages).toBe(64);
    write(world, 63, 1);
    expect(cgroup.usagePages).toBe(128);
    expect(usage(world.machine)).toBe(65);
  });

  it('takes single pages where 64 would pass the limit', () => {
    const world = byHand(200, 100);
    write(world, 0, 64);
    expect(world.machine.memory.cgroup.usagePages).toBe(65);
  });
});

describe('new folios', () => {
  it('go to the LRU in batches of 31', () => {
    const world = byHand(200, 200);
    const { lru } = world.machine.memory.cgroup;
    write(world, 0, 30);
    expect(lru.totalSize).toBe(0);
    write(world, 30, 1);
    expect(lru.size(LRU.inactiveAnon)).toBe(31);
    write(world, 31, 30);
    expect(lru.totalSize).toBe(31);
  });
});

describe('a page on the inactive list', () => {
  it('makes a trip for its accessed bit, and one more for its write', async () => {
    const scanned = async (profile: string): Promise<number> => {
      const trace = 'pages 2000\nW 0 2000 seq 2000 1 rand\n';
      const areas = [{ pages: 4096, profile }];
      const result = await runSmall({ trace, memoryPages: 300, areas, payload: 'none' });
      return sum(result, 'pgscan_anon') / sum(result, 'pgsteal_anon');
    };
    // Written at once, a page goes on its second trip; queued, on its third.
    expect(await scanned('zram')).toBeCloseTo(2, 0);
    expect(await scanned('nvme')).toBeCloseTo(3, 0);
  });

  it('is activated when it was accessed on both of its trips', () => {
    const world = byHand(1000, 200);
    write(world, 0, 190);
    let activeMax = 0;
    for (let page = 190; page < 1000; page++) {
      write(world, page, 1);
      world.machine.memory.touch(world.space, 5 as VirtualPage, false);
      activeMax = Math.max(activeMax, world.machine.memory.cgroup.lru.size(LRU.activeAnon));
    }
    expect(activeMax).toBe(1);
    expect(world.space.flags(5 as VirtualPage) & PTE.present).toBe(PTE.present);
  });
});

/** Asked anew after each touch: that may have killed the task. */
function isAlive({ space }: ByHand): boolean {
  return space.isAlive;
}

describe('a task that finds no memory', () => {
  it('is killed at the page after the last, and gives everything back', () => {
    // A limit of 100 pages, one of them a page table, and 9 slots.
    const world = byHand(400, 100, 10);
    let last = -1;
    for (let page = 0; page < 400 && isAlive(world); page++) {
      write(world, page, 1);
      if (isAlive(world)) last = page;
    }
    expect(last + 1).toBe(99 + 9);
    expect(usage(world.machine)).toBe(0);
    expect(world.machine.swap.space.area(0)!.inUse).toBe(0);
    world.machine.memory.checkInvariants();
  });

  it('does not give a page table back that it never got', () => {
    const { machine, space } = byHand(200 * 512, 100);
    for (let table = 0; table < 200 && space.isAlive; table++)
      machine.memory.touch(space, (table * 512) as VirtualPage, false);
    expect(space.isAlive).toBe(false);
    expect(usage(machine)).toBe(0);
  });

  it('leaves its parent alive when fork is what finds none', () => {
    const { machine, space } = byHand(60 * 512, 100);
    for (let table = 0; table < 60; table++)
      machine.memory.touch(space, (table * 512) as VirtualPage, false);
    expect(machine.memory.fork(space)).toBeNull();
    expect(space.residency().present).toBe(60);
    expect(usage(machine)).toBe(60);
  });
});

describe('many children', () => {
  it('share one swap entry beyond 62 references, each with the content of the fork', () => {
    const world = byHand(300, 200);
    write(world, 0, 300);
    const { machine, space } = world;
    const page = Array.from({ length: 300 }, (_, i) => i as VirtualPage).find(
      (at) => (space.flags(at) & PTE.swap) !== 0,
    )!;
    const entry = space.entry(page);
    const { entries } = machine.swap.design;
    const children = Array.from({ length: 70 }, () => machine.memory.fork(space)!);
    expect(entries.count(entry)).toBe(71);
    expect(bytes(machine, 'swap_map_continuation')).toBe(4096);
    // One of them brings the page in: its reference goes, the page stays shared.
    machine.memory.touch(children[3]!, page, false);
    expect(entries.count(entry)).toBe(70);
    machine.memory.checkInvariants();
    for (const child of children) machine.memory.exit(child);
    expect(entries.count(entry)).toBe(1);
    machine.memory.exit(space);
    expect(machine.swap.space.area(0)!.inUse).toBe(0);
    expect(usage(machine)).toBe(0);
  });
});

function bytes(machine: Machine, term: string): number {
  return machine.swap.design.metadata().find((at) => at.term === term)!.bytes;
}

describe('madvise(DONTNEED)', () => {
  it.each(['bytes', 'none'] as const)(
    'frees slots and zswap entries, payload %s',
    async (payload) => {
      const result = await runSmall({
        trace: 'pages 400\nW 0 400 seq 400 1 mix:1024\nD 0 400 seq 400 1 -\nR 0 400 seq 400 1 -\n',
        memoryPages: 100,
        areas: [{ pages: 800 }],
        zswap: { enabled: true },
        payload,
      });
      const [written, dropped, read] = result.phases;
      expect(written!.zswap!['stored_pages']).toBeGreaterThan(250);
      expect(dropped!.zswap).toMatchObject({ stored_pages: 0, pool_total_size: 0 });
      expect(dropped).toMatchObject({ present: 0, swapped: 0 });
      expect(read!.counters['pswpin'] ?? read!.counters['zswpin']).toBeUndefined();
      expect(result.verify.mismatches).toBe(0);
    },
  );
});
