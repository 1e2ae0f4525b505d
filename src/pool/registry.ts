/** The pools by name: the choices of `zswap.zpool` and of a spec. */
import { UsageError } from '../units/index.ts';
import type { ObjectPool } from './object-pool.ts';
import { CHAIN_SIZE_MAX, CHAIN_SIZE_MIN } from './size-classes.ts';
import { ZbudPool } from './zbud.ts';
import { ZsmallocPool, type ZsmallocOptions } from './zsmalloc.ts';

export type PoolName = 'zsmalloc' | 'zbud';

/** `chainSize` is zsmalloc's; zbud, whose pages stand alone, does not look at it. */
export const pools: Readonly<Record<PoolName, (options: ZsmallocOptions) => ObjectPool>> = {
  zsmalloc: (options) => new ZsmallocPool(options),
  zbud: (options) => new ZbudPool(options),
};

/**
 * Makes the pool called `name`.
 *
 * @param option - the option or key to name in the error
 * @throws UsageError when there is none of that name, or the chain size is out of range
 */
export function createPool(name: string, option: string, options: ZsmallocOptions): ObjectPool {
  if (!Object.hasOwn(pools, name)) {
    const accepted = Object.keys(pools).join(', ');
    throw new UsageError(`${option}: '${name}' is no pool; accepted: ${accepted}`);
  }
  const { chainSize } = options;
  const isInRange =
    chainSize === undefined ||
    (Number.isInteger(chainSize) && chainSize >= CHAIN_SIZE_MIN && chainSize <= CHAIN_SIZE_MAX);
  if (!isInRange) {
    const range = `${CHAIN_SIZE_MIN} to ${CHAIN_SIZE_MAX} pages`;
    throw new UsageError(`${option}: chain size ${chainSize}: accepted: ${range}`);
  }
  return pools[name as PoolName](options);
}
