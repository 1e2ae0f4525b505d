import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/machine/index.ts';
import { SERIES_POINTS_MAX } from '../../src/machine/series.ts';
import { designsUnderTest } from '../conformance/support/designs.ts';
import { runSmall } from './support.ts';

function run(trace: string, design = 'swap-table'): Promise<RunResult> {
  const kind = designsUnderTest.find(({ name }) => name === design)!.kind;
  return runSmall({
    ...{ trace, design, memoryPages: 150, payload: 'none' },
    ramPages: kind.writesBack ? 128 : 4096,
    areas: [{ pages: 1500, ghost: kind.areas === 'all-ghost' }],
    zswap: { enabled: true, maxPoolPercent: 20 },
  });
}

function pointsOf({ phases }: Pick<RunResult, 'phases'>, name: string) {
  return phases.flatMap(({ series }) => series.filter((point) => point.name === name));
}

const lastOf = (result: RunResult, name: string): number | undefined =>
  pointsOf(result, name).at(-1)?.value;

const FILL = 'pages 400\nW 0 300 seq 300 1 fill:ff\nW 300 100 seq 100 2 zero\n';

describe('the time series of a run', () => {
  it('have a hundred points or more, and not many more, however long the run is', async () => {
    const [short, long] = [
      await run(`${FILL}R 0 150 rand 50000 3 -\n`),
      await run(`${FILL}R 0 150 rand 600000 3 -\n`),
    ];
    for (const result of [short, long]) {
      const names = new Set(result.phases.flatMap(({ series }) => series.map(({ name }) => name)));
      expect([...names].toSorted()).toEqual([
        ...['memory.onlyPages', 'memory.presentPages', 'metadata.bytes', 'pgmajfault', 'pswpin'],
        ...['pswpout', 'swap.filePages', 'swap.usedPages', 'swap.usedSlots', 'swap.zeroPages'],
        ...['zswap.poolBytes', 'zswap.storedPages', 'zswpin', 'zswpout', 'zswpwb'],
      ]);
      for (const name of names) {
        const { length } = pointsOf(result, name);
        expect(length).toBeGreaterThan(100);
        expect(length).toBeLessThanOrEqual(SERIES_POINTS_MAX);
      }
    }
  });

  it('are spread evenly over all phases, and keep the first point and the last', async () => {
    const phase = 'R 0 150 rand 30000 3 -\n';
    const { phases } = await run(FILL + phase.repeat(4));
    const counts = phases.map(
      ({ series }) => series.filter(({ name }) => name === 'pswpin').length,
    );
    expect(counts[0]).toBeGreaterThan(0);
    const reads = counts.slice(2);
    expect(Math.max(...reads) - Math.min(...reads)).toBeLessThanOrEqual(2);
    expect(Math.min(...reads)).toBeGreaterThan(30);
  });

  it('stay few in a run of many short phases', async () => {
    const result = await run(FILL + 'R 0 400 rand 3 3 -\n'.repeat(3000));
    expect(pointsOf(result, 'pswpin').length).toBeLessThanOrEqual(SERIES_POINTS_MAX);
    const points = pointsOf(result, 'pgmajfault');
    expect(points.length).toBeGreaterThan(100);
    // Evenly spread: half of the points are in the first half of the operations.
    const half = result.phases.slice(0, 1500).flatMap(({ series }) => series);
    const inHalf = half.filter(({ name }) => name === 'pgmajfault').length;
    expect(inHalf / points.length).toBeGreaterThan(0.35);
    expect(inHalf / points.length).toBeLessThan(0.65);
  });

  it.each(designsUnderTest)('end with what the usage says: $label', async ({ name }) => {
    const result = await run(`${FILL}R 0 400 rand 500 3 -\nW 0 400 rand 200 4 fill:0f\n`, name);
    const { usage, phases } = result;
    expect(lastOf(result, 'swap.zeroPages')).toBe(usage.zeroEntries);
    expect(lastOf(result, 'swap.usedPages')).toBe(usage.entries);
    expect(lastOf(result, 'swap.usedSlots')).toBe(usage.slots);
    expect(lastOf(result, 'zswap.storedPages')).toBe(usage.zswapEntries);
    const bytes = result.metadata.reduce((sum, term) => sum + term.bytes, 0);
    expect(lastOf(result, 'metadata.bytes')).toBe(bytes);
    for (const counter of ['pswpout', 'pswpin', 'zswpout', 'zswpin', 'zswpwb', 'pgmajfault'])
      expect([counter, lastOf(result, counter)]).toEqual([
        counter,
        phases.reduce((sum, { counters }) => sum + (counters[counter] ?? 0), 0),
      ]);
    const written = result.slotMaps
      .flatMap(({ cells }) => cells)
      .reduce((sum, { counts }) => sum + counts[1]!, 0);
    const filePages = lastOf(result, 'swap.filePages')!;
    // Of a page that was read and has not changed the slot is as good as the folio.
    expect(filePages).toBeGreaterThanOrEqual(0);
    expect(filePages).toBeLessThanOrEqual(written);
    const places = ['memory.onlyPages', 'zswap.storedPages', 'swap.zeroPages', 'swap.filePages'];
    const [first, ...others] = places.map((place) =>
      pointsOf({ phases: phases.slice(2) }, place).map(({ value }) => value),
    );
    // Every page of the mapping is in one place at any time.
    const sums = first!.map((value, at) => others.reduce((sum, each) => sum + each[at]!, value));
    expect(new Set(sums)).toEqual(new Set([400]));
    const times = pointsOf(result, 'pswpin').map(({ timeNs }) => timeNs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});

describe('the histograms of I/O lengths', () => {
  it('have every page that was written back, and every page that was read', async () => {
    // Pages of noise: the pool of 25 pages overflows.
    const result = await run(`${FILL}W 0 400 seq 400 5 rand\nR 0 400 rand 500 3 -\n`);
    const pages = (name: string): number =>
      result.histograms
        .find((histogram) => histogram.name === name)!
        .buckets.reduce((sum, { low, count }) => sum + low * count, 0);
    const counted = (counter: string): number =>
      result.phases.reduce((sum, { counters }) => sum + (counters[counter] ?? 0), 0);
    expect(counted('zswpwb')).toBeGreaterThan(0);
    expect(pages('writeback.pages')).toBe(counted('zswpwb'));
    expect(pages('deviceWrite.pages')).toBe(counted('pswpout'));
    expect(counted('pswpin')).toBeGreaterThan(0);
    expect(pages('deviceRead.pages')).toBe(counted('pswpin'));
  });
});
