/**
 * xswap: a swap device without a file. Its cluster infos are one sparse array that grows and shrinks
 * at its tail in chunks of a page; its pages are in zswap or stay in memory.
 * Kernel counterpart: the xswap series v2 (September 2026), on swap table phase IV.
 *
 * The growth is `ChunkedClusters` in src/slots; the tables are phase IV's.
 */
import type { DesignKind } from '../../swap-design.ts';
import { CountedDesign } from '../../tables/counted-design.ts';
import { KEEPS_OLDER_ZSWAP_COPY } from '../../tables/deviations.ts';
import { PHASE_IV_CLUSTER_INFO_BYTES, PHASE_IV_LAYOUT } from '../../tables/phases.ts';

export const xswap: DesignKind = {
  summary: 'a device without a file that grows and shrinks at its tail; no writeback',
  revisions: ['v2'],
  allocator: '6.18',
  isVirtual: false,
  writesBack: false,
  areas: 'growing',
  perCpuCluster: 'shared',
  deviations: [
    KEEPS_OLDER_ZSWAP_COPY,
    {
      what: 'the tail is unmapped before the next allocation or the end of a reclaim pass',
      why: 'the kernel defers it to a workqueue and waits for an RCU grace period',
    },
  ],
  create: (parts) =>
    new CountedDesign(parts, {
      layout: PHASE_IV_LAYOUT,
      clusterInfoBytes: PHASE_IV_CLUSTER_INFO_BYTES,
    }),
};
