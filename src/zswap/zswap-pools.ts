/**
 * The pools of zswap: one for each compressor that was in use since some entry was stored. New pages
 * go to the current one; an old pool goes when its last entry does.
 * Kernel counterpart: struct zswap_pool, zswap_pools (linux 6.18 mm/zswap.c).
 */
import type { Compressor } from '../codec/compressor.ts';
import type { ObjectPool } from '../pool/object-pool.ts';
import { assert, PAGE_SIZE } from '../units/index.ts';

/** A pool with the compressor of its objects. */
export interface ZswapPool {
  readonly compressor: Compressor;
  readonly objects: ObjectPool;
  /** Room for what `decompress` reads: the compressor's headroom and a page. */
  readonly scratch: Uint8Array;
}

/** Pools that there can be at a time: compressors are few. */
const POOLS_MAX = 256;

export class ZswapPools {
  readonly #createObjects: () => ObjectPool;
  readonly #pools: (ZswapPool | undefined)[] = [];
  #current = 0;

  constructor(createObjects: () => ObjectPool, compressor: Compressor) {
    this.#createObjects = createObjects;
    this.use(compressor);
  }

  /** Number of the pool that takes new pages. */
  get currentIndex(): number {
    return this.#current;
  }

  get current(): ZswapPool {
    return this.#pools[this.#current]!;
  }

  at(index: number): ZswapPool {
    const pool = this.#pools[index];
    assert(pool !== undefined, 'an entry keeps its pool');
    return pool;
  }

  /** Pages of all pools. */
  get pageCount(): number {
    let pages = 0;
    for (let i = 0; i < this.#pools.length; i++) pages += this.#pools[i]?.objects.pageCount ?? 0;
    return pages;
  }

  get objectCount(): number {
    return this.#all().reduce((sum, { objects }) => sum + objects.objectCount, 0);
  }

  /** Bytes of kernel memory that the handles take. */
  get handleBytes(): number {
    return this.#all().reduce(
      (sum, { objects }) => sum + objects.objectCount * objects.handleBytes,
      0,
    );
  }

  /** New pages go to the pool of this compressor: one that is there, or a new one. */
  use(compressor: Compressor): void {
    const known = this.#pools.findIndex((pool) => pool?.compressor.name === compressor.name);
    const before = this.#current;
    if (known >= 0) {
      this.#current = known;
    } else {
      let free = this.#pools.findIndex((pool) => pool === undefined);
      if (free < 0) free = this.#pools.length;
      assert(free < POOLS_MAX, 'an entry names its pool in a byte');
      this.#pools[free] = {
        compressor,
        objects: this.#createObjects(),
        scratch: Buffer.alloc(compressor.headroomBytes + PAGE_SIZE),
      };
      this.#current = free;
    }
    this.emptied(before);
  }

  /** An object of the pool was freed: an old pool without any goes. */
  emptied(index: number): void {
    if (index !== this.#current && this.#pools[index]!.objects.objectCount === 0)
      this.#pools[index] = undefined;
  }

  checkInvariants(): void {
    for (const { objects } of this.#all()) objects.checkInvariants();
  }

  #all(): ZswapPool[] {
    return this.#pools.filter((pool) => pool !== undefined);
  }
}
