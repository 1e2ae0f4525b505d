/** Parsing a command line with commander: help on stdout, mistakes as a UsageError. */
import { CommanderError, type Command } from 'commander';
import { didYouMean, UsageError } from '../src/units/index.ts';
import type { CommandIo } from './command.ts';
import { commandName } from './description.ts';
import { addCommonOptions, heedCommonOptions } from './verbosity.ts';

/**
 * Parses a command line.
 * @param command - called `swaplab NAME`; its options are read from it afterwards
 * @returns false when help was asked for and printed
 */
export function parseLine(command: Command, argv: readonly string[], io: CommandIo): boolean {
  prepare(command, io);
  return isParsed(() => command.parse([...argv], { from: 'user' }));
}

/**
 * Parses a command line of a command with others below, and performs the action of the one it names.
 * @param command - called `swaplab NAME`; each of those below has an action
 * @returns false when help was asked for and printed
 */
export async function performLine(
  command: Command,
  argv: readonly string[],
  io: CommandIo,
): Promise<boolean> {
  prepare(command, io);
  try {
    await command.parseAsync([...argv], { from: 'user' });
    return true;
  } catch (error) {
    return isParsed(() => {
      throw error;
    });
  }
}

/** Makes a command and all below it speak as this program does. */
export function prepare(command: Command, io: CommandIo): void {
  addCommonOptions(command);
  if (io.verbosity !== undefined) heedCommonOptions(command, io.verbosity);
  speakAs(command, io);
}

function speakAs(command: Command, io: CommandIo): void {
  command.configureOutput({
    writeOut: (text) => {
      io.stdout(text);
    },
    writeErr: () => undefined,
  });
  command.exitOverride((error) => {
    if (error.exitCode === 0) throw error;
    throw new UsageError(`${commandName(command)}: ${messageOf(error, command)}`);
  });
  for (const below of command.commands) speakAs(below, io);
}

function isParsed(parse: () => void): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return false;
    throw error;
  }
}

/** Commander's message in one line, with the nearest choice where there is one. */
function messageOf({ code, message }: CommanderError, command: Command): string {
  const names = command.commands.map((below) => below.name());
  if (code === 'commander.help') return `a command is missing; accepted: ${names.join(', ')}`;
  const text = message.replace(/^error: /, '').replace(/\n\((Did .*)\)$/, (_, question: string) => {
    return `; ${question[0]!.toLowerCase()}${question.slice(1)}`;
  });
  if (code === 'commander.unknownCommand' && !text.includes('; did you'))
    return `${text}; accepted: ${names.join(', ')}`;
  const choice = /(?:argument|value) '(.*)' is invalid.*?\. Allowed choices are (.*)\.$/.exec(text);
  if (choice === null) return text;
  const question = didYouMean(choice[1]!, choice[2]!.split(', '));
  return question === '' ? text : text.slice(0, -1) + question;
}
