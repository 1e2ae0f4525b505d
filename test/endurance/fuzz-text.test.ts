import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { command as mkswap } from '../../cli/mkswap.ts';
import { mountOption, parseFstab, withOptions } from '../../cli/util-linux/fstab.ts';
import { readMkswapLine } from '../../cli/util-linux/mkswap-options.ts';
import { parseTag } from '../../cli/util-linux/probe.ts';
import { Program } from '../../cli/util-linux/program.ts';
import { readSwaponLine } from '../../cli/util-linux/swapon-options.ts';
import { parseUuid } from '../../src/area/index.ts';
import { parseZramSetting } from '../../src/device/index.ts';
import { parseSize } from '../../src/units/index.ts';
import { createWorkload, parseContent, parseTrace } from '../../src/workload/index.ts';
import { parseZswapCgroupSetting, parseZswapSetting } from '../../src/zswap/index.ts';
import { fuzz, type Random } from './support/fuzz.ts';
import { EDGES, mutateText } from './support/mutations.ts';

const folder = fileURLToPath(new URL('../../fixtures/traces/', import.meta.url));
const TRACES = [
  ...readdirSync(folder)
    .filter((name) => name.endsWith('.trace'))
    .map((name) => readFileSync(folder + name, 'utf8').slice(0, 4000)),
  'pages 64\nshmem 16\ntask a\nW 0 64 seq 64 1 mix:1024\npause\nbarrier\nsleep 1000\ntask main\n' +
    'FW 0 8 hot 100 7 spread\nswapoff area0\nswapon /tmp/a\nvswap off\nM 64 16 rev 16 2 -\n' +
    'zram zram0 writeback page_indexes=1-100\nzram zram0 recompress type=idle threshold=3000\n' +
    'zswap max_pool_percent 0x10\ncgroup all zswap.max 16M\nD 0 1 rand 4294967295 1 -\n',
];
const TRACE_WORDS = [
  'W',
  'M',
  'R',
  'D',
  'FW',
  'FR',
  'pages',
  'shmem',
  'task',
  'sleep',
  'pause',
  'zram',
  'zswap',
  'cgroup',
  'vswap',
  'swapoff',
  'hot',
  'rand',
  'seq',
  'rev',
  'fill:ff',
  'mix:99',
  'file',
  '-',
];

const commandIo = {
  stdout: () => undefined,
  stderr: () => undefined,
  databasePath: '/nonexistent/db',
  env: {},
};
const program = (name: string): Program => new Program(name, commandIo);

function words(random: Random, golden: readonly string[], known: readonly string[]): string[] {
  return mutateText(random, golden, known).split(' ');
}

