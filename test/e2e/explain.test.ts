/** `swaplab explain` and `run --trace-page` as a user calls them. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command as explainCommand } from '../../cli/explain.ts';
import { command as runCommand } from '../../cli/run.ts';
import { replayMachine, resolveInRun } from '../../cli/replay.ts';
import { openStateDatabase, type StoredRun } from '../../src/runs/index.ts';
import { UsageError } from '../../src/units/index.ts';
import { Workplace } from './swaplab.ts';

const TRACE = [
  'pages 1200',
  'W 0 1200 seq 1200 1 mix:1024',
  'FR 0 300 seq 300 1 -',
  'swapoff area0',
  'swapon area0',
  'M 0 1200 rand 1000 7 -',
  '',
].join('\n');
const LINE = ['--memory', '2M', '--ram', '24M', '--zswap', 'max_pool_percent=2', '--json'];

interface Hop {
  readonly from: string;
  readonly to: string;
  readonly event: string;
  readonly count: number;
}

interface AnswerDocument {
  readonly design: string;
  readonly situation: string;
  readonly answered: boolean;
  readonly hops: readonly Hop[];
  readonly location: { readonly kind: string; readonly offset?: number } | null;
  readonly note: string;
  readonly holds: boolean | null;
}

interface Explained {
  readonly phase: number;
  readonly operation: number;
  readonly phasesCompared: number;
  readonly answers: readonly AnswerDocument[];
}

const nothing = (): void => undefined;

let place: Workplace;
let area: string;

function explain(...args: readonly string[]): Explained {
  const { code, stdout, stderr } = place.swaplab('explain', ...args, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Explained;
}

function storedRun(runId: number): StoredRun {
  const database = openStateDatabase(place.database);
  try {
    return database.runs.get(runId)!;
  } finally {
    database.close();
  }
}

beforeAll(() => {
  place = new Workplace();
  area = place.makeArea('file.swap', '32M');
  const trace = place.write('t.trace', TRACE);
  const own = [
    '--area',
    `${area},prio=5`,
    '--swap',
    '32M',
    '--swap',
    '16M,ghost',
    '--trace-page',
    '42',
  ];
  const first = place.swaplab('run', '--trace', trace, ...own, ...LINE);
  expect([first.code, first.stderr]).toEqual([0, '']);
  const second = place.swaplab(
    ...[
      'run',
      '--trace',
      trace,
      '--design',
      'vswap-table',
      '--swap',
      '32M',
      '--swap',
      '32M',
      ...LINE,
    ],
  );
  expect([second.code, second.stderr]).toEqual([0, '']);
  // A replay needs no file of the user.
  rmSync(area);
}, 60_000);
afterAll(() => {
  place.remove();
});

describe('swaplab explain', () => {
  it('answers for designs and situations in one document', () => {
    const { answers } = explain('--design', 'swap-table,vswap:v5', '--situation', 'in-file,zero');
    expect(answers.map(({ design, situation }) => [design, situation])).toEqual([
      ['swap-table', 'in-file'],
      ['vswap', 'in-file'],
      ['swap-table', 'zero'],
      ['vswap', 'zero'],
    ]);
    for (const { answered, hops, location, note } of answers) {
      expect(answered).toBe(true);
      expect(hops[0]).toEqual({
        from: expect.stringMatching(/^PTE of page \d+$/) as string,
        to: expect.stringMatching(/^swap entry \d+:\d+$/) as string,
        ...{ event: 'pteVisit', count: 1 },
      });
      expect(['file', 'zero']).toContain(location!.kind);
      expect(note).not.toBe('');
    }
  });

  it('prints hops in columns that fit a terminal, and says why there is no answer', () => {
    const { code, stdout } = place.swaplab('explain', '--situation', 'in-file');
    expect(code).toBe(0);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
    expect(stdout).toMatch(/swap table of cluster 0 +→ a shadow +tableRead\n/);
    expect(stdout).toContain('ghost:rfc: no answer\n    never written back:');
  });

  it('says what can be asked', () => {
    const { code, stdout } = place.swaplab('explain', '--help');
    expect(code).toBe(0);
    expect(stdout).toContain('in-writeback    being written from zswap to a swapfile');
    expect(stdout).toContain('swaplab explain --run 3 --at 5000 --page 42');
  });

  it.each([
    [['--design', 'foo'], "--design: 'foo' is no design; accepted: xarray,"],
    [['--design', 'vswap:v9'], "--design: vswap has no revision 'v9'; accepted: v6, v5, v3"],
    [['--situation', 'x'], "--situation: 'x' is none; accepted: in-file,"],
    [['--page', '1'], '--page: belongs to --run ID'],
    [['--run', '99', '--at', '1', '--page', '1'], '--run: there is no run 99'],
    [['--run', 'x', '--at', '1', '--page', '1'], "--run: 'x' is no run; accepted:"],
    [['--run', '1', '--page', '1'], '--run: needs --at OPERATION'],
    [['--run', '1', '--at', '0', '--page', '1'], "--at: '0' is before the first operation"],
    [['--run', '1', '--at', '-4', '--page', '1'], "--at: '-4' is not accepted"],
    [['--run', '1', '--at', 'phase:x', '--page', '1'], "--at phase: 'x' is not accepted"],
    [['--run', '1', '--at', 'phase:5', '--page', '1'], 'accepted: phase:0 to phase:4'],
    [['--run', '1', '--at', '2501', '--page', '1'], 'run 1 has 2500 operations; accepted: 1 to'],
    [['--run', '1', '--at', '1', '--page', '1200'], '--page: 1200 is outside; accepted: 0 to 1199'],
    [['--run', '1', '--at', '1', '--page', '1', '--task', '1'], '--task: there is no task 1;'],
    [['--run', '1', '--at', '1', '--page', '1', '--design', 'vswap'], '--design: a stored run has'],
    [['--frob'], "explain: unknown option '--frob'"],
    [['frob'], 'explain: too many arguments'],
  ])('refuses %j', async (args, message) => {
    // In this process: a program for each would take most of the test's time.
    const io = { stdout: nothing, stderr: nothing, databasePath: place.database, env: {} };
    const refusal = explainCommand.run(args, io);
    await expect(refusal).rejects.toThrow(UsageError);
    await expect(refusal).rejects.toThrow(message);
  });

  it('ends with 2 and one line for what it refuses', () => {
    const { code, stdout, stderr } = place.swaplab('explain', '--design', 'foo');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^swaplab: explain: --design: 'foo' is no design; accepted: xarray, [^\n]*\n$/,
    );
  });
});

describe('a stored run', () => {
  it.each([1, 2])('is replayed to the same digest without its files (run %i)', async (runId) => {
    const stored = storedRun(runId);
    const { digest } = await replayMachine(stored).machine.run();
    expect(digest).toBe(stored.digest);
  });

  it('keeps the bad pages of its areas for a replay', () => {
    const stored = storedRun(2);
    const spec = stored.spec as { readonly areasHeld: readonly object[] };
    const usable = (badPages: readonly number[]): number => {
      const areasHeld = spec.areasHeld.map((one) => ({ ...one, badPages }));
      const { machine } = replayMachine({ ...stored, spec: { ...spec, areasHeld } });
      return machine.swap.space.area(0)!.usablePages;
    };
    expect(usable([])).toBe(8191);
    expect(usable([5, 600])).toBe(8189);
  });

  it('is asked about any page at any operation', () => {
    const seen = [100, 700, 1260, 2500].map((at) =>
      explain('--run', '1', '--at', String(at), '--page', '42'),
    );
    expect(seen.map(({ phase, phasesCompared }) => [phase, phasesCompared])).toEqual([
      [0, 0],
      [0, 0],
      [1, 1],
      [4, 4],
    ]);
    expect(seen.map(({ answers: [answer] }) => answer!.holds)).toEqual([true, true, true, true]);
    const places = seen.map(({ answers: [answer] }) => answer!.location!.kind);
    expect(places[0]).toBe('frame');
    expect(places[1]).toBe('zswap');
  });

  it('is asked at the end of a phase, and about a forked child at work', () => {
    const atEnd = explain('--run', 'last', '--at', 'phase:0', '--page', '42');
    expect(atEnd).toMatchObject({ operation: 1200, phase: 0, phasesCompared: 1 });
    const [child] = explain(
      ...['--run', '1', '--at', '1250', '--page', '42', '--task', 'child'],
    ).answers;
    expect(child).toMatchObject({ answered: true, location: { kind: 'frame' } });
    const [none] = explain('--run', '1', '--at', '10', '--page', '1', '--task', 'child').answers;
    expect(none).toMatchObject({
      answered: false,
      note: 'no forked child is at work at that point',
    });
  });

  it('is not taken for another: a phase that counts otherwise ends the replay', async () => {
    const stored = storedRun(1);
    const other = { ...stored, phases: stored.phases.map((phase) => ({ ...phase })) };
    const first = other.phases[0]!;
    other.phases[0] = { ...first, counters: { ...first.counters, pswpout: 1 } };
    await expect(
      resolveInRun(other, { at: { operation: 1300 }, page: 1, task: 0 }, {}),
    ).rejects.toThrow(/phase 0 .*pswpout was 1 and is \d+ in the replay/);
  });
});

describe('swaplab run --trace-page', () => {
  it("prints the page's life after the tables, and the same digest as without", () => {
    const trace = place.write('life.trace', TRACE);
    const two = ['--swap', '32M', '--swap', '32M'];
    const line = ['run', '--trace', trace, ...two, ...LINE.slice(0, -1)];
    const shown = place.swaplab(...line, '--trace-page', '42');
    expect(shown.code).toBe(0);
    const [, life = ''] = shown.stdout.split('The life of page 42 of task 0:\n');
    expect(life.split('\n')[0]).toMatch(
      /^\d\.\d{9} s {2}first written: a frame of zeros is taken$/,
    );
    expect(life).toContain("zswap's shrinker picks it");
    expect(life).toContain('swapoff finds its PTE and brings it back');
    const digests = [[], ['--trace-page', '42', '--task', '0']].map((more) => {
      const { stdout } = place.swaplab(...line, '--json', ...more);
      return JSON.parse(stdout) as { digest: string; pageLife?: { events: unknown[] } };
    });
    expect(digests[0]!.pageLife).toBeUndefined();
    expect(digests[1]!.pageLife!.events.length).toBeGreaterThan(10);
    expect(digests[1]!.digest).toBe(digests[0]!.digest);
  });

  it.each([
    [['--trace-page', '1200'], '--trace-page: 1200 is outside; accepted: 0 to 1199'],
    [['--trace-page', 'x'], "--trace-page: 'x' is no number"],
    [['--trace-page', '1', '--task', '1'], '--task: there is no task 1; accepted: 0 to 0'],
    [['--task', '0'], '--task: belongs to --trace-page N'],
  ])('refuses %j', async (args, message) => {
    const trace = place.write('bad.trace', TRACE);
    const io = { stdout: nothing, stderr: nothing, databasePath: place.database, env: {} };
    const two = ['--swap', '32M', '--swap', '32M'];
    await expect(runCommand.run(['--trace', trace, '-q', ...two, ...args], io)).rejects.toThrow(
      message,
    );
  });
});
