/** The contract of a pool of compressed objects; zsmalloc and zbud keep it. */
import type { Engine } from '../engine/index.ts';
import type { Branded } from '../units/index.ts';

/** Names an object in a pool; stays valid when the object moves. */
export type PoolHandle = Branded<'PoolHandle'>;

/** No object. */
export const NO_HANDLE = 0 as PoolHandle;

/** Where an object lies now: in a chain of pages, from a byte on. */
export interface ObjectPlace {
  /** zsmalloc: the zspage, a chain of pages; zbud: the page. */
  readonly zspage: number;
  /** Index of the object in it. In zsmalloc objects are `classBytes` apart; zbud: 0 first, 1 last. */
  readonly object: number;
  /** Bytes that the object takes there. */
  readonly classBytes: number;
  /** Byte of the chain at which the object's own bytes begin. */
  readonly offset: number;
}

export interface PoolOptions {
  readonly engine: Engine;
  /** False for payload none: sizes only. */
  readonly bytes: boolean;
  /**
   * Asked before the pool takes `pages` more pages at once; where it says no, `store` gives NO_HANDLE
   * and nothing has changed. (zswap of 2013 had its limit there, in the allocator's page callback.)
   */
  readonly mayGrow?: ((pages: number) => boolean) | undefined;
}

export interface ObjectPool {
  /** Pages of 4 KiB that the pool holds now (page granularity, as the kernel's rule). */
  readonly pageCount: number;
  /** Objects stored now. */
  readonly objectCount: number;
  /** Bytes of the largest object that the pool takes, at most 4096. */
  readonly largestObject: number;
  /** Bytes of kernel memory that a handle takes, apart from the pool's pages. */
  readonly handleBytes: number;

  /**
   * Stores an object of `length` bytes.
   * @param source - the bytes from offset 0, or null in a pool without bytes (payload none)
   * @param length - 1 to 4096
   * @returns a handle, or NO_HANDLE and nothing has changed: ENOSPC when `length` is more than
   *   `largestObject`, else ENOMEM, no page can be had
   */
  store(source: Uint8Array | null, length: number): PoolHandle;

  /** Length in bytes of an object, as given to `store`. */
  lengthOf(handle: PoolHandle): number;

  /** Where an object lies until compaction moves it. */
  placeOf(handle: PoolHandle): ObjectPlace;

  /** Copies an object's bytes to `target` at `offset`. Not for a pool without bytes. */
  load(handle: PoolHandle, target: Uint8Array, offset: number): void;

  /** Gives the object's room back. */
  free(handle: PoolHandle): void;

  /** Asserts that all tables agree; for tests and fuzzing. */
  checkInvariants(): void;
}
