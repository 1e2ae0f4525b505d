/** One Optane DC persistent memory DIMM: the "pmem as swap" of the published benchmarks. */
import type { DeviceProfile } from '../device-profile.ts';

const study = 'NVSL OptaneStudy (FAST 2020), one DIMM, non-interleaved';

export const pmem: DeviceProfile = {
  name: 'pmem',
  description:
    'One 256 GB Optane DC DIMM. The 50 us stalls of regions rewritten within 64 KiB are left out: ' +
    'larger regions show none; so is the fall of write bandwidth with many writers.',
  rotational: false,
  synchronous: true,
  channels: { value: 4, source: `${study}: read bandwidth peaks at 3 to 8 threads` },
  read: {
    fixedNs: { value: 0, source: `${study}: the rate of one thread includes the latency` },
    channelBytesPerSecond: { value: 2.92e9, source: `${study}: read, 1 thread` },
    sequentialBytesPerSecond: { value: 6.52e9, source: `${study}: read, 4 threads` },
    randomBytesPerSecond: { value: 6.56e9, source: `${study}: random 4 KiB reads` },
  },
  write: {
    fixedNs: { value: 0, source: `${study}: the rate of one thread includes the latency` },
    channelBytesPerSecond: { value: 2.22e9, source: `${study}: ntstore, 1 thread` },
    sequentialBytesPerSecond: { value: 2.22e9, source: `${study}: ntstore, peak, at 1 thread` },
    randomBytesPerSecond: { value: 2.23e9, source: `${study}: ntstore, random 4 KiB` },
  },
};
