import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { FAULT_ROWS_MAX } from '../../src/runs/fault-journal.ts';
import { INTERVALS_MAX } from '../../src/runs/interval-log.ts';
import { EVENT_ROWS_MAX } from '../../src/runs/run-writer.ts';
import { firedFault, runHeader, runOutcome, useWorkspace } from './support.ts';

const workspace = useWorkspace();

function begin() {
  const { runs } = workspace.open('a.db');
  return { runs, writer: runs.begin(runHeader()) };
}

describe('the faults of a run', () => {
  it('are stored with what became of them, the last word counting', () => {
    const { runs, writer } = begin();
    for (let id = 0; id < 5; id++) writer.fault(firedFault(id));
    writer.consequence(0, 'detected', 'EIO');
    writer.consequence(1, 'unread', '');
    writer.checkpoint({ operations: 1, state: null });
    writer.consequence(1, 'lost', 'task 0 page 7');
    writer.consequence(2, 'harmless', '');
    writer.consequence(2, 'detected', 'in the same breath');
    writer.finish(runOutcome());
    const run = runs.get(writer.runId)!;
    const { id, ...rest } = run.faults[1]!;
    expect({ id, ...rest }).toEqual({
      ...firedFault(1),
      consequence: 'lost',
      detail: 'task 0 page 7',
    });
    expect(run.faults.map(({ consequence }) => consequence)).toEqual([
      ...['detected', 'lost', 'detected', 'pending', 'pending'],
    ]);
    expect(run.faultCounts).toEqual([
      { kind: 'eio-read', consequence: 'detected', count: 2 },
      { kind: 'eio-read', consequence: 'lost', count: 1 },
      { kind: 'eio-read', consequence: 'pending', count: 2 },
    ]);
  });

  it('are on disk after so many without another word', () => {
    const { runs, writer } = begin();
    for (let id = 0; id < 300; id++) writer.fault(firedFault(id));
    expect(runs.get(writer.runId)!.faults).toHaveLength(256);
  });

  it('have only so many rows, and those that were lost; the tally has all', () => {
    const { runs, writer } = begin();
    const count = FAULT_ROWS_MAX + 1000;
    for (let id = 0; id < count; id++) {
      writer.fault(firedFault(id));
      writer.consequence(id, id === count - 5 ? 'lost' : 'unread', '');
    }
    writer.finish(runOutcome());
    const { faults, faultCounts } = runs.get(writer.runId)!;
    expect(faults).toHaveLength(FAULT_ROWS_MAX + 1);
    expect(faults.at(-1)).toMatchObject({ id: count - 5, consequence: 'lost' });
    expect(faultCounts).toEqual([
      { kind: 'eio-read', consequence: 'lost', count: 1 },
      { kind: 'eio-read', consequence: 'unread', count: count - 1 },
    ]);
    expect(statSync(workspace.path('a.db')).size).toBeLessThan(12e6);
  });
});

describe('a checkpoint', () => {
  it('is one per run, the latest', () => {
    const { runs, writer } = begin();
    expect(runs.checkpoint(writer.runId)).toBeNull();
    writer.checkpoint({ operations: 5, state: { phase: 1 } });
    writer.checkpoint({ operations: 2 ** 40, state: { phase: 2, streams: [1, 2 ** 32 - 1] } });
    expect(runs.checkpoint(writer.runId)).toEqual({
      operations: 2 ** 40,
      state: { phase: 2, streams: [1, 2 ** 32 - 1] },
    });
    expect(runs.checkpoint(99)).toBeNull();
    writer.fail('killed');
    expect(runs.checkpoint(writer.runId)?.operations).toBe(2 ** 40);
  });
});

