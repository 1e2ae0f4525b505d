/**
 * Writing out of place: blobs go to free space, and only when they are there do their slots point
 * to them. So a write that fails leaves every slot as it was.
 *
 * Three steps: a plan gives each blob an address (and takes the segments for that), the plan is
 * written, one I/O a region, and then committed or rolled back. The last segment that is not full
 * stays open; the next plan goes on there, at the next block.
 *
 * Kernel counterpart: none; a log-structured store as in LFS or an FTL.
 */
import { EV, type Engine } from '../../engine/index.ts';
import { assert, PAGE_SIZE, type Outcome } from '../../units/index.ts';
import type { SlotChecksums } from '../slot-checksums.ts';
import type { BlobList } from './blob-list.ts';
import type { InnerIo } from './inner-io.ts';
import { layOutInOrder, layOutInPages, type Region } from './layout.ts';
import type { LocationMap } from './location-map.ts';
import type { MappedCounts } from './mapped-stats.ts';
import type { SegmentTable } from './segment-table.ts';
import type { WriteBuffer } from './write-buffer.ts';

/** Free segments that only the compactor takes. */
export const SPARE_SEGMENTS = 1;
const NONE = -1;

export interface SegmentLogOptions {
  readonly engine: Engine;
  readonly io: InnerIo;
  readonly map: LocationMap;
  readonly segments: SegmentTable;
  readonly buffer: WriteBuffer | null;
  readonly counts: MappedCounts;
  readonly sums: SlotChecksums | null;
  /** Best fit into pages; else back to back. */
  readonly isPacked: boolean;
  /** Tells the device under it that a segment is free. */
  readonly discard: (start: number, lengthBytes: number) => void;
}

