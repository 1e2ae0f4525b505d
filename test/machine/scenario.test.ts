import { describe, expect, it } from 'vitest';
import {
  judgeClaims,
  metricName,
  metricsOf,
  parseScenario,
  type Claim,
  type RunResult,
} from '../../src/machine/index.ts';
import { UsageError } from '../../src/units/index.ts';

const CLAIM: Claim = {
  says: 'the small one writes',
  metric: 'pages written',
  column: 'small',
  relation: 'at least',
  number: 100,
};
const SCENARIO = {
  title: 'two pools',
  question: 'Which one overflows?',
  columns: [
    { label: 'small', set: { 'zswap.maxPoolPercent': 5 } },
    { label: 'large', set: { 'zswap.maxPoolPercent': 50 } },
  ],
  spec: { workload: { name: 'memhog', arguments: ['1M'] } },
  metrics: ['pages written'],
  claims: [CLAIM],
};

/** A result as far as the metrics of these tests look at it. */
function resultOf(pagesWritten: number, writes: number): RunResult {
  return {
    areas: [{ kind: 'file', pages: 511, pagesWritten, writes }],
    phases: [],
    gauges: {},
    faults: [],
  } as unknown as RunResult;
}

/** Metrics of results that come in the order of the scenario's columns. */
function valuesOf(results: readonly RunResult[]): Parameters<typeof judgeClaims>[1] {
  return (metric, column) => {
    const index = SCENARIO.columns.findIndex(({ label }) => label === column);
    return metricsOf(results)
      .find((each) => metricName(each) === metric)!
      .value(results[index]!);
  };
}

describe('a scenario that is checked', () => {
  it('comes back as it was', () => {
    expect(parseScenario(SCENARIO, 'here')).toEqual(SCENARIO);
  });

  it('may have no claims, no metrics, and seeds', () => {
    const { metrics: _metrics, claims: _claims, ...bare } = SCENARIO;
    const seeds = [3, 0xffffffff];
    const expected = { ...bare, seeds, metrics: [], claims: [] };
    expect(parseScenario({ ...bare, seeds }, 'here')).toEqual(expected);
  });

  const { number: _, ...open } = CLAIM;
  it.each([
    ['an unknown key', { titel: 'x' }, "here: unknown key 'titel'"],
    ['no columns', { columns: [] }, 'here: columns: [] is not accepted: '],
    [
      'a label of two lines',
      { columns: [{ label: 'a\nb', set: {} }] },
      'here: columns.0.label: "a\\nb" is not accepted: expected 1 to 80 characters',
    ],
    [
      'a seed twice',
      { columns: [{ label: 'a', set: {}, seeds: [1, 2, 1] }] },
      'here: columns.0.seeds: [1,2,1] is not accepted: expected no seed twice',
    ],
    [
      'a column twice',
      { columns: [SCENARIO.columns[0], SCENARIO.columns[0]] },
      "here: columns: two are called 'small'",
    ],
    [
      'an unknown metric',
      { metrics: ['pswpuot'] },
      "here: metrics.0: 'pswpuot' is no metric; the nearest are pswpout,",
    ],
    [
      'an unknown metric in a claim',
      { claims: [{ ...CLAIM, metric: 'write ios' }] },
      "here: claims.0.metric: 'write ios' is no metric; the nearest are write I/Os,",
    ],
    [
      'an unknown column',
      { claims: [{ ...CLAIM, column: 'mid' }] },
      "here: claims.0.column: 'mid' is no column; accepted: small, large",
    ],
    [
      'an unknown column to compare with',
      { claims: [{ ...open, of: 'mid' }] },
      "here: claims.0.of: 'mid' is no column; accepted: small, large",
    ],
    [
      'a relation that is none',
      { claims: [{ ...CLAIM, relation: 'below' }] },
      'here: claims.0.relation: "below" is not accepted: ',
    ],
    ['a claim with two limits', { claims: [{ ...CLAIM, of: 'large' }] }, 'either of: COLUMN'],
    ['a claim without a limit', { claims: [open] }, 'either of: COLUMN'],
    [
      'a factor of a number',
      { claims: [{ ...CLAIM, factor: 2 }] },
      'a factor belongs to of: COLUMN',
    ],
  ])('is refused with %s', (_, change, message) => {
    const parse = (): unknown => parseScenario({ ...SCENARIO, ...change }, 'here');
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });
});

