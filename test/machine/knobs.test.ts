import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { parseCapture, parseSpec, replayCapture, type Machine } from '../../src/machine/index.ts';
import { cgroupVersionOf, notModelled, type Capture } from '../../src/machine/capture.ts';
import { UsageError } from '../../src/units/index.ts';
import { runSmall, smallMachine, sum, type SmallMachine } from './support.ts';

const V2 = { cgroupVersion: 2 };
const SMALL: Omit<SmallMachine, 'trace'> = {
  memoryPages: 128,
  areas: [{ pages: 1200 }],
  zswap: { enabled: true, maxPoolPercent: 50 },
  ramPages: 1024,
};

/** What each line did, by the lines that touch pages. */
async function stores(options: SmallMachine): Promise<(number | undefined)[]> {
  const { phases } = await runSmall(options);
  return phases
    .filter(({ op }) => op.startsWith('W'))
    .map(({ counters }) => counters['zswpout'] ?? 0);
}

describe('a line of a trace for zswap', () => {
  it('switches it off and on while pages are in it', async () => {
    const trace = [
      'pages 900',
      'W 0 300 seq 300 1 mix:1024',
      'zswap enabled N',
      'W 300 300 seq 300 1 mix:1024',
      'R 0 172 seq 172 1 -',
      'zswap enabled 1',
      'W 600 300 seq 300 1 mix:1024',
    ].join('\n');
    const result = await runSmall({ ...SMALL, trace });
    const out = result.phases.map(({ counters }) => counters['zswpout'] ?? 0);
    expect(out[0]).toBeGreaterThan(100);
    expect(out.slice(1, 5)).toEqual([0, 0, 0, 0]);
    expect(out[5]).toBeGreaterThan(200);
    // What is in zswap is found there, switched off or not.
    expect(result.phases[3]!.counters['zswpin']).toBeGreaterThan(100);
    expect(result.phases.map(({ op }) => op)[1]).toBe('zswap enabled N');
    expect(result.verify).toEqual({ pagesChecked: 900, mismatches: 0 });
  });

  it('switches it on in a run that began without, and its gauges are there', async () => {
    const trace =
      'pages 600\nW 0 300 seq 300 1 mix:1024\nzswap enabled Y\nW 300 300 seq 300 1 mix:1024';
    const { phases } = await runSmall({ ...SMALL, zswap: { enabled: false }, trace });
    expect(phases[0]!.zswap).toMatchObject({ stored_pages: 0 });
    expect(phases[2]!.zswap!['stored_pages']).toBeGreaterThan(100);
  });

  it('changes the limit: nothing more is stored in a pool that is above it', async () => {
    const lines = ['W 0 300 seq 300 1 mix:2048', 'W 300 300 seq 300 1 mix:2048'];
    const limited = ['pages 600', lines[0], 'zswap max_pool_percent 0', lines[1]].join('\n');
    expect((await stores({ ...SMALL, trace: limited }))[1]).toBe(0);
    const free = ['pages 600', lines[0], 'zswap max_pool_percent 90', lines[1]].join('\n');
    expect((await stores({ ...SMALL, trace: free }))[1]).toBeGreaterThan(200);
  });

  it('changes the compressor of new pages, and old ones are read with theirs', async () => {
    const run = (line: string): SmallMachine => ({
      ...SMALL,
      zswap: { enabled: true, maxPoolPercent: 100 },
      trace: `pages 900\nW 0 300 seq 300 1 spread\n${line}\nW 300 600 seq 600 1 spread`,
    });
    const [lz4, deflate] = [
      await runSmall(run('barrier')),
      await runSmall(run('zswap compressor deflate')),
    ];
    expect(deflate.zswap['stored_pages']).toBe(lz4.zswap['stored_pages']);
    expect(deflate.zswap['stored_bytes']).not.toBe(lz4.zswap['stored_bytes']);
    expect(deflate.verify).toEqual({ pagesChecked: 900, mismatches: 0 });
  });

  it('limits a cgroup in zswap from there on', async () => {
    const trace = [
      'pages 900',
      'cgroup all zswap.max 0',
      'W 0 300 seq 300 1 mix:1024',
      'cgroup all zswap.max max',
      'W 300 300 seq 300 1 mix:1024',
      'cgroup all zswap.max 64K',
      'W 600 300 seq 300 1 mix:1024',
    ].join('\n');
    const { phases } = await runSmall({ ...SMALL, machine: V2, trace });
    const bytes = phases.map(({ zswap }) => zswap!['stored_bytes']!);
    expect(bytes[1]).toBe(0);
    expect(bytes[3]).toBeGreaterThan(200_000);
    // Over the limit each store writes something back before it stores.
    expect(bytes[5]).toBeLessThan(65536 + 4096);
    expect(bytes[5]).toBeGreaterThan(0);
  });

  it('keeps a cgroup\u2019s pages off devices from there on', async () => {
    const trace = [
      'pages 600',
      'zswap max_pool_percent 2',
      'cgroup a zswap.writeback 0',
      'W 0 200 seq 200 1 mix:512',
      'cgroup a zswap.writeback 1',
      'W 200 400 seq 400 1 mix:2048',
    ].join('\n');
    const cgroups = [{ name: 'a', pages: 128, tasks: [0] }];
    const { phases } = await runSmall({ ...SMALL, cgroups, machine: V2, trace });
    expect(phases[2]!.counters['pswpout'] ?? 0).toBe(0);
    expect(phases[4]!.counters['pswpout']).toBeGreaterThan(0);
  });

  it.each([
    ['zswap compressor zstd', { payload: 'none' }, /payload 'none' .*accepted: bytes/],
    ['zswap enabled N', { zswap: { version: '2013' } }, /2013 cannot change enabled/],
    ['zswap shrinker_enabled Y', {}, /needs cgroup v2: .*--cgroup-version 2/],
    ['cgroup all zswap.max 1M', {}, /'cgroup all zswap\.max 1M': needs cgroup v2/],
    ['cgroup web zswap.max 1M', { machine: V2 }, /there is no cgroup 'web'; accepted: all/],
    [
      'cgroup all zswap.max 0',
      { machine: V2, zswap: { version: '2013' } },
      /2013 knows of no cgroups/,
    ],
  ] as const)('is refused before the run where the machine lacks it: %s', (line, more, message) => {
    const trace = `pages 100\nW 0 100 seq 100 1 zero\n${line}`;
    const make = (): unknown => smallMachine({ ...SMALL, ...more, trace });
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });

  it('may switch the shrinker off under cgroup v1', () => {
    const trace = 'pages 100\nW 0 100 seq 100 1 zero\nzswap shrinker_enabled N';
    expect(() => smallMachine({ ...SMALL, trace })).not.toThrow();
  });
});

