import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/estimate/index.ts';

function draw(capacity: number, population: number, seed: number): number[] {
  const sampler = new Sampler(capacity, seed);
  const places: number[] = [];
  while (sampler.next < population) {
    const item = sampler.next;
    places[sampler.take()] = item;
  }
  return places;
}

describe('a sampler', () => {
  it('takes everything where there is room', () => {
    expect(draw(10, 10, 1)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(draw(10, 3, 1)).toEqual([0, 1, 2]);
  });

  it('takes each item once, and the same ones for the same seed', () => {
    const taken = draw(50, 10_000, 4);
    expect(new Set(taken).size).toBe(50);
    expect(draw(50, 10_000, 4)).toEqual(taken);
    expect(draw(50, 10_000, 5)).not.toEqual(taken);
  });

  it('takes every item equally often', () => {
    const [capacity, population, rounds] = [10, 100, 4000];
    const hits = new Float64Array(population);
    for (let seed = 0; seed < rounds; seed++)
      for (const item of draw(capacity, population, seed)) hits[item]! += 1;
    // 400 each, with a standard deviation of 19: five of them.
    expect(Math.min(...hits)).toBeGreaterThan(400 - 95);
    expect(Math.max(...hits)).toBeLessThan(400 + 95);
    const half = hits.slice(0, 50).reduce((sum, count) => sum + count, 0);
    expect(Math.abs(half - 20_000)).toBeLessThan(500);
  });
});
