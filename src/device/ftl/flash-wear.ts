/**
 * What writing does to the flash behind one device: a listener of its transfers. It takes no virtual
 * time, counts no events and moves no bytes.
 *
 * The device is a part of a drive, and gets its proportionate share of the spare. It begins full:
 * every page holds something, as on a drive that has been in use without discard (a swapfile that dd
 * has filled is so, too). The rest of the drive is data that nobody writes. That is the pessimistic
 * case; what is free on a real drive, and was discarded, serves as spare (`freeShare`).
 *
 * Nothing is trimmed unless somebody calls `discard`: swapon without a discard policy does not, nor
 * does zram for its backing device. @source linux 6.12 mm/swapfile.c swapon, SWAP_FLAG_DISCARD
 *
 * A write of a part of a page programs the page: the drive reads it, changes it and writes it
 * elsewhere. Simplified on purpose: a drive with a cache may join two such writes, here each costs one.
 */
import { assert, PAGE_SIZE } from '../../units/index.ts';
import type { FlashProfile } from '../device-profile.ts';
import { FlashTranslation } from './flash-translation.ts';

/** Erases between two blocks before cold data is moved. @source assumed: 2 to 5 % of TLC's cycles */
const WEAR_SPREAD = 32;

/** Counts of one device; bytes where a name says so, else pages or blocks. */
export interface FlashFigures {
  readonly hostBytes: number;
  /** Programmed for the host: pages that were touched, in whole or in part. */
  readonly hostPages: number;
  readonly nandPages: number;
  readonly nandBytes: number;
  /** Of nandPages: moved by the drive itself, and of these by wear levelling. */
  readonly movedPages: number;
  readonly levelledPages: number;
  readonly trimmedPages: number;
  readonly erases: number;
  readonly erasesMin: number;
  readonly erasesMax: number;
  readonly erasesMean: number;
  readonly erasesDeviation: number;
  readonly blocks: number;
  readonly blockBytes: number;
  /** (physical - logical) / logical, as the model has it. */
  readonly overProvisioning: number;
  /** nandBytes / hostBytes. */
  readonly writeAmplification: number;
}

/** Figures of a device that is a part of a drive. */
export class FlashWear {
  readonly profile: FlashProfile;
  readonly overProvisioning: number;
  readonly #logicalPages: number;
  /** Made at the first write: an area that takes none (a ghost) has no tables. */
  #flash: FlashTranslation | null = null;
  #hostBytes = 0;

  /**
   * @param sizeBytes - of the device
   * @param freeShare - part of the drive that is free and known to be, 0 to below 1: it is spare, too
   */
  constructor(profile: FlashProfile, sizeBytes: number, freeShare = 0) {
    this.profile = profile;
    this.overProvisioning = (profile.overProvisioning.value + freeShare) / (1 - freeShare);
    this.#logicalPages = Math.ceil(sizeBytes / PAGE_SIZE);
  }

  /**
   * Bytes that were handed to the device by writes that it acknowledged.
   */
  get hostBytes(): number {
    return this.#hostBytes;
  }

  /** Memory of the model's maps. */
  get mapBytes(): number {
    return this.#flash?.mapBytes ?? 0;
  }

  /** A write has ended. What failed has left everything as it was. */
  noteWrite(offsetBytes: number, lengthBytes: number, isDone: boolean): void {
    if (!isDone) return;
    this.#hostBytes += lengthBytes;
    const flash = (this.#flash ??= this.#make());
    const end = Math.ceil((offsetBytes + lengthBytes) / PAGE_SIZE);
    for (let page = Math.floor(offsetBytes / PAGE_SIZE); page < end; page++) flash.write(page);
  }

  /** A range holds nothing of use any more: whole pages of it are trimmed. */
  noteDiscard(offsetBytes: number, lengthBytes: number): void {
    const flash = (this.#flash ??= this.#make());
    const end = Math.floor((offsetBytes + lengthBytes) / PAGE_SIZE);
    for (let page = Math.ceil(offsetBytes / PAGE_SIZE); page < end; page++) flash.trim(page);
  }

  /** Null before the first write. */
  figures(): FlashFigures | null {
    if (this.#flash === null || this.#hostBytes === 0) return null;
    const counts = this.#flash.counts();
    const { hostPages, nandPages, movedPages, levelledPages, trimmedPages } = counts;
    const { erases, erasesMin, erasesMax, erasesDeviation, blockCount } = counts;
    const nandBytes = nandPages * PAGE_SIZE;
    return {
      hostBytes: this.#hostBytes,
      ...{ hostPages, nandPages, nandBytes, movedPages, levelledPages, trimmedPages },
      ...{ erases, erasesMin, erasesMax, erasesMean: erases / blockCount, erasesDeviation },
      blocks: blockCount,
      blockBytes: this.profile.blockPages.value * PAGE_SIZE,
      overProvisioning: this.overProvisioning,
      writeAmplification: nandBytes / this.#hostBytes,
    };
  }

  /** What was completed is in flash. O(blocks). */
  checkConservation(): void {
    if (this.#flash === null) return;
    const { hostPages, nandPages, movedPages } = this.#flash.counts();
    assert(hostPages * PAGE_SIZE >= this.#hostBytes, 'every byte of the host is in a page');
    assert(nandPages === hostPages + movedPages, 'NAND takes the pages of the host and the moved');
    this.#flash.checkConservation();
  }

  #make(): FlashTranslation {
    return new FlashTranslation({
      logicalPages: this.#logicalPages,
      blockPages: this.profile.blockPages.value,
      overProvisioning: this.overProvisioning,
      isFull: true,
      wearSpread: WEAR_SPREAD,
    });
  }
}
