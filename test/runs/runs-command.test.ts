import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { command } from '../../cli/runs/index.ts';
import { Histogram, percentileOf, type HistogramBucket } from '../../src/engine/index.ts';
import { RunError, UsageError } from '../../src/units/index.ts';
import { phaseRecord, runHeader, runOutcome, useWorkspace } from './support.ts';

const workspace = useWorkspace();

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runs(...argv: string[]): Promise<Output> {
  const output = { stdout: '', stderr: '' };
  const io = {
    stdout: (text: string): void => {
      output.stdout += text;
    },
    stderr: (text: string): void => {
      output.stderr += text;
    },
    databasePath: workspace.path('a.db'),
    env: {},
  };
  try {
    return { code: await command.run(argv, io), ...output };
  } catch (error) {
    // What cli/main.ts makes of them.
    if (!(error instanceof UsageError || error instanceof RunError)) throw error;
    return { code: error instanceof UsageError ? 2 : 1, ...output, stderr: error.message };
  }
}

/** Three runs: done, failed, running. */
function storeRuns(): Histogram {
  const { runs } = workspace.open('a.db');
  const histogram = new Histogram();
  for (let value = 1; value < 1e6; value = Math.ceil(value * 1.3)) histogram.record(value);
  const done = runs.begin(runHeader({ name: 'first' }));
  done.phase(phaseRecord(0));
  done.phase(phaseRecord(1, { counters: { zswpwb: 77 } }));
  done.histogram('fault latency', [...histogram.buckets()], 'ns');
  done.metadata([{ term: 'swap_map', bytes: 1024, kind: 'static' }]);
  const area = { type: 0, path: '/a.swap', kind: 'file' as const, pages: 1023, usedPages: 40 };
  done.areas([{ ...area, priority: -2, counters: { writtenBack: 321 } }]);
  done.event(1.5e9, 'oom', 'task 0 was killed');
  done.finish(runOutcome());
  runs.begin(runHeader({ design: 'vswap' })).fail('the disk is gone');
  runs.begin(runHeader());
  return histogram;
}

describe('runs ls', () => {
  it('says that there are none, and how to make one', async () => {
    const { code, stdout, stderr } = await runs('ls');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^no runs in .*a\.db\nmake one with: swaplab run /);
    expect(await runs('ls', '--json')).toMatchObject({ code: 0, stdout: '[]\n' });
    writeFileSync(workspace.path('a.db'), '');
    expect(await runs('ls')).toMatchObject({ code: 0, stdout });
  });

  it('shows the newest runs in aligned columns', async () => {
    storeRuns();
    const { stdout } = await runs('ls', '-n', '2');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines.map((line) => line.slice(0, 12))).toEqual(
      ['RUN  STATUS ', '  3  running', '  2  failed'].map(
        (line) => expect.stringMatching(new RegExp(`^${line}`)) as string,
      ),
    );
    const column = lines[0]?.indexOf('DESIGN') ?? -1;
    expect(lines[2]?.slice(column)).toMatch(/^vswap /);
  });

  it('filters by status and design', async () => {
    storeRuns();
    const ids = async (...options: string[]): Promise<number[]> => {
      const { stdout } = await runs('ls', '--json', ...options);
      return (JSON.parse(stdout) as { run: number }[]).map(({ run }) => run);
    };
    expect(await ids()).toEqual([3, 2, 1]);
    expect(await ids('--status', 'failed')).toEqual([2]);
    expect(await ids('--design', 'swap-table', '-n', '0')).toEqual([3, 1]);
    expect((await runs('ls', '--design', 'ghost')).stdout).toMatch(/^no runs match in /);
  });
});

