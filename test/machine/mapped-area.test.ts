/** Machines over areas with a location map: where pages lie, and giving such an area up. */
import { describe, expect, it } from 'vitest';
import { createCompressor } from '../../src/codec/index.ts';
import { COMPRESSED_FORMS, MemoryDevice } from '../../src/device/index.ts';
import { PAGE_SIZE, type VirtualPage } from '../../src/units/index.ts';
import { ContentWriter } from '../../src/workload/content.ts';
import { smallMachine, sum, type SmallMachine } from './support.ts';
import type { Machine } from '../../src/machine/index.ts';

const TRACE = 'pages 600\nW 0 600 seq 600 1 mix:1024\nM 0 600 rand 600 3 -\n';
const lz4 = createCompressor('lz4', 'test');

function machineOf(form: string, options: Partial<SmallMachine> = {}): Machine {
  return smallMachine({
    trace: TRACE,
    memoryPages: 100,
    ramPages: 800,
    areas: [{ pages: 2000 }],
    zswap: { enabled: true, maxPoolPercent: 2, compressedWriteback: form },
    design: 'vswap-table',
    ...options,
  });
}

describe.each(COMPRESSED_FORMS)('an area with compressed pages, %s', (form) => {
  it('has a page where a look says, as long as it says: the bytes there are the page', async () => {
    const device = new MemoryDevice({ name: 'area0', sizeBytes: 2000 * PAGE_SIZE });
    const machine = machineOf(form, { areas: [{ pages: 2000, device }] });
    let looked = 0;
    let movedCount = 0;
    await machine.runUntil({
      first: 600,
      afterOperation: () => {
        const space = machine.spaces()[0]!;
        const before = machine.engine.snapshot();
        for (let page = 0 as VirtualPage; page < 600; page++) {
          const { location } = machine.memory.resolve(space, page);
          if (location.kind !== 'file' || location.lengthBytes === PAGE_SIZE) continue;
          expect(location.lengthBytes).toBeLessThan(PAGE_SIZE);
          const blob = Buffer.alloc(2 * PAGE_SIZE);
          const start = location.offset! - (location.offset! % 512);
          device.readSectors(start, blob.subarray(0, PAGE_SIZE), PAGE_SIZE, 0);
          blob.copyWithin(lz4.headroomBytes, location.offset! - start);
          const found = Buffer.alloc(PAGE_SIZE);
          expect(lz4.decompress(blob, location.lengthBytes, found)).toBe(true);
          const wanted = Buffer.from(new ArrayBuffer(PAGE_SIZE));
          new ContentWriter(null).write({ kind: 'mix', words: 256 }, page, 1, wanted);
          expect(found.equals(wanted)).toBe(true);
          expect(machine.holdsExpectedAt(0, page, location)).toBe(true);
          looked += 1;
          if (location.offset !== location.slot * PAGE_SIZE) movedCount += 1;
        }
        expect(machine.engine.since(before)).toEqual({});
        return 'stop';
      },
    });
    expect(looked).toBeGreaterThan(50);
    expect(movedCount > 0).toBe(form !== 'slot');
  });

  it('is given up under load and taken back, every page right, its map empty in between', async () => {
    const machine = machineOf(form, {
      trace: `${TRACE}swapoff area0\nM 0 600 rand 500 4 -\nswapon area0\nM 0 600 rand 800 5 -\n`,
      areas: [{ pages: 2000 }, { pages: 2000 }],
    });
    const result = await machine.run();
    expect(result.verify).toEqual({ pagesChecked: 600, mismatches: 0 });
    expect([result.killedTasks, sum(result, 'read_error')]).toEqual([0, 0]);
    const off = result.phases.find(({ swapoff }) => swapoff !== undefined)!.swapoff!;
    expect(off.outcome).toBe('ok');
    expect(off.pagesRead).toBeGreaterThan(0);
    expect(result.areas[0]!.mapped!['blobs']).toBeGreaterThan(off.pagesRead);
  });
});

describe('an area with a RAM buffer', () => {
  it.each(['swap-table', 'vswap-table'])('is given up under load, %s', async (design) => {
    const result = await machineOf('off', {
      ...{ design, trace: `${TRACE}swapoff area0\nM 0 600 rand 500 4 -\n` },
      areas: [{ pages: 2000, bufferBytes: 128 << 10 }, { pages: 2000 }],
    }).run();
    expect(result.verify).toEqual({ pagesChecked: 600, mismatches: 0 });
    expect(result.areas[0]!.usedPages).toBe(0);
    expect(result.areas[0]!.mapped!['liveBytes']).toBe(0);
    expect(result.areas[0]!.mapped!['bufferReads']).toBeGreaterThan(0);
  });
});
