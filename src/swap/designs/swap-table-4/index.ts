/**
 * Swap table, phases III and IV: counts, then zero flag and cgroup too, in the tables of the
 * clusters; swap_map, zeromap and swap_cgroup go.
 * Kernel counterpart: mm/swap_table.h, mm/swap_state.c, mm/swapfile.c after the series of phase III
 * (January 2026) and phase IV (RFC of February 2026, v5 of May 2026).
 *
 * Locks: a folio is inserted in the hold that takes its slot, and a slot without references is freed
 * in the hold that removes its folio. A count of 15 moves to the cluster's extend table.
 */
import { assert } from '../../../units/index.ts';
import type { DesignKind } from '../../swap-design.ts';
import { KEEPS_OLDER_ZSWAP_COPY } from '../../tables/deviations.ts';
import { CountedDesign, type CountedDesignOptions } from '../../tables/counted-design.ts';
import { PHASE_IV_CLUSTER_INFO_BYTES, PHASE_IV_LAYOUT } from '../../tables/phases.ts';

const REVISIONS: Readonly<Record<string, CountedDesignOptions>> = {
  p4: { layout: PHASE_IV_LAYOUT, clusterInfoBytes: PHASE_IV_CLUSTER_INFO_BYTES },
  /** No extend table pointer of its own is told: 32 bytes. @source counter-table of 2026-02-10 */
  'p4-rfc': { layout: { zero: 'word', cgroup: 'word' }, clusterInfoBytes: 32 },
  /** @source phase III mm/swap.h: the fields add up to 40 bytes */
  p3: { layout: { zero: 'bitmap', cgroup: 'array' }, clusterInfoBytes: 40 },
};

export const swapTable4: DesignKind = {
  summary: 'swap table phases III and IV: counts, zero flag and cgroup in the tables',
  revisions: ['p4', 'p4-rfc', 'p3'],
  allocator: '6.18',
  isVirtual: false,
  writesBack: true,
  areas: 'as-given',
  perCpuCluster: 'shared',
  deviations: [KEEPS_OLDER_ZSWAP_COPY],
  create: (parts) => {
    const options = REVISIONS[parts.revision];
    assert(options !== undefined, 'the registry names the revisions that there are');
    return new CountedDesign(parts, options);
  },
};
