/** `swaplab compare` through the built command. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparisonScenario, groupRuns } from '../../src/report/comparison/index.ts';
import { openStateDatabase } from '../../src/runs/index.ts';
import { Workplace, type Outcome } from './swaplab.ts';

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

/** The document of a comparison over seeds. */
interface Repeated extends Comparison {
  readonly runs: readonly (Comparison['runs'][number] & {
    readonly run: number;
    readonly seed: number;
  })[];
  readonly metrics: readonly (Comparison['metrics'][number] & {
    readonly samples: Readonly<Record<string, readonly number[]>>;
    readonly low: Readonly<Record<string, number>>;
    readonly high: Readonly<Record<string, number>>;
    readonly change: Readonly<Record<string, { readonly verdict: string }>>;
    readonly significant: Readonly<Record<string, boolean>>;
  })[];
  readonly passed: readonly unknown[];
}

/** Ten runs of half a second each, where two cores are busy with other tests. */
const TEN_RUNS_MS = 60_000;

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

describe('a comparison over seeds', () => {
  /** A workload of which seeds change much. */
  const SMALL = {
    title: 'two alike',
    question: 'Do they differ?',
    columns: [
      { label: 'some seeds', set: {}, seeds: [1, 2, 3, 4, 5] },
      { label: 'others', set: {}, seeds: [6, 7, 8, 9, 10] },
    ],
    spec: {
      machine: { ram: '8M', memory: '1M' },
      areas: [{ size: '8M' }],
      zswap: { enabled: true },
      workload: { name: 'usemem', arguments: ['-n', '1', '-R', '2M'] },
    },
  };
  const BY_OPTIONS = [
    ...['--workload', 'usemem', '--memory', '1M', '--swap', '8M', '--zswap', '--ram', '16M'],
    ...['--vary', 'zswap.compressor=lz4,deflate', '--repeat', '5'],
  ];
  const WORKLOAD = ['--', '-n', '1', '4M'];
  const POOL = 'pool bytes max';
  let fresh: Outcome;
  beforeAll(() => {
    const limits = ['--fail-if', `${POOL} < -5%`, '--fail-if', 'mismatches > 0'];
    fresh = place.swaplab('compare', ...BY_OPTIONS, '-q', '--json', ...limits, ...WORKLOAD);
  }, TEN_RUNS_MS);

  const document = (outcome: Outcome): Repeated => JSON.parse(outcome.stdout) as Repeated;
  const marked = ({ metrics }: Repeated): string[] =>
    metrics.filter((each) => Object.values(each.significant).includes(true)).map((m) => m.name);

  it('marks the size of the pool of lz4 against deflate', () => {
    const comparison = document(fresh);
    expect(comparison.runs.map(({ design, seed }) => `${design} ${seed}`)).toEqual(
      ['compressor=lz4', 'compressor=deflate'].flatMap((label) =>
        [1, 2, 3, 4, 5].map((seed) => `${label} ${seed}`),
      ),
    );
    expect(marked(comparison)).toContain(POOL);
    const { change, samples, values, low, high } = comparison.metrics.find(
      ({ name }) => name === POOL,
    )!;
    expect(change['compressor=deflate']).toMatchObject({ verdict: 'better' });
    for (const [label, of] of Object.entries(samples)) {
      expect(of).toHaveLength(5);
      expect([...of].sort((a, b) => a - b)[2]).toBe(values[label]);
      expect(low[label]).toBeLessThanOrEqual(values[label]!);
      expect(high[label]).toBeGreaterThanOrEqual(values[label]!);
    }
  });

  it('ends with 4 and a line for each threshold that was passed', () => {
    expect(fresh.code).toBe(4);
    expect(fresh.stderr).toMatch(
      /^swaplab: threshold passed: pool bytes max < -5%: compressor=deflate has \d+, [\d.]+ % less than \d+ \(significant\)\n$/,
    );
  });

  it('is the same out of stored runs, in every format', () => {
    const ids = document(fresh).runs.map(({ run }) => run);
    const stored = (...argv: readonly string[]): Outcome =>
      place.swaplab('compare', '--runs', ids.join(), ...argv);
    const again = stored('--json', '--fail-if', `${POOL} > +5%`);
    expect([again.code, again.stderr]).toEqual([0, '']);
    const [{ passed: _a, ...one }, { passed: _b, ...two }] = [document(fresh), document(again)];
    expect(two).toEqual(one);
    const csv = stored('--format', 'csv', '--metrics', POOL).stdout;
    const [titles, ...rows] = csv
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    expect(rows.map((row) => row[titles!.indexOf('median')])).toEqual(
      Object.values(one.metrics.find(({ name }) => name === POOL)!.values).map(String),
    );
    const markdown = stored('--format', 'markdown', '--metrics', `${POOL},pgmajfault`).stdout;
    const table = markdown.split('\n').filter((line) => line.startsWith('|'));
    expect(table).toHaveLength(4);
    expect(new Set(table.map((line) => line.split(/(?<!\\)\|/).length)).size).toBe(1);
    expect(stored('--baseline', 'compressor=deflate').stdout).toMatch(
      /^ {2}pool bytes max +bytes ↓ +\d+.* \+\d+%\*w +\d+/m,
    );
  });

  it('fails with 1 where nobody has the metric of a threshold, but for one that was passed', () => {
    const ids = document(fresh).runs.map(({ run }) => run);
    const judged = (...limits: readonly string[]): Outcome =>
      place.swaplab(
        ...['compare', '--runs', ids.join(), '--metrics', POOL],
        ...limits.flatMap((limit) => ['--fail-if', limit]),
      );
    const unknown = 'zram bytes max > 1';
    const line =
      `swaplab: --fail-if: ${unknown}: not judged: compressor=lz4, compressor=deflate ` +
      "have no 'zram bytes max'\n";
    const alone = judged(unknown);
    expect([alone.code, alone.stderr]).toEqual([1, line]);
    expect(alone.stdout).toContain(POOL);
    const passed = judged(unknown, 'mismatches >= 0');
    expect(passed.code).toBe(4);
    expect(passed.stderr).toContain(line);
  });

  it('is repeated by the command that is stored, and its runs say of what they are', () => {
    const { run } = document(fresh).runs[7]!;
    const sql = `SELECT name, command FROM run WHERE run_id = ${run}`;
    const rows = place.swaplab('runs', 'sql', sql, '--json').stdout;
    expect(rows).toMatch(/compare-[0-9a-f]{8}: compressor=deflate/);
    expect(rows).toContain("--fail-if 'pool bytes max < -5%'");
  });

  it('is repeated by the scenario that it makes, with the same digests', () => {
    const database = openStateDatabase(place.database);
    const runs = document(fresh).runs.map(({ run }) => database.runs.get(run)!);
    database.close();
    const columns = groupRuns(
      runs
        .filter(({ seed }) => seed < 3)
        .map((run) => ({ ...run, digest: run.digest!, verify: run.verify! })),
    );
    const file = place.write('again.json', JSON.stringify(comparisonScenario(columns)));
    const again = place.swaplab('compare', '--scenario', file, '--json', '-q');
    expect(again.stderr).toBe('');
    expect(document(again).runs.map(({ digest }) => digest)).toEqual(
      columns.flatMap((column) => column.runs.map(({ digest }) => digest)),
    );
  });

  it('marks nothing between equal settings', () => {
    const file = place.write('alike.json', JSON.stringify(SMALL));
    const alike = place.swaplab('compare', '--scenario', file, '--json', '-q');
    expect([alike.code, alike.stderr]).toEqual([0, '']);
    const comparison = document(alike);
    expect(new Set(comparison.runs.map(({ digest }) => digest)).size).toBe(10);
    expect(marked(comparison)).toEqual([]);
  });
});