describe('text that somebody else wrote', () => {
  it('is a trace, or its line is named (30 000)', () => {
    const { taken } = fuzz({
      ...{ name: 'traces', count: 30_000, allowed: ['UsageError'] },
      make: (random) => mutateText(random, TRACES, TRACE_WORDS),
      feed: (text) => {
        const { pages, sharedPages, tasks, steps } = parseTrace(text, 'fuzzed');
        const isBounded =
          tasks.length * pages + sharedPages <= 2 ** 28 && steps.length <= text.length;
        if (!isBounded) assert.fail('more than a machine can map');
        for (const step of steps)
          if (step.kind === 'pages' && step.first + step.count > pages + sharedPages)
            assert.fail('an operation outside of the mapping');
      },
      allocatedBytesMax: () => 0,
    });
    expect(taken).toBeGreaterThan(100);
  });

  it('is a size, a setting, a content, a UUID or a tag, or it is not (80 000)', () => {
    const sizes = [
      '512M',
      '1.5GiB',
      '4096',
      '10 kb',
      '0',
      '18446744073709551616',
      '9007199254740991',
    ];
    fuzz({
      ...{ name: 'sizes', count: 40_000, allowed: ['UsageError'] },
      make: (random) => mutateText(random, sizes, ['M', 'GiB', 'kb', '.5']),
      feed: (text) => {
        const bytes = parseSize(text, 'fuzzed');
        if (!Number.isSafeInteger(bytes) || bytes < 0) assert.fail(`${bytes} bytes`);
      },
    });
    const settings = [
      'writeback page_indexes=1-100 page_index=7',
      'recompress type=idle priority=1',
      'mem_limit 16M',
      'idle all',
      'writeback_batch_size 4096',
      'max_pool_percent 20',
      'compressor lz4',
      'zswap.max 12k',
      'enabled Y',
      'mix:1024',
      'fill:0f',
      'UUID="4c08e1cd-3c82-46bf-a55b-0c3270d6dfeb"',
      'LABEL=x',
    ];
    fuzz({
      ...{ name: 'settings', count: 40_000, allowed: [] },
      make: (random) =>
        mutateText(random, settings, [
          'idle',
          'huge',
          'max',
          'page_index=1',
          'threshold=1',
          'Y',
          '1K',
        ]),
      feed: (text) => {
        const blank = text.indexOf(' ');
        const [name, value] = [text.slice(0, Math.max(0, blank)), text.slice(blank + 1)];
        const zram = parseZramSetting(name, value);
        if (
          typeof zram === 'object' &&
          zram.attribute === 'writeback_batch_size' &&
          zram.pages > 4096
        )
          assert.fail('buffers for a batch that is too large');
        parseZswapSetting(name, value);
        parseZswapCgroupSetting(name, value);
        parseContent(text);
        const tag = parseTag(text);
        parseUuid(tag?.value ?? text);
      },
    });
  });

  it('is an fstab, its options, or a command line of mkswap or swapon (30 000)', () => {
    const fstabs = [
      '# c\n/dev/sda1 none swap sw,pri=5,nofail 0 0\nUUID=1 none swap defaults\n/dev/a\\040b / ext4 ro 0 1\n',
      '/a x swap pri=-1\n\n /b x swap noauto\n',
    ];
    fuzz({
      ...{ name: 'fstabs', count: 10_000, allowed: [] },
      make: (random) => mutateText(random, fstabs, ['swap', 'none', 'pri=3', 'nofail', '\\012']),
      feed: (text) => {
        for (const { options } of parseFstab(text).entries) {
          withOptions({ priority: -1, isNoFail: false }, options);
          mountOption(options, 'noauto');
        }
      },
    });
    const lines = [
      '-L label -U random -p 4096 /dev/x 1000',
      '--file --size 1G --ghost a',
      '--endianness=big -o 4096 -cqf x',
      '-v1 --lock=nonblock --verbose -- -x',
      '-vap5 -o pri=3 --show=NAME,SIZE --raw --bytes',
      '-L a -U b -T /dev/null --discard=once --annotate=auto x',
    ];
    const options = [
      '-f',
      '--force',
      '-L',
      '--label=',
      '-o',
      '--off',
      '--s',
      '--',
      '-',
      '-ffff',
      '--show',
      '-e',
      '--json',
      '--uuid=clear',
      '-p',
    ];
    for (const [name, read] of [
      ['mkswap', readMkswapLine],
      ['swapon', readSwaponLine],
    ] as const)
      fuzz({
        ...{ name: `command lines of ${name}`, count: 10_000, allowed: ['ProgramExit'] },
        make: (random) => words(random, lines, options),
        feed: (argv) => void read(program(name), argv),
      });
  });

  it('is the command line of a workload, which then fits the memory of this process (10 000)', () => {
    const lines = ['-n 4 -O -y -x 64M', '-n 1024 1G', '-R --init-time 16M', '-r10 64M', '1T'];
    fuzz({
      ...{ name: 'workloads', count: 10_000, allowed: ['UsageError'] },
      make: (random) => ({
        name: random.pick(['usemem', 'memhog', '__proto__', 'toString']),
        argv: words(random, lines, ['-n', '-R', '1T', '4P', '-r65537', `${random.pick(EDGES)}`]),
      }),
      feed: ({ name, argv }) => {
        const { taskCount, pagesPerTask } = createWorkload(name, argv, {
          seed: 1,
          option: 'fuzzed',
        });
        if (taskCount * pagesPerTask > 2 ** 28) assert.fail('more than a machine can map');
      },
      // With -R a bit for each word: 64 bytes a page, up to 64G.
      allocatedBytesMax: () => 2 ** 30 + 2 ** 20,
    });
  });
});

describe('text at its worst', () => {
  const operation = 'W 0 1 seq 1 1 zero\n';

  it('may be a comment of 100 000 # that ends in a carriage return', () => {
    const start = performance.now();
    expect(parseTrace(`pages 4\n${'#'.repeat(100_000)}\r\n${operation}`, 't').steps).toHaveLength(
      1,
    );
    // 20 s while a regular expression tried each of them to the end of the line.
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('may have lines that end as on Windows, with comments', () => {
    const text = `# a trace\r\npages 4 # four\r\n\r\n${operation.trim()} # done\r\n`;
    expect(parseTrace(text, 't')).toMatchObject({ pages: 4, steps: [{ kind: 'pages', count: 1 }] });
  });

  it('cannot map more than 1 TiB, by one task or by all', () => {
    const tasks = Array.from({ length: 4 }, (_, at) => `task t${at}\n`).join('');
    expect(() => parseTrace(`pages 4294967295\n${operation}`, 't')).toThrow(
      't:1: pages 4294967295 is out of range',
    );
    expect(() => parseTrace(`pages 268435456\n${tasks}${operation}`, 't')).toThrow(
      '5 tasks of 268435456 pages',
    );
    expect(() => parseTrace('pages 8\nW 0 8 seq 1000000000000000 1 zero\n', 't')).toThrow(
      "draws '1000000000000000'",
    );
    const build = (name: string, ...argv: string[]) =>
      createWorkload(name, argv, { seed: 1, option: 'w' });
    expect(() => build('usemem', '-n', '1024', '2G')).toThrow('accepted: 1T in all');
    expect(() => build('usemem', '-R', '65G')).toThrow('accepted: 64G in all');
    expect(() => build('memhog', '4P')).toThrow('accepted: up to 1T');
    expect(() => build('memhog', '-r999999999', '4M')).toThrow('accepted: -r1 to -r65536');
  });

  it('may be 131 000 options in one word', () => {
    let told = '';
    const start = performance.now();
    const argv = [`-${'f'.repeat(131_000)}`, '/nonexistent/a'];
    expect(mkswap.runSync(argv, { ...commandIo, stderr: (text) => (told += text) })).toBe(1);
    expect(told).toContain('cannot open /nonexistent/a');
    // Minutes while the rest of the word was put together again at each letter.
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('is quoted in part', () => {
    expect(() => parseSize('9'.repeat(1e6), 'x')).toThrow(/^(?=[^]{200,600}$)/);
    expect(() => parseTrace(`pages 4\n${'y'.repeat(1e6)}`, 't')).toThrow(/^(?=[^]{200,1200}$)/);
  });
});
