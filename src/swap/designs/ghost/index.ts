/**
 * Ghost swapfiles: the design of 6.18 on areas whose file is a header of one page. Nothing is
 * written: what zswap refuses stays in memory with its slot, and nothing is written back.
 * Kernel counterpart: "ghost swapfile" RFC (November 2025).
 *
 * A ghost is a property of the area and every plain design honours it; this is the preset.
 */
import type { DesignKind } from '../../swap-design.ts';
import { KEEPS_CONTINUATION_PAGES, KEEPS_OLDER_ZSWAP_COPY } from '../../tables/deviations.ts';
import { createPhaseI } from '../../tables/phases.ts';

export const ghost: DesignKind = {
  summary: 'Linux 6.18 on ghost swapfiles: zswap without a disk; no writeback',
  revisions: ['rfc'],
  allocator: '6.18',
  isVirtual: false,
  writesBack: false,
  areas: 'all-ghost',
  perCpuCluster: 'shared',
  deviations: [KEEPS_CONTINUATION_PAGES, KEEPS_OLDER_ZSWAP_COPY],
  create: createPhaseI,
};
