/** How much a command tells on stderr: -q, --quiet and -v, --verbose of every command of commander's. */
import type { Command } from 'commander';

/** What was asked for on the command line; one for each call of the program. */
export class Verbosity {
  /** Nothing but data and errors. */
  isQuiet = false;
  /** What is being done, too. */
  isVerbose = false;
  readonly #startMs: number;
  readonly #nowMs: () => number;

  /** @param nowMs - a clock that only goes forward, ms */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  /** Seconds since the program was called. */
  get seconds(): number {
    return (this.#nowMs() - this.#startMs) / 1000;
  }
}

/** Adds -q and -v to a command and all below it; those that have them keep their own. */
export function addCommonOptions(command: Command): void {
  const has = (flag: string): boolean =>
    command.options.some(({ short, long }) => short === flag || long === flag);
  // A command that only has others below takes no options itself.
  if (command.commands.length === 0) {
    if (!has('--quiet')) command.option('-q, --quiet', 'nothing but data and errors');
    if (!has('--verbose')) command.option('-v, --verbose', 'tell on stderr what is being done');
  }
  command.commands.forEach(addCommonOptions);
}

/** Has the options of a command line, as soon as they are read, decide what is told. */
export function heedCommonOptions(command: Command, verbosity: Verbosity): void {
  command.on('option:quiet', () => {
    verbosity.isQuiet = true;
  });
  command.on('option:verbose', () => {
    verbosity.isVerbose = true;
  });
  for (const below of command.commands) heedCommonOptions(below, verbosity);
}
