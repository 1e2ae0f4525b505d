/**
 * The design of kernels up to 6.17: a swap cache of XArrays, one for each 64 MiB of an area, beside
 * swap_map, zeromap and swap_cgroup.
 * Kernel counterpart: mm/swap_state.c, mm/swapfile.c, mm/swap_cgroup.c (linux 6.15 to 6.17: the
 * cluster allocator for all devices, no slot cache).
 */
import type { DesignKind } from '../../swap-design.ts';
import { KEEPS_CONTINUATION_PAGES, KEEPS_OLDER_ZSWAP_COPY } from '../../tables/deviations.ts';
import { MapDesign } from '../../tables/map-design.ts';
import { XArrayCache } from './xarray-cache.ts';

/** Bytes of struct swap_cluster_info. @source linux 6.12 to 6.17: lock, count, flags, order, list */
const CLUSTER_INFO_BYTES = 24;

export const xarray: DesignKind = {
  summary: 'Linux up to 6.17: the swap cache in XArrays',
  revisions: ['6.17'],
  allocator: '6.17',
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
        '6.17 reads it past the cache; what is read, written and freed is the same, a few stores ' +
        'and node allocations more are counted',
    },
    {
      what: 'shadows are never reclaimed with their nodes',
      why: 'the shrinker of workingset nodes belongs to kswapd and slab reclaim, not modelled here',
    },
  ],
  create: (parts) =>
    new MapDesign(parts, {
      clusterInfoBytes: CLUSTER_INFO_BYTES,
      createCache: (area) => new XArrayCache(area, parts.engine),
    }),
};
