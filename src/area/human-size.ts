/** Sizes as util-linux prints them: binary units, one decimal at most. */

const LETTERS = 'BKMGTPE';

/**
 * Returns `36 KiB` (long) or `36K` (short).
 *
 * @param bytes - 0 or more
 * @source util-linux lib/strutils.c size_to_human_string; a rounding that reaches the next whole
 *   number adds one to it, so 1023.96 KiB is 1024 KiB, as there
 */
export function humanSize(bytes: number, form: 'short' | 'long'): string {
  let exponent = 0;
  while (exponent < LETTERS.length - 1 && bytes >= 1024 ** (exponent + 1)) exponent += 1;
  const unit = 1024 ** exponent;
  const letter = LETTERS[exponent]!;
  const suffix = form === 'short' ? letter : exponent === 0 ? ` ${letter}` : ` ${letter}iB`;
  let whole = Math.floor(bytes / unit);
  // There: three digits cut off, then rounded to one; not the same as rounding once.
  const thousandths = Math.floor(((bytes % unit) * 1000) / unit);
  let tenths = Math.floor((thousandths + 50) / 100);
  if (tenths === 10) {
    whole += 1;
    tenths = 0;
  }
  return tenths === 0 ? `${whole}${suffix}` : `${whole}.${tenths}${suffix}`;
}
