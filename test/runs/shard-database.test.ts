import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../src/runs/migrations.ts';
import { APPLICATION_ID } from '../../src/runs/schema.ts';
import { runHeader, runOutcome, useWorkspace } from './support.ts';

const workspace = useWorkspace();
const PLAN_ID = 'b'.repeat(64);
const planned = runHeader({ planId: PLAN_ID });

/** @source https://www.sqlite.org/fileformat.html 1.3.3: 2 at 18 and 19 says WAL, 1 a rollback journal */
const isInWal = (name: string): boolean => readFileSync(workspace.path(name))[18] === 2;

describe('the database of a shard', () => {
  it('is one file, also while it is written and when others have looked at it', () => {
    const shard = workspace.open('shard.db', { journal: 'delete' });
    // Making areas ready looks at the table of active ones before the first run begins.
    workspace.open('shard.db').close();
    const writer = shard.runs.begin(planned);
    expect(isInWal('shard.db')).toBe(false);
    expect(workspace.open('shard.db').runs.planned()).toMatchObject([{ status: 'running' }]);
    expect(isInWal('shard.db')).toBe(false);
    writer.finish(runOutcome());
    expect(existsSync(workspace.path('shard.db-wal'))).toBe(false);
    copyFileSync(workspace.path('shard.db'), workspace.path('copy.db'));
    const copy = workspace.open('copy.db', { readonly: true });
    expect([...copy.runs.donePlanIds()]).toEqual([PLAN_ID]);
  });

  it('turns from write-ahead logging when a shard is run into one that was made otherwise', () => {
    workspace.open('shard.db').close();
    expect(isInWal('shard.db')).toBe(true);
    workspace.open('shard.db', { journal: 'delete' });
    expect(isInWal('shard.db')).toBe(false);
  });

  it('is read where a writer was killed in the midst of a transaction', () => {
    workspace.open('shard.db', { journal: 'delete' }).runs.begin(planned).finish(runOutcome());
    // With so small a cache half of the transaction is in the file when the process dies.
    const script = `const db = require('better-sqlite3')(process.argv[1]);
      db.pragma('cache_size = 2');
      db.exec("BEGIN IMMEDIATE; UPDATE run SET status = 'failed', plan_id = NULL");
      for (let i = 0; i < 500; i++)
        db.prepare('INSERT INTO param VALUES (1, ?, ?)').run('key' + i, 'x'.repeat(500));
      process.kill(process.pid, 'SIGKILL')`;
    spawnSync(process.execPath, ['-e', script, workspace.path('shard.db')]);
    expect(existsSync(workspace.path('shard.db-journal'))).toBe(true);
    const { runs } = workspace.open('shard.db', { readonly: true });
    expect(runs.planned()).toMatchObject([{ planId: PLAN_ID, status: 'done' }]);
  });
});

describe('a database of version 4', () => {
  it('comes to version 5 with its runs, which are of no plan and of a process of here', () => {
    const path = workspace.path('old.db');
    const db = new Database(path);
    for (const sql of MIGRATIONS.slice(0, 4)) db.exec(sql);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma('user_version = 4');
    const insert = db.prepare(`INSERT INTO run
      (run_id, spec_hash, design, seed, version, spec, command, status)
      VALUES (?, '${'0'.repeat(64)}', 'xarray', 1, '0', '{}', '', ?)`);
    const wall = db.prepare(
      'INSERT INTO run_wall (run_id, started_ms, owner_pid, alive_ms) VALUES (?, 1, ?, 1)',
    );
    const owners = { done: 2 ** 22 + 1, running: process.pid, aborted: 2 ** 22 + 1 };
    Object.values(owners).forEach((pid, at) => {
      insert.run(at + 1, at === 0 ? 'done' : 'running');
      wall.run(at + 1, pid);
    });
    db.close();
    const { runs } = workspace.open('old.db');
    expect(runs.list().map(({ status }) => status)).toEqual(['aborted', 'running', 'done']);
    expect(runs.planned()).toEqual([]);
    runs.begin(planned).finish(runOutcome());
    expect(runs.claimOf(PLAN_ID)).toMatchObject({ runId: 4, status: 'done' });
  });
});
