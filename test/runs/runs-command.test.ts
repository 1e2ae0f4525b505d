import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { command } from '../../cli/runs/index.ts';
import { Histogram, percentileOf, type HistogramBucket } from '../../src/engine/index.ts';
import { phaseRecord, runHeader, runOutcome, useWorkspace } from './support.ts';

const workspace = useWorkspace();

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runs(...argv: string[]): Promise<Output> {
  const output = { stdout: '', stderr: '' };
  const code = await command.run(argv, {
    stdout: (text) => {
      output.stdout += text;
    },
    stderr: (text) => {
      output.stderr += text;
    },
    databasePath: workspace.path('a.db'),
    env: {},
  });
  return { code, ...output };
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
    expect((await runs('ls', '--design', 'none')).stdout).toMatch(/^no runs match in /);
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
    expect(stdout).toMatch(/^ +0 +\/a\.swap +file +1023 +40 +-2 +321$/m);
    expect(stdout).toMatch(/^swap_map +1024 +static$/m);
    expect(stdout).toMatch(/^1\.500 s +oom +task 0 was killed$/m);
  });

  it('prints the percentiles of the stored buckets', async () => {
    const histogram = storeRuns();
    const wanted = [50, 90, 99, 99.9].map((percent) => histogram.percentile(percent));
    const { stdout } = await runs('show', '1');
    const cells = /^fault latency +ns +(.*)$/m.exec(stdout)?.[1]?.split(/ +/).map(Number);
    const { count, max } = histogram;
    expect(cells?.slice(0, 6)).toEqual([count, 1, ...wanted]);
    expect(cells?.[6]).toBeGreaterThanOrEqual(max);

    interface Document {
      readonly histograms: readonly {
        readonly buckets: readonly HistogramBucket[];
        readonly percentiles: Record<string, number>;
      }[];
    }
    const document = JSON.parse((await runs('show', '1', '--json')).stdout) as Document;
    const [stored] = document.histograms;
    expect(Object.values(stored?.percentiles ?? {})).toEqual(wanted);
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
      stderr: expect.stringMatching(
        /no run 9 in .*: the nearest are 3, 2, 1; all: swaplab runs ls/,
      ),
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

describe('wrong use of runs', () => {
  it.each([
    [['ls', '-n', 'many'], /'many' is invalid.*whole number/],
    [['ls', '--status', 'lost'], /'lost' is invalid.*running, done, failed, aborted/],
    [['ls', '--colour'], /unknown option '--colour'/],
    [['show'], /missing required argument 'run'/],
    [['show', 'first'], /'first' is invalid.*number.*last/],
    [['show', '0'], /'0' is invalid/],
    [['list'], /unknown command 'list'/],
  ])('%j ends with code 2 and says what is accepted', async (argv, message) => {
    const { code, stdout, stderr } = await runs(...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('shows the help without an error', async () => {
    const { code, stdout } = await runs('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/ls .*\n.*show .*\n.*sql /);
  });

  it('refuses a database of another program with code 2 and leaves it', async () => {
    writeFileSync(workspace.path('a.db'), 'not a database '.repeat(100));
    const before = readFileSync(workspace.path('a.db'), 'utf8');
    const { code, stderr } = await runs('ls');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^swaplab runs: .*a\.db: not a database; accepted is /);
    expect(readFileSync(workspace.path('a.db'), 'utf8')).toBe(before);
  });
});
