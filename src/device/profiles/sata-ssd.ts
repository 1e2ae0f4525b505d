/** A SATA TLC drive for servers: the rated figures of a Kingston DC600M 960 GB. */
import type { DeviceProfile } from '../device-profile.ts';

const rated = 'Kingston DC600M 960 GB, rated (Puget Systems parts list)';
const sata = 'SATA against NVMe flash at queue depth 1: about 40 % slower (AnandTech 13704)';

export const sataSsd: DeviceProfile = {
  name: 'sata-ssd',
  description: 'SATA flash: bandwidths and IOPS as rated for a Kingston DC600M 960 GB.',
  rotational: false,
  synchronous: false,
  channels: {
    value: 11,
    source: `derived: 94k IOPS × 109.1 us at queue depth 1, rounded up; ${rated}`,
  },
  read: {
    fixedNs: {
      value: 101_730,
      source: `derived: 1.4 × 77.9 us of the nvme profile less transfer and stalls; ${sata}`,
    },
    channelBytesPerSecond: { value: 560e6, source: 'assumed: a single large read fills the link' },
    sequentialBytesPerSecond: { value: 560e6, source: rated },
    randomBytesPerSecond: { value: 385.0e6, source: `derived: 94k IOPS × 4 KiB; ${rated}` },
    tail: {
      probability: { value: 1e-4, source: 'derived: the rank of p99.99 (AnandTech 13704)' },
      extraNs: {
        value: 164_000,
        source: 'derived: p99.99 at most about 2.5 × the mean for good drives (AnandTech 13704)',
      },
    },
  },
  write: {
    fixedNs: { value: 42_000, source: 'assumed: about 50 us with the transfer, into a buffer' },
    channelBytesPerSecond: { value: 530e6, source: 'assumed: a single large write fills the link' },
    sequentialBytesPerSecond: { value: 530e6, source: rated },
    randomBytesPerSecond: { value: 266.2e6, source: `derived: 65k IOPS × 4 KiB; ${rated}` },
  },
  flash: {
    overProvisioning: {
      value: 0.1185,
      source: 'derived: 1 TiB of NAND (assumed: a whole power of two) over 960 GB x 1.024',
    },
    blockPages: { value: 256, source: 'assumed: 1 MiB, as the flash-friendly swap driver writes' },
    drive: '960G,tlc-server',
  },
};
