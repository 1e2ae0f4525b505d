/**
 * Virtual Swap Space: every swapped page has a virtual slot, whose descriptor of 24 bytes says
 * everything about it and where its bytes are. A slot of an area is taken only when bytes go to a
 * device.
 * Kernel counterpart: the Virtual Swap Space series v3 (February 2026), v5 (March) and v6 (May).
 *
 * Every look at a descriptor finds its cluster in the map (or, v6, in the CPU's look-up cache) and
 * takes the cluster's lock. v3 drops that lock to give back each freed entry's slot; from v5 on
 * neighbouring slots are given back together.
 *
 * Lock order: a virtual cluster's lock before an area's cluster lock, but nothing is given back to
 * an area or to zswap under a virtual lock.
 */
import type { DesignKind } from '../../swap-design.ts';
import { VswapDesign } from './vswap-design.ts';

export const vswap: DesignKind = {
  summary: 'Virtual Swap Space: a descriptor of 24 bytes for each swapped page',
  revisions: ['v6', 'v5', 'v3'],
  allocator: '6.18',
  isVirtual: true,
  writesBack: true,
  areas: 'as-given',
  perCpuCluster: 'shared',
  deviations: [
    {
      what: 'a CPU keeps the empty virtual cluster that it takes slots from',
      why: 'it goes when the CPU leaves it for another or goes offline, as in the series',
      claim: 'metadata.back-to-start',
    },
    {
      what: 'at most 2^28 virtual slots (1 TiB)',
      why: 'a swap entry has 32 bits here; the kernel has 2^32 clusters',
    },
    {
      what: 'freeing a range compares the cgroup of each entry in v3 and v5, and once in v6',
      why: 'that is what the analysis of 2026-04-14 found and v6 mended',
    },
  ],
  create: (parts) => new VswapDesign(parts),
};
