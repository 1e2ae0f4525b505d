/** Whole numbers in the bytes of a line: no string for each. */

const ZERO = 48;
/** Digits of a number that is below 2^53 whatever they are. */
const DIGITS_SAFE = 15;

/**
 * The number that the bytes `start` to `end` (exclusive) spell in decimal digits.
 * @returns -1 when they do not, or when it is no safe integer
 */
export function decimal(bytes: Uint8Array, start: number, end: number): number {
  if (end <= start) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return end - start <= DIGITS_SAFE || Number.isSafeInteger(value) ? value : -1;
}
