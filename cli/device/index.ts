/** `swaplab device`: device profiles, and how to make one of a disk. Each subcommand has a file here. */
import { Command } from 'commander';
import { performLine } from '../command-line.ts';
import { NOBODY, type CliCommand, type CommandIo } from '../command.ts';
import { describeCommand } from '../description.ts';
import { addLs } from './ls.ts';
import { addProfile } from './profile.ts';
import { addShow } from './show.ts';

export const command: CliCommand = {
  name: 'device',
  summary: 'list and show device profiles, and make one of your own disk from fio',
  describe: () => describeCommand(deviceCommand(NOBODY)),
  async run(argv: readonly string[], io: CommandIo): Promise<number> {
    await performLine(deviceCommand(io), argv, io);
    return 0;
  },
};

function deviceCommand(io: CommandIo): Command {
  const device = new Command('swaplab device').description(command.summary);
  addLs(device, io);
  addShow(device, io);
  addProfile(device, io);
  return device;
}
