/** `swaplab metadata`: what each design keeps for a device of a size, so and so full. */
import { Command, Option } from 'commander';
import {
  chooseView,
  countAsPublished,
  hasBackend,
  MetadataMachine,
  metadataViews,
  type MetadataBackend,
} from '../src/machine/index.ts';
import { chooseDesign, designs, type MetadataTerm } from '../src/swap/index.ts';
import { parseSize, UsageError } from '../src/units/index.ts';
import { parseLine } from './command-line.ts';
import type { CliCommand, CommandIo } from './command.ts';
import { alignTable, type Cell } from './table.ts';

const MIB = 1024 * 1024;

interface Row {
  readonly design: string;
  readonly backend: MetadataBackend;
  readonly usedPercent: number;
  readonly usedPages: number;
  readonly totalMiB: number;
  readonly terms: readonly MetadataTerm[];
}

interface Line {
  readonly view: string;
  readonly sizeBytes: number;
  readonly usedPercents: readonly number[];
  readonly cases: readonly {
    readonly design: string;
    readonly backend: MetadataBackend;
    readonly widths: Readonly<Record<string, number>> | null;
  }[];
  readonly fill: 'dense' | 'random-frees';
  readonly seed: number;
  readonly json: boolean;
}

const EXAMPLES = `
Examples:
  swaplab metadata                                        every design at 1 GiB
  swaplab metadata --size 32G --backend zswap --design vswap,vswap-table
  swaplab metadata --design xarray,swap-table --fill random-frees
  swaplab metadata --view published                       the letter's two tables
  swaplab metadata --view song-2026-02 --json

The real view counts what is allocated, in whole pages, nodes and clusters. The others count what a
published table counts: so and so many bytes for each slot or entry. --size is room for pages; the
area's header page comes on top.
`;

export const command: CliCommand = {
  name: 'metadata',
  summary: 'bytes of metadata per design, for a device size and how full it is',
  run(argv, io) {
    const line = readLine(argv, io);
    if (line === null) return Promise.resolve(0);
    const rows = line.cases.flatMap((item) => measure(line, item));
    if (line.json)
      io.stdout(
        `${JSON.stringify({ view: line.view, sizeBytes: line.sizeBytes, rows }, null, 2)}\n`,
      );
    else io.stdout(text(line, rows));
    return Promise.resolve(0);
  },
};

/** One design on one backend, from empty to the fullest state that was asked for. */
function measure(line: Line, item: Line['cases'][number]): Row[] {
  const { design, backend, widths } = item;
  const machine = new MetadataMachine({
    design,
    backend,
    sizeBytes: line.sizeBytes,
    seed: line.seed,
  });
  const isDense = line.fill === 'dense';
  if (!isDense) machine.fillTo(machine.pageCount);
  // Filling goes up, freeing goes down; the rows come in the order that was asked for.
  const order = [...new Set(line.usedPercents)].sort((a, b) => (isDense ? a - b : b - a));
  const byPercent = new Map<number, Row>();
  for (const usedPercent of order) {
    const count = Math.round((machine.pageCount * usedPercent) / 100);
    if (isDense) machine.fillTo(count);
    else machine.freeTo(count);
    const real = machine.metadata();
    const terms = widths === null ? real : countAsPublished(widths, real, machine.pageCount);
    byPercent.set(usedPercent, {
      design,
      backend,
      usedPercent,
      usedPages: machine.usedPages,
      totalMiB: terms.reduce((sum, { bytes }) => sum + bytes, 0) / MIB,
      terms,
    });
  }
  machine.clear();
  return line.usedPercents.map((usedPercent) => byPercent.get(usedPercent)!);
}

function text(line: Line, rows: readonly Row[]): string {
  const of =
    line.view === 'real' ? 'as allocated' : (metadataViews[line.view]?.summary ?? line.view);
  const title =
    `Metadata in MiB of a swap device with room for ${line.sizeBytes / MIB} MiB of pages ` +
    `(${of}), by how much of it is used\n\n`;
  const titles = ['DESIGN', 'BACKEND', 'TERM', ...line.usedPercents.map((used) => `${used} %`)];
  const body = line.cases.flatMap(({ design, backend }) =>
    caseRows(rows.filter((row) => row.design === design && row.backend === backend)),
  );
  return title + alignTable(titles, body);
}

