/**
 * `swaplab compare --scenario` through the built command: every scenario of the package runs in time,
 * its claims hold, and `src/scenarios.md` has its table. UPDATE=1 writes the tables anew.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scenarioTables, tableIn, tablesOf, withTable } from './scenario-page.ts';
import type { ScenarioDocument } from './scenario-page.ts';
import { Workplace } from './swaplab.ts';

/** The promise is 60 s; a scenario takes half of that where two cores are busy with other tests. */
const LIMIT_MS = 60_000;

const FOLDER = new URL('../../fixtures/scenarios/', import.meta.url);
const PAGE = fileURLToPath(new URL('../../src/scenarios.md', import.meta.url));
const names = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''));

const place = new Workplace();
afterAll(() => {
  place.remove();
});

describe.each(names)('scenario %s', (name) => {
  let code: number | null;
  let comparison: ScenarioDocument;
  let elapsedMs: number;
  beforeAll(() => {
    const startMs = performance.now();
    const run = place.swaplab('compare', '--scenario', name, '--json', '-q');
    elapsedMs = performance.now() - startMs;
    code = run.code;
    expect(run.stderr).toBe('');
    comparison = JSON.parse(run.stdout) as ScenarioDocument;
  }, LIMIT_MS);

  it('runs in time, with every page right and every claim borne out', () => {
    expect(comparison.claims.filter(({ holds }) => !holds)).toEqual([]);
    expect(code).toBe(0);
    expect(elapsedMs).toBeLessThan(LIMIT_MS);
    for (const { verify } of comparison.runs) {
      expect(verify.mismatches).toBe(0);
      expect(verify.pagesChecked).toBeGreaterThan(0);
    }
  });

  it('has a table in the document, and it is the one that the command prints', () => {
    const page = readFileSync(PAGE, 'utf8');
    expect(page).toContain(`\n## ${name}\n`);
    expect(tablesOf(page)).toContain(name);
    const table = scenarioTables(comparison);
    if (process.env['UPDATE'] === '1') writeFileSync(PAGE, withTable(page, name, table));
    else expect(tableIn(page, name)).toBe(table);
  });
});

describe('the document of scenarios', () => {
  it('has tables of no others', () => {
    expect(tablesOf(readFileSync(PAGE, 'utf8')).filter((name) => !names.includes(name))).toEqual(
      [],
    );
  });

  it('shows how to write one: its example runs, and its claim holds', () => {
    const example = /```json\n([^]*?)```/.exec(readFileSync(PAGE, 'utf8'))![1]!;
    const file = place.write('example.json', example);
    const run = place.swaplab('compare', '--scenario', file, '-q');
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toContain('1 of 1 claims hold');
  });
});

