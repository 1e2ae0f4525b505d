/** What a mapped device has done, for tables and reports. */
import type { BlobList } from './blob-list.ts';
import { NO_AGE } from './blob-list.ts';
import { PAGE_SIZE } from '../../units/index.ts';

export interface MappedStats {
  /** I/Os at the inner device that succeeded, and their bytes; compaction included. */
  readonly writes: number;
  readonly bytesWritten: number;
  readonly reads: number;
  readonly bytesRead: number;
  /** Blobs that were accepted (pages as they are among them), and their bytes. */
  readonly blobs: number;
  readonly payloadBytes: number;
  /** Bytes of blobs on the device that are of use, and bytes of what they occupy. */
  readonly liveBytes: number;
  readonly usedBytes: number;
  /** Bytes that compaction moved, segments that it freed (net), and bytes that it read. */
  readonly bytesRelocated: number;
  readonly segmentsCompacted: number;
  readonly compactionBytesRead: number;
  /** Memory of the RAM buffer, bytes in it now, pages read from it, blobs that died in it. */
  readonly bufferBytes: number;
  readonly bufferedBytes: number;
  readonly bufferReads: number;
  readonly bufferDrops: number;
  /** Bytes read at the device for each byte that was asked for; compaction apart. 0 before a read. */
  readonly readAmplification: number;
  /** usedBytes / liveBytes; 0 while nothing is live. */
  readonly spaceAmplification: number;
  /**
   * Oldest minus youngest blob of a packed page, in the unit of `ages`, in the mean over the pages
   * with two or more: the relative age that is lost when a page is read or dropped as a whole.
   */
  readonly ageSpreadMean: number;
  /** Pages in that mean, and the sum behind it. */
  readonly agedPages: number;
  readonly ageSpreadSum: number;
  /** Bytes of what was asked for, as stored. */
  readonly bytesAsked: number;
}

/** The sums behind `MappedStats`. */
export class MappedCounts {
  blobs = 0;
  payloadBytes = 0;
  liveBytes = 0;
  bytesAsked = 0;
  bytesRelocated = 0;
  segmentsCompacted = 0;
  compactionBytesRead = 0;
  bufferReads = 0;
  bufferDrops = 0;
  ageSpreadSum = 0;
  agedPages = 0;
  #oldest = new Float64Array(0);
  #youngest = new Float64Array(0);
  #blobsOfPage = new Uint32Array(0);

  /** Adds the pages of one packed region to the mean age spread. */
  notePages(list: BlobList, from: number, to: number, start: number, lengthBytes: number): void {
    const pageCount = Math.ceil(lengthBytes / PAGE_SIZE);
    if (this.#oldest.length < pageCount) {
      this.#oldest = new Float64Array(pageCount);
      this.#youngest = new Float64Array(pageCount);
      this.#blobsOfPage = new Uint32Array(pageCount);
    }
    this.#blobsOfPage.fill(0, 0, pageCount);
    for (let i = from; i < to; i++) {
      const age = list.age[i]!;
      if (age === NO_AGE) continue;
      const page = Math.floor((list.address[i]! - start) / PAGE_SIZE);
      if (this.#blobsOfPage[page] === 0) this.#oldest[page] = this.#youngest[page] = age;
      this.#blobsOfPage[page]! += 1;
      this.#oldest[page] = Math.max(this.#oldest[page]!, age);
      this.#youngest[page] = Math.min(this.#youngest[page]!, age);
    }
    for (let page = 0; page < pageCount; page++) {
      if (this.#blobsOfPage[page]! < 2) continue;
      this.agedPages += 1;
      this.ageSpreadSum += this.#oldest[page]! - this.#youngest[page]!;
    }
  }
}
