import { describe, expect, it } from 'vitest';
import {
  compareColumns,
  comparisonTable,
  gapText,
  intervalLegend,
  legend,
  markLegend,
  parseThreshold,
  passedThresholds,
  passingText,
  thresholdGaps,
  type RunComparison,
} from '../../../src/report/comparison/index.ts';
import { column, measured, metric } from './support.ts';

const ALL = { chosen: [], hasRest: true };

describe('a metric of a column', () => {
  it('has median, interval, extremes and spread', () => {
    const { metrics } = compareColumns([column('a', [10, 30, 20, 25, 15])], 0);
    const summary = metrics[0]!.summaries[0]!;
    expect(summary).toMatchObject({ values: [10, 30, 20, 25, 15], median: 20, min: 10, max: 30 });
    expect(summary.spread).toBe(1);
    expect([summary.low, summary.high]).toEqual([10, 30]);
  });

  it('has an interval that narrows with runs, and is the same each time', () => {
    const values = Array.from({ length: 100 }, (_, index) => (index * 37) % 101);
    const of = (): RunComparison => compareColumns([column('a', values)], 0);
    const { low, high, median } = of().metrics[0]!.summaries[0]!;
    expect(low).toBeGreaterThan(30);
    expect(high).toBeLessThan(70);
    expect(low).toBeLessThan(median);
    expect(high).toBeGreaterThan(median);
    expect(of()).toEqual(of());
  });

  it('has no spread in percent of a median of 0, and none where nothing varies', () => {
    const spread = (values: number[]): number | null =>
      compareColumns([column('a', values)], 0).metrics[0]!.summaries[0]!.spread;
    expect(spread([0, 0, 3])).toBeNull();
    expect(spread([0, 0, 0])).toBe(0);
    expect(spread([7])).toBe(0);
  });
});

describe('the change of a column', () => {
  const changeOf = (a: number[], b: number[], seed = 1, baseline = 0) =>
    compareColumns([column('a', a), column('b', b, seed)], baseline).metrics[0]!.changes[
      1 - baseline
    ]!;

  it('is that of medians in percent, with an interval seed by seed', () => {
    const change = changeOf([100, 200, 300], [110, 220, 330]);
    expect(change.percent).toBeCloseTo(10, 12);
    expect(change.low).toBeCloseTo(10, 12);
    expect(change.high).toBeCloseTo(10, 12);
  });

  it('has the wide interval of both columns where seeds differ', () => {
    const change = changeOf([100, 200, 300], [110, 220, 330], 4);
    expect(change.low!).toBeLessThan(-20);
    expect(change.high!).toBeGreaterThan(50);
    expect(change.isSignificant).toBe(false);
  });

  it('pairs seeds, not positions', () => {
    const a = column('a', [100, 200, 300]);
    const b = { label: 'b', runs: [...column('b', [110, 220, 330]).runs].reverse() };
    const change = compareColumns([a, b], 0).metrics[0]!.changes[1]!;
    expect(change.low).toBeCloseTo(10, 12);
  });

  it('is against the baseline, which has none', () => {
    expect(changeOf([50, 50, 50], [100, 100, 100], 1, 1).percent).toBe(-50);
    const { changes } = compareColumns([column('a', [1]), column('b', [2])], 1).metrics[0]!;
    expect(changes[1]).toBeNull();
  });

  it('knows the better direction', () => {
    const verdict = (better: 'lower' | 'higher' | 'none', to: number): string => {
      const of = (value: number, label: string) => ({
        label,
        runs: [1, 2, 3, 4, 5].map((seed) =>
          measured(seed, {}, { metrics: [metric('m', value, { better })] }),
        ),
      });
      return compareColumns([of(5, 'a'), of(to, 'b')], 0).metrics[0]!.changes[1]!.verdict;
    };
    expect([verdict('lower', 4), verdict('lower', 6)]).toEqual(['better', 'worse']);
    expect([verdict('higher', 4), verdict('higher', 6)]).toEqual(['worse', 'better']);
    expect([verdict('none', 4), verdict('none', 5)]).toEqual(['different', 'none']);
  });

  it('has no percent where something comes of nothing, and is marked all the same', () => {
    expect(changeOf([0, 0, 0, 0, 0], [4, 4, 4, 4, 4])).toMatchObject({
      ...{ percent: null, low: null, high: null, isSignificant: true, verdict: 'worse' },
    });
    expect(changeOf([0, 0, 0, 0, 0], [0, 0, 0, 0, 0])).toMatchObject({
      percent: 0,
      isSignificant: false,
    });
  });

  it('is not marked of one to four runs', () => {
    expect(changeOf([1, 1, 1, 1], [9, 9, 9, 9]).isSignificant).toBe(false);
    expect(changeOf([1, 1, 1, 1, 1], [9, 9, 9, 9, 9]).isSignificant).toBe(true);
    expect(changeOf([1], [100]).isSignificant).toBe(false);
    expect(changeOf([1, 1], [100, 100]).isSignificant).toBe(false);
  });

  it('is null where one of the two has no such value', () => {
    const comparison = compareColumns(
      [
        { label: 'a', runs: [measured(1, { m: 1, x: 2 })] },
        { label: 'b', runs: [measured(1, { m: 1, only: 3 })] },
      ],
      0,
    );
    const of = (name: string) => comparison.metrics.find((each) => each.name === name)!;
    expect(of('x').summaries[1]).toBeNull();
    expect([of('x').changes[1], of('only').changes[1]]).toEqual([null, null]);
  });
});

