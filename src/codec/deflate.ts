/**
 * Raw deflate, by the zlib that Node brings along.
 *
 * Kernel counterpart: crypto/deflate.c, whose parameters these are. Node sets up a stream at each
 * call (the kernel keeps one per CPU), which costs wall time, never virtual time. Node's zlib is
 * Chromium's: lengths may differ from the kernel's by a few bytes.
 * @source linux 6.18 crypto/deflate.c (DEFLATE_DEF_LEVEL, DEFLATE_DEF_WINBITS, DEFLATE_DEF_MEMLEVEL)
 */
import { deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { assert, PAGE_SIZE } from '../units/index.ts';
import { INCOMPRESSIBLE, type Compressor, type CompressorPrices } from './compressor.ts';

const WINDOW_BITS = 11;
const deflateOptions: ZlibOptions = { level: 6, windowBits: WINDOW_BITS, memLevel: 8 };
/** A block that gives more than a page is damaged: the library stops there and throws. */
const inflateOptions: ZlibOptions = { windowBits: WINDOW_BITS, maxOutputLength: PAGE_SIZE };

/** The kernel's zlib is older and has no assembly, the processor was shared: hence `assumed`. */
const MEASURED =
  'assumed: C zlib 1.2.13 with these parameters, one stream for all, on pages of a Node heap, ' +
  'Intel Xeon 2.5 GHz';

class Deflate implements Compressor {
  readonly name = 'deflate';
  readonly version: string = `zlib ${process.versions.zlib}`;
  readonly headroomBytes = 0;
  readonly prices: CompressorPrices = {
    compress: { ns: 130_000, source: `${MEASURED}: 128 to 140 us` },
    decompress: { ns: 17_000, source: `${MEASURED}: 17 us` },
  };

  compress(page: Uint8Array, target: Uint8Array): number {
    assert(page.length === PAGE_SIZE, 'deflate compresses whole pages');
    const output = deflateRawSync(page, deflateOptions);
    if (output.length >= PAGE_SIZE) return INCOMPRESSIBLE;
    target.set(output);
    return output.length;
  }

  decompress(source: Uint8Array, length: number, page: Uint8Array): boolean {
    assert(page.length === PAGE_SIZE, 'deflate restores whole pages');
    assert(length >= 1 && length <= source.length, 'deflate data lies in its buffer');
    try {
      const output = inflateRawSync(source.subarray(0, length), inflateOptions);
      if (output.length !== PAGE_SIZE) return false;
      page.set(output);
      return true;
    } catch {
      return false;
    }
  }
}

/** Makes the deflate compressor, with the kernel's parameters. */
export function createDeflate(): Compressor {
  return new Deflate();
}
