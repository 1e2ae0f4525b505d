/** The options of `swaplab estimate`. */
import { Command } from 'commander';
import { compressors, createCompressor, type Compressor } from '../../src/codec/index.ts';
import { PAGE_SIZE, parseSize, UsageError } from '../../src/units/index.ts';
import { parseLine } from '../command-line.ts';
import type { CommandIo } from '../command.ts';
import { numberWithin } from '../run-options.ts';

/** Whose pages are looked at. */
export type EstimateSource =
  | { readonly kind: 'pids'; readonly pids: readonly number[] }
  | { readonly kind: 'all' }
  | { readonly kind: 'file'; readonly path: string };

export interface EstimateLine {
  readonly source: EstimateSource;
  readonly compressors: readonly Compressor[];
  /** Pages that are read at most. */
  readonly samples: number;
  readonly seed: number;
  readonly percents: readonly number[];
  /** null: what this machine has. */
  readonly ramBytes: number | null;
  /** Rows of the table of processes. */
  readonly top: number;
  readonly json: boolean;
}

/** Deflate takes 0.1 ms for a page: a million of them are minutes, and 4 GiB of a pipe kept in memory. */
const SAMPLES_MAX = 1_000_000;

const EXAMPLES = `
Examples:
  swaplab estimate --all                          every process, as root; otherwise one's own
  swaplab estimate --pid 4711 --compressor lz4,zstd
  swaplab estimate --all --percent 5,10 --ram 64G --json
  dd if=/dev/vg0/swap bs=4096 skip=1 | swaplab estimate --file -

Reads a sample of the pages, each with the same chance, and puts what they compress to into this
program's zsmalloc. Nothing is written: page tables are read, and those sampled pages that are in
memory; the kernel marks these as accessed, as it does for every reader of /proc/PID/mem. Pages in
swap, of files, of shared memory and locked ones are not looked at. The intervals are of 95 %.
`;

export function estimateCommand(): Command {
  return new Command('swaplab estimate')
    .description("what zswap would hold of this machine's memory, or of a file of pages")
    .option('--pid <PID...>', 'the anonymous memory of these processes, also as 1,2,3')
    .option('--all', "of all processes (as root; otherwise one's own)")
    .option('--file <FILE>', 'a file of pages of 4096 bytes, - for standard input')
    .option(
      '--compressor <NAMES>',
      `which ones, the first in detail: ${Object.keys(compressors).join(', ')}`,
      Object.keys(compressors).join(','),
    )
    .option('--samples <N>', 'pages to read at most', '5000')
    .option('--seed <N>', 'seed of the sample', '1')
    .option('--percent <LIST>', 'values of max_pool_percent', '10,20,40')
    .option('--ram <SIZE>', 'the memory of which those are percentages (that of this machine)')
    .option('--top <N>', 'rows of the table of processes', '5')
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES);
}

interface Flags {
  readonly pid?: readonly string[];
  readonly all?: boolean;
  readonly file?: string;
  readonly compressor: string;
  readonly samples: string;
  readonly seed: string;
  readonly percent: string;
  readonly ram?: string;
  readonly top: string;
  readonly json?: boolean;
}

/** @returns null when help was asked for and printed */
export function readEstimateLine(argv: readonly string[], io: CommandIo): EstimateLine | null {
  const command = estimateCommand();
  if (!parseLine(command, argv, io)) return null;
  const flags = command.opts<Flags>();
  return {
    source: readSource(flags),
    compressors: unique(flags.compressor.split(',')).map((name) =>
      createCompressor(name, '--compressor'),
    ),
    samples: numberWithin(flags.samples, '--samples', 1, SAMPLES_MAX),
    seed: numberWithin(flags.seed, '--seed', 0, 0xffff_ffff),
    percents: unique(
      flags.percent.split(',').map((text) => numberWithin(text, '--percent', 1, 100)),
    ),
    ramBytes: flags.ram === undefined ? null : readRam(flags.ram),
    top: numberWithin(flags.top, '--top', 0, 1_000_000),
    json: flags.json ?? false,
  };
}

function readSource({ pid, all, file }: Flags): EstimateSource {
  const given = [pid && '--pid', all === true && '--all', file !== undefined && '--file'].filter(
    (name) => typeof name === 'string',
  );
  if (given.length === 0)
    throw new UsageError('whose memory? accepted: --pid PID…, --all or --file FILE');
  if (given.length > 1)
    throw new UsageError(`${given.join(' and ')}: accepted: one of --pid, --all and --file`);
  if (file !== undefined) return { kind: 'file', path: file };
  if (pid === undefined) return { kind: 'all' };
  const pids = pid.flatMap((word) => word.split(',')).map(readPid);
  return { kind: 'pids', pids: unique(pids) };
}

/** @source linux 6.18 include/linux/threads.h PID_MAX_LIMIT: 4 Mi */
function readPid(text: string): number {
  return numberWithin(text, '--pid', 1, 4_194_304);
}

function readRam(text: string): number {
  const bytes = parseSize(text, '--ram');
  if (bytes < PAGE_SIZE)
    throw new UsageError(`--ram: '${text}' is less than a page; accepted: ${PAGE_SIZE} or more`);
  return bytes;
}

function unique<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}
