import { describe, expect, it } from 'vitest';
import { diffRuns, runDiffJson, runDiffText } from '../../../src/report/comparison/index.ts';
import type { JsonValue, StoredRun } from '../../../src/runs/index.ts';
import { metric, SPEC, stored } from './support.ts';

function withPhase(counters: Readonly<Record<string, number>>): Partial<StoredRun> {
  return { phases: [{ ...stored(1).phases[0]!, counters }] };
}

describe('the difference of equal runs', () => {
  it('is none, whatever the clock, the folder of temporary areas and the name were', () => {
    const diff = diffRuns(stored(1), stored(2, { spec: { ...SPEC, name: 'two' } as JsonValue }));
    expect(diff.isEqual).toBe(true);
    expect(diff.isDigestEqual).toBe(true);
    expect(diff.spec).toEqual([{ key: 'name', values: ['one', 'two'] }]);
    expect(runDiffText(diff)).toContain('runs 1 and 2 are equal\n');
  });

  it('says so of runs of two versions, and which they were', () => {
    const diff = diffRuns(stored(1), stored(2, { version: '0.2.0' }));
    expect(diff.isEqual).toBe(true);
    expect(runDiffText(diff)).toMatch(/^version +0\.1\.0 +0\.2\.0$/m);
  });
});

describe('the difference of two specs', () => {
  const spec = { ...SPEC, zswap: { ...SPEC.zswap, maxPoolPercent: 5, writebackAge: 7 } };
  const diff = diffRuns(stored(1), stored(2, { spec: spec as JsonValue }));

  it('is told by key, with both values', () => {
    expect(diff.isEqual).toBe(false);
    expect(diff.spec).toEqual([
      { key: 'zswap.maxPoolPercent', values: [20, 5] },
      { key: 'zswap.writebackAge', values: [undefined, 7] },
    ]);
    expect(runDiffText(diff)).toMatch(/^zswap\.maxPoolPercent +20 +5$/m);
    expect(runDiffText(diff)).toMatch(/^zswap\.writebackAge +- +7$/m);
  });

  it('is a document without holes', () => {
    const document = JSON.parse(JSON.stringify(runDiffJson(diff))) as typeof diff;
    expect(document.spec[1]).toEqual({ key: 'zswap.writebackAge', values: [null, 7] });
  });

  it('shows long values from where they go apart', () => {
    const workload = { ...SPEC.workload, trace: `${'R 0 16 seq 16 1 -\n'.repeat(50)}M 0 1\n` };
    const other = { ...workload, trace: workload.trace.replace('M 0 1', 'D 0 1') };
    const [a, b] = [workload, other].map((each) => ({ ...SPEC, workload: each }));
    const text = runDiffText(diffRuns(stored(1, { spec: a! }), stored(2, { spec: b! })));
    expect(text).toMatch(/^workload\.trace +….*M 0 1⏎ +….*D 0 1⏎$/m);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(130);
  });
});

describe('the difference of two results', () => {
  const diff = diffRuns(
    stored(1),
    stored(2, {
      digest: 'e',
      ...withPhase({ pswpout: 3, pswpin: 2, zswpin: 4 }),
      metrics: [metric('pswpout', 3), metric('zswpin', 4), metric('pswpin', 2)],
      metadata: [{ term: 'map', bytes: 64, kind: 'static' }],
    }),
  );

  it('has the metrics with their change, in order, and says which run has none', () => {
    expect(diff.metrics.map(({ name, values, percent }) => [name, values, percent])).toEqual([
      ['zswpin', [null, 4], null],
      ['pswpin', [1, 2], 100],
    ]);
    expect(runDiffText(diff)).toMatch(/^pswpin +pages +1 +2 +\+100%$/m);
  });

  it('has the phases with the counters that differ, and where the runs first went apart', () => {
    expect(diff.phases).toEqual([
      {
        index: 0,
        ops: ['W 0 16 seq 16 1 rand', 'W 0 16 seq 16 1 rand'],
        figures: [
          { name: 'pswpin', values: [1, 2] },
          { name: 'zswpin', values: [0, 4] },
        ],
      },
    ]);
    expect(diff.firstDifference).toEqual({ phase: 0, name: 'pswpin', values: [1, 2] });
    const text = runDiffText(diff);
    expect(text).toContain('runs 1 and 2 differ; different digests\n');
    expect(text).toContain('first difference: phase 0, pswpin: 1 in run 1, 2 in run 2\n');
    expect(text).toContain('metadata that differ: map\n');
  });

  it('has runs of which one ended early', () => {
    const early = stored(2, { status: 'failed', exitReason: 'EIO', digest: null, phases: [] });
    const other = diffRuns(stored(1), early);
    expect(other.isDigestEqual).toBeNull();
    expect(other.phases).toEqual([{ index: 0, ops: ['W 0 16 seq 16 1 rand', null], figures: [] }]);
    expect(runDiffText(other)).toMatch(/^status +done +failed$/m);
    expect(runDiffText(other)).toMatch(/no such phase$/m);
  });
});
