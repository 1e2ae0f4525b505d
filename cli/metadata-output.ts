/** What `swaplab metadata` prints: its JSON document, and a table for people. */
import { humanSize } from '../src/area/index.ts';
import { metadataViews, type MetadataBackend } from '../src/machine/index.ts';
import type { MetadataTerm } from '../src/swap/index.ts';
import type { MetadataLine } from './metadata-options.ts';
import type { PublishedTable } from './published.ts';
import { alignTable, type Cell } from '../src/report/text/table.ts';

const MIB = 1024 * 1024;

/** One design on one backend in one state. */
export interface MetadataRow {
  readonly design: string;
  readonly backend: MetadataBackend;
  readonly usedPercent: number;
  readonly usedPages: number;
  readonly totalMiB: number;
  readonly terms: readonly MetadataTerm[];
  /** The published figure for this state, in published views of the published size. */
  readonly publishedMiB?: number;
}

export function metadataJson(
  line: MetadataLine,
  rows: readonly MetadataRow[],
  table: PublishedTable | undefined,
): unknown {
  return {
    view: line.view,
    sizeBytes: line.sizeBytes,
    fill: line.fill,
    ...(table === undefined ? {} : { source: table.source }),
    notes: line.notes,
    rows: rows.map(({ publishedMiB, ...row }) => ({
      ...row,
      bytesPerUsedPage: bytesPerPage(row),
      ...(publishedMiB === undefined
        ? {}
        : { publishedMiB, isAsPublished: publishedMiB === row.totalMiB }),
    })),
  };
}

export function metadataText(
  line: MetadataLine,
  rows: readonly MetadataRow[],
  table: PublishedTable | undefined,
): string {
  const counted = metadataViews[line.view]?.summary ?? 'as allocated';
  const title =
    `Metadata in MiB of a swap device with room for ${humanSize(line.sizeBytes, 'long')} of pages ` +
    `(${counted}), by how much of it is used` +
    (line.fill === 'dense' ? '' : ', the rest freed at random');
  const titles = ['DESIGN', 'BACKEND', 'TERM', ...line.usedPercents.map((used) => `${used} %`)];
  const body = line.cases.flatMap(({ design, backend }) =>
    caseRows(
      rows.filter((row) => row.design === design && row.backend === backend),
      line,
    ),
  );
  const below = [...line.notes, ...publishedLines(rows, table)];
  return [
    `${title}\n\n`,
    alignTable(titles, body),
    ...(below.length === 0 ? [] : ['\n', ...below.map((text) => `${text}\n`)]),
  ].join('');
}

/** A line for the total, then what it is to be compared with, then each term that is there. */
function caseRows(rows: readonly MetadataRow[], line: MetadataLine): Cell[][] {
  const [first] = rows;
  if (first === undefined) return [];
  const body: Cell[][] = [
    [first.design, first.backend, 'total', ...rows.map(({ totalMiB }) => totalMiB.toFixed(2))],
  ];
  if (rows.some(({ publishedMiB }) => publishedMiB !== undefined))
    body.push(['', '', 'published', ...rows.map((row) => row.publishedMiB?.toFixed(2) ?? '-')]);
  else
    body.push(['', '', 'bytes a page', ...rows.map((row) => bytesPerPage(row)?.toFixed(2) ?? '-')]);
  if (!line.showsTerms) return body;
  const names = [...new Set(rows.flatMap(({ terms }) => terms.map(({ term }) => term)))];
  const bytesOf = (row: MetadataRow, name: string): number =>
    row.terms.find(({ term }) => term === name)?.bytes ?? 0;
  const shown = names.filter((name) => rows.some((row) => bytesOf(row, name) > 0));
  const terms = shown.map((name) => [
    '',
    '',
    `  ${name}`,
    ...rows.map((row) => (bytesOf(row, name) / MIB).toFixed(2)),
  ]);
  return [...body, ...terms];
}

function publishedLines(
  rows: readonly MetadataRow[],
  table: PublishedTable | undefined,
): readonly string[] {
  if (table === undefined) return [];
  const compared = rows.filter(({ publishedMiB }) => publishedMiB !== undefined);
  const equal = compared.filter(({ publishedMiB, totalMiB }) => publishedMiB === totalMiB).length;
  const verdict =
    compared.length === 0
      ? 'No figure was published for this size and these percentages.'
      : `${equal} of ${compared.length} figures are the published ones.`;
  return [verdict, table.source];
}

/** What one swapped page costs, all in all; null while there is none. */
function bytesPerPage({ totalMiB, usedPages }: Omit<MetadataRow, 'publishedMiB'>): number | null {
  return usedPages === 0 ? null : (totalMiB * MIB) / usedPages;
}
