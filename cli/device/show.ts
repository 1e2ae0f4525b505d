/** `device show`: every number of a profile with its source. */
import type { Command } from 'commander';
import {
  describeProfile,
  deviceProfile,
  parseDeviceProfile,
  type DeviceProfile,
} from '../../src/device/index.ts';
import { alignTable } from '../../src/report/text/table.ts';
import type { CommandIo } from '../command.ts';
import { isFileName } from '../file-name.ts';
import { readJson } from '../run-options.ts';

export function addShow(device: Command, io: CommandIo): void {
  device
    .command('show')
    .description('every number of a profile with its source')
    .argument('<device>', 'a name, or the FILE.json of a profile')
    .option('--json', 'print the profile as one JSON document')
    .action((choice: string, { json }: { readonly json?: true }) => {
      const profile = readProfile(choice, 'device show');
      io.stdout(json === true ? profileJson(profile) : profileText(profile));
    });
}

/**
 * A profile by its name or its file.
 * @param option - to name in the error
 * @throws UsageError
 */
export function readProfile(choice: string, option: string): DeviceProfile {
  if (!isFileName(choice)) return deviceProfile(choice, option);
  return parseDeviceProfile(readJson(choice, option), `${option}: ${choice}`);
}

export function profileJson(profile: DeviceProfile): string {
  return `${JSON.stringify(profile, null, 2)}\n`;
}

/** Name and description, then a number a line. */
export function profileText(profile: DeviceProfile): string {
  const { name, description, rotational, synchronous, flash } = profile;
  const kinds = [
    rotational ? 'turns' : 'solid state',
    ...(synchronous ? ['synchronous'] : []),
    flash === undefined ? 'no model of wear' : `wears as ${flash.drive}`,
  ];
  const rows = describeProfile(profile).map(({ key, value, source }) => [key, value, source]);
  return `${name}: ${description}\n${kinds.join(', ')}\n\n${alignTable(['KEY', 'VALUE', 'SOURCE'], rows)}`;
}
