import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { percentileOf, type HistogramBucket } from '../../src/engine/index.ts';
import { Workplace, type Outcome } from './swaplab.ts';

const UTF8 = { LC_ALL: 'C.UTF-8', NO_COLOR: '' };
const place = new Workplace(UTF8);
const hasScript = spawnSync('script', ['--version']).status === 0;

const runs = (...args: readonly string[]): Outcome => place.swaplab('runs', ...args);
const rows = (statement: string): Record<string, unknown>[] =>
  JSON.parse(runs('sql', '--format', 'json', statement).stdout) as Record<string, unknown>[];

/** Runs 1 to 4: `base` twice, with a pool of 2 %, and one of another design. */
beforeAll(() => {
  const machine = ['--memory', '4M', '--ram', '64M', '--swap', '64M'];
  const workload = ['--workload', 'usemem', ...machine, '--zswap'];
  const trace = place.write('work.trace', 'pages 1500\nW 0 1500 seq 1500 1 rand\n');
  const outcomes = [
    place.swaplab('run', '--name', 'base', ...workload, 'max_pool_percent=20', '--', '8M'),
    place.swaplab('run', '--name', 'base', ...workload, 'max_pool_percent=20', '--', '8M'),
    place.swaplab('run', '--name', 'small pool', ...workload, 'max_pool_percent=2', '--', '8M'),
    place.swaplab('run', '--design', 'vswap', '--trace', trace, ...machine),
  ];
  for (const { code, stderr } of outcomes) expect({ code, stderr }).toMatchObject({ code: 0 });
}, 60_000);

afterAll(() => {
  place.remove();
});

describe('swaplab runs ls', () => {
  it('filters, sorts and shows the columns that were asked for', () => {
    const options = ['--where', 'zswap.maxPoolPercent<=20', '--sort', 'virtual,desc'];
    const { stdout } = runs('ls', ...options, '-o', 'run,name,digest', '--format', 'csv');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.slice(0, 2)).toEqual([
      'RUN,NAME,DIGEST',
      expect.stringMatching(/^3,small pool,[0-9a-f]{64}$/),
    ]);
    expect(lines).toHaveLength(5);
    expect(runs('ls', '--design', 'vswapp')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--design: 'vswapp' is no design; .*did you mean vswap\?/),
    });
    expect(runs('ls', '--where', 'workload.nam=usemem')).toMatchObject({
      ...{ code: 2, stdout: '', stderr: expect.stringMatching(/nearest are workload\.name/) },
    });
  });
});

