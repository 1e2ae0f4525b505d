/**
 * Handles: by handle the chain (or page) that holds the object, its index there, and its length.
 * Kernel counterpart: the slab zs_handle of mm/zsmalloc.c; zbud's handles are addresses, which come
 * to the same as nothing moves there. A handle is used again after it was freed, last freed first.
 */
import { assert, grown } from '../units/index.ts';
import type { PoolHandle } from './object-pool.ts';

/** The chain of a free handle. */
const NOWHERE = 0;

export class HandleTable {
  #capacity = 1024;
  #chain = new Uint32Array(this.#capacity);
  #object = new Uint16Array(this.#capacity);
  #length = new Uint16Array(this.#capacity);
  readonly #free: number[] = [];
  /** Handle 0 is none. */
  #used = 1;

  /** Handles in use. */
  get count(): number {
    return this.#used - 1 - this.#free.length;
  }

  /** A handle for an object of `length` bytes; `place` says where it lies. */
  allocate(length: number): PoolHandle {
    let handle = this.#free.pop();
    if (handle === undefined) {
      if (this.#used === this.#capacity) this.#grow();
      handle = this.#used++;
    }
    this.#length[handle] = length;
    return handle as PoolHandle;
  }

  /** The object lies in `chain` (not 0) at index `object`. */
  place(handle: number, chain: number, object: number): void {
    this.#chain[handle] = chain;
    this.#object[handle] = object;
  }

  release(handle: number): void {
    this.#chain[handle] = NOWHERE;
    this.#free.push(handle);
  }

  /** The chain that holds a live handle's object. */
  chain(handle: number): number {
    const chain = this.#chain[handle]!;
    assert(chain !== NOWHERE, 'a live handle');
    return chain;
  }

  object(handle: number): number {
    return this.#object[handle]!;
  }

  length(handle: number): number {
    return this.#length[handle]!;
  }

  /** Handles in use, for checks. */
  *live(): Generator<PoolHandle> {
    for (let handle = 1; handle < this.#used; handle++)
      if (this.#chain[handle] !== NOWHERE) yield handle as PoolHandle;
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#chain = grown(this.#chain, this.#capacity);
    this.#object = grown(this.#object, this.#capacity);
    this.#length = grown(this.#length, this.#capacity);
  }
}