describe('swaplab compare --scenario', () => {
  /** Small, and two columns that differ by a setting. */
  const SMALL = {
    title: 'a small one',
    question: 'Which pool overflows?',
    columns: [
      { label: 'small pool', set: { 'zswap.maxPoolPercent': 5 } },
      { label: 'large pool', set: { 'zswap.maxPoolPercent': 50 } },
    ],
    spec: {
      machine: { ram: '16M', memory: '2M' },
      areas: [{ size: '16M' }],
      zswap: { enabled: true },
      workload: { trace: 'pages 2048\nW 0 2048 seq 2048 1 mix:2048\n' },
    },
    metrics: ['pages refused by zswap', 'oom_kill'],
    claims: [
      {
        says: 'the small one refuses',
        metric: 'pages refused by zswap',
        column: 'small pool',
        relation: 'at least',
        number: 1,
      },
      {
        says: 'and is smaller',
        metric: 'pool bytes max',
        column: 'small pool',
        relation: 'at most',
        of: 'large pool',
        factor: 0.5,
      },
    ],
  };

  function compare(
    scenario: unknown,
    ...argv: readonly string[]
  ): ReturnType<typeof place.swaplab> {
    const file = place.write('s.json', JSON.stringify(scenario));
    return place.swaplab('compare', '--scenario', file, '-q', ...argv);
  }

  it('prints the question, the chosen rows though they are zero, and each claim with its numbers', () => {
    const { code, stdout } = compare(SMALL);
    expect(code).toBe(0);
    expect(stdout).toContain('a small one\nWhich pool overflows?\n');
    expect(stdout).toMatch(/UNIT +small pool +large pool$/m);
    expect(stdout).toMatch(/^pages refused by zswap +pages ↓ +[1-9]\d* +0 +-100%$/m);
    expect(stdout).toMatch(/^oom_kill +events ↓ +0 +0$/m);
    expect(stdout).toMatch(/^yes +the small one refuses +\d+, at least 1$/m);
    expect(stdout).toMatch(/^yes +and is smaller +\d+, at most \d+ \(0\.5 × large pool\)$/m);
    expect(stdout).toContain('2 of 2 claims hold');
    expect(stdout).not.toContain('zswpout');
    expect(compare(SMALL, '--all').stdout).toMatch(/^ {2}zswpout /m);
    expect(place.swaplab('runs', 'ls').stdout).toMatch(/: large pool$/m);
  });

  it('ends with 3 when a claim does not hold, and says which', () => {
    const claims = [SMALL.claims[0], { ...SMALL.claims[1], relation: 'at least' }];
    const { code, stdout } = compare({ ...SMALL, claims });
    expect(code).toBe(3);
    expect(stdout).toMatch(/^NO +and is smaller /m);
    expect(stdout).toContain('1 of 2 claims hold');
  });

  it('takes options for all columns and --for for one', () => {
    const { stdout } = compare(SMALL, '--json', '--set', 'seed=7', '--set', 'design=vswap');
    const first = JSON.parse(stdout) as ScenarioDocument;
    const shown = place.swaplab('runs', 'show', String(first.runs[1]!.run)).stdout;
    expect(shown).toMatch(/^ *design +vswap$/m);
    expect(shown).toMatch(/^ *seed +7$/m);
    const other = compare(SMALL, '--json', '--for', 'small pool:zswap.maxPoolPercent=50');
    expect(other.code).toBe(3);
    const { runs } = JSON.parse(other.stdout) as ScenarioDocument;
    expect(runs[0]!.digest).toBe(runs[1]!.digest);
  });

  it('lists the scenarios with their titles', () => {
    const list = place.swaplab('compare', '--scenarios');
    expect(list.code).toBe(0);
    expect(list.stdout).toMatch(/^no-swapfile +zswap with no disk at all$/m);
    expect(place.swaplab('compare', '--scenario').stdout).toBe(list.stdout);
    const json = place.swaplab('compare', '--scenarios', '--json').stdout;
    const { scenarios } = JSON.parse(json) as { scenarios: { name: string }[] };
    expect(scenarios.map(({ name }) => name)).toEqual([...names].sort());
  });

  it.each([
    ['a key that no scenario has', { ...SMALL, titel: 'x' }, "s.json: unknown key 'titel'"],
    [
      'a key that no spec has',
      { ...SMALL, columns: [{ label: 'x', set: { 'zswap.batch': 1 } }], claims: onX(SMALL) },
      "column 'x': unknown key 'batch' in zswap",
    ],
    [
      'a column without areas',
      { ...SMALL, columns: [{ label: 'x', set: { areas: [] } }], claims: onX(SMALL) },
      "column 'x': areas: is missing; accepted: areas, or noAreas: true",
    ],
  ])('refuses %s', (_, scenario, message) => {
    const { code, stderr } = compare(scenario);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it.each([
    [['no-swapfil'], "'no-swapfil' is no scenario; the nearest are no-swapfile"],
    [['./none.json'], '--scenario: ./none.json cannot be read: ENOENT'],
    [['no-swapfile', '--designs', 'vswap'], '--scenario and --designs exclude each other'],
    [['no-swapfile', '--same-pool'], '--scenario and --same-pool exclude each other'],
    [['no-swapfile', '--set', 'design=vswap'], "'design' is among what the columns of no-swapfile"],
    [['no-swapfile', '--for', 'fil:seed=1'], "--for: 'fil' is not compared; accepted: file, ghost"],
  ])('refuses %j', (argv, message) => {
    const { code, stderr } = place.swaplab('compare', '--scenario', ...argv);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it('refuses --all of designs', () => {
    const { code, stderr } = place.swaplab('compare', '--all', '--swap', '8M');
    expect([code, stderr]).toEqual([
      2,
      'swaplab: compare: --all: belongs to --scenario NAME or --metrics\n',
    ]);
  });
});

/** The first claim, about a column called x. */
function onX({ claims }: { readonly claims: readonly object[] }): unknown[] {
  return [{ ...claims[0], column: 'x' }];
}
