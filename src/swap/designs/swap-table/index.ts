/**
 * The design of Linux 6.18: swap table, phase I. One table page per cluster in use holds folios and
 * shadows; counts and the cache flag stay in swap_map, zero pages in a bitmap, cgroups in an array.
 * Kernel counterpart: mm/swap_table.h, mm/swap_state.c, mm/swapfile.c, mm/swap_cgroup.c (6.18).
 *
 * Locks: map and table are two updates under the same cluster lock, in separate holds where the
 * kernel takes it twice (one hold to claim the slot, one to insert the folio, …).
 */
import type { DesignKind } from '../../swap-design.ts';
import { KEEPS_CONTINUATION_PAGES, KEEPS_OLDER_ZSWAP_COPY } from '../../tables/deviations.ts';
import { createPhaseI } from '../../tables/phases.ts';

export const swapTable: DesignKind = {
  summary: 'Linux 6.18, swap table phase I',
  revisions: ['6.18'],
  allocator: '6.18',
  isVirtual: false,
  writesBack: true,
  areas: 'as-given',
  perCpuCluster: 'shared',
  deviations: [
    KEEPS_CONTINUATION_PAGES,
    KEEPS_OLDER_ZSWAP_COPY,
    {
      what: 'a page of a synchronous device passes through the swap cache and leaves it when mapped',
      why:
        '6.18 reads it past the cache; what is read, written and freed is the same, a few table ' +
        'writes more are counted',
    },
  ],
  create: createPhaseI,
};
