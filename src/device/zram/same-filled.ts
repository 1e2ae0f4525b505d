/** Pages of one 8-byte word over and over, as two halves of 32 bits. */

/** Four bytes of a page as a number. */
export function wordHalf(page: Uint8Array, at: number): number {
  return (page[at]! | (page[at + 1]! << 8) | (page[at + 2]! << 16) | (page[at + 3]! << 24)) >>> 0;
}

/** Fills a page with a word. Doubling what is there makes no view of the page. */
export function fillWithWord(page: Uint8Array, low: number, high: number): void {
  for (let i = 0; i < 4; i++) {
    page[i] = low >>> (8 * i);
    page[4 + i] = high >>> (8 * i);
  }
  for (let done = 8; done < page.length; done *= 2) page.copyWithin(done, 0, done);
}
