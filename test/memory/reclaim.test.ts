import { describe, expect, it } from 'vitest';
import {
  isWorkingsetShadow,
  packShadow,
  shadowAge,
  shadowCgroup,
} from '../../src/memory/workingset.ts';
import { PTE, type AddressSpace } from '../../src/memory/index.ts';
import type { Machine } from '../../src/machine/index.ts';
import type { VirtualPage } from '../../src/units/index.ts';
import { runSmall, smallMachine, sum } from '../machine/support.ts';

describe('a shadow', () => {
  it.each([
    [0, 1, false],
    [123_456_789, 65_535, true],
    [2 ** 32 - 1, 2, true],
  ])('keeps age %i, cgroup %i and the workingset bit %s', (age, cgroup, isWorkingset) => {
    const shadow = packShadow(age, cgroup, isWorkingset);
    expect(shadow).not.toBe(0);
    expect(shadow).toBeLessThan(2 ** 50);
    expect([shadowAge(shadow), shadowCgroup(shadow), isWorkingsetShadow(shadow)]).toEqual([
      age,
      cgroup,
      isWorkingset,
    ]);
  });

  it('has an age that wraps at 2^32', () => {
    expect(shadowAge(packShadow(2 ** 32 + 5, 1, false))).toBe(5);
  });
});

/** A machine and a mapping to touch by hand. */
function byHand(pages: number, memoryPages: number): { machine: Machine; space: AddressSpace } {
  const machine = smallMachine({
    trace: `pages ${pages}\nR 0 1 seq 1 1 -\n`,
    memoryPages,
    areas: [{ pages: 4096 }],
    payload: 'none',
  });
  return { machine, space: machine.memory.createSpace(pages) };
}

function write(machine: Machine, space: AddressSpace, first: number, count: number): void {
  for (let page = first; page < first + count; page++)
    machine.memory.touch(space, page as VirtualPage, true);
}

function swapped(space: AddressSpace, page: number): boolean {
  return (space.flags(page as VirtualPage) & PTE.swap) !== 0;
}

describe('reclaim', () => {
  it('never lets a cgroup stay above its limit, and frees at least 32 pages when it starts', () => {
    const { machine, space } = byHand(600, 200);
    for (let page = 0; page < 600; page++) {
      const before = machine.memory.cgroup.usagePages;
      write(machine, space, page, 1);
      const { usagePages } = machine.memory.cgroup;
      expect(usagePages).toBeLessThanOrEqual(200);
      if (usagePages < before) expect(before - usagePages).toBeGreaterThanOrEqual(31);
    }
    machine.memory.checkInvariants();
  });

  it('gives a page that is touched all the time another chance', () => {
    const { machine, space } = byHand(1000, 200);
    for (let page = 0; page < 1000; page++) {
      write(machine, space, page, 1);
      machine.memory.touch(space, 0 as VirtualPage, false);
      expect(swapped(space, 0)).toBe(false);
    }
    expect(space.residency().swapped).toBeGreaterThan(750);
  });

  it('charges a page of page table for each 512 pages touched', () => {
    const { machine, space } = byHand(2000, 100);
    const before = machine.memory.cgroup.usagePages;
    for (const page of [0, 511, 512, 1999]) machine.memory.touch(space, page as VirtualPage, false);
    expect(space.tableCount()).toBe(3);
    machine.memory.cgroup.drainStock();
    expect(machine.memory.cgroup.usagePages - before).toBe(3);
  });
});

describe('fork', () => {
  it('shares memory and swap entries, and both sides give everything back', () => {
    const { machine, space } = byHand(400, 200);
    write(machine, space, 0, 400);
    const { swapped: out } = space.residency();
    expect(out).toBeGreaterThan(200);
    const child = machine.memory.fork(space)!;
    expect(child.residency().swapped).toBe(space.residency().swapped);
    const page = Array.from({ length: 400 }, (_, i) => i).find((i) => swapped(space, i))!;
    const entry = space.entry(page as VirtualPage);
    expect(machine.swap.design.entries.count(entry)).toBe(2);
    machine.memory.exit(child);
    expect(machine.swap.design.entries.count(entry)).toBe(1);
    machine.memory.checkInvariants();
    machine.memory.exit(space);
    expect(machine.swap.space.area(0)!.inUse).toBe(0);
    machine.memory.cgroup.drainStock();
    expect(machine.memory.cgroup.usagePages).toBe(0);
  });

  it('copies a shared page at the first write of either side', () => {
    const { machine, space } = byHand(10, 200);
    write(machine, space, 3, 1);
    const page = 3 as VirtualPage;
    const child = machine.memory.fork(space)!;
    expect(child.frame(page)).toBe(space.frame(page));
    machine.memory.touch(child, page, true);
    expect(child.frame(page)).not.toBe(space.frame(page));
    const kept = space.frame(page);
    // The parent is alone now: its write reuses the page.
    machine.memory.touch(space, page, true);
    expect(space.frame(page)).toBe(kept);
    machine.memory.checkInvariants();
  });
});

