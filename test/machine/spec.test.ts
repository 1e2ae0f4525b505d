import { describe, expect, it } from 'vitest';
import { parseSpec } from '../../src/machine/index.ts';
import { UsageError } from '../../src/units/index.ts';

const workload = { trace: 'pages 1\nR 0 1 seq 1 1 -' };

describe('a spec', () => {
  it('gets every default', () => {
    const spec = parseSpec({ workload }, 'test');
    expect(spec).toMatchObject({
      seed: 1,
      design: 'swap-table',
      payload: 'bytes',
      machine: { ram: '1G', cpus: 1, swappiness: 60, pageCluster: 3 },
      zswap: { enabled: false, compressor: 'lz4', maxPoolPercent: 20, writebackBatch: 32 },
    });
  });

  it('gets every default of a zram', () => {
    const { areas } = parseSpec({ workload, areas: [{ size: '1M', zram: {} }] }, 'test');
    expect(areas[0]).toEqual({
      size: '1M',
      checksum: false,
      ghost: false,
      on: true,
      zram: {
        compressor: 'lz4',
        recompress: [],
        memLimit: 0,
        writebackBatch: 32,
        compressedWriteback: false,
      },
    });
  });

  it.each([
    [{ workload, zswp: {} }, /s\.json: unknown key 'zswp'/],
    [{ workload, machine: { memroy: 1 } }, /unknown key 'memroy' in machine/],
    [{ workload, design: 'bsd' }, /design: "bsd" is not accepted: .*swap-table/],
    [{ workload, zswap: { maxPoolPercent: 101 } }, /zswap\.maxPoolPercent: 101 is not accepted/],
    [{ workload, seed: -1 }, /seed: -1 is not accepted/],
    [{ workload: { trce: 'x' } }, /workload: .* expected \{"trace"/],
    [{}, /workload: is missing/],
    [{ workload, areas: [{ size: '1M', zram: { algo: 'lz4' } }] }, /'algo' in areas\.0\.zram/],
    [{ workload, areas: [{ path: 'a', zram: {} }] }, /zram: a zram has a size, and no path/],
    [
      { workload, areas: [{ size: '1M', zram: { memLimit: 5 } }] },
      /s\.json: areas: zram: memLimit: '5' is no multiple of the page size/,
    ],
    [{ workload, payload: 'none', areas: [{ size: '1M', zram: {} }] }, /'none' has no bytes/],
  ])('names the key, the value and what is accepted: %j', (json, message) => {
    expect(() => parseSpec(json, 's.json')).toThrow(UsageError);
    expect(() => parseSpec(json, 's.json')).toThrow(message);
  });
});
