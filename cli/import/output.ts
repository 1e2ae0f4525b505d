/** What `swaplab import` prints. */
import { LIMIT_PAGES_MIN } from '../../src/machine/index.ts';
import { grouped } from '../../src/report/text/figures.ts';
import { alignTable } from '../../src/report/text/table.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import type { AccessTraceSummary } from '../../src/workload/index.ts';
import { shellCommand } from '../shell-words.ts';

const KIB = 1024;
const MIB = KIB * KIB;

export interface Imported extends AccessTraceSummary {
  readonly format: string;
  readonly source: string;
  /** The access trace. */
  readonly file: string;
  readonly tlbEntries: number;
  readonly content: string;
}

export function importJson(imported: Imported): unknown {
  const { format, source, file, fileBytes, reads, stores, writes, drops, kept, tlbEntries } =
    imported;
  const { pages, pagesWritten, content, phases } = imported;
  return {
    ...{ format, source, file, fileBytes },
    accesses: { total: totalOf(imported), reads, stores, writes, drops },
    ...{ kept, tlb: tlbEntries, pages, pagesWritten, touchedBytes: pages * PAGE_SIZE },
    ...{ content, phases, next: nextCommand(imported) },
  };
}

export function importText(imported: Imported): string {
  const { source, file, fileBytes, reads, stores, writes, drops, kept, tlbEntries } = imported;
  const { pages, pagesWritten, content, phases } = imported;
  const total = totalOf(imported);
  const share = `${((100 * kept) / total).toFixed(2)} %`;
  const why =
    tlbEntries === 0 ? 'all are' : `${share}: the others hit a TLB of ${tlbEntries} entries`;
  const rows = [
    ['accesses', grouped(total), `of ${source}`],
    ['  reads', grouped(reads), ''],
    ['  stores', grouped(stores), ''],
    ['  writes', grouped(writes), 'of whole pages'],
    ['  drops', grouped(drops), ''],
    ['kept', grouped(kept), why],
    ['pages', grouped(pages), `${mebibytes(pages)} touched`],
    ['  written', grouped(pagesWritten), `${mebibytes(pagesWritten)}; content ${content}`],
    ['phases', grouped(phases.length), phasesText(phases)],
    ['file', grouped(fileBytes), `bytes, ${file}`],
  ] as const;
  const shown = rows.filter(([name, value]) => value !== '0' || !/^ {2}(writes|drops)/.test(name));
  return `${alignTable([], shown)}\n${smallNote(imported)}Now try:\n  ${nextCommand(imported)}\n`;
}

/** Memory in TLBs below which a run sees what was left out: src/workload/accesses/tlb.ts. */
const MEMORY_TLBS_MIN = 2;

/** What to say where no memory would be both large beside the TLB and too small for the pages. */
function smallNote(imported: Imported): string {
  const { tlbEntries } = imported;
  if (tlbEntries === 0 || usedPages(imported) > MEMORY_TLBS_MIN * tlbEntries) return '';
  return `The pages are few beside a TLB of ${tlbEntries} entries: --tlb 0 keeps all accesses.\n\n`;
}

/** A comparison in which half of what was written does not fit into memory. */
function nextCommand(imported: Imported): string {
  const { file, tlbEntries } = imported;
  const used = usedPages(imported);
  const least = Math.max(LIMIT_PAGES_MIN, MEMORY_TLBS_MIN * tlbEntries);
  const memory = sizeText(Math.max(least, Math.ceil(used / 2)));
  const swap = `${Math.max(1, Math.ceil((2 * used * PAGE_SIZE) / MIB))}M`;
  return shellCommand('compare', [
    ...['--designs', 'swap-table,vswap', '--trace', file, '--memory', memory, '--swap', swap],
  ]);
}

/** Pages that take memory; of a trace that writes nothing all. */
function usedPages({ pagesWritten, pages }: Imported): number {
  return pagesWritten > 0 ? pagesWritten : pages;
}

function totalOf({ reads, stores, writes, drops }: AccessTraceSummary): number {
  return reads + stores + writes + drops;
}

function phasesText(phases: readonly string[]): string {
  return phases.length <= 3 ? phases.join(', ') : `${phases[0]!} … ${phases.at(-1)!}`;
}

function sizeText(pages: number): string {
  const kibibytes = (pages * PAGE_SIZE) / KIB;
  return kibibytes >= 10 * KIB ? `${Math.round(kibibytes / KIB)}M` : `${kibibytes}K`;
}

function mebibytes(pages: number): string {
  return `${((pages * PAGE_SIZE) / MIB).toFixed(1)} MiB`;
}
