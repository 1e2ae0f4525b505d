/** The forms of a mapped area, and how much of the device each can promise. */
import type { Compressor } from '../../codec/index.ts';
import type { Engine } from '../../engine/index.ts';
import { PAGE_SIZE, UsageError, type Outcome } from '../../units/index.ts';
import type { BlockDevice } from '../block-device.ts';
import type { ChecksumProblem } from '../slot-checksums.ts';
import type { BlockBytes } from './inner-io.ts';
import { SegmentTable } from './segment-table.ts';

/**
 * - `slot`: one blob a slot, at slot × 4096, rounded up to blocks
 * - `packed`: several blobs to a page, none in two pages
 * - `batch`: the blobs of a batch back to back, rounded up to a block at the end
 * - `pages`: pages as they are, by way of the RAM buffer
 */
export type MappedForm = CompressedForm | 'pages';

/** The forms that take compressed pages as they are. */
export const COMPRESSED_FORMS = ['slot', 'packed', 'batch'] as const;
export type CompressedForm = (typeof COMPRESSED_FORMS)[number];

export interface MappedOptions {
  readonly inner: BlockDevice;
  readonly engine: Engine;
  readonly form: MappedForm;
  /** False with payload none: no bytes move, counts and locations are the same. */
  readonly hasBytes: boolean;
  /**
   * Bytes of a segment where there is a RAM buffer: an erase block, 128 KiB to 8 MiB, a power of
   * two. The buffer holds one, and a batch of 32 pages that comes when the block is all but whole.
   * 0 (the default) for none; `pages` needs one, `slot` has none.
   */
  readonly bufferBytes?: number;
  /** The smallest transfer of the inner device; 4096 for 4Kn disks and zram. Default 512. */
  readonly blockBytes?: BlockBytes;
  /** Segments that no slot is promised; 2 or more. Default: see `reservedOf`. */
  readonly reservedSegments?: number;
  /**
   * Slots that are offered, beyond the header; default `usablePages`. More is thin provisioning:
   * compressed blobs may fit, and a write that does not is answered ENOSPC.
   */
  readonly slots?: number;
  /** Checksums over the bytes as stored, verified at every read, also by the compactor. */
  readonly hasChecksums?: boolean;
  /** Told of every mismatch. */
  readonly onMismatch?: (problem: ChecksumProblem) => void;
  /** Keep generations: see `SlotChecksums`. */
  readonly hasHistory?: boolean;
  /** Damaged places that the inner device has met so far: stands for checksums without bytes. */
  readonly damageMet?: () => number;
}

/** Blobs to be written together. */
export interface CompressedBatch {
  readonly slots: ArrayLike<number>;
  /** The blobs back to back; null with payload none. */
  readonly data: Uint8Array | null;
  /** Bytes of each blob; 4096 is a page as it is. */
  readonly lengths: ArrayLike<number>;
  readonly count: number;
  /** What made the blobs, and restores them. */
  readonly compressor: Compressor;
  /** How long each page has not been used, 0 or more; for the statistics of packed pages. */
  readonly ages?: ArrayLike<number>;
  /** Filled with the outcome of each blob. */
  readonly outcomes?: Outcome[];
}

/** Erase blocks that a buffer may have. @source assumed: eMMC to datacentre flash */
const BUFFER_BYTES_MIN: number = 128 << 10;
const BUFFER_BYTES_MAX: number = 8 << 20;
/** Segments of the batch form: a batch of 32 whole pages. @source assumed: fits any default batch */
const BATCH_SEGMENT_BYTES = 32 * PAGE_SIZE;
/** Over-provisioning of segments that a buffer or a batch fills. @source assumed: as SSDs, 7 % */
const RESERVED_SHARE = 0.07;
/** Of packed pages: room for one batch of 32 to be rewritten. @source assumed */
const RESERVED_PAGES_MAX = 32;

/** A power of two from 128 KiB to 8 MiB. */
export function isEraseBlock(bytes: number): boolean {
  const isPower = Number.isInteger(Math.log2(bytes));
  return isPower && bytes >= BUFFER_BYTES_MIN && bytes <= BUFFER_BYTES_MAX;
}

/** Checks the combination of form and buffer. @throws UsageError */
export function checkMappedOptions(options: MappedOptions): void {
  const { form, bufferBytes = 0, inner } = options;
  if (bufferBytes !== 0 && form === 'slot')
    throw new UsageError(`${inner.name}: the form slot takes no buffer`);
  if (bufferBytes === 0 && form === 'pages')
    throw new UsageError(`${inner.name}: the form pages needs a buffer`);
  if (bufferBytes !== 0 && !isEraseBlock(bufferBytes))
    throw new UsageError(
      `${inner.name}: ${bufferBytes} bytes are no erase block; accepted: powers of two from 128 KiB to 8 MiB`,
    );
}

/** The segments of an area: behind the header, for a buffer aligned to erase blocks. */
export function createSegments(options: MappedOptions): SegmentTable {
  const { inner, form, bufferBytes = 0 } = options;
  if (bufferBytes > 0) return new SegmentTable(inner.sizeBytes, bufferBytes, bufferBytes);
  const segmentBytes = form === 'packed' ? PAGE_SIZE : BATCH_SEGMENT_BYTES;
  return new SegmentTable(inner.sizeBytes, PAGE_SIZE, segmentBytes);
}

/**
 * Whole pages that an area takes whatever the order of writes and discards.
 *
 * One segment is the compactor's. Where a segment has S pages, compaction gains a page as long as
 * some segment has at most S - 1 pages live, so (segments - 1) × (S - 1) are the most that can be
 * promised; with so few spare pages each write would move a whole segment, hence more are reserved.
 * A packed page is in use only while a blob in it is live, so pages in use never outnumber slots in
 * use; what is reserved there lets slots be rewritten.
 *
 * @throws UsageError when nothing is left
 */
export function usablePagesOf(options: MappedOptions, segments: SegmentTable): number {
  const reserved = options.reservedSegments ?? reservedOf(segments);
  const pages = segments.segmentBytes / PAGE_SIZE;
  const promised = (segments.count - Math.max(2, reserved)) * pages;
  const usable = pages === 1 ? promised : Math.min(promised, (segments.count - 1) * (pages - 1));
  if (usable < 1)
    throw new UsageError(
      `${options.inner.name}: ${options.inner.sizeBytes} bytes are too few for a location map; ` +
        `it needs at least ${segments.baseBytes + 3 * segments.segmentBytes}`,
    );
  return usable;
}

function reservedOf(segments: SegmentTable): number {
  if (segments.segmentBytes === PAGE_SIZE)
    return Math.max(2, Math.min(RESERVED_PAGES_MAX, Math.ceil(segments.count / 16)));
  return Math.max(2, Math.ceil(segments.count * RESERVED_SHARE));
}
