import { readFileSync } from 'node:fs';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compressors,
  createCompressor,
  INCOMPRESSIBLE,
  type Compressor,
} from '../../src/codec/index.ts';
import { RandomStream } from '../../src/engine/index.ts';
import { PAGE_SIZE, UsageError } from '../../src/units/index.ts';

/** A page of `randomBytes` random bytes, then `pattern` over and over. */
function makePage(seed: number, randomBytes: number, pattern: Uint8Array): Uint8Array {
  const stream = new RandomStream(seed, 'page');
  const page = new Uint8Array(PAGE_SIZE);
  for (let i = 0; i < PAGE_SIZE; i++)
    page[i] = i < randomBytes ? stream.next() : pattern[i % pattern.length]!;
  return page;
}

const pages = fc
  .record({
    seed: fc.integer(),
    randomBytes: fc.integer({ min: 0, max: PAGE_SIZE }),
    pattern: fc.uint8Array({ minLength: 1, maxLength: 64 }),
  })
  .map(({ seed, randomBytes, pattern }) => makePage(seed, randomBytes, pattern));

/** `toEqual` looks at one element at a time: 20 ms a page. */
function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

/** The compressed bytes as a pool would hand them back: behind the headroom. */
function withHeadroom(compressor: Compressor, bytes: Uint8Array): Uint8Array {
  const source = new Uint8Array(compressor.headroomBytes + bytes.length).fill(0xa5);
  source.set(bytes, compressor.headroomBytes);
  return source;
}

function compressed(compressor: Compressor, page: Uint8Array): Uint8Array {
  const target = new Uint8Array(PAGE_SIZE);
  return target.slice(0, Math.max(0, compressor.compress(page, target)));
}

