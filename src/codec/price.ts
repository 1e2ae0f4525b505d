/**
 * What compressing and decompressing a page takes in virtual time: it is the compressor that has a
 * price, since a run may use more than one (recompression; a pool made before a setting changed).
 */
import { EV, type Engine } from '../engine/index.ts';
import type { Compressor } from './compressor.ts';

/**
 * Counts the compression of one page and charges this compressor's price for it.
 * A cost profile that names `compress` has the last word, whatever the compressor.
 */
export function countCompress(engine: Engine, compressor: Compressor): void {
  engine.count(EV.compress);
  if (!engine.costs.names('compress')) engine.spend(compressor.prices.compress.ns);
}

/** Counts the decompression of one page, as `countCompress`. */
export function countDecompress(engine: Engine, compressor: Compressor): void {
  engine.count(EV.decompress);
  if (!engine.costs.names('decompress')) engine.spend(compressor.prices.decompress.ns);
}
