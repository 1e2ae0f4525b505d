/** An eMMC 5.1 part: the vendor's figures for the generation. */
import type { DeviceProfile } from '../device-profile.ts';

const vendor = 'eMMC 5.1, vendor (unbxtech.com, universal flash storage explained)';

export const emmc: DeviceProfile = {
  name: 'emmc',
  description: 'eMMC 5.1: 250/125 MB/s, 11k/13k IOPS; its stalls while cleaning are not published.',
  rotational: false,
  synchronous: false,
  channels: { value: 1, source: 'assumed: one command at a time on the bus' },
  read: {
    fixedNs: { value: 74_525, source: `derived: 11k IOPS less the transfer; ${vendor}` },
    channelBytesPerSecond: { value: 250e6, source: vendor },
    sequentialBytesPerSecond: { value: 250e6, source: vendor },
    randomBytesPerSecond: { value: 250e6, source: 'assumed: the channel bounds random reads' },
  },
  write: {
    fixedNs: { value: 44_155, source: `derived: 13k IOPS less the transfer; ${vendor}` },
    channelBytesPerSecond: { value: 125e6, source: vendor },
    sequentialBytesPerSecond: { value: 125e6, source: vendor },
    randomBytesPerSecond: { value: 125e6, source: 'assumed: the channel bounds random writes' },
  },
  flash: {
    overProvisioning: {
      value: 0.0737,
      source: 'assumed: 2^30 / 10^9 - 1, as drives have',
    },
    blockPages: {
      value: 1024,
      source: 'assumed: 4 MiB, as allocation units of SD cards and eMMC parts usually are',
    },
    drive: '64G,emmc',
  },
};
