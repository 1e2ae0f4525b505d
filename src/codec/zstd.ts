/**
 * zstd frames, by @cloudpss/zstd (the C library behind N-API).
 *
 * Kernel counterpart: crypto/zstd.c and drivers/block/zram/backend_zstd.c: level 3, parameters for a
 * source of 4096 bytes, a frame that states its content's size and has no checksum. The binding calls
 * the same function (ZSTD_compressCCtx), and Node's own zlib.zstdCompressSync gives the same lengths.
 *
 * Why this library: it compresses in one call, and its package holds the binaries (Linux x64 and
 * arm64, glibc and musl), so nothing is downloaded at install. @toondepauw/node-zstd streams, which
 * gives other lengths than the kernel and takes three times as long; @mongodb-js/zstd and zstd-napi
 * download at install; Node's own exists from 22.15 and 23.8 on only.
 *
 * A Node that has zstd inside (22.15 and later) lends it to the binding, as the dynamic linker
 * resolves names: `version` says which one is really called. Lengths differ between the two (1239 and
 * 1242 bytes for one page of words), so a run's digest may differ between such Nodes.
 */
import { compress, decompress, ZSTD_VERSION } from '@cloudpss/zstd/napi';
import { assert, PAGE_SIZE } from '../units/index.ts';
import { INCOMPRESSIBLE, type Compressor, type CompressorPrices } from './compressor.ts';

/** @source linux 6.18 crypto/zstd.c ZSTD_DEF_LEVEL; zram: zstd_default_clevel */
const ZSTD_DEF_LEVEL = 3;
/**
 * How the frame of a page begins: magic number, a descriptor that says "one segment, two bytes of
 * content size", and 4096 less 256. @source RFC 8878 §3.1.1
 */
const PAGE_FRAME_HEADER = [0x28, 0xb5, 0x2f, 0xfd, 0x60, 0x00, 0x0f] as const;

class Zstd implements Compressor {
  readonly name = 'zstd';
  readonly version: string = `zstd ${ZSTD_VERSION()}`;
  readonly headroomBytes = 0;
  readonly prices: CompressorPrices = {
    compress: {
      ns: 9000,
      source: 'assumed: lzbench, zstd -1, 500 MB/s: 8.2 us; level 3 is slower',
    },
    decompress: { ns: 3000, source: 'assumed: lzbench, zstd -1, 1660 MB/s: 2.5 us' },
  };

  compress(page: Uint8Array, target: Uint8Array): number {
    assert(page.length === PAGE_SIZE, 'zstd compresses whole pages');
    const output = compress(page, ZSTD_DEF_LEVEL);
    if (output.length >= PAGE_SIZE) return INCOMPRESSIBLE;
    target.set(output);
    return output.length;
  }

  decompress(source: Uint8Array, length: number, page: Uint8Array): boolean {
    assert(page.length === PAGE_SIZE, 'zstd restores whole pages');
    assert(length >= 1 && length <= source.length, 'zstd data lies in its buffer');
    // The library makes room for as much as the header claims, up to 1 GiB.
    if (!isPageFrame(source, length)) return false;
    try {
      const output = decompress(source.subarray(0, length));
      if (output.length !== PAGE_SIZE) return false;
      page.set(output);
      return true;
    } catch {
      return false;
    }
  }
}

function isPageFrame(source: Uint8Array, length: number): boolean {
  if (length < PAGE_FRAME_HEADER.length) return false;
  return PAGE_FRAME_HEADER.every((byte, i) => source[i] === byte);
}

/** Makes the zstd compressor, at the kernel's default level. */
export function createZstd(): Compressor {
  return new Zstd();
}
