/**
 * What a published table counts of a design's metadata: terms, and how many bytes for each thing
 * that a term is kept for. The things are counted by the live design (`MetadataTerm.units`); the
 * widths are the table's. The `real` view counts bytes as they are allocated.
 * @source fixtures/published/metadata-tables.json; virtual swap notes, "the two memory tables"
 */
import { didYouMean, SWAPFILE_CLUSTER, UsageError } from '../units/index.ts';
import type { MetadataTerm } from '../swap/index.ts';
import type { MetadataBackend } from './metadata-machine.ts';

/** Bytes for each unit, by term; of cluster infos, for each slot of theirs that can hold a page. */
export type Widths = Readonly<Record<string, number>>;

interface ViewRow {
  /** NAME or NAME:REVISION. */
  readonly design: string;
  readonly backends: readonly MetadataBackend[];
  readonly widths: Widths;
}

export interface MetadataView {
  readonly summary: string;
  readonly rows: readonly ViewRow[];
  readonly usedPercents: readonly number[];
}

/** 3 bytes and a bit for each slot of the area. */
const OLD_STATIC: Widths = { swap_map: 1, swap_cgroup: 2, zeromap: 1 / 8 };
const VSWAP: Widths = {
  swp_desc: 24,
  vswap_cluster_bitmap: 1 / 8,
  reverse_map: 8,
  allocated_bitmap: 1 / 8,
  bad_bitmap: 1 / 8,
};
/** 32 bytes for the 512 slots of a cluster. */
const CLUSTER_INFO: Widths = { cluster_info: 32 / SWAPFILE_CLUSTER };

export const metadataViews: Readonly<Record<string, MetadataView>> = {
  'vss-v5': {
    summary: 'the two tables of the letter of Virtual Swap Space v5',
    usedPercents: [0, 25, 50, 75, 100],
    rows: [
      {
        design: 'swap-table',
        backends: ['zswap', 'disk'],
        widths: { ...OLD_STATIC, swap_table: 8, zswap_xa_node: 8 },
      },
      { design: 'vswap:v5', backends: ['zswap', 'disk'], widths: VSWAP },
    ],
  },
  'song-2026-02': {
    summary: 'the counter-table of 2026-02-10',
    usedPercents: [0, 100],
    rows: [
      {
        design: 'swap-table',
        backends: ['disk'],
        widths: { ...OLD_STATIC, swap_table: 8, ...CLUSTER_INFO },
      },
      {
        design: 'swap-table-4:p3',
        backends: ['disk'],
        widths: { swap_cgroup: 2, zeromap: 1 / 8, swap_table: 8, ...CLUSTER_INFO },
      },
      {
        design: 'swap-table-4:p4-rfc',
        backends: ['disk'],
        widths: { swap_table: 8, ...CLUSTER_INFO },
      },
      { design: 'vswap:v5', backends: ['disk'], widths: VSWAP },
    ],
  },
};

/** Other names of views. */
const ALIASES: Readonly<Record<string, string>> = { published: 'vss-v5' };

/** A view's key by name or alias; `real` has no table behind it. */
export function chooseView(name: string, option: string): string {
  const key = Object.hasOwn(ALIASES, name) ? ALIASES[name]! : name;
  if (key === 'real' || Object.hasOwn(metadataViews, key)) return key;
  const accepted = ['real', ...Object.keys(metadataViews), ...Object.keys(ALIASES)];
  throw new UsageError(
    `${option}: '${name}' is no view; accepted: ${accepted.join(', ')}${didYouMean(name, accepted)}`,
  );
}

/**
 * Counts terms as a table does. A term that is not there is of the other backend: no reverse map
 * without an area.
 * @param slotsWithoutPage - slots of the clusters that can hold no page: no table counts the header
 */
export function countAsPublished(
  widths: Widths,
  terms: readonly MetadataTerm[],
  slotsWithoutPage: number,
): MetadataTerm[] {
  return Object.entries(widths).flatMap(([name, width]): MetadataTerm[] =>
    terms
      .filter(({ term }) => term === name)
      .map((term) => {
        const units =
          name === 'cluster_info' ? term.units * SWAPFILE_CLUSTER - slotsWithoutPage : term.units;
        return { ...term, units, bytes: units * width };
      }),
  );
}
