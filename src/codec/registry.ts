/** The compressors by name: the choices of `--zswap compressor=…` and a spec's values. */
import { UsageError } from '../units/index.ts';
import type { Compressor } from './compressor.ts';
import { createDeflate } from './deflate.ts';
import { createLz4 } from './lz4.ts';

export type CompressorName = 'lz4' | 'deflate';

export const compressors: Readonly<Record<CompressorName, () => Compressor>> = {
  lz4: createLz4,
  deflate: createDeflate,
};

/**
 * Makes the compressor called `name`.
 *
 * @param option - the option or key to name in the error
 * @throws UsageError when there is none of that name
 */
export function createCompressor(name: string, option: string): Compressor {
  if (!Object.hasOwn(compressors, name)) {
    const accepted = Object.keys(compressors).join(', ');
    throw new UsageError(`${option}: '${name}' is no compressor; accepted: ${accepted}`);
  }
  return compressors[name as CompressorName]();
}
