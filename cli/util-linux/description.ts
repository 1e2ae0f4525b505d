/** Describes a program of util-linux's manners from its option table and its usage text. */
import { assert } from '../../src/units/index.ts';
import type { CommandDescription, ExitStatus, OptionDescription } from '../description.ts';
import type { OptionSpec } from './getopt.ts';

export interface UsageTable {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionSpec<string>[];
  /** What --help prints; where the table has no words, it has. */
  readonly usage: string;
  readonly exitStatus: readonly ExitStatus[];
}

/** @throws InvariantError for an option of the table that the usage text does not have */
export function describeUsage(table: UsageTable): CommandDescription {
  const lines = table.usage.split('\n');
  const at = lines.indexOf('Usage:');
  const usage = lines.slice(at + 1, lines.indexOf('', at)).map((line) => line.trim());
  const words = usage[0]!.split(' ').slice(1);
  return {
    name: table.name,
    summary: table.summary,
    text: lines[lines.indexOf('', at) + 1]!,
    usage,
    operands: words.filter((word) => word !== '[options]').map(operand),
    options: table.options.map((option) => describeOption(option, lines)),
    subcommands: [],
    notes: notesOf(lines),
    exitStatus: table.exitStatus,
  };
}

function operand(word: string): CommandDescription['operands'][0] {
  const name = word.replace(/[[\]<>]/g, '');
  const isRequired = !word.startsWith('[');
  // All but the first of several are one file's properties.
  return { name, isRequired, isRepeated: name === 'spec', text: '', choices: [] };
}

function describeOption(spec: OptionSpec<string>, lines: readonly string[]): OptionDescription {
  const { short, long, argument = 'none' } = spec;
  const names = [
    ...(short === undefined ? [] : [`-${short}`]),
    ...(long === undefined ? [] : [`--${long}`]),
  ].join(', ');
  const start = lines.findIndex((line) => isOf(line, names));
  assert(start >= 0, `the usage text has the option ${names}`);
  const { placeholder, text } = splitLine(lines[start]!.trimStart().slice(names.length), argument);
  const rest: string[] = [];
  for (const line of lines.slice(start + 1)) {
    if (!/^ {10}/.test(line)) break;
    rest.push(line.trim());
  }
  return {
    short: short === undefined ? null : `-${short}`,
    long: long === undefined ? null : `--${long}`,
    value:
      argument === 'none'
        ? null
        : {
            placeholder,
            isOptional: argument === 'optional',
            isJoined: argument === 'optional',
            choices: [],
          },
    text: [text, ...rest].join(' '),
    isRepeated: argument === 'required',
  };
}

function isOf(line: string, names: string): boolean {
  const text = line.trimStart();
  return (
    line.startsWith(' ') && text.startsWith(names) && /^([ =[]|$)/.test(text.slice(names.length))
  );
}

/** Parts `[=<mode>]  lock it` into the argument's name and the text. */
function splitLine(
  behind: string,
  argument: 'none' | 'required' | 'optional',
): { readonly placeholder: string; readonly text: string } {
  if (argument === 'none') return { placeholder: '', text: behind.trim() };
  const found = /^\[?[= ]?<?([\w-]+)>?\]? +(.*)$/.exec(behind);
  assert(found !== null, `an option's argument has a name: '${behind}'`);
  return { placeholder: found[1]!, text: found[2]! };
}

/** What stands behind the options. */
function notesOf(lines: readonly string[]): string {
  const version = lines.findIndex((line) => line.includes('--version'));
  return lines
    .slice(version + 1)
    .join('\n')
    .trim();
}
