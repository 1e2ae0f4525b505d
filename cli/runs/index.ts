/**
 * `swaplab runs`: what the run database holds, and its upkeep. Each subcommand has a file here.
 *
 * Those that look change nothing but what every opening does: migrations, and marking the runs of
 * processes that are gone.
 */
import { Command } from 'commander';
import { performLine } from '../command-line.ts';
import { NOBODY, type CliCommand, type CommandIo } from '../command.ts';
import { describeCommand } from '../description.ts';
import { addDiff } from './diff.ts';
import { addExport } from './export.ts';
import { addGc } from './gc.ts';
import { addLs } from './ls.ts';
import { addMap } from './map.ts';
import { addMerge } from './merge.ts';
import { addRm } from './rm.ts';
import { addShow } from './show.ts';
import { addSql } from './sql.ts';

export const command: CliCommand = {
  name: 'runs',
  summary: 'list, show, compare, query, export and tidy up the stored runs',
  describe: () => describeCommand(runsCommand(NOBODY, () => undefined)),
  async run(argv: readonly string[], io: CommandIo): Promise<number> {
    let exitCode = 0;
    const runs = runsCommand(io, (code) => {
      exitCode = code;
    });
    await performLine(runs, argv, io);
    return exitCode;
  },
};

/** @param endsWith - is told an exit code that is not 0, where a subcommand has one */
export function runsCommand(io: CommandIo, endsWith: (exitCode: number) => void): Command {
  const runs = new Command('swaplab runs').description(command.summary);
  addLs(runs, io);
  addShow(runs, io, endsWith);
  addMap(runs, io);
  addDiff(runs, io, endsWith);
  addSql(runs, io);
  addExport(runs, io);
  addMerge(runs, io);
  addRm(runs, io);
  addGc(runs, io);
  return runs;
}