describe('what runs ls shows', () => {
  const ids = async (...options: string[]): Promise<number[]> => {
    const { code, stdout, stderr } = await runs('ls', '--json', ...options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return (JSON.parse(stdout) as { run: number }[]).map(({ run }) => run);
  };

  /** Runs 1 to 4 of pools of 20, 5 and none, and one with the number as a text. */
  function storePools(): void {
    const { runs } = workspace.open('a.db');
    for (const [index, zswap] of [20, 5, null, '20'].entries()) {
      const spec = { design: 'vswap', seed: index, zswap: { maxPoolPercent: zswap } };
      const name = index === 3 ? null : `pool-${index}`;
      const command = `swaplab run --memory ${index}M`;
      const writer = runs.begin(runHeader({ spec, name, command, seed: index }));
      if (index !== 1) writer.finish(runOutcome({ virtualNs: [3e9, 0, 1e9, 2e9][index]! }));
    }
  }

  it.each([
    [
      ['--name', 'pool-*'],
      [3, 2, 1],
    ],
    [
      ['--name', 'pool-[12]'],
      [3, 2],
    ],
    [['--command', '*--memory 1M'], [2]],
    [
      ['--where', 'zswap.maxPoolPercent=20'],
      [4, 1],
    ],
    [['--where', 'zswap.maxPoolPercent=2e1'], [1]],
    [
      ['--where', 'zswap.maxPoolPercent != 20'],
      [3, 2],
    ],
    [['--where', 'zswap.maxPoolPercent=null'], [3]],
    [['--where', 'zswap.maxPoolPercent<20'], [2]],
    [['--where', 'zswap.maxPoolPercent>=5', '--where', 'seed>0'], [2]],
    [
      ['--since', '1h'],
      [4, 3, 2, 1],
    ],
    [['--until', '1h'], []],
    [['--since', '2999-01-01'], []],
    [
      ['--until', '2999-01-01 10:30'],
      [4, 3, 2, 1],
    ],
  ])('%j passes %j', async (options, wanted) => {
    storePools();
    expect(await ids(...options)).toEqual(wanted);
  });

  it('sorts by a column, runs without a value last, and counts from the top', async () => {
    storePools();
    expect(await ids('--sort', 'virtual')).toEqual([3, 4, 1, 2]);
    expect(await ids('--sort', 'VIRTUAL,desc', '-n', '2')).toEqual([1, 4]);
    expect(await ids('--sort', 'status')).toEqual([4, 3, 1, 2]);
  });

  it('prints the columns that were asked for', async () => {
    storePools();
    const { stdout } = await runs('ls', '-o', 'run,command', '--sort', 'run', '-n', '2');
    expect(stdout).toBe(
      'RUN  COMMAND\n  1  swaplab run --memory 0M\n  2  swaplab run --memory 1M\n',
    );
    const more = (await runs('ls', '-o', '+DIGEST')).stdout.split('\n');
    expect(more[0]).toMatch(/^RUN +STATUS .* NAME +DIGEST$/);
    expect(more[1]).toMatch(/ abc123$/);
    const csv = (await runs('ls', '--format', 'csv', '-o', 'run,name,virtual')).stdout;
    expect(csv).toBe(
      'RUN,NAME,VIRTUAL\n4,,2000000000\n3,pool-2,1000000000\n2,pool-1,\n1,pool-0,3000000000\n',
    );
    const lines = (await runs('ls', '--format', 'ndjson')).stdout.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { run: number }).run)).toEqual([4, 3, 2, 1]);
  });

  it.each([
    [['--sort', 'virtul'], /--sort: 'virtul' is no column; the nearest are VIRTUAL/],
    [['--sort', 'run,down'], /accepted behind the column: ,asc and ,desc/],
    [['-o', '+DIGST'], /-o: 'DIGST' is no column; the nearest are DIGEST/],
    [['--where', 'zswap.maxPoolPrecent=1'], /parameter of no stored run; .* zswap.maxPoolPercent/],
    [['--where', 'seed>many'], /'many' is no number/],
    [['--where', 'seed'], /'seed' is no condition; accepted: KEY=VALUE/],
    [['--since', 'yesterday'], /--since: 'yesterday' is no moment; accepted: 2026-01-31/],
    [['--json', '--format', 'csv'], /cannot be used with/],
  ])('%j ends with code 2 and says what is near', async (options, message) => {
    storePools();
    const { code, stdout, stderr } = await runs('ls', ...options);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('runs show', () => {
  it('prints what is stored of the run', async () => {
    storeRuns();
    const { code, stdout } = await runs('show', '1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^run +1 \(first\)$/m);
    expect(stdout).toMatch(/^verified +100 pages, 0 mismatches$/m);
    expect(stdout).toMatch(/^zswap\.maxPoolPercent +20$/m);
    expect(stdout).toMatch(/^PHASE +OP +PRESENT +SWAPPED +pswpout +pswpin +zswpout +zswpwb +VIRT/m);
    expect(stdout).toMatch(/^ +1 +W 0 100 seq 100 1 rand +60 +40 +0 +0 +0 +77 +0\.000 s/m);
    expect(stdout).toMatch(/^ +0 +\/a\.swap +file +1023 +40 +-2$/m);
    expect(stdout).toMatch(/^writtenBack +321$/m);
    expect(stdout).toMatch(/^swap_map +1024 +static$/m);
    expect(stdout).toMatch(/^1\.500 s +oom +task 0 was killed$/m);
  });

  it('prints the percentiles of the stored buckets', async () => {
    const histogram = storeRuns();
    const wanted = [50, 90, 99, 99.9, 99.99].map((percent) => histogram.percentile(percent));
    const { stdout } = await runs('show', '1');
    const cells = /^fault latency +ns +(.*)$/m.exec(stdout)?.[1]?.split(/ +/).map(Number);
    const { count, max } = histogram;
    expect(cells?.slice(0, 7)).toEqual([count, 1, ...wanted]);
    expect(cells?.[7]).toBeGreaterThanOrEqual(max);

    interface Document {
      readonly histograms: readonly {
        readonly buckets: readonly HistogramBucket[];
        readonly percentiles: Record<string, number>;
      }[];
    }
    const document = JSON.parse((await runs('show', '1', '--json')).stdout) as Document;
    const [stored] = document.histograms;
    expect(Object.values(stored?.percentiles ?? {})).toEqual([...wanted, cells?.[7]]);
    expect(percentileOf(stored?.buckets ?? [], 99)).toBe(wanted[2]);
  });

  it('takes last, and prints one JSON document', async () => {
    storeRuns();
    const { stdout } = await runs('show', 'last', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ run: 3, status: 'running', phases: [] });
    const { stdout: first } = await runs('show', '1', '--json');
    expect(JSON.parse(first)).toMatchObject({
      ...{ run: 1, design: 'swap-table', digest: 'abc123', slotRuns: 4 },
      phases: [{ op: 'W 0 100 seq 100 0 rand', counters: { pswpout: 10 } }, { zswap: {} }],
      verify: { pagesChecked: 100, mismatches: 0 },
      metadata: [{ term: 'swap_map', bytes: 1024, kind: 'static' }],
      spec: { seed: 7 },
    });
  });

  it('says why a run failed', async () => {
    storeRuns();
    expect((await runs('show', '2')).stdout).toMatch(/^status +failed: the disk is gone$/m);
  });

  it('names the runs that are there for one that is not', async () => {
    storeRuns();
    expect(await runs('show', '9')).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/no run 9: the nearest are 3, 2, 1; all: swaplab runs ls/),
    });
  });

  it('fails where there is no run yet', async () => {
    expect(await runs('show', 'last')).toMatchObject({ code: 1, stdout: '' });
    workspace.open('a.db');
    const { code, stderr } = await runs('show', 'last');
    expect(code).toBe(1);
    expect(stderr).toMatch(/there are no runs; make one with/);
  });
});

