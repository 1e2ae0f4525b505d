import { describe, expect, it } from 'vitest';
import { MemoryDevice, type ZramDevice } from '../../src/device/index.ts';
import { createZram, metricsOf, type RunResult } from '../../src/machine/index.ts';
import type { Location } from '../../src/swap/index.ts';
import { PAGE_SIZE, type VirtualPage } from '../../src/units/index.ts';
import { runSmall, smallMachine } from './support.ts';

const PAGES = 512;

interface TestZram {
  readonly name?: string;
  readonly backingProfile?: string;
  readonly batchPages?: number;
  readonly isCompressed?: boolean;
  readonly limitPages?: number;
}

function zramOf(options: TestZram = {}): ZramDevice {
  const name = options.name ?? 'zram0';
  return createZram({
    name,
    sizeBytes: PAGES * PAGE_SIZE,
    compressors: ['lz4', 'deflate'],
    limitPages: options.limitPages ?? 0,
    backing: {
      device: new MemoryDevice({ name: `${name}.backing`, sizeBytes: PAGES * PAGE_SIZE }),
      profile: options.backingProfile ?? 'nvme',
      batchPages: options.batchPages ?? 32,
      isCompressed: options.isCompressed ?? false,
    },
    seed: 1,
  });
}

function run(trace: string, options: TestZram = {}): Promise<RunResult> {
  const areas = [{ pages: PAGES, zram: zramOf(options), profile: 'zram' }];
  return runSmall({ trace, memoryPages: 128, areas });
}

const metric = (result: RunResult, name: string): number | null =>
  metricsOf([result])
    .find((each) => each.name === name)!
    .value(result);

const FILL = 'pages 400\nW 0 400 seq 400 1 rand\n';
const WRITTEN_BACK = `${FILL}zram zram0 idle all\nzram zram0 writeback idle\nR 0 400 seq 400 1 -\n`;

