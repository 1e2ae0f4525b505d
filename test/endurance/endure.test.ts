import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { designs } from '../../src/swap/index.ts';
import { ended, untilSaid, Workplace } from '../e2e/swaplab.ts';

const place = new Workplace();
afterAll(() => {
  place.remove();
});

/** Small enough for seconds, large enough that every phase meets a device. */
const SMALL = [
  ...['--tasks', '3', '--pages-per-task', '512', '--phase', '1024', '--memory', '2M', '--quiet'],
  ...['--swap', '8M,prio=5', '--swap', '6M'],
];
const FAULTS = ['torn-write', 'bit-rot', 'eio-read', 'lost-write', 'misdirected-write'].flatMap(
  (kind) => ['--fault', `${kind},ppm=1500`],
);

interface Document {
  readonly verdict: string;
  readonly seed: number;
  readonly operations: number;
  readonly pagesChecked: number;
  readonly seconds: number;
  readonly digest: string;
  readonly forks: number;
  readonly restarts: number;
  readonly swapoffs: number;
  readonly phases: number;
  readonly run: number;
  readonly replay: { readonly path: string; readonly operations: number } | null;
  readonly faults: readonly {
    readonly kind: string;
    readonly fired: number;
    readonly detected: number;
    readonly unread: number;
    readonly lost: number;
    readonly harmless: number;
  }[];
}

function endure(...args: readonly string[]): { code: number | null; document: Document } {
  const { code, stdout, stderr } = place.swaplab('endure', ...args, '--json');
  expect(stdout, stderr).not.toBe('');
  return { code, document: JSON.parse(stdout) as Document };
}

interface StoredDocument {
  readonly phases: readonly {
    readonly op: string;
    readonly counters: Readonly<Record<string, number>>;
    readonly series: readonly { readonly name: string; readonly value: number }[];
  }[];
  readonly metrics: readonly { readonly name: string; readonly value: number }[];
  readonly operations: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly metadata: readonly { readonly bytes: number }[];
  readonly slotMaps: readonly { readonly type: number }[];
  readonly histograms: readonly {
    readonly name: string;
    readonly buckets: readonly { readonly count: number }[];
  }[];
  readonly intervals: readonly {
    readonly operations: number;
    readonly figures: Readonly<Record<string, number>>;
  }[];
}

