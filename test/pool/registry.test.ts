import { describe, expect, it } from 'vitest';
import { createPool, pools, ZbudPool, ZsmallocPool } from '../../src/pool/index.ts';
import { UsageError } from '../../src/units/index.ts';
import { testEngine } from './support/pool-model.ts';

const options = { engine: testEngine(), bytes: false };

describe('the registry of pools', () => {
  it('makes the pool of each name', () => {
    expect(Object.keys(pools)).toEqual(['zsmalloc', 'zbud']);
    expect(createPool('zsmalloc', 'zswap.zpool', options)).toBeInstanceOf(ZsmallocPool);
    expect(createPool('zbud', 'zswap.zpool', options)).toBeInstanceOf(ZbudPool);
  });

  it('names the option, the value and the choices when there is no such pool', () => {
    expect(() => createPool('z3fold', 'zswap.zpool', options)).toThrow(
      new UsageError("zswap.zpool: 'z3fold' is no pool; accepted: zsmalloc, zbud"),
    );
    expect(() => createPool('toString', 'zswap.zpool', options)).toThrow(UsageError);
  });

  it.each([3, 17, 8.5])('refuses chains of up to %d pages', (chainSize) => {
    expect(() => createPool('zsmalloc', 'zswap.zpool', { ...options, chainSize })).toThrow(
      new UsageError(`zswap.zpool: chain size ${chainSize}: accepted: 4 to 16 pages`),
    );
  });

  it.each([
    [4, 3264],
    [8, 3632],
    [16, 3840],
  ])('hands the chain size %i to zsmalloc: objects of %i bytes share pages', (chainSize, size) => {
    const pool = createPool('zsmalloc', 'zswap.zpool', { ...options, chainSize });
    expect(pool.placeOf(pool.store(null, size - 8)).classBytes).toBe(size);
    expect(pool.placeOf(pool.store(null, size - 7)).classBytes).toBe(4096);
    expect(pool instanceof ZsmallocPool && pool.hugeClassSize).toBe(size - 7);
  });
});
