import { describe, expect, it } from 'vitest';
import {
  leftOutNote,
  seedNote,
  specDifferences,
  type MeasuredRun,
} from '../../../src/report/comparison/index.ts';

function run(runId: number, digest: string): MeasuredRun {
  return {
    ...{ runId, digest, design: 'xarray', seed: runId, spec: {}, metrics: [] },
    verify: { pagesChecked: 1, mismatches: 0 },
  };
}

describe('the notes of a comparison', () => {
  it('say that seeds changed nothing, only where that is so in every column', () => {
    const same = { label: 'a', runs: [run(1, 'x'), run(2, 'x')] };
    const other = { label: 'b', runs: [run(3, 'x'), run(4, 'y')] };
    expect(seedNote([same])).toMatch(/^every seed gave the same run/);
    expect(seedNote([same, other])).toBeNull();
    expect(seedNote([{ label: 'c', runs: [run(5, 'x')] }])).toBeNull();
  });

  it('name the runs that are in no column, as ranges', () => {
    const runs = [9, 1, 2, 3, 5, 7].map((runId) => run(runId, 'x'));
    const columns = [{ label: 'a', runs: [run(9, 'x')] }];
    expect(leftOutNote(runs, columns)).toMatch(/: 1-3, 5, 7$/);
    expect(leftOutNote(runs.slice(0, 1), columns)).toBeNull();
  });
});

describe('differences between specs', () => {
  it('are none between a size in text and the same in bytes', () => {
    const specs = [{ machine: { ram: '16M' } }, { machine: { ram: 16 * 2 ** 20 } }];
    expect(specDifferences(specs)).toEqual([]);
    expect(specDifferences([specs[0]!, { machine: { ram: '17M' } }])).toHaveLength(1);
  });
});
