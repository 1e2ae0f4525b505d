/** The options of `swaplab metadata`. */
import { Command, Option } from 'commander';
import {
  chooseView,
  hasBackend,
  metadataViews,
  type MetadataBackend,
  type Widths,
} from '../src/machine/index.ts';
import { chooseDesign, designs } from '../src/swap/index.ts';
import { PAGE_SIZE, parseSize, UsageError } from '../src/units/index.ts';
import { parseLine } from './command-line.ts';
import type { CommandIo } from './command.ts';
import { PUBLISHED_SIZE_BYTES } from './published.ts';

/** One design on one backend; widths as a published table counts, null for what is allocated. */
export interface MetadataCase {
  readonly design: string;
  readonly backend: MetadataBackend;
  readonly widths: Widths | null;
}

export interface MetadataLine {
  readonly view: string;
  readonly sizeBytes: number;
  readonly usedPercents: readonly number[];
  readonly cases: readonly MetadataCase[];
  readonly fill: 'dense' | 'random-frees';
  readonly seed: number;
  readonly withZswap: boolean;
  readonly showsTerms: boolean;
  /** What was left out, in sentences. */
  readonly notes: readonly string[];
  readonly json: boolean;
}

const BACKENDS: readonly MetadataBackend[] = ['zswap', 'disk'];
/** Pages of the fullest state: each takes 60 to 100 bytes of this program's own memory. */
const FILL_PAGES_MAX = 2 ** 26;
/** Cases up to which a table shows their terms unasked. */
const FEW_CASES = 4;

const EXAMPLES = `
Examples:
  swaplab metadata                                        every design at 1 GiB
  swaplab metadata --size 32G --backend zswap --design vswap,vswap-table
  swaplab metadata --design xarray,swap-table --fill random-frees
  swaplab metadata --size 1000G --used 0 --backend disk --terms
  swaplab metadata --view published                       the letter's two tables
  swaplab metadata --view song-2026-02 --json

The real view counts what is allocated, in whole pages, nodes and clusters, and what slabs take
beyond. The others count what a published table counts: so and so many bytes for each slot or entry
that there is; they show the published figures beside, and exit with 3 when one differs. --size is
room for pages; the area's header page comes on top. --fill random-frees fills everything and frees
pages at random until so many are left: what is kept for clusters that are used in part shows.
`;

export function metadataCommand(): Command {
  const collect = (value: string, before: string[]): string[] => [...before, ...value.split(',')];
  return new Command('swaplab metadata')
    .description('bytes of metadata per design, for a device size and how full it is')
    .option('--size <SIZE>', 'room for pages (1G; in a published view its own 32G)')
    .option('--used <LIST>', 'percentages that are used (0,25,50,75,100)')
    .addOption(new Option('--backend <KIND>', 'where the pages are (both)').choices(BACKENDS))
    .option(
      '--design <LIST>',
      `designs, as NAME or NAME:REVISION: ${Object.keys(designs).join(', ')}`,
      collect,
      [],
    )
    .option(
      '--view <NAME>',
      `what is counted: real, ${Object.keys(metadataViews).join(', ')}`,
      'real',
    )
    .addOption(
      new Option('--fill <HOW>', 'only filled, or filled and then freed at random')
        .choices(['dense', 'random-frees'])
        .default('dense'),
    )
    .option('--seed <N>', 'seed of the random frees', '1')
    .option('--with-zswap', "count zswap's own entries and handles too, the same in all designs")
    .option('--terms', `show the terms of more than ${FEW_CASES} rows, too`)
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES);
}

interface Flags {
  readonly size?: string;
  readonly used?: string;
  readonly backend?: MetadataBackend;
  readonly design: readonly string[];
  readonly view: string;
  readonly fill: MetadataLine['fill'];
  readonly seed: string;
  readonly withZswap?: boolean;
  readonly terms?: boolean;
  readonly json?: boolean;
}

