import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { Histogram, percentileOf } from '../../src/engine/index.ts';
import { Connection } from '../../src/runs/connection.ts';
import { openStateDatabase, specHash, type AreaRecord } from '../../src/runs/index.ts';
import { SELECT_LIVE } from '../../src/runs/orphans.ts';
import { currentProcess, identifyProcess } from '../../src/runs/process-identity.ts';
import { RunStore } from '../../src/runs/run-store.ts';
import { InvariantError, RunError, UsageError } from '../../src/units/index.ts';
import { firedFault, phaseRecord, runHeader, runOutcome, SPEC, useWorkspace } from './support.ts';

const workspace = useWorkspace();

const AREA: AreaRecord = {
  type: 0,
  path: '/tmp/a.swap',
  kind: 'file',
  pages: 1023,
  usedPages: 40,
  priority: -2,
  counters: { writtenBack: 3, heldInZswap: 5 },
};

describe('looking for live runs', () => {
  it('reads no run that has ended: a spec may have 200 KB', () => {
    const { runs } = workspace.open('a.db');
    const plan = runs.query(`EXPLAIN QUERY PLAN ${SELECT_LIVE}`).rows.map((row) => row.at(-1));
    expect(plan).toContain('SCAN run USING COVERING INDEX run_running');
  });
});

