import { describe, expect, it } from 'vitest';
import {
  driveLife,
  enduranceClasses,
  formatDrive,
  parseDrive,
  deviceProfiles,
} from '../../../src/device/index.ts';

const GB = 1e9;

describe('a drive on the command line', () => {
  it('has the capacity of its label, a class, and what is said of free space and use', () => {
    const plain = { freeShare: 0, duty: 1, runsPerDay: 0 };
    expect(parseDrive('500G,tlc', '--drive')).toEqual({
      ...{ capacityBytes: 500 * GB, className: 'tlc', ...plain },
    });
    expect(parseDrive('1.92TB,tlc-server,free=20%,duty=2.5', '--drive')).toEqual({
      ...{ capacityBytes: 1920 * GB, className: 'tlc-server' },
      ...{ freeShare: 0.2, duty: 0.025, runsPerDay: 0 },
    });
    expect(parseDrive('64G,emmc,runs=24', '--drive')).toMatchObject({ runsPerDay: 24, duty: 1 });
  });

  it('is written as it is read', () => {
    for (const text of ['500G,tlc', '2T,qlc,free=12.5%', '64G,emmc,duty=1%', '1T,mlc,runs=100'])
      expect(formatDrive(parseDrive(text, 'x'))).toBe(text);
  });

  it.each([
    ['500G', "'' is no class"],
    ['tlc,500G', "'tlc' is no capacity"],
    ['0G,tlc', "'0G' is no capacity"],
    ['500M,tlc', "'500M' is no capacity"],
    ['500G,slc', "'slc' is no class"],
    ['500G,tlc,full', "'full' is not accepted"],
    ['500G,tlc,free=99', 'free: accepted: 0 to 95'],
    ['500G,tlc,duty=0', 'duty: accepted: above 0 to 100'],
    ['500G,tlc,duty=101', 'duty: accepted: above 0 to 100'],
    ['500G,tlc,duty=5,runs=3', 'duty and runs exclude each other'],
  ])('%s is refused', (text, message) => {
    expect(() => parseDrive(text, '--drive')).toThrow(`--drive: '${text}': ${message}`);
    expect(() => parseDrive(text, '--drive')).toThrow('classes: tlc, qlc, tlc-server, mlc, emmc');
  });

  it('is named by every profile of flash, and by no other', () => {
    const flash = Object.values(deviceProfiles).filter((profile) => profile.flash !== undefined);
    expect(flash.map(({ name }) => name)).toEqual(['nvme', 'sata-ssd', 'emmc']);
    for (const { flash: cells } of flash)
      expect(formatDrive(parseDrive(cells!.drive, 'x'))).toBe(cells!.drive);
  });
});

describe('the life of a drive', () => {
  const tlc = parseDrive('500G,tlc', 'x');
  // 600 TBW for each TB over five years is a published 328 GB a day for 1 TB.
  const published = { hostBytes: 328 * GB, nandBytes: 656 * GB, seconds: 86_400 };

  it('is five years at the rate that its rating was made for', () => {
    const life = driveLife(parseDrive('1T,tlc', 'x'), published);
    expect(life.yearsByRating).toBeCloseTo(5, 1);
    expect(life.ratedBytes).toBe(600e12);
    expect(life.driveWritesPerDay).toBeCloseTo(0.328, 6);
    expect(life.percentOfRated).toBeCloseTo((0.328 / 600) * 100, 9);
    // 1000 cycles of 1 TB, 656 GB of them a day.
    expect(life.yearsByErases).toBeCloseTo(1e6 / 656 / 365.25, 6);
  });

  it('grows with capacity, and as the drive is used less', () => {
    const half = driveLife(tlc, published);
    const whole = driveLife(parseDrive('1T,tlc', 'x'), published);
    expect(whole.yearsByRating / half.yearsByRating).toBeCloseTo(2, 9);
    const seldom = driveLife(parseDrive('500G,tlc,duty=10', 'x'), published);
    expect(seldom.yearsByErases / half.yearsByErases).toBeCloseTo(10, 9);
    expect(seldom.hostBytesPerDay).toBeCloseTo(32.8 * GB, 0);
  });

  it('does not depend on how long a run takes, when runs are counted', () => {
    const counted = parseDrive('500G,tlc,runs=4', 'x');
    const slow = driveLife(counted, published);
    const fast = driveLife(counted, { ...published, seconds: 1 });
    expect(fast).toEqual(slow);
    expect(slow.hostBytesPerDay).toBe(4 * 328 * GB);
    expect(slow.runsByRating).toBeCloseTo(300e12 / (328 * GB), 6);
  });
});

describe('endurance classes', () => {
  it.each(Object.entries(enduranceClasses))('%s says where its numbers are from', (_, each) => {
    for (const { value, source } of [each.ratedWritesPerByte, each.eraseCycles]) {
      expect(value).toBeGreaterThan(0);
      expect(source.length).toBeGreaterThan(3);
    }
    // Nobody rates a drive for more than its cells endure.
    expect(each.ratedWritesPerByte.value).toBeLessThanOrEqual(each.eraseCycles.value);
  });
});
