/** `swaplab estimate`: on a child with known memory, on files of pages, and what it refuses. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from '../../cli/estimate.ts';
import { parseSmaps, type LengthBucket } from '../../src/estimate/index.ts';
import { UsageError } from '../../src/units/index.ts';
import { Workplace, type Outcome } from './swaplab.ts';

const place = new Workplace();
const isRoot = process.getuid?.() === 0;
afterAll(() => {
  place.remove();
});

interface Share {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

interface Document {
  readonly pages: number;
  readonly sampledPages: number;
  readonly source: Readonly<Record<string, unknown>>;
  readonly shares: Readonly<Record<'zero' | 'sameFilled' | 'other', Share>>;
  readonly compressors: readonly {
    readonly name: string;
    readonly ratio: Share;
    readonly incompressible: Share;
    readonly poolBytes: Share;
    readonly lengths: readonly LengthBucket[];
    readonly limits: readonly { readonly maxPoolPercent: number; readonly heldShare: Share }[];
  }[];
  readonly processes: { readonly rows: readonly Readonly<Record<string, unknown>>[] };
}

function documentOf(run: Outcome): Document {
  expect([run.code, run.stderr]).toEqual([0, '']);
  return JSON.parse(run.stdout) as Document;
}

/** 4 MiB each of zeros, one byte, noise and text, as much that nobody has touched; then it stands. */
const KNOWN_PAGES = 1024;
const HOLDER = `
const part = ${KNOWN_PAGES} * 4096;
const { allocUnsafeSlow } = Buffer;
globalThis.held = [
  allocUnsafeSlow(part).fill(0),
  allocUnsafeSlow(part).fill(0x5a),
  require('node:crypto').randomFillSync(allocUnsafeSlow(part)),
  allocUnsafeSlow(part).fill('swap entries, clusters and slots; '),
  allocUnsafeSlow(part),
];
process.stdout.write('ready', () => process.kill(process.pid, 'SIGSTOP'));
`;

/** What the kernel counts for a process; what others that map the same files change is left out. */
function countsOf(pid: number): string {
  const smaps = readFileSync(`/proc/${pid}/smaps`, 'latin1');
  return smaps.replaceAll(/^(Pss|Shared_Clean|Private_Clean|SwapPss).*\n/gm, '');
}

/**
 * Which pages of a process's mappings with anonymous memory are there, in swap, or of a file: the top
 * bits of its page table, for smaps does not show that a page of zeros has come to be mapped.
 */
function pagesOf(pid: number): string[] {
  const file = openSync(`/proc/${pid}/pagemap`, 'r');
  const mappings = parseSmaps(readFileSync(`/proc/${pid}/smaps`, 'latin1'));
  const states = mappings
    .filter(({ anonymousPages }) => anonymousPages > 0)
    .map(({ firstPage, pageCount }) => {
      const words = Buffer.alloc(pageCount * 8);
      readSync(file, words, 0, words.length, firstPage * 8);
      return Array.from({ length: pageCount }, (_, i) => words[8 * i + 7]! >>> 5).join('');
    });
  closeSync(file);
  return states;
}

