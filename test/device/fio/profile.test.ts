/** Does a device under the profile that was made of fio's figures give those figures back? */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  describeProfile,
  deviceProfiles,
  jobsWithoutStalls,
  LatencyDevice,
  NullDevice,
  parseDeviceProfile,
  parseFio,
  profileOfFio,
  type DeviceProfile,
  type FioDocument,
  type FioJob,
  type FioProfileOptions,
} from '../../../src/device/index.ts';
import { RandomStream } from '../../../src/engine/index.ts';
import { PAGE_SIZE } from '../../../src/units/index.ts';

const measured = parseFio(readFileSync('fixtures/fio/disk.json', 'utf8'), 'disk.json');
const bare: FioProfileOptions = {
  ...{ name: 'mine', where: 'disk.json', like: null, drive: null, rpm: null },
};

function jobOf(document: FioDocument, name: string): FioJob {
  return document.jobs.find((job) => job.name === name)!;
}

/** Does a job's I/Os in virtual time. @returns mean latency, and what was moved a second */
function perform(profile: DeviceProfile, job: FioJob, count: number): [number, number] {
  const inner = new NullDevice({ name: 'none', sizeBytes: 2 ** 36 });
  const device = new LatencyDevice(inner, profile, new RandomStream(1, 'device'));
  const places = new RandomStream(7, 'places');
  const pages = job.blockBytes / PAGE_SIZE;
  const doneAtNs = new Float64Array(job.depth);
  let sumNs = 0;
  for (let i = 0; i < count; i++) {
    const next = doneAtNs.indexOf(Math.min(...doneAtNs));
    const nowNs = doneAtNs[next]!;
    const page = 1 + (job.isRandom ? places.below(2 ** 22) : i * pages);
    device[job.direction](page * PAGE_SIZE, [], pages, nowNs);
    sumNs += device.completionNs - nowNs;
    doneAtNs[next] = device.completionNs;
  }
  return [sumNs / count, (count * job.blockBytes * 1e9) / Math.max(...doneAtNs)];
}

function percentOff(found: number, expected: number): number {
  return Math.abs(found / expected - 1) * 100;
}

describe('a profile made of measurements', () => {
  const profile = profileOfFio(measured, bare);

  it.each(['read-4k-qd1', 'write-4k-qd1', 'read-128k-qd1', 'write-128k-qd1'])(
    'has the mean latency of %s',
    (name) => {
      const job = jobOf(measured, name);
      expect(percentOff(perform(profile, job, 200_000)[0], job.latency.meanNs)).toBeLessThan(3);
    },
  );

  it.each(['read-sequential', 'write-sequential', 'read-128k-qd16', 'write-128k-qd16'])(
    'has the bandwidth of %s',
    (name) => {
      const job = jobOf(measured, name);
      expect(percentOff(perform(profile, job, 20_000)[1], job.bytesPerSecond)).toBeLessThan(3);
    },
  );

  it('has the IOPS at depth, but for the rounding of channels to whole ones', () => {
    for (const name of ['read-4k-qd64', 'write-4k-qd64']) {
      const job = jobOf(measured, name);
      expect(percentOff(perform(profile, job, 20_000)[1], job.bytesPerSecond)).toBeLessThan(25);
    }
  });

  it('names the job and the key of each number', () => {
    const figures = describeProfile(profile);
    expect(figures.length).toBe(11);
    for (const { source } of figures)
      expect(source).toMatch(/fio 3\.33, job (read|write)-\S+, (iops|bw|clat (mean|p99\.?\d*))$/);
  });

  it('passes the schema of profiles', () => {
    expect(parseDeviceProfile(JSON.parse(JSON.stringify(profile)), 'x')).toEqual(profile);
  });

  it('has flash only where a drive is named, and says what of it is assumed', () => {
    expect(profile.flash).toBe(undefined);
    const worn = profileOfFio(measured, { ...bare, drive: '500G,tlc' });
    expect(worn.flash).toMatchObject({ drive: '500G,tlc', blockPages: { value: 256 } });
    const assumed = describeProfile(worn).filter(({ isAssumed }) => isAssumed);
    expect(assumed.map(({ key }) => key)).toEqual(['flash.overProvisioning', 'flash.blockPages']);
  });
});

