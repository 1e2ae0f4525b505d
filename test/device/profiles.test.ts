import { describe, expect, it } from 'vitest';
import {
  describeProfile,
  deviceProfile,
  deviceProfiles,
  parseDeviceProfile,
} from '../../src/device/index.ts';
import { UsageError } from '../../src/units/index.ts';

describe.each(Object.entries(deviceProfiles))('the profile %s', (name, profile) => {
  it('has the name of its key and passes the schema, as JSON too', () => {
    expect(profile.name).toBe(name);
    expect(parseDeviceProfile(JSON.parse(JSON.stringify(profile)), name)).toEqual(profile);
  });

  it('names a source for each number, and does not call all of them assumed', () => {
    const figures = describeProfile(profile);
    expect(figures.length).toBeGreaterThanOrEqual(9);
    for (const { key, source } of figures) expect(source.length, key).toBeGreaterThan(3);
    expect(figures.some((figure) => !figure.isAssumed)).toBe(true);
  });

  it('lets no single I/O be faster than all channels together', () => {
    for (const { channelBytesPerSecond, sequentialBytesPerSecond } of [profile.read, profile.write])
      expect(channelBytesPerSecond.value).toBeLessThanOrEqual(sequentialBytesPerSecond.value);
  });
});

describe('the registry of device profiles', () => {
  it('holds the devices that the design names', () => {
    expect(Object.keys(deviceProfiles)).toEqual([
      'pmem',
      'nvme',
      'sata-ssd',
      'emmc',
      'hdd',
      'hdd-2013',
      'zram',
    ]);
  });

  it('names the option, the value and the choices when there is no such profile', () => {
    expect(deviceProfile('hdd-2013', '--device')).toBe(deviceProfiles['hdd-2013']);
    expect(() => deviceProfile('floppy', '--device')).toThrow(
      new UsageError(
        "--device: 'floppy' is no device profile; " +
          'accepted: pmem, nvme, sata-ssd, emmc, hdd, hdd-2013, zram',
      ),
    );
  });
});

describe('the figures of a profile', () => {
  it('are listed by key with source, assumed ones marked', () => {
    const figures = describeProfile(deviceProfiles.nvme);
    expect(figures[0]).toMatchObject({ key: 'channels', value: 13, isAssumed: false });
    expect(figures.find(({ key }) => key === 'read.sequentialBytesPerSecond')).toMatchObject({
      value: 2.8e9,
      isAssumed: true,
    });
    expect(figures.map(({ key }) => key)).toContain('read.tail.extraNs');
  });
});

describe('the schema of device profiles', () => {
  const nvme = deviceProfiles.nvme;
  const wrong: [string, unknown, RegExp][] = [
    ['an unknown key', { ...nvme, speed: 1 }, /the profile: Unrecognized key: "speed"/],
    ['a number without source', { ...nvme, channels: 4 }, /channels: Invalid input: expected obj/],
    [
      'an unknown key deep inside',
      { ...nvme, read: { ...nvme.read, fixedNs: { value: 1, source: 'x', unit: 'ns' } } },
      /read\.fixedNs: Unrecognized key: "unit"/,
    ],
    [
      'a negative time',
      { ...nvme, write: { ...nvme.write, fixedNs: { value: -1, source: 'x' } } },
      /write\.fixedNs\.value: Too small: expected number to be >=0/,
    ],
    [
      'no bandwidth at all',
      { ...nvme, read: { ...nvme.read, randomBytesPerSecond: { value: 0, source: 'x' } } },
      /read\.randomBytesPerSecond\.value: Too small/,
    ],
    ['half a channel', { ...nvme, channels: { value: 1.5, source: 'x' } }, /channels\.value: /],
    ['a disk that turns without positioning', { ...nvme, rotational: true }, /positioning: /],
    ['a missing part', { ...nvme, write: undefined }, /write: Invalid input/],
    ['no object', 'nvme', /the profile: Invalid input/],
  ];

  it.each(wrong)('refuses %s and says where', (_what, json, message) => {
    expect(() => parseDeviceProfile(json, 'my.json')).toThrow(UsageError);
    expect(() => parseDeviceProfile(json, 'my.json')).toThrow(/^my\.json: not a device profile: /);
    expect(() => parseDeviceProfile(json, 'my.json')).toThrow(message);
  });
});
