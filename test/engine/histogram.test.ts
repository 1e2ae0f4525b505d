import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { Histogram, percentileOf, RandomStream } from '../../src/engine/index.ts';

describe('a histogram', () => {
  it('knows each value to one part in 64, and small ones exactly', () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(127), fc.nat(), fc.maxSafeInteger().map(Math.abs)), (value) => {
        const histogram = new Histogram();
        histogram.record(value);
        const [bucket] = [...histogram.buckets()];
        expect(bucket!.low).toBeLessThanOrEqual(value);
        expect(bucket!.high).toBeGreaterThanOrEqual(value);
        if (value < 128) expect(bucket).toEqual({ low: value, high: value, count: 1 });
        else expect((bucket!.high - bucket!.low + 1) / bucket!.low).toBeLessThanOrEqual(1 / 64);
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it('prints the percentiles that its stored buckets give', () => {
    const histogram = new Histogram();
    const stream = new RandomStream(1, 'test');
    const values = Array.from({ length: 2000 }, () => stream.below(1_000_000));
    for (const value of values) histogram.record(value);
    values.sort((a, b) => a - b);
    for (const percent of [1, 50, 90, 99, 99.9, 100]) {
      const exact = values[Math.ceil((percent / 100) * values.length) - 1]!;
      const shown = histogram.percentile(percent);
      expect(shown).toBe(percentileOf([...histogram.buckets()], percent));
      expect(shown).toBeGreaterThanOrEqual(exact);
      expect(shown).toBeLessThanOrEqual(exact * (1 + 1 / 64) + 1);
    }
  });
});

describe('a random stream', () => {
  it('depends on seed and name and on nothing else', () => {
    const draw = (seed: number, name: string): number[] => {
      const stream = new RandomStream(seed, name);
      return Array.from({ length: 4 }, () => stream.next());
    };
    expect(draw(1, 'a')).toEqual(draw(1, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(2, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
  });
});
