/**
 * Makes room in a log of segments: takes those with the fewest live bytes (greedy), reads what is
 * live, and writes it together somewhere else.
 *
 * Kernel counterpart: none; the garbage collection of an FTL, or of F2FS in its greedy mode.
 * A segment with a blob that cannot be read is left out until there is no other way.
 */
import { EV } from '../../engine/index.ts';
import { PAGE_SIZE, type Outcome } from '../../units/index.ts';
import { BlobList, NO_AGE } from './blob-list.ts';
import type { SegmentLog } from './segment-log.ts';

/** Segments that one round looks at first. @source assumed */
const VICTIMS_MAX = 64;
/** Pages that one round moves where a segment is a page. @source assumed: one batch of writeback */
const ROUND_PAGES = 32;

/** A segment more that is free; or at least room for another page in the open one. */
export type CompactionGoal = 'segment' | 'room';

export class Compactor {
  readonly #log: SegmentLog;
  readonly #list = new BlobList();
  /** Behind each victim's blobs in the list. */
  readonly #victimEnds: number[] = [];
  #bytes = new Uint8Array(0);

  constructor(log: SegmentLog) {
    this.#log = log;
  }

  /**
   * Compacts once.
   * @returns ENOSPC when nothing can be gained; the errno of an I/O that failed
   */
  run(goal: CompactionGoal, nowNs: number): Outcome {
    const before = this.#log.io.isCounted;
    this.#log.io.isCounted = true;
    const outcome = this.#runRounds(goal, nowNs);
    this.#log.io.isCounted = before;
    return outcome;
  }

