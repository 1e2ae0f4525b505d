/** How many pages zsmalloc needs for compressed pages of which only a sample is known. */
import { CostProfile, Engine } from '../engine/index.ts';
import { NO_HANDLE, ZsmallocPool } from '../pool/index.ts';
import { assert, PAGE_SIZE } from '../units/index.ts';

/**
 * Objects that are put into the pool at most; a larger pool is this one multiplied. Each of the 119
 * classes ends in a zspage that is partly filled, half of 5 pages on average: some 300 pages, which at
 * so many objects of 1.5 KiB are 0.8 % of the pool.
 */
export const POOL_OBJECTS_MAX = 100_000;

/** Time is no question here. */
const NO_PRICES = new CostProfile({ name: 'none', description: '', prices: {} });

/**
 * Fills a zsmalloc pool (chains of 8 pages, freshly filled, nothing freed) with as many objects as
 * there would be, the lengths of the sample in turn.
 *
 * The sample as it is would not do: at some hundred objects the partly filled zspages are most of the
 * pool.
 * @param lengths - bytes of compressed pages in the sample, 1 to 4096; 0 stands for no object
 * @param objectCount - how many objects there would be
 * @returns bytes of the pool's pages
 */
export function poolBytesFor(lengths: Uint16Array, objectCount: number): number {
  const stored = lengths.filter((length) => length > 0);
  if (stored.length === 0 || objectCount === 0) return 0;
  const engine = new Engine({ seed: 1, cpuCount: 1, costs: NO_PRICES });
  const pool = new ZsmallocPool({ engine, bytes: false });
  const objects = Math.min(objectCount, POOL_OBJECTS_MAX);
  // By whole steps over the sorted lengths: any number of objects has their distribution.
  const sorted = stored.sort();
  for (let object = 0; object < objects; object++) {
    const at = Math.floor(((object + 0.5) * sorted.length) / objects);
    assert(pool.store(null, sorted[at]!) !== NO_HANDLE, 'a pool without a limit takes everything');
  }
  return Math.round(pool.pageCount * (objectCount / objects)) * PAGE_SIZE;
}
