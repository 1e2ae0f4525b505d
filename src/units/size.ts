/** Sizes as people write them: 512M, 1GiB, 4096. */
import { UsageError } from './errors.ts';
import { clipped } from './text.ts';

const exponents: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/**
 * Reads a size in bytes: digits, an optional fraction, and K, M, G, T or P (binary, "iB" and "B"
 * allowed behind them; as util-linux, "MB" and the like are powers of 1000).
 *
 * @param text - what the user wrote
 * @param option - the option or key to name in the error
 * @returns whole bytes
 * @throws UsageError when it is no size, is negative, or is no whole number of bytes
 */
export function parseSize(text: string, option: string): number {
  const match = /^(\d+)(\.\d+)?\s*([kmgtp]?)(ib|b)?$/i.exec(text.trim());
  const accepted =
    'accepted: a number of bytes, or with K, M, G, T (powers of 1024) or KB, MB, … (powers of 1000)';
  if (match === null) throw new UsageError(`${option}: '${clipped(text)}' is no size; ${accepted}`);
  const [, whole = '', fraction = '', unit = '', suffix = ''] = match;
  const base = suffix.toLowerCase() === 'b' && unit !== '' ? 1000 : 1024;
  const bytes = Number(whole + fraction) * base ** (exponents[unit.toLowerCase()] ?? 0);
  if (!Number.isSafeInteger(Math.round(bytes)))
    throw new UsageError(`${option}: '${clipped(text)}' is too large; ${accepted}`);
  return Math.round(bytes);
}