describe('the version of a machine\u2019s cgroups', () => {
  const workload = { trace: 'pages 1\nR 0 1 seq 1 1 -' };
  const version = (machine: unknown, zswap: unknown = {}): unknown =>
    parseSpec({ workload, machine, zswap }, 't').machine.cgroupVersion;

  it('is 1 unless something asks for what only 2 has', () => {
    expect(version({})).toBe(1);
    expect(version({ cgroupVersion: 2 })).toBe(2);
    expect(version({ zswapMax: '1M' })).toBe(2);
    expect(version({ zswapWriteback: false })).toBe(2);
    expect(version({}, { shrinkerEnabled: true })).toBe(2);
    const cgroup = { name: 'a', memory: '1M', tasks: [0] };
    expect(version({ cgroups: [cgroup] })).toBe(1);
    expect(version({ cgroups: [cgroup, { ...cgroup, name: 'b', zswapMax: 'max' }] })).toBe(2);
  });

  it.each([
    [{ cgroupVersion: 1, zswapMax: '1M' }, {}, /1 is not accepted with machine\.zswapMax: .* v1/],
    [{ cgroupVersion: 1, zswapWriteback: false }, {}, /with machine\.zswapWriteback/],
    [{ cgroupVersion: 1 }, { shrinkerEnabled: true }, /with zswap\.shrinkerEnabled: .*accepted: 2/],
    [{ cgroupVersion: 3 }, {}, /machine\.cgroupVersion: 3 is not accepted: expected 1 or 2/],
    [{ zswapMax: 0 }, { version: '2013' }, /machine\.zswapMax: zswap of 2013 knows of no cgroups/],
  ])('is refused where a setting contradicts it: %j %j', (machine, zswap, message) => {
    expect(() => version(machine, zswap)).toThrow(UsageError);
    expect(() => version(machine, zswap)).toThrow(message);
  });
});

