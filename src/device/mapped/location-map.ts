/**
 * Where each slot of a mapped area lies: address on the device, length and codec of its blob, and
 * the blobs of each segment as a list.
 *
 * Kernel counterpart: none merged; the flash-friendly swap driver (LG) has such a map below swap,
 * the drafts of compressed writeback have it in the virtual table. There an entry is one word:
 *
 *   63        24 23      12 11   8 7      0
 *   | address   | length-1 | codec | unused |      40 bits of bytes are 1 TiB
 *
 * Here it is three arrays, and a negative address means a place in the RAM buffer.
 */
import { assert } from '../../units/index.ts';

/** Bytes of an entry as drawn above. */
export const LOCATION_BYTES = 8;
/** Bytes of a slot's links in its segment's list: two slot numbers. */
export const LINK_BYTES = 8;
/** Codec of a page as it is. */
export const PLAIN = 0;
/** No slot: slot 0 is the header's and has no location. */
export const NO_BLOB = 0;

export class LocationMap {
  readonly slotCount: number;
  readonly #address: Float64Array;
  /** 0 for a slot without a location. */
  readonly #length: Uint16Array;
  readonly #codec: Uint8Array;
  readonly #next: Uint32Array;
  readonly #prev: Uint32Array;
  /** First slot of each segment's list. */
  readonly #first: Uint32Array;
  #mappedCount = 0;

  /** @param segmentCount - 0 where no segments are kept; then there are no lists */
  constructor(slotCount: number, segmentCount: number) {
    this.slotCount = slotCount;
    this.#address = new Float64Array(slotCount);
    this.#length = new Uint16Array(slotCount);
    this.#codec = new Uint8Array(slotCount);
    this.#next = new Uint32Array(segmentCount > 0 ? slotCount : 0);
    this.#prev = new Uint32Array(segmentCount > 0 ? slotCount : 0);
    this.#first = new Uint32Array(segmentCount);
  }

  /** Slots that have a location. */
  get mappedCount(): number {
    return this.#mappedCount;
  }

  isMapped(slot: number): boolean {
    return this.#length[slot] !== 0;
  }

  isBuffered(slot: number): boolean {
    return this.#address[slot]! < 0;
  }

  /** Byte address on the device, of a slot that is mapped and not buffered. */
  address(slot: number): number {
    return this.#address[slot]!;
  }

  /** Place in the buffer of a slot that is buffered. */
  bufferEntry(slot: number): number {
    return -this.#address[slot]! - 1;
  }

  lengthBytes(slot: number): number {
    return this.#length[slot]!;
  }

  codec(slot: number): number {
    return this.#codec[slot]!;
  }

  set(slot: number, address: number, lengthBytes: number, codec: number): void {
    assert(slot > 0 && slot < this.slotCount, 'a location belongs to a slot of the area');
    if (this.#length[slot] === 0) this.#mappedCount += 1;
    this.#address[slot] = address;
    this.#length[slot] = lengthBytes;
    this.#codec[slot] = codec;
  }

  setBuffered(slot: number, entry: number, lengthBytes: number, codec: number): void {
    this.set(slot, -entry - 1, lengthBytes, codec);
  }

  clear(slot: number): void {
    assert(this.isMapped(slot), 'a location is cleared once');
    this.#length[slot] = 0;
    this.#address[slot] = 0;
    this.#mappedCount -= 1;
  }

  /** The first slot of a segment's list, NO_BLOB for none. */
  firstOf(segment: number): number {
    return this.#first[segment]!;
  }

  nextOf(slot: number): number {
    return this.#next[slot]!;
  }

  link(slot: number, segment: number): void {
    const first = this.#first[segment]!;
    this.#next[slot] = first;
    this.#prev[slot] = NO_BLOB;
    if (first !== NO_BLOB) this.#prev[first] = slot;
    this.#first[segment] = slot;
  }

  unlink(slot: number, segment: number): void {
    const next = this.#next[slot]!;
    const prev = this.#prev[slot]!;
    if (next !== NO_BLOB) this.#prev[next] = prev;
    if (prev !== NO_BLOB) this.#next[prev] = next;
    else this.#first[segment] = next;
  }
}
