import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  badPageCountMax,
  decodeHeader,
  encodeHeader,
  findSignature,
  formatUuid,
  isPageSize,
  labelText,
  parseUuid,
  readFields,
  uuidText,
  volumeBytes,
  type NewHeader,
} from '../../src/area/index.ts';
import { InvariantError } from '../../src/units/index.ts';

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const headers: fc.Arbitrary<NewHeader> = fc
  .constantFrom(2048, 4096, 8192, 16384, 65536)
  .chain((pageSize) =>
    fc.record({
      pageSize: fc.constant(pageSize),
      byteOrder: fc.constantFrom('little' as const, 'big' as const),
      lastPage: u32,
      badPages: fc
        .array(u32, { maxLength: Math.min(badPageCountMax(pageSize), 700) })
        .map((pages) => Uint32Array.from(pages)),
      uuid: bytes16,
      volume: bytes16,
    }),
  );

function header(changes: Partial<NewHeader> = {}): Uint8Array {
  const uuid = new Uint8Array(16).fill(7);
  const { volume } = volumeBytes('scratch');
  const badPages = Uint32Array.of(5, 9);
  const plain = { pageSize: 4096, byteOrder: 'little', lastPage: 255, badPages } as const;
  return encodeHeader({ ...plain, uuid, volume, ...changes });
}

describe('a swap header', () => {
  it('comes back with every field that was written, for every page size and byte order', () => {
    fc.assert(
      fc.property(headers, (written) => {
        const page = encodeHeader(written);
        expect(page).toHaveLength(written.pageSize);
        expect(decodeHeader(page, written.pageSize)).toEqual({
          ...written,
          version: 1,
          badPageCount: written.badPages.length,
        });
      }),
      { numRuns: 200 },
    );
  });

  it('has its fields where the kernel looks for them', () => {
    const page = header();
    const view = new DataView(page.buffer);
    expect(page.subarray(0, 1024).every((byte) => byte === 0)).toBe(true);
    expect([1024, 1028, 1032, 1536, 1540].map((at) => view.getUint32(at, true))).toEqual([
      1, 255, 2, 5, 9,
    ]);
    expect(page.subarray(1036, 1052).every((byte) => byte === 7)).toBe(true);
    expect(new TextDecoder().decode(page.subarray(1052, 1059))).toBe('scratch');
    expect(new TextDecoder().decode(page.subarray(4086))).toBe('SWAPSPACE2');
  });

  it('of the other byte order has every u32 turned round', () => {
    const little = header();
    const big = header({ byteOrder: 'big' });
    for (const at of [1024, 1028, 1032, 1536, 1540])
      expect(big.slice(at, at + 4)).toEqual(little.slice(at, at + 4).reverse());
  });

  it('has room for 637 bad pages in 4096 bytes, and for no more', () => {
    expect(badPageCountMax(4096)).toBe(637);
    expect(() => header({ badPages: new Uint32Array(637) })).not.toThrow();
    expect(() => header({ badPages: new Uint32Array(638) })).toThrow(InvariantError);
  });

  it('that declares more bad pages than fit is read without reading past the page', () => {
    const page = header();
    new DataView(page.buffer).setUint32(1032, 0xffffffff, true);
    const read = readFields(page, 4096);
    expect(read.badPageCount).toBe(0xffffffff);
    expect(read.badPages).toHaveLength(637);
  });

  it('is never made of random bytes, and reading those never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9000 }), (bytes) => {
        for (const pageSize of [2048, 4096, 8192])
          expect(decodeHeader(bytes, pageSize)).toBe(
            bytes.length < pageSize ? 'too short' : 'no signature',
          );
        expect(findSignature(bytes)).toBe(null);
      }),
    );
  });

  it('of random fields behind a good signature is read as it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4096, maxLength: 4096 }), (bytes) => {
        bytes.set(new TextEncoder().encode('SWAPSPACE2'), 4086);
        const read = decodeHeader(bytes, 4096);
        if (typeof read === 'string') throw new InvariantError(read);
        expect(read.badPages.length).toBe(Math.min(read.badPageCount, 637));
      }),
    );
  });
});

describe('a page size', () => {
  it('is a power of two that holds header and signature', () => {
    expect([2048, 4096, 65536].every(isPageSize)).toBe(true);
    expect([0, 1024, 3000, 4097, -4096].some(isPageSize)).toBe(false);
  });
});

describe('the search for a signature', () => {
  it.each([4096, 8192, 16384, 65536])('finds swap at pages of %i bytes', (pageSize) => {
    expect(findSignature(header({ pageSize }))).toEqual({ pageSize, kind: 'swap' });
  });

  it('passes over pages of 32 KiB, which no machine has', () => {
    expect(findSignature(header({ pageSize: 32768 }))).toBe(null);
  });

  it.each([
    'S1SUSPEND',
    'S2SUSPEND',
    'ULSUSPEND',
    'LINHIB0001',
    '\xed\xc3\x02\xe9\x98\x56\xe5\x0c',
  ])('finds what suspend left: %j', (text) => {
    const page = header();
    page.set(
      Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
      4086,
    );
    expect(findSignature(page)).toEqual({ pageSize: 4096, kind: 'suspend' });
  });
});

describe('a label', () => {
  it('keeps 15 bytes and a NUL', () => {
    const { volume, isTruncated } = volumeBytes('1234567890abcdef');
    expect(isTruncated).toBe(true);
    expect(volume[15]).toBe(0);
    expect(labelText(volume)).toBe('1234567890abcde');
    expect(volumeBytes('1234567890abcde').isTruncated).toBe(false);
  });

  it('is none when it is empty, and is read whole without a NUL', () => {
    expect(labelText(new Uint8Array(16))).toBe(null);
    expect(labelText(new Uint8Array(16).fill(0x61))).toBe('a'.repeat(16));
  });
});

describe('a UUID', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(bytes16, (uuid) => {
        expect(parseUuid(formatUuid(uuid))).toEqual(uuid);
      }),
    );
  });

  it.each(['', 'xyz', '12345678-abcd-abcd-abcd-1234567890a', '12345678abcdabcdabcd1234567890ab'])(
    'is not %j',
    (text) => {
      expect(parseUuid(text)).toBe(null);
    },
  );

  it('of zeros stands for none', () => {
    expect(uuidText(new Uint8Array(16))).toBe(null);
    expect(uuidText(new Uint8Array(16).fill(1))).toBe('01010101-0101-0101-0101-010101010101');
  });
});
