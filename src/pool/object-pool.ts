/** The contract of a pool of compressed objects: zsmalloc today, zbud later. */
import type { Branded } from '../units/index.ts';

/** Names an object in a pool; stays valid when the object moves. */
export type PoolHandle = Branded<'PoolHandle'>;

/** No object. */
export const NO_HANDLE = 0 as PoolHandle;

/** Where an object lies now: in a chain of pages, from a byte on. */
export interface ObjectPlace {
  readonly zspage: number;
  /** Index of the object in its zspage; objects are `classBytes` apart. */
  readonly object: number;
  readonly classBytes: number;
  /** Byte of the chain at which the object's own bytes begin. */
  readonly offset: number;
}

export interface ObjectPool {
  /** Pages of 4 KiB that the pool holds now (page granularity, as the kernel's rule). */
  readonly pageCount: number;
  /** Objects stored now. */
  readonly objectCount: number;
  /** Bytes of the largest object that the pool takes: a larger one is ENOSPC. */
  readonly largestObject: number;

  /**
   * Stores an object of `length` bytes.
   * @param source - the bytes from offset 0, or null in a pool without bytes (payload none)
   * @param length - 1 to 4096
   * @returns a handle, or NO_HANDLE when no page can be had
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
