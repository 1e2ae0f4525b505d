import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workplace } from './swaplab.ts';

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place.remove();
});

const WORK = 'W 0 1500 seq 1500 1 mix:2048\nR 0 1500 rand 1500 1 -\n';

interface Document {
  readonly spec: {
    readonly sameFilled: string;
    readonly machine: { readonly cgroupVersion: number };
    readonly zswap: Readonly<Record<string, unknown>>;
  };
  readonly verify: { readonly mismatches: number };
  readonly zswap: Readonly<Record<string, number>>;
  readonly cgroups: readonly {
    readonly zswapCurrentBytes: number | null;
    readonly zswappedPages: number | null;
  }[];
  readonly phases: readonly { readonly op: string; readonly zswap: Record<string, number> }[];
  readonly digest: string;
}

/** A run of 1500 pages in 2 MiB, with lines of a trace in front and options behind. */
function run(lines: readonly string[], ...options: readonly string[]): Document {
  const { code, stdout, stderr } = call(lines, ...options, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Document;
}

function call(
  lines: readonly string[],
  ...options: readonly string[]
): ReturnType<Workplace['swaplab']> {
  const trace = place.write('t.trace', ['pages 1500', ...lines, WORK].join('\n'));
  const machine = ['--memory', '2M', '--ram', '16M', '--swap', '16M'];
  return place.swaplab('run', '--trace', trace, ...machine, ...options);
}

describe('swaplab run --zswap', () => {
  it('takes every setting by the kernel\u2019s name and by the spec\u2019s', () => {
    const kernel =
      'version=2013,enabled=1,compressor=deflate,zpool=zbud,chain_size=6,max_pool_percent=7,' +
      'accept_threshold_percent=80,max_compression_ratio=75,shrinker_enabled=N,writebackBatch=5,' +
      'writebackAge=900';
    const own =
      'version=2013,enabled=true,compressor=deflate,zpool=zbud,chainSize=6,maxPoolPercent=7,' +
      'acceptThresholdPercent=80,maxCompressionRatio=75,shrinkerEnabled=false,writebackBatch=5,' +
      'writebackAge=900';
    const [first, second] = [kernel, own].map((text) => run([], '--zswap', text));
    expect(first!.spec.zswap).toMatchObject({
      version: '2013',
      enabled: true,
      compressor: 'deflate',
      zpool: 'zbud',
      chainSize: 6,
      maxPoolPercent: 7,
      acceptThresholdPercent: 80,
      maxCompressionRatio: 75,
      shrinkerEnabled: false,
      writebackBatch: 5,
      writebackAge: 900,
    });
    expect(second!.spec).toEqual(first!.spec);
    expect(second!.digest).toBe(first!.digest);
    // The files of 2013, and none of today's.
    expect(first!.zswap).toHaveProperty('reject_zsmalloc_fail');
    expect(first!.zswap).not.toHaveProperty('reject_compress_fail');
    expect(first!.spec.sameFilled).toBe('none');
    expect(run([], '--zswap', 'enabled=N', '--same-filled', 'any').spec).toMatchObject({
      sameFilled: 'any',
      zswap: { enabled: false },
    });
  });

  it.each([
    [['--zswap', 'version=2014'], /zswap\.version: "2014" is not accepted: .*"2013"\|"6\.12"/],
    [['--zswap', 'shrinker_enabled=maybe'], /shrinker_enabled 'maybe' .*accepted: Y, N, 1, 0/],
    [['--zswap', 'chain_size=x'], /--zswap: chain_size 'x' is not accepted; .*whole number/],
    [['--zswap', 'writebackBatch'], /writebackBatch '' is not accepted; .*whole number, kernel/],
    [['--zswap', 'max_pool=3'], /'max_pool' is no setting; accepted: version, .*max_pool_percent/],
    [['--zswap', 'maxPoolPercent=300'], /zswap\.maxPoolPercent: 300 is not accepted/],
    [['--same-filled', 'some'], /sameFilled: "some" is not accepted: .*"none"\|"zero"\|"any"/],
    [['--cgroup-version', '3'], /machine\.cgroupVersion: 3 is not accepted: expected 1 or 2/],
    [['--zswap', 'shrinker_enabled=Y', '--cgroup-version', '1'], /1 is not accepted with zswap\./],
  ])('refuses with the key, the value and what is accepted: %j', (options, message) => {
    const { code, stdout, stderr } = call([], ...options);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
  });

  it('names them all in --help', () => {
    const { stdout } = place.swaplab('run', '--help');
    const said = stdout.replace(/\s+/g, ' ');
    for (const word of ['version=2013|6.12|6.18', 'zpool=', 'chain_size=N', 'writebackAge=N'])
      expect(said).toContain(word);
    expect(said).toContain('--same-filled <WHICH>');
    expect(said).toMatch(/--cgroup-version <N>.*2 with shrinker_enabled/);
  });
});

describe('a trace that writes to zswap\u2019s files', () => {
  it('has a phase for each line, and figures of cgroup v2 at the end', () => {
    const lines = [
      'zswap max_pool_percent 3',
      'zswap shrinker_enabled Y',
      'cgroup all zswap.max 256K',
      'cgroup all memory.zswap.writeback 1',
    ];
    const { phases, cgroups, zswap, verify } = run(lines, '--zswap', '--cgroup-version', '2');
    expect(phases.slice(0, 4).map(({ op }) => op)).toEqual(lines);
    expect(verify.mismatches).toBe(0);
    expect(zswap['pool_total_size_max']).toBeLessThanOrEqual(0.03 * 2 ** 24);
    expect(cgroups[0]).toMatchObject({
      zswapCurrentBytes: zswap['stored_bytes'],
      zswappedPages: zswap['stored_pages'],
    });
    expect(cgroups[0]!.zswapCurrentBytes).toBeGreaterThan(0);
    expect(cgroups[0]!.zswapCurrentBytes).toBeLessThan(2 ** 18 + 4096);
    // Without a version nobody counts.
    expect(run([], '--zswap').cgroups[0]!.zswapCurrentBytes).toBeNull();
  });

  it.each([
    ['zswap compressor lzo', /t\.trace:2: zswap compressor 'lzo' is not accepted; .*lz4, zstd/],
    ['zswap enabled 7', /t\.trace:2: zswap enabled '7' is not accepted; accepted: Y, N/],
    ['zswap enabled', /t\.trace:2: 'zswap' takes PARAMETER VALUE/],
    ['cgroup all zswap.max 5x', /t\.trace:2: cgroup all: zswap\.max '5x' .*accepted: max/],
    ['cgroup all zswap.max', /t\.trace:2: 'cgroup' takes NAME FILE VALUE/],
    ['cgroup web zswap.max 1M', /there is no cgroup 'web'; accepted: all/],
    ['cgroup all zswap.max 1M', /needs cgroup v2: .*--cgroup-version 2/],
  ])('is refused before it runs: %s', (line, message) => {
    const { code, stdout, stderr } = call([line], '--zswap');
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect([code, stdout]).toEqual([2, '']);
  });
});

describe('the ages of what zswap keeps and gives away', () => {
  const SETTINGS = ['--zswap', 'max_pool_percent=2,accept_threshold_percent=100'];

  it('are a line for people, and in the document with every file of debugfs', () => {
    const { stdout } = call([], ...SETTINGS);
    expect(stdout).toMatch(
      /kept \/ gone +mean age [\d.]+ of what stayed .* [\d.]+ of what went to/,
    );
    const { zswap } = run([], ...SETTINGS);
    for (const file of ['pool_limit_hit', 'reject_reclaim_fail', 'written_back_pages'])
      expect(zswap).toHaveProperty(file);
    expect(zswap['age_kept_mean']).toBeGreaterThan(0);
    expect(zswap['gone_refused']).toBeGreaterThan(0);
  });

  it('are not there where nothing went to a device', () => {
    const { stdout } = call([], '--zswap', 'max_pool_percent=90');
    expect(stdout).toContain('\nzswap ');
    expect(stdout).not.toContain('kept / gone');
    expect(run([], '--zswap', 'max_pool_percent=90').zswap).not.toHaveProperty('age_kept_mean');
  });

  it('are rows of compare', () => {
    const trace = place.write('t.trace', `pages 1500\n${WORK}`);
    const machine = ['--memory', '2M', '--ram', '16M', '--swap', '16M', ...SETTINGS];
    const { code, stdout } = place.swaplab(
      'compare',
      '--designs',
      'swap-table,vswap',
      '--trace',
      trace,
      ...machine,
      '--json',
    );
    expect(code).toBe(0);
    const row = (name: string): number[] => {
      const { metrics } = JSON.parse(stdout) as {
        metrics: readonly { readonly name: string; readonly values: Record<string, number> }[];
      };
      return Object.values(metrics.find((metric) => metric.name === name)!.values);
    };
    const kept = row('age of pages that stayed');
    const gone = row('age of pages that went to a device');
    expect(row('LRU inversion')).toEqual(
      kept.map((value, column) => value / Math.max(1, gone[column]!)),
    );
    expect(kept).toHaveLength(2);
    expect(kept.every((value) => value > 0)).toBe(true);
  });
});
