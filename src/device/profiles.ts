/** The device profiles that come along, by name: the choices of `--device`. */
import { didYouMean, UsageError } from '../units/index.ts';
import type { DeviceProfile } from './device-profile.ts';
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

/**
 * Returns the profile called `name`.
 *
 * @param option - the option or key to name in the error
 * @throws UsageError when there is none of that name
 */
export function deviceProfile(name: string, option: string): DeviceProfile {
  if (!Object.hasOwn(deviceProfiles, name)) {
    const names = Object.keys(deviceProfiles);
    throw new UsageError(
      `${option}: '${name}' is no device profile; accepted: ${names.join(', ')}` +
        didYouMean(name, names),
    );
  }
  return deviceProfiles[name as DeviceProfileName];
}
