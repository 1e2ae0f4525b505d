/** What the terminal, or whatever stdout is, can show. */
import type { CharacterSet } from '../../src/report/text/sparkline.ts';
import type { CommandIo } from '../command.ts';

/** By the locale, as the C library finds it. */
export function characterSet(env: CommandIo['env']): CharacterSet {
  // An empty variable counts as one that is not set.
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return /utf-?8/i.test(locale) ? 'unicode' : 'ascii';
}

/** Colours: on a terminal that has them, unless NO_COLOR says no. @source https://no-color.org */
export function isColoured(env: CommandIo['env']): boolean {
  const isWanted = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return process.stdout.isTTY && isWanted;
}
