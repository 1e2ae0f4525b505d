/** What every command of `swaplab` is given and gives back. */

/** The outside world as a command sees it; tests hand in one of their own. */
export interface CommandIo {
  /** Data: what the command was asked for. */
  stdout(text: string): void;
  /** Progress, warnings and errors. */
  stderr(text: string): void;
  /** The state database: `--db FILE` or the default. */
  readonly databasePath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One command of `swaplab`. */
export interface CliCommand {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /**
   * @param argv - what stands behind the command's name
   * @returns the exit code
   */
  run(argv: readonly string[], io: CommandIo): Promise<number>;
}
