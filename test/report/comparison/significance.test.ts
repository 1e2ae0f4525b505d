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

/** The chances of all metrics of a table whose columns do not differ. */
function chancesOfEqual(stream: RandomStream, runs: number, isPaired: boolean): (number | null)[] {
  return Array.from({ length: METRIC_COUNT }, (_, index) => {
    const draw = (): number[] => Array.from({ length: runs }, () => drawMetric(index, stream));
    return chanceOf({ baseline: draw(), column: draw(), isPaired });
  });
}

describe('columns that do not differ', () => {
  it.each([
    ['five runs of other seeds', 5, false],
    ['five runs of the same seeds, from which nothing follows', 5, true],
    ['eight runs of the same seeds', 8, true],
  ])('are told apart in at most 50 of 1000 tables of 70 metrics, with %s', (_, runs, isPaired) => {
    const stream = new RandomStream(7, `equal ${runs} ${isPaired}`);
    let markedTables = 0;
    for (let table = 0; table < 1000; table++)
      if (holmRejects(chancesOfEqual(stream, runs, isPaired)).includes(true)) markedTables += 1;
    expect(markedTables).toBeLessThanOrEqual(50);
    expect(markedTables).toBeGreaterThan(10);
  });

  it.each([
    ['other seeds', 5, [6, 7, 8, 9, 10], 1],
    ['the same seeds', 5, FIVE, 1],
    ['four runs', 4, [1, 2, 3, 4], 0],
    ['three runs', 3, [6, 7, 8], 0],
  ])('are marked in at most as many tables, with %s', (_, runs, seeds, most) => {
    const stream = new RandomStream(7, `marked ${seeds.join()}`);
    let markedTables = 0;
    for (let table = 0; table < 20; table++) {
      const a = drawColumn('a', FIVE.slice(0, runs), stream);
      if (markedNames(a, drawColumn('b', seeds, stream)).length > 0) markedTables += 1;
    }
    expect(markedTables).toBeLessThanOrEqual(most);
  });

  it('would have many without a correction: the simulation can fail', () => {
    const stream = new RandomStream(8, 'uncorrected');
    let markedTables = 0;
    for (let table = 0; table < 50; table++) {
      const chances = chancesOfEqual(stream, 5, false);
      if (chances.some((chance) => chance !== null && chance < 0.05)) markedTables += 1;
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
    for (let table = 0; table < 15; table++) {
      const a = drawColumn('a', FIVE, stream);
      const names = markedNames(a, drawColumn('b', [6, 7, 8, 9, 10], stream, effect));
      if (['m10', 'm2', 'm24'].every((name) => names.includes(name))) foundTables += 1;
      if (names.length > 3) otherTables += 1;
    }
    expect(foundTables).toBeGreaterThanOrEqual(14);
    expect(otherTables).toBeLessThanOrEqual(1);
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

  const of = (baseline: number[], column: number[], isPaired = false): number | null =>
    chanceOf({ baseline, column, isPaired });

  it('is none between columns without any spread, and not told of equal values or four runs', () => {
    expect(of([3, 3, 3, 3, 3], [4, 4, 4, 4, 4])).toBe(0);
    expect(of([3, 3, 3, 3, 3], [4, 4, 4, 4, 4], true)).toBe(0);
    expect(of([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], true)).toBe(1);
    expect(of([3, 3, 3, 3, 3], [3, 3, 3, 3, 3])).toBeNull();
    expect(of([3, 3, 3, 3], [4, 4, 4, 4])).toBeNull();
  });

  it('is above none where each seed differs by as much, if seeds differ too', () => {
    // All five signs alike, on either side: 2 of 32.
    expect(of([1, 2, 3, 4, 5], [2, 3, 4, 5, 6], true)).toBe(1 / 16);
    // The differences are equal but for rounding.
    expect(of([0.1, 0.2, 0.3, 0.4, 0.5], [0.3, 0.4, 0.5, 0.6, 0.7], true)).toBe(1 / 16);
    // Far beyond what seeds change: as certain as without pairs.
    const far = [
      [1, 2, 3, 4, 5],
      [1001, 1002, 1003, 1004, 1005],
    ] as const;
    expect(of([...far[0]], [...far[1]], true)).toBe(of([...far[0]], [...far[1]]));
    expect(of([...far[0]], [...far[1]], true)).toBeLessThan(1e-9);
  });
});
