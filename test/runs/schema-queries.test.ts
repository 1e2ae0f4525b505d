/** The queries of the schema page, over a database with runs of real machines. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { percentileOf } from '../../src/engine/index.ts';
import { metricRows } from '../../src/machine/index.ts';
import type { RunStore } from '../../src/runs/index.ts';
import { runSmall } from '../machine/support.ts';
import { firedFault, runHeader, useWorkspace } from './support.ts';

const workspace = useWorkspace();
const page = readFileSync(new URL('../../src/runs/README.md', import.meta.url), 'utf8');
const queries = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql]) => sql!.trim());
const hasSqlite = spawnSync('sqlite3', ['--version']).error === undefined;

const TRACE =
  'pages 400\nW 0 300 seq 300 1 fill:ff\nW 0 400 seq 400 5 rand\nR 0 400 rand 300 3 -\n';

async function store(runs: RunStore, design: string, seed: number): Promise<void> {
  const result = await runSmall({
    ...{ trace: TRACE, design, seed, memoryPages: 150, ramPages: 128, payload: 'none' },
    areas: [{ pages: 1500 }],
    zswap: { enabled: true, maxPoolPercent: 20 },
  });
  const writer = runs.begin(runHeader({ design, seed, spec: { design, seed } }));
  for (const phase of result.phases) writer.phase(phase);
  writer.areas(result.areas.map((area) => ({ ...area, counters: {} })));
  writer.slotMaps(result.slotMaps);
  writer.metadata(result.metadata);
  writer.metrics(metricRows(result));
  writer.operations(result.operations);
  for (const { name, buckets } of result.histograms) writer.histogram(name, buckets, 'ns');
  writer.fault(firedFault(0));
  writer.consequence(0, 'detected', 'EIO');
  writer.finish(result);
}

describe('the queries of the schema page', () => {
  it('return rows, here and in sqlite3, and the numbers of the API', async () => {
    const { runs } = workspace.open('a.db');
    await store(runs, 'swap-table', 1);
    await store(runs, 'vswap', 2);
    expect(queries).toHaveLength(10);
    const rows = queries.map((sql) => runs.query(sql).rows);
    for (const [index, found] of rows.entries())
      expect([queries[index], found.length > 0]).toEqual([queries[index], true]);
    const [first, second] = [runs.get(1)!, runs.get(2)!];
    const { buckets } = first.histograms.find(({ name }) => name === 'majorFault.ns')!;
    expect(rows[1]![0]).toEqual([1, percentileOf(buckets, 50), percentileOf(buckets, 99)]);
    const written = [first, second].map(
      ({ metrics }) => metrics.find(({ name }) => name === 'bytes written')!.value,
    );
    expect(rows[0]!.map((row) => row[3])).toEqual(written.toSorted((a, b) => a - b));
    const pool = first.phases.flatMap(({ series }) =>
      series.filter(({ name }) => name === 'zswap.poolBytes').map(({ value }) => value),
    );
    expect(rows[2]!.filter(([run]) => run === 1).map((row) => row[2])).toEqual(pool);
    expect(rows[5]!.map(([key]) => key)).toEqual(['design', 'seed']);
  });

  it.skipIf(!hasSqlite)('run in the sqlite3 program', async () => {
    const { runs } = workspace.open('a.db');
    await store(runs, 'swap-table', 1);
    await store(runs, 'vswap', 2);
    for (const sql of queries) {
      const { stdout, stderr } = spawnSync(
        'sqlite3',
        ['-readonly', '-json', workspace.path('a.db'), sql],
        { encoding: 'utf8' },
      );
      expect([sql, stderr]).toEqual([sql, '']);
      expect(JSON.parse(stdout)).toHaveLength(runs.query(sql).rows.length);
    }
  });
});
