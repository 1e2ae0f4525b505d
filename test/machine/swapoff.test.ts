/** swapoff and swapon while a machine runs, over every design that writes to areas. */
import { describe, expect, it } from 'vitest';
import type { SwapoffResult } from '../../src/swap/index.ts';
import type { RunResult } from '../../src/machine/index.ts';
import { runSmall, smallMachine, sum } from './support.ts';

const designs = [
  'xarray',
  'swap-table',
  'swap-table-4',
  'swap-table-4:p4-rfc',
  'swap-table-4:p3',
  'vswap',
  'vswap:v5',
  'vswap:v3',
  'vswap-table',
  'ghost-redirect',
];
const virtual = new Set(['vswap', 'vswap:v5', 'vswap:v3', 'vswap-table', 'ghost-redirect']);

const TRACE = `
pages 600
shmem 64
W 0 600 seq 600 1 spread
W 600 64 seq 64 9 mix:700
FR 0 600 rand 100 3 -
swapoff area0
M 0 664 rand 500 4 -
swapon area0
M 0 664 rand 500 6 -
swapoff area1
R 0 664 rand 300 7 -
`;

function swapoffs(result: RunResult): SwapoffResult[] {
  return result.phases.flatMap((phase) => (phase.swapoff === undefined ? [] : [phase.swapoff]));
}

describe.each(designs)('swapoff under load, %s', (design) => {
  it.each([false, true])(
    'leaves every page right and its area empty, zswap %s',
    async (enabled) => {
      const machine = smallMachine({
        trace: TRACE,
        memoryPages: 256,
        ramPages: 512,
        areas: [{ pages: 2000 }, { pages: 2000 }],
        zswap: { enabled },
        design,
      });
      const result = await machine.run();
      expect(result.verify).toEqual({ pagesChecked: 664, mismatches: 0 });
      expect(result.killedTasks).toBe(0);
      const offs = swapoffs(result);
      expect(offs.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
      expect(offs[0]!.pagesRead).toBeGreaterThan(0);
      // The second area is off at the end; what is out is on the first, or in zswap.
      expect(result.areas[1]!.usedPages).toBe(0);
      expect(machine.swap.space.area(1)).toBeUndefined();
      machine.memory.checkInvariants();
    },
  );

  it('walks page tables or its own tables, and says what it left for faults', async () => {
    const result = await runSmall({
      trace: TRACE,
      memoryPages: 256,
      areas: [{ pages: 2000 }, { pages: 2000 }],
      design,
    });
    const [first] = swapoffs(result);
    if (virtual.has(design)) {
      expect(first!.minorFaultsLeft).toBeGreaterThan(0);
      expect(first!.tableWordsVisited).toBeGreaterThanOrEqual(first!.pagesRead);
    } else {
      expect(first!.minorFaultsLeft).toBe(0);
      // One walk over the mapping's two page tables, 600 of whose entries are there.
      expect(first!.ptesVisited).toBe(600);
    }
  });

  it('without memory fails with ENOMEM, kills nobody, and the area goes on being used', async () => {
    const result = await runSmall({
      trace: 'pages 600\nW 0 600 seq 600 1 rand\nswapoff area0\nM 0 600 rand 900 4 -\n',
      memoryPages: 256,
      areas: [{ pages: 2000 }],
      design,
    });
    expect(swapoffs(result).map(({ outcome }) => outcome)).toEqual(['ENOMEM']);
    expect(result.killedTasks).toBe(0);
    expect(sum(result, 'oom_kill')).toBe(0);
    expect(result.verify).toEqual({ pagesChecked: 600, mismatches: 0 });
    expect(result.areas.at(0)!.usedPages).toBeGreaterThan(300);
  });
});

describe('swapoff of a ghost area', () => {
  it('brings pages back from zswap', async () => {
    const result = await runSmall({
      trace: 'pages 400\nW 0 400 seq 400 1 mix:100\nswapoff area0\nR 0 400 seq 400 1 -\n',
      memoryPages: 256,
      areas: [{ pages: 2000, ghost: true, priority: 5 }, { pages: 2000 }],
      zswap: { enabled: true },
    });
    expect(swapoffs(result)[0]!.outcome).toBe('ok');
    expect(result.verify).toEqual({ pagesChecked: 400, mismatches: 0 });
  });
});

describe('an area named in a trace', () => {
  const run = async (lines: string): Promise<RunResult> =>
    await runSmall({
      trace: `pages 400\nW 0 400 seq 400 1 rand\n${lines}\n`,
      memoryPages: 256,
      areas: [{ pages: 2000 }, { pages: 2000 }],
    });

  it('must be one of the run', async () => {
    await expect(run('swapoff /nowhere')).rejects.toThrow(
      "'/nowhere' is no area of this run; accepted: area0, area1",
    );
  });

  it('must be on to go off, and off to come on', async () => {
    await expect(run('swapoff area1\nswapoff area1')).rejects.toThrow('EINVAL');
    await expect(run('swapon area1')).rejects.toThrow('EBUSY');
  });

  it('may be told to come on when there was no memory to take it off', async () => {
    const result = await runSmall({
      trace:
        'pages 800\nW 0 800 seq 800 1 rand\nswapoff area0\nswapon area0\nR 0 800 rand 50 1 -\n',
      memoryPages: 256,
      areas: [{ pages: 2000 }],
    });
    expect(swapoffs(result)[0]!.outcome).toBe('ENOMEM');
    expect(result.phases).toHaveLength(4);
  });
});
