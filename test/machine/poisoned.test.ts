/** Pages that cannot be read when their area is given up: a marker stands for them (unuse_pte). */
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/machine/index.ts';
import { runSmall } from './support.ts';

const PLAIN = ['xarray', 'swap-table', 'swap-table-4', 'swap-table-4:p3'];

function run(design: string, trace: string, fault = 'eio-read,nth=2'): Promise<RunResult> {
  const areas = [{ pages: 600 }, { pages: 600 }];
  return runSmall({ design, trace, memoryPages: 128, areas, pageCluster: 0, faults: [fault] });
}

function offs(result: RunResult): unknown[] {
  return result.phases.flatMap(({ swapoff }) => (swapoff === undefined ? [] : [swapoff.outcome]));
}

describe.each(PLAIN)('a page that swapoff cannot read, %s', (design) => {
  const START = 'pages 300\nW 0 300 seq 300 1 spread\nswapoff area0\n';

  it('does not keep the area, and ends the task only at its touch', async () => {
    const result = await run(design, `${START}R 0 100 seq 100 1 -\n`);
    expect(offs(result)).toEqual(['ok']);
    expect(result.areas[0]!.usedPages).toBe(0);
    expect([result.sigbusTasks, result.killedTasks, result.verify.mismatches]).toEqual([1, 1, 0]);
    // The other pages of the task were compared when it was killed.
    expect(result.verify.pagesChecked).toBeGreaterThanOrEqual(299);
  });

  it('is forgotten when it is dropped', async () => {
    const result = await run(design, `${START}D 0 300 seq 300 1 -\n`);
    expect(offs(result)).toEqual(['ok']);
    expect(result.sigbusTasks).toBe(0);
    expect(result.verify).toEqual({ pagesChecked: 300, mismatches: 0 });
  });

  it('is so for a forked child as well, whose end is not its parent’s', async () => {
    const result = await run(design, `${START}FR 0 300 seq 300 1 -\nD 0 300 seq 300 1 -\n`);
    expect([result.sigbusTasks, result.killedTasks]).toEqual([1, 1]);
    expect(result.verify).toEqual({ pagesChecked: 300, mismatches: 0 });
  });

  it('of a shared file ends each task that touches it, and nobody else', async () => {
    const trace =
      'pages 4\nshmem 300\nW 4 300 seq 300 1 spread\ntask other\nW 0 4 seq 4 2 rand\nswapoff area0\n' +
      'task main\nR 4 300 seq 300 1 -\ntask other\nR 0 4 seq 4 1 -\n';
    const result = await run(design, trace);
    expect(offs(result)).toEqual(['ok']);
    // The other one lives until its pages are compared.
    expect(result.sigbusTasks).toBe(2);
    expect(result.verify.mismatches).toBe(0);
    expect(result.verify.pagesChecked).toBeGreaterThanOrEqual(299 + 4);
  });
});

describe.each(['vswap', 'vswap-table', 'ghost-redirect'])(
  'behind virtual entries, %s',
  (design) => {
    it('keeps the area on, and nothing is lost', async () => {
      const result = await run(design, 'pages 300\nW 0 300 seq 300 1 spread\nswapoff area0\n');
      expect(offs(result)).toEqual(['EIO']);
      expect(result.verify.mismatches).toBe(0);
      expect(result.sigbusTasks).toBe(1);
    });
  },
);

describe('a page that cannot be read', () => {
  it('and was read ahead ends nobody who does not touch it', async () => {
    const trace = 'pages 300\nW 0 300 seq 300 1 rand\nR 40 1 seq 1 1 -\nD 0 300 seq 300 1 -\n';
    const options = { trace, memoryPages: 128, areas: [{ pages: 600 }], pageCluster: 3 };
    const clean = await runSmall({ ...options, faults: ['slow,every=1,duration=1us'] });
    const reads = clean.areas[0]!.reads;
    expect(reads).toBeGreaterThan(1);
    // Every read in turn: one of them is the page's own.
    let kills = 0;
    for (let nth = 1; nth <= reads; nth++) {
      const result = await runSmall({ ...options, faults: [`eio-read,nth=${nth}`] });
      kills += result.sigbusTasks;
      expect(result.verify.mismatches).toBe(0);
    }
    expect(kills).toBe(1);
  });
});
