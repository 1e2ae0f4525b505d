/**
 * The contract of a block device: page-granular vectored reads and writes at a byte
 * offset, and sector-granular ones of a single buffer. Wrappers (latency, faults, checksums, wear) implement the same interface around
 * another device.
 */
import type { Outcome } from '../units/index.ts';
import type { FlashWear } from './ftl/flash-wear.ts';

/** The smallest transfer. @source linux 6.18 include/linux/blk_types.h SECTOR_SIZE */
export const SECTOR_SIZE = 512;

export interface BlockDevice {
  /** Where it is, for messages. */
  readonly name: string;
  readonly sizeBytes: number;
  /** True where neighbours are cheaper than strangers (a disk that turns). */
  readonly rotational: boolean;
  /** True when I/O is done before the call that submits it returns (zram, pmem). */
  readonly synchronous: boolean;
  /**
   * Virtual time at which the latest read or write completes; the `nowNs` that was passed in where
   * no wrapper models time.
   */
  readonly completionNs: number;
  /** What writes have done to the flash behind it; absent or null where there is none. */
  readonly wear?: FlashWear | null;

  /**
   * Reads `pageCount` pages that follow each other on the device into `pages[0..pageCount)`.
   *
   * @param offsetBytes - multiple of 4096
   * @param pages - buffers of 4096 bytes; more than `pageCount` may be passed, the rest is ignored
   * @param pageCount - 1 or more
   * @param nowNs - virtual time of the submission
   */
  read(
    offsetBytes: number,
    pages: readonly Uint8Array[],
    pageCount: number,
    nowNs: number,
  ): Outcome;

  /** Writes `pageCount` pages that follow each other on the device; otherwise as `read`. */
  write(
    offsetBytes: number,
    pages: readonly Uint8Array[],
    pageCount: number,
    nowNs: number,
  ): Outcome;

  /**
   * Reads `lengthBytes` bytes into one buffer.
   *
   * @param offsetBytes - multiple of 512
   * @param target - `lengthBytes` bytes or more; the rest is left alone
   * @param lengthBytes - multiple of 512, 512 or more
   * @returns EINVAL from a device whose smallest transfer is a page (zram), or that checks pages
   */
  readSectors(offsetBytes: number, target: Uint8Array, lengthBytes: number, nowNs: number): Outcome;

  /** Writes `lengthBytes` bytes from the start of one buffer; otherwise as `readSectors`. */
  writeSectors(
    offsetBytes: number,
    source: Uint8Array,
    lengthBytes: number,
    nowNs: number,
  ): Outcome;

  /** Tells the device that a range holds nothing of use any more. */
  discard(offsetBytes: number, lengthBytes: number, nowNs: number): Outcome;

  /**
   * The swap core tells that a slot holds nothing of use any more; absent: the device does not want
   * to know. Kernel: swap_slot_free_notify of struct block_device_operations.
   */
  slotFreed?(slot: number): void;

  /** Makes all writes so far durable. */
  flush(): Outcome;

  /** Gives the descriptor back; the device is not used afterwards. */
  close(): void;
}
