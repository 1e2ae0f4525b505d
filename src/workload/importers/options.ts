/** How importers read the options that `swaplab import` hands them as they were typed. */
import { clipped, UsageError } from '../../units/index.ts';
import type { ImportRequest } from './importer.ts';

type Options = ImportRequest['options'];

/** `objIdCol` as it is typed: `--obj-id-col`. */
function optionName(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The text of an option; undefined when it was not given. */
export function textOption(options: Options, key: string): string | undefined {
  const value = options[key];
  return typeof value === 'string' ? value : undefined;
}

/** Whether a flag was given. */
export function flagOption(options: Options, key: string): boolean {
  return options[key] === true;
}

/**
 * A whole number.
 * @param fallback - when the option was not given
 * @throws UsageError when it is none, or not in min to max
 */
export function wholeOption<Fallback extends number | undefined>(
  options: Options,
  key: string,
  fallback: Fallback,
  { min = 1, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {},
): number | Fallback {
  const text = textOption(options, key);
  if (text === undefined) return fallback;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `${min} to ${max}`;
  throw new UsageError(`${badOption(key, text)}; accepted: a whole number ${range}`);
}

/** `--key: 'what was typed' is not accepted`, to which what is accepted is added. */
export function badOption(key: string, text: string): string {
  return `${optionName(key)}: '${clipped(text)}' is not accepted`;
}

/** One of a few words. */
export function choiceOption<Choice extends string>(
  options: Options,
  key: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = textOption(options, key);
  if (text === undefined) return undefined;
  const choice = choices.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw new UsageError(`${badOption(key, text)}; accepted: ${choices.join(', ')}`);
}
