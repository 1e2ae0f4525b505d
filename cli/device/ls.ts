/** `device ls`: the profiles that come along. */
import type { Command } from 'commander';
import { describeProfile, deviceProfiles } from '../../src/device/index.ts';
import { alignRows } from '../../src/report/text/table.ts';
import type { CommandIo } from '../command.ts';

export function addLs(device: Command, io: CommandIo): void {
  device
    .command('ls')
    .description('the profiles that come along, one a line')
    .option('--json', 'print them whole, as one JSON document')
    .action(({ json }: { readonly json?: true }) => {
      const profiles = Object.values(deviceProfiles);
      if (json === true) {
        io.stdout(`${JSON.stringify(profiles, null, 2)}\n`);
        return;
      }
      const rows = profiles.map((profile) => {
        const figures = describeProfile(profile);
        return {
          NAME: profile.name,
          CHANNELS: profile.channels.value,
          NUMBERS: figures.length,
          ASSUMED: figures.filter(({ isAssumed }) => isAssumed).length,
          DESCRIPTION: profile.description,
        };
      });
      io.stdout(alignRows(rows));
    });
}
