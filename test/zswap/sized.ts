/**
 * A compressor whose lengths a test chooses: the page says in its head how long it shall get. Its
 * output differs by name, and restoring checks every byte of it.
 */
import { INCOMPRESSIBLE, type Compressor } from '../../src/codec/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';

/** Bytes of a page's head: length and seed. */
const HEAD_BYTES = 8;
const price = { ns: 0, source: 'assumed: none' };

/** Fills a page with what `seed` says, which compresses to `length` bytes: 8 to 4096. */
export function drawSized(page: Uint8Array, seed: number, length: number): void {
  for (let i = HEAD_BYTES; i < PAGE_SIZE; i++) page[i] = (seed * 31 + i * 7 + (i >>> 8)) & 0xff;
  const head = new DataView(page.buffer, page.byteOffset, HEAD_BYTES);
  head.setUint32(0, length);
  head.setUint32(4, seed);
}

export function sizedPage(seed: number, length: number): Buffer {
  const page = Buffer.alloc(PAGE_SIZE);
  drawSized(page, seed, length);
  return page;
}

/** @param isDamaged - asked at each restore: true when the bytes shall be found damaged */
export function createSized(name: string, isDamaged: () => boolean = () => false): Compressor {
  const key = Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) & 0xff, 1);
  return {
    name,
    version: 'test',
    headroomBytes: name.length,
    prices: { compress: price, decompress: price },
    compress(page, target) {
      const length = new DataView(page.buffer, page.byteOffset, HEAD_BYTES).getUint32(0);
      if (length >= PAGE_SIZE) return INCOMPRESSIBLE;
      for (let i = 0; i < length; i++) target[i] = page[i]! ^ key;
      return length;
    },
    decompress(source, length, page) {
      if (isDamaged()) return false;
      const bytes = source.subarray(this.headroomBytes, this.headroomBytes + length);
      const head = Buffer.from(bytes.subarray(0, HEAD_BYTES).map((byte) => byte ^ key));
      drawSized(page, head.readUInt32BE(4), head.readUInt32BE(0));
      if (head.readUInt32BE(0) !== length) return false;
      for (let i = 0; i < length; i++) if (page[i] !== (bytes[i]! ^ key)) return false;
      return true;
    },
  };
}
