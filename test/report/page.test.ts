/** The page out of stored runs: what it says, and that nothing stored becomes markup. */
import { describe, expect, it } from 'vitest';
import { alarms } from '../../src/report/page/alarms.ts';
import { findings } from '../../src/report/page/findings.ts';
import { headline } from '../../src/report/page/headline.ts';
import { pageRuns } from '../../src/report/page/columns.ts';
import { reportPage } from '../../src/report/page/index.ts';
import type { MetricRecord, StoredRun } from '../../src/runs/index.ts';

const PLOT_LIBRARY = { script: 'globalThis.uPlot = null;', style: '.uplot{}' };

function metric(group: string, name: string, unit: string, value: number): MetricRecord {
  return { group, name, unit, better: 'lower', isAlwaysShown: false, value };
}

function run(runId: number, design: string, changes: Partial<StoredRun> = {}): StoredRun {
  const seed = changes.seed ?? 1;
  return {
    ...{ runId, design, seed, specHash: `hash${runId}`, version: '0.1.0', name: null },
    ...{ command: 'swaplab run', status: 'done', exitReason: null, exitCode: 0, phaseCount: 0 },
    ...{ digest: `digest${runId}`, verify: { pagesChecked: 100, mismatches: 0 }, slotRuns: 1 },
    ...{ virtualNs: 1e9, wallMs: 5, startedMs: 0, finishedMs: 5, phases: [], metadata: [] },
    ...{ histograms: [], areas: [], faults: [], faultCounts: [], steering: [], events: [] },
    ...{ metrics: [], operations: {}, slotMaps: [], intervals: [], checkpoint: null, report: [] },
    spec: {
      ...{ design, seed, device: 'nvme', machine: { ram: '1G', memory: '32M' } },
      ...{ areas: [{ size: '512M', ghost: false }], workload: { name: 'usemem', arguments: [] } },
      zswap: { enabled: true, compressor: 'lz4', zpool: 'zsmalloc', maxPoolPercent: 20 },
    },
    ...changes,
  };
}

function written(runId: number, design: string, bytes: number, seed = 1): StoredRun {
  const metrics = [metric('devices', 'bytes written', 'bytes', bytes)];
  const made = run(runId, design, { metrics, seed });
  return { ...made, spec: { ...(made.spec as object), seed } };
}

describe('findings', () => {
  const said = (runs: readonly StoredRun[]): string[] => findings(pageRuns(runs));

  it('name the column that wrote least, the next one by how much, and the last one', () => {
    const runs = [written(1, 'a', 4 << 20), written(2, 'b', 2 << 20), written(3, 'c', 3 << 20)];
    expect(said(runs)[0]).toBe(
      'b wrote least to the disk: 2 MiB. Next: c 3 MiB (+50 %); most: a 4 MiB.',
    );
  });

  it('say ties as ties', () => {
    const runs = [written(1, 'a', 5), written(2, 'b', 0), written(3, 'c', 0)];
    expect(said(runs)[0]).toBe('b and c wrote least to the disk (a tie): nothing. Next: a 5 B.');
    expect(said(runs.slice(1))[0]).toBe('All 2 wrote the same to the disk: 0 B.');
  });

  it('say where repeated columns are not told apart', () => {
    const of = (first: number, design: string, values: readonly number[]): StoredRun[] =>
      values.map((value, index) => written(first + index, design, value, index + 1));
    const near = [...of(1, 'a', [100, 200, 300]), ...of(4, 'b', [110, 210, 310])];
    expect(said(near)[0]).toMatch(/^a wrote least.* Over the seeds the two are not told apart\.$/);
    const far = [...of(1, 'a', [100, 101, 102]), ...of(4, 'b', [900, 901, 902])];
    expect(said(far)[0]).not.toContain('not told apart');
  });

  it('give figures as many digits as it takes to tell them apart', () => {
    const near = [written(1, 'a', 1024 * 1030), written(2, 'b', 1024 * 1030 + 700)];
    expect(said(near)[0]).toBe(
      'a wrote least to the disk: 1.006 MiB. Next: b 1.007 MiB (+0.07 %).',
    );
    const time = (runId: number, design: string, ms: number): StoredRun =>
      run(runId, design, { metrics: [metric('devices', 'virtual time', 'ms', ms)] });
    expect(said([time(1, 'a', 1003), time(2, 'b', 1004)])[0]).toBe(
      'a was fastest in virtual time: 1.003 s. Next: b 1.004 s (+0.1 %).',
    );
  });

  it('say how many times as much where a percentage would have too many digits', () => {
    expect(said([written(1, 'a', 5), written(2, 'b', 3200)])[0]).toContain('b 3.13 KiB (×640).');
  });

  it('tell a figure that a single column has', () => {
    expect(said([written(1, 'a', 4096), run(2, 'b')])[0]).toBe(
      'Written to the disk, a: 4 KiB (of 1 column it is not known).',
    );
  });

  it('shout when pages were wrong, and are silent of pages that were not compared', () => {
    const verify = { pagesChecked: 100, mismatches: 3 };
    expect(said([run(1, 'a', { verify })])).toEqual(['3 of 100 compared pages were WRONG.']);
    expect(said([run(1, 'a', { verify: null })])).toEqual([]);
  });
});