describe('swaplab compare --vary', () => {
  it('takes every value with every other, and every design', () => {
    const trace = place.write('vary.trace', 'pages 512\nW 0 512 seq 512 1 rand\n');
    const run = place.swaplab(
      ...['compare', '--designs', 'swap-table,ghost', '--vary', 'machine.pageCluster=0,3'],
      ...['--for', 'ghost, 0:seed=9', '--trace', trace, '--memory', '1M', '--swap', '8M', '-q'],
    );
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toMatch(
      /UNIT +swap-table, 0 +swap-table, 3 +ghost, 0 +ghost, 3$|swap- +swap- +ghost, +ghost,/m,
    );
    expect(run.stdout).toContain('nothing is marked');
  });
});

describe('a comparison that cannot be', () => {
  it.each([
    [['--designs', 'xarray,best'], "--designs: 'best' is no design"],
    [['--designs', 'vswap:v9'], "--designs: vswap has no revision 'v9'; accepted: v6, v5, v3"],
    [['--designs', 'xarray,xarray'], "--designs: 'xarray,xarray' names one twice"],
    [['--for', 'vswap'], "--for: 'vswap' is not COLUMN[,COLUMN]:KEY=VALUE"],
    [
      ['--designs', 'xarray', '--for', 'vswap:seed=2'],
      "--for: 'vswap' is not compared; accepted: xarray",
    ],
    [['--trace', '/nowhere'], '--trace: /nowhere cannot be read: ENOENT'],
    [
      ['--vary', 'zswap.maxPoolPercnt=1,2'],
      "--vary: 'zswap.maxPoolPercnt' is no key of a spec; the nearest are zswap.maxPoolPercent",
    ],
    [
      ['--vary', 'zswap.maxPoolPercent=10,500'],
      "column 'maxPoolPercent=500': zswap.maxPoolPercent",
    ],
    [['--vary', 'seed=1,2'], "--vary: 'seed' is not varied here but with --seeds"],
    [['--vary', 'device=nvme,hdd', '--baseline', 'device=hd'], "the nearest are 'device=hdd'"],
    [['--seeds', '1,2,1'], "--seeds: '1,2,1' names one twice"],
    [['--repeat', '0'], "--repeat: '0' is not accepted; accepted: 1 to 1000"],
    [['--fail-if', 'pswpuot > 1'], "--fail-if: 'pswpuot' is no metric; the nearest are pswpout"],
    [['--metrics', 'pgmajfault,pswpuot'], "--metrics: 'pswpuot' is no metric"],
    [['--report', '-'], "compare: --report: '-' is the output of the table; accepted: a file"],
    [['--runs', 'last'], 'compare: --runs and --trace exclude each other'],
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
