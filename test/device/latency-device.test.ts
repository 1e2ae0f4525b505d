import { describe, expect, it } from 'vitest';
import {
  deviceProfiles,
  LatencyDevice,
  MemoryDevice,
  NullDevice,
  type DeviceProfile,
  type DirectionProfile,
} from '../../src/device/index.ts';
import { RandomStream } from '../../src/engine/index.ts';
import { InvariantError, PAGE_SIZE } from '../../src/units/index.ts';

const SIZE_BYTES = 2 ** 36;

function deviceOf(profile: DeviceProfile, seed = 1): LatencyDevice {
  const inner = new NullDevice({ name: 'none', sizeBytes: SIZE_BYTES });
  return new LatencyDevice(inner, profile, new RandomStream(seed, 'device'));
}

type Direction = 'read' | 'write';

/** Mean latency in ns of `count` random 4 KiB I/Os that keep `depth` of them under way. */
function meanNs(
  profile: DeviceProfile,
  direction: Direction,
  depth: number,
  count: number,
): number {
  const device = deviceOf(profile);
  const places = new RandomStream(7, 'places');
  const doneAtNs = new Float64Array(depth);
  let sumNs = 0;
  for (let i = 0; i < count; i++) {
    const next = doneAtNs.indexOf(Math.min(...doneAtNs));
    const nowNs = doneAtNs[next]!;
    device[direction]((1 + places.below(2 ** 23)) * PAGE_SIZE, [], 1, nowNs);
    sumNs += device.completionNs - nowNs;
    doneAtNs[next] = device.completionNs;
  }
  return sumNs / count;
}

/** Bytes a second of a stream of I/Os, each of `pageCount` pages, one after the other. */
function sequentialRate(profile: DeviceProfile, direction: Direction, pageCount: number): number {
  const device = deviceOf(profile);
  // The first one positions the head.
  device[direction](PAGE_SIZE, [], pageCount, 0);
  const startNs = device.completionNs;
  const count = 2000;
  for (let i = 1; i <= count; i++)
    device[direction]((1 + i * pageCount) * PAGE_SIZE, [], pageCount, device.completionNs);
  return (count * pageCount * PAGE_SIZE * 1e9) / (device.completionNs - startNs);
}

/** Within `percent` of the published figure. */
function expectNear(found: number, published: number, percent: number): void {
  expect(Math.abs(found / published - 1) * 100, `${found} for ${published}`).toBeLessThan(percent);
}

const direction: DirectionProfile = {
  fixedNs: { value: 1000, source: 'test' },
  channelBytesPerSecond: { value: 4.096e9, source: 'test' },
  sequentialBytesPerSecond: { value: 40.96e9, source: 'test' },
  randomBytesPerSecond: { value: 10.24e9, source: 'test' },
};
/** 2000 ns for a page on one of two channels; link 100 ns a page in order, 400 elsewhere. */
const simple: DeviceProfile = {
  name: 'simple',
  description: '',
  rotational: false,
  synchronous: false,
  channels: { value: 2, source: 'test' },
  read: direction,
  write: direction,
};