describe('the intervals of a run', () => {
  function add(writer: ReturnType<typeof begin>['writer'], from: number, to: number): void {
    for (let index = from; index < to; index++)
      writer.interval({ operations: index * 10, timeNs: index, figures: { pool: index } });
  }

  it('read back in order, those after a given one', () => {
    const { runs, writer } = begin();
    add(writer, 0, 5);
    const all = runs.progress(writer.runId, -1)!.intervals;
    expect(all.map(({ operations }) => operations)).toEqual([0, 10, 20, 30, 40]);
    expect(all[3]).toMatchObject({ position: 3, timeNs: 3, figures: { pool: 3 } });
    expect(all[0]!.atMs).toBeLessThanOrEqual(all[4]!.atMs);
    expect(runs.progress(writer.runId, 3)!.intervals.map(({ position }) => position)).toEqual([4]);
    expect(runs.progress(99, -1)).toBeUndefined();
  });

  it('are thinned out for who wants few: evenly, the newest two among them, the same later', () => {
    const { runs, writer } = begin();
    add(writer, 0, 1000);
    const few = (): number[] =>
      runs.progress(writer.runId, -1, 300)!.intervals.map(({ position }) => position);
    const first = few();
    expect(first).toEqual([...Array.from({ length: 250 }, (_, index) => index * 4), 998, 999]);
    add(writer, 1000, 1010);
    expect(few().slice(0, 250)).toEqual(first.slice(0, 250));
    expect(runs.progress(writer.runId, -1, 2000)!.intervals).toHaveLength(1010);
    expect(runs.summary(writer.runId)).toMatchObject({ status: 'running' });
    expect(runs.summary(99)).toBeUndefined();
  });

  it('are thinned out evenly, and the newest is always there', () => {
    const { runs, writer } = begin();
    const positions = (): number[] =>
      runs.progress(writer.runId, -1)!.intervals.map(({ position }) => position);
    add(writer, 0, INTERVALS_MAX);
    expect(positions()).toHaveLength(INTERVALS_MAX);
    add(writer, INTERVALS_MAX, INTERVALS_MAX + 2);
    // Halved at one more than the most: 0, 2, 4, …, and the newest.
    expect(positions()).toHaveLength(INTERVALS_MAX / 2 + 2);
    expect(positions().slice(0, 3)).toEqual([0, 2, 4]);
    expect(positions().at(-1)).toBe(INTERVALS_MAX + 1);
    const last = 5 * INTERVALS_MAX + 3;
    add(writer, INTERVALS_MAX + 2, last + 1);
    const kept = positions();
    expect(kept.length).toBeLessThanOrEqual(INTERVALS_MAX);
    expect(kept.at(-1)).toBe(last);
    expect(new Set(kept.slice(1, -1).map((position, index) => position - kept[index]!))).toEqual(
      new Set([8]),
    );
    const { rows } = runs.query('SELECT count(*) FROM interval_wall');
    expect(rows).toEqual([[kept.length]]);
  });

  it('renew the time of life', () => {
    const { runs, writer } = begin();
    const alive = (): number => Number(runs.query('SELECT alive_ms FROM run_wall').rows[0]![0]);
    const db = new Database(workspace.path('a.db'));
    for (const renew of [
      () => {
        add(writer, 0, 1);
      },
      () => {
        writer.checkpoint({ operations: 0, state: null });
      },
    ]) {
      db.exec('UPDATE run_wall SET alive_ms = 0');
      renew();
      expect(alive()).toBeGreaterThan(1e12);
    }
    db.close();
  });
});

describe('the events of a run', () => {
  it('have only so many rows', () => {
    const { runs, writer } = begin();
    for (let index = 0; index < EVENT_ROWS_MAX + 5; index++) writer.event(index, 'checksum', '');
    expect(runs.query('SELECT count(*) FROM event').rows).toEqual([[EVENT_ROWS_MAX]]);
    writer.finish(runOutcome());
  });
});

describe('the exit code of a run', () => {
  it('is that of its command', () => {
    const { runs, writer } = begin();
    expect(runs.get(writer.runId)?.exitCode).toBeNull();
    writer.finish(runOutcome({ verify: { pagesChecked: 2, mismatches: 1 } }));
    expect(runs.get(writer.runId)?.exitCode).toBe(3);
    const other = runs.begin(runHeader());
    other.fail('silent damage', 3);
    expect(runs.get(other.runId)?.exitCode).toBe(3);
    const third = runs.begin(runHeader());
    third.fail('no disk');
    expect(runs.get(third.runId)?.exitCode).toBe(1);
  });
});

describe('a run with a long life', () => {
  it('takes everything with it when it is deleted', () => {
    const { runs, writer } = begin();
    writer.fault(firedFault(0));
    writer.checkpoint({ operations: 1, state: {} });
    writer.interval({ operations: 1, timeNs: 1, figures: {} });
    runs.steering.ask(writer.runId, { action: 'swapoff', area: '/a', priority: null });
    const db = new Database(workspace.path('a.db'));
    db.pragma('foreign_keys = ON');
    db.exec('DELETE FROM run');
    for (const table of ['fault', 'fault_tally', 'checkpoint', 'interval', 'interval_wall'])
      expect(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toEqual({ n: 0 });
    for (const table of ['steering', 'steering_wall'])
      expect(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toEqual({ n: 0 });
    db.close();
  });
});
