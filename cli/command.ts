/** What every command of `swaplab` is given and gives back. */

import type { CommandDescription } from './description.ts';
import type { Verbosity } from './verbosity.ts';

/** The outside world as a command sees it; tests hand in one of their own. */
export interface CommandIo {
  /** How much is told; absent: no more and no less than usual. */
  readonly verbosity?: Verbosity;
  /** Data: what the command was asked for. */
  stdout(text: string): void;
  /** Progress, warnings and errors. */
  stderr(text: string): void;
  /** The state database: `--db FILE` or the default. */
  readonly databasePath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** For commands that are only described. */
export const NOBODY: CommandIo = {
  stdout: () => undefined,
  stderr: () => undefined,
  databasePath: '',
  env: {},
};

/** One command of `swaplab`. */
export interface CliCommand {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What it takes: for completion and the man pages. */
  describe(): CommandDescription;
  /**
   * @param argv - what stands behind the command's name
   * @returns the exit code
   */
  run(argv: readonly string[], io: CommandIo): Promise<number>;
}
