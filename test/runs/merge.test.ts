import { readFileSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import {
  contentHash,
  openStateDatabase,
  type RunStore,
  type StoredRun,
} from '../../src/runs/index.ts';
import { CheckError, UsageError } from '../../src/units/index.ts';
import { firedFault, phaseRecord, runHeader, runOutcome, useWorkspace } from './support.ts';

const workspace = useWorkspace();

/** Stores a run that is done, with rows in most tables. @returns its number */
function store(
  runs: RunStore,
  seed: number,
  changes: { digest?: string; wallMs?: number; name?: string } = {},
): number {
  const { name = `seed ${seed}` } = changes;
  const spec = { design: 'vswap', seed, name };
  const writer = runs.begin(runHeader({ spec, seed, name }));
  writer.phase(phaseRecord(0, { wallMs: changes.wallMs ?? 1 }));
  writer.histogram('majorFault.ns', [{ low: 4, high: 4, count: 2 }], 'ns');
  writer.metadata([{ term: 'swp_desc', bytes: 24, kind: 'dynamic' }]);
  const area = { type: 0, path: `/tmp/${Math.floor(changes.wallMs ?? 1)}`, kind: 'file' as const };
  writer.areas([{ ...area, pages: 9, usedPages: 1, priority: -2, counters: { writes: 3 } }]);
  writer.event(5, 'oom', 'task 0');
  writer.fault(firedFault(1));
  writer.finish(runOutcome({ digest: `digest ${seed}`, ...changes }));
  return writer.runId;
}

const get = (runs: RunStore, runId: number): StoredRun => runs.get(runId)!;

/** Rows of each table of a database, by name. */
function rowCounts(path: string): Record<string, number> {
  const db = new Database(path, { readonly: true });
  const tables = db.prepare<[], { name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
  );
  const counts = tables.all().map(({ name }) => {
    const { n } = db.prepare<[], { n: number }>(`SELECT count(*) AS n FROM "${name}"`).get()!;
    return [name, n];
  });
  db.close();
  return Object.fromEntries(counts) as Record<string, number>;
}

describe('merging state databases', () => {
  it('takes every row of a run under a new number', () => {
    const here = workspace.open('here.db').runs;
    const there = workspace.open('there.db').runs;
    store(here, 1);
    const from = [store(there, 2), store(there, 3)];
    const added = [
      { from: from[0], runId: 2 },
      { from: from[1], runId: 3 },
    ];
    expect(here.merge(workspace.path('there.db'))).toEqual({ added, known: [], live: [] });
    for (const pair of added)
      expect(get(here, pair.runId)).toEqual({ ...get(there, pair.from!), runId: pair.runId });
    const [one, both] = [
      rowCounts(workspace.path('there.db')),
      rowCounts(workspace.path('here.db')),
    ];
    for (const [table, count] of Object.entries(one))
      expect(both[table], table).toBe((count / 2) * 3);
  });

  it('changes nothing the second time, also where the wall clock said something else', () => {
    const here = workspace.open('here.db').runs;
    const there = workspace.open('there.db').runs;
    store(here, 1);
    store(there, 1, { wallMs: 99 });
    const path = workspace.path('there.db');
    expect(here.merge(path)).toEqual({ added: [], known: [1], live: [] });
    store(there, 2);
    expect(here.merge(path)).toMatchObject({ added: [{ from: 2, runId: 2 }], known: [1] });
    const before = rowCounts(workspace.path('here.db'));
    expect(here.merge(path)).toEqual({ added: [], known: [1, 2], live: [] });
    expect(rowCounts(workspace.path('here.db'))).toEqual(before);
  });

  it('knows a run under another name, and finds the contradiction under one', () => {
    const here = workspace.open('here.db').runs;
    const there = workspace.open('there.db').runs;
    store(here, 1, { name: 'mine' });
    store(there, 1, { name: 'theirs' });
    const path = workspace.path('there.db');
    expect(here.merge(path)).toEqual({ added: [], known: [1], live: [] });
    store(there, 1, { name: 'wrong', digest: 'other' });
    expect(() => here.merge(path)).toThrow(/run 2 has the digest other, but run 1 here/);
  });

  it('tells failed runs by why they failed, also in one database', () => {
    const here = workspace.open('here.db').runs;
    const there = workspace.open('there.db').runs;
    const fail = (reason: string, exitCode: number): void => {
      there.begin(runHeader()).fail(reason, exitCode);
    };
    fail('no space', 1);
    fail('no space', 3);
    fail('killed', 1);
    fail('killed', 1);
    const { added, known } = here.merge(workspace.path('there.db'));
    expect(added.map(({ from }) => from)).toEqual([1, 2, 3]);
    expect(known).toEqual([4]);
  });

  it('refuses a run of the same spec and version with another digest, and merges none', () => {
    const here = workspace.open('here.db').runs;
    const there = workspace.open('there.db').runs;
    store(here, 1);
    store(there, 5);
    store(there, 1, { digest: 'other' });
    const merge = (): unknown => here.merge(workspace.path('there.db'));
    expect(merge).toThrow(CheckError);
    expect(merge).toThrow(
      /run 2 has the digest other, but run 1 here, .* has digest 1: one of them is wrong/,
    );
    expect(here.list()).toHaveLength(1);
  });

  it('gives the same content in whatever order', () => {
    const [first, second, both, reverse] = ['1.db', '2.db', 'a.db', 'b.db'].map(
      (name) => workspace.open(name).runs,
    );
    store(first!, 1);
    store(second!, 2);
    for (const name of ['1.db', '2.db']) both!.merge(workspace.path(name));
    for (const name of ['2.db', '1.db', '2.db']) reverse!.merge(workspace.path(name));
    expect(both!.contentHash()).toBe(reverse!.contentHash());
    expect(both!.contentHash()).not.toBe(first!.contentHash());
  });

  it('reads only runs here that one of there may be', () => {
    const here = workspace.open('here.db').runs;
    const there = workspace.open('there.db').runs;
    store(here, 1);
    store(here, 2);
    store(there, 2);
    store(there, 3);
    // Whoever reads run 1 finds no spec.
    const db = new Database(workspace.path('here.db'));
    db.pragma('ignore_check_constraints = ON');
    db.exec("UPDATE run SET spec = '?' WHERE run_id = 1");
    db.close();
    expect(here.merge(workspace.path('there.db'))).toEqual({
      ...{ added: [{ from: 2, runId: 3 }], known: [1], live: [] },
    });
  });

  it('lets others store runs here while it compares, and takes theirs into account', () => {
    const here = workspace.open('here.db').runs;
    const there = workspace.open('there.db').runs;
    const other = workspace.open('here.db', { busyTimeoutMs: 0 }).runs;
    store(there, 1);
    store(there, 2);
    let isFirst = true;
    const result = here.merge(workspace.path('there.db'), () => {
      if (isFirst) store(other, 2);
      isFirst = false;
    });
    expect(result).toEqual({ added: [{ from: 1, runId: 2 }], known: [2], live: [] });
  });

  it('does not change the other database', () => {
    const here = workspace.open('here.db').runs;
    const database = openStateDatabase(workspace.path('there.db'));
    store(database.runs, 1);
    database.close();
    const bytes = readFileSync(workspace.path('there.db'));
    expect(here.merge(workspace.path('there.db')).added).toHaveLength(1);
    expect(readFileSync(workspace.path('there.db')).equals(bytes)).toBe(true);
  });

  it('keeps whole and real numbers of parameters apart', () => {
    const here = workspace.open('here.db').runs;
    store(workspace.open('there.db').runs, 1);
    here.merge(workspace.path('there.db'));
    expect(here.query("SELECT typeof(value) FROM param WHERE key = 'seed'").rows).toEqual([
      ['integer'],
    ]);
  });

  it('leaves out runs that live', () => {
    const here = workspace.open('here.db').runs;
    workspace.open('there.db').runs.begin(runHeader());
    expect(here.merge(workspace.path('there.db'))).toEqual({ added: [], known: [], live: [1] });
  });

  it('brings an older database to this version in a copy', () => {
    const path = workspace.path('old.db');
    const db = new Database(path);
    db.exec(readFileSync(new URL('version-1.sql', import.meta.url), 'utf8'));
    db.close();
    const bytes = readFileSync(path);
    const here = workspace.open('here.db').runs;
    expect(here.merge(path).added.length).toBeGreaterThan(0);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('refuses a newer database, and what is none', () => {
    const here = workspace.open('here.db').runs;
    workspace.open('new.db');
    const db = new Database(workspace.path('new.db'));
    db.pragma('user_version = 99');
    db.close();
    expect(() => here.merge(workspace.path('new.db'))).toThrow(UsageError);
    expect(() => here.merge(workspace.path('new.db'))).toThrow(/made by a newer swaplab/);
    writeFileSync(workspace.path('empty.db'), '');
    expect(() => here.merge(workspace.path('empty.db'))).toThrow(/no state database/);
  });
});

describe('the content hash of a run', () => {
  it('is of what spec and seed decide, and of nothing else', () => {
    const { runs } = workspace.open('here.db');
    const run = get(runs, store(runs, 1));
    const slower = { ...run, runId: 9, name: 'other', command: 'x', wallMs: 5, startedMs: 3 };
    expect(contentHash(slower)).toBe(contentHash(run));
    expect(contentHash(get(runs, store(runs, 2)))).not.toBe(contentHash(run));
    const [phase] = run.phases;
    const counters = { ...phase!.counters, pswpout: 11 };
    expect(contentHash({ ...run, phases: [{ ...phase!, counters }] })).not.toBe(contentHash(run));
  });
});
