/** What the names of files say before any of them is opened. */
import { statSync } from 'node:fs';
import { UsageError } from '../src/units/index.ts';

/** Whether a word is the path of a file in JSON, and not a name: it has a slash or ends in .json. */
export function isFileName(word: string): boolean {
  return word.includes('/') || word.endsWith('.json');
}

/**
 * Refuses to write over what is being read: it may have taken hours to record.
 * @param option - of the output, as messages name it
 * @throws UsageError where both names are of one file
 */
export function requireOtherFile(output: string, input: string, option: string): void {
  if (output === '-' || input === '-') return;
  const there = statSync(output, { throwIfNoEntry: false, bigint: true });
  const read = statSync(input, { throwIfNoEntry: false, bigint: true });
  if (there === undefined || read === undefined) return;
  if (there.isFile() && there.dev === read.dev && there.ino === read.ino)
    throw new UsageError(`${option}: ${output} is the file that is read; accepted: another one`);
}
