import { describe, expect, it } from 'vitest';
import { isSameFilled, isZeroPage } from '../../src/codec/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';

/** A page inside a larger buffer, so that a test of the whole buffer would be noticed. */
function emptyPage(): Uint8Array {
  return new Uint8Array(3 * PAGE_SIZE)
    .fill(0xff)
    .fill(0, PAGE_SIZE, 2 * PAGE_SIZE)
    .subarray(PAGE_SIZE, 2 * PAGE_SIZE);
}

describe('the zero test', () => {
  it('accepts a page of zeros', () => {
    expect(isZeroPage(emptyPage())).toBe(true);
    expect(isZeroPage(Buffer.alloc(PAGE_SIZE))).toBe(true);
  });

  it('sees a single bit at every byte', () => {
    const page = emptyPage();
    for (let at = 0; at < PAGE_SIZE; at++) {
      page[at] = 1 << (at % 8);
      expect(isZeroPage(page), `byte ${at}`).toBe(false);
      page[at] = 0;
    }
  });

  it('is not taken in by the bytes of minus zero and of NaN', () => {
    const page = emptyPage();
    const words = new DataView(page.buffer, page.byteOffset);
    for (const value of [-0, NaN])
      for (let at = 0; at < PAGE_SIZE; at += 8) words.setFloat64(at, value, true);
    expect(isZeroPage(page)).toBe(false);
    for (let at = 0; at < PAGE_SIZE; at += 8) words.setFloat64(at, -0, true);
    expect(isZeroPage(page)).toBe(false);
  });
});

describe('the same-filled test', () => {
  it('accepts one 8-byte word over and over', () => {
    const page = emptyPage();
    expect(isSameFilled(page)).toBe(true);
    for (let at = 0; at < PAGE_SIZE; at++) page[at] = (at % 8) * 17 + 3;
    expect(isSameFilled(page)).toBe(true);
    expect(isSameFilled(new Uint8Array(PAGE_SIZE).fill(0xff))).toBe(true);
  });

  it('refuses a longer period', () => {
    const page = emptyPage();
    for (let at = 0; at < PAGE_SIZE; at++) page[at] = at % 16;
    expect(isSameFilled(page)).toBe(false);
  });

  it('sees one changed byte anywhere', () => {
    const page = emptyPage().fill(0x77);
    for (let at = 0; at < PAGE_SIZE; at++) {
      page[at] = 0x78;
      expect(isSameFilled(page), `byte ${at}`).toBe(false);
      page[at] = 0x77;
    }
  });
});
