/** `swaplab metadata`: what each design keeps for a device of a size, so and so full. */
import { countAsPublished, MetadataMachine, slabRounding } from '../src/machine/index.ts';
import { PAGE_SIZE } from '../src/units/index.ts';
import type { MetadataTerm } from '../src/swap/index.ts';
import type { CliCommand } from './command.ts';
import { describeCommand } from './description.ts';
import {
  metadataCommand,
  readMetadataLine,
  type MetadataCase,
  type MetadataLine,
} from './metadata-options.ts';
import { metadataJson, metadataText, type MetadataRow } from './metadata-output.ts';
import { createProgress } from './progress.ts';
import { detail } from './telling.ts';
import { PUBLISHED_SIZE_BYTES, publishedMetadata, type PublishedTable } from './published.ts';

const MIB = 1024 * 1024;
/** Exit code when a figure is not the published one. */
const EXIT_DIFFERS = 3;

export const command: CliCommand = {
  name: 'metadata',
  summary: 'bytes of metadata per design, for a device size and how full it is',
  describe: () => describeCommand(metadataCommand()),
  run(argv, io) {
    const line = readMetadataLine(argv, io);
    if (line === null) return Promise.resolve(0);
    const table = line.view === 'real' ? undefined : publishedMetadata()[line.view];
    const bar = createProgress({ label: 'filling', unit: 'pages' }, io);
    // Filled once per case, and with random frees emptied again.
    const pagesPerCase = pagesMoved(line);
    const total = pagesPerCase * line.cases.length;
    const rows = line.cases.flatMap((item, index) => {
      detail(io, `${item.design}, ${item.backend}: ${pagesPerCase} pages are moved`);
      return measure(line, item, table, (label, moved) => {
        bar.update({ done: index * pagesPerCase + moved, total, label });
      });
    });
    bar.stop();
    if (line.json) io.stdout(`${JSON.stringify(metadataJson(line, rows, table), null, 2)}\n`);
    else io.stdout(metadataText(line, rows, table));
    const differs = rows.some(
      ({ publishedMiB, totalMiB }) => publishedMiB !== undefined && publishedMiB !== totalMiB,
    );
    return Promise.resolve(differs ? EXIT_DIFFERS : 0);
  },
};

/** One design on one backend, from empty to the fullest state that was asked for. */
function measure(
  line: MetadataLine,
  item: MetadataCase,
  table: PublishedTable | undefined,
  progress: (text: string, pagesMoved: number) => void,
): MetadataRow[] {
  const { design, backend } = item;
  const machine = new MetadataMachine({
    design,
    backend,
    sizeBytes: line.sizeBytes,
    seed: line.seed,
  });
  const isDense = line.fill === 'dense';
  // Filling goes up, freeing goes down; the rows come in the order that was asked for.
  const order = [...line.usedPercents].sort((a, b) => (isDense ? a - b : b - a));
  const byPercent = new Map<number, MetadataRow>();
  for (const usedPercent of order) {
    const tell = (moved: number): void => {
      progress(`${design}, ${backend}: ${usedPercent} %`, moved);
    };
    const count = Math.round((machine.pageCount * usedPercent) / 100);
    if (isDense) machine.fillTo(count, tell);
    else {
      if (byPercent.size === 0) machine.fillTo(machine.pageCount, tell);
      machine.freeTo(count, (used) => {
        tell(2 * machine.pageCount - used);
      });
    }
    const terms = countTerms(machine, line, item);
    const published = publishedFigure(table, line, item, usedPercent);
    byPercent.set(usedPercent, {
      design,
      backend,
      usedPercent,
      usedPages: machine.usedPages,
      totalMiB: terms.reduce((sum, { bytes }) => sum + bytes, 0) / MIB,
      terms,
      ...(published === undefined ? {} : { publishedMiB: published }),
    });
  }
  machine.clear();
  return line.usedPercents.map((usedPercent) => byPercent.get(usedPercent)!);
}

/** Pages that are put there and taken away again for each case. */
function pagesMoved({ sizeBytes, usedPercents, fill }: MetadataLine): number {
  const pages = sizeBytes / PAGE_SIZE;
  const most = (pages * Math.max(...usedPercents)) / 100;
  return Math.round(
    fill === 'dense' ? most : 2 * pages - (pages * Math.min(...usedPercents)) / 100,
  );
}

function countTerms(
  machine: MetadataMachine,
  line: MetadataLine,
  { widths }: MetadataCase,
): readonly MetadataTerm[] {
  const terms = machine.metadata();
  if (widths !== null) return countAsPublished(widths, terms, machine.slotsWithoutPage);
  const counted = line.withZswap ? [...terms, ...machine.zswapMetadata()] : terms;
  return [...counted, slabRounding(counted)];
}

function publishedFigure(
  table: PublishedTable | undefined,
  line: MetadataLine,
  { design, backend }: MetadataCase,
  usedPercent: number,
): number | undefined {
  if (line.sizeBytes !== PUBLISHED_SIZE_BYTES) return undefined;
  const row = table?.rows.find((each) => each.design === design && each.backend === backend);
  return row?.mib[row.used.indexOf(usedPercent)];
}
