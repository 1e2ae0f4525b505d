/**
 * `swaplab bench`: this program's own speed against its limits.
 *
 * Each figure is a random trace's pages swapped per second (out and in each count), beside the time
 * that the same calls of lz4-napi and fs take alone in the same process. Rounds are interleaved and
 * the median is shown, because the machine may be shared and noisy. With payload none there are no
 * such calls: the limit is a bare LRU over typed arrays. Writeback in batches is measured against
 * writeback one by one (`bench-writeback.ts`).
 */
import { closeSync, openSync, readSync, rmSync, writevSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command } from 'commander';
import { createCompressor, INCOMPRESSIBLE } from '../src/codec/index.ts';
import { FileDevice, NullDevice } from '../src/device/index.ts';
import { designs } from '../src/swap/index.ts';
import { Machine, parseSpec, type PreparedArea, type RunResult } from '../src/machine/index.ts';
import { PAGE_SIZE, RunError, UsageError } from '../src/units/index.ts';
import { ContentWriter, parseTrace, TraceWorkload } from '../src/workload/index.ts';
import { runBareLru } from './bare-lru.ts';
import { parseLine } from './command-line.ts';
import type { CliCommand, CommandIo } from './command.ts';
import { measureWriteback, WRITEBACK_BATCHES, type WritebackRound } from './bench-writeback.ts';
import { describeCommand } from './description.ts';
import { command as mkswap } from './mkswap.ts';
import { createProgress } from './progress.ts';
import { alignRows } from '../src/report/text/table.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /**
   * What the calls alone, or with payload none a bare LRU, allow; of writeback, what the same pages
   * reach one by one.
   */
  readonly limit: number;
  readonly ratio: number;
  readonly rounds: readonly number[];
}

/** One measured case. */
interface Case {
  readonly name: string;
  readonly payload: 'bytes' | 'none';
  readonly zswap: boolean;
  readonly draws: number;
  readonly design: string;
}

/** The design of the figures that have a limit; the others are measured against it. */
const DEFAULT_DESIGN = 'swap-table';

const CASES: readonly Case[] = [
  { name: 'bytes, zswap', payload: 'bytes', zswap: true, draws: 60_000, design: DEFAULT_DESIGN },
  { name: 'bytes, file', payload: 'bytes', zswap: false, draws: 60_000, design: DEFAULT_DESIGN },
  { name: 'none, zswap', payload: 'none', zswap: true, draws: 1_000_000, design: DEFAULT_DESIGN },
  { name: 'none, device', payload: 'none', zswap: false, draws: 1_000_000, design: DEFAULT_DESIGN },
];

/** With `--designs`: every other design with payload none, beside the default one. */
function designCases(): Case[] {
  return Object.entries(designs)
    .filter(([design]) => design !== DEFAULT_DESIGN)
    .flatMap(([design, kind]): Case[] => {
      const none = { payload: 'none', draws: 1_000_000, design } as const;
      const zswap: Case = { ...none, name: `none, zswap, ${design}`, zswap: true };
      // What cannot write back has no figure for a device.
      return kind.writesBack
        ? [zswap, { ...none, name: `none, device, ${design}`, zswap: false }]
        : [zswap];
    });
}

/** Pages of the mapping; the limit is a third of it. */
const PAGES = 24_576;
const AREA_BYTES = 512 * 1024 * 1024;
/** Compressor calls between turns of the event loop, as the machine does. */
const CALLS_PER_TURN = 1000;

