/** Blobs in a log of segments: at once, or by way of a RAM buffer. */
import { EV } from '../../engine/index.ts';
import type { Outcome } from '../../units/index.ts';
import type { BlobList } from './blob-list.ts';
import type { BlobStore } from './blob-store.ts';
import { Compactor } from './compactor.ts';
import { SPARE_SEGMENTS, type SegmentLog } from './segment-log.ts';
import { BATCH_BYTES, type WriteBuffer } from './write-buffer.ts';

export class LogStore implements BlobStore {
  readonly #log: SegmentLog;
  readonly #buffer: WriteBuffer | null;
  readonly #compactor: Compactor;

  constructor(log: SegmentLog, buffer: WriteBuffer | null) {
    this.#log = log;
    this.#buffer = buffer;
    this.#compactor = new Compactor(log);
  }

  get usedBytes(): number {
    return this.#log.segments.usedCount * this.#log.segments.segmentBytes;
  }

  get bufferedBytes(): number {
    return this.#buffer?.liveBytes ?? 0;
  }

  /**
   * All blobs or none, as long as there is room for all of them at once. In an area that is all but
   * full they go piece by piece, each slot with its old content or its new.
   */
  store(list: BlobList, nowNs: number, outcomes: Outcome[] | null): Outcome {
    let from = 0;
    let outcome: Outcome = 'ok';
    while (from < list.count && outcome === 'ok') {
      let to = from;
      if (this.#buffer === null) {
        to = this.#plan(list, from, nowNs);
        if (to === from) {
          outcome = this.#compactor.run('room', nowNs);
          continue;
        }
        outcome = this.#log.write(list, this.#log.io.doneNs);
        if (outcome === 'ok') this.#log.commit(list, true);
        else this.#log.rollBack();
      } else {
        let bytes = 0;
        while (to < list.count && bytes + list.length[to]! <= BATCH_BYTES)
          bytes += list.length[to++]!;
        outcome = this.#ensureRoom(this.#buffer, bytes, nowNs);
        if (outcome === 'ok') this.#collect(this.#buffer, list, from, to);
      }
      if (outcome !== 'ok') break;
      outcomes?.fill('ok', from, to);
      from = to;
    }
    outcomes?.fill(outcome, from, list.count);
    return outcome;
  }

  forget(slot: number): void {
    if (this.#log.map.isBuffered(slot)) this.#log.counts.bufferDrops += 1;
    this.#log.drop(slot);
    this.#log.map.clear(slot);
  }

  buffered(slot: number): Uint8Array {
    return this.#buffer!.view(this.#log.map.bufferEntry(slot));
  }

  flush(nowNs: number): Outcome {
    if (this.#buffer === null) return 'ok';
    while (this.#buffer.liveCount > 0) {
      const outcome = this.#drain(this.#buffer, nowNs);
      if (outcome !== 'ok') return outcome;
    }
    return 'ok';
  }

  compact(nowNs: number): Outcome {
    let outcome: Outcome = 'ok';
    while (outcome === 'ok') outcome = this.#compactor.run('segment', nowNs);
    return outcome === 'ENOSPC' ? 'ok' : outcome;
  }

  checkInvariants(): void {
    this.#log.checkInvariants();
  }

  /**
   * Plans places for the rest of a list, with compaction before it is split.
   * @returns `from`, and nothing planned, when there is no room at all
   */
  #plan(list: BlobList, from: number, nowNs: number): number {
    for (;;) {
      const to = this.#log.plan(list, from, SPARE_SEGMENTS, Infinity);
      if (to === list.count) return to;
      this.#log.rollBack();
      if (this.#compactor.run('segment', nowNs) === 'ok') continue;
      const part = this.#log.plan(list, from, SPARE_SEGMENTS, Infinity);
      if (part === from) this.#log.rollBack();
      return part;
    }
  }

  #collect(buffer: WriteBuffer, list: BlobList, from: number, to: number): void {
    const { map, sums, engine } = this.#log;
    for (let at = from; at < to; at++) {
      const slot = list.slot[at]!;
      const entry = buffer.append(list, at);
      if (map.isMapped(slot)) this.forget(slot);
      map.setBuffered(slot, entry, list.length[at]!, list.codec[at]!);
      engine.count(EV.locationWrite);
      sums?.set(slot, list.view(at));
    }
  }

  /** Makes `bytes` of the buffer free, by writing out what is in it. */
  #ensureRoom(buffer: WriteBuffer, bytes: number, nowNs: number): Outcome {
    while (buffer.roomBytes < bytes) {
      if (!buffer.hasBlock) {
        buffer.squeeze();
        continue;
      }
      const outcome = this.#drain(buffer, nowNs);
      if (outcome === 'ok') continue;
      // What is dead in it was squeezed out all the same.
      return buffer.roomBytes < bytes ? outcome : 'ok';
    }
    return 'ok';
  }

  /**
   * Writes out the buffer, at most to the end of the open segment: one sequential run. When that
   * fails all of it stays in the buffer, and is tried again, elsewhere perhaps, the next time.
   */
  #drain(buffer: WriteBuffer, nowNs: number): Outcome {
    const log = this.#log;
    buffer.squeeze();
    while (log.plan(buffer.list, 0, SPARE_SEGMENTS, 1) === 0) {
      log.rollBack();
      const outcome = this.#compactor.run('room', nowNs);
      if (outcome !== 'ok') return outcome;
    }
    const before = log.io.isCounted;
    log.io.isCounted = true;
    const outcome = log.write(buffer.list, log.io.doneNs);
    log.io.isCounted = before;
    if (outcome === 'ok') log.commit(buffer.list, false);
    else log.rollBack();
    buffer.squeeze();
    return outcome;
  }
}
