/** An NVMe flash drive: reads of an Intel P3700 800 GB, buffered writes of a Samsung 970 EVO Plus. */
import type { DeviceProfile } from '../device-profile.ts';

const p3700 = 'Intel P3700 800 GB, 4 KiB random reads (AnandTech 11209)';
const evo =
  'Samsung 970 EVO Plus 1 TB, 4 KiB random writes to the SLC cache (KitGuru review, p. 10)';

export const nvme: DeviceProfile = {
  name: 'nvme',
  description:
    'NVMe flash: reads as an Intel P3700 (77.9 us at queue depth 1, 167k IOPS at 16), writes into ' +
    'a cache as a Samsung 970 EVO Plus. Beyond queue depth 16 the real drives still gain.',
  rotational: false,
  synchronous: false,
  channels: {
    value: 13,
    source: `derived: 167.2k IOPS at queue depth 16 × 77.9 us at queue depth 1; ${p3700}`,
  },
  read: {
    fixedNs: {
      value: 76_383,
      source: `derived: mean 77.9 us at queue depth 1 less transfer and stalls; ${p3700}`,
    },
    channelBytesPerSecond: { value: 2.8e9, source: 'assumed: a single large read fills the link' },
    sequentialBytesPerSecond: { value: 2.8e9, source: 'assumed: usual for PCIe 3.0 x4' },
    randomBytesPerSecond: { value: 2.8e9, source: 'assumed: the channels bound random reads' },
    tail: {
      probability: { value: 2e-5, source: 'assumed: twice the rank of p99.999, so that it shows' },
      extraNs: { value: 2_690_000, source: `derived: p99.999 2768 us less the mean; ${p3700}` },
    },
  },
  write: {
    fixedNs: {
      value: 3_979,
      source: `derived: 163k IOPS at queue depth 1 less the transfer; ${evo}`,
    },
    channelBytesPerSecond: { value: 1.9e9, source: 'assumed: a single large write fills the link' },
    sequentialBytesPerSecond: { value: 1.9e9, source: 'assumed: usual for PCIe 3.0 x4' },
    randomBytesPerSecond: {
      value: 1.454e9,
      source: `derived: 355k IOPS at queue depth 32 × 4 KiB; ${evo}`,
    },
  },
  flash: {
    overProvisioning: {
      value: 0.0737,
      source: 'derived: 2^30 / 10^9 - 1, what a consumer drive of whole powers of two keeps',
    },
    blockPages: { value: 256, source: 'assumed: 1 MiB, as the flash-friendly swap driver writes' },
    drive: '500G,tlc',
  },
};
