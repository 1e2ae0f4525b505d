/** Compressed memory as a block device: what its I/O takes, compression included. */
import type { DeviceProfile } from '../device-profile.ts';

const memory = 'assumed: memory bandwidth of a small server, never the limit on a few CPUs';
const fio = 'fio random reads of zram with lz4, mean (notes.xeome.dev/notes/Zram)';

export const zram: DeviceProfile = {
  name: 'zram',
  description:
    'zram with lz4: the times include the compressor, so a machine that counts compress and ' +
    'decompress for each page itself has to price those events at 0.',
  rotational: false,
  synchronous: true,
  channels: { value: 64, source: 'assumed: no queue, as many at a time as CPUs' },
  read: {
    fixedNs: { value: 0, source: 'assumed: all of a page is paid for by its bytes' },
    channelBytesPerSecond: { value: 2.398e9, source: `derived: 1708 ns per 4 KiB; ${fio}` },
    sequentialBytesPerSecond: { value: 20e9, source: memory },
    randomBytesPerSecond: { value: 20e9, source: memory },
  },
  write: {
    fixedNs: { value: 500, source: 'assumed: slot lock and zsmalloc' },
    channelBytesPerSecond: {
      value: 1.365e9,
      source: 'assumed: 3.0 us per 4 KiB, lz4 of real pages by the C library takes 1.8 to 4.7',
    },
    sequentialBytesPerSecond: { value: 20e9, source: memory },
    randomBytesPerSecond: { value: 20e9, source: memory },
  },
};