describe('a latency device', () => {
  it('takes the fixed latency and the bytes of a single I/O', () => {
    const device = deviceOf(simple);
    expect(device.completionNs).toBe(0);
    device.read(PAGE_SIZE, [], 1, 50);
    expect(device.completionNs).toBe(50 + 2000);
    device.read(99 * PAGE_SIZE, [], 8, 10_000);
    expect(device.completionNs).toBe(10_000 + 1000 + 8000);
  });

  it('serves as many at a time as it has channels, reads and writes together', () => {
    const device = deviceOf(simple);
    const done = [1, 30, 60, 90, 120].map((slot, i) => {
      if (i % 2 === 0) device.read(slot * PAGE_SIZE, [], 1, 0);
      else device.write(slot * PAGE_SIZE, [], 1, 0);
      return device.completionNs;
    });
    expect(done).toEqual([2000, 2000, 4000, 4000, 6000]);
  });

  it('is bounded by its bandwidth where it has channels enough', () => {
    const wide = { ...simple, channels: { value: 100, source: 'test' } };
    const random = deviceOf(wide);
    for (let i = 0; i < 100; i++) random.read((1 + 2 * i) * PAGE_SIZE, [], 1, 0);
    expect(random.completionNs).toBe(100 * 400);
    const sequential = deviceOf(wide);
    for (let i = 0; i < 100; i++) sequential.read((1 + i) * PAGE_SIZE, [], 1, 0);
    expect(sequential.completionNs).toBe(400 + 99 * 100);
  });

  it('follows a stream of reads and a stream of writes at the same time', () => {
    const wide = { ...simple, channels: { value: 100, source: 'test' } };
    const device = deviceOf(wide);
    for (let i = 0; i < 50; i++) {
      device.read((1 + i) * PAGE_SIZE, [], 1, 0);
      device.write((1000 + i) * PAGE_SIZE, [], 1, 0);
    }
    expect(device.completionNs).toBe(2 * 400 + 98 * 100);
  });

  it('stalls as often, and as long, as the tail says', () => {
    const tail = {
      probability: { value: 0.05, source: 'test' },
      extraNs: { value: 1e6, source: 'test' },
    };
    const device = deviceOf({ ...simple, read: { ...direction, tail } });
    const count = 20_000;
    let stalls = 0;
    for (let i = 0, nowNs = 0; i < count; i++, nowNs = device.completionNs) {
      device.read(PAGE_SIZE, [], 1, nowNs);
      const tookNs = device.completionNs - nowNs;
      expect([2000, 1_002_000]).toContain(tookNs);
      if (tookNs > 2000) stalls += 1;
    }
    expectNear(stalls / count, 0.05, 10);
  });

  it('gives the same times for the same seed and others for another', () => {
    const times = (seed: number): number[] => {
      const device = deviceOf(deviceProfiles.hdd, seed);
      return [5, 700, 9, 10, 3].map((slot) => {
        device.read(slot * PAGE_SIZE, [], 1, device.completionNs);
        return device.completionNs;
      });
    };
    expect(times(1)).toEqual(times(1));
    expect(times(1)).not.toEqual(times(2));
    expect(times(1).every(Number.isInteger)).toBe(true);
  });

  it('passes bytes, errors and everything but time on to the device inside', () => {
    const memory = new MemoryDevice({ name: 'ram', sizeBytes: 2 ** 20 });
    const device = new LatencyDevice(memory, deviceProfiles.pmem, new RandomStream(1, 'x'));
    const page = new Uint8Array(PAGE_SIZE).fill(3);
    expect(device.write(PAGE_SIZE, [page], 1, 0)).toBe('ok');
    const found = new Uint8Array(PAGE_SIZE);
    expect(device.read(PAGE_SIZE, [found], 1, 0)).toBe('ok');
    expect(found).toEqual(page);
    device.discard(PAGE_SIZE, PAGE_SIZE, 0);
    device.read(PAGE_SIZE, [found], 1, 0);
    expect(found[0]).toBe(0);
    expect([device.name, device.sizeBytes, device.synchronous]).toEqual(['ram', 2 ** 20, true]);
    expect(() => device.write(0, [page], 1, 0)).toThrow(InvariantError);
  });

  it('takes the time of the I/O when the device inside fails', () => {
    const inner = new NullDevice({ name: 'none', sizeBytes: SIZE_BYTES });
    inner.read = (): 'EIO' => 'EIO';
    const device = new LatencyDevice(inner, simple, new RandomStream(1, 'x'));
    expect(device.read(PAGE_SIZE, [], 1, 0)).toBe('EIO');
    expect(device.completionNs).toBe(2000);
  });
});