describe('runs sql', () => {
  it('prints a table, or JSON', async () => {
    storeRuns();
    const statement = `SELECT run_id, design, name FROM run WHERE run_id < 3`;
    expect((await runs('sql', statement)).stdout).toBe(
      [
        'run_id  design      name',
        '     1  swap-table  first',
        '     2  vswap       NULL',
        '',
      ].join('\n'),
    );
    expect(JSON.parse((await runs('sql', '--json', statement)).stdout)).toEqual([
      { run_id: 1, design: 'swap-table', name: 'first' },
      { run_id: 2, design: 'vswap', name: null },
    ]);
  });

  it('prints the titles when there are no rows', async () => {
    storeRuns();
    const { stdout } = await runs('sql', 'SELECT run_id, seed FROM run WHERE 0');
    expect(stdout).toBe('run_id  seed\n');
  });

  it('refuses a write with exit code 2', async () => {
    storeRuns();
    const { code, stderr } = await runs('sql', 'DELETE FROM run');
    expect(code).toBe(2);
    expect(stderr).toMatch(/would change the database; accepted is one statement that only reads/);
    expect((await runs('ls', '--json')).stdout).toMatch(/"run": 1/);
  });
});

describe('runs diff', () => {
  it('ends as diff does: 0 equal, 1 different, 2 trouble', async () => {
    storeRuns();
    expect(await runs('diff', '1', 'first')).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout } = await runs('diff', '1', 'last', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ runIds: [1, 3], isEqual: false });
    expect(await runs('diff', '1', '7')).toMatchObject({
      ...{ code: 2, stdout: '', stderr: expect.stringMatching(/no run 7: the nearest are 3/) },
    });
  });
});