describe('what must not be overlooked', () => {
  const told = (...runs: readonly StoredRun[]): string[] => alarms(pageRuns(runs));
  const of = (name: string, value: number): MetricRecord => metric('runs', name, 'tasks', value);

  it('is nothing where all went well', () => {
    expect(told(run(1, 'a'), run(2, 'b'))).toEqual([]);
  });

  it('is wrong pages and lost faults, by column', () => {
    const verify = { pagesChecked: 100, mismatches: 3 };
    const faultCounts = [
      { kind: 'torn-write', consequence: 'lost', count: 2 },
      { kind: 'bit-rot', consequence: 'lost', count: 1 },
      { kind: 'bit-rot', consequence: 'detected', count: 8 },
    ] as const;
    expect(told(run(1, 'a'), run(2, 'b', { verify, faultCounts }))).toEqual([
      'Pages that came back WRONG: b 3.',
      'Faults of devices that were LOST, which is that a task was given wrong bytes as good: b 3.',
    ]);
  });

  it('is runs without an end, with why, those of one column and one reason together', () => {
    const failed = (seed: number): StoredRun =>
      run(seed, 'a', {
        seed,
        status: 'failed',
        exitReason: 'no space',
        spec: { design: 'a', seed },
      });
    expect(told(failed(1), failed(2), run(3, 'b', { status: 'aborted' }))).toEqual([
      'Each of the runs 1 and 2 (a) FAILED: no space. Its figures are not in the table.',
      'Run 3 (b) was ABORTED. Its figures are not in the table.',
      expect.stringMatching(/^b differs from a/),
    ]);
  });

  it('is killed tasks with what killed them, also those of an endurance run', () => {
    const metrics = [of('killed tasks', 5), of('tasks ended by SIGBUS', 2)];
    const figures = { killedTasks: 4, sigbus: 0 };
    const interval = { position: 0, atMs: 0, operations: 9, timeNs: 9, figures };
    expect(told(run(1, 'a', { metrics }), run(2, 'b', { intervals: [interval] }))).toEqual([
      'Tasks were KILLED before their end: a 5 (3 out of memory, 2 by SIGBUS), b 4 (4 out of ' +
        'memory). What they had not done yet is in no figure.',
    ]);
  });

  it('is a swap that was full, and pages that zswap refused', () => {
    const metrics = [of('swap_alloc_fail', 12), of('pages refused by zswap', 1234)];
    expect(told(run(1, 'a', { metrics }), run(2, 'b'))).toEqual([
      'Swap was full: searches for a slot that found none: a 12.',
      'zswap refused pages, which took another way: a 1,234.',
    ]);
  });

  it('is columns that differ by more than one setting', () => {
    const other = (runId: number, design: string): StoredRun => {
      const made = run(runId, design);
      return { ...made, spec: { ...(made.spec as object), areas: [], revision: 'v2' } };
    };
    expect(told(run(1, 'a'), run(2, 'b'), other(3, 'c'), other(4, 'd'))).toEqual([
      'c and d differ from a by more than one setting: design and areas. What changed may come of ' +
        'any of them.',
    ]);
  });
});