describe('a pool under cgroup v2', () => {
  const trace = 'pages 700\nW 0 700 seq 700 1 mix:2048\nR 0 700 rand 900 3 -\n';

  /** Looks at the machine every so many operations. */
  async function eachTime(machine: Machine, look: () => void): Promise<void> {
    await machine.runUntil({
      first: 25,
      afterOperation: (operations) => {
        machine.memory.checkInvariants();
        look();
        return operations + 25;
      },
    });
  }

  it('takes as many pages of the cgroup as its bytes, at every step', async () => {
    const machine = smallMachine({ ...SMALL, trace, machine: V2 });
    let most = 0;
    await eachTime(machine, () => {
      const { objectPages } = machine.memory.cgroup;
      const bytes = machine.swap.zswap.gauges()['stored_bytes']!;
      expect(objectPages).toBe(Math.ceil(bytes / 4096));
      most = Math.max(most, objectPages);
    });
    expect(most).toBeGreaterThan(20);
    expect(machine.memory.cgroup.objectPages).toBe(0);
  });

  it('takes nothing of it under v1', async () => {
    const machine = smallMachine({ ...SMALL, trace });
    await eachTime(machine, () => {
      expect(machine.memory.cgroup.objectPages).toBe(0);
    });
    expect(machine.memory.cgroup.usagePagesMax).toBe(128);
  });

  it('leaves fewer pages in memory, and may pass the limit by what reclaim stores', async () => {
    const [one, two] = [
      await runSmall({ ...SMALL, trace }),
      await runSmall({ ...SMALL, trace, machine: V2 }),
    ];
    expect(two.phases[0]!.present).toBeLessThan(one.phases[0]!.present - 20);
    expect(one.cgroups[0]!.memoryMaxPages).toBe(128);
    expect(two.cgroups[0]!.memoryMaxPages).toBeGreaterThan(128);
    // A round of reclaim stores 32 pages at a time.
    expect(two.cgroups[0]!.memoryMaxPages).toBeLessThan(128 + 64);
    expect(one.cgroups[0]).toMatchObject({ zswapCurrentBytes: null, zswappedPages: null });
    expect(two.cgroups[0]).toMatchObject({
      zswapCurrentBytes: two.zswap['stored_bytes'],
      zswappedPages: two.zswap['stored_pages'],
    });
    expect(two.verify.mismatches).toBe(0);
  });

  it('is what the dynamic shrinker counts', async () => {
    const zswap = { enabled: true, maxPoolPercent: 50, shrinkerEnabled: true };
    const shrunk = await runSmall({ ...SMALL, trace, zswap });
    expect(sum(shrunk, 'zswpwb')).toBeGreaterThan(0);
    const machine = smallMachine({ ...SMALL, trace });
    machine.swap.zswap.setParameter({ name: 'shrinker_enabled', value: true });
    expect(sum(await machine.run(), 'zswpwb')).toBe(0);
  });

  it('gives every charge back, whatever the trace and the settings in it', async () => {
    const settings = [
      'zswap enabled N',
      'zswap enabled Y',
      'zswap max_pool_percent 1',
      'zswap max_pool_percent 40',
      'zswap compressor deflate',
      'zswap shrinker_enabled Y',
      'zswap shrinker_enabled N',
      'cgroup a zswap.max 32K',
      'cgroup a zswap.max max',
      'cgroup b zswap.writeback 0',
      'cgroup b zswap.writeback 1',
      'task other',
      'task main',
    ].map((line) => fc.constant(line));
    const pages = fc
      .record({
        verb: fc.constantFrom('W', 'M', 'R', 'D'),
        first: fc.integer({ min: 0, max: 200 }),
        count: fc.integer({ min: 8, max: 200 }),
        seed: fc.nat(1000),
        content: fc.constantFrom('mix:1024', 'mix:3000', 'rand', 'zero', 'fill:11'),
      })
      .map(
        ({ verb, first, count, seed, content }) =>
          `${verb} ${first} ${count} rand ${count} ${seed} ${verb === 'W' ? content : '-'}`,
      );
    const steps = fc.array(fc.oneof(pages, pages, ...settings.slice(0, 4), ...settings.slice(4)), {
      minLength: 4,
      maxLength: 14,
    });
    const cgroups = [
      { name: 'a', pages: 96, tasks: [0] },
      { name: 'b', pages: 80, tasks: [1] },
    ];
    await fc.assert(
      fc.asyncProperty(steps, async (lines) => {
        const start = 'pages 400\ntask main\nW 0 8 seq 8 1 rand\ntask other\nW 0 8 seq 8 1 rand\n';
        const machine = smallMachine({
          ...SMALL,
          cgroups,
          machine: V2,
          trace: `${start}${lines.join('\n')}\n`,
        });
        const result = await machine.run();
        expect(result.verify.mismatches).toBe(0);
        machine.memory.checkInvariants();
        for (const { usagePages, stockPages } of machine.memory.cgroups.all)
          expect(usagePages - stockPages).toBe(0);
      }),
      { seed: 11, numRuns: 12 },
    );
  }, 60_000);
});

describe('a capture of cgroup v2', () => {
  const read = (name: string): Capture =>
    parseCapture(JSON.parse(readFileSync(`fixtures/kernel/own/${name}.json`, 'utf8')), name);

  it('is replayed with the pool charged, one of v1 without', async () => {
    const capture = read('drop-zswap');
    expect(cgroupVersionOf(capture)).toBe(1);
    const second: Capture = { ...capture, provenance: { ...capture.provenance, cgroup: 2 } };
    expect(cgroupVersionOf(second)).toBe(2);
    expect(notModelled(second)).toEqual(notModelled(capture));
    const one = await replayCapture(capture, 'v1', 'none');
    const two = await replayCapture(second, 'v2', 'none');
    expect(one.result.cgroups[0]!.zswapCurrentBytes).toBeNull();
    expect(two.result.cgroups[0]!.zswapCurrentBytes).not.toBeNull();
    expect(two.result.phases[0]!.present).toBeLessThan(one.result.phases[0]!.present);
  }, 60_000);

  it('is one with a limit in zswap, which only v2 has', () => {
    const capture = read('drop-zswap');
    const limited: Capture = {
      ...capture,
      provenance: undefined,
      zswap: { ...capture.zswap!, cgroupMaxMiB: 1, shrinkerEnabled: true },
    };
    expect(cgroupVersionOf(limited)).toBe(2);
    expect(notModelled(limited)[0]).toMatch(/shrinkerEnabled\) under an unknown version/);
  });
});