describe('runs rm', () => {
  it('never removes a live run, nor those that were named beside it', async () => {
    storeRuns();
    expect(await runs('rm', '1', 'last')).toMatchObject({
      ...{
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/run 3 is live.*nothing was removed/),
      },
    });
    expect((await runs('ls', '-n', '0', '-o', 'run', '--format', 'csv')).stdout).toBe(
      'RUN\n3\n2\n1\n',
    );
    expect(await runs('rm', '1-2')).toMatchObject({ code: 0, stderr: '' });
    expect(
      JSON.parse((await runs('sql', '--json', 'SELECT count(*) AS n FROM phase')).stdout),
    ).toEqual([{ n: 0 }]);
  });
});

describe('runs gc', () => {
  it.each([
    [['--failed'], [2]],
    [['--keep', '1'], [1]],
    [['--older-than', '1h'], []],
    [
      ['--keep', '0'],
      [1, 2],
    ],
    [['--keep', '1', '--failed'], []],
  ])('%j takes %j of a done, a failed and a live run', async (criteria, wanted) => {
    storeRuns();
    const { code, stdout } = await runs('gc', '--dry-run', ...criteria);
    expect(code).toBe(0);
    expect([...stdout.matchAll(/^would remove run (\d)/gm)].map(([, id]) => Number(id))).toEqual(
      wanted,
    );
    const { stdout: done } = await runs('gc', ...criteria);
    expect([...done.matchAll(/^removed run (\d)/gm)].map(([, id]) => Number(id))).toEqual(wanted);
    expect(done).toMatch(new RegExp(`^${wanted.length} runs removed, .* freed$`, 'm'));
  });
});

describe('wrong use of runs', () => {
  it.each([
    [['ls', '-n', 'many'], /'many' is invalid.*whole number/],
    [['ls', '--status', 'lost'], /'lost' is invalid.*running, done, failed, aborted/],
    [['ls', '--colour'], /unknown option '--colour'/],
    [['show'], /missing required argument 'run'/],
    [['show', 'first', '--section', 'phase'], /'phase' is no section; the nearest is phases/],
    [['export', '1', '--format', 'xml'], /'xml' is invalid.*json, csv, fio, usemem/],
    [['gc', '--older-than', 'long'], /'long' is invalid.*30m, 12h/],
    [['map', '1', '--width', '0'], /'0' is invalid.*from 1 to 1024/],
    [['list'], /unknown command 'list'/],
  ])('%j ends with code 2 and says what is accepted', async (argv, message) => {
    const { code, stdout, stderr } = await runs(...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('shows the help without an error', async () => {
    const { code, stdout } = await runs('--help');
    expect(code).toBe(0);
    for (const name of ['ls', 'show', 'map', 'diff', 'sql', 'export', 'merge', 'rm', 'gc'])
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  it('refuses a database of another program with code 2 and leaves it', async () => {
    writeFileSync(workspace.path('a.db'), 'not a database '.repeat(100));
    const before = readFileSync(workspace.path('a.db'), 'utf8');
    const { code, stderr } = await runs('ls');
    expect(code).toBe(2);
    expect(stderr).toMatch(/a\.db: not a database; accepted is /);
    expect(readFileSync(workspace.path('a.db'), 'utf8')).toBe(before);
  });
});

describe('runs export --output', () => {
  const line = ['export', 'first', '--format', 'csv', '--output'];

  it('takes - for standard output', async () => {
    storeRuns();
    const { stdout, stderr } = await runs(...line, '-');
    expect(stdout).toMatch(/^run,phase,kind/);
    expect(stderr).toBe('');
    expect(existsSync('-')).toBe(false);
  });

  it('says that it wrote a file, and refuses a folder as a mistake of the user', async () => {
    storeRuns();
    const path = workspace.path('a.csv');
    const { stderr } = await runs(...line, path);
    expect(stderr).toBe(`export: wrote ${path}\n`);
    expect(readFileSync(path, 'utf8')).toMatch(/^run,phase,kind/);
    const refused = await runs(...line, workspace.path('.'));
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/--output: .* is a folder; accepted: a file/);
  });
});
