/**
 * The space of a mapped area in segments of equal size: which are free, and how much of each is
 * still of use. A segment is what is freed, and reused, as a whole: a page, or an erase block.
 */
import { assert } from '../../units/index.ts';

export class SegmentTable {
  readonly count: number;
  readonly segmentBytes: number;
  /** Where segment 0 begins on the device. */
  readonly baseBytes: number;
  /** A bit a segment: 1 for one in use. */
  readonly #used: Uint32Array;
  readonly #liveBytes: Uint32Array;
  readonly #liveBlobs: Uint32Array;
  /** 1 where the compactor met a blob that it cannot read: not worth trying again. */
  readonly #unreadable: Uint8Array;
  #freeCount: number;

  /**
   * @param sizeBytes - of the device; what is left behind the last whole segment is not used
   * @param baseBytes - 4096 or more: behind the header
   */
  constructor(sizeBytes: number, baseBytes: number, segmentBytes: number) {
    this.segmentBytes = segmentBytes;
    this.baseBytes = baseBytes;
    this.count = Math.max(0, Math.floor((sizeBytes - baseBytes) / segmentBytes));
    this.#used = new Uint32Array(Math.ceil(this.count / 32));
    this.#liveBytes = new Uint32Array(this.count);
    this.#liveBlobs = new Uint32Array(this.count);
    this.#unreadable = new Uint8Array(this.count);
    this.#freeCount = this.count;
  }

  get freeCount(): number {
    return this.#freeCount;
  }

  get usedCount(): number {
    return this.count - this.#freeCount;
  }

  isFree(segment: number): boolean {
    return ((this.#used[segment >>> 5]! >>> (segment & 31)) & 1) === 0;
  }

  isUnreadable(segment: number): boolean {
    return this.#unreadable[segment] === 1;
  }

  liveBytes(segment: number): number {
    return this.#liveBytes[segment]!;
  }

  liveBlobs(segment: number): number {
    return this.#liveBlobs[segment]!;
  }

  /** The segment that holds a byte of the device. */
  of(address: number): number {
    return Math.floor((address - this.baseBytes) / this.segmentBytes);
  }

  /** Where a segment begins on the device. */
  start(segment: number): number {
    return this.baseBytes + segment * this.segmentBytes;
  }

  /** The first free segment at or behind `hint`, from the start again at the end; -1 for none. */
  findFree(hint: number): number {
    if (this.#freeCount === 0) return -1;
    const words = this.#used.length;
    const first = hint < this.count ? hint : 0;
    for (let step = 0; step <= words; step++) {
      const word = ((first >>> 5) + step) % words;
      let free = ~this.#used[word]! >>> 0;
      if (step === 0) free = (free & (0xffffffff << (first & 31))) >>> 0;
      if (free === 0) continue;
      const segment = word * 32 + 31 - Math.clz32(free & -free);
      if (segment < this.count) return segment;
    }
    return -1;
  }

  take(segment: number): void {
    assert(this.isFree(segment), 'a segment is taken once');
    this.#used[segment >>> 5]! |= 1 << (segment & 31);
    this.#freeCount -= 1;
  }

  release(segment: number): void {
    assert(!this.isFree(segment), 'a segment is given back once');
    assert(this.#liveBlobs[segment] === 0, 'a segment that is given back holds nothing');
    this.#used[segment >>> 5]! &= ~(1 << (segment & 31));
    this.#unreadable[segment] = 0;
    this.#freeCount += 1;
  }

  markUnreadable(segment: number): void {
    this.#unreadable[segment] = 1;
  }

  /** Lets all be tried again. @returns false when none was marked */
  clearUnreadable(): boolean {
    const isMarked = this.#unreadable.includes(1);
    if (isMarked) this.#unreadable.fill(0);
    return isMarked;
  }

  addBlob(segment: number, lengthBytes: number): void {
    assert(!this.isFree(segment), 'a blob lies in a segment that is in use');
    this.#liveBytes[segment]! += lengthBytes;
    this.#liveBlobs[segment]! += 1;
  }

  dropBlob(segment: number, lengthBytes: number): void {
    assert(this.#liveBlobs[segment]! > 0, 'a blob is dropped where it lies');
    this.#liveBytes[segment]! -= lengthBytes;
    this.#liveBlobs[segment]! -= 1;
  }

  /**
   * Up to `limit` segments with the fewest live bytes, fewest first: the greedy choice. Those that
   * are unreadable or `except` are left out.
   */
  leastLive(limit: number, except: number): number[] {
    const buckets = new Uint32Array(BUCKETS + 1);
    const isCandidate = (segment: number): boolean =>
      this.#liveBlobs[segment]! > 0 && segment !== except && this.#unreadable[segment] === 0;
    for (let segment = 0; segment < this.count; segment++)
      if (isCandidate(segment)) buckets[this.#bucket(segment)]! += 1;
    let last = 0;
    for (let found = buckets[0]!; found < limit && last < BUCKETS;) found += buckets[++last]!;
    const found: number[] = [];
    for (let segment = 0; segment < this.count; segment++)
      if (isCandidate(segment) && this.#bucket(segment) <= last) found.push(segment);
    found.sort((a, b) => this.#liveBytes[a]! - this.#liveBytes[b]! || a - b);
    return found.slice(0, limit);
  }

  #bucket(segment: number): number {
    return Math.floor((this.#liveBytes[segment]! / this.segmentBytes) * BUCKETS);
  }
}

/** Classes of fill by which victims are preselected: sorting all segments each time costs more. */
const BUCKETS = 64;
