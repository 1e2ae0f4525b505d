/** The compressor contract: bytes to bytes, into the caller's buffers. */

/** Returned by `compress` when the output would not be smaller than the input page. */
export const INCOMPRESSIBLE = -1;

/** Nanoseconds of virtual time for one page of 4096 bytes, on average. */
export interface Price {
  readonly ns: number;
  readonly source: string;
}

export interface CompressorPrices {
  readonly compress: Price;
  readonly decompress: Price;
}

export interface Compressor {
  /** Registry key, for example `lz4`. */
  readonly name: string;
  /** Library and version; part of a run's resolved spec because lengths may differ. */
  readonly version: string;
  /** Bytes that `decompress` wants free in front of the compressed ones; 0 or more. */
  readonly headroomBytes: number;
  /** What a page takes in virtual time; charged by `countCompress` and `countDecompress`. */
  readonly prices: CompressorPrices;

  /**
   * Compresses one page of 4096 bytes.
   *
   * @param page - exactly 4096 bytes
   * @param target - at least 4096 bytes; the compressed bytes start at offset 0
   * @returns length in bytes, 1 to 4095, or INCOMPRESSIBLE; then `target` holds nothing of use
   */
  compress(page: Uint8Array, target: Uint8Array): number;

  /**
   * Restores one page.
   *
   * @param source - buffer of at least `headroomBytes + length` bytes whose compressed bytes start at
   *   `headroomBytes`; the headroom is the compressor's to scribble on (lz4-napi wants the original
   *   length there)
   * @param length - bytes of compressed data
   * @param page - exactly 4096 bytes, overwritten
   * @returns false when the data is damaged or gives no 4096 bytes
   */
  decompress(source: Uint8Array, length: number, page: Uint8Array): boolean;
}