export class SegmentLog {
  readonly engine: Engine;
  readonly io: InnerIo;
  readonly map: LocationMap;
  readonly segments: SegmentTable;
  readonly counts: MappedCounts;
  readonly sums: SlotChecksums | null;
  readonly #buffer: WriteBuffer | null;
  readonly #isPacked: boolean;
  readonly #discard: (start: number, lengthBytes: number) => void;
  /** Where the open segment goes on, and ends; both 0 when none is open. */
  #openAt = 0;
  #openEnd = 0;
  /** Where to look for a free segment next: behind the latest, so that runs stay together. */
  #hint = 0;
  // The plan: its regions, the segments that it took, and the cursor before it.
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];
  readonly #tos: number[] = [];
  readonly #taken: number[] = [];
  #planFrom = 0;
  #openAtBefore = 0;
  #openEndBefore = 0;
  #hintBefore = 0;

  constructor(options: SegmentLogOptions) {
    this.engine = options.engine;
    this.io = options.io;
    this.map = options.map;
    this.segments = options.segments;
    this.counts = options.counts;
    this.sums = options.sums;
    this.#buffer = options.buffer;
    this.#isPacked = options.isPacked;
    this.#discard = options.discard;
  }

  /** Segments that the plan takes. */
  get plannedSegments(): number {
    return this.#taken.length;
  }

  /** Bytes left in the open segment. */
  get openBytes(): number {
    return this.#openEnd - this.#openAt;
  }

  get openSegment(): number {
    return this.#openEnd === 0 ? NONE : this.segments.of(this.#openEnd - 1);
  }

  /**
   * Plans places for the blobs of a list from `from` on.
   *
   * @param spare - free segments that have to be left
   * @param regionsMax - I/Os that it may become; a buffer wants one, and inside one segment
   * @returns the index behind the last blob that has a place
   */
  plan(list: BlobList, from: number, spare: number, regionsMax: number): number {
    assert(this.#starts.length === 0, 'one plan at a time');
    this.#planFrom = from;
    this.#openAtBefore = this.#openAt;
    this.#openEndBefore = this.#openEnd;
    this.#hintBefore = this.#hint;
    let to = from;
    while (to < list.count && this.#starts.length < regionsMax) {
      const before = to;
      to = this.#planRegion(list, to, spare);
      if (to > before) continue;
      // Too little is left in the open segment for the next blob: it is full.
      if (this.#openEnd === 0) break;
      this.#openAt = this.#openEnd = 0;
    }
    return to;
  }

  /** Writes what was planned. */
  write(list: BlobList, nowNs: number): Outcome {
    let from = this.#planFrom;
    for (let i = 0; i < this.#starts.length; i++) {
      const start = this.#starts[i]!;
      const to = this.#tos[i]!;
      if (this.io.staging.length > 0) {
        this.io.staging.fill(0, 0, this.#lengths[i]);
        for (let at = from; at < to; at++)
          this.io.staging.set(list.view(at), list.address[at]! - start);
      }
      const outcome = this.io.writeStaged(start, this.#lengths[i]!, nowNs);
      if (outcome !== 'ok') return outcome;
      from = to;
    }
    return 'ok';
  }

  /**
   * Points the slots to their new places and frees the old ones.
   * @param isNew - these bytes were not in the area before: they get checksums
   */
  commit(list: BlobList, isNew: boolean): void {
    let from = this.#planFrom;
    for (let i = 0; i < this.#tos.length; i++) {
      const to = this.#tos[i]!;
      if (this.#isPacked)
        this.counts.notePages(list, from, to, this.#starts[i]!, this.#lengths[i]!);
      for (let at = from; at < to; at++) this.#commitBlob(list, at, isNew);
      from = to;
    }
    this.#endPlan();
  }

  /** Forgets the plan: the segments that it took are free again. */
  rollBack(): void {
    this.#openAt = this.#openAtBefore;
    this.#openEnd = this.#openEndBefore;
    this.#hint = this.#hintBefore;
    for (const segment of this.#taken) this.segments.release(segment);
    this.#endPlan();
  }

  /** A slot's blob is of no use any more; the slot itself is left for the caller to set or clear. */
  drop(slot: number): void {
    const length = this.map.lengthBytes(slot);
    if (this.map.isBuffered(slot)) {
      this.#buffer!.kill(this.map.bufferEntry(slot));
      return;
    }
    const segment = this.segments.of(this.map.address(slot));
    this.map.unlink(slot, segment);
    this.segments.dropBlob(segment, length);
    this.counts.liveBytes -= length;
    this.#releaseIfEmpty(segment);
  }

  checkInvariants(): void {
    const { segments, map } = this;
    let used = 0;
    let buffered = 0;
    let mapped = 0;
    for (let segment = 0; segment < segments.count; segment++) {
      if (!segments.isFree(segment)) used += 1;
      const places: [number, number][] = [];
      let bytes = 0;
      for (let slot = map.firstOf(segment); slot !== 0; slot = map.nextOf(slot)) {
        assert(map.isMapped(slot) && !map.isBuffered(slot), 'a listed slot is on the device');
        places.push([map.address(slot), map.lengthBytes(slot)]);
        bytes += map.lengthBytes(slot);
      }
      mapped += places.length;
      assert(segments.liveBytes(segment) === bytes, 'a segment counts its live bytes');
      assert(segments.liveBlobs(segment) === places.length, 'a segment counts its blobs');
      assert(segments.isFree(segment) === (bytes === 0), 'a segment in use has something live');
      this.#checkPlaces(segment, places);
    }
    assert(used === segments.usedCount, 'segments in use are counted');
    for (let slot = 1; slot < map.slotCount; slot++)
      if (map.isMapped(slot) && map.isBuffered(slot)) buffered += 1;
    assert(mapped + buffered === map.mappedCount, 'a mapped slot is in a segment or in the buffer');
    assert(buffered === (this.#buffer?.liveCount ?? 0), 'buffered slots are in the buffer');
    this.#buffer?.checkInvariants();
  }

  /** No two blobs overlap, none leaves its segment, none comes behind the open segment's cursor. */
  #checkPlaces(segment: number, places: [number, number][]): void {
    places.sort((a, b) => a[0] - b[0]);
    let at = this.segments.start(segment);
    for (const [address, length] of places) {
      assert(address >= at, 'no two live slots overlap on the device');
      at = address + length;
    }
    assert(at <= this.segments.start(segment + 1), 'a blob lies in one segment');
    if (segment === this.openSegment) assert(at <= this.#openAt, 'the open segment’s rest is free');
  }

  #planRegion(list: BlobList, from: number, spare: number): number {
    const region = this.#nextRegion(list, from, spare);
    if (region === null) return from;
    const { segmentBytes } = this.segments;
    const segmentEnd = this.segments.start(this.segments.of(region.start) + 1);
    const laid = this.#isPacked
      ? layOutInPages(list, from, region)
      : layOutInOrder(list, from, region, segmentEnd, segmentBytes);
    if (laid.to === from) return from;
    const usedBytes = this.io.roundUp(laid.usedBytes);
    const last = this.segments.of(region.start + usedBytes - 1);
    for (let segment = this.segments.of(region.start); segment <= last; segment++) {
      if (this.segments.isFree(segment)) {
        this.segments.take(segment);
        this.#taken.push(segment);
      }
    }
    this.#hint = last + 1;
    const at = region.start + usedBytes;
    const end = this.segments.start(last + 1);
    // The packed form goes on with a page.
    const next = this.#isPacked ? Math.ceil(at / PAGE_SIZE) * PAGE_SIZE : at;
    // A buffer leaves the end of a block that would make an I/O of less than a page.
    const isOpen = end - next >= (this.#buffer === null ? 1 : PAGE_SIZE);
    this.#openAt = isOpen ? next : 0;
    this.#openEnd = isOpen ? end : 0;
    this.#starts.push(region.start);
    this.#lengths.push(usedBytes);
    this.#tos.push(laid.to);
    return laid.to;
  }

  /** The rest of the open segment or a free one, and the free ones behind it as far as needed. */
  #nextRegion(list: BlobList, from: number, spare: number): Region | null {
    let takeable = this.segments.freeCount - spare;
    let start = this.#openAt;
    let end = this.#openEnd;
    if (end === 0) {
      const segment = takeable > 0 ? this.segments.findFree(this.#hint) : NONE;
      if (segment === NONE) return null;
      start = this.segments.start(segment);
      end = this.segments.start(segment + 1);
      takeable -= 1;
    }
    if (this.#buffer !== null) return { start, bytes: end - start };
    const wanted = this.#isPacked ? (list.count - from) * PAGE_SIZE : list.lengthFrom(from);
    // A page more: a blob that would lie in two segments leaves the end of the first one empty.
    const endMax = start + Math.min(wanted + PAGE_SIZE, this.io.transferBytesMax);
    let next = this.segments.of(end);
    while (end < endMax && takeable > 0 && next < this.segments.count) {
      if (!this.segments.isFree(next)) break;
      next += 1;
      end = this.segments.start(next);
      takeable -= 1;
    }
    return { start, bytes: Math.min(end - start, this.io.transferBytesMax) };
  }

  #commitBlob(list: BlobList, at: number, isNew: boolean): void {
    const slot = list.slot[at]!;
    const address = list.address[at]!;
    const length = list.length[at]!;
    const segment = this.segments.of(address);
    // First in, then out: the open segment may hold nothing else than what is replaced.
    this.segments.addBlob(segment, length);
    if (this.map.isMapped(slot)) this.drop(slot);
    this.map.set(slot, address, length, list.codec[at]!);
    this.map.link(slot, segment);
    this.engine.count(EV.locationWrite);
    this.counts.liveBytes += length;
    if (isNew && this.sums !== null) this.sums.set(slot, list.view(at));
  }

  #endPlan(): void {
    this.#taken.length = 0;
    this.#starts.length = 0;
    this.#lengths.length = 0;
    this.#tos.length = 0;
  }

  #releaseIfEmpty(segment: number): void {
    if (this.segments.liveBlobs(segment) > 0) return;
    if (segment === this.openSegment) this.#openAt = this.#openEnd = 0;
    this.segments.release(segment);
    this.#discard(this.segments.start(segment), this.segments.segmentBytes);
  }
}
