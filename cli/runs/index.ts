/**
 * `swaplab runs`: what the run database holds, and its upkeep. Each subcommand has a file here.
 *
 * Those that look change nothing but what every opening does: migrations, and marking the runs of
 * processes that are gone.
 */
import { Command, CommanderError } from 'commander';
import { RunError, UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { addDiff } from './diff.ts';
import { addExport } from './export.ts';
import { addLs } from './ls.ts';
import { addMap } from './map.ts';
import { addShow } from './show.ts';
import { addSql } from './sql.ts';

export const command = {
  name: 'runs',
  summary: 'list, show, compare, query, export and tidy up the stored runs',
  run(argv: readonly string[], io: CommandIo): Promise<number> {
    return exitCodeOf(argv, io);
  },
};

async function exitCodeOf(argv: readonly string[], io: CommandIo): Promise<number> {
  try {
    let exitCode = 0;
    const runs = runsCommand(io, (code) => {
      exitCode = code;
    });
    await runs.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed its message; help and version end with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof UsageError || error instanceof RunError)) throw error;
    io.stderr(`swaplab runs: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** @param endsWith - is told an exit code that is not 0, where a subcommand has one */
export function runsCommand(io: CommandIo, endsWith: (exitCode: number) => void): Command {
  const runs = new Command('swaplab runs')
    .description(command.summary)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        io.stdout(text);
      },
      writeErr: (text) => {
        io.stderr(text);
      },
    });
  addLs(runs, io);
  addShow(runs, io, endsWith);
  addMap(runs, io);
  addDiff(runs, io, endsWith);
  addSql(runs, io);
  addExport(runs, io);
  return runs;
}
