import { readFileSync } from 'node:fs';
import { deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/units/index.ts';
import { damo } from '../../../src/workload/importers/damo.ts';
import { expectCutsAlike, imported } from './recorder.ts';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../../fixtures/memory-traces/${name}`, import.meta.url));
const perfScript = fixture('perf-script.damo').toString();
const packed = fixture('snapshot.damo');

interface Counted {
  readonly start: string;
  readonly end: string;
  readonly nr_accesses: { readonly samples: number };
}

/** A record as damo 3.3.0 writes it. @param snapshots - end in ms, then regions [page, page, n] */
function record(
  snapshots: readonly (readonly [number, readonly (readonly number[])[]])[],
  target = '0',
): string {
  const text = snapshots.map(([end, regions]) =>
    JSON.stringify({
      start_time: `${(end - 100) * 1e6}`,
      end_time: `${end * 1e6}`,
      regions: regions.map(([from = 0, to = 0, samples]) => ({
        start: (from * 4096).toLocaleString('en-US'),
        end: (to * 4096).toLocaleString('en-US'),
        nr_accesses: { samples, percent: null },
        age: { usec: null, aggr_intervals: '3' },
        probe_hits: [],
        sz_filter_passed: '0 B',
      })),
      damos_stats: null,
    }),
  );
  return `{"kdamond_idx": 0, "context_idx": 0, "intervals": {"sample_us": "5000", "aggr_us":
    "100000", "ops_update_us": "1000000", "intervals_goal": {"aggrs": "0"}}, "scheme_idx": 0,
    "target_id": ${target}, "scheme_filters": [{"memcg_path": "a\\"]}{", "hugepage_size": ["0"]}],
    "snapshots" : [${text.join(', ')}], "data_source": ["unknown", {"more": [{"regions": 7}]}]}`;
}

/** How often each page was accessed. */
function tally(said: readonly string[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const word of said) {
    const page = Number(word.slice(1));
    counts.set(page, (counts.get(page) ?? 0) + 1);
  }
  return counts;
}

describe("DAMON's records", () => {
  it('are accesses in every sampling interval where DAMON counted all, in none where none', async () => {
    const text = `[${record([
      [
        100,
        [
          [5, 7, 20],
          [7, 900, 0],
        ],
      ],
    ])}]`;
    const round = ['R5', 'R6'];
    expect(await imported(damo, text)).toEqual([
      '[0 to 10]',
      'W5',
      'W6',
      ...Array.from({ length: 19 }, () => round).flat(),
    ]);
  });

  it('are on average as many accesses to each page as DAMON counted', async () => {
    const ends = Array.from({ length: 40 }, (_, i) => 100 * (i + 1));
    const text = `[${record(
      ends.map((end) => [
        end,
        [
          [0, 50, 5],
          [50, 60, 1],
        ],
      ]),
    )}]`;
    const counts = tally((await imported(damo, text)).filter((word) => !word.startsWith('[')));
    const sum = (from: number, to: number): number =>
      [...counts].reduce((all, [page, n]) => (page >= from && page < to ? all + n : all), 0);
    // 40 snapshots · 50 pages · 5, and 40 · 10 · 1; standard deviations are 87 and 20.
    expect(Math.abs(sum(0, 50) - 10_000)).toBeLessThan(400);
    expect(Math.abs(sum(50, 60) - 400)).toBeLessThan(90);
    for (let page = 0; page < 50; page++) expect(counts.get(page)).toBeGreaterThan(130);
  });

  it('are read as damo packs them: a real record of physical memory', async () => {
    const [head] = JSON.parse(inflateSync(packed).toString()) as {
      snapshots: { regions: Counted[] }[];
    }[];
    const regions = head!.snapshots.flatMap((snapshot) => snapshot.regions);
    const pages = (region: Counted): number[] =>
      [region.start, region.end].map((text) => Number(text.replaceAll(',', '')) / 4096);
    const expected = regions.reduce((sum, region) => {
      const [from = 0, to = 0] = pages(region);
      return sum + ((to - from) * region.nr_accesses.samples) / 20;
    }, 0);
    const said = (await imported(damo, packed, { options: { rounds: '1' } })).slice(1);
    expect(expected).toBeGreaterThan(90_000);
    expect(Math.abs(said.length - expected)).toBeLessThan(5 * Math.sqrt(expected));
    const touched = new Set(said.map((word) => Number(word.slice(1))));
    for (const region of regions.filter(({ nr_accesses }) => nr_accesses.samples === 20)) {
      const [from = 0] = pages(region);
      expect(touched.has(from)).toBe(true);
    }
  });

  it('are read as lines of the tracepoint, in the forms of perf and of trace-cmd', async () => {
    const said = await imported(damo, perfScript);
    const regions = [...perfScript.matchAll(/(\d+)-(\d+): (\d+)/g)].map(
      ([, from, to, n]) => [Number(from) / 4096, Number(to) / 4096, Number(n)] as const,
    );
    const expected = regions.reduce((sum, [from, to, n]) => sum + (to - from) * n, 0);
    expect(expected).toBe(243 + 688);
    expect(Math.abs(said.length - 1 - expected)).toBeLessThan(5 * Math.sqrt(expected));
    const traceCmd = perfScript.replaceAll(
      /kdamond\.0\s+4452 (\S+) (\S+) damon:/g,
      'kdamond.0-4452 $1 ..... $2 ',
    );
    expect(traceCmd).toContain(': damon_aggregated:');
    const noise = `cpus=2\n kdamond.0 1 [000] 1.0: damon:damos_before_apply: ctx_idx=0\n`;
    expect(await imported(damo, noise + traceCmd.replaceAll(/(: \d+)$/gm, '$1 12'))).toEqual(said);
  });

  it('give the same accesses however the stream is cut', async () => {
    await expectCutsAlike(damo, perfScript);
    const text = `[${record([
      [100, [[5, 70, 9]]],
      [200, [[5, 7, 3]]],
    ])}]`;
    await expectCutsAlike(damo, text);
    await expectCutsAlike(damo, deflateSync(text));
  });

  it('have phases of some seconds, and as many writes as asked', async () => {
    const text = `[${record([
      [1000, [[1, 2, 20]]],
      [5000, [[1, 2, 20]]],
      [7000, [[1, 2, 20]]],
    ])}]`;
    const options = { phaseEvery: '3', writes: '100', rounds: '2' };
    expect(await imported(damo, text, { options })).toEqual([
      '[0 to 3]',
      'W1',
      'S1',
      '[3 to 6]',
      'S1',
      'S1',
      '[6 to 9]',
      'S1',
      'S1',
    ]);
  });

  it('have one target that is told apart beyond 2^53', async () => {
    const targets = ['18446623435582458880', '18446623435582458881'];
    const text = `[${targets.map((id, i) => record([[100, [[i, i + 1, 20]]]], id)).join(',')}]`;
    const options = { target: '2', rounds: '1' };
    expect(await imported(damo, text, { options })).toEqual(['[0 to 10]', 'W1']);
    await expect(imported(damo, text)).rejects.toThrow(
      new UsageError(
        'trace: tells of several targets; accepted: --target 1 for kdamond 0, context 0, scheme 0, ' +
          'target 18446623435582458880, --target 2 for kdamond 0, context 0, scheme 0, target ' +
          '18446623435582458881, …',
      ),
    );
    await expect(imported(damo, text, { options: { target: '3' } })).rejects.toThrow(
      "--target: '3' is not accepted; accepted: 1 to 2",
    );
  });

  const line = (text: string): string => `k 1 [0] 1.5: damon:damon_aggregated: ${text}\n`;
  it.each([
    ['', 'trace: is empty'],
    ['PERFILE2 and so on', 'trace: is a file of perf record; accepted: what perf script -i trace'],
    ['hello\n', 'trace: has no line of damon_aggregated; accepted: what damo record writes'],
    [line('target_id=1 nr_regions=1 8-9: x'), 'trace:1: '],
    [line('target_id=1 nr_regions=1 9-8: 1'), 'trace:1: region 9-8 is not accepted'],
    ['[]', 'trace: has no record'],
    ['[{"target_id": 1}]', "trace: byte 16: has a record without 'snapshots'"],
    [
      `[${record([[100, [[1, 2, 3]]]])}`,
      'ends before its last bracket is closed; is it cut short?',
    ],
    ['[{"target_id": 1, "snapshots": [{"regions": }]}]', 'is no JSON: '],
    ['[{"snapshots": [{"regions": []}]}]', "trace: snapshot 1: has no 'regions' or no 'end_time'"],
    [`[${record([[100, [[1, 2, -3]]]])}]`, 'trace: snapshot 1: has the region {"start":"4,096"'],
    ['[]]', 'trace: byte 2: closes more brackets than it opens'],
  ])('that are none are told so: %j', async (content, message) => {
    const failure = await imported(damo, content).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UsageError);
    expect((failure as Error).message).toContain(message);
  });

  it('that were packed and cut short are told so', async () => {
    await expect(imported(damo, packed.subarray(0, 2000))).rejects.toThrow(
      'trace: cannot be unpacked with zlib: unexpected end of file',
    );
  });
});
