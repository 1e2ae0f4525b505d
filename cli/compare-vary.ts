/** `--vary KEY=V1,V2,…`: a key of the spec and the values that it takes, a column each. */
import { requireSpecKey } from '../src/machine/index.ts';
import { clipped, requireFlat, UsageError } from '../src/units/index.ts';
import { plainValue } from './run-options.ts';

export interface VariedSetting {
  /** Of the spec, dots between its parts. */
  readonly key: string;
  readonly values: readonly unknown[];
}

/** Keys that have options of their own, which do more than set them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  design: '--designs',
  revision: '--designs NAME:REVISION',
  seed: '--seeds',
  name: '--name',
};

/**
 * Reads one --vary.
 * @throws UsageError for what is no key of a spec, with the nearest, and for values that are none
 */
export function readVary(text: string): VariedSetting {
  const at = text.indexOf('=');
  if (at <= 0) throw new UsageError(`--vary: '${clipped(text)}' is not KEY=VALUE,VALUE,…`);
  const key = text.slice(0, at);
  const elsewhere = Object.hasOwn(ELSEWHERE, key) ? ELSEWHERE[key] : undefined;
  if (elsewhere !== undefined)
    throw new UsageError(`--vary: '${key}' is not varied here but with ${elsewhere}`);
  requireSpecKey(key, '--vary');
  const words = splitValues(text.slice(at + 1));
  if (words.includes('')) throw new UsageError(`--vary: '${clipped(text)}' has an empty value`);
  const twice = words.find((word, index) => words.indexOf(word) < index);
  if (twice !== undefined)
    throw new UsageError(`--vary: '${clipped(text)}' names ${clipped(twice)} twice`);
  const values = words.map(plainValue);
  for (const value of values) requireFlat(value, `--vary ${key}`);
  return { key, values };
}

/** At commas, but not at those within JSON. */
function splitValues(text: string): string[] {
  const words: string[] = [];
  let from = 0;
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (letter === '"' && text[at - 1] !== '\\') isQuoted = !isQuoted;
    else if (!isQuoted && /[[{]/.test(letter)) depth += 1;
    else if (!isQuoted && /[\]}]/.test(letter)) depth -= 1;
    if (letter !== ',' || depth > 0 || isQuoted) continue;
    words.push(text.slice(from, at));
    from = at + 1;
  }
  return [...words, text.slice(from)];
}