describe('swaplab runs show', () => {
  it('prints percentiles that follow from the stored buckets, as raw SQL gives them', () => {
    const { stdout } = runs('show', '3', '--section', 'histograms');
    const names = rows('SELECT DISTINCT name FROM histogram_bucket WHERE run_id = 3');
    expect(names.length).toBeGreaterThan(1);
    for (const { name } of names as { name: string }[]) {
      const buckets = rows(
        `SELECT low, high, count FROM histogram_bucket WHERE run_id = 3 AND name = '${name}' ` +
          'ORDER BY low',
      ) as unknown as HistogramBucket[];
      const line = stdout.split('\n').find((text) => text.startsWith(`${name} `)) ?? '';
      const wanted = [50, 90, 99, 99.9, 99.99].map((percent) => percentileOf(buckets, percent));
      expect(line.split(/ +/).slice(-6).map(Number)).toEqual([...wanted, buckets.at(-1)?.high]);
    }
  });

  it('draws series, says where slots are, and calls a temporary area so', () => {
    const { stdout } = runs('show', '3', '--section', 'areas,series,metrics');
    expect(stdout).toMatch(/^swap\.usedPages +\d+ +0 +\d+ .* [▁▂▃▄▅▆▇█]+$/m);
    expect(stdout).toMatch(/^ +0 +temporary, 64M +file +16383 /m);
    expect(stdout).toMatch(/^slots of area 0: .* written \(/m);
    const [metric] = rows(`SELECT value FROM metric WHERE run_id = 3 AND name = 'pswpout'`);
    expect(stdout).toMatch(new RegExp(`pswpout +${String(metric?.['value'])} `));
    expect(stdout).not.toContain('\u001b');
  });

  it('takes ASCII where the locale has nothing else', () => {
    const plain = new Workplace({ LC_ALL: 'C' });
    const args = ['--db', place.database, 'runs', 'show', '3', '--section', 'series'];
    const { stdout } = plain.swaplab(...args);
    plain.remove();
    expect(stdout).toMatch(/^swap\.usedPages .* [_.\-=+*#@]+$/m);
    expect(stdout).not.toMatch(/[^\u0000-\u007f]/);
  });
});

describe('swaplab runs map', () => {
  it('has a cell for each of the stored ones, in the order of slots', () => {
    const { code, stdout } = runs('map', 'last~1', '--width', '50');
    expect(code).toBe(0);
    const cells = [...stdout.matchAll(/^ *(\d+) {2}([.a-zA-Z]+)$/gm)];
    const drawn = cells.map(([, , text]) => text).join('');
    expect(drawn).toHaveLength(1024);
    expect(cells.map(([, slot]) => Number(slot)).slice(0, 3)).toEqual([0, 800, 1600]);
    expect(drawn).toMatch(/^[wWx]+[^.]*\.+$/);
    const [used] = rows('SELECT used_pages FROM area WHERE run_id = 3');
    const taken = [...stdout.matchAll(/^[WZOC] [wzoc] +(\d+) /gm)].map(([, count]) =>
      Number(count),
    );
    expect(taken.reduce((sum, count) => sum + count)).toBe(used?.['used_pages']);
    expect(stdout).toMatch(/^Clusters\nLIST +ORDER +CLUSTERS\n/m);
  });

  it('refuses an area that is not there, and a run without a map', () => {
    expect(runs('map', '3', '--area', '4')).toMatchObject({
      ...{ code: 2, stderr: expect.stringMatching(/run 3 has no slots of area 4; accepted: 0/) },
    });
  });

  it.skipIf(!hasScript)('has colours on a terminal, and none with NO_COLOR', () => {
    const [node, main] = [process.execPath, `${process.cwd()}/dist/cli/main.js`];
    const command = `'${node}' '${main}' --db '${place.database}' runs map 3`;
    const onTerminal = (env: Record<string, string>): string =>
      spawnSync('script', ['-qec', command, '/dev/null'], {
        env: { ...process.env, TERM: 'xterm', ...env },
        encoding: 'utf8',
      }).stdout;
    expect(onTerminal({ NO_COLOR: '' })).toContain('\u001b[34mW\u001b[0m');
    expect(onTerminal({ NO_COLOR: '1' })).not.toContain('\u001b');
  });
});

describe('swaplab runs diff', () => {
  it('calls two runs of one spec equal, and names the key that differs', () => {
    expect(runs('diff', '1', '2')).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout } = runs('diff', '2', 'small pool');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^zswap\.maxPoolPercent +20 +2$/m);
    expect(JSON.parse(runs('diff', '2', '3', '--json').stdout)).toMatchObject({
      ...{ isEqual: false, runIds: [2, 3] },
    });
  });
});

describe('swaplab runs sql', () => {
  it('takes the statement from stdin', () => {
    const [node, main] = [process.execPath, `${process.cwd()}/dist/cli/main.js`];
    const args = [main, '--db', place.database, 'runs', 'sql', '--format', 'csv', '-'];
    const input = 'SELECT run_id, name FROM run\nWHERE run_id > 2 ORDER BY 1\n';
    const { stdout } = spawnSync(node, args, { input, encoding: 'utf8' });
    expect(stdout).toBe('run_id,name\n3,small pool\n4,\n');
  });
});

describe('swaplab runs merge', () => {
  it('makes one database of several, and changes nothing the second time', () => {
    const all = ['--db', place.path('all.db'), 'runs'];
    const merge = [...all, 'merge', place.database];
    // Runs 1 and 2 are one: the same spec, the same numbers.
    expect(place.swaplab(...merge).stdout).toBe(
      `${place.database}: 3 added as 1 to 3, 1 were here already\n`,
    );
    expect(place.swaplab(...merge).stdout).toMatch(/: no run added, 4 were here already\n$/);
    expect(place.swaplab(...all, 'ls', '-o', 'run,name', '--format', 'csv').stdout).toBe(
      'RUN,NAME\n3,\n2,small pool\n1,base\n',
    );
    expect(place.swaplab(...all, 'merge', place.path('none.db'))).toMatchObject({
      ...{ code: 2, stderr: expect.stringMatching(/merge: there is no file .*none\.db/) },
    });
  });
});

describe('swaplab runs rm and gc', () => {
  it('remove what they say, make the file smaller, and tell it before with --dry-run', () => {
    const copy = place.path('copy.db');
    copyFileSync(place.database, copy);
    const tidy = (...args: readonly string[]): Outcome =>
      place.swaplab('--db', copy, 'runs', ...args);
    const left = (): string => tidy('ls', '-o', 'run', '--format', 'csv').stdout;
    expect(tidy('rm', '2', '--dry-run').stdout).toBe(
      'would remove run 2: swap-table, done, base\n',
    );
    expect(left()).toBe('RUN\n4\n3\n2\n1\n');
    expect(tidy('rm', '2', '9')).toMatchObject({
      ...{
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/no run 9: the nearest are 4, 3, 2/),
      },
    });
    expect(tidy('rm', '2').stdout).toBe('removed run 2: swap-table, done, base\n');
    const before = statSync(copy).size;
    const { stdout } = tidy('gc', '--keep', '1');
    expect(stdout).toMatch(
      /^removed run 1: .*\nremoved run 3: .*\n2 runs removed, [\d.]+ [KM]iB freed\n$/,
    );
    expect(left()).toBe('RUN\n4\n');
    expect(statSync(copy).size).toBeLessThan(before);
    expect(tidy('gc')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/accepted: --keep/),
    });
  });
});

