import { describe, expect, it } from 'vitest';
import {
  deviceProfiles,
  FlashWear,
  LatencyDevice,
  parseDeviceProfile,
  type FlashFigures,
} from '../../../src/device/index.ts';
import { RandomStream } from '../../../src/engine/index.ts';
import { PAGE_SIZE } from '../../../src/units/index.ts';
import { pageOf, RecordingDevice } from '../support/recording-device.ts';

const PAGES = 4096;
const { nvme, hdd } = deviceProfiles;

function timed(inner = new RecordingDevice({ pages: PAGES }), profile = nvme): LatencyDevice {
  return new LatencyDevice(inner, profile, new RandomStream(1, 'device'));
}

function figuresOf(device: LatencyDevice): FlashFigures {
  device.wear!.checkConservation();
  return device.wear!.figures()!;
}

describe('flash behind a device', () => {
  it('takes the pages that are written, and has no figures before', () => {
    const device = timed();
    expect(device.wear!.figures()).toBe(null);
    expect(device.wear!.mapBytes).toBe(0);
    device.write(PAGE_SIZE, [pageOf(1), pageOf(2), pageOf(3)], 3, 0);
    device.read(PAGE_SIZE, [pageOf(1)], 1, 0);
    expect(figuresOf(device)).toMatchObject({
      hostBytes: 3 * PAGE_SIZE,
      ...{ hostPages: 3, nandPages: 3, movedPages: 0, writeAmplification: 1 },
      ...{ erases: 0, trimmedPages: 0, overProvisioning: 0.0737, blockBytes: 2 ** 20 },
    });
  });

  it('programs a whole page for each part of one', () => {
    const device = timed();
    const bytes = new Uint8Array(3 * PAGE_SIZE);
    device.writeSectors(PAGE_SIZE + 512, bytes, 512, 0);
    expect(figuresOf(device)).toMatchObject({ hostBytes: 512, nandPages: 1 });
    expect(figuresOf(device).writeAmplification).toBe(8);
    // From the middle of a page to the middle of the one after the next.
    device.writeSectors(PAGE_SIZE + 2048, bytes, 2 * PAGE_SIZE, 0);
    expect(figuresOf(device)).toMatchObject({ hostBytes: 512 + 2 * PAGE_SIZE, hostPages: 4 });
  });

  it('counts no write that failed', () => {
    const inner = new RecordingDevice({ pages: PAGES });
    const device = timed(inner);
    device.write(PAGE_SIZE, [pageOf(1)], 1, 0);
    inner.failsWrites = true;
    expect(device.write(PAGE_SIZE, [pageOf(2)], 1, 0)).not.toBe('ok');
    expect(device.writeSectors(PAGE_SIZE + 512, new Uint8Array(512), 512, 0)).not.toBe('ok');
    expect(figuresOf(device)).toMatchObject({ hostBytes: PAGE_SIZE, hostPages: 1 });
  });

  it('trims the whole pages of a discard, and nothing without one', () => {
    const random = new RandomStream(3, 'writes');
    const page = [pageOf(1)];
    const amplification = (hasDiscard: boolean): number => {
      const device = timed();
      for (let i = 0; i < PAGES * 4; i++) {
        const at = 1 + random.below(PAGES - 1);
        device.write(at * PAGE_SIZE, page, 1, 0);
        const other = 1 + random.below(PAGES - 1);
        if (hasDiscard) device.discard(other * PAGE_SIZE, PAGE_SIZE, 0);
      }
      const figures = figuresOf(device);
      expect(figures.trimmedPages > 0).toBe(hasDiscard);
      return figures.writeAmplification;
    };
    expect(amplification(true)).toBeLessThan(amplification(false) / 2);
    const wear = new FlashWear(nvme.flash!, PAGES * PAGE_SIZE);
    wear.noteWrite(0, PAGE_SIZE, true);
    wear.noteDiscard(512, 2 * PAGE_SIZE);
    expect(wear.figures()!.trimmedPages).toBe(1);
  });

  it('takes no time: with it and without it every I/O is done at the same time', () => {
    const { flash: _, ...plain } = nvme;
    const times = [nvme, plain].map((profile) => {
      const device = timed(new RecordingDevice({ pages: PAGES }), profile);
      const random = new RandomStream(5, 'both');
      return Array.from({ length: 2000 }, (_, i) => {
        device.write((1 + random.below(PAGES - 1)) * PAGE_SIZE, [pageOf(i)], 1, i * 1000);
        return device.completionNs;
      });
    });
    expect(times[0]).toEqual(times[1]);
  });

  it('has the free part of a drive as spare', () => {
    const wear = new FlashWear(nvme.flash!, PAGES * PAGE_SIZE, 0.5);
    expect(wear.overProvisioning).toBeCloseTo(1.0737 * 2 - 1, 9);
  });

  it('is none where a disk turns, and memory and 3D XPoint count as none', () => {
    expect(timed(undefined, hdd).wear).toBe(null);
    for (const name of ['pmem', 'zram', 'hdd-2013'] as const)
      expect(deviceProfiles[name].flash).toBe(undefined);
  });

  it('is checked with its profile: an unknown drive is refused', () => {
    const wrong = { ...nvme, flash: { ...nvme.flash!, drive: '500G,paper' } };
    expect(() => parseDeviceProfile(wrong, 'my.json')).toThrow(/my\.json: .*'paper' is no class/);
  });
});
