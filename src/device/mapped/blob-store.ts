/** What a mapped device needs of the ways to store blobs: in place, or in a log of segments. */
import type { Outcome } from '../../units/index.ts';
import type { BlobList } from './blob-list.ts';

export interface BlobStore {
  /**
   * Stores the blobs of a list. What fails leaves its slots as they were.
   * @param outcomes - given the outcome of each blob, where somebody asks for it
   * @returns the first errno
   */
  store(list: BlobList, nowNs: number, outcomes: Outcome[] | null): Outcome;
  /** Frees what a mapped slot holds. */
  forget(slot: number): void;
  /** Bytes of a slot that is buffered; only where there are bytes. */
  buffered(slot: number): Uint8Array;
  /** Writes out what is buffered. */
  flush(nowNs: number): Outcome;
  /** Puts what is live together until no segment can be freed by that. */
  compact(nowNs: number): Outcome;
  /** Bytes of the device that are taken. */
  readonly usedBytes: number;
  readonly bufferedBytes: number;
  checkInvariants(): void;
}