describe('the verdict on a claim', () => {
  /** What is said of 120 pages in 40 writes against 30 in 3. */
  function judge(claim: Partial<Claim>): unknown {
    const { number: _, ...open } = CLAIM;
    const claims = [{ ...(claim.of === undefined ? CLAIM : open), ...claim }];
    const scenario = parseScenario({ ...SCENARIO, claims }, 'here');
    const [verdict] = judgeClaims(scenario, valuesOf([resultOf(120, 40), resultOf(30, 3)]));
    return [verdict!.value, verdict!.limit, verdict!.holds];
  }

  it('compares with a number', () => {
    expect(judge({ number: 120 })).toEqual([120, 120, true]);
    expect(judge({ number: 121 })).toEqual([120, 121, false]);
    expect(judge({ relation: 'at most', number: 119 })).toEqual([120, 119, false]);
  });

  it('compares with another column times a factor', () => {
    expect(judge({ of: 'large' })).toEqual([120, 30, true]);
    expect(judge({ of: 'large', factor: 5 })).toEqual([120, 150, false]);
    expect(judge({ of: 'large', factor: 5, relation: 'at most' })).toEqual([120, 150, true]);
    expect(judge({ column: 'large', of: 'small', relation: 'at most', factor: 0.25 })).toEqual([
      ...[30, 30, true],
    ]);
  });

  it('is no where a run has no such value', () => {
    const claim = { ...CLAIM, metric: 'mean run length', relation: 'at most' } as const;
    const scenario = parseScenario({ ...SCENARIO, claims: [claim] }, 'here');
    const [verdict] = judgeClaims(scenario, valuesOf([resultOf(0, 0), resultOf(30, 3)]));
    expect([verdict!.value, verdict!.holds]).toEqual([null, false]);
  });
});

describe('the metrics', () => {
  it('have full names of which no two are alike', () => {
    const names = metricsOf([]).map(metricName);
    expect(new Set(names).size).toBe(names.length);
  });

  it('tell files on disk from ghosts', () => {
    const size = metricsOf([]).find(({ name }) => name === 'size of areas on disk')!;
    const areas = [
      { kind: 'file', pages: 100 },
      { kind: 'ghost', pages: 5000 },
      { kind: 'partition', pages: 11 },
    ];
    expect(size.value({ areas } as unknown as RunResult)).toBe(111 * 4096);
  });

  it('tell what zswap refused from what it wrote back, and have no ratio of nothing', () => {
    const value = (
      name: string,
      counters: Record<string, number>,
      zswap = { stored_pages: 12, stored_bytes: 4096 * 3, pool_total_size: 4096 * 4 },
    ): number | null =>
      metricsOf([])
        .find((metric) => metric.name === name)!
        .value({
          phases: [{ counters }, { counters }],
          areas: [{ pagesRead: 10 }, { pagesRead: 999, zram: { bd_reads: 4 } }],
          zswap,
        } as unknown as RunResult);
    const full = { 'zswap.refused': 3, pswpout: 10, zswpwb: 8, pgmajfault: 20, pswpin: 5 };
    expect(value('pages refused by zswap', full)).toBe(6);
    expect(value('pages written past zswap', full)).toBe(4);
    expect(value('pages written by writeback', full)).toBe(16);
    // A zram's pages are in memory, but for those on its backing device.
    expect(value('pages read from disk', full)).toBe(14);
    expect(value('reads from disk per 1000 faults', full)).toBe(350);
    expect(value('compression by the compressor', full)).toBe(4);
    expect(value('compression in the pool', full)).toBe(3);
    const empty = { stored_pages: 0, stored_bytes: 0, pool_total_size: 0 };
    expect(value('compression by the compressor', full, empty)).toBeNull();
    expect(value('compression in the pool', full, empty)).toBeNull();
    expect(value('reads from disk per 1000 faults', { pswpin: 4 })).toBeNull();
  });

  it('set the age of what went against that of what stayed, and add up what zrams hold', () => {
    const value = (name: string, zswap: Record<string, number>, areas: unknown[] = []) =>
      metricsOf([])
        .find((metric) => metric.name === name)!
        .value({ zswap, areas } as unknown as RunResult);
    const ages = { age_gone_mean: 20, age_kept_mean: 50 };
    expect(value('age of pages that went to a device', ages)).toBe(20);
    expect(value('age of pages that stayed', ages)).toBe(50);
    expect(value('LRU inversion', ages)).toBe(2.5);
    expect(value('LRU inversion', { ...ages, age_gone_mean: 0 })).toBe(50);
    expect(value('LRU inversion', {})).toBeNull();
    const zram = { mem_used_max: 8192, same_pages: 3, failed_writes: 2 };
    const areas = [{ zram }, {}, { zram }];
    expect(value('zram bytes max', {}, areas)).toBe(16384);
    expect(value('zram pages of one word', {}, areas)).toBe(6);
    expect(value('writes refused by zram', {}, areas)).toBe(4);
    expect(value('zram bytes max', {}, [{}])).toBeNull();
  });
});