/** A line for the total, then one for each term that is there. */
function caseRows(rows: readonly Row[]): Cell[][] {
  const [first] = rows;
  if (first === undefined) return [];
  const names = [...new Set(rows.flatMap(({ terms }) => terms.map(({ term }) => term)))];
  const bytesOf = (row: Row, name: string): number =>
    row.terms.find(({ term }) => term === name)?.bytes ?? 0;
  const shown = names.filter((name) => rows.some((row) => bytesOf(row, name) > 0));
  return [
    [first.design, first.backend, 'total', ...rows.map(({ totalMiB }) => totalMiB.toFixed(2))],
    ...shown.map((name) => [
      '',
      '',
      `  ${name}`,
      ...rows.map((row) => (bytesOf(row, name) / MIB).toFixed(2)),
    ]),
  ];
}

function parser(): Command {
  return new Command('swaplab metadata')
    .description('bytes of metadata per design, for a device size and how full it is')
    .option('--size <SIZE>', 'room for pages (1G; in a published view its own 32G)')
    .option('--used <LIST>', 'percentages that are used (0,25,50,75,100)')
    .addOption(
      new Option('--backend <KIND>', 'where the pages are (both)').choices(['zswap', 'disk']),
    )
    .option(
      '--design <LIST>',
      `designs, as NAME or NAME:REVISION: ${Object.keys(designs).join(', ')}`,
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
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES);
}

interface Flags {
  readonly size?: string;
  readonly used?: string;
  readonly backend?: MetadataBackend;
  readonly design?: string;
  readonly view: string;
  readonly fill: Line['fill'];
  readonly seed: string;
  readonly json?: boolean;
}

function readLine(argv: readonly string[], io: CommandIo): Line | null {
  const command = parser();
  if (!parseLine(command, argv, io)) return null;
  const flags = command.opts<Flags>();
  const view = chooseView(flags.view, '--view');
  const isReal = view === 'real';
  const published = isReal ? null : metadataViews[view]!;
  return {
    view,
    sizeBytes: parseSize(flags.size ?? (isReal ? '1G' : '32G'), '--size'),
    usedPercents:
      flags.used === undefined
        ? (published?.usedPercents ?? [0, 25, 50, 75, 100])
        : readUsed(flags.used),
    cases: readCases(flags, view),
    fill: flags.fill,
    seed: readSeed(flags.seed),
    json: flags.json ?? false,
  };
}

function readCases(flags: Flags, view: string): Line['cases'] {
  const wanted = flags.design?.split(',');
  const backends: readonly MetadataBackend[] =
    flags.backend === undefined ? ['zswap', 'disk'] : [flags.backend];
  if (view === 'real')
    return (wanted ?? Object.keys(designs)).flatMap((design) => {
      const { kind } = chooseDesign(design, '--design');
      if (flags.backend !== undefined && wanted !== undefined && !hasBackend(kind, flags.backend))
        throw new UsageError(
          `--backend: ${design} writes to no device: its pages are in zswap or in memory`,
        );
      return backends
        .filter((backend) => hasBackend(kind, backend))
        .map((backend) => ({ design, backend, widths: null }));
    });
  const { rows } = metadataViews[view]!;
  for (const design of wanted ?? [])
    if (!rows.some((row) => row.design === design))
      throw new UsageError(
        `--design: '${design}' is not in ${view}; accepted: ` +
          rows.map((row) => row.design).join(', '),
      );
  // The published tables are one for each backend.
  return backends.flatMap((backend) =>
    rows
      .filter((row) => wanted?.includes(row.design) ?? true)
      .filter((row) => row.backends.includes(backend))
      .map(({ design, widths }) => ({ design, backend, widths })),
  );
}

function readUsed(list: string): number[] {
  return list.split(',').map((text) => {
    const value = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text) || value > 100)
      throw new UsageError(`--used: '${text}' is no percentage; accepted: 0 to 100`);
    return value;
  });
}

function readSeed(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new UsageError(`--seed: '${text}' is no number; accepted: 0 to 999999999`);
  return Number(text);
}
