/** A pool without bytes whose objects take a page each; it can be told to have no page left. */
import {
  NO_HANDLE,
  type ObjectPlace,
  type ObjectPool,
  type PoolHandle,
} from '../../../src/pool/index.ts';
import { assert, PAGE_SIZE } from '../../../src/units/index.ts';

export class PlainPool implements ObjectPool {
  /** No page can be had. */
  isOut = false;
  readonly largestObject: number = PAGE_SIZE;
  readonly handleBytes = 0;
  readonly #lengths = new Map<PoolHandle, number>();
  #next = 1;

  get pageCount(): number {
    return this.#lengths.size;
  }

  get objectCount(): number {
    return this.#lengths.size;
  }

  store(_source: Uint8Array | null, length: number): PoolHandle {
    if (this.isOut) return NO_HANDLE;
    const handle = this.#next++ as PoolHandle;
    this.#lengths.set(handle, length);
    return handle;
  }

  lengthOf(handle: PoolHandle): number {
    return this.#lengths.get(handle)!;
  }

  placeOf(handle: PoolHandle): ObjectPlace {
    return { zspage: handle, object: 0, classBytes: PAGE_SIZE, offset: 0 };
  }

  load(): void {
    assert(false, 'a pool without bytes has none to give');
  }

  free(handle: PoolHandle): void {
    assert(this.#lengths.delete(handle), 'an object is freed once');
  }

  checkInvariants(): void {
    // One table says it all.
  }
}
