import { describe, expect, it } from 'vitest';
import { runSmall, sum } from './support.ts';

describe('a ghost beside a file', () => {
  it('keeps its zswap entries when the pool is written back to the file', async () => {
    const result = await runSmall({
      trace: 'pages 2000\nW 0 2000 seq 2000 1 mix:2048\nR 0 2000 rand 3000 2 -\n',
      memoryPages: 400,
      areas: [{ pages: 600, ghost: true, priority: 1 }, { pages: 4096 }],
      zswap: { enabled: true, maxPoolPercent: 20 },
      ramPages: 2500,
      // What is read ahead out of zswap would stay, and 400 pages are few.
      pageCluster: 0,
      payload: 'none',
    });
    const [ghost, file] = result.areas;
    expect(file!.writtenBack).toBeGreaterThan(0);
    expect(ghost).toMatchObject({ writtenBack: 0, pagesWritten: 0 });
    expect(ghost!.heldInZswap).toBeGreaterThan(0);
    expect(sum(result, 'pswpout')).toBe(file!.pagesWritten);
    expect(sum(result, 'zswpwb')).toBe(file!.writtenBack);
    expect(result.verify).toEqual({ pagesChecked: 2000, mismatches: 0 });
  });

  it('is given up soon when it is full of pages that zswap refuses', async () => {
    // The pool is full and the CPU in a cluster of the ghost: nothing more can be swapped, and the
    // entries of the file cannot be written back without a page of memory for each.
    const result = await runSmall({
      trace: 'pages 2400\nW 0 2400 seq 2400 1 mix:2048\n',
      memoryPages: 100,
      areas: [{ pages: 4096, ghost: true }, { pages: 4096 }],
      zswap: { enabled: true, maxPoolPercent: 20 },
      ramPages: 5000,
      payload: 'none',
    });
    expect(result.killedTasks).toBe(1);
    expect(sum(result, 'pgscan_anon')).toBeLessThan(2_000_000);
  });
});
