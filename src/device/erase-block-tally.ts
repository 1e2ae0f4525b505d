/**
 * How writes spread over the erase blocks of flash: a block counts each time that writing goes on in
 * another one than it was in. A sequential stream enters each block once, scattered writes enter one
 * each. What a flash translation layer makes of that is not modelled here.
 */

/** Bytes of an erase block. @source assumed: 1 MiB, as the flash-friendly swap driver's runs */
export const ERASE_BLOCK_BYTES: number = 1 << 20;

export class EraseBlockTally {
  #entered = 0;
  /** The block of the latest byte; -1 before the first. */
  #current = -1;

  /** Erase blocks that writes have entered. */
  get entered(): number {
    return this.#entered;
  }

  /** @param lengthBytes - 1 or more */
  note(offsetBytes: number, lengthBytes: number): void {
    const first = Math.floor(offsetBytes / ERASE_BLOCK_BYTES);
    const last = Math.floor((offsetBytes + lengthBytes - 1) / ERASE_BLOCK_BYTES);
    this.#entered += last - first + (first === this.#current ? 0 : 1);
    this.#current = last;
  }
}
