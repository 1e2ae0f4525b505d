/** The page out of stored runs: what it says, and that nothing stored becomes markup. */
import { describe, expect, it } from 'vitest';
import { alarms } from '../../src/report/page/alarms.ts';
import { findings } from '../../src/report/page/findings.ts';
import { headline } from '../../src/report/page/headline.ts';
import { pageRuns } from '../../src/report/page/columns.ts';
import { reportPage } from '../../src/report/page/index.ts';
import type { MetricRecord, StoredRun } from '../../src/runs/index.ts';
import { RunError } from '../../src/units/index.ts';

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
    const near = [
      ...of(1, 'a', [100, 200, 300, 400, 500]),
      ...of(6, 'b', [90, 230, 310, 420, 510]),
    ];
    expect(said(near)[0]).toMatch(/^a wrote least.* Over the seeds the two are not told apart\.$/);
    const far = [
      ...of(1, 'a', [100, 101, 102, 101, 100]),
      ...of(6, 'b', [900, 902, 901, 905, 900]),
    ];
    expect(said(far)[0]).not.toContain('apart');
    expect(said([...far.slice(0, 4), ...far.slice(5, 9)])[0]).toMatch(
      / Fewer than 5 runs of a column do not tell the two apart\.$/,
    );
    // Of each seed more, though the intervals overlap: the table marks it.
    const shifted = [
      ...of(1, 'a', [1000, 1010, 1020, 1030, 1040]),
      ...of(6, 'b', [1030, 1041, 1050, 1061, 1070]),
    ];
    expect(said(shifted)[0]).not.toContain('apart');
    // Neither is the baseline: as if one of them were.
    const third = of(20, '0', [5000, 5001, 5002, 5003, 5004]);
    expect(said([...third, ...shifted])[0]).toMatch(/^a wrote least.* most: 0 /);
    expect(said([...third, ...shifted])[0]).not.toContain('apart');
    expect(said([...third, ...near])[0]).toContain('not told apart');
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

  it('do not tell a column without zswap for one whose pool is small', () => {
    const pool = (runId: number, design: string, bytes: number): StoredRun =>
      run(runId, design, { metrics: [metric('zswap', 'pool bytes max', 'bytes', bytes)] });
    expect(said([pool(1, 'a', 0), pool(2, 'b', 4096), pool(3, 'c', 8192)])[0]).toBe(
      'b had the smallest zswap pool at its largest: 4 KiB. Next: c 8 KiB (+100 %).',
    );
    expect(said([pool(1, 'a', 0), pool(2, 'b', 4096)])[0]).toBe(
      'The zswap pool at its largest (b): 4 KiB.',
    );
  });

  it('say of whom tasks were killed, unless it is so of all', () => {
    const killed = (made: StoredRun): StoredRun => ({
      ...made,
      events: [{ timeNs: 1, kind: 'kill', detail: 'task 0 was killed' }],
    });
    const runs = [killed(written(1, 'a', 0)), written(2, 'b', 4096)];
    expect(said(runs)[0]).toBe(
      'a (with killed tasks) wrote least to the disk: nothing. Next: b 4 KiB.',
    );
    expect(said(runs.map(killed))[0]).toMatch(/^a wrote least/);
  });

  it('tell a figure that a single column has', () => {
    expect(said([written(1, 'a', 4096), run(2, 'b')])[0]).toBe(
      'Written to the disk (a): 4 KiB (of 1 column it is not known).',
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
      });
    expect(told(failed(1), failed(2), run(3, 'b', { status: 'aborted' }))).toEqual([
      'Each of the runs 1 and 2 (a) FAILED: no space. Its figures are not in the table.',
      'Run 3 (b) was ABORTED. Its figures are not in the table.',
    ]);
  });

  it('is killed tasks with what killed them, also those of an endurance run', () => {
    const metrics = [of('killed tasks', 5), of('tasks ended by SIGBUS', 2)];
    const figures = { killedTasks: 4 };
    const interval = { position: 0, atMs: 0, operations: 9, timeNs: 9, figures };
    expect(told(run(1, 'a', { metrics }), run(2, 'b', { intervals: [interval] }))).toEqual([
      'Tasks were KILLED before their end: a 5, b 4; by SIGBUS, for a page that cannot be read: ' +
        'a 2. What they had not done yet is in no figure.',
    ]);
  });

  it('is a swap that was full, and pages that zswap refused', () => {
    const metrics = [of('swap_alloc_fail', 12), of('pages refused by zswap', 1234)];
    expect(told(run(1, 'a', { metrics }), run(2, 'b'))).toEqual([
      'Swap was full: searches for a slot that found none: a 12.',
      'zswap refused pages, which took another way: a 1,234.',
    ]);
  });

  it('is columns that differ by more than one setting, zswap counting as one', () => {
    const other = (runId: number, design: string, change: object): StoredRun => {
      const made = run(runId, design);
      return { ...made, spec: { ...(made.spec as object), ...change } };
    };
    const more = { areas: [], noAreas: true, revision: 'v2' };
    const off = { zswap: { enabled: false, compressor: 'lz4', maxPoolPercent: 5 } };
    expect(
      told(run(1, 'a'), run(2, 'b'), other(3, 'c', more), other(4, 'd', more), other(5, 'e', off)),
    ).toEqual([
      'By more than one setting differ from a: c and d (design and areas); e (design and zswap). ' +
        'What changed there may come of any of them.',
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

describe('charts of a page', () => {
  const series = (name: string, values: readonly number[]) =>
    values.map((value, index) => ({ name, timeNs: index * 10, value }));
  const phase = { index: 0, op: 'touch', counters: {}, present: 0, swapped: 0, virtualNs: 1 };
  const page = (changes: Partial<StoredRun>): string =>
    reportPage({ runs: [run(1, 'a', changes)], version: '0.1.0' });

  it('show where pages live of a run without zswap too', () => {
    const all = [
      ...series('memory.onlyPages', [5, 3, 0]),
      ...[...series('swap.zeroPages', [0, 1, 0]), ...series('swap.filePages', [0, 4, 0])],
    ];
    expect(page({ phases: [{ ...phase, wallMs: 1, zswap: null, series: all }] })).toContain(
      'At the most 5 of 8 pages are out of memory: 1 zero pages (a flag) and 4 on a device.',
    );
  });

  it('are of intervals where the run is one of endure, which no scenario repeats', () => {
    const figures = { pagesChecked: 7, usedSlots: 3 };
    const intervals = [1, 2].map((position) => ({
      ...{ position, atMs: 0, operations: position, timeNs: position * 1e9, figures },
    }));
    const workload = { name: 'endurance', arguments: [] };
    const state = { limits: { operations: 2, durationMs: null }, resumed: 0 };
    const checkpoint = { operations: 0, state };
    const endured = page({ intervals, checkpoint, spec: { design: 'a', seed: 1, workload } });
    expect(endured).toContain('<h2 id="endurance">');
    expect(endured).toContain('<b>Pages compared</b>');
    expect(endured).not.toContain('comparison.json');
    expect(endured).toContain('The run is deterministic');
    const slotCharts = (html: string): number => html.split('<b>Slots in use</b>').length - 1;
    expect(slotCharts(endured)).toBe(1);
    const series = [0, 2e9].map((timeNs) => ({ name: 'swap.usedSlots', timeNs, value: 3 }));
    const phase = {
      ...{ index: 0, op: 'endure', counters: {}, present: 0, swapped: 0 },
      ...{ virtualNs: 2e9, wallMs: 1, zswap: null, series },
    };
    const whole = page({
      ...{ intervals, checkpoint, phases: [phase], spec: { design: 'a', seed: 1, workload } },
    });
    // What its series say is not said again.
    expect(slotCharts(whole)).toBe(1);
    expect(whole).toContain('<b>Pages compared</b>');
    const other = page({ intervals });
    expect(other).not.toContain('Endurance over time');
    expect(other).toContain('comparison.json');
  });

  it('that are not there are told in one place', () => {
    const empty = page({});
    expect(empty).toContain('<h2 id="not-shown">');
    expect(empty).toContain('<h3 id="wear">');
    expect(empty).not.toContain('<figure');
  });

  it('hide slot maps in which every slot is free, and say so', () => {
    const map = (counts: readonly number[]) => ({
      ...{ type: 0, cells: [{ firstSlot: 0, slots: 8, counts }], clusterLists: [], freeRuns: [] },
    });
    expect(page({ slotMaps: [map([7, 0, 0, 0, 0, 1])] })).toContain(
      'every slot was free at the end',
    );
    expect(page({ slotMaps: [map([6, 1, 0, 0, 0, 1])] })).not.toContain('every slot was free');
  });

  it('of lengths of writes stand kind by kind under headings', () => {
    const histogram = (name: string) => ({
      ...{ name, unit: 'pages', buckets: [{ low: 1, high: 1, count: 3 }] },
    });
    const both = page({
      histograms: [histogram('deviceWrite.pages'), histogram('writeback.pages')],
    });
    expect(both).toMatch(/<h3>All writes to devices<\/h3>.*<h3>Writeback by zswap<\/h3>/s);
    expect(both).toContain('for writeback by zswap only those that carry any of its pages');
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

  it('promises no marks and no 95 % of two runs a column', () => {
    const of = (count: number): string =>
      reportPage({
        runs: ['a', 'b'].flatMap((design, at) =>
          Array.from({ length: count }, (_, index) =>
            written(at * 10 + index + 1, design, 100 + at * 50 + index, index + 1),
          ),
        ),
        version: '0.1.0',
      });
    expect(of(2)).toContain('the range from the lowest to the highest run');
    expect(of(2)).toContain('nothing is marked');
    expect(of(2)).not.toMatch(/95 %|\* better/);
    expect(of(5)).toContain('the 95 % interval of the median');
    expect(of(5)).toContain('* better, * worse, * different: more than chance');
    expect(of(1)).not.toContain('In brackets');
  });

  it('is made of runs that were stored without metrics, series and maps, and says so', () => {
    const page = reportPage({ runs: [run(1, 'a')], version: '0.1.0', plotLibrary: PLOT_LIBRARY });
    expect(page).toContain('metrics are worked out at the end of a run, but not of a resumed one');
    expect(page).toContain('because these runs have no such series');
    expect(page).not.toContain('<script');
    expect(page).toContain("default-src 'none'");
    expect(page).not.toContain('script-src');
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
    const metadata = [{ term: 'swap_map', bytes: 5, kind: 'static' as const }];
    const runs = [9, 1, 5].map((seed, index) => ({
      ...{ ...written(index + 1, 'a', seed, seed), metadata },
    }));
    const { columns } = pageRuns(runs);
    expect(columns[0]!.shown.seed).toBe(5);
    expect(reportPage({ runs, version: '0.1.0' })).toContain('that of the median seed: 5.');
  });

  it('refuses a comparison of which a run was removed, and names it', () => {
    const runs = [written(7, 'a', 1), written(8, 'b', 2)];
    const { comparison } = pageRuns(runs);
    const rest = (): string => reportPage({ runs: [runs[0]!], version: '0.1.0', comparison });
    expect(rest).toThrow(RunError);
    expect(rest).toThrow('report: run 8 (b) is not in the state database any more');
  });

  it('refuses to be made of nothing', () => {
    expect(() => reportPage({ runs: [], version: '0.1.0' })).toThrow(/no runs; accepted: one/);
  });
});
