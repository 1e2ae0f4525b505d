import { describe, expect, it } from 'vitest';
import { meanInterval, ratioInterval, Sampler, shareInterval } from '../../src/estimate/index.ts';

function sample(values: readonly number[], capacity: number, seed: number): number[] {
  const sampler = new Sampler(capacity, seed);
  const taken: number[] = [];
  while (sampler.next < values.length) {
    const value = values[sampler.next]!;
    taken[sampler.take()] = value;
  }
  return taken;
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const moments = (values: readonly number[]): Parameters<typeof meanInterval>[0] => ({
  count: values.length,
  sum: sumOf(values),
  squares: sumOf(values.map((value) => value * value)),
});

describe('a 95 % interval', () => {
  // 5000 pages, 12 % of a kind; compressed lengths that are far from a normal distribution.
  const kinds = Array.from({ length: 5000 }, (_, i) => (i % 25 < 3 ? 1 : 0));
  const lengths = Array.from({ length: 5000 }, (_, i) =>
    i % 9 === 0 ? 4096 : 40 + ((i * 7) % 900),
  );
  const rounds = 1000;

  /** How often the truth lies in it: 950 are expected, with a standard deviation of 7. */
  function hitsOf(covers: (seed: number) => boolean): number {
    return Array.from({ length: rounds }, (_, seed) => covers(seed)).filter(Boolean).length;
  }

  it('of a share covers the truth in 95 % of samples', () => {
    const hits = hitsOf((seed) => {
      const { low, high } = shareInterval(sumOf(sample(kinds, 1000, seed)), 1000, 5000);
      return low <= 0.12 && 0.12 <= high;
    });
    expect(hits).toBeGreaterThan(925);
    expect(hits).toBeLessThan(975);
  });

  it('of a mean, too', () => {
    const truth = sumOf(lengths) / lengths.length;
    const hits = hitsOf((seed) => {
      const { low, high } = meanInterval(moments(sample(lengths, 1000, seed)), 5000);
      return low <= truth && truth <= high;
    });
    expect(hits).toBeGreaterThan(925);
    expect(hits).toBeLessThan(975);
  });

  it('is a point where everything was looked at', () => {
    expect(shareInterval(600, 5000, 5000)).toEqual({ value: 0.12, low: 0.12, high: 0.12 });
    const { value, low, high } = meanInterval(moments(lengths), 5000);
    expect([low, high]).toEqual([value, value]);
  });

  it('of a share that was not seen begins at none and ends above', () => {
    const { value, low, high } = shareInterval(0, 1000, 1_000_000);
    expect([value, low]).toEqual([0, 0]);
    // Wilson: z² / (n + z²).
    expect(high).toBeCloseTo(3.84 / 1003.84, 4);
  });

  it('of a ratio is that of its mean, the other way round', () => {
    expect(ratioInterval(4096, { value: 1024, low: 512, high: 2048 })).toEqual({
      ...{ value: 4, low: 2, high: 8 },
    });
    expect(ratioInterval(4096, { value: 0, low: 0, high: 0 })).toBeNull();
  });
});