describe('stalls', () => {
  const small = jobOf(measured, 'read-4k-qd1');
  type Percentiles = FioJob['latency']['percentiles'];
  const documentWith = (percentiles: Percentiles, count = 100_000): FioDocument => {
    const latency = { ...small.latency, meanNs: 40_000, count, percentiles };
    return {
      ...measured,
      jobs: measured.jobs.map((job) => (job === small ? { ...job, latency } : job)),
    };
  };
  const made = (percentiles: Percentiles, count?: number): DeviceProfile =>
    profileOfFio(documentWith(percentiles, count), bare);
  const median = { rank: 50, ns: 30_000 };

  it('are the percentile that adds most to the mean, and what they add is not in the fixed part', () => {
    const tail = { rank: 99.9, ns: 5_030_000 };
    const { read } = made([median, { rank: 99, ns: 330_000 }, tail]);
    expect(read.tail).toMatchObject({ probability: { value: 0.001 }, extraNs: { value: 5e6 } });
    expect(read.fixedNs.value + 4096e9 / read.channelBytesPerSecond.value).toBeCloseTo(35_000, -1);
  });

  it('are none where nothing is ten medians slower, or too few I/Os are', () => {
    expect(made([median, { rank: 99.9, ns: 300_000 }]).read.tail).toBe(undefined);
    expect(made([median, { rank: 99.999, ns: 9e6 }]).read.tail).toBe(undefined);
    expect(made([]).read.tail).toBe(undefined);
  });

  it('are those of the profile that the user names where fio has not recorded them', () => {
    const tail = {
      probability: { value: 0.001, source: 'x' },
      extraNs: { value: 2e6, source: 'y' },
    };
    const like = { ...deviceProfiles.nvme, read: { ...deviceProfiles.nvme.read, tail } };
    const untold = [[], [{ rank: 99.9, ns: 5e6 }], [median, { rank: 90, ns: 5e6 }]];
    for (const percentiles of untold) {
      const document = documentWith(percentiles);
      expect(jobsWithoutStalls(document)).toMatchObject([{ name: 'read-4k-qd1' }]);
      expect(profileOfFio(document, { ...bare, like }).read.tail).toEqual({
        probability: { value: 0.001, source: 'assumed: as nvme (x)' },
        extraNs: { value: 2e6, source: 'assumed: as nvme (y)' },
      });
    }
    const told = documentWith([median, { rank: 99.9, ns: 300_000 }]);
    expect(jobsWithoutStalls(told)).toEqual([]);
    expect(profileOfFio(told, { ...bare, like }).read.tail).toBe(undefined);
  });
});

describe('a disk that turns', () => {
  // No such disk was at hand: figures of a 7200 rpm one in the shape of fio's.
  const turned: FioDocument = {
    version: 'fio 3.33',
    jobs: measured.jobs.map((job) => ({
      ...job,
      bytesPerSecond: job.isRandom ? 500e3 : 160e6,
      latency: { ...job.latency, meanNs: 13_000_000 },
    })),
  };
  const profile = profileOfFio(turned, { ...bare, rpm: 7200 });

  it('gives back the latency of random reads and the rate of sequential ones', () => {
    const job = jobOf(turned, 'read-4k-qd1');
    expect(percentOff(perform(profile, job, 50_000)[0], 13e6)).toBeLessThan(1);
    const sequential = jobOf(turned, 'read-sequential');
    expect(percentOff(perform(profile, sequential, 20_000)[1], 160e6)).toBeLessThan(1);
  });

  it('has one set of heads, and the revolutions that the user says', () => {
    expect(profile).toMatchObject({ rotational: true, channels: { value: 1 } });
    expect(profile.positioning?.rotationNs.value).toBe(8_333_333);
  });

  it('has the revolutions of the profile that it is like', () => {
    const like = deviceProfiles.hdd;
    const { positioning } = profileOfFio(turned, { ...bare, like });
    expect(positioning?.rotationNs.source).toMatch(/^assumed: as hdd \(/);
  });
});

describe('what fio has not measured', () => {
  const without = (...names: readonly string[]): FioDocument => ({
    ...measured,
    jobs: measured.jobs.filter(({ name }) => !names.includes(name)),
  });

  it.each([
    [['read-4k-qd1'], /no job of reads: random I\/O of 4 KiB .* \(rw=randread, bs=4k, iodepth=1\)/],
    [['write-128k-qd1'], /no job of writes: .* \(rw=randwrite, bs=128k, iodepth=1\)/],
    [['read-sequential'], /no job of reads: sequential I\/O \(rw=read, bs=128k, iodepth=16\)/],
    [['write-4k-qd4', 'write-4k-qd16', 'write-4k-qd64'], /writes: .* depth above 1 \(rw=randwrite/],
  ])('is an error that names the job and the command: %j', (names, message) => {
    const make = (): unknown => profileOfFio(without(...names), bare);
    expect(make).toThrow(message);
    expect(make).toThrow(/^disk\.json: .*swaplab device profile --fio-command/);
  });

  it('comes of the profile that the user names, and says so', () => {
    const writes = measured.jobs.filter(({ direction }) => direction === 'write');
    const names = [...writes.map(({ name }) => name), 'read-sequential'];
    const profile = profileOfFio(without(...names), { ...bare, like: deviceProfiles.nvme });
    const { fixedNs, tail } = deviceProfiles.nvme.write;
    expect(profile.write.fixedNs).toEqual({
      value: fixedNs.value,
      source: `assumed: as nvme (${fixedNs.source})`,
    });
    expect(profile.write.tail).toBe(tail);
    expect(profile.read.sequentialBytesPerSecond.value).toBe(2.8e9);
    expect(profile.read.fixedNs.source).toMatch(/fio 3\.33, job read-4k-qd1, clat mean/);
    expect(profile.flash?.drive).toBe('500G,tlc');
  });

  it('is an error where nothing at all was measured, whatever the profile is like', () => {
    const like = deviceProfiles.nvme;
    expect(() => profileOfFio({ ...measured, jobs: [] }, { ...bare, like })).toThrow(/no job of/);
  });
});
