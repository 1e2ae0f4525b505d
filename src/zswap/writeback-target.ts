/** The port through which zswap writes entries back. */
import type { BlobBatch } from './blob-batch.ts';
import type { PageFrame, SwapEntry } from '../units/index.ts';

/** What zswap needs of the swap core to write entries back (implemented in src/swap). */
export interface WritebackTarget {
  /** False when no area in use can be written to: then the worker stands still. */
  canWriteBack(): boolean;
  /**
   * Makes room in a cgroup for the folios of a batch, so that allocating one does not send the others
   * out.
   * @returns how many of them there is room for
   */
  reserveFolios(count: number, cgroup: number): number;
  /** True when a folio stands in the swap cache for the entry: somebody has just wanted it. */
  isCached(entry: SwapEntry): boolean;
  /**
   * Allocates a folio for the entry and puts it in the swap cache.
   * @returns the folio, or NO_FRAME: already cached (EEXIST), slot freed, a ghost's entry (EINVAL),
   *   or no memory (ENOMEM)
   */
  beginWriteback(entry: SwapEntry): PageFrame;
  /** The folio holds its data now: it can be mapped, and is neither reclaimed nor freed. */
  fillWriteback(frame: PageFrame): void;
  /**
   * Takes the folio out of the swap cache again, unless somebody has mapped it: its data came from
   * elsewhere, or there is no slot for it.
   */
  cancelWriteback(frame: PageFrame): void;
  /** So many writes follow: where slots are taken for them, they shall follow each other. */
  expectWrites(count: number): void;
  /**
   * Takes a slot for a folio that was filled and queues the write; the folio is rotated
   * for reclaim when the write ends, and zswap is told (`writeEnded`).
   * @returns false when no slot can be had: nothing has changed
   */
  submitWriteback(frame: PageFrame): boolean;
  /**
   * A slot for the entry's compressed bytes, which are found where they were until `useSlot`.
   * @returns NO_ENTRY: none can be had, or the entry may not be written
   */
  takeSlot(entry: SwapEntry): SwapEntry;
  /** The entry's bytes are in the slot from now on; false when there is no memory to note that. */
  useSlot(entry: SwapEntry, slot: SwapEntry): boolean;
  /** Gives a slot back that was taken and not used. */
  dropSlot(entry: SwapEntry, slot: SwapEntry): void;
  /** Writes compressed pages to their slots, and says of each what came of it. */
  writeBlobs(batch: BlobBatch): void;
  /** Sends what was queued: sorted by slot, neighbours merged. */
  flushWrites(): void;
}