describe.each(Object.entries(compressors))('compressor %s', (name, create) => {
  const compressor = create();

  it('has the name of its registry key and the version of its library', () => {
    expect(compressor.name).toBe(name);
    expect(compressor.version).toMatch(/^\S+ \d+\.\d+/);
  });

  it('gives back every page that it makes smaller', () => {
    fc.assert(
      fc.property(pages, (page) => {
        const before = page.slice();
        const target = new Uint8Array(PAGE_SIZE + 8).fill(0x5a);
        const length = compressor.compress(page, target);
        expect(sameBytes(page, before)).toBe(true);
        if (length === INCOMPRESSIBLE) return;
        expect(length).toBeGreaterThanOrEqual(1);
        expect(length).toBeLessThan(PAGE_SIZE);
        expect(target.subarray(length).every((byte) => byte === 0x5a)).toBe(true);
        const restored = new Uint8Array(PAGE_SIZE).fill(0xee);
        const source = withHeadroom(compressor, target.subarray(0, length));
        expect(compressor.decompress(source, length, restored)).toBe(true);
        expect(sameBytes(restored, before)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('reads exactly `length` bytes from a larger buffer and writes only the page', () => {
    const page = makePage(3, 1500, Uint8Array.of(7, 7, 9));
    const bytes = compressed(compressor, page);
    const source = new Uint8Array(compressor.headroomBytes + PAGE_SIZE).fill(0xa5);
    source.set(bytes, compressor.headroomBytes);
    const memory = new Uint8Array(3 * PAGE_SIZE).fill(0x11);
    const restored = memory.subarray(PAGE_SIZE, 2 * PAGE_SIZE);
    expect(compressor.decompress(source, bytes.length, restored)).toBe(true);
    expect(sameBytes(restored, page)).toBe(true);
    expect(memory.subarray(0, PAGE_SIZE).every((byte) => byte === 0x11)).toBe(true);
    expect(memory.subarray(2 * PAGE_SIZE).every((byte) => byte === 0x11)).toBe(true);
  });

  it('calls a page of random bytes incompressible', () => {
    const page = makePage(1, PAGE_SIZE, Uint8Array.of(0));
    expect(compressor.compress(page, new Uint8Array(PAGE_SIZE))).toBe(INCOMPRESSIBLE);
  });

  it('answers with a boolean to damaged data and never throws', () => {
    const page = makePage(2, 1000, new TextEncoder().encode('some words, and again '));
    const bytes = compressed(compressor, page);
    const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 8,
    });
    let refused = 0;
    fc.assert(
      fc.property(damage, fc.integer({ min: 1, max: bytes.length }), (flips, length) => {
        const damaged = bytes.slice(0, length);
        for (const [at, mask] of flips) if (at < length) damaged[at] = damaged[at]! ^ mask;
        const restored = new Uint8Array(PAGE_SIZE);
        const source = withHeadroom(compressor, damaged);
        const isWhole = compressor.decompress(source, length, restored);
        if (!isWhole) refused += 1;
        expect(typeof isWhole).toBe('boolean');
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(1000);
  });

  it('refuses data that stops early', () => {
    const bytes = compressed(compressor, makePage(4, 800, Uint8Array.of(1, 2, 3)));
    const source = withHeadroom(compressor, bytes);
    for (const length of [1, 2, bytes.length >> 1, bytes.length - 1])
      expect(compressor.decompress(source, length, new Uint8Array(PAGE_SIZE))).toBe(false);
  });
});

describe('lz4', () => {
  const lz4 = createCompressor('lz4', '--zswap');

  it('names the installed library and its version', () => {
    const text = readFileSync('node_modules/lz4-napi/package.json', 'utf8');
    const { version } = JSON.parse(text) as { version: string };
    expect(lz4.version).toBe(`lz4-napi ${version}`);
  });

  it('gives a page of zeros 27 bytes: the length in front is not among them', () => {
    expect(lz4.compress(new Uint8Array(PAGE_SIZE), new Uint8Array(PAGE_SIZE))).toBe(27);
  });

  it('writes plain lz4 blocks: a literal run, then a match', () => {
    // Token 1 literal + long match, the literal, offset 1, length bytes: zeros repeat byte 0.
    const bytes = compressed(lz4, new Uint8Array(PAGE_SIZE));
    expect([...bytes.subarray(0, 4)]).toEqual([0x1f, 0, 1, 0]);
  });

  it('refuses a sound block that holds less or more than a page', () => {
    const restored = new Uint8Array(PAGE_SIZE);
    // Token 0x50: five literals and the end of the block.
    const short = withHeadroom(lz4, Uint8Array.of(0x50, 1, 2, 3, 4, 5));
    expect(lz4.decompress(short, 6, restored)).toBe(false);
    const zeros = compressed(lz4, new Uint8Array(PAGE_SIZE));
    const longer = withHeadroom(lz4, zeros);
    // Each 255 in the match length adds as many bytes; the last one below 255 ends it.
    const end = lz4.headroomBytes + zeros.lastIndexOf(255) + 1;
    longer[end] = longer[end]! + 1;
    expect(lz4.decompress(longer, zeros.length, restored)).toBe(false);
  });
});

describe('deflate', () => {
  const deflate = createCompressor('deflate', '--zswap');

  it('refuses a stream that unpacks to more than a page', () => {
    // Two stored blocks of 4096 zeros each, the second one final (RFC 1951 §3.2.4).
    const block = Uint8Array.of(0, 0, 0x10, 0xff, 0xef);
    const bytes = new Uint8Array(2 * (block.length + PAGE_SIZE));
    bytes.set(block, 0);
    bytes.set(block, block.length + PAGE_SIZE);
    bytes[block.length + PAGE_SIZE] = 1;
    expect(deflate.decompress(bytes, bytes.length, new Uint8Array(PAGE_SIZE))).toBe(false);
  });

  it('refuses a sound stream that unpacks to less than a page', () => {
    const bytes = Uint8Array.of(1, 1, 0, 0xfe, 0xff, 7);
    expect(deflate.decompress(bytes, bytes.length, new Uint8Array(PAGE_SIZE))).toBe(false);
  });

  it('looks back no further than the 2 KiB window of the kernel', () => {
    // The second half repeats the first, at a distance that only a larger window reaches.
    const page = makePage(5, PAGE_SIZE, Uint8Array.of(0));
    page.copyWithin(PAGE_SIZE / 2, 0, PAGE_SIZE / 2);
    expect(deflate.compress(page, new Uint8Array(PAGE_SIZE))).toBe(INCOMPRESSIBLE);
    // Nearer it is found.
    for (let at = 1000; at < PAGE_SIZE; at += 1000) page.copyWithin(at, 0, 1000);
    expect(deflate.compress(page, new Uint8Array(PAGE_SIZE))).toBeLessThan(1500);
  });

  it('takes the version of the zlib inside Node', () => {
    expect(deflate.version).toBe(`zlib ${process.versions.zlib}`);
  });
});

describe('zstd', () => {
  const zstd = createCompressor('zstd', '--zswap');

  it('writes the frame of the kernel: one segment, its content 4096 bytes, no checksum', () => {
    const bytes = compressed(zstd, makePage(6, 900, Uint8Array.of(4, 5, 6)));
    expect([...bytes.subarray(0, 7)]).toEqual([0x28, 0xb5, 0x2f, 0xfd, 0x60, 0x00, 0x0f]);
  });

  it('compresses at level 3', () => {
    const stream = new RandomStream(8, 'words');
    const words = 'swap slot cluster folio shadow zspage handle writeback refault entry'.split(' ');
    const page = Buffer.alloc(PAGE_SIZE);
    for (let at = 0; at < PAGE_SIZE;)
      at += page.write(`${words[stream.next() % words.length]!}=${stream.next() % 1000} `, at);
    // Level 2 gives 1272, level 4 1236, by either version of the library.
    expect(compressed(zstd, page).length).toBe(zstd.version === 'zstd 1.5.6' ? 1239 : 1242);
  });

  it('makes no room for what a damaged frame claims to hold', () => {
    const bytes = compressed(zstd, makePage(6, 900, Uint8Array.of(4, 5, 6)));
    // A content size of four bytes: 512 MiB.
    const claim = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x20);
    const damaged = Buffer.concat([claim, bytes.subarray(7)]);
    const before = process.memoryUsage().arrayBuffers;
    expect(zstd.decompress(damaged, damaged.length, new Uint8Array(PAGE_SIZE))).toBe(false);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
  });

  it('gives a page of zeros 19 bytes', () => {
    expect(zstd.compress(new Uint8Array(PAGE_SIZE), new Uint8Array(PAGE_SIZE))).toBe(19);
  });

  const { zstdCompressSync } = zlib as { zstdCompressSync?: (page: Uint8Array) => Uint8Array };

  it.skipIf(zstdCompressSync === undefined)('compresses as level 3 of Node’s own zstd', () => {
    for (let seed = 0; seed < 20; seed++) {
      const page = makePage(seed, 150 * seed, new TextEncoder().encode(`words ${seed} and again `));
      expect(compressed(zstd, page).length).toBe(zstdCompressSync!(page).length);
    }
  });

  it('packs words better than lz4', () => {
    const text = readFileSync('README.md').subarray(0, PAGE_SIZE);
    const lz4 = createCompressor('lz4', '--zswap');
    expect(compressed(zstd, text).length).toBeLessThan(0.85 * compressed(lz4, text).length);
  });

  it('refuses a frame that holds less or more than a page before it makes room', () => {
    const bytes = compressed(zstd, new Uint8Array(PAGE_SIZE));
    const restored = new Uint8Array(PAGE_SIZE);
    const twice = Buffer.concat([bytes, bytes]);
    expect(zstd.decompress(twice, twice.length, restored)).toBe(false);
    for (const [at, value] of [
      [0, 0x29],
      [4, 0x20],
      [5, 1],
      [6, 0xff],
    ] as const) {
      const damaged = bytes.slice();
      damaged[at] = value;
      expect(zstd.decompress(damaged, damaged.length, restored)).toBe(false);
    }
  });
});

describe('the registry of compressors', () => {
  it('names the option, the value and the choices, and why a compressor of the kernel is missing', () => {
    expect(() => createCompressor('lzo', '--zswap compressor')).toThrow(
      new UsageError(
        "--zswap compressor: 'lzo' is not offered: no maintained library compresses it on Node " +
          'without a compiler; accepted: lz4, zstd, deflate',
      ),
    );
    expect(() => createCompressor('snappy', 'zswap.compressor')).toThrow(
      new UsageError("zswap.compressor: 'snappy' is no compressor: accepted: lz4, zstd, deflate"),
    );
    expect(() => createCompressor('toString', 'zswap.compressor')).toThrow(UsageError);
  });
});