describe('swaplab runs export', () => {
  it('writes a file that other programs read', () => {
    const file = place.path('run.json');
    const args = ['export', '3', '--format', 'fio', '-o', file];
    expect(runs(...args)).toEqual({ code: 0, stdout: '', stderr: `export: wrote ${file}\n` });
    expect(runs(...args, '-q').stderr).toBe('');
    const { jobs } = JSON.parse(readFileSync(file, 'utf8')) as {
      jobs: { write: { io_bytes: number; total_ios: number; clat_ns: { N: number } } }[];
    };
    const [written] = rows(
      `SELECT sum(value) FILTER (WHERE name = 'pagesWritten') * 4096 AS bytes,
         sum(value) FILTER (WHERE name = 'writes') AS ios FROM area_counter WHERE run_id = 3`,
    );
    expect(jobs[0]?.write).toMatchObject({
      io_bytes: written?.['bytes'],
      total_ios: written?.['ios'],
    });
    expect(jobs[0]?.write.clat_ns.N).toBe(written?.['ios']);
    expect(runs('export', '3', '--format', 'fio', '-o', '/proc/none/x')).toMatchObject({
      ...{ code: 2, stderr: expect.stringMatching(/--output: \/proc\/none\/x cannot be written/) },
    });
  });

  it('has the lines that usemem printed in the run, and refuses a run of another workload', () => {
    const { stdout } = runs('export', 'base', '--format', 'usemem');
    expect(stdout).toMatch(/^(\d+ bytes \/ \d+ usecs = \d+ KB\/s\n\d+ usecs to free memory\n){2}$/);
    const other = runs('export', '4', '--format', 'usemem');
    expect(other).toMatchObject({ code: 1, stdout: '' });
    expect(other.stderr).toMatch(/run 4 has no report of usemem/);
  });

  it('exports several runs to one text', () => {
    const { stdout } = runs('export', '1-4', '--format', 'prometheus');
    expect(stdout.match(/^swaplab_run_info\{/gm)).toHaveLength(4);
    const csv = runs('export', '1,3', '--format', 'csv').stdout;
    expect(
      new Set(
        csv
          .split('\n')
          .slice(1, -1)
          .map((line) => line.split(',')[0]),
      ),
    ).toEqual(new Set(['1', '3']));
  });
});
