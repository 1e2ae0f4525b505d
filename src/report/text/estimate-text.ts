/** What `swaplab estimate` prints for people. */
import { humanSize } from '../../area/index.ts';
import type {
  CompressorEstimate,
  Estimate,
  Interval,
  LimitEstimate,
} from '../../estimate/index.ts';
import { grouped } from './figures.ts';
import type { CharacterSet } from './sparkline.ts';
import { alignTable, type Cell } from './table.ts';

/** One process and its part of the sample. */
export interface ProcessRow {
  readonly pid: number;
  readonly name: string;
  readonly anonymousBytes: number;
  readonly swapBytes: number;
  readonly sampledPages: number;
  readonly zeroPages: number;
  /** By the first compressor; null without a sampled page that is not zero. */
  readonly ratio: number | null;
}

export interface EstimateTextParts {
  readonly estimate: Estimate;
  /** Whose pages these are: `anonymous memory`, `pages`. */
  readonly subject: string;
  /** Where they are: `in 54 processes`. */
  readonly place: string;
  /** The largest first. */
  readonly processes: readonly ProcessRow[];
  /** How many processes there are besides those rows. */
  readonly moreProcesses: number;
  /** What was left out and why, in sentences. */
  readonly notes: readonly string[];
  readonly characters: CharacterSet;
}

/** The percentage that the summary tells, where it is among those asked for: the kernel's default. */
const DEFAULT_PERCENT = 20;
/** Characters of the longest bar. */
const BAR_WIDTH = 40;
const INK = { unicode: '█', ascii: '#' } as const;

export function estimateText(parts: EstimateTextParts): string {
  const { estimate, processes, notes } = parts;
  const [first] = estimate.compressors;
  const sections = [
    summary(parts),
    kinds(estimate),
    compressors(estimate),
    limits(estimate),
    ...(first === undefined ? [] : [histogram(first, parts.characters)]),
    ...(processes.length === 0 ? [] : [processTable(parts, first)]),
    ...(notes.length === 0 ? [] : [notes.map((note) => `${note}\n`).join('')]),
  ];
  return sections.join('\n');
}

function summary({ estimate, subject, place }: EstimateTextParts): string {
  const { bytes, pages, sampledPages, compressors: all, ramBytes } = estimate;
  const read =
    sampledPages === pages
      ? `all ${grouped(pages)} pages read`
      : `${grouped(sampledPages)} of ${grouped(pages)} pages read`;
  const rows: Cell[][] = [[subject, `${size(bytes)} ${place}; ${read}`]];
  for (const { name, poolBytes, savedBytes } of all) {
    const ratio = poolBytes.value === 0 ? '' : `, ${(bytes / poolBytes.value).toFixed(2)} : 1`;
    const what =
      savedBytes >= 0
        ? `saves ${size(savedBytes)}`
        : `costs ${size(-savedBytes)} more than it saves`;
    rows.push([
      `with ${name}`,
      `a pool of ${size(poolBytes.value)} holds all of it${ratio}; ${what}`,
    ]);
  }
  const limit = preferred(all[0]?.limits ?? []);
  if (limit !== undefined)
    rows.push([
      `at ${limit.maxPoolPercent} % of RAM`,
      `${size(limit.limitBytes)} of ${size(ramBytes)}; with ${all[0]!.name} ` +
        (limit.heldShare.value === 1
          ? 'all of it fits'
          : `${size(limit.heldBytes)} of it fit, ${percent(limit.heldShare.value)} %`),
    ]);
  return alignTable([], rows);
}

function preferred(all: readonly LimitEstimate[]): LimitEstimate | undefined {
  return all.find(({ maxPoolPercent }) => maxPoolPercent === DEFAULT_PERCENT) ?? all[0];
}

function kinds({ zero, sameFilled, other, bytes }: Estimate): string {
  const row = (name: string, share: Interval, what: string): Cell[] => [
    ...[name, percent(share.value), range(share, percent), size(share.value * bytes), what],
  ];
  return alignTable(
    ['PAGES', '%', '95 %', 'MEMORY', ''],
    [
      row('zero', zero, 'a flag; no zswap, no I/O'),
      row('of one word', sameFilled, 'compressed, to some 30 bytes'),
      row('other', other, 'compressed'),
    ],
  );
}

function compressors({ compressors: all }: Estimate): string {
  const two = (value: number): string => value.toFixed(2);
  const ratio = (interval: Interval | null): Cell[] =>
    interval === null ? ['-', '-'] : [two(interval.value), range(interval, two)];
  return alignTable(
    [
      'COMPRESSOR',
      'RATIO',
      '95 %',
      'IN POOL',
      '95 %',
      'NOT SMALLER %',
      'POOL',
      '+ENTRIES',
      'SAVED',
    ],
    all.map((each) => [
      ...[each.name, ...ratio(each.ratio), ...ratio(each.poolRatio)],
      ...[percent(each.incompressible.value), size(each.poolBytes.value)],
      ...[size(each.metadataBytes), signedSize(each.savedBytes)],
    ]),
  );
}

function limits({ compressors: all }: Estimate): string {
  const [first] = all;
  const cell = ({ heldBytes, heldShare }: LimitEstimate): string =>
    `${size(heldBytes)} (${heldShare.value === 1 ? 'all' : `${percent(heldShare.value)} %`})`;
  return alignTable(
    ['MAX_POOL_PERCENT', 'POOL', ...all.map(({ name }) => `HOLDS, ${name}`)],
    (first?.limits ?? []).map(({ maxPoolPercent, limitBytes }, index) => [
      ...[maxPoolPercent, size(limitBytes)],
      ...all.map(({ limits: own }) => cell(own[index]!)),
    ]),
  );
}

function histogram({ name, lengths }: CompressorEstimate, characters: CharacterSet): string {
  const most = Math.max(...lengths.map(({ share }) => share));
  const rows = lengths.map(({ lowBytes, highBytes, share }): Cell[] => [
    lowBytes === highBytes ? 'not smaller' : `${lowBytes} to ${highBytes}`,
    percent(share),
    most === 0 ? '' : INK[characters].repeat(Math.round((share / most) * BAR_WIDTH)),
  ]);
  return alignTable([`BYTES BY ${name.toUpperCase()}`, '%', ''], rows);
}

function processTable(
  { processes, moreProcesses }: EstimateTextParts,
  first: CompressorEstimate | undefined,
): string {
  const table = alignTable(
    ['PID', 'NAME', 'ANONYMOUS', 'IN SWAP', 'PAGES READ', 'ZERO %', `RATIO, ${first?.name ?? ''}`],
    processes.map((each) => [
      ...[each.pid, each.name, size(each.anonymousBytes), size(each.swapBytes), each.sampledPages],
      each.sampledPages === 0 ? '-' : percent(each.zeroPages / each.sampledPages),
      each.ratio === null ? '-' : each.ratio.toFixed(2),
    ]),
  );
  return moreProcesses === 0 ? table : `${table}and ${grouped(moreProcesses)} more\n`;
}

function size(bytes: number): string {
  return humanSize(Math.round(bytes), 'long');
}

function signedSize(bytes: number): string {
  return bytes < 0 ? `-${size(-bytes)}` : size(bytes);
}

function percent(share: number): string {
  return (share * 100).toFixed(1);
}

function range({ low, high }: Interval, text: (value: number) => string): string {
  return text(low) === text(high) ? text(low) : `${text(low)} to ${text(high)}`;
}
