/**
 * What the slab allocator takes beyond the objects that it is asked for: a slab holds a whole number
 * of objects, and there is a whole number of slabs. Counted for slabs as full as they can be; in a
 * kernel that has been up for a while they are not.
 * Kernel counterpart: mm/slub.c (linux 6.18, x86-64, no debugging).
 */
import { XA_NODE_BYTES } from '../engine/index.ts';
import type { MetadataTerm } from '../swap/index.ts';
import { PAGE_SIZE } from '../units/index.ts';
import { ZSWAP_ENTRY_BYTES } from '../zswap/index.ts';

/** Objects of one kind and the slabs that they come from. */
interface SlabCache {
  /** Terms whose bytes are objects of this kind and nothing else. */
  readonly terms: readonly string[];
  readonly objectBytes: number;
  readonly objectsPerSlab: number;
  readonly slabBytes: number;
}

/**
 * What is not here leaves nothing over but in its last slab: handles of 8 bytes, tables of 1024, 2048 or 4096; the
 * clusters of vswap have their rounding in their own term.
 */
const CACHES: readonly SlabCache[] = [
  {
    terms: ['swap_cache_xa_node', 'zswap_xa_node', 'cluster_map_xa_node'],
    objectBytes: XA_NODE_BYTES,
    /** @source linux 6.18 x86-64, /proc/slabinfo: radix_tree_node, 14 objects on 2 pages */
    objectsPerSlab: 14,
    slabBytes: 2 * PAGE_SIZE,
  },
  {
    terms: ['zswap_entry'],
    objectBytes: ZSWAP_ENTRY_BYTES,
    /** @source linux 6.18 x86-64, /sys/kernel/slab/zswap_entry: 73 objects, order 0 */
    objectsPerSlab: 73,
    slabBytes: PAGE_SIZE,
  },
  {
    /** 80 bytes come from kmalloc-96, of which 42 are on a page. @source assumed: one page a slab */
    terms: ['virtual cluster_info'],
    objectBytes: 80,
    objectsPerSlab: 42,
    slabBytes: PAGE_SIZE,
  },
];

/** One term for what the slabs of all these terms take beyond their bytes. */
export function slabRounding(terms: readonly MetadataTerm[]): MetadataTerm {
  let bytes = 0;
  let units = 0;
  for (const cache of CACHES) {
    const asked = terms
      .filter(({ term }) => cache.terms.includes(term))
      .reduce((sum, term) => sum + term.bytes, 0);
    const slabs = Math.ceil(asked / cache.objectBytes / cache.objectsPerSlab);
    units += slabs;
    bytes += slabs * cache.slabBytes - asked;
  }
  return { term: 'slab_rounding', kind: 'dynamic', bytes, units };
}