describe('a swap area in compressed memory', () => {
  it('gives every page back and is told of every slot that is freed', async () => {
    const result = await run(`${FILL}R 0 400 rand 800 2 -\nD 0 100 seq 100 1 -\n`);
    expect(result.verify).toEqual({ pagesChecked: 400, mismatches: 0 });
    const { zram, pagesWritten, writes, usedPages } = result.areas[0]!;
    expect(pagesWritten).toBeGreaterThan(600);
    // Swap writes to a synchronous device page by page.
    expect(writes).toBe(pagesWritten);
    expect(zram!['orig_data_size']).toBe(usedPages * PAGE_SIZE);
    expect(zram!['notify_free']).toBe(pagesWritten - usedPages);
    // Nothing of this is on a disk.
    expect(metric(result, 'pages written')).toBe(0);
  });

  it('has the kernel\u2019s figures in every phase', async () => {
    const { phases } = await run(WRITTEN_BACK);
    const filled = phases[0]!.zram!;
    expect(filled['orig_data_size']).toBeGreaterThan(280 * PAGE_SIZE);
    expect(filled).toMatchObject({
      compr_data_size: filled['orig_data_size'],
      mem_used_total: filled['orig_data_size'],
      same_pages: 0,
      bd_count: 0,
    });
    expect(phases[2]!.zram).toMatchObject({
      orig_data_size: filled['orig_data_size'],
      compr_data_size: 0,
      mem_used_total: 0,
      huge_pages: 0,
      bd_count: filled['huge_pages'],
      bd_writes: filled['huge_pages'],
    });
    expect(phases[3]!.zram!['bd_reads']).toBeGreaterThan(200);
  });

  it('counts what goes to the backing device as writes to a disk', async () => {
    const [batched, single] = [await run(WRITTEN_BACK), await run(WRITTEN_BACK, { batchPages: 1 })];
    const pages = batched.phases[2]!.zramSetting!.pagesWritten;
    expect(pages).toBeGreaterThan(280);
    expect(batched.phases[2]!.zramSetting).toEqual({
      outcome: 'ok',
      poolPagesFreed: pages,
      pagesWritten: pages,
      writes: Math.ceil(pages / 32),
    });
    expect([batched, single].map((result) => metric(result, 'pages written'))).toEqual([
      pages,
      pages,
    ]);
    expect(metric(batched, 'write I/Os')).toBe(Math.ceil(pages / 32));
    expect(metric(single, 'write I/Os')).toBe(pages);
    expect(single.phases[2]!.virtualNs).toBeGreaterThan(3 * batched.phases[2]!.virtualNs);
  });

  it('waits for the backing device where a page is there, and nowhere else', async () => {
    const [nvme, hdd] = [
      await run(WRITTEN_BACK, { backingProfile: 'nvme' }),
      await run(WRITTEN_BACK, { backingProfile: 'hdd' }),
    ];
    expect(hdd.phases[0]!.virtualNs).toBe(nvme.phases[0]!.virtualNs);
    expect(hdd.phases[2]!.virtualNs).toBeGreaterThan(5 * nvme.phases[2]!.virtualNs);
    expect(hdd.phases[3]!.virtualNs).toBeGreaterThan(10 * nvme.phases[3]!.virtualNs);
  });

  it('gives one digest for one spec', async () => {
    const [first, second] = [
      await run(WRITTEN_BACK, { isCompressed: true }),
      await run(WRITTEN_BACK, { isCompressed: true }),
    ];
    expect(second.digest).toBe(first.digest);
    const { zram: _zram, ...without } = first.phases[0]!;
    expect(Object.keys(first.phases[0]!)).toContain('zram');
    expect(without.counters).toEqual(second.phases[0]!.counters);
  });

  it('keeps pages in memory that it refuses, and goes on with the others', async () => {
    const [filled] = (await run(FILL)).phases;
    // Room for 16 pages once reclaim begins anew, whose batches are of 32.
    const stored = filled!.zram!['orig_data_size']! / PAGE_SIZE;
    const limitPages = stored - (128 - filled!.present) + 16;
    const result = await run(
      `${FILL}zram zram0 mem_limit ${limitPages * 4}K\nW 0 100 seq 100 3 rand\n` +
        'zram zram0 mem_limit 0\nR 0 400 seq 400 1 -\n',
    );
    const refused = result.phases[2]!.counters['write_error']!;
    expect(refused).toBeGreaterThan(0);
    expect(result.phases[2]!.zram).toMatchObject({
      failed_writes: refused,
      mem_limit: limitPages * PAGE_SIZE,
    });
    expect(result.phases[4]!.zram!['failed_writes']).toBe(refused);
    expect(result.killedTasks).toBe(0);
    expect(result.verify).toEqual({ pagesChecked: 400, mismatches: 0 });
  });

  it('counts the work of recompression as the machine\u2019s', async () => {
    const trace = 'pages 400\nW 0 400 seq 400 1 mix:1500\nzram zram0 recompress threshold=1000\n';
    const { phases, verify } = await run(`${trace}R 0 400 seq 400 1 -\n`);
    const pages = phases[0]!.zram!['orig_data_size']! / PAGE_SIZE;
    expect(phases[1]!.counters).toMatchObject({ compress: pages, decompress: pages });
    expect(phases[1]!.virtualNs).toBeGreaterThan(0);
    expect(verify.mismatches).toBe(0);
  });

  it('comes back from the backing device when it is given up, and can be taken again', async () => {
    const trace = WRITTEN_BACK.replace(/R 0 400.*\n/, '');
    const result = await runSmall({
      trace: `${trace}swapoff zram0\nswapon zram0\nR 0 400 rand 400 2 -\n`,
      memoryPages: 128,
      areas: [
        { pages: PAGES, zram: zramOf(), profile: 'zram', priority: 5 },
        { pages: PAGES, priority: 1 },
      ],
    });
    expect(result.phases[3]).toMatchObject({ swapoff: { outcome: 'ok' } });
    expect(result.phases[3]!.zram).toMatchObject({ orig_data_size: 0, bd_count: 0 });
    expect(result.verify).toEqual({ pagesChecked: 400, mismatches: 0 });
  });

  it('adds the figures of several up', async () => {
    const zrams = [zramOf(), zramOf({ name: 'zram1' })];
    const result = await runSmall({
      trace: `${FILL}zram area1 writeback huge\n`,
      memoryPages: 128,
      areas: zrams.map((zram) => ({ pages: 200, zram, profile: 'zram' })),
    });
    const each = result.areas.map(({ zram }) => zram!);
    expect(each.every((figures) => figures['orig_data_size']! > 0)).toBe(true);
    for (const name of ['orig_data_size', 'mem_used_total', 'bd_writes'])
      expect(result.phases[1]!.zram![name]).toBe(each[0]![name]! + each[1]![name]!);
    expect(each[0]!['bd_writes']).toBe(0);
  });

  it('is looked at without being changed', () => {
    const zram = zramOf();
    const page = Buffer.alloc(PAGE_SIZE, 'a page that is written back, ');
    const other = Buffer.alloc(PAGE_SIZE);
    zram.write(PAGE_SIZE, [page], 1, 0);
    zram.apply({ attribute: 'idle', age: null }, 0);
    zram.apply({ attribute: 'writeback', flags: 0, ranges: [] }, 0);
    const before = zram.stat();
    expect(before.bdCount).toBe(1);
    expect(zram.peek(1, other)).toBe('ok');
    expect(other).toEqual(page);
    expect(zram.stat()).toEqual(before);
    // A read that follows is as if nobody had looked.
    const fresh = zramOf();
    fresh.write(PAGE_SIZE, [page], 1, 0);
    fresh.apply({ attribute: 'writeback', flags: 0, ranges: [] }, 0);
    for (const device of [zram, fresh]) device.read(PAGE_SIZE, [other], 1, 1000);
    expect(zram.completionNs).toBe(fresh.completionNs);
    expect(zram.completionNs).toBeGreaterThan(1000);
  });

  it('is looked at by the machine without being changed', async () => {
    const zram = zramOf();
    const machine = smallMachine({
      trace: WRITTEN_BACK,
      memoryPages: 128,
      areas: [{ pages: PAGES, zram, profile: 'zram' }],
    });
    let looks = 0;
    await machine.runUntil({
      first: 0,
      afterOperation: () => 'stop',
      afterPhase: ({ index }) => {
        if (index !== 2) return 'go on';
        const before = zram.stat();
        const { page, slot, length } = machine.slotRuns()[0]!;
        for (let i = 0; i < length; i++) {
          const location = { kind: 'file', area: 0, slot: slot + i } as Location;
          expect(machine.holdsExpectedAt(0, (page + i) as VirtualPage, location)).toBe(true);
          looks += 1;
        }
        expect(zram.stat()).toEqual(before);
        expect(before.bdCount).toBeGreaterThan(0);
        return 'stop';
      },
    });
    expect(looks).toBeGreaterThan(0);
  });

  it('is asked for by its name before the run begins', () => {
    const machine = (area: string): unknown =>
      smallMachine({
        trace: `${FILL}zram ${area} idle all\n`,
        memoryPages: 128,
        areas: [{ pages: PAGES, zram: zramOf(), profile: 'zram' }, { pages: PAGES }],
      });
    expect(() => machine('zram0')).not.toThrow();
    expect(() => machine('area1')).toThrow('zram area1: the area is no zram; accepted: zram0');
    expect(() => machine('zram7')).toThrow(
      /'zram7' is no area of this run; accepted: zram0, area0/,
    );
  });
});
