import { describe, expect, it } from 'vitest';
import { compressors, countCompress, countDecompress } from '../../src/codec/index.ts';
import { CostProfile, Engine, EV, type CostProfileData } from '../../src/engine/index.ts';

function engine(prices: CostProfileData['prices']): Engine {
  const costs = new CostProfile({ name: 'test', description: '', prices });
  return new Engine({ seed: 1, cpuCount: 1, costs });
}

describe('the price of a compressor', () => {
  it.each([
    ['lz4', 3000, 1200],
    ['zstd', 9000, 3000],
    ['deflate', 130_000, 17_000],
  ] as const)('of %s is %i ns a page and %i ns back', (name, compressNs, decompressNs) => {
    const clock = engine({});
    const compressor = compressors[name]();
    countCompress(clock, compressor);
    expect(clock.nowNs).toBe(compressNs);
    countDecompress(clock, compressor);
    expect(clock.nowNs).toBe(compressNs + decompressNs);
    expect([clock.counted(EV.compress), clock.counted(EV.decompress)]).toEqual([1, 1]);
  });

  it('is that of the compressor used, where a run uses two', () => {
    const clock = engine({});
    countCompress(clock, compressors.lz4());
    countCompress(clock, compressors.zstd());
    expect(clock.nowNs).toBe(12_000);
    expect(clock.counted(EV.compress)).toBe(2);
  });

  it('gives way to a cost profile that names the event, be it with 0', () => {
    const clock = engine({
      compress: { ns: 0, source: 'part of the device' },
      decompress: { ns: 77, source: 'measured' },
    });
    countCompress(clock, compressors.zstd());
    expect(clock.nowNs).toBe(0);
    countDecompress(clock, compressors.zstd());
    expect(clock.nowNs).toBe(77);
  });

  it('says where it comes from', () => {
    for (const create of Object.values(compressors))
      for (const price of Object.values(create().prices))
        expect(price).toMatchObject({ source: expect.stringMatching(/^assumed|measured/) });
  });
});