export const command: CliCommand = {
  name: 'bench',
  summary: "this program's own speed against its limits",
  describe: () => describeCommand(benchCommand()),
  async run(argv, io) {
    const options = readLine(argv, io);
    if (options === null) return 0;
    const folder = makeTemporaryFolder();
    try {
      const figures = await measure(folder, options, io);
      if (options.json) io.stdout(`${JSON.stringify({ figures }, null, 2)}\n`);
      else io.stdout(alignRows(figures.map(row)));
      return 0;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

interface BenchOptions {
  readonly rounds: number;
  readonly scale: number;
  readonly designs: boolean;
  readonly json: boolean;
}

function benchCommand(): Command {
  return new Command('swaplab bench')
    .description("measure swaplab's own speed against what lz4-napi and fs alone allow")
    .option('--rounds <N>', 'interleaved rounds', '5')
    .option('--scale <F>', 'share of the usual number of operations', '1')
    .option('--designs', 'the other designs too, measured against swap-table')
    .option('--json', 'print one JSON document');
}

function readLine(argv: readonly string[], io: CommandIo): BenchOptions | null {
  const parser = benchCommand();
  if (!parseLine(parser, argv, io)) return null;
  const flags = parser.opts<{ rounds: string; scale: string; designs?: boolean; json?: boolean }>();
  const rounds = Number(flags.rounds);
  const scale = Number(flags.scale);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
    throw new UsageError(`--rounds: '${flags.rounds}' is not accepted; accepted: 1 to 100`);
  if (!(scale > 0 && scale <= 100))
    throw new UsageError(`--scale: '${flags.scale}' is not accepted; accepted: above 0, up to 100`);
  return { rounds, scale, designs: flags.designs ?? false, json: flags.json ?? false };
}

async function measure(
  folder: string,
  options: BenchOptions,
  io: CommandIo,
): Promise<readonly Figure[]> {
  const path = join(folder, 'bench.swap');
  const quiet = { ...io, stdout: () => undefined };
  if ((await mkswap.run(['-q', '-F', '-s', String(AREA_BYTES), path], quiet)) !== 0)
    throw new RunError('bench: no swap area could be made');
  const cases = options.designs ? [...CASES, ...designCases()] : CASES;
  const rates = cases.map((): number[] => []);
  const limits = cases.map((): number[] => []);
  const writeback = WRITEBACK_BATCHES.map((): WritebackRound[] => []);
  const steps = cases.length + WRITEBACK_BATCHES.length;
  const total = options.rounds * steps;
  const progress = createProgress({ label: 'measuring', unit: 'measurements', total }, io);
  for (let round = 0; round < options.rounds; round++) {
    for (const [index, item] of cases.entries()) {
      progress.update({ done: round * steps + index });
      const measured = await measureCase(item, path, options.scale);
      rates[index]!.push(measured.pagesPerSecond);
      limits[index]!.push(limitOf(item, measured.limit, (other) => rates[CASES.indexOf(other)]!));
    }
    for (const [index, batch] of WRITEBACK_BATCHES.entries())
      writeback[index]!.push(await runWriteback(path, batch, options.scale));
  }
  progress.stop();
  return [
    ...cases.map(({ name }, index) => figure(name, 'pages/s', rates[index]!, limits[index]!)),
    ...writebackFigures(writeback),
  ];
}

function figure(
  name: string,
  unit: string,
  values: readonly number[],
  limits: readonly number[],
): Figure {
  // Rate and limit of one round saw the same noise: the ratio is taken round by round.
  const ratios = limits.map((each, round) => values[round]! / each);
  return {
    name,
    value: Math.round(median(values)),
    unit,
    limit: Math.round(median(limits)),
    ratio: Number(median(ratios).toFixed(3)),
    rounds: values.map(Math.round),
  };
}

/** Speed, pages and I/Os of each batch size beside those of the first. */
function writebackFigures(rounds: readonly (readonly WritebackRound[])[]): Figure[] {
  const single = rounds[0]!;
  return WRITEBACK_BATCHES.flatMap((batch, index) => {
    const compared = (what: string, unit: string, of: (round: WritebackRound) => number): Figure =>
      figure(`writeback by ${batch}${what}`, unit, rounds[index]!.map(of), single.map(of));
    return [
      compared('', 'pages/s', (round) => round.pagesPerSecond),
      compared(', written', 'pages', (round) => round.pages),
      compared(', calls', 'I/Os', (round) => round.ios),
    ];
  });
}

async function runWriteback(path: string, batch: number, scale: number): Promise<WritebackRound> {
  const area = prepareArea({ payload: 'bytes' }, path);
  try {
    return await measureWriteback(area, batch, scale);
  } finally {
    area.device.close();
  }
}

/** Another design's limit is what the default one has just reached in the same case. */
function limitOf(item: Case, own: number, ratesOf: (other: Case) => readonly number[]): number {
  if (item.design === DEFAULT_DESIGN) return own;
  const other = CASES.find(
    ({ payload, zswap }) => payload === item.payload && zswap === item.zswap,
  );
  return ratesOf(other!).at(-1)!;
}

/** Runs one case, then the same calls without the emulator. */
async function measureCase(
  item: Case,
  path: string,
  scale: number,
): Promise<{ readonly pagesPerSecond: number; readonly limit: number }> {
  const area = prepareArea(item, path);
  try {
    const result = await runCase(item, area, Math.ceil(item.draws * scale));
    // The fill is not part of the figure: only the random phase swaps in both directions.
    const random = result.phases[1]!;
    const count = (name: string): number => random.counters[name] ?? 0;
    const pages = count('zswpout') + count('zswpin') + count('pswpout') + count('pswpin');
    const pagesPerSecond = (pages * 1000) / random.wallMs;
    if (item.payload === 'none') {
      const bare = runBareLru(PAGES, PAGES / 3, 4 * item.draws);
      return { pagesPerSecond, limit: (bare.swapped * 1000) / bare.elapsedMs };
    }
    const callsMs =
      (await codecMs(count('zswpout'), count('zswpin'))) +
      ioMs(path, { writes: count('deviceWrite'), pages: count('pswpout'), reads: count('pswpin') });
    return { pagesPerSecond, limit: (pages * 1000) / callsMs };
  } finally {
    area.device.close();
  }
}

function prepareArea(item: Pick<Case, 'payload'>, path: string): PreparedArea {
  const device =
    item.payload === 'none'
      ? new NullDevice({ name: path, sizeBytes: AREA_BYTES })
      : FileDevice.open(path);
  return {
    type: 0,
    name: path,
    kind: 'file',
    maxPages: AREA_BYTES / PAGE_SIZE,
    badPages: [],
    priority: 0,
    profile: 'nvme',
    device,
    problem: () => (device instanceof FileDevice ? device.problem : null),
  };
}

async function runCase(item: Case, area: PreparedArea, draws: number): Promise<RunResult> {
  const trace = `pages ${PAGES}
W 0 ${PAGES} seq ${PAGES} 1 mix:1536
M 0 ${PAGES} rand ${draws} 7 -
`;
  const spec = parseSpec(
    {
      payload: item.payload,
      design: item.design,
      // Without readahead: what 6.18 reads ahead out of zswap stays in memory until it is used, and
      // the random reads of this trace would end in the OOM killer, as they do on that kernel.
      machine: { memory: (PAGES / 3) * PAGE_SIZE, ram: '4G', pageCluster: 0 },
      areas: [{ path: area.name }],
      zswap: { enabled: item.zswap },
      workload: { trace },
    },
    'bench',
  );
  const workload = new TraceWorkload(parseTrace(trace, 'bench'), { file: null });
  return await new Machine(spec, [area], workload).run();
}

/** Milliseconds that so many compressions and decompressions take alone. */
async function codecMs(compressions: number, decompressions: number): Promise<number> {
  if (compressions + decompressions === 0) return 0;
  const compressor = createCompressor('lz4', 'bench');
  const pages = samplePages();
  const target = Buffer.alloc(2 * PAGE_SIZE);
  const packed = pages.map((page) => {
    const length = compressor.compress(page, target);
    if (length === INCOMPRESSIBLE) throw new RunError('bench: its pages compress');
    const bytes = Buffer.alloc(compressor.headroomBytes + length);
    target.copy(bytes, compressor.headroomBytes, 0, length);
    return { bytes, length };
  });
  const startMs = performance.now();
  for (let i = 0; i < Math.max(compressions, decompressions); i++) {
    const at = i % pages.length;
    if (i < compressions) compressor.compress(pages[at]!, target);
    if (i < decompressions)
      compressor.decompress(packed[at]!.bytes, packed[at]!.length, pages[at]!);
    if (i % (CALLS_PER_TURN / 2) === 0) await nextTurn();
  }
  return performance.now() - startMs;
}

/** Milliseconds that the same number of reads and of vectored writes take alone. */
function ioMs(
  path: string,
  calls: { readonly writes: number; readonly pages: number; readonly reads: number },
): number {
  if (calls.pages + calls.reads === 0) return 0;
  const fd = openSync(path, 'r+');
  const pages = samplePages();
  const slots = AREA_BYTES / PAGE_SIZE / 4;
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 1 + (state % (slots - 64));
  };
  const perWrite = Math.max(1, Math.round(calls.pages / Math.max(1, calls.writes)));
  const run = pages.slice(0, perWrite);
  const startMs = performance.now();
  for (let i = 0; i < Math.max(calls.writes, calls.reads); i++) {
    if (i < calls.writes) writevSync(fd, run, next() * PAGE_SIZE);
    if (i < calls.reads) readSync(fd, pages[i % pages.length]!, 0, PAGE_SIZE, next() * PAGE_SIZE);
  }
  const elapsedMs = performance.now() - startMs;
  closeSync(fd);
  return elapsedMs;
}

/** Pages with the contents of the measured trace. */
function samplePages(): Buffer[] {
  const writer = new ContentWriter(null);
  const memory = new ArrayBuffer(512 * PAGE_SIZE);
  return Array.from({ length: 512 }, (_, page) => {
    const bytes = Buffer.from(memory, page * PAGE_SIZE, PAGE_SIZE);
    writer.write({ kind: 'mix', words: 384 }, page, 1, bytes);
    return bytes;
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function row(figure: Figure): Record<string, string | number> {
  const rounds = figure.rounds;
  return {
    FIGURE: figure.name,
    VALUE: figure.value.toLocaleString('en-US'),
    UNIT: figure.unit,
    LIMIT: figure.limit.toLocaleString('en-US'),
    RATIO: figure.ratio,
    ROUNDS: `${Math.min(...rounds).toLocaleString('en-US')} to ${Math.max(...rounds).toLocaleString('en-US')}`,
  };
}