/** @returns null when help was asked for and printed */
export function readMetadataLine(argv: readonly string[], io: CommandIo): MetadataLine | null {
  const command = metadataCommand();
  if (!parseLine(command, argv, io)) return null;
  const flags = command.opts<Flags>();
  const view = chooseView(flags.view, '--view');
  const isReal = view === 'real';
  if (!isReal && flags.withZswap === true)
    throw new UsageError(`--with-zswap: no published table counts that; accepted with --view real`);
  const sizeBytes =
    flags.size === undefined
      ? isReal
        ? 2 ** 30
        : PUBLISHED_SIZE_BYTES
      : parseSize(flags.size, '--size');
  const usedPercents = readUsed(
    flags.used ?? (isReal ? '0,25,50,75,100' : metadataViews[view]!.usedPercents.join(',')),
  );
  checkFill(sizeBytes, flags.fill === 'dense' ? Math.max(...usedPercents) : 100);
  const { cases, notes } = isReal ? realCases(flags) : publishedCases(flags, view);
  return {
    view,
    sizeBytes,
    usedPercents,
    cases,
    notes,
    fill: flags.fill,
    seed: readSeed(flags.seed),
    withZswap: flags.withZswap ?? false,
    showsTerms: flags.terms ?? cases.length <= FEW_CASES,
    json: flags.json ?? false,
  };
}

type Cases = Pick<MetadataLine, 'cases' | 'notes'>;

function realCases(flags: Flags): Cases {
  const wanted = flags.design.length > 0 ? unique(flags.design) : Object.keys(designs);
  const backends = flags.backend === undefined ? BACKENDS : [flags.backend];
  const cases: MetadataCase[] = [];
  const notes: string[] = [];
  for (const design of wanted) {
    const { kind } = chooseDesign(design, '--design');
    for (const backend of backends) {
      if (hasBackend(kind, backend)) {
        cases.push({ design, backend, widths: null });
        continue;
      }
      const reason = `${design} writes to no device: its pages are in zswap or in memory`;
      if (flags.backend !== undefined && flags.design.length > 0)
        throw new UsageError(`--backend: ${reason}; accepted: zswap`);
      notes.push(`${reason}; no row for ${backend}`);
    }
  }
  return { cases, notes };
}

/** Rows of a published table: one after the other for each backend, as the tables are. */
function publishedCases(flags: Flags, view: string): Cases {
  const { rows } = metadataViews[view]!;
  // A design without a revision is the table's one.
  const isNamed = (row: string): boolean =>
    flags.design.length === 0 ||
    flags.design.some((name) => row === name || row.startsWith(`${name}:`));
  for (const name of flags.design)
    if (!rows.some(({ design }) => design === name || design.startsWith(`${name}:`)))
      throw new UsageError(
        `--design: '${name}' is not in ${view}; accepted: ` +
          rows.map(({ design }) => design).join(', '),
      );
  const backends = flags.backend === undefined ? BACKENDS : [flags.backend];
  const cases = backends.flatMap((backend) =>
    rows
      .filter((row) => isNamed(row.design) && row.backends.includes(backend))
      .map(({ design, widths }) => ({ design, backend, widths })),
  );
  if (cases.length === 0)
    throw new UsageError(
      `--backend: ${view} has no table for '${flags.backend ?? ''}'; accepted: ` +
        unique(rows.flatMap((row) => row.backends)).join(', '),
    );
  return { cases, notes: [] };
}

function checkFill(sizeBytes: number, usedPercentMax: number): void {
  const pages = Math.round((sizeBytes / PAGE_SIZE / 100) * usedPercentMax);
  if (pages > FILL_PAGES_MAX)
    throw new UsageError(
      `--used: ${usedPercentMax} % of --size are ${pages} pages; ` +
        `accepted: up to ${FILL_PAGES_MAX} used pages (256G)`,
    );
}

function readUsed(list: string): number[] {
  const percents = list.split(',').map((text) => {
    const value = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text) || value > 100)
      throw new UsageError(`--used: '${text}' is no percentage; accepted: 0 to 100`);
    return value;
  });
  return unique(percents);
}

function readSeed(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new UsageError(`--seed: '${text}' is no number; accepted: 0 to 999999999`);
  return Number(text);
}

function unique<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}