describe('swaplab endure', () => {
  for (const [design, { writesBack }] of Object.entries(designs))
    it(`finds what goes wrong and hands nothing wrong out: ${design}`, () => {
      const { code, document } = endure(
        ...['--pages', '16e3', '--seed', '3', '--design', design, ...SMALL, ...FAULTS],
        ...(writesBack ? ['--ram', '2M'] : []),
      );
      expect(document).toMatchObject({ verdict: 'no silent damage', seed: 3, operations: 16_000 });
      expect(code).toBe(0);
      expect(document.pagesChecked).toBeGreaterThan(5000);
      for (const { fired, detected, unread, lost, harmless } of document.faults) {
        expect(lost).toBe(0);
        expect(detected + unread + harmless).toBe(fired);
      }
      const found = document.faults.reduce((sum, { detected }) => sum + detected, 0);
      // What never leaves memory cannot be damaged on a device.
      if (writesBack) expect(found).toBeGreaterThan(2);
    });

  it('says the same for the same seed, and something else for another', () => {
    const args = ['--pages', '8e3', ...SMALL, ...FAULTS, '--ram', '2M'];
    const figures = (seed: string): unknown => {
      const {
        seconds: _seconds,
        run: _run,
        gauges,
        ...rest
      } = endure(...args, '--seed', seed).document as Document & { gauges: { areas: unknown } };
      // Temporary files are called otherwise each time.
      return { ...rest, gauges: { ...gauges, areas: null } };
    };
    const first = figures('7');
    expect(figures('7')).toEqual(first);
    expect((figures('8') as Document).digest).not.toBe((first as Document).digest);
  });

  it('stores what any run stores, and its own figures at its end', () => {
    const args = ['--pages', '16e3', ...SMALL, '--ram', '2M', '--interval', '1h'];
    const { document } = endure(...args);
    const run = JSON.parse(
      place.swaplab('runs', 'show', String(document.run), '--json').stdout,
    ) as StoredDocument;
    const metric = (name: string): number | undefined =>
      run.metrics.find((each) => each.name === name)?.value;
    const [phase] = run.phases;
    expect(run.phases.map(({ op }) => op)).toEqual(['endure']);
    expect(metric('pswpout')).toBe(phase!.counters['pswpout']);
    const last = phase!.series.filter(({ name }) => name === 'pswpout').at(-1)!;
    expect(last.value).toBe(phase!.counters['pswpout']);
    expect(metric('pages compared')).toBe(document.pagesChecked);
    expect(run.operations['swapOut']!['compress']).toBeGreaterThan(0);
    expect(run.metadata.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(
      metric('at the end metadata'),
    );
    expect(run.slotMaps.map(({ type }) => type)).toEqual([0, 1]);
    const faults = run.histograms.find(({ name }) => name === 'majorFault.ns')!;
    expect(faults.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(metric('pgmajfault'));
    // No line was due before the end: this interval is of the end itself.
    const { forks, restarts, swapoffs, phases } = document;
    expect(run.intervals.map(({ operations }) => operations)).toEqual([document.operations]);
    expect(run.intervals[0]!.figures).toMatchObject({ forks, restarts, swapoffs, phases });
    const shown = place.swaplab('runs', 'show', String(document.run), '--section', 'endurance');
    expect(shown.stdout).toMatch(/^At 16,000 operations$[^]*^swapoffs +\d+$/m);
  });

  it('finds what is damaged with payload none, too', () => {
    const { code, document } = endure(
      ...['--pages', '20e3', '--payload', 'none', ...SMALL, ...FAULTS, '--ram', '2M'],
    );
    expect(code).toBe(0);
    expect(document.verdict).toBe('no silent damage');
    expect(document.faults.some(({ detected }) => detected > 0)).toBe(true);
  });

  it('loses a page without checksums, stops there, and shows it again by few operations', () => {
    const file = place.path('broken.json');
    const { code, document } = endure(
      ...['--pages', '1e6', '--no-checksum', ...SMALL, '--ram', '2M', '--seed', '2'],
      ...['--fault', 'lost-write,ppm=2000', '--replay-out', file],
    );
    expect(code).toBe(3);
    expect(document.verdict).toBe('silent damage');
    expect(document.faults.reduce((sum, { lost }) => sum + lost, 0)).toBeGreaterThan(0);
    expect(document.operations).toBeLessThan(1e6);
    expect(document.replay!.operations).toBeLessThan(300);
    const again = place.swaplab('endure', '--replay', file, '--json');
    expect(again.code, again.stderr).toBe(3);
    expect(JSON.parse(again.stdout)).toMatchObject({
      verdict: 'silent damage',
      operations: document.replay!.operations,
    });
    // With checksums the same replay shows nothing: the read is an error then.
    const text = readFileSync(file, 'utf8').replaceAll(
      '"hasChecksums": false',
      '"hasChecksums": true',
    );
    const fixed = place.swaplab('endure', '--replay', place.write('fixed.json', text));
    expect(fixed.code, fixed.stderr).toBe(0);
    expect(fixed.stdout).toContain('gone');
  });

  it('goes on where a killed run stopped', async () => {
    const child = place.start(
      ...[
        'endure',
        '--duration',
        '60s',
        ...SMALL.slice(0, -5),
        '--interval',
        '300ms',
        '--ram',
        '2M',
      ],
      ...['--swap', '8M,prio=5', '--swap', '6M', '--fault', 'eio-read,ppm=100'],
    );
    await untilSaid(child, '2 s |');
    child.kill('SIGKILL');
    await ended(child);
    const { stdout } = place.swaplab('runs', 'ls', '--json');
    const runs = JSON.parse(stdout) as readonly { run: number; status: string }[];
    const killed = runs.find(({ status }) => status === 'aborted')!;
    const checkpoint = place.swaplab(
      ...['runs', 'sql', `SELECT operations FROM checkpoint WHERE run_id = ${killed.run}`],
    );
    const before = Number(/\d+/.exec(checkpoint.stdout)![0]);
    expect(before).toBeGreaterThan(0);
    const { code, document } = endure(
      ...['--resume', String(killed.run), '--pages', String(before + 20_000), '--quiet'],
    );
    expect(code).toBe(0);
    expect(document.operations).toBe(before + 20_000);
    expect(document.verdict).toBe('no silent damage');
    // The state is that of the end; counts of its last part are not those of the run.
    const rows = `SELECT (SELECT count(*) FROM slot_cell WHERE run_id = ${document.run}),
      (SELECT count(*) FROM metric WHERE run_id = ${document.run})`;
    const [counts] = JSON.parse(place.swaplab('runs', 'sql', '--json', rows).stdout) as [
      Record<string, number>,
    ];
    const [cells, metrics] = Object.values(counts);
    expect(cells).toBeGreaterThan(0);
    expect(metrics).toBe(0);
  }, 30_000);

  it('ends with a verdict when it is interrupted', async () => {
    const child = place.start(
      'endure',
      '--duration',
      '60s',
      ...SMALL.slice(2, -5),
      '--interval',
      '300ms',
    );
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await untilSaid(child, ' operations |');
    child.kill('SIGINT');
    expect(await ended(child)).toBe(0);
    expect(out).toContain('verdict: no silent damage');
  }, 30_000);

  it('prints a line of JSON per interval', () => {
    const { code, stdout } = place.swaplab(
      ...['endure', '--duration', '1s', '--interval', '100ms', '--ndjson', ...SMALL],
    );
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string });
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.at(-1)).toMatchObject({ kind: 'end', verdict: 'no silent damage' });
    expect(lines[0]).toMatchObject({ kind: 'interval' });
  });

  it.each([
    [['--pages', 'many'], /--pages: 'many' is not accepted/],
    [['--duration', '8'], /--duration: '8' is not accepted/],
    [['--json', '--ndjson'], /exclude each other/],
    [['--resume', '4711'], /there is no run 4711/],
    [['--resume', '1', '--design', 'vswap'], /--design: a stored run/],
    [['--replay', '/nowhere.json'], /cannot be read/],
    [['--fault', 'gremlin'], /accepted: eio-read/],
    [['--tasks', '0'], /tasks=0.*accepted: 1 to 64/],
    [['surprise'], /too many arguments/],
  ])('refuses %j', (args, message) => {
    const { code, stderr } = place.swaplab('endure', ...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
