import { beforeAll, describe, expect, it } from 'vitest';
import { createCompressor } from '../../src/codec/index.ts';
import {
  estimateFrom,
  PageMeasures,
  poolBytesFor,
  type Estimate,
  type LimitEstimate,
} from '../../src/estimate/index.ts';
import { RandomStream } from '../../src/engine/index.ts';
import { ZsmallocPool } from '../../src/pool/index.ts';
import { testEngine } from '../pool/support/pool-model.ts';

const MIB = 1024 * 1024;

function filledPool(lengths: Iterable<number>): number {
  const pool = new ZsmallocPool({ engine: testEngine(), bytes: false });
  for (const length of lengths) pool.store(null, length);
  return pool.pageCount * 4096;
}

describe('the size of the pool', () => {
  const random = new RandomStream(1, 'lengths');
  const lengths = Uint16Array.from({ length: 500 }, () => 1 + random.below(4096));

  it('is that of the real pool for the objects that were measured', () => {
    expect(poolBytesFor(lengths, lengths.length)).toBe(filledPool(lengths));
  });

  it('does not multiply what a small pool leaves empty', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => lengths[i % 500]!);
    const truth = filledPool(many);
    const reckoned = poolBytesFor(lengths, 100_000);
    expect(Math.abs(reckoned / truth - 1)).toBeLessThan(0.002);
    // The sample's own pool, times 200, is far off.
    expect((filledPool(lengths) * 200) / truth).toBeGreaterThan(1.2);
  });

  it('of more objects than are put in is in proportion', () => {
    const million = poolBytesFor(lengths, 1_000_000);
    expect(poolBytesFor(lengths, 8_000_000) / million).toBeCloseTo(8, 5);
  });

  it('takes nothing for zero pages', () => {
    expect(poolBytesFor(Uint16Array.of(0, 0), 0)).toBe(0);
    expect(poolBytesFor(Uint16Array.of(0, 100, 0), 1000)).toBe(
      poolBytesFor(Uint16Array.of(100), 1000),
    );
  });
});

describe('an estimate', () => {
  const measures = new PageMeasures([createCompressor('lz4', 'test')], 1000);
  let estimate: Estimate;
  beforeAll(() => {
    const random = new RandomStream(1, 'pages');
    const page = Buffer.alloc(4096);
    for (let i = 0; i < 400; i++) {
      if (i % 4 === 0) page.fill(0);
      else if (i % 4 === 1) page.fill(0x61);
      else if (i % 4 === 2) for (let at = 0; at < 4096; at++) page[at] = random.next();
      else page.fill('swap entries, clusters and slots; ');
      measures.record(page);
    }
    estimate = estimateFrom(measures, { pages: 400, ramBytes: 4 * MIB, percents: [1, 10, 100] });
  });

  it('knows the shares of a population that was read whole', () => {
    const { zero, sameFilled, other, compressors } = estimate;
    for (const share of [zero, sameFilled])
      expect(share).toEqual({ value: 0.25, low: 0.25, high: 0.25 });
    expect(other.value).toBe(0.5);
    expect(compressors[0]!.incompressible.value).toBe(0.25);
  });

  it('puts pages that do not get smaller into the pool as they are, and zero pages nowhere', () => {
    const { poolBytes, lengths, ratio, poolRatio, savedBytes, metadataBytes } =
      estimate.compressors[0]!;
    const objects = [...measures.lengths(0)].filter((length) => length > 0);
    expect(objects.filter((length) => length === 4096)).toHaveLength(100);
    expect(poolBytes.value).toBe(filledPool(objects));
    expect(ratio!.value).toBeCloseTo((300 * 4096) / objects.reduce((sum, each) => sum + each), 10);
    expect(poolRatio!.value).toBeCloseTo((300 * 4096) / poolBytes.value, 10);
    expect(metadataBytes).toBe(300 * 64);
    expect(savedBytes).toBe(400 * 4096 - poolBytes.value - metadataBytes);
    expect(lengths.at(-1)).toEqual({
      ...{ lowBytes: 4096, highBytes: 4096, sampledPages: 100, share: 1 / 3 },
    });
    expect(lengths[0]).toMatchObject({ lowBytes: 1, highBytes: 256, sampledPages: 200 });
  });

  it('holds what fits into a share of the RAM', () => {
    const { limits, poolBytes } = estimate.compressors[0]!;
    // 1 % of 1024 pages is 10.24: the kernel rounds down.
    expect(limits[0]).toMatchObject({
      maxPoolPercent: 1,
      limitBytes: 10 * 4096,
      poolBytes: 10 * 4096,
    });
    // A quarter is zero pages, which need no pool.
    const part = (10 * 4096) / poolBytes.value;
    expect(limits[0]!.heldShare.value).toBeCloseTo(0.25 + 0.75 * part, 10);
    const heldBytes = Math.floor(400 * (0.25 + 0.75 * part)) * 4096;
    const metadataBytes = Math.round(300 * 64 * part);
    expect(limits[0]).toMatchObject({
      heldBytes,
      freedBytes: heldBytes - 10 * 4096 - metadataBytes,
    });
    expect(limits[2]).toMatchObject({ heldShare: { value: 1 }, heldBytes: 400 * 4096 });
    expect(limits[2]!.freedBytes).toBe(estimate.compressors[0]!.savedBytes);
  });

  it('holds every zero page, however small the pool is', () => {
    const random = new RandomStream(2, 'noise');
    const half = new PageMeasures([createCompressor('lz4', 'test')], 1000);
    const noise = Buffer.alloc(4096);
    for (let i = 0; i < 1000; i++) {
      for (let at = 0; i % 2 === 1 && at < 4096; at += 4) noise.writeUInt32LE(random.next(), at);
      half.record(i % 2 === 0 ? Buffer.alloc(4096) : noise);
    }
    const held = (pages: number): LimitEstimate =>
      estimateFrom(half, { pages, ramBytes: (pages / 1000) * 4 * MIB, percents: [10] })
        .compressors[0]!.limits[0]!;
    // 102 of 500 pages of noise.
    expect(held(1000).heldShare.value).toBeCloseTo(0.5 + 0.5 * 0.204, 10);
    const { value, low, high } = held(100_000).heldShare;
    expect(value).toBeCloseTo(0.602, 3);
    expect(low).toBeGreaterThan(0.55);
    expect(low).toBeLessThan(0.58);
    expect(high).toBeGreaterThan(0.62);
    expect(high).toBeLessThan(0.65);
  });

  it('has a wider interval where the same sample stands for more', () => {
    const all = estimateFrom(measures, { pages: 1_000_000, ramBytes: MIB, percents: [] });
    expect(all.zero.value).toBe(0.25);
    expect(all.zero.low).toBeLessThan(0.22);
    const { poolBytes } = all.compressors[0]!;
    expect(poolBytes.low).toBeLessThan(poolBytes.value * 0.95);
    expect(poolBytes.high).toBeGreaterThan(poolBytes.value * 1.05);
  });
});
