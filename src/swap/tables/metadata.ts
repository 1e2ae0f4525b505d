/** Terms of metadata that several designs have. */
import { XA_NODE_BYTES } from '../../engine/index.ts';
import type { SlotSpace } from '../../slots/index.ts';
import type { AreaZswapIndex } from '../../zswap/index.ts';
import type { MetadataTerm } from '../swap-design.ts';

/** Terms of the same name become one, in the order of their first place. */
export function sumTerms(terms: readonly MetadataTerm[]): MetadataTerm[] {
  const sums = new Map<string, MetadataTerm>();
  for (const term of terms) {
    const sum = sums.get(term.term);
    sums.set(
      term.term,
      sum === undefined
        ? term
        : { ...term, bytes: sum.bytes + term.bytes, units: sum.units + term.units },
    );
  }
  return [...sums.values()];
}

/** Cluster infos, and where the CPUs go on. */
export function clusterTerms(
  clusters: number,
  infoBytes: number,
  space: SlotSpace,
): MetadataTerm[] {
  const perCpu = space.perCpuBytes;
  return [
    { term: 'cluster_info', kind: 'static', bytes: clusters * infoBytes, units: clusters },
    { term: 'percpu_swap_cluster', kind: 'static', bytes: perCpu, units: 1 },
  ];
}

/**
 * What zswap's index takes: a struct for each 64 MiB and the nodes of the xarrays, or a struct for
 * each area, whose nodes are in the zswap entries.
 */
export function zswapTreeTerms(trees: AreaZswapIndex): MetadataTerm[] {
  const structs: MetadataTerm = {
    term: 'zswap_trees',
    kind: 'static',
    bytes: trees.treeBytes,
    units: trees.treeCount,
  };
  if (trees.kind === 'rbtree') return [structs];
  const nodes = trees.nodeCount * XA_NODE_BYTES;
  return [
    structs,
    { term: 'zswap_xa_node', kind: 'dynamic', bytes: nodes, units: trees.entryCount },
  ];
}
