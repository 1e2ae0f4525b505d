/** Turning disks: one of today, and the one of the zswap letter of 2013. */
import type { DeviceProfile, DirectionProfile } from '../device-profile.ts';
import type { SourcedNumber } from '../sourced-number.ts';

/** A head moves the same number of bytes a second whichever way they go. */
function headDirection(bytesPerSecond: SourcedNumber): DirectionProfile {
  return {
    fixedNs: { value: 0, source: 'assumed: a sequential run pays only the transfer' },
    channelBytesPerSecond: bytesPerSecond,
    sequentialBytesPerSecond: bytesPerSecond,
    randomBytesPerSecond: bytesPerSecond,
  };
}

const positioning: NonNullable<DeviceProfile['positioning']> = {
  seekNs: {
    value: 9_000_000,
    source: 'average seek of desktop disks (theinfolist.com, seek time)',
  },
  rotationNs: { value: 8_333_333, source: 'derived: 60 s / 7200; half of it on average' },
};
const channels: SourcedNumber = { value: 1, source: 'a disk has one set of heads' };

const today = headDirection({ value: 180e6, source: 'assumed: usual for 7200 rpm, mid disk' });

export const hdd: DeviceProfile = {
  name: 'hdd',
  description: 'A 7200 rpm disk of today: about 76 random I/Os a second.',
  rotational: true,
  synchronous: false,
  channels,
  positioning,
  read: today,
  write: today,
};

const of2013 = headDirection({
  value: 58e6,
  source: 'hdparm -t of the disk in the zswap v9 cover letter (Jennings, 2013)',
});

export const hdd2013: DeviceProfile = {
  name: 'hdd-2013',
  description: 'The 80 GB disk of the zswap letter of 2013: 58 MB/s sequential.',
  rotational: true,
  synchronous: false,
  channels,
  positioning,
  read: of2013,
  write: of2013,
};
