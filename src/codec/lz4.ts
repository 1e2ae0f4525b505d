/**
 * lz4 blocks, by lz4-napi (lz4_flex, Rust, behind N-API).
 *
 * Kernel counterpart: crypto/lz4.c over lib/lz4. Both write the same block format; lengths differ
 * from the C library's by 1 to 3 bytes in the mean.
 *
 * The library puts the original length, 4 bytes, little endian, in front of the block. It is no
 * part of the compressed page: dropped after compressing, written anew before decompressing. The
 * library's output buffers are freed only when the event loop turns; the machine sees to that.
 */
import { compressSync, uncompressSync } from 'lz4-napi';
import { assert, PAGE_SIZE } from '../units/index.ts';
import { INCOMPRESSIBLE, type Compressor, type CompressorPrices } from './compressor.ts';
import { libraryVersion } from './library-version.ts';

/** Bytes of the original length that the library wants in front of a block. */
const PREFIX_BYTES = 4;

/** What the kernel runs is the C library, not the one of here. */
const MEASURED = 'assumed: C lz4 1.9.4 on pages of real processes, 2 vCPU AMD EPYC';

class Lz4 implements Compressor {
  readonly name = 'lz4';
  readonly version: string = libraryVersion('lz4-napi');
  readonly headroomBytes: number = PREFIX_BYTES;
  readonly prices: CompressorPrices = {
    compress: { ns: 3000, source: `${MEASURED}: 1.8 to 4.7 us` },
    decompress: { ns: 1200, source: `${MEASURED}: 0.1 to 1.36 us` },
  };

  compress(page: Uint8Array, target: Uint8Array): number {
    assert(page.length === PAGE_SIZE, 'lz4 compresses whole pages');
    let output: Uint8Array;
    try {
      // Declared for Buffer, takes any Uint8Array; making a Buffer of each page would cost 0.2 µs.
      output = compressSync(page as Buffer);
    } catch {
      // As in the kernel, a compressor that fails leaves the page as it is.
      return INCOMPRESSIBLE;
    }
    const length = output.length - PREFIX_BYTES;
    if (length >= PAGE_SIZE) return INCOMPRESSIBLE;
    target.set(output.subarray(PREFIX_BYTES));
    return length;
  }

  decompress(source: Uint8Array, length: number, page: Uint8Array): boolean {
    assert(page.length === PAGE_SIZE, 'lz4 restores whole pages');
    assert(length >= 1 && PREFIX_BYTES + length <= source.length, 'lz4 data lies in its buffer');
    source[0] = PAGE_SIZE & 0xff;
    source[1] = PAGE_SIZE >>> 8;
    source[2] = 0;
    source[3] = 0;
    try {
      const output = uncompressSync(source.subarray(0, PREFIX_BYTES + length));
      // The length in front is only the room that the library makes: a block may fill less of it.
      if (output.length !== PAGE_SIZE) return false;
      page.set(output);
      return true;
    } catch {
      return false;
    }
  }
}

/** Makes the lz4 compressor. */
export function createLz4(): Compressor {
  return new Lz4();
}