describe('readahead', () => {
  const fill = 'pages 2000\nW 0 2000 seq 2000 1 rand\n';

  async function counted(line: string, pageCluster: number, profile: string): Promise<number[]> {
    const result = await runSmall({
      trace: `${fill}${line}\n`,
      memoryPages: 300,
      areas: [{ pages: 8000, profile }],
      pageCluster,
      payload: 'none',
    });
    const { counters } = result.phases[1]!;
    return ['swap_ra', 'swap_ra_hit', 'pgmajfault'].map((name) => counters[name] ?? 0);
  }

  it('reads ahead of a sequential reader, and its pages are hit', async () => {
    for (const profile of ['nvme', 'hdd']) {
      const [ahead, hits, majors] = await counted('R 0 2000 seq 2000 1 -', 3, profile);
      expect(ahead).toBeGreaterThan(1400);
      expect(hits! / ahead!).toBeGreaterThan(0.95);
      // Windows of 8 pages: one major fault for each, and a few while it grows.
      expect(majors!).toBeLessThan(2000 / 6);
    }
  });

  it('keeps still for a random reader', async () => {
    const [ahead, , majors] = await counted('R 0 2000 rand 2000 9 -', 3, 'nvme');
    expect(ahead! / majors!).toBeLessThan(0.05);
  });

  it('is off with page-cluster 0, and on a synchronous device', async () => {
    expect((await counted('R 0 2000 seq 2000 1 -', 0, 'nvme'))[0]).toBe(0);
    expect((await counted('R 0 2000 seq 2000 1 -', 3, 'zram'))[0]).toBe(0);
  });
});

describe('a page that is read back', () => {
  it('stays in the swap cache: swapped out again unchanged it costs no write', async () => {
    const trace = 'pages 600\nW 0 600 seq 600 1 rand\nR 0 600 seq 3000 1 -\n';
    const result = await runSmall({
      trace,
      memoryPages: 200,
      areas: [{ pages: 8000 }],
      payload: 'none',
    });
    const reading = result.phases[1]!.counters;
    expect(reading['pswpin']).toBeGreaterThan(2000);
    // Only pages that had not been out before are written.
    expect(reading['pswpout'] ?? 0).toBeLessThan(250);
    expect(sum(result, 'pswpout')).toBeLessThanOrEqual(600);
  });
});

describe('a folio that was read ahead out of zswap', () => {
  /** Major faults on seven folios that were read ahead long ago. */
  async function majorFaults(zswap: boolean): Promise<number> {
    const result = await runSmall({
      // The first fault of a mapping opens a window of 8; then nobody comes near for long.
      trace: [
        'pages 4000',
        'W 0 4000 seq 4000 1 mix:1024',
        'R 1 1 seq 1 1 -',
        'W 2000 2000 rand 6000 3 mix:512',
        'R 2 7 seq 7 1 -\n',
      ].join('\n'),
      memoryPages: 300,
      areas: [{ pages: 8000, profile: 'nvme' }],
      payload: 'none',
      ramPages: 2 ** 20,
      zswap: { enabled: zswap },
    });
    expect(result.phases[1]!.counters['swap_ra']).toBe(7);
    return result.phases[3]!.counters['pgmajfault'] ?? 0;
  }

  it('is dirty and never mapped: reclaim leaves it in memory until it is used', async () => {
    expect(await majorFaults(true)).toBe(0);
  });

  it('is clean from a device, and goes as any other', async () => {
    expect(await majorFaults(false)).toBeGreaterThan(0);
  });
});

describe('random reads over zswap for long', () => {
  it.each([
    [3, 1],
    [0, 0],
  ])(
    'with page-cluster %i: %i tasks killed, as Linux 6.18.44 does on this trace',
    async (pageCluster, killed) => {
      const result = await runSmall({
        trace: 'pages 4096\nW 0 4096 seq 4096 1 mix:1024\nR 0 4096 rand 80000 401 -\n',
        memoryPages: 2048,
        areas: [{ pages: 32768, profile: 'nvme' }],
        payload: 'none',
        pageCluster,
        ramPages: 2 ** 20,
        zswap: { enabled: true },
      });
      expect(result.killedTasks).toBe(killed);
    },
  );
});

describe('the age of the lists', () => {
  it('grows with evictions, and with every folio that is put back active', async () => {
    const machine = smallMachine({
      trace: 'pages 600\nW 0 600 seq 600 1 rand\nR 0 600 hot 6000 7 -\n',
      memoryPages: 300,
      areas: [{ pages: 4096 }],
      payload: 'none',
    });
    const result = await machine.run();
    expect(sum(result, 'pgactivate')).toBeGreaterThan(100);
    expect(machine.memory.cgroup.nonresidentAge).toBeGreaterThanOrEqual(
      sum(result, 'pgsteal_anon') + sum(result, 'pgactivate'),
    );
  });
});
