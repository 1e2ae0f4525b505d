/**
 * One blob a slot, at the slot's own offset: fewer bytes for each write, and nothing else of a page
 * is used. Neighbours whose bytes touch are one I/O; any other blob is one of its own.
 *
 * A write that fails leaves the map as it was. What is on the device then is the device's affair:
 * written in place, a blob that was torn has lost the one before it (checksums find that out).
 */
import { EV, type Engine } from '../../engine/index.ts';
import { assert, PAGE_SIZE, type Outcome } from '../../units/index.ts';
import type { SlotChecksums } from '../slot-checksums.ts';
import type { BlobList } from './blob-list.ts';
import type { BlobStore } from './blob-store.ts';
import type { InnerIo } from './inner-io.ts';
import type { LocationMap } from './location-map.ts';
import type { MappedCounts } from './mapped-stats.ts';

export interface InPlaceOptions {
  readonly engine: Engine;
  readonly io: InnerIo;
  readonly map: LocationMap;
  readonly counts: MappedCounts;
  readonly sums: SlotChecksums | null;
  /** Tells the device under it that a slot is free. */
  readonly discard: (start: number, lengthBytes: number) => void;
}

export class InPlaceStore implements BlobStore {
  readonly bufferedBytes = 0;
  readonly #options: InPlaceOptions;
  #usedBytes = 0;

  constructor(options: InPlaceOptions) {
    this.#options = options;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** I/Os that fail do not stop the others: bios know nothing of each other. */
  store(list: BlobList, nowNs: number, outcomes: Outcome[] | null): Outcome {
    const { io } = this.#options;
    const order = orderBySlot(list);
    let result: Outcome = 'ok';
    for (let from = 0; from < order.length;) {
      const start = list.slot[order[from]!]! * PAGE_SIZE;
      let to = from;
      let end = start;
      do end = list.slot[order[to]!]! * PAGE_SIZE + io.roundUp(list.length[order[to]!]!);
      while (++to < order.length && this.#touches(list.slot[order[to]!]!, start, end));
      const outcome = this.#writeRun(list, order.slice(from, to), end - start, nowNs);
      if (result === 'ok') result = outcome;
      if (outcomes !== null) for (let i = from; i < to; i++) outcomes[order[i]!] = outcome;
      from = to;
    }
    return result;
  }

  forget(slot: number): void {
    const { map, counts, io, discard } = this.#options;
    const length = map.lengthBytes(slot);
    counts.liveBytes -= length;
    this.#usedBytes -= io.roundUp(length);
    map.clear(slot);
    discard(slot * PAGE_SIZE, PAGE_SIZE);
  }

  buffered(): Uint8Array {
    assert(false, 'nothing is buffered in place');
  }

  flush(): Outcome {
    return 'ok';
  }

  /** Nothing to do: a slot has its place. */
  compact(): Outcome {
    return 'ok';
  }

  checkInvariants(): void {
    const { map, counts, io } = this.#options;
    let live = 0;
    let used = 0;
    for (let slot = 1; slot < map.slotCount; slot++) {
      if (!map.isMapped(slot)) continue;
      assert(map.address(slot) === slot * PAGE_SIZE, 'a slot lies at its offset');
      live += map.lengthBytes(slot);
      used += io.roundUp(map.lengthBytes(slot));
    }
    assert(live === counts.liveBytes && used === this.#usedBytes, 'bytes in use are counted');
  }

  /** True when a slot begins where a run ends that may still grow. */
  #touches(slot: number, start: number, end: number): boolean {
    return slot * PAGE_SIZE === end && end + PAGE_SIZE - start <= this.#options.io.transferBytesMax;
  }

  #writeRun(list: BlobList, run: readonly number[], lengthBytes: number, nowNs: number): Outcome {
    const { io, map, counts, sums, engine } = this.#options;
    const start = list.slot[run[0]!]! * PAGE_SIZE;
    if (io.staging.length > 0) {
      io.staging.fill(0, 0, lengthBytes);
      for (const at of run) io.staging.set(list.view(at), list.slot[at]! * PAGE_SIZE - start);
    }
    const outcome = io.writeStaged(start, lengthBytes, nowNs);
    for (const at of run) {
      const slot = list.slot[at]!;
      if (outcome !== 'ok') {
        // Checksums know both contents from here on; the map can only know one.
        sums?.setUncertain(slot, list.view(at));
        continue;
      }
      const length = list.length[at]!;
      const before = map.lengthBytes(slot);
      counts.liveBytes += length - before;
      this.#usedBytes += io.roundUp(length) - io.roundUp(before);
      map.set(slot, slot * PAGE_SIZE, length, list.codec[at]!);
      engine.count(EV.locationWrite);
      sums?.set(slot, list.view(at));
    }
    return outcome;
  }
}

/** Places of a list in ascending order of slot. */
function orderBySlot(list: BlobList): number[] {
  const order = Array.from({ length: list.count }, (_, i) => i);
  return order.sort((a, b) => list.slot[a]! - list.slot[b]! || a - b);
}
