/** What the phases of the swap table are made of, for the designs that build on one. */
import type { DesignParts } from '../swap-design.ts';
import type { WordLayout } from './counted-area.ts';
import { MapDesign } from './map-design.ts';
import { TableCache } from './table-cache.ts';

/** Bytes of struct swap_cluster_info. @source linux 6.18 x86-64, from BTF */
const PHASE_I_CLUSTER_INFO_BYTES = 32;

/** Phase I, as in 6.18: swap_map and its like, and the swap cache in tables of the clusters. */
export function createPhaseI(parts: DesignParts): MapDesign {
  return new MapDesign(parts, {
    clusterInfoBytes: PHASE_I_CLUSTER_INFO_BYTES,
    createCache: (area) => new TableCache(area, parts.engine),
  });
}

/** What phase IV as merged keeps in words and tables. */
export const PHASE_IV_LAYOUT: WordLayout = { zero: 'word', cgroup: 'table' };
/** Bytes of struct swap_cluster_info of phase IV. @source phase IV v5, cover letter */
export const PHASE_IV_CLUSTER_INFO_BYTES = 48;
