/**
 * `swaplab sweep`: many runs, on one machine or many. Each subcommand has a file here; what they share
 * is the plan (src/sweep/plan.ts).
 */
import { Command } from 'commander';
import { performLine } from '../command-line.ts';
import { NOBODY, type CliCommand, type CommandIo } from '../command.ts';
import { describeCommand } from '../description.ts';
import { addKubernetes } from './kubernetes.ts';
import { addMerge } from './merge.ts';
import { addPlan } from './plan.ts';
import { addRun } from './run.ts';
import { addSlurm } from './slurm.ts';
import { addStatus } from './status.ts';

export const command: CliCommand = {
  name: 'sweep',
  summary: 'plan many runs, run them here or on many machines, and bring them together',
  describe: () => describeCommand(sweepCommand(NOBODY, () => undefined)),
  async run(argv: readonly string[], io: CommandIo): Promise<number> {
    let exitCode = 0;
    const sweep = sweepCommand(
      io,
      (code) => {
        exitCode = code;
      },
      argv,
    );
    await performLine(sweep, argv, io);
    return exitCode;
  },
};

/** @param argv - what was called, for the stored runs' command */
function sweepCommand(
  io: CommandIo,
  endsWith: (exitCode: number) => void,
  argv: readonly string[] = [],
): Command {
  const sweep = new Command('swaplab sweep').description(command.summary);
  addPlan(sweep, io);
  addRun(sweep, { io, endsWith, argv });
  addMerge(sweep, io);
  addStatus(sweep, io, endsWith);
  addSlurm(sweep, io);
  addKubernetes(sweep, io);
  return sweep;
}
