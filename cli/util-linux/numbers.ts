/**
 * Numbers and sizes on a command line, refused in util-linux's words.
 *
 * util-linux counterpart: lib/strutils.c (strtou32_or_err and its like, strtosize_or_err).
 */
import { parseSize, UsageError } from '../../src/units/index.ts';
import type { Program } from './program.ts';

export interface NumberRange {
  /** What the message starts with, as in `parsing page size failed`. */
  readonly message: string;
  readonly min: number;
  readonly max: number;
}

const OUT_OF_RANGE = 'Numerical result out of range';

/** Reads a whole decimal number; ends the program when it is none or out of range. */
export function readInteger(program: Program, text: string, range: NumberRange): number {
  const { message, min, max } = range;
  if (!/^\s*[+-]?\d+$/.test(text)) program.fail(`${message}: '${text}'`);
  const value = Number(text);
  if (value < min || value > max) program.fail(`${message}: '${text}': ${OUT_OF_RANGE}`);
  return value;
}

/** Reads a size with K, M, G and the like; ends the program when it is none. */
export function readSize(program: Program, text: string, message: string): number {
  try {
    return parseSize(text, message);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return program.fail(`${message}: '${text}'`);
  }
}
