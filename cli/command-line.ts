/** Parsing a command line with commander: help on stdout, mistakes as a UsageError. */
import { CommanderError, type Command } from 'commander';
import { UsageError } from '../src/units/index.ts';
import type { CommandIo } from './command.ts';

/**
 * Parses a command line.
 * @param command - called `swaplab NAME`; its options are read from it afterwards
 * @returns false when help was asked for and printed
 */
export function parseLine(command: Command, argv: readonly string[], io: CommandIo): boolean {
  command.exitOverride().configureOutput({
    writeOut: (text) => {
      io.stdout(text);
    },
    writeErr: () => undefined,
  });
  try {
    command.parse([...argv], { from: 'user' });
    return true;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return false;
    const name = command.name().replace(/^swaplab /, '');
    throw new UsageError(`${name}: ${error.message.replace(/^error: /, '')}`);
  }
}
