/**
 * The RAM buffer of flash-friendly writing: blobs collect here until there are enough for one
 * sequential run. One that is discarded, or replaced, before that is never written.
 *
 * Kernel counterpart: none merged; the buffer of LG's flash-friendly swap driver.
 * Simplified on purpose: filled from the start to the end, and squeezed together when it is full; a
 * kernel would keep a list of pages, so only what comes in is counted as copied.
 */
import { EV, type Engine } from '../../engine/index.ts';
import { assert, PAGE_SIZE } from '../../units/index.ts';
import { BlobList, NO_AGE } from './blob-list.ts';
import { NO_BLOB, type LocationMap } from './location-map.ts';

/**
 * Room beyond an erase block, so that a block is whole when a batch no longer fits.
 * @source assumed: a batch of 32 whole pages
 */
export const BATCH_BYTES: number = 32 * PAGE_SIZE;

export class WriteBuffer {
  readonly blockBytes: number;
  readonly capacityBytes: number;
  /** Slot NO_BLOB marks a dead entry. Squeezed, it holds only what is to be written. */
  readonly list: BlobList = new BlobList();
  readonly #engine: Engine;
  readonly #map: LocationMap;
  readonly #bytes: Uint8Array | null;
  #tailBytes = 0;
  #liveBytes = 0;
  #liveCount = 0;
  /** Bytes copied that have not made a whole page yet. */
  #copiedBytes = 0;

  constructor(engine: Engine, map: LocationMap, blockBytes: number, hasBytes: boolean) {
    this.#engine = engine;
    this.#map = map;
    this.blockBytes = blockBytes;
    this.capacityBytes = blockBytes + BATCH_BYTES;
    this.#bytes = hasBytes ? new Uint8Array(this.capacityBytes) : null;
    this.list.bytes = this.#bytes;
  }

  get liveBytes(): number {
    return this.#liveBytes;
  }

  get liveCount(): number {
    return this.#liveCount;
  }

  /** Bytes that can be appended as it stands. */
  get roomBytes(): number {
    return this.capacityBytes - this.#tailBytes;
  }

  /** True when what is live makes a whole erase block; else squeezing makes room for a batch. */
  get hasBlock(): boolean {
    return this.#liveBytes >= this.blockBytes;
  }

  /**
   * Takes blob `at` of another list, which fits; the map does not know yet.
   * @returns the entry, for `LocationMap.setBuffered`
   */
  append(from: BlobList, at: number): number {
    const length = from.length[at]!;
    assert(length <= this.roomBytes, 'a blob that is appended fits');
    if (this.#bytes !== null) this.#bytes.set(from.view(at), this.#tailBytes);
    this.list.push({
      slot: from.slot[at]!,
      offset: this.#tailBytes,
      length,
      codec: from.codec[at]!,
      age: from.age[at]!,
    });
    this.#tailBytes += length;
    this.#liveBytes += length;
    this.#liveCount += 1;
    this.#countCopy(length);
    return this.list.count - 1;
  }

  /** An entry is of no use any more: written, replaced or discarded. */
  kill(entry: number): void {
    assert(this.list.slot[entry] !== NO_BLOB, 'an entry dies once');
    this.list.slot[entry] = NO_BLOB;
    this.list.age[entry] = NO_AGE;
    this.#liveBytes -= this.list.length[entry]!;
    this.#liveCount -= 1;
    if (this.#liveCount > 0) return;
    this.list.count = 0;
    this.#tailBytes = 0;
  }

  /** The bytes of an entry; only where there are bytes. */
  view(entry: number): Uint8Array {
    return this.list.view(entry);
  }

  /** Drops the dead entries; the live ones move to the front, in their order. */
  squeeze(): void {
    const { list } = this;
    let tail = 0;
    let to = 0;
    for (let from = 0; from < list.count; from++) {
      const slot = list.slot[from]!;
      if (slot === NO_BLOB) continue;
      const offset = list.offset[from]!;
      const length = list.length[from]!;
      list.move(from, to);
      if (offset !== tail) {
        this.#bytes?.copyWithin(tail, offset, offset + length);
        list.offset[to] = tail;
      }
      if (from !== to) this.#map.setBuffered(slot, to, length, list.codec[to]!);
      tail += length;
      to += 1;
    }
    list.count = to;
    this.#tailBytes = tail;
  }

  checkInvariants(): void {
    let bytes = 0;
    let count = 0;
    for (let entry = 0; entry < this.list.count; entry++) {
      const slot = this.list.slot[entry]!;
      if (slot === NO_BLOB) continue;
      assert(this.#map.isMapped(slot) && this.#map.isBuffered(slot), 'an entry is its slot’s');
      assert(this.#map.bufferEntry(slot) === entry, 'a buffered slot names its entry');
      assert(this.#map.lengthBytes(slot) === this.list.length[entry], 'an entry has its length');
      bytes += this.list.length[entry]!;
      count += 1;
    }
    assert(bytes === this.#liveBytes && count === this.#liveCount, 'the buffer counts its entries');
    assert(this.#tailBytes <= this.capacityBytes, 'the buffer holds no more than it can');
  }

  #countCopy(lengthBytes: number): void {
    this.#copiedBytes += lengthBytes;
    if (this.#copiedBytes < PAGE_SIZE) return;
    this.#engine.countMany(EV.memcpyPage, Math.floor(this.#copiedBytes / PAGE_SIZE));
    this.#copiedBytes %= PAGE_SIZE;
  }
}
