/** What runs wear: counted beside them, for what their devices have written and nothing else. */
import { describe, expect, it } from 'vitest';
import { MemoryDevice, parseDrive } from '../../src/device/index.ts';
import {
  createZram,
  drivesOf,
  metricsOf,
  parseSpec,
  wearNote,
  type RunResult,
} from '../../src/machine/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import { runSmall, type SmallMachine } from './support.ts';

const FILL = 'pages 900\nW 0 900 seq 900 1 rand\n';
const TRACE = `${FILL}M 0 900 rand 4000 3 -\n`;

function run(options: Partial<SmallMachine> = {}): Promise<RunResult> {
  return runSmall({ trace: TRACE, memoryPages: 100, areas: [{ pages: 1100 }], ...options });
}

const metric = (result: RunResult, name: string): number | null =>
  metricsOf([result])
    .find((each) => each.name === name)!
    .value(result);

describe('the wear of a run', () => {
  it('has every page that the area wrote, and those that the drive moved', async () => {
    const result = await run();
    const { wear, pagesWritten } = result.areas[0]!;
    expect(pagesWritten).toBeGreaterThan(3000);
    expect(wear).toMatchObject({ drive: '500G,tlc', hostPages: pagesWritten, trimmedPages: 0 });
    expect(wear!.hostBytes).toBe(pagesWritten * PAGE_SIZE);
    expect(wear!.nandPages).toBe(wear!.hostPages + wear!.movedPages);
    expect(wear!.movedPages).toBeGreaterThan(0);
    expect(wear!.erases).toBeGreaterThan(5);
  });

  it('changes nothing else: a drive of another kind, the same digest', async () => {
    const [plain, half] = await Promise.all([run(), run({ drive: '1T,qlc,free=50%' })]);
    expect(half.digest).toBe(plain.digest);
    expect(half.areas[0]!.wear!.drive).toBe('1T,qlc,free=50%');
    expect(half.areas[0]!.wear!.movedPages).toBeLessThan(plain.areas[0]!.wear!.movedPages / 2);
  });

  it('is absent from what is no flash, and from flash that was not written to', async () => {
    const disk = await run({ areas: [{ pages: 1100, profile: 'hdd' }] });
    expect(disk.areas[0]!.wear).toBe(undefined);
    const idle = await run({ memoryPages: 1000 });
    expect(idle.areas[0]!.wear).toBe(undefined);
    expect(drivesOf(idle)).toEqual([]);
    expect(metric(idle, 'years of life by rated TBW')).toBe(null);
    expect(wearNote([disk, idle])).toBe(null);
  });

  it('of a zram is that of its backing device', async () => {
    const zram = createZram({
      ...{ name: 'zram0', sizeBytes: 1000 * PAGE_SIZE, compressors: ['lz4'], seed: 1 },
      backing: {
        device: new MemoryDevice({ name: 'backing', sizeBytes: 1000 * PAGE_SIZE }),
        ...{ profile: 'emmc', batchPages: 32, isCompressed: false },
      },
    });
    const trace = `${FILL}zram zram0 idle all\nzram zram0 writeback idle\n`;
    const result = await run({ trace, areas: [{ pages: 1000, zram, profile: 'zram' }] });
    const { wear, zram: figures } = result.areas[0]!;
    expect(figures!['bd_writes']).toBeGreaterThan(700);
    expect(wear).toMatchObject({ drive: '64G,emmc', hostPages: figures!['bd_writes'] });
  });

  it('of an area with a buffer is what leaves the buffer', async () => {
    const areas = [{ pages: 1100, bufferBytes: 128 * 1024 }];
    const { wear, mapped } = (await run({ areas })).areas[0]!;
    expect(wear!.hostBytes).toBe(mapped!['bytesWritten']);
  });
});

describe('the life of the drives of a run', () => {
  it('follows from its bytes and its virtual time', async () => {
    const result = await run({ drive: '500G,tlc' });
    const { hostBytes, nandBytes } = result.areas[0]!.wear!;
    const perDay = (hostBytes / (result.virtualNs / 1e9)) * 86_400;
    expect(metric(result, 'terabytes written per day')).toBeCloseTo(perDay / 1e12, 9);
    expect(metric(result, 'drive writes per day')).toBeCloseTo(perDay / 500e9, 9);
    expect(metric(result, 'years of life by rated TBW')).toBeCloseTo(300e12 / perDay / 365.25, 9);
    const byErases = (500e12 / perDay / 365.25) * (hostBytes / nandBytes);
    expect(metric(result, 'years of life by erase cycles')).toBeCloseTo(byErases, 9);
    expect(metric(result, 'runs within the rated TBW')).toBe(Math.floor(300e12 / hostBytes));
  });

  it('puts areas of one kind on one drive, and lets the drive decide that goes first', async () => {
    const pages = 600;
    const both = await run({ areas: [{ pages }, { pages }] });
    const [one, ...others] = drivesOf(both);
    expect(others).toEqual([]);
    const sum = both.areas.reduce((bytes, { wear }) => bytes + wear!.hostBytes, 0);
    expect(one!.hostBytes).toBe(sum);
    expect(both.areas.every(({ wear }) => wear!.hostBytes > 0)).toBe(true);
    const mixed = await run({ areas: [{ pages }, { pages, profile: 'emmc' }] });
    const years = drivesOf(mixed).map(({ life }) => life.yearsByRating);
    expect(years).toHaveLength(2);
    expect(metric(mixed, 'years of life by rated TBW')).toBe(Math.min(...years));
  });

  it('says what its rate assumes', async () => {
    expect(wearNote([await run()])).toContain('as if the machine swapped like this without pause');
    const tenth = await run({ drive: '500G,tlc,duty=10%' });
    expect(wearNote([tenth])).toContain('swaps like this for 10 % of the time');
    const counted = await run({ drive: '500G,tlc,runs=40' });
    expect(wearNote([counted])).toContain('for 40 such runs a day');
    const { drive, hostBytes, life } = drivesOf(counted)[0]!;
    expect(drive).toEqual(parseDrive('500G,tlc,runs=40', 'test'));
    expect(life.hostBytesPerDay).toBe(hostBytes * 40);
  });

  it('is refused for a drive that nobody sells', () => {
    const spec = { drive: '500G,stone', workload: { trace: TRACE } };
    expect(() => parseSpec(spec, 'test')).toThrow("test: drive: '500G,stone': 'stone' is no class");
  });
});
