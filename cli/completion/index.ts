/** `swaplab completion SHELL`: prints the script that completes command lines of swaplab. */
import { Argument, Command } from 'commander';
import { inspectDatabaseFile, openStateDatabase } from '../../src/runs/index.ts';
import { RunError, UsageError, visible } from '../../src/units/index.ts';
import { parseLine } from '../command-line.ts';
import type { CliCommand, CommandIo } from '../command.ts';
import { describeCommand, type ProgramDescription } from '../description.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { zshScript } from './zsh.ts';

export const SCRIPTS: Readonly<Record<string, (program: ProgramDescription) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Stored runs that a shell offers. */
const RUNS_OFFERED = 50;
/** Milliseconds that somebody who types waits for a locked database. assumed */
const BUSY_TIMEOUT_MS = 100;

const EXAMPLES = `
Examples:
  source <(swaplab completion bash)        in ~/.bashrc
  source <(swaplab completion zsh)         in ~/.zshrc, behind compinit
  swaplab completion fish | source         in ~/.config/fish/config.fish
  swaplab completion runs                  what the scripts ask for stored runs
`;

const SUMMARY = 'print the script that completes command lines in bash, zsh or fish';

/** @param describeProgram - what is completed */
export function makeCommand(describeProgram: () => Promise<ProgramDescription>): CliCommand {
  return {
    name: 'completion',
    summary: SUMMARY,
    describe: () => describeCommand(completionCommand()),
    async run(argv, io) {
      const command = completionCommand();
      if (!parseLine(command, argv, io)) return 0;
      const what = command.args[0]!;
      if (what === 'runs') io.stdout(runLines(io));
      else io.stdout(SCRIPTS[what]!(await describeProgram()));
      return 0;
    },
  };
}

function completionCommand(): Command {
  return new Command('swaplab completion')
    .description(SUMMARY)
    .addArgument(
      new Argument('<SHELL>', 'whose script; runs: the newest stored runs, one a line').choices([
        ...Object.keys(SCRIPTS),
        'runs',
      ]),
    )
    .addHelpText('after', EXAMPLES);
}

/** Numbers of the newest runs, with what tells them apart behind a tab; nothing where none can be had. */
function runLines({ databasePath }: CommandIo): string {
  try {
    if (inspectDatabaseFile(databasePath) !== 'ours') return '';
    // Typing changes nothing: a database of an older version stays one, and offers nothing.
    const database = openStateDatabase(databasePath, {
      ...{ readonly: true, busyTimeoutMs: BUSY_TIMEOUT_MS },
    });
    try {
      const lines = database.runs
        .list({ limit: RUNS_OFFERED })
        .map(({ runId, design, status, name }) => {
          const words = [design, status, ...(name === null ? [] : [name])];
          return `${runId}\t${visible(words.join(', '))}\n`;
        });
      return lines.length === 0 ? '' : `last\tthe newest run\n${lines.join('')}`;
    } finally {
      database.close();
    }
  } catch (error) {
    // Somebody is typing: this is not the place for what is wrong with a database.
    if (error instanceof UsageError || error instanceof RunError) return '';
    throw error;
  }
}
