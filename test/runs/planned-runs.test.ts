import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { RunTakenError, type RunStore } from '../../src/runs/index.ts';
import { SILENT_MS } from '../../src/runs/orphans.ts';
import { phaseRecord, runHeader, runOutcome, useWorkspace } from './support.ts';

const workspace = useWorkspace();

const PLAN_ID = 'a'.repeat(64);
const planned = runHeader({ planId: PLAN_ID });
const DEAD = { pid: 2 ** 22 + 1, startTicks: 1 };
/** A process of a machine that this one knows nothing of. */
const ELSEWHERE = { ...DEAD, host: 'another boot pid:[4026531836]' };

/** Sets when a run last said that it lives. */
function setAliveMs(name: string, ms: number): void {
  const db = new Database(workspace.path(name));
  db.prepare('UPDATE run_wall SET alive_ms = ?').run(ms);
  db.close();
}

const statuses = (runs: RunStore): string[] => runs.planned().map(({ status }) => status);

describe('a line of a plan', () => {
  it('is run by one of two processes that share a database', () => {
    const [first, second] = [workspace.open('a.db').runs, workspace.open('a.db').runs];
    const writer = first.begin(planned);
    expect(() => second.begin(planned)).toThrow(RunTakenError);
    expect(() => second.begin(planned)).toThrow(`run 1 is run by process ${process.pid}`);
    expect(second.claimOf(PLAN_ID)).toMatchObject({ status: 'running', aliveElsewhereMs: null });
    writer.finish(runOutcome());
    expect(() => second.begin(planned)).toThrow('run 1 is done');
    expect(second.claimOf(PLAN_ID)).toMatchObject({ runId: 1, status: 'done' });
    expect([...second.donePlanIds()]).toEqual([PLAN_ID]);
  });

  it('is run again where it failed, or its process is gone', () => {
    const { runs } = workspace.open('a.db');
    runs.begin(planned).fail('no room');
    expect(runs.claimOf(PLAN_ID)).toBeNull();
    workspace.open('a.db', { owner: DEAD }).runs.begin(planned);
    expect(runs.lastAttempt(PLAN_ID)).toBe(2);
    expect(statuses(runs)).toEqual(['aborted']);
    runs.begin(planned).finish(runOutcome());
    expect(statuses(runs)).toEqual(['done']);
    expect(runs.donePlanIds().size).toBe(1);
  });
});

describe('a run of a process on another host', () => {
  it('lives while it says so: nobody marks, takes or removes it', () => {
    const theirs = workspace.open('a.db', { owner: ELSEWHERE }).runs.begin(planned);
    const { runs } = workspace.open('a.db');
    expect(statuses(runs)).toEqual(['running']);
    expect(() => runs.begin(planned)).toThrow(/run 1 is run by process \d+ of another host/);
    setAliveMs('a.db', Date.now() - SILENT_MS + 60_000);
    expect(statuses(workspace.open('a.db').runs)).toEqual(['running']);
    theirs.phase(phaseRecord(0));
    theirs.finish(runOutcome());
    expect(statuses(runs)).toEqual(['done']);
  });

  it('counts as aborted when it has been silent, but is not marked before a day', () => {
    workspace.open('a.db', { owner: ELSEWHERE }).runs.begin(planned);
    setAliveMs('a.db', Date.now() - SILENT_MS - 1);
    const { runs } = workspace.open('a.db');
    expect(runs.planned()).toMatchObject([
      { status: 'aborted', exitReason: expect.stringMatching(/of another host has not shown/) },
    ]);
    expect(runs.query('SELECT status FROM run').rows).toEqual([['running']]);
    setAliveMs('a.db', Date.now() - 25 * 3600_000);
    expect(workspace.open('a.db').runs.query('SELECT status FROM run').rows).toEqual([['aborted']]);
  });

  it('is taken over when it has been silent', () => {
    workspace.open('a.db', { owner: ELSEWHERE }).runs.begin(planned);
    setAliveMs('a.db', Date.now() - SILENT_MS - 1);
    workspace.open('a.db').runs.begin(planned).finish(runOutcome());
    expect(workspace.open('a.db').runs.planned()).toMatchObject([{ runId: 2, status: 'done' }]);
  });

  it('says at every phase and by itself that it lives', () => {
    const { runs } = workspace.open('a.db');
    const writer = runs.begin(planned);
    const alive = () => runs.query('SELECT alive_ms FROM run_wall').rows[0]![0];
    for (const sign of [
      () => {
        writer.phase(phaseRecord(0));
      },
      () => {
        writer.renewLife();
      },
    ]) {
      setAliveMs('a.db', 5);
      sign();
      expect(alive()).toBeGreaterThan(5);
    }
  });
});
