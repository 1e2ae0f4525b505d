/** Pages of a file that all tasks share: the file's index holds their swap entries, not PTEs. */
import { describe, expect, it } from 'vitest';
import { designs } from '../../src/swap/index.ts';
import { NO_ENTRY, type VirtualPage } from '../../src/units/index.ts';
import { runSmall, smallMachine, sum } from './support.ts';

const AREAS = [{ pages: 2000 }];

describe.each(Object.keys(designs))('a shared file, %s', (design) => {
  const isGhost = design === 'ghost' || design === 'xswap';
  const base = {
    memoryPages: 256,
    ramPages: 4096,
    areas: AREAS,
    design,
    // What cannot be written to a device needs a pool.
    zswap: { enabled: isGhost },
  };

  it('is swapped out and comes back the same for every task', async () => {
    const result = await runSmall({
      ...base,
      trace: `
pages 100
shmem 400
W 100 400 seq 400 1 spread
task other
M 100 400 rand 600 2 -
W 0 100 seq 100 3 rand
task main
R 100 400 rand 600 4 -
`,
    });
    expect(sum(result, 'swap_alloc_fail')).toBe(0);
    expect(result.phases.at(-1)!.counters['pgmajfault']).toBeGreaterThan(100);
    // Each task looks at its private pages and at the whole file.
    expect(result.verify).toEqual({ pagesChecked: 1000, mismatches: 0 });
  });

  it("keeps what a forked child wrote, while the child's private pages go with it", async () => {
    const result = await runSmall({
      ...base,
      trace: `
pages 200
shmem 200
W 0 400 seq 400 1 mix:500
FW 0 400 seq 400 2 mix:300
R 0 400 rand 300 3 -
`,
    });
    expect(result.verify).toEqual({ pagesChecked: 400, mismatches: 0 });
  });

  it('stays when a task unmaps it, and goes with the last task', async () => {
    const machine = smallMachine({
      ...base,
      trace: 'pages 10\nshmem 500\nW 10 500 seq 500 1 spread\nD 10 500 seq 500 1 -\n',
    });
    const result = await machine.run();
    expect(result.verify).toEqual({ pagesChecked: 510, mismatches: 0 });
    expect(machine.memory.sharedResidency()).toEqual({ present: 0, swapped: 0 });
    expect(machine.swap.design.entriesInUse()).toBe(0);
  });
});

describe('the index of a shared file', () => {
  it('holds the swap entry with one reference; page tables hold none', async () => {
    const machine = smallMachine({
      memoryPages: 256,
      areas: AREAS,
      trace: 'pages 10\nshmem 500\nW 10 500 seq 500 1 spread\npause\n',
    });
    let swapped = 0;
    await machine.run({
      onPause: () => {
        const space = machine.spaces()[0]!;
        for (let index = 10; index < 510; index++) {
          const entry = machine.memory.sharedEntry(space, index as VirtualPage);
          if (entry === NO_ENTRY) continue;
          swapped += 1;
          expect(machine.swap.design.entries.count(entry)).toBe(1);
          expect(space.flags(index as VirtualPage)).toBe(0);
        }
        return Promise.resolve();
      },
    });
    expect(swapped).toBeGreaterThan(200);
  });
});
