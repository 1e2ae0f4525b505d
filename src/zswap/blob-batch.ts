/** What compressed writeback hands to the swap core. */
import type { Compressor } from '../codec/index.ts';
import type { Outcome, SwapEntry } from '../units/index.ts';

/** Compressed pages of one pool that are written together, in ascending order of their slots. */
export class BlobBatch {
  count = 0;
  compressor: Compressor | null = null;
  readonly zswapEntries: number[] = [];
  readonly entries: SwapEntry[] = [];
  readonly slots: SwapEntry[] = [];
  readonly lengths: number[] = [];
  /** How old each page is, in pages offered to zswap. */
  readonly ages: number[] = [];
  /** Content tags, only with payload none. */
  readonly tags: number[] = [];
  readonly outcomes: Outcome[] = [];
  /** The blobs back to back; null with payload none. */
  data: Uint8Array | null = null;
}
