import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { type PlannedMerge, type RunHeader, type RunStore } from '../../src/runs/index.ts';
import { SILENT_MS } from '../../src/runs/orphans.ts';
import { CheckError, RunError } from '../../src/units/index.ts';
import { phaseRecord, runHeader, runOutcome, useWorkspace } from './support.ts';

const workspace = useWorkspace();
const ELSEWHERE = { pid: 2 ** 22 + 1, startTicks: 1, host: 'another boot' };

const idOf = (seed: number): string => String(seed).repeat(64).slice(0, 64);
const header = (seed: number): RunHeader =>
  runHeader({ seed, spec: { design: 'vswap', seed }, planId: idOf(seed) });

/** Stores the run of a line that is done. */
function store(runs: RunStore, seed: number, digest = `digest ${seed}`): void {
  const writer = runs.begin(header(seed));
  writer.phase(phaseRecord(0));
  writer.finish(runOutcome({ digest }));
}

const merge = (
  runs: RunStore,
  names: readonly string[],
  onRun?: (done: number) => void,
): PlannedMerge =>
  runs.mergePlanned(
    names.map((name) => workspace.path(name)),
    { ids: [1, 2, 3].map(idOf), ...(onRun !== undefined && { onRun }) },
  );

const done = ({ doneIds }: PlannedMerge): number[] => [...doneIds].map((id) => Number(id[0]));

/** A shard with lines that are done. */
function shard(name: string, ...seeds: readonly number[]): RunStore {
  const { runs } = workspace.open(name);
  for (const seed of seeds) store(runs, seed);
  return runs;
}

describe('merging the runs of a plan', () => {
  it('leaves, and does not count, what a live process runs in the destination', () => {
    shard('one.db', 1, 2);
    const { runs } = workspace.open('all.db');
    const writer = runs.begin(header(1));
    const merged = merge(runs, ['one.db']);
    expect(merged.files).toMatchObject([{ added: 1, known: 0, left: 1 }]);
    expect(done(merged)).toEqual([2]);
    shard('two.db', 2);
    const only = merge(workspace.open('other.db').runs, ['two.db']);
    expect(merged.contentHash).toBe(only.contentHash);
    writer.phase(phaseRecord(0));
    writer.finish(runOutcome({ digest: 'digest 1' }));
    expect(merge(runs, ['one.db']).files).toMatchObject([{ added: 0, known: 2, left: 0 }]);
  });

  it('takes a run in place of one that failed, or of one of another host that fell silent', () => {
    shard('one.db', 1, 2);
    const { runs } = workspace.open('all.db');
    runs.begin(header(1)).fail('no room');
    workspace.open('all.db', { owner: ELSEWHERE }).runs.begin(header(2));
    const db = new Database(workspace.path('all.db'));
    db.prepare('UPDATE run_wall SET alive_ms = ?').run(Date.now() - SILENT_MS - 1);
    db.close();
    expect(merge(runs, ['one.db']).files).toMatchObject([{ added: 2, left: 0 }]);
    expect(runs.planned().map(({ status }) => status)).toEqual(['done', 'done']);
  });

  it('takes a failed run once, and leaves it where the run failed before or is done', () => {
    workspace.open('one.db').runs.begin(header(1)).fail('no room');
    const { runs } = workspace.open('all.db');
    expect(merge(runs, ['one.db']).files).toMatchObject([{ failed: 1, left: 0 }]);
    expect(merge(runs, ['one.db']).files).toMatchObject([{ failed: 0, left: 1 }]);
    store(runs, 1);
    const merged = merge(runs, ['one.db']);
    expect(merged.files).toMatchObject([{ failed: 0, left: 1 }]);
    expect(done(merged)).toEqual([1]);
  });

  it.each([
    ['digest 1', 'is known'],
    ['another digest', 'is an error'],
  ])('compares what another process finished meanwhile: %s %s', (digest) => {
    shard('one.db', 1);
    const { runs } = workspace.open('all.db');
    const meanwhile = (count: number): void => {
      // All files are read: from now on the write lock is taken for each.
      if (count === 1) store(workspace.open('all.db').runs, 1, digest);
    };
    const run = (): PlannedMerge => merge(runs, ['one.db'], meanwhile);
    if (digest === 'digest 1') expect(run().files).toMatchObject([{ added: 0, known: 1 }]);
    else {
      expect(run).toThrow(CheckError);
      expect(runs.planned()).toHaveLength(1);
    }
  });

  it('goes on where it was killed between two files, with the same numbers and content', () => {
    shard('one.db', 3, 1);
    shard('two.db', 2);
    const { runs } = workspace.open('all.db');
    // Three runs are read, two of the first file copied: the next is the second file's.
    const die = (count: number): void => {
      if (count === 6) throw new RunError('killed');
    };
    expect(() => merge(runs, ['one.db', 'two.db'], die)).toThrow('killed');
    expect(runs.planned()).toHaveLength(2);
    const again = merge(runs, ['one.db', 'two.db']);
    expect(again.files).toMatchObject([{ known: 2 }, { added: 1 }]);
    const { runs: other } = workspace.open('other.db');
    expect(again.contentHash).toBe(merge(other, ['two.db', 'one.db']).contentHash);
    expect(other.planned().map(({ runId, planId }) => [runId, planId])).toEqual(
      [1, 2, 3].map((seed) => [seed, idOf(seed)]),
    );
  });
});

describe('an ordinary merge of databases with runs of a plan', () => {
  it('leaves a run that lives here, and takes the place of one that failed', () => {
    shard('one.db', 1, 2);
    const { runs } = workspace.open('all.db');
    runs.begin(header(1));
    runs.begin(header(2)).fail('no room');
    const merged = runs.merge(workspace.path('one.db'));
    expect(merged).toMatchObject({ added: [{ from: 2 }], known: [], live: [1] });
    expect(runs.planned().map(({ status }) => status)).toEqual(['running', 'done']);
  });
});

describe('the schema', () => {
  it('has one run of a line that is done or lives', () => {
    shard('a.db', 1);
    const db = new Database(workspace.path('a.db'));
    const copy = `INSERT INTO run (spec_hash, design, seed, version, spec, command, plan_id, status)
      SELECT spec_hash, design, seed, version, spec, command, plan_id, ? FROM run LIMIT 1`;
    const insert = db.prepare(copy);
    expect(() => insert.run('running')).toThrow(/UNIQUE/);
    expect(() => insert.run('done')).toThrow(/UNIQUE/);
    expect(insert.run('failed').changes).toBe(1);
    db.close();
  });
});
