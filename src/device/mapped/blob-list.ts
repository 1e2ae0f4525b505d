/**
 * Blobs that wait for a place: one batch, the content of the RAM buffer, or what a compaction
 * moves. Structure of arrays; grows.
 */
import { assert, grown, PAGE_SIZE } from '../../units/index.ts';

const FIRST_CAPACITY = 64;
/** Age of a blob whose age nobody told. */
export const NO_AGE = -1;

export class BlobList {
  slot: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  /** Where a blob's bytes begin in `bytes`. */
  offset: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  length: Uint16Array = new Uint16Array(FIRST_CAPACITY);
  codec: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  age: Float64Array = new Float64Array(FIRST_CAPACITY);
  /** Where the blob shall lie on the device; set by a plan. */
  address: Float64Array = new Float64Array(FIRST_CAPACITY);
  count = 0;
  /** The bytes of all blobs; null with payload none, or where they are in `pages`. */
  bytes: Uint8Array | null = null;
  /** Pages as they are, one a blob. */
  pages: readonly Uint8Array[] | null = null;

  clear(): void {
    this.count = 0;
    this.bytes = null;
    this.pages = null;
  }

  push(blob: {
    readonly slot: number;
    readonly offset: number;
    readonly length: number;
    readonly codec: number;
    readonly age: number;
  }): void {
    assert(blob.length >= 1 && blob.length <= PAGE_SIZE, 'a blob has 1 to 4096 bytes');
    if (this.count === this.slot.length) this.#grow();
    const at = this.count++;
    this.slot[at] = blob.slot;
    this.offset[at] = blob.offset;
    this.length[at] = blob.length;
    this.codec[at] = blob.codec;
    this.age[at] = blob.age;
  }

  /** Bytes of blob `at` as they are to be stored; a view. Only where there are bytes. */
  view(at: number): Uint8Array {
    if (this.pages !== null) return this.pages[at]!;
    const start = this.offset[at]!;
    return this.bytes!.subarray(start, start + this.length[at]!);
  }

  /** Sum of the lengths from blob `from` on. */
  lengthFrom(from: number): number {
    let total = 0;
    for (let i = from; i < this.count; i++) total += this.length[i]!;
    return total;
  }

  /** Moves blob `from` to place `to`; its bytes stay where they are. */
  move(from: number, to: number): void {
    this.slot[to] = this.slot[from]!;
    this.offset[to] = this.offset[from]!;
    this.length[to] = this.length[from]!;
    this.codec[to] = this.codec[from]!;
    this.age[to] = this.age[from]!;
  }

  #grow(): void {
    const capacity = this.slot.length * 2;
    this.slot = grown(this.slot, capacity);
    this.offset = grown(this.offset, capacity);
    this.length = grown(this.length, capacity);
    this.codec = grown(this.codec, capacity);
    const age = new Float64Array(capacity);
    age.set(this.age);
    this.age = age;
    const address = new Float64Array(capacity);
    address.set(this.address);
    this.address = address;
  }
}
