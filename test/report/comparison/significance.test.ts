/**
 * Whether marks can be trusted, by simulation: of tables whose columns do not differ at most 5 % may
 * have a mark, and differences that are known are found.
 */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/engine/index.ts';
import { compareColumns, type ComparedColumn } from '../../../src/report/comparison/index.ts';
import { chanceOf, holmRejects } from '../../../src/report/comparison/significance.ts';
import { measured } from './support.ts';

const METRIC_COUNT = 70;

/** Standard normal, by Box and Muller. */
function normal(stream: RandomStream): number {
  const radius = Math.sqrt(-2 * Math.log(1 - stream.fraction()));
  return radius * Math.cos(2 * Math.PI * stream.fraction());
}

/** Metrics as runs have them: smooth, skewed, counts, few values, and such that never vary. */
function drawMetric(index: number, stream: RandomStream): number {
  switch (index % 5) {
    case 0:
      return 1000 * index + 30 * normal(stream);
    case 1:
      return Math.exp(5 + 0.4 * normal(stream));
    case 2:
      return Math.round(400 + 3 * normal(stream));
    case 3:
      return stream.fraction() < 0.3 ? 62 : 63;
    default:
      return 4096 * index;
  }
}

/** A column; of each seed, all metrics. */
function drawColumn(
  label: string,
  seeds: readonly number[],
  stream: RandomStream,
  effect: Readonly<Record<number, number>> = {},
): ComparedColumn {
  const runs = seeds.map((seed) => {
    const values = Array.from({ length: METRIC_COUNT }, (_, index) => [
      `m${index}`,
      drawMetric(index, stream) * (effect[index] ?? 1),
    ]);
    return measured(seed, Object.fromEntries(values) as Record<string, number>);
  });
  return { label, runs };
}

const FIVE = [1, 2, 3, 4, 5];

function markedNames(a: ComparedColumn, b: ComparedColumn): string[] {
  return compareColumns([a, b], 0)
    .metrics.filter(({ changes }) => changes[1]?.isSignificant === true)
    .map(({ name }) => name);
}

describe('columns that do not differ', () => {
  it.each([
    [200, 'other seeds', [6, 7, 8, 9, 10]],
    [100, 'the same seeds, from which nothing follows', FIVE],
  ])(
    'have a mark in at most one in twenty of %i tables of 70 metrics, with %s',
    (tables, _, seeds) => {
      const stream = new RandomStream(7, `equal ${seeds.join()}`);
      let markedTables = 0;
      for (let table = 0; table < tables; table++) {
        const [a, b] = [drawColumn('a', FIVE, stream), drawColumn('b', seeds, stream)];
        if (markedNames(a, b).length > 0) markedTables += 1;
      }
      expect(markedTables).toBeLessThanOrEqual(tables * 0.05);
    },
  );

  it('would have many without a correction: the simulation can fail', () => {
    const stream = new RandomStream(8, 'uncorrected');
    let markedTables = 0;
    for (let table = 0; table < 50; table++) {
      const chances = Array.from({ length: METRIC_COUNT }, (_, index) => {
        const [baseline, column] = [FIVE, FIVE].map((seeds) =>
          seeds.map(() => drawMetric(index, stream)),
        ) as [number[], number[]];
        return chanceOf({ baseline, column, isPaired: false }) ?? 1;
      });
      if (chances.some((chance) => chance < 0.05)) markedTables += 1;
    }
    expect(markedTables).toBeGreaterThan(25);
  });
});

describe('columns that differ', () => {
  it('are marked in what they differ in, of 70 metrics, and in nothing else', () => {
    const stream = new RandomStream(9, 'known');
    // 10 % of a metric that varies by 0.3 %, twice as much of a skewed one, a deterministic one.
    const effect = { 10: 1.1, 2: 1.2, 24: 1.01 };
    let foundTables = 0;
    let otherTables = 0;
    for (let table = 0; table < 30; table++) {
      const a = drawColumn('a', FIVE, stream);
      const names = markedNames(a, drawColumn('b', [6, 7, 8, 9, 10], stream, effect));
      if (['m10', 'm2', 'm24'].every((name) => names.includes(name))) foundTables += 1;
      if (names.length > 3) otherTables += 1;
    }
    expect(foundTables).toBeGreaterThanOrEqual(28);
    expect(otherTables).toBeLessThanOrEqual(2);
  });

  it('are marked by the difference of each seed where both have the same', () => {
    const stream = new RandomStream(10, 'paired');
    // Seeds differ by 40 %, columns by 1 %.
    const runs = FIVE.map((seed) => [seed, Math.exp(5 + 0.4 * normal(stream))] as const);
    const of = (label: string, factor: number, shift: number): ComparedColumn => ({
      label,
      runs: runs.map(([seed, m]) =>
        measured(seed + shift, { m: m * (factor + 0.0005 * normal(stream)) }),
      ),
    });
    expect(markedNames(of('a', 1, 0), of('b', 1.01, 0))).toEqual(['m']);
    expect(markedNames(of('a', 1, 0), of('b', 1.01, 5))).toEqual([]);
  });
});

describe("Holm's correction", () => {
  it('goes on as long as each chance is below the level over the tests that are left', () => {
    // @source Holm 1979: 0.01 ≤ 0.05/4, 0.015 ≤ 0.05/3, 0.03 > 0.05/2 ends it
    expect(holmRejects([0.03, 0.01, 0.04, 0.015])).toEqual([false, true, false, true]);
    expect(holmRejects([0.013, 0.013, 0.013, 0.013])).toEqual([false, false, false, false]);
    expect(holmRejects([0.01, null, 0.02])).toEqual([true, false, true]);
    expect(holmRejects([])).toEqual([]);
  });
});

describe('the chance of a difference', () => {
  it("is that of Welch's test without pairs", () => {
    // @source scipy.stats.ttest_ind([1, 2, 3, 4, 5], [2, 4, 6, 8, 12], equal_var=False)
    const chance = chanceOf({
      ...{ baseline: [1, 2, 3, 4, 5], column: [2, 4, 6, 8, 12], isPaired: false },
    });
    expect(chance).toBeCloseTo(0.12366384251507963, 12);
  });

  it('is none for a difference without any spread, and cannot be told of equal values or two runs', () => {
    const of = (baseline: number[], column: number[], isPaired = false): number | null =>
      chanceOf({ baseline, column, isPaired });
    expect(of([3, 3, 3], [4, 4, 4])).toBe(0);
    expect(of([1, 2, 3], [2, 3, 4], true)).toBe(0);
    expect(of([1, 2, 3], [1, 2, 3], true)).toBe(1);
    expect(of([3, 3, 3], [3, 3, 3])).toBeNull();
    expect(of([3, 3], [4, 4])).toBeNull();
  });
});
