/** `swaplab compare` through the built command. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from './swaplab.ts';

const place = new Workplace();
afterAll(() => {
  place.remove();
});

const DESIGNS = [
  'xarray',
  'swap-table',
  'swap-table-4',
  'vswap',
  'vswap-table',
  'ghost',
  'ghost-redirect',
  'xswap',
];
const PLAIN = DESIGNS.slice(0, 3);

interface Comparison {
  readonly runs: readonly {
    readonly design: string;
    readonly digest: string;
    readonly verify: { readonly pagesChecked: number; readonly mismatches: number };
    readonly killedTasks: number;
  }[];
  readonly metrics: readonly {
    readonly name: string;
    readonly unit: string;
    readonly better: string;
    readonly values: Readonly<Record<string, number>>;
  }[];
  readonly notes: readonly string[];
}

const BASE = ['--memory', '2M', '--swap', '32M', '--zswap', '--ram', '4M', '-q', '--json'];

function compare(...argv: readonly string[]): Comparison {
  const run = place.swaplab('compare', ...argv, ...BASE);
  expect(run.stderr).toBe('');
  expect(run.code).toBe(0);
  return JSON.parse(run.stdout) as Comparison;
}

function metric(comparison: Comparison, name: string): Readonly<Record<string, number>> {
  return comparison.metrics.find((each) => each.name === name)!.values;
}

describe('swaplab compare of all designs', () => {
  let comparison: Comparison;
  beforeAll(() => {
    const trace = place.write(
      'work.trace',
      'pages 2048\nW 0 2048 seq 2048 1 mix:1500\nM 0 2048 rand 1500 2 -\nD 0 2048 rand 300 3 -\n',
    );
    comparison = compare('--trace', trace);
  });

  it('runs each on the same trace with every page right, and no two alike', () => {
    expect(comparison.runs.map(({ design }) => design)).toEqual(DESIGNS);
    for (const run of comparison.runs)
      expect(run.verify).toEqual({ pagesChecked: 2048, mismatches: 0 });
    expect(new Set(comparison.runs.map(({ digest }) => digest)).size).toBe(DESIGNS.length);
  });

  it('keeps a slot for each page in zswap under the plain designs, and none under the others', () => {
    const taken = metric(comparison, 'slots taken by data in zswap');
    const held = metric(comparison, 'pages in zswap');
    for (const design of DESIGNS) {
      expect(held[design]).toBeGreaterThan(0);
      expect(taken[design]).toBe(PLAIN.includes(design) ? held[design] : 0);
    }
  });

  it('writes nothing to a ghost, whose pool holds everything', () => {
    const written = metric(comparison, 'pages written');
    expect([written['ghost'], written['xswap']]).toEqual([0, 0]);
    expect(written['swap-table']).toBeGreaterThan(0);
    expect(comparison.notes.filter((note) => note.includes('cannot write back')).length).toBe(2);
  });

  it('tells what each operation costs, by design', () => {
    const locks = metric(comparison, 'locks taken per 1000 pages swapped out');
    expect(Object.keys(locks)).toEqual(DESIGNS);
    // One hold to take the slot and enter the folio, where 6.18 needs two.
    expect(locks['swap-table-4']!).toBeLessThan(locks['swap-table']!);
    const tree = metric(comparison, 'xarray operations per 1000 pages swapped out');
    expect(tree['xarray']!).toBeGreaterThan(tree['swap-table']!);
    for (const { unit, better } of comparison.metrics) {
      expect(unit).not.toBe('');
      expect(['lower', 'higher', 'none']).toContain(better);
    }
  });
});

describe('swaplab compare --same-pool', () => {
  it('ends what cannot write back in a counted OOM, with every page still right', () => {
    const trace = place.write('full.trace', 'pages 4096\nW 0 4096 seq 4096 1 rand\n');
    const comparison = compare('--trace', trace, '--same-pool', '--designs', 'ghost,xswap,vswap');
    expect(comparison.runs.map(({ killedTasks }) => killedTasks)).toEqual([1, 1, 0]);
    expect(metric(comparison, 'oom_kill')).toEqual({ ghost: 1, xswap: 1, vswap: 0 });
    for (const run of comparison.runs)
      expect(run.verify).toEqual({ pagesChecked: 4096, mismatches: 0 });
  });
});

describe('swaplab compare --for', () => {
  it('sets a key for one column only', () => {
    const trace = place.write('for.trace', 'pages 2048\nW 0 2048 seq 2048 1 rand\n');
    const comparison = compare(
      ...['--trace', trace, '--designs', 'vswap-table,vswap-table:rfc-v2'],
      ...['--for', 'vswap-table:rfc-v2:perCpuCluster=shared'],
    );
    const missed = metric(comparison, 'per-CPU cluster missed');
    expect(missed['vswap-table:rfc-v2']!).toBeGreaterThan(missed['vswap-table']! * 10);
  });
});

describe('a comparison that cannot be', () => {
  it.each([
    [['--designs', 'xarray,best'], "--designs: 'best' is no design"],
    [['--designs', 'vswap:v9'], "--designs: vswap has no revision 'v9'; accepted: v6, v5, v3"],
    [['--designs', 'xarray,xarray'], "--designs: 'xarray,xarray' names one twice"],
    [['--for', 'vswap'], "--for: 'vswap' is not DESIGN[,DESIGN]:KEY=VALUE"],
    [
      ['--designs', 'xarray', '--for', 'vswap:seed=2'],
      "--for: 'vswap' is not compared; accepted: xarray",
    ],
    [['--trace', '/nowhere'], '--trace: /nowhere cannot be read: ENOENT'],
  ])('is refused with a reason: %j', (argv, message) => {
    const trace = place.write('t.trace', 'pages 256\nW 0 256 seq 256 1 rand\n');
    const run = place.swaplab('compare', '--trace', trace, '--swap', '8M', ...argv);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(message);
  });

  it('says that there is nothing to run', () => {
    const run = place.swaplab('compare', '--swap', '8M');
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('compare: nothing to run');
  });
});