  /** Leaves out what cannot be read, one segment a round. */
  #runRounds(goal: CompactionGoal, nowNs: number): Outcome {
    const { segments } = this.#log;
    let failure: Outcome = 'ENOSPC';
    let mayRetry = goal === 'room';
    for (;;) {
      const victims = segments.leastLive(VICTIMS_MAX, this.#log.openSegment);
      let isPlanned = this.#plan(victims, goal);
      if (!isPlanned && goal === 'room') {
        // Several together gain nothing: one by one, since the least bytes need not be the least
        // pages. Only an area that is all but full comes here.
        const all = segments.leastLive(segments.count, this.#log.openSegment);
        isPlanned = all.some((victim) => this.#plan([victim], goal));
      }
      if (!isPlanned) {
        // What could not be read some time ago perhaps can be now.
        if (!mayRetry || failure !== 'ENOSPC' || !segments.clearUnreadable()) return failure;
        mayRetry = false;
        continue;
      }
      const read = this.#read(nowNs);
      if (read === 'ok') return this.#move();
      failure = read;
    }
  }

  /**
   * Plans the move of as many victims as fit together.
   * @returns false, and nothing planned, when that would not reach the goal
   */
  #plan(victims: readonly number[], goal: CompactionGoal): boolean {
    const log = this.#log;
    const openBefore = log.openBytes;
    this.#gather(victims);
    let to = log.plan(this.#list, 0, 0, Infinity);
    let moved = this.#victimEnds.filter((end) => end <= to).length;
    if (moved > 0 && moved < this.#victimEnds.length) {
      // The last one does not fit as a whole: without it.
      log.rollBack();
      this.#list.count = this.#victimEnds[moved - 1]!;
      this.#victimEnds.length = moved;
      to = log.plan(this.#list, 0, 0, Infinity);
      moved = to === this.#list.count ? moved : 0;
    }
    const gained = moved - log.plannedSegments;
    const isRoomier = log.openBytes >= PAGE_SIZE && log.openBytes > openBefore;
    if (moved > 0 && (gained > 0 || (goal === 'room' && gained === 0 && isRoomier))) return true;
    log.rollBack();
    return false;
  }

  /** Lists the live blobs of victims, each victim's in the order of the device. */
  #gather(victims: readonly number[]): void {
    const { map, segments, openBytes } = this.#log;
    const pages = Math.min(segments.freeCount, ROUND_PAGES);
    const isPage = segments.segmentBytes === PAGE_SIZE;
    const roomBytes = openBytes + (isPage ? pages * PAGE_SIZE : segments.segmentBytes);
    this.#list.clear();
    this.#victimEnds.length = 0;
    let bytes = 0;
    for (const victim of victims) {
      if (bytes + segments.liveBytes(victim) > roomBytes) break;
      const slots: number[] = [];
      for (let slot = map.firstOf(victim); slot !== 0; slot = map.nextOf(slot)) slots.push(slot);
      slots.sort((a, b) => map.address(a) - map.address(b));
      for (const slot of slots) {
        const length = map.lengthBytes(slot);
        this.#list.push({ slot, offset: bytes, length, codec: map.codec(slot), age: NO_AGE });
        bytes += length;
      }
      this.#victimEnds.push(this.#list.count);
    }
  }

  /** Reads the blobs of the plan, neighbours at once; a failure rolls the plan back. */
  #read(nowNs: number): Outcome {
    const { io, map, counts, engine, segments } = this.#log;
    const list = this.#list;
    const bytesBefore = io.bytesRead;
    const hasBytes = io.staging.length > 0;
    if (hasBytes) {
      const last = list.count - 1;
      const needed = list.offset[last]! + list.length[last]!;
      if (this.#bytes.length < needed) this.#bytes = new Uint8Array(needed);
      list.bytes = this.#bytes;
    }
    let outcome: Outcome = 'ok';
    for (let from = 0; from < list.count && outcome === 'ok';) {
      const to = this.#spanEnd(from);
      const start = map.address(list.slot[from]!);
      const last = list.slot[to - 1]!;
      const end = map.address(last) + map.lengthBytes(last);
      outcome = io.readStaged(start, end - start, nowNs);
      if (outcome === 'ok' && hasBytes && !this.#takeSpan(from, to)) outcome = 'EIO';
      if (outcome !== 'ok') segments.markUnreadable(segments.of(start));
      from = to;
    }
    counts.compactionBytesRead += io.bytesRead - bytesBefore;
    engine.countMany(EV.locationRead, list.count);
    if (outcome !== 'ok') this.#log.rollBack();
    return outcome;
  }

  /** Copies blobs out of the staging buffer. @returns false where one is not what was written */
  #takeSpan(from: number, to: number): boolean {
    const { io, map, sums } = this.#log;
    const list = this.#list;
    const start = io.roundDown(map.address(list.slot[from]!));
    for (let at = from; at < to; at++) {
      const slot = list.slot[at]!;
      const place = map.address(slot) - start;
      const blob = io.staging.subarray(place, place + list.length[at]!);
      if (sums?.verify(slot, blob) === false) return false;
      this.#bytes.set(blob, list.offset[at]);
    }
    return true;
  }

  /** Behind the last blob of one segment whose blocks touch those before it. */
  #spanEnd(from: number): number {
    const { io, map, segments } = this.#log;
    const list = this.#list;
    const first = map.address(list.slot[from]!);
    const segment = segments.of(first);
    let end = io.roundUp(first + list.length[from]!);
    let to = from + 1;
    for (; to < list.count; to++) {
      const address = map.address(list.slot[to]!);
      if (segments.of(address) !== segment || io.roundDown(address) > end) break;
      end = io.roundUp(address + list.length[to]!);
      if (end - io.roundDown(first) > io.transferBytesMax) break;
    }
    return to;
  }

  /** Writes the plan, when all has been read, and commits it. */
  #move(): Outcome {
    const log = this.#log;
    const outcome = log.write(this.#list, log.io.doneNs);
    if (outcome !== 'ok') {
      log.rollBack();
      return outcome;
    }
    // Net: the segments that the plan took are in use by now.
    const usedBefore = log.segments.usedCount - log.plannedSegments;
    log.counts.bytesRelocated += this.#list.lengthFrom(0);
    log.commit(this.#list, false);
    log.counts.segmentsCompacted += Math.max(0, usedBefore - log.segments.usedCount);
    return 'ok';
  }
}
