/**
 * What a command takes, as data: --help, shell completion and man pages are all made from it. Derived
 * from commander's tree, or from a util-linux program's option table and usage text.
 */
import type { Command, Option } from 'commander';
import { addCommonOptions } from './verbosity.ts';

/** The value of an option. */
export interface ValueDescription {
  /** What stands for it in --help, without brackets: `FILE`. */
  readonly placeholder: string;
  readonly isOptional: boolean;
  /** It is given behind `=` only, not as the next word. */
  readonly isJoined: boolean;
  /** All that is accepted; empty where that is no list. */
  readonly choices: readonly string[];
}

export interface OptionDescription {
  /** With its dash: `-q`. */
  readonly short: string | null;
  /** With its dashes: `--quiet`. */
  readonly long: string | null;
  /** null: a switch. */
  readonly value: ValueDescription | null;
  readonly text: string;
  /** May be given more than once, each time with another value. */
  readonly isRepeated: boolean;
}

export interface OperandDescription {
  readonly name: string;
  readonly isRequired: boolean;
  readonly isRepeated: boolean;
  readonly text: string;
  readonly choices: readonly string[];
}

export interface CommandDescription {
  /** With the names of the commands above it: `runs show`. */
  readonly name: string;
  /** One line, for lists. */
  readonly summary: string;
  /** What it does, in full. */
  readonly text: string;
  /** Ways to call it, without `swaplab`: `runs show [options] <run>`. */
  readonly usage: readonly string[];
  readonly operands: readonly OperandDescription[];
  readonly options: readonly OptionDescription[];
  readonly subcommands: readonly CommandDescription[];
  /** What --help says behind the options, as it stands there: examples and more. */
  readonly notes: string;
  readonly exitStatus: readonly ExitStatus[];
}

export interface ExitStatus {
  readonly code: string;
  readonly meaning: string;
}

/** The program and its commands, in the order of --help. */
export interface ProgramDescription {
  readonly version: string;
  /** Options that stand before or behind any command. */
  readonly options: readonly OptionDescription[];
  readonly commands: readonly CommandDescription[];
}

/** Exit codes of all commands but util-linux's. */
export const EXIT_STATUS: readonly ExitStatus[] = [
  { code: '0', meaning: 'done' },
  { code: '1', meaning: 'failed while it ran' },
  { code: '2', meaning: 'wrong use' },
  { code: '3', meaning: 'a data or invariant check failed' },
  { code: '4', meaning: 'a threshold was passed' },
];

/** Describes a command of commander's, called `swaplab NAME` or below such a one. */
export function describeCommand(command: Command): CommandDescription {
  addCommonOptions(command);
  const help = command.createHelp();
  const name = commandName(command);
  return {
    name,
    summary: command.description(),
    text: command.description(),
    usage: [`${name} ${command.usage()}`],
    operands: command.registeredArguments.map((operand) => ({
      name: operand.name(),
      isRequired: operand.required,
      isRepeated: operand.variadic,
      text: operand.description,
      choices: operand.argChoices ?? [],
    })),
    options: help.visibleOptions(command).map(describeOption),
    subcommands: command.commands.map(describeCommand),
    notes: notesOf(command),
    exitStatus: EXIT_STATUS,
  };
}

/** `runs show` for the command `show` of `swaplab runs`. */
export function commandName(command: Command): string {
  const above = command.parent === null ? '' : `${commandName(command.parent)} `;
  return above + command.name().replace(/^swaplab /, '');
}

function describeOption(option: Option): OptionDescription {
  const { short, long, required, optional, argChoices } = option;
  const defaultValue: unknown = option.defaultValue;
  const isShown = typeof defaultValue === 'string' || typeof defaultValue === 'number';
  return {
    short: short ?? null,
    long: long ?? null,
    value:
      required || optional
        ? {
            placeholder: /[<[](.*?)(\.\.\.)?[\]>]/.exec(option.flags)?.[1] ?? 'VALUE',
            isOptional: optional,
            isJoined: false,
            choices: argChoices ?? [],
          }
        : null,
    text: option.description + (isShown ? ` (default: ${defaultValue})` : ''),
    isRepeated: option.variadic || Array.isArray(defaultValue),
  };
}

/** What commander prints behind the help proper: the texts of addHelpText('after'). */
function notesOf(command: Command): string {
  let all = '';
  const before = command.configureOutput();
  command.configureOutput({
    writeOut: (text) => {
      all += text;
    },
  });
  command.outputHelp();
  command.configureOutput(before);
  return all.slice(command.helpInformation().length).trim();
}