describe('swaplab estimate --pid', () => {
  let child: ChildProcess;
  let before: string;
  let pagesBefore: string[];
  let run: Outcome;
  let document: Document;

  beforeAll(async () => {
    child = spawn(process.execPath, ['-e', HOLDER], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout!, 'data');
    const state = (): string =>
      /^State:\t(\w)/m.exec(readFileSync(`/proc/${child.pid!}/status`, 'latin1'))![1]!;
    while (state() !== 'T') await new Promise((resolve) => setTimeout(resolve, 10));
    before = countsOf(child.pid!);
    pagesBefore = pagesOf(child.pid!);
    run = place.swaplab(
      'estimate',
      '--pid',
      String(child.pid),
      '--samples',
      '100000',
      '--json',
      '--compressor',
      'lz4',
    );
    document = documentOf(run);
  });
  afterAll(() => {
    child.kill('SIGKILL');
  });

  it('finds the memory that is known to be there', () => {
    const { pages, sampledPages, shares, compressors } = document;
    expect(sampledPages).toBe(pages);
    // Beside it there is Node itself, which has few such pages.
    const known = [shares.zero, shares.sameFilled, compressors[0]!.incompressible];
    for (const { value } of known) {
      expect(value * pages).toBeGreaterThanOrEqual(KNOWN_PAGES - 1);
      expect(value * pages).toBeLessThan(KNOWN_PAGES + 400);
    }
    expect(document.source).toMatchObject({ kind: 'pids', processCount: 1, lostPages: 0 });
    expect(document.processes.rows[0]).toMatchObject({ pid: child.pid, sampledPages: pages });
  });

  it('changes nothing: no page comes, goes, is written or becomes another', () => {
    expect(countsOf(child.pid!)).toBe(before);
    expect(pagesOf(child.pid!)).toEqual(pagesBefore);
    // Memory that nobody has touched is among it.
    expect(pagesBefore.some((pages) => pages.includes('0'.repeat(KNOWN_PAGES - 1)))).toBe(true);
  });

  it('tells the same from a sample, within its intervals', () => {
    const argv = [
      'estimate',
      '--pid',
      String(child.pid),
      '--samples',
      '800',
      '--json',
      '--compressor',
      'lz4',
    ];
    const sampled = documentOf(place.swaplab(...argv));
    expect(sampled.sampledPages).toBe(800);
    for (const key of ['zero', 'sameFilled', 'other'] as const) {
      const { value, low, high } = sampled.shares[key];
      expect(high - low).toBeLessThan(0.08);
      // Twice the half width of 95 %: one run of ten thousand is beyond it.
      expect(Math.abs(value - document.shares[key].value)).toBeLessThan(high - low);
    }
  });

  it.skipIf(!isRoot)('is refused to other users, in words', () => {
    const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const argv = [program, 'estimate', '--pid', String(child.pid)];
    const { status, stderr } = spawnSync(process.execPath, argv, {
      ...{ uid: 65_534, gid: 65_534, cwd: '/', encoding: 'utf8' },
    });
    expect(stderr).toContain(
      `--pid: ${child.pid!}: permission denied; accepted: a process of the same user`,
    );
    expect(status).toBe(1);
  });
});

describe.skipIf(!isRoot)('swaplab estimate --all', () => {
  it('says what zswap would hold of this machine in its first lines', () => {
    const run = place.swaplab('estimate', '--all', '--samples', '500', '--compressor', 'lz4,zstd');
    expect(run.code).toBe(0);
    const [memory, ...next] = run.stdout.split('\n');
    expect(memory).toMatch(
      /^anonymous memory {2}[\d.]+ [MG]iB in \d+ process(es)?; .* pages read$/,
    );
    expect(next[0]).toMatch(/^with lz4 +a pool of .* holds all of it, [\d.]+ : 1; saves /);
    expect(next[1]).toMatch(/^with zstd /);
    expect(next[2]).toMatch(/^at 20 % of RAM {2}.* of .*; with lz4 /);
  });
});

const canUnshare = isRoot && spawnSync('unshare', ['--user', '--mount', 'true']).status === 0;

describe.skipIf(!canUnshare)('swaplab estimate in a namespace', () => {
  const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  const inNamespace = (option: string, script: string): readonly [number | null, string] => {
    const argv = [option, 'sh', '-c', script, process.execPath, program];
    const { status, stderr } = spawnSync('unshare', argv, { encoding: 'utf8', timeout: 30_000 });
    return [status, stderr];
  };

  it('says that it may look at nobody', () => {
    const [status, stderr] = inNamespace('--user', 'exec "$0" "$1" estimate --all --samples 10');
    expect(stderr).toMatch(
      /: no anonymous memory was .*; left out: \d+ processes?, permission denied/,
    );
    expect(status).toBe(1);
  });

  it('says that /proc is missing', () => {
    const script = 'mount -t tmpfs none /proc && exec "$0" "$1" estimate --pid 1';
    const [status, stderr] = inNamespace('--mount', script);
    expect(stderr).toMatch(
      /: \/proc\/self\/smaps is not there; accepted: Linux with \/proc mounted/,
    );
    expect(status).toBe(1);
  });
});

