/**
 * The device profiles that come along, by name: the choices of `--device`, beside profiles of the
 * user's own.
 */
import { z } from 'zod';
import { didYouMean, UsageError } from '../units/index.ts';
import { deviceProfileSchema, profileProblems, type DeviceProfile } from './device-profile.ts';
import { emmc } from './profiles/emmc.ts';
import { hdd, hdd2013 } from './profiles/hdd.ts';
import { nvme } from './profiles/nvme.ts';
import { pmem } from './profiles/pmem.ts';
import { sataSsd } from './profiles/sata-ssd.ts';
import { zram } from './profiles/zram.ts';

export type DeviceProfileName = 'pmem' | 'nvme' | 'sata-ssd' | 'emmc' | 'hdd' | 'hdd-2013' | 'zram';

export const deviceProfiles: Readonly<Record<DeviceProfileName, DeviceProfile>> = {
  pmem,
  nvme,
  'sata-ssd': sataSsd,
  emmc,
  hdd,
  'hdd-2013': hdd2013,
  zram,
};

/** The name of a profile that comes along, or a profile itself. */
export type DeviceChoice = string | DeviceProfile;

const NAMES: readonly string[] = Object.keys(deviceProfiles);

/** A choice in a spec; what is wrong with it reads as `parseDeviceProfile` and `deviceProfile` say it. */
export const deviceChoiceSchema: z.ZodType<DeviceChoice> = z.union(
  [z.enum(NAMES as [string, ...string[]]), deviceProfileSchema],
  {
    error: ({ input }) =>
      typeof input === 'string' || input === undefined
        ? `expected ${NAMES.join(', ')}, or a profile in JSON${didYouMean(input ?? '', NAMES)}`
        : profileProblems(deviceProfileSchema.safeParse(input).error ?? { issues: [] }),
  },
);

/**
 * The profile that a choice means.
 *
 * @param option - the option or key to name in the error
 * @throws UsageError when there is none of that name
 */
export function deviceProfile(choice: DeviceChoice, option: string): DeviceProfile {
  if (typeof choice !== 'string') return choice;
  if (!Object.hasOwn(deviceProfiles, choice))
    throw new UsageError(
      `${option}: '${choice}' is no device profile; accepted: ${NAMES.join(', ')}` +
        didYouMean(choice, NAMES),
    );
  return deviceProfiles[choice as DeviceProfileName];
}
