/** What only virtual slots have: per-CPU clusters of two kinds, a switch, a slot only when needed. */
import { describe, expect, it } from 'vitest';
import { EV } from '../../src/engine/index.ts';
import { VIRTUAL_TYPE } from '../../src/swap/index.ts';
import { entryType, type VirtualPage } from '../../src/units/index.ts';
import type { PerCpuCluster } from '../../src/slots/index.ts';
import { runSmall, smallMachine, sum } from './support.ts';

describe('where a CPU goes on, with virtual slots and slots of an area in turn', () => {
  const run = (perCpuCluster: PerCpuCluster): ReturnType<typeof runSmall> =>
    runSmall({
      // Incompressible: each page takes a virtual slot, and at its write a slot of the area.
      trace: 'pages 2000\nW 0 2000 seq 2000 1 rand\nM 0 2000 rand 2000 2 -\n',
      memoryPages: 300,
      areas: [{ pages: 4000 }],
      design: 'vswap-table',
      perCpuCluster,
      payload: 'none',
    });

  it('is lost at every turn when all share one place, kept with one each', async () => {
    const shared = await run('shared');
    const offset = await run('device-offset');
    const allocations = sum(shared, 'slotAlloc');
    expect(sum(shared, 'percpuClusterMiss')).toBeGreaterThan(allocations * 0.9);
    expect(sum(offset, 'percpuClusterHit')).toBeGreaterThan(allocations * 0.9);
    expect(shared.verify.mismatches + offset.verify.mismatches).toBe(0);
  });

  it('spares the look-up of a virtual cluster when it is a pointer', async () => {
    const offset = await run('device-offset');
    const pointer = await run('device-pointer');
    const spared = sum(offset, 'xaLoad') - sum(pointer, 'xaLoad');
    // One for each virtual slot that was taken on the fast path: half of all slots.
    expect(spared).toBeGreaterThan(sum(pointer, 'percpuClusterHit') * 0.4);
    expect(sum(pointer, 'slotAlloc')).toBe(sum(offset, 'slotAlloc'));
  });
});

describe('virtual slots switched off', () => {
  it('leave the old ones as they are, and new entries are plain', async () => {
    const machine = smallMachine({
      trace: 'pages 600\nW 0 300 seq 300 1 spread\nvswap off\nW 300 300 seq 300 1 spread\npause\n',
      memoryPages: 200,
      areas: [{ pages: 2000 }],
      design: 'vswap-table',
    });
    const types = new Set<string>();
    const result = await machine.run({
      onPause: () => {
        const space = machine.spaces()[0]!;
        for (let page = 0; page < 600; page++) {
          const entry = space.entry(page as VirtualPage);
          if (space.residency().swapped === 0 || (space.flags(page as VirtualPage) & 0x10) === 0)
            continue;
          const kind = entryType(entry) === VIRTUAL_TYPE ? 'virtual' : 'plain';
          types.add(`${page < 300 ? 'before' : 'after'}: ${kind}`);
        }
        machine.memory.checkInvariants();
        return Promise.resolve();
      },
    });
    expect(types).toContain('before: virtual');
    expect(types).toContain('after: plain');
    expect(types).not.toContain('after: virtual');
    expect(result.verify).toEqual({ pagesChecked: 600, mismatches: 0 });
  });

  it('are an error in a design that has none', async () => {
    await expect(
      runSmall({
        trace: 'pages 100\nvswap off\nW 0 100 seq 100 1 zero\n',
        memoryPages: 200,
        areas: [{ pages: 2000 }],
      }),
    ).rejects.toThrow("'vswap off': swap-table has no virtual slots to switch");
  });
});

describe.each(['vswap', 'vswap:v5', 'vswap:v3', 'vswap-table'])('a page in zswap, %s', (design) => {
  it('has no slot until it is written back, and the shrinker stands still without one', async () => {
    const options = {
      trace: 'pages 1200\nW 0 1200 seq 1200 1 mix:500\n',
      memoryPages: 200,
      // 5 % of 1024 pages: the pool overflows.
      ramPages: 1024,
      zswap: { enabled: true, maxPoolPercent: 5 },
      design,
    };
    const enough = await runSmall({ ...options, areas: [{ pages: 4000 }] });
    expect(sum(enough, 'zswpwb')).toBeGreaterThan(0);
    expect(enough.usage.zswapEntries).toBeGreaterThan(50);
    expect(enough.usage.slotsOfZswap).toBe(0);
    expect(enough.usage.slots).toBeLessThan(enough.usage.entries);
    expect(enough.usage.chargedPages).toBe(enough.usage.slots);
    // Without an area nothing is written back, and nothing is tried.
    const none = await runSmall({ ...options, areas: [] });
    expect(sum(none, 'zswpwb') + sum(none, 'zswap.reject_reclaim_fail')).toBe(0);
    expect(none.verify.mismatches).toBe(0);
  });
});

describe('freeing a task’s memory', () => {
  it('takes a lock for each slot in v3, one for a run of slots in v5', async () => {
    expect(await locksOfExit('vswap:v3')).toBeGreaterThan((await locksOfExit('vswap:v5')) * 10);
  });
});

/** Cluster locks that the exit of a task with some 1800 swapped pages takes. */
async function locksOfExit(design: string): Promise<number> {
  const machine = smallMachine({
    trace: 'pages 2000\nW 0 2000 seq 2000 1 rand\npause\n',
    memoryPages: 200,
    areas: [{ pages: 4000 }],
    payload: 'none',
    design,
  });
  let locks = 0;
  await machine.run({
    onPause: () => {
      const before = machine.engine.counted(EV['lockAcquire.cluster']);
      machine.memory.exit(machine.spaces()[0]!);
      locks = machine.engine.counted(EV['lockAcquire.cluster']) - before;
      return Promise.resolve();
    },
  });
  return locks;
}