describe('swaplab estimate --file', () => {
  const text = Buffer.alloc(4096, 'swap entries, clusters and slots; ');
  const pages = [Buffer.alloc(4096), Buffer.alloc(4096, 7), text, text];

  it('reads a file and a pipe alike, leaves out what is behind the last page, and says so', () => {
    const path = place.write('pages', Buffer.concat([...pages, Buffer.alloc(100, 1)]));
    const argv = [
      'estimate',
      '--compressor',
      'lz4',
      '--ram',
      '64K',
      '--percent',
      '20',
      '--json',
      '--file',
    ];
    const fromFile = documentOf(place.swaplab(...argv, path));
    expect(fromFile).toMatchObject({
      ...{ pages: 4, sampledPages: 4, source: { kind: 'file', trailingBytes: 100 } },
      shares: { zero: { value: 0.25 }, sameFilled: { value: 0.25 }, other: { value: 0.5 } },
      // 20 % of 16 pages are three; the classes of 26 and of 58 bytes begin with 3 and 5 pages. The
      // zero page needs none.
      compressors: [
        { limits: [{ limitBytes: 3 * 4096, heldShare: { value: 1 / 4 + (3 / 4) * (3 / 8) } }] },
      ],
    });
    const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const { stdout } = spawnSync(process.execPath, [program, ...argv, '-'], {
      ...{ input: readFileSync(path), encoding: 'utf8', cwd: place.folder },
    });
    const fromPipe = JSON.parse(stdout) as Document;
    expect({ ...fromPipe, source: null }).toEqual({ ...fromFile, source: null });
  });
});

describe('a wrong call of swaplab estimate', () => {
  const io = { stdout: () => undefined, stderr: () => undefined, databasePath: '', env: {} };

  it.each([
    [[], /^whose memory\? accepted: --pid PID…, --all or --file FILE$/],
    [['--pid', '1', '--all'], /^--pid and --all: accepted: one of/],
    [['--pid', '0'], /^--pid: '0' is not accepted; accepted: 1 to 4194304$/],
    [['--pid', 'init'], /^--pid: 'init' is not accepted/],
    // Numbers end below it unless somebody has raised kernel.pid_max.
    [['--pid', '4194304'], /^--pid: 4194304: there is no such process$/],
    [['--file', 'short'], /^--file: .*short has 5 bytes; accepted: a page of 4096 or more$/],
    [['--file', 'none'], /^--file: .*none cannot be opened: ENOENT$/],
    [['--file', ''], /^--file: .* is a folder; accepted: a file of pages, -$/],
    [
      ['--all', '--compressor', 'lz5'],
      /^--compressor: 'lz5' is no compressor: .*did you mean lz4\?$/,
    ],
    [['--all', '--percent', '10,120'], /^--percent: '120' is not accepted; accepted: 1 to 100$/],
    [['--all', '--samples', '0'], /^--samples: '0' is not accepted/],
    [['--all', '--ram', '1K'], /^--ram: '1K' is less than a page/],
  ])('%j is answered with what is accepted', async (argv, message) => {
    place.write('short', 'hello');
    const inPlace = argv.map((word, i) => (argv[i - 1] === '--file' ? place.path(word) : word));
    const call = command.run(inPlace, io);
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toBeInstanceOf(UsageError);
  });

  it('is one of a process that has ended and still has its number', async () => {
    const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 60']);
    try {
      const [number] = (await once(parent.stdout, 'data')) as [Buffer];
      const zombie = number.toString().trim();
      const isZombie = (): boolean =>
        /^State:\tZ/m.test(readFileSync(`/proc/${zombie}/status`, 'latin1'));
      while (!isZombie()) await new Promise((resolve) => setTimeout(resolve, 10));
      const message = `--pid: ${zombie} has no memory of its own: it is a kernel thread, or has ended`;
      await expect(command.run(['--pid', zombie], io)).rejects.toThrow(message);
    } finally {
      parent.kill();
    }
  });

  it('leaves no file open', async () => {
    const lowest = (): number => {
      const file = openSync('/dev/null', 'r');
      closeSync(file);
      return file;
    };
    const before = lowest();
    await expect(command.run(['--file', place.write('short', 'hello')], io)).rejects.toThrow();
    expect(lowest()).toBe(before);
  });
});