describe('the table', () => {
  const names = ['xarray', 'swap-table', 'swap-table-4', 'vswap', 'vswap-table', 'ghost'];
  const eight = [...names, 'ghost-redirect', 'vswap-table:rfc-v2'];

  it('has changes beside numbers, with marks and their direction', () => {
    const table = comparisonTable(
      compareColumns(
        [column('a', [100, 102, 101, 101, 100]), column('b', [50, 52, 51, 50, 51])],
        0,
      ),
      ALL,
    );
    expect(table).toMatch(/UNIT +a +b$/m);
    expect(table).toMatch(/^ {2}m +pages ↓ +101 +±1\.0% +51 +±2\.0% +-50%\*b$/m);
  });

  it('fits 120 columns with eight designs, changes below the numbers', () => {
    const columns = eight.map((label, index) => column(label, [1234567 + index, 9999999]));
    const table = comparisonTable(compareColumns(columns, 0), ALL);
    const width = Math.max(...table.split('\n').map((line) => line.length));
    expect(width).toBeLessThanOrEqual(120);
    expect(table).toMatch(/^ .* redirect/m);
    expect(table.match(/±\d+%/g)).toHaveLength(8);
  });

  it('shortens the names that end with their group where others have the same', () => {
    const of = (name: string, group: string) => metric(name, 5, { group });
    const own = [of('pages refused by zswap', 'zswap'), of('locks per 1000 x', 'per 1000 x')];
    const runs = [measured(1, {}, { metrics: own })];
    const table = comparisonTable(compareColumns([{ label: 'a', runs }], 0), ALL);
    expect(table).toMatch(/^ {2}pages refused by zswap /m);
    expect(table).toMatch(/^ {2}locks +pages/m);
  });

  it('has room for very many rows', () => {
    const one = compareColumns([column('a', [7])], 0);
    const metrics = Array.from({ length: 200_000 }, () => one.metrics[0]!);
    expect(comparisonTable({ ...one, metrics }, ALL).split('\n')).toHaveLength(200_003);
  });

  it('leaves out what is zero in every run, but not what is always shown', () => {
    const runs = [
      measured(1, {}, { metrics: [metric('m', 0), metric('n', 0, { isAlwaysShown: true })] }),
    ];
    const table = comparisonTable(compareColumns([{ label: 'a', runs }], 0), ALL);
    expect(table).not.toMatch(/^ {2}m /m);
    expect(table).toMatch(/^ {2}n +pages ↓ +0$/m);
  });
});

describe('what is said of the numbers', () => {
  const of = (...counts: number[]): RunComparison =>
    compareColumns(
      counts.map((count, index) =>
        column(
          'abc'[index]!,
          Array.from({ length: count }, (_, at) => at),
        ),
      ),
      0,
    );
  const marks = (...counts: number[]): string => markLegend(of(...counts), 'MARKS');

  it('tells which marks there can be', () => {
    expect(marks(1, 1)).toMatch(/^one run a column .* nothing is marked/);
    expect(marks(2, 2)).toMatch(/^fewer than 5 runs in a: nothing is marked/);
    expect(marks(4, 9)).toMatch(/^fewer than 5 runs in a: nothing is marked/);
    expect(marks(5, 4)).toMatch(/^fewer than 5 runs in a column: nothing is marked/);
    expect(marks(5, 5)).toBe('MARKS: more than chance, at 5 % for the whole table');
    expect(marks(5, 5, 4)).toMatch(
      /^MARKS: .*; nothing is marked in columns of fewer than 5 runs$/,
    );
    expect(legend(of(2, 2)).at(-1)).toBe(marks(2, 2));
  });

  it('calls an interval what holds the median in 95 of 100, and a range what does not', () => {
    expect(intervalLegend(of(1, 1))).toBe('');
    expect(intervalLegend(of(4, 2))).toBe('the range from the lowest to the highest run');
    expect(intervalLegend(of(5, 5))).toBe('the 95 % interval of the median (bootstrap)');
    expect(intervalLegend(of(5, 4))).toMatch(/95 %.*, of columns of fewer than 5 runs the range/);
    for (const count of [2, 3, 4]) {
      const { low, high, min, max } = of(count).metrics[0]!.summaries[0]!;
      expect([low, high]).toEqual([min, max]);
    }
  });
});

