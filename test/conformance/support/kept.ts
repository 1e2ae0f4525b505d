/**
 * Most bytes of a dynamic term that a design may still have when all its entries are freed: what it
 * declares as its deviation from `metadata.back-to-start`, in two small areas.
 */
const CONTINUATION = { swap_map_continuation: 2 * 4096 };
/** The cluster that a CPU goes on in. */
const VIRTUAL_CLUSTER = {
  swp_desc: 512 * 24,
  vswap_cluster_bitmap: 64,
  vswap_cluster: 16_384 - 512 * 24 - 64,
  cluster_map_xa_node: 576,
};

export const KEPT: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  xarray: CONTINUATION,
  'swap-table': CONTINUATION,
  ghost: CONTINUATION,
  vswap: VIRTUAL_CLUSTER,
  // A table of 512 ids for each area's first cluster, with the header, and its last, with no end.
  'vswap-table': { memcg_table: 4 * 1024 },
};