describe('the headline', () => {
  it('says the workload, memory, swap, device, zswap and seeds', () => {
    const { columns } = pageRuns([written(1, 'a', 1), written(2, 'b', 1), written(3, 'b', 1, 2)]);
    expect(headline(columns)).toBe(
      'The workload ‘usemem’ was run 2 ways: a and b. Memory: a cgroup of 32 MiB on a machine of ' +
        '1 GiB. Swap: an area of 512 MiB, device nvme. zswap: lz4 in zsmalloc, at most 20 % of the ' +
        "machine's memory. Seeds 1 (b: 1 and 2); 3 runs.",
    );
  });
});

describe('the page', () => {
  it('has what must not be overlooked above what came out', () => {
    const page = (runs: StoredRun[]): string => reportPage({ runs, version: '0.1.0' });
    const bad = page([run(1, 'a', { status: 'aborted' })]);
    expect(bad.indexOf('was ABORTED')).toBeGreaterThan(bad.indexOf('Not to be overlooked'));
    expect(bad.indexOf('was ABORTED')).toBeLessThan(bad.indexOf('class="findings"'));
    expect(page([run(1, 'a')])).not.toContain('Not to be overlooked');
  });

  it('shows figures of a row with as many digits as tell them apart, great changes as factors', () => {
    const runs = [
      written(1, 'a', 2 ** 20),
      written(2, 'b', 2 ** 20 + 900),
      written(3, 'c', 2 ** 30),
    ];
    const cells = [...reportPage({ runs, version: '0.1.0' }).matchAll(/<data [^>]*>([^<]*)/g)];
    expect(cells.map(([, text]) => text)).toEqual(['1 MiB', '1.001 MiB', '1 GiB']);
    expect(reportPage({ runs, version: '0.1.0' })).toContain('×1,024');
  });

  it('is made of runs that were stored without metrics, series and maps, and says so', () => {
    const page = reportPage({ runs: [run(1, 'a')], version: '0.1.0', plotLibrary: PLOT_LIBRARY });
    expect(page).toContain('these runs were stored without metrics');
    expect(page).toContain('because these runs were stored without such a series');
    expect(page).not.toContain('<script');
    expect(page).toContain("script-src 'none'");
  });

  it('turns nothing that is stored into markup', () => {
    const hostile = '</script><script>alert(1)</script><img src=x onerror=alert(1)>';
    const series = [0, 1].map((timeNs) => ({ name: 'pswpout', timeNs, value: 1 }));
    const phase = { index: 0, op: hostile, counters: {}, present: 0, swapped: 0, virtualNs: 1 };
    const made = run(1, hostile, {
      ...{ name: hostile, command: hostile, exitReason: hostile },
      phases: [{ ...phase, wallMs: 1, zswap: null, series }],
      metrics: [metric(hostile, hostile, hostile, 5)],
      metadata: [{ term: hostile, bytes: 5, kind: 'static' }],
      events: [{ timeNs: 1, kind: hostile, detail: hostile }],
    });
    const page = reportPage({
      ...{ runs: [made], version: '0.1.0', title: hostile, plotLibrary: PLOT_LIBRARY },
    });
    expect(page).not.toContain('<img');
    expect(page).not.toContain('<script>alert');
    // Data, library, and the page's own.
    expect(page.match(/<script/g)).toHaveLength(3);
  });

  it('shows the run of the median seed and says so', () => {
    const runs = [9, 1, 5].map((seed, index) => written(index + 1, 'a', seed, seed));
    const { columns } = pageRuns(runs);
    expect(columns[0]!.shown.seed).toBe(5);
    expect(reportPage({ runs, version: '0.1.0' })).toContain('that of the median seed: 5.');
  });

  it('refuses to be made of nothing', () => {
    expect(() => reportPage({ runs: [], version: '0.1.0' })).toThrow(/no runs; accepted: one/);
  });
});