describe('a threshold', () => {
  const METRICS = ['m', 'pswpout', 'virtual time'];
  const passes = (text: string, a: number[], b: number[]): string[] =>
    passedThresholds(compareColumns([column('a', a), column('b', b)], 0), [
      parseThreshold(text, METRICS, '--fail-if'),
    ]).map(passingText);

  it('of a change is passed beyond it, not at it', () => {
    expect(passes('m > +5%', [100], [105])).toEqual([]);
    expect(passes('m >= 5%', [100], [105])).toHaveLength(1);
    expect(passes('m>5%', [100], [106])).toEqual(['m>5%: b has 106, 6.0 % more than 100']);
    expect(passes('m < -5%', [100], [94])).toEqual(['m < -5%: b has 94, 6.0 % less than 100']);
    expect(passes('m <= -5%', [100], [96])).toEqual([]);
  });

  it('of a change from nothing is passed by anything', () => {
    expect(passes('m > +1000%', [0], [1])).toEqual(['m > +1000%: b has 1, more than 0']);
    expect(passes('m > +5%', [0], [0])).toEqual([]);
  });

  it('of a value holds for every column', () => {
    expect(passes('m > 10', [11, 12, 13], [1])).toEqual(['m > 10: a has 12']);
    expect(passes('m <= 1', [11], [1])).toEqual(['m <= 1: b has 1']);
  });

  it('judges medians, and says what is more than chance', () => {
    expect(passes('m > 5%', [100, 100, 100], [100, 200, 100])).toEqual([]);
    expect(passes('m > 5%', [9, 9, 9, 9, 9], [18, 18, 18, 18, 18])).toEqual([
      'm > 5%: b has 18, 100.0 % more than 9 (significant)',
    ]);
  });

  it('is not judged where a column has no such metric, which is told', () => {
    const of = (label: string, values: Readonly<Record<string, number>>) => ({
      label,
      runs: [measured(1, values)],
    });
    const columns = [of('a', { m: 1 }), of('b', { m: 9, pswpout: 2 }), of('c', { m: 1 })];
    const gaps = (text: string, ...which: ReturnType<typeof of>[]): (string | boolean)[] =>
      thresholdGaps(compareColumns(which, 0), [parseThreshold(text, METRICS, '--fail-if')]).flatMap(
        (gap) => [gapText(gap), gap.isWhole],
      );
    const [a, b, c] = columns as [(typeof columns)[0], (typeof columns)[0], (typeof columns)[0]];
    expect(gaps('m > 3', a, b, c)).toEqual([]);
    expect(gaps('m > 3%', a, b, c)).toEqual([]);
    expect(gaps('pswpout > 3', b, a, c)).toEqual([
      "pswpout > 3: not judged: a, c have no 'pswpout'",
      false,
    ]);
    expect(gaps('pswpout > 3', a, c)[1]).toBe(true);
    // Against a baseline without it nothing can be judged, against one with it who has it.
    expect(gaps('pswpout > 3%', a, b)).toEqual([
      "pswpout > 3%: not judged: a has no 'pswpout'",
      true,
    ]);
    expect(gaps('pswpout > 3%', b, a)).toEqual([
      "pswpout > 3%: not judged: a has no 'pswpout'",
      true,
    ]);
    expect(gaps('pswpout > 3%', b, b, c)[1]).toBe(false);
    expect(gaps('virtual time > 3', a, b)[1]).toBe(true);
  });

  it.each([
    ['pswpuot > 5%', "--fail-if: 'pswpuot' is no metric; the nearest are pswpout"],
    ['pswpout', "--fail-if: 'pswpout' is not METRIC RELATION LIMIT"],
    ['pswpout > many', "'pswpout > many' is not METRIC RELATION LIMIT"],
    ['pswpout = 3', "'pswpout = 3' is not METRIC RELATION LIMIT"],
    ['virtual time > 5s', "'virtual time > 5s' is not METRIC RELATION LIMIT"],
  ])('is refused as %j', (text, message) => {
    expect(() => parseThreshold(text, METRICS, '--fail-if')).toThrow(message);
  });
});
