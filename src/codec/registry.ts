/**
 * The compressors by name: the choices of `--zswap compressor=…` and a spec's values.
 *
 * The kernel's other ones are known by name, to say why they are missing instead of only that.
 */
import { didYouMean, UsageError } from '../units/index.ts';
import type { Compressor } from './compressor.ts';
import { createDeflate } from './deflate.ts';
import { createLz4 } from './lz4.ts';
import { createZstd } from './zstd.ts';

export type CompressorName = 'lz4' | 'zstd' | 'deflate';

export const compressors: Readonly<Record<CompressorName, () => Compressor>> = {
  lz4: createLz4,
  zstd: createZstd,
  deflate: createDeflate,
};

/**
 * Compressors of the kernel that no library gives to Node as this project needs it, and why. Looked
 * for in November 2026: the package `lzo` is compiled at install and has no
 * run-length variant; `lzo-wasm` only decompresses.
 * @source linux 6.18 mm/Kconfig ZSWAP_COMPRESSOR_DEFAULT, drivers/block/zram/zcomp.c
 */
export const MISSING_COMPRESSORS: Readonly<Record<string, string>> = {
  lzo: 'no maintained library compresses it on Node without a compiler',
  'lzo-rle': 'this variant of LZO exists in the kernel only',
  '842': 'no library offers it',
  lz4hc: 'lz4-napi has one level of compression',
};

/**
 * Makes the compressor called `name`.
 *
 * @param option - the option or key to name in the error
 * @throws UsageError when there is none of that name
 */
export function createCompressor(name: string, option: string): Compressor {
  if (Object.hasOwn(compressors, name)) return compressors[name as CompressorName]();
  const problem = Object.hasOwn(MISSING_COMPRESSORS, name) ? 'is not offered' : 'is no compressor';
  throw new UsageError(`${option}: '${name}' ${problem}: ${compressorChoices(name)}`);
}

/** What is accepted instead of `name`; for a compressor of the kernel's, why it is missing, too. */
export function compressorChoices(name: unknown): string {
  const names = Object.keys(compressors);
  const isKnown = typeof name === 'string' && Object.hasOwn(MISSING_COMPRESSORS, name);
  // Whoever asks for one of the kernel's meant it.
  const question = typeof name === 'string' && !isKnown ? didYouMean(name, names) : '';
  const accepted = `accepted: ${names.join(', ')}${question}`;
  return isKnown ? `${MISSING_COMPRESSORS[name]!}; ${accepted}` : accepted;
}