describe('a stored run', () => {
  it('reads back as it was written', () => {
    const { runs } = workspace.open('a.db');
    const writer = runs.begin(runHeader({ name: 'first' }));
    const phases = [
      phaseRecord(0),
      phaseRecord(1, {
        zswap: null,
        series: [],
        counters: {},
        zram: { bd_count: 7, huge_pages: 2 },
      }),
    ];
    for (const phase of phases) writer.phase(phase);
    const metadata = [
      { term: 'swap_map', bytes: 1024, kind: 'static' as const },
      { term: 'cluster tables', bytes: 8192, kind: 'dynamic' as const },
    ];
    writer.metadata(metadata);
    writer.areas([AREA]);
    const histogram = new Histogram();
    for (const value of [5, 5, 1000, 2 ** 40]) histogram.record(value);
    writer.histogram('fault latency', [...histogram.buckets()], 'ns');
    writer.event(10.5, 'oom', 'task 0 was killed');
    writer.event(9.5, 'swapoff', 'a.swap');
    writer.fault(firedFault(0));
    writer.consequence(0, 'detected', 'EIO');
    writer.finish(runOutcome());

    const run = runs.get(writer.runId);
    expect(run).toMatchObject({
      ...runHeader({ name: 'first' }),
      status: 'done',
      exitReason: null,
    });
    expect(run).toMatchObject({ ...runOutcome(), specHash: specHash(SPEC), phaseCount: 2 });
    expect(run?.phases).toEqual(phases);
    expect(run?.metadata).toEqual(metadata);
    expect(run?.areas).toEqual([AREA]);
    expect(Object.keys(run?.areas[0]?.counters ?? {})).toEqual(['writtenBack', 'heldInZswap']);
    expect(run?.histograms).toEqual([
      { name: 'fault latency', unit: 'ns', buckets: [...histogram.buckets()] },
    ]);
    expect(run?.events.map(({ kind }) => kind)).toEqual(['oom', 'swapoff']);
    expect(run?.faults).toEqual([{ ...firedFault(0), consequence: 'detected', detail: 'EIO' }]);
    expect(run?.exitCode).toBe(0);
    expect(run?.startedMs).toBeLessThanOrEqual(run?.finishedMs ?? 0);
  });

  it('has the percentiles of the live histogram', () => {
    const { runs } = workspace.open('a.db');
    const writer = runs.begin(runHeader());
    const histogram = new Histogram();
    for (let value = 1; value < 100_000; value = Math.ceil(value * 1.1)) histogram.record(value);
    writer.histogram('latency', [...histogram.buckets()], 'ns');
    const stored = runs.get(writer.runId)?.histograms[0]?.buckets ?? [];
    for (const percent of [1, 50, 90, 99, 100])
      expect(percentileOf(stored, percent)).toBe(histogram.percentile(percent));
  });

  it('keeps the latest areas, metadata and histogram that were given', () => {
    const { runs } = workspace.open('a.db');
    const writer = runs.begin(runHeader());
    for (const bytes of [1, 2]) {
      writer.areas([{ ...AREA, usedPages: bytes }]);
      writer.metadata([{ term: 'swap_map', bytes, kind: 'static' }]);
      writer.histogram('latency', [{ low: 1, high: 1, count: bytes }], 'ns');
    }
    const run = runs.get(writer.runId);
    expect(run?.areas.map(({ usedPages }) => usedPages)).toEqual([2]);
    expect(run?.metadata.map(({ bytes }) => bytes)).toEqual([2]);
    expect(run?.histograms.map(({ buckets }) => buckets[0]?.count)).toEqual([2]);
  });

  it('is running until it ends, and then stays as it ended', () => {
    const { runs } = workspace.open('a.db');
    const writer = runs.begin(runHeader());
    expect(runs.get(writer.runId)).toMatchObject({ status: 'running', digest: null, verify: null });
    writer.phase(phaseRecord(0));
    writer.fail('a.swap: truncated');
    expect(runs.get(writer.runId)).toMatchObject({
      status: 'failed',
      exitReason: 'a.swap: truncated',
      phaseCount: 1,
    });
    expect(() => {
      writer.finish(runOutcome());
    }).toThrow(/no longer there as a running one/);
    expect(runs.get(writer.runId)?.digest).toBeNull();
  });

  it('has failed when pages came back with other bytes', () => {
    const { runs } = workspace.open('a.db');
    const writer = runs.begin(runHeader());
    writer.finish(runOutcome({ verify: { pagesChecked: 9, mismatches: 2 } }));
    expect(runs.get(writer.runId)).toMatchObject({
      status: 'failed',
      exitReason: '2 of 9 pages came back with other bytes',
      verify: { pagesChecked: 9, mismatches: 2 },
    });
  });

  it('keeps its parameters with their types', () => {
    const { runs } = workspace.open('a.db');
    runs.begin(runHeader());
    const { rows } = runs.query('SELECT key, value, typeof(value) FROM param ORDER BY key');
    expect(rows).toEqual([
      ['areas.0.path', 'a.swap', 'text'],
      ['areas.0.priority', null, 'null'],
      ['design', 'swap-table', 'text'],
      ['seed', 7, 'integer'],
      ['zswap.enabled', 'true', 'text'],
      ['zswap.maxPoolPercent', 20, 'integer'],
    ]);
  });

  it('takes everything with it when it is deleted', () => {
    const { runs } = workspace.open('a.db');
    const writer = runs.begin(runHeader());
    writer.phase(phaseRecord(0));
    writer.areas([AREA]);
    writer.histogram('latency', [{ low: 1, high: 1, count: 1 }], 'ns');
    const db = new Database(workspace.path('a.db'));
    db.pragma('foreign_keys = ON');
    db.exec('DELETE FROM run');
    for (const table of ['run_wall', 'param', 'phase', 'phase_wall', 'counter', 'gauge', 'series'])
      expect(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toEqual({ n: 0 });
    for (const table of ['area', 'area_counter', 'histogram', 'histogram_bucket'])
      expect(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toEqual({ n: 0 });
    db.close();
    expect(() => {
      writer.phase(phaseRecord(1));
    }).toThrow(/the run was removed/);
  });
});

describe('equal runs', () => {
  const deterministic = [
    'SELECT spec_hash, design, seed, digest, mismatches, slot_runs, virtual_ns FROM run',
    'SELECT key, value FROM param',
    'SELECT phase_index, op, present, swapped, virtual_ns FROM phase',
    'SELECT phase_index, name, value FROM counter',
    'SELECT phase_index, position, name, time_ns, value FROM series',
    'SELECT position, time_ns, kind, detail FROM event',
  ];

  it('have equal rows but for the wall clock', () => {
    const stored = [0.5, 99].map((wallMs, index) => {
      const { runs } = workspace.open(`${index}.db`);
      const writer = runs.begin(runHeader({ name: `run ${index}` }));
      writer.phase(phaseRecord(0, { wallMs }));
      writer.event(1, 'oom', 'task 0');
      writer.finish(runOutcome({ wallMs }));
      return deterministic.map((sql) => runs.query(sql).rows);
    });
    expect(stored[0]).toEqual(stored[1]);
  });
});

describe('the list of runs', () => {
  it('is newest first, filtered and limited', () => {
    const { runs } = workspace.open('a.db');
    for (const design of ['xarray', 'vswap', 'xarray']) runs.begin(runHeader({ design }));
    runs.begin(runHeader()).fail('x');
    const ids = (filter = {}): number[] => runs.list(filter).map(({ runId }) => runId);
    expect(ids()).toEqual([4, 3, 2, 1]);
    expect(ids({ limit: 2 })).toEqual([4, 3]);
    expect(ids({ design: 'xarray' })).toEqual([3, 1]);
    expect(ids({ design: 'xarray', status: 'running', limit: 1 })).toEqual([3]);
    expect(ids({ status: 'failed' })).toEqual([4]);
  });

  it('names the ids nearest to one that is not there', () => {
    const { runs } = workspace.open('a.db');
    for (let run = 1; run <= 5; run++) runs.begin(runHeader());
    expect(runs.get(9)).toBeUndefined();
    expect(runs.nearestIds(9, 2)).toEqual([5, 4]);
    expect(runs.nearestIds(3, 3)).toEqual([3, 4, 2]);
  });
});

describe('the phases of a run that is cut off', () => {
  it('are stored whole or not at all when a row is refused', () => {
    const { runs } = workspace.open('a.db');
    const writer = runs.begin(runHeader());
    writer.phase(phaseRecord(0));
    const bad = { name: 'pool pages', timeNs: NaN, value: 1 };
    expect(() => {
      writer.phase(phaseRecord(1, { series: [bad] }));
    }).toThrow(InvariantError);
    expect(runs.get(writer.runId)?.phases).toEqual([phaseRecord(0)]);
    expect(runs.query('SELECT max(phase_index) FROM counter').rows).toEqual([[0]]);
    writer.phase(phaseRecord(1));
    expect(runs.get(writer.runId)?.phaseCount).toBe(2);
  });

  it('are stored whole or not at all when the disk is full, and the run can be marked', () => {
    workspace.open('a.db');
    const connection = new Connection(workspace.path('a.db'));
    const runs = new RunStore(connection, currentProcess());
    const writer = runs.begin(runHeader());
    connection.setPragma('max_page_count', connection.pragma('page_count') + 4);
    const series = Array.from({ length: 500 }, (_, value) => ({ name: 's', timeNs: 1, value }));
    let written = 0;
    const fill = (): void => {
      for (; written < 100; written++) writer.phase(phaseRecord(written, { series }));
    };
    expect(fill).toThrow(RunError);
    expect(fill).toThrow(
      /a\.db: no room left to write the state database \(ENOSPC\); .*SQLITE_FULL/,
    );
    expect(runs.get(writer.runId)?.phases.map((phase) => phase.series.length)).toEqual(
      Array.from({ length: written }, () => 500),
    );
    writer.fail('disk full');
    expect(runs.get(writer.runId)).toMatchObject({ status: 'failed', exitReason: 'disk full' });
    connection.close();
  });

  it('are whole after kill -9 in the middle of writing, and the run is aborted', async () => {
    const path = workspace.path('a.db');
    // As the tests' global setup has built it.
    const built = new URL('../../dist/src/runs/index.js', import.meta.url).href;
    const program = `
      import { openStateDatabase } from '${built}';
      const { runs } = openStateDatabase(process.argv[1]);
      const header = { design: 'xarray', seed: 1, spec: {}, version: '0', name: null, command: '' };
      const writer = runs.begin(header);
      const series = Array.from({ length: 3000 }, (_, value) => ({ name: 's', timeNs: 1, value }));
      const fixed = { op: 'W', present: 1, swapped: 1, virtualNs: 1, wallMs: 1, zswap: { a: 1 } };
      for (let index = 0; ; index++) {
        writer.phase({ index, ...fixed, counters: { pswpin: 1, pswpout: 2 }, series });
        console.log(index);
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface(child.stdout)) if (Number(line) >= 20) break;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;

    const [run] = workspace.open('a.db').runs.list();
    expect(run?.status).toBe('aborted');
    expect(run?.exitReason).toBe(`process ${child.pid ?? 0} ended without finishing the run`);
    const phases = workspace.open('a.db').runs.get(run?.runId ?? 0)?.phases ?? [];
    expect(phases.length).toBeGreaterThan(20);
    for (const phase of phases) {
      expect(phase.series).toHaveLength(3000);
      expect(phase.counters).toEqual({ pswpin: 1, pswpout: 2 });
      expect(phase.zswap).toEqual({ a: 1 });
    }
  });
});

describe('a run whose process is gone', () => {
  it('is aborted at the next open, and one whose process lives is not', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    await once(child, 'spawn');
    const owner = identifyProcess(child.pid ?? 0) ?? currentProcess();
    const theirs = workspace.open('a.db', { owner }).runs.begin(runHeader());
    const ours = workspace.open('a.db').runs.begin(runHeader());
    const status = (): (string | undefined)[] => {
      const { runs } = workspace.open('a.db');
      return [theirs, ours].map(({ runId }) => runs.get(runId)?.status);
    };
    expect(status()).toEqual(['running', 'running']);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(status()).toEqual(['aborted', 'running']);
  });

  it.runIf(existsSync('/proc/self/stat'))('is aborted though its pid was used again', () => {
    const self = currentProcess();
    const earlier = { pid: self.pid, startTicks: (self.startTicks ?? 0) - 5 };
    const { runId } = workspace.open('a.db', { owner: earlier }).runs.begin(runHeader());
    expect(workspace.open('a.db').runs.get(runId)?.status).toBe('aborted');
  });

  it('keeps its end when it had ended', () => {
    const dead = { pid: 2 ** 22 + 1, startTicks: 1 };
    const writer = workspace.open('a.db', { owner: dead }).runs.begin(runHeader());
    writer.finish(runOutcome());
    expect(workspace.open('a.db').runs.get(writer.runId)?.status).toBe('done');
  });

  it('is seen as aborted, and not marked so, by a reader that may not write', () => {
    const dead = { pid: 2 ** 22 + 1, startTicks: 1 };
    const { runId } = workspace.open('a.db', { owner: dead }).runs.begin(runHeader());
    const alive = workspace.open('a.db').runs.query('SELECT status FROM run').rows[0]?.[0];
    expect(alive).toBe('aborted');
    const second = workspace.open('b.db', { owner: dead }).runs.begin(runHeader());
    const { runs } = workspace.open('b.db', { readonly: true });
    const seen = {
      status: 'aborted',
      exitReason: `process ${dead.pid} ended without finishing the run`,
    };
    expect(second.runId).toBe(runId);
    expect(runs.list()).toMatchObject([seen]);
    expect(runs.list({ status: 'aborted' })).toMatchObject([seen]);
    expect(runs.list({ status: 'running' })).toEqual([]);
    expect(runs.get(runId)).toMatchObject(seen);
    expect(runs.progress(runId, -1)?.run).toMatchObject(seen);
    expect(runs.query('SELECT status FROM run').rows).toEqual([['running']]);
  });
});

describe('parts of runs', () => {
  it('are the last phases in their order', () => {
    const { runs } = workspace.open('a.db');
    const writer = runs.begin(runHeader());
    for (let index = 0; index < 5; index++) writer.phase(phaseRecord(index));
    expect(runs.latestPhases(writer.runId, 2)).toEqual([
      expect.objectContaining({ index: 3, op: phaseRecord(3).op, present: 60, virtualNs: 1234.5 }),
      expect.objectContaining({ index: 4 }),
    ]);
    expect(runs.latestPhases(writer.runId, 9)).toHaveLength(5);
    expect(runs.latestPhases(99, 2)).toEqual([]);
  });

  it('are one series of several runs, in order of time', () => {
    const { runs } = workspace.open('a.db');
    const [first, second, third] = [0, 1, 2].map(() => runs.begin(runHeader()));
    first!.phase(phaseRecord(0));
    first!.phase(phaseRecord(1, { series: [{ name: 'pool pages', timeNs: 30, value: 7 }] }));
    second!.phase(phaseRecord(0, { series: [{ name: 'other', timeNs: 1, value: 1 }] }));
    third!.phase(phaseRecord(0));
    const found = runs.seriesOf([first!.runId, second!.runId], 'pool pages');
    expect([...found.keys()]).toEqual([first!.runId]);
    expect(found.get(first!.runId)?.map(({ value }) => value)).toEqual([1, 2, 7]);
  });
});

describe('free SQL', () => {
  it('answers with columns and rows, also of equal names', () => {
    const { runs } = workspace.open('a.db');
    expect(runs.query(`SELECT 1 AS a, 2 AS a, x'00ff' AS b, 9223372036854775807 AS c`)).toEqual({
      columns: ['a', 'a', 'b', 'c'],
      rows: [[1, 2, Buffer.from([0, 255]), 9223372036854775807n]],
    });
  });

  it.each([
    'DELETE FROM run',
    'INSERT INTO run_wall (run_id) VALUES (1) RETURNING run_id',
    'UPDATE run SET seed = 1',
    'DROP TABLE run',
    'PRAGMA user_version = 9',
    'PRAGMA journal_mode = DELETE',
    'PRAGMA wal_checkpoint(TRUNCATE)',
    `VACUUM INTO 'copy.db'`,
    `ATTACH 'other.db' AS other`,
    'BEGIN IMMEDIATE',
    'SELECT 1; DELETE FROM run',
    '',
    'SELEC 1',
    'SELECT * FROM no_such_table',
    'SELECT * FROM run WHERE run_id = ?',
  ])('refuses %j and changes nothing', (statement) => {
    const database = openStateDatabase(workspace.path('a.db'));
    const { runs } = database;
    runs.begin(runHeader()).finish(runOutcome());
    const file = new Database(workspace.path('a.db'));
    file.pragma('wal_checkpoint(TRUNCATE)');
    const before = readFileSync(workspace.path('a.db'));
    expect(() => runs.query(statement)).toThrow(UsageError);
    expect(() => runs.query(statement)).toThrow(/SQL: .*; accepted is one statement that only/);
    expect(readFileSync(workspace.path('a.db')).equals(before)).toBe(true);
    expect(existsSync('copy.db') || existsSync('other.db')).toBe(false);
    file.close();
    database.close();
  });

  it('reads a copy of the file with the sqlite3 program', () => {
    const database = openStateDatabase(workspace.path('a.db'));
    const { runs } = database;
    runs.begin(runHeader()).finish(runOutcome());
    database.close();
    copyFileSync(workspace.path('a.db'), workspace.path('copy.db'));
    const sqlite3 = spawnSync('sqlite3', [workspace.path('copy.db'), 'SELECT digest FROM v_run']);
    // The program is not everywhere.
    if (sqlite3.error === undefined) expect(String(sqlite3.stdout)).toBe('abc123\n');
  });
});

describe('the views', () => {
  it('sum up each run and set designs side by side', () => {
    const { runs } = workspace.open('a.db');
    for (const design of ['xarray', 'swap-table']) {
      const writer = runs.begin(runHeader({ design }));
      writer.phase(phaseRecord(0));
      writer.phase(phaseRecord(1));
      writer.metadata([
        { term: 'a', bytes: 10, kind: 'static' },
        { term: 'b', bytes: 20, kind: 'static' },
      ]);
      writer.finish(runOutcome());
    }
    runs.begin(runHeader({ design: 'vswap' }));
    expect(
      runs.query('SELECT design, status, phases, pswpout, virtual_s, wall_s FROM v_run').rows,
    ).toEqual([
      ['xarray', 'done', 2, 21, 5, 0.1205],
      ['swap-table', 'done', 2, 21, 5, 0.1205],
      ['vswap', 'running', 0, 0, null, null],
    ]);
    const compared = runs.query(
      `SELECT design, metric, unit, value FROM v_compare
       WHERE metric IN ('pswpout', 'metadata static', 'virtual time') AND design = 'xarray'
       ORDER BY metric`,
    );
    expect(compared.rows).toEqual([
      ['xarray', 'metadata static', 'bytes', 30],
      ['xarray', 'pswpout', 'events', 21],
      ['xarray', 'virtual time', 'ms', 5000],
    ]);
    expect(runs.query(`SELECT count(*) FROM v_compare WHERE design = 'vswap'`).rows).toEqual([[0]]);
  });
});
