/** What the subcommands of `runs` take in the same way. */
import { InvalidArgumentError, Option, type Command } from 'commander';

export interface FormatOptions<Format extends string> {
  readonly format: Format;
  readonly json?: true;
}

/** `--format`, the first one when left out, and `--json` as its short form. */
export function addOutputFormat(
  command: Command,
  formats: readonly string[],
  explanation: string,
): Command {
  return command
    .addOption(new Option('--format <format>', explanation).choices(formats).default(formats[0]))
    .addOption(new Option('--json', 'one JSON document: --format json').conflicts('format'));
}

/** Collects the values of an option that may stand several times. */
export function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}

export function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgumentError('Accepted is a whole number from 0.');
  return Number(text);
}