describe('the published figures', () => {
  it('are met by nvme: Intel P3700 reads, AnandTech 11209', () => {
    expectNear(meanNs(deviceProfiles.nvme, 'read', 1, 100_000), 77_900, 1);
    expectNear(meanNs(deviceProfiles.nvme, 'read', 16, 100_000), 93_900, 3);
    expectNear(16e9 / meanNs(deviceProfiles.nvme, 'read', 16, 100_000), 167_200, 3);
  });

  it('are met by nvme: Samsung 970 EVO Plus writes, KitGuru', () => {
    expectNear(1e9 / meanNs(deviceProfiles.nvme, 'write', 1, 20_000), 163_000, 1);
    expectNear(32e9 / meanNs(deviceProfiles.nvme, 'write', 32, 20_000), 355_000, 1);
  });

  it('are met by pmem: OptaneStudy, 4 KiB by one thread and by many', () => {
    expectNear(meanNs(deviceProfiles.pmem, 'read', 1, 20_000), 1403, 1);
    expectNear(8e9 / meanNs(deviceProfiles.pmem, 'read', 8, 20_000), 6.56e9 / PAGE_SIZE, 1);
    expectNear(meanNs(deviceProfiles.pmem, 'write', 1, 20_000), 1840, 1);
  });

  it('are met by sata-ssd: Kingston DC600M as rated, 40 % behind NVMe at queue depth 1', () => {
    expectNear(meanNs(deviceProfiles['sata-ssd'], 'read', 1, 100_000), 1.4 * 77_900, 1);
    expectNear(32e9 / meanNs(deviceProfiles['sata-ssd'], 'read', 32, 50_000), 94_000, 2);
    expectNear(32e9 / meanNs(deviceProfiles['sata-ssd'], 'write', 32, 50_000), 65_000, 1);
  });

  it('are met by emmc: eMMC 5.1, vendor', () => {
    expectNear(1e9 / meanNs(deviceProfiles.emmc, 'read', 1, 20_000), 11_000, 1);
    expectNear(1e9 / meanNs(deviceProfiles.emmc, 'write', 1, 20_000), 13_000, 1);
    expectNear(sequentialRate(deviceProfiles.emmc, 'read', 512), 250e6, 2);
  });

  it('are met by hdd-2013: 58 MB/s in order, page by page or in runs', () => {
    for (const pageCount of [1, 32]) {
      expectNear(sequentialRate(deviceProfiles['hdd-2013'], 'read', pageCount), 58e6, 1);
      expectNear(sequentialRate(deviceProfiles['hdd-2013'], 'write', pageCount), 58e6, 1);
    }
  });

  it('are met by hdd: mean seek, half a revolution and the transfer', () => {
    const transferNs = (PAGE_SIZE / 180e6) * 1e9;
    const published = 9e6 + 4.17e6 + transferNs;
    expectNear(meanNs(deviceProfiles.hdd, 'read', 1, 50_000), published, 1);
    // A head does one thing at a time, so a deeper queue gains nothing.
    expectNear(8e9 / meanNs(deviceProfiles.hdd, 'read', 8, 20_000), 1e9 / published, 1);
  });

  it('are met by zram: fio random reads with lz4', () => {
    expectNear(meanNs(deviceProfiles.zram, 'read', 1, 20_000), 1708, 1);
  });
});

describe('a device that waits for another itself', () => {
  it('is done so much later', () => {
    const inner = deviceOf(deviceProfiles.hdd);
    const plain = deviceOf(deviceProfiles.zram);
    const device = new LatencyDevice(inner, deviceProfiles.zram, new RandomStream(1, 'device'));
    for (const direction of ['read', 'write'] as const) {
      device[direction](PAGE_SIZE, [], 1, 5000);
      plain[direction](PAGE_SIZE, [], 1, 5000);
      expect(device.completionNs).toBe(plain.completionNs + inner.completionNs - 5000);
      expect(inner.completionNs).toBeGreaterThan(1e6);
    }
  });
});

describe('a turning disk', () => {
  it('positions its head again when a write came in between', () => {
    const device = deviceOf(deviceProfiles.hdd);
    device.read(PAGE_SIZE, [], 1, 0);
    device.write(500 * PAGE_SIZE, [], 1, device.completionNs);
    const beforeNs = device.completionNs;
    device.read(2 * PAGE_SIZE, [], 1, beforeNs);
    expect(device.completionNs - beforeNs).toBeGreaterThan(9e6);
    const afterNs = device.completionNs;
    device.write(3 * PAGE_SIZE, [], 1, afterNs);
    expect(device.completionNs - afterNs).toBeLessThan(1e5);
  });

  it('waits up to one revolution, at any angle', () => {
    const device = deviceOf(deviceProfiles.hdd);
    const waitsNs = Array.from({ length: 2000 }, (_, i) => {
      const nowNs = device.completionNs;
      device.read((1 + 2 * i) * PAGE_SIZE, [], 1, nowNs);
      return device.completionNs - nowNs - 9e6 - (PAGE_SIZE / 180e6) * 1e9;
    });
    expect(Math.min(...waitsNs)).toBeGreaterThanOrEqual(-1);
    expect(Math.min(...waitsNs)).toBeLessThan(1e5);
    expect(Math.max(...waitsNs)).toBeLessThanOrEqual(8_333_334);
    expect(Math.max(...waitsNs)).toBeGreaterThan(8.2e6);
  });
});
