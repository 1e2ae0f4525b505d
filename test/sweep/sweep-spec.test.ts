import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/engine/index.ts';
import { expandSweep, parseSweep } from '../../src/sweep/index.ts';
import { sampleHypercube, stratified } from '../../src/sweep/latin-hypercube.ts';

const expand = (json: object) =>
  expandSweep(parseSweep({ name: 's', ...json }, 's.json'), 's.json');

describe('a Latin hypercube', () => {
  it('has one sample in each part of every range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(0xffffffff), (count, seed) => {
        const parts = stratified(count, new RandomStream(seed, 'k')).map((u) =>
          Math.floor(u * count),
        );
        return new Set(parts).size === count && parts.every((part) => part >= 0 && part < count);
      }),
    );
  });

  it('stays within its range, on its steps, each value as often as the others', () => {
    fc.assert(
      fc.property(
        fc.record({
          from: fc.integer({ min: 1, max: 1000 }),
          levels: fc.integer({ min: 1, max: 40 }),
          step: fc.integer({ min: 1, max: 50 }),
          repeats: fc.integer({ min: 1, max: 5 }),
          seed: fc.nat(0xffffffff),
        }),
        ({ from, levels, step, repeats, seed }) => {
          const range = { from, to: from + levels * step, scale: 'linear' as const, step };
          const samples = (levels + 1) * repeats;
          const values = sampleHypercube({ samples, seed, keys: { k: range } }, 's').map(
            ({ k }) => k as number,
          );
          const counts = new Map<number, number>();
          for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
          return (
            counts.size === levels + 1 &&
            [...counts].every(([v, n]) => (v - from) % step === 0 && v <= range.to && n === repeats)
          );
        },
      ),
    );
  });

  it('spreads ratios evenly on a log scale, in whole pages for sizes', () => {
    const keys = { k: { from: '1M', to: '64M', scale: 'log' as const } };
    const values = sampleHypercube({ samples: 60, seed: 3, keys }, 's').map(({ k }) => k as number);
    for (const value of values) {
      expect(value % 4096).toBe(0);
      expect(value).toBeGreaterThanOrEqual(2 ** 20);
      expect(value).toBeLessThanOrEqual(2 ** 26);
    }
    // A sixth of the samples in each doubling.
    const doublings = values.map((value) => Math.min(5, Math.floor(Math.log2(value / 2 ** 20))));
    for (const doubling of [0, 1, 2, 3, 4, 5]) {
      const inIt = doublings.filter((each) => each === doubling).length;
      expect(Math.abs(inIt - 10)).toBeLessThanOrEqual(1);
    }
  });

  it('keeps the values of a key when others come along', () => {
    const range = { from: 1, to: 1000, scale: 'linear' as const };
    const one = sampleHypercube({ samples: 9, seed: 5, keys: { a: range } }, 's');
    const two = sampleHypercube({ samples: 9, seed: 5, keys: { b: range, a: range } }, 's');
    expect(two.map(({ a }) => a)).toEqual(one.map(({ a }) => a));
    expect(two.map(({ b }) => b)).not.toEqual(one.map(({ a }) => a));
  });
});

describe('a sweep', () => {
  it('multiplies its parts, seeds fastest', () => {
    const settings = expand({
      list: [{ device: 'nvme' }, { device: 'hdd' }],
      grid: { 'machine.swappiness': [0, 60], design: ['xarray', 'vswap:v5'] },
      seeds: { from: 3, count: 2 },
    });
    expect(settings).toHaveLength(16);
    expect(settings.slice(0, 3)).toEqual([
      { device: 'nvme', 'machine.swappiness': 0, design: 'xarray', revision: '6.17', seed: 3 },
      { device: 'nvme', 'machine.swappiness': 0, design: 'xarray', revision: '6.17', seed: 4 },
      { device: 'nvme', 'machine.swappiness': 0, design: 'vswap', revision: 'v5', seed: 3 },
    ]);
    expect(settings.at(-1)).toMatchObject({ device: 'hdd', 'machine.swappiness': 60, seed: 4 });
  });

  it('is one run where nothing differs', () => {
    expect(expand({})).toEqual([{}]);
  });

  it.each<[object, RegExp]>([
    [{ grd: {} }, /s\.json: unknown key 'grd'; did you mean grid\?/],
    [
      { grid: { 'zswap.maxPoolPercnt': [1] } },
      /grid: 'zswap\.maxPoolPercnt' is no key .* zswap\.maxPoolPercent/,
    ],
    [{ grid: { seed: [1] }, seeds: [1] }, /'seed' is set by grid and by seeds/],
    [
      { grid: { 'machine.memory': ['2M'], machine: [{ memory: '1M' }] } },
      /'machine' sets all of it and 'machine\.memory' a part; accepted: one of them/,
    ],
    [{ grid: { name: ['a'] } }, /'name' is only what a run is called/],
    [{ grid: { 'machine.swappiness': [1, 1] } }, /grid: 'machine\.swappiness' has 1 twice/],
    [{ grid: { 'machine.swappiness': [] } }, /grid\.machine\.swappiness/],
    [
      { grid: { design: ['vswap:v9'] } },
      /vswap has no revision 'v9'; accepted: v6, v5, v3|no revision 'v9'/,
    ],
    [{ seeds: { from: 4294967295, count: 2 } }, /seeds: .* expected \[seeds\]/],
    [
      { latinHypercube: { samples: 3, keys: { 'machine.memory': { from: '4M', to: '1M' } } } },
      /'machine\.memory': no step of 4096 goes from 4M to 1M/,
    ],
    [
      { latinHypercube: { samples: 3, keys: { seed: { from: 0, to: 9, scale: 'log' } } } },
      /'seed': a range of scale log begins above 0/,
    ],
    [
      { seeds: { count: 99_999 }, grid: { device: ['nvme', 'hdd'] } },
      /199,998 runs; accepted: up to 100,000/,
    ],
  ])('names what is wrong with %j', (json, message) => {
    expect(() => expand(json)).toThrow(message);
  });
});
