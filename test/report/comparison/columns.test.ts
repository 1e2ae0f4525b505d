import { describe, expect, it } from 'vitest';
import {
  comparisonScenario,
  groupRuns,
  type MeasuredRun,
} from '../../../src/report/comparison/index.ts';
import type { JsonValue } from '../../../src/runs/index.ts';
import { measured, SPEC } from './support.ts';

/** A run of a spec that differs from the others by these keys. */
function run(seed: number, change: Readonly<Record<string, unknown>>, runId = seed): MeasuredRun {
  const spec = { ...SPEC, seed, name: `run ${runId}`, ...change };
  return measured(seed, { m: 1 }, { runId, design: spec.design, spec: spec as JsonValue });
}

function zswap(change: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { zswap: { ...SPEC.zswap, ...change } };
}

function labels(...runs: readonly MeasuredRun[]): string[] {
  return groupRuns(runs).map(({ label }) => label);
}

describe('runs as columns', () => {
  it('are together that differ by seed and name alone', () => {
    const columns = groupRuns([run(1, {}), run(1, { design: 'ghost' }, 2), run(2, {}, 3)]);
    expect(columns.map((each) => each.runs.map(({ runId }) => runId))).toEqual([[1, 3], [2]]);
  });

  it('count once for each seed, the later one', () => {
    const columns = groupRuns([run(1, {}, 4), run(2, {}, 5), run(1, {}, 9)]);
    expect(columns[0]!.runs.map(({ runId }) => runId)).toEqual([9, 5]);
  });

  it('are called by what they differ in', () => {
    const ten = zswap({ maxPoolPercent: 10 });
    expect(labels(run(1, {}), run(1, { design: 'ghost' }))).toEqual(['vswap', 'ghost']);
    expect(labels(run(1, {}), run(1, ten))).toEqual(['maxPoolPercent=20', 'maxPoolPercent=10']);
    expect(
      labels(
        run(1, {}),
        run(1, ten),
        run(1, { design: 'ghost' }),
        run(1, { design: 'ghost', ...ten }),
      ),
    ).toEqual(['vswap, 20', 'vswap, 10', 'ghost, 20', 'ghost, 10']);
    expect(labels(run(1, { revision: 'v6' }), run(1, { revision: 'v3' }))).toEqual([
      'vswap:v6',
      'vswap:v3',
    ]);
  });

  it('are called by the name of a device profile that stands in the spec whole', () => {
    const own = { device: { name: 'my disk', channels: { value: 4, source: 'fio' } } };
    expect(labels(run(1, { device: 'nvme' }), run(1, own))).toEqual([
      'device=nvme',
      'device=my disk',
    ]);
  });

  it('are called as they were in the comparison that made and named them', () => {
    const named = (seed: number, design: string, name: string): MeasuredRun =>
      run(seed, { design, name });
    expect(labels(named(1, 'vswap', 'web: old'), named(1, 'ghost', 'web: new'))).toEqual([
      'old',
      'new',
    ]);
    expect(labels(named(1, 'vswap', 'a: b: old'), named(1, 'ghost', 'a: b: new'))).toEqual([
      'old',
      'new',
    ]);
    // Another comparison, or names that tell runs apart.
    expect(labels(named(1, 'vswap', 'web: old'), named(1, 'ghost', 'db: new'))).toEqual([
      'vswap',
      'ghost',
    ]);
    expect(labels(named(1, 'vswap', 'web: 1'), named(2, 'vswap', 'web: 2'))).toEqual(['vswap']);
  });

  it('are called by numbers where names do not tell them apart', () => {
    const areas = [{ size: '32M', ghost: false, on: true }];
    expect(labels(run(1, {}), run(1, { areas }))).toEqual(['vswap', 'vswap (2)']);
  });
});

describe('a comparison as a scenario', () => {
  it('has in its spec what the columns share, and in the columns what they differ in', () => {
    const columns = groupRuns([
      ...[run(1, {}), run(2, {}), run(1, zswap({ maxPoolPercent: 5, writebackAge: 9 }))],
      run(2, zswap({ maxPoolPercent: 5, writebackAge: 9 })),
    ]);
    expect(comparisonScenario(columns)).toMatchObject({
      columns: [
        { label: 'maxPoolPercent=20', set: { 'zswap.maxPoolPercent': 20 } },
        { set: { 'zswap.maxPoolPercent': 5, 'zswap.writebackAge': 9 } },
      ],
      seeds: [1, 2],
      spec: { design: 'vswap', machine: SPEC.machine, zswap: { compressor: 'lz4' } },
    });
  });

  it('has nothing that only a resolved spec has, and no name and seed', () => {
    const text = JSON.stringify(comparisonScenario(groupRuns([run(1, {})])));
    for (const key of ['compressorVersion', 'costs', 'areasHeld', '"name"', '"seed"'])
      expect(text).not.toContain(key);
  });

  it('has seeds of their own for columns that have others', () => {
    const columns = groupRuns([run(1, {}), run(2, { design: 'ghost' })]);
    expect(comparisonScenario(columns)).toMatchObject({
      columns: [{ seeds: [1] }, { seeds: [2] }],
    });
  });

  it('names the areas that were active when the run began', () => {
    const held = [
      { type: 0, name: '/a.swap', kind: 'file', maxPages: 9, badPages: [], priority: 5 },
      { type: 1, name: '/b.swap', kind: 'ghost', maxPages: 9, badPages: [], priority: -2 },
    ];
    const columns = groupRuns([run(1, { areas: [], areasHeld: held })]);
    expect(comparisonScenario(columns)).toMatchObject({
      spec: { areas: [{ path: '/a.swap', priority: 5 }, { path: '/b.swap' }] },
    });
  });
});
