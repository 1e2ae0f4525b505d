import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { AreaRecord, MetricRecord, RunWriter, SlotMapRecord } from '../../src/runs/index.ts';
import { phaseRecord, runHeader, runOutcome, useWorkspace } from './support.ts';

const workspace = useWorkspace();

const AREA: AreaRecord = {
  ...{ type: 2, path: '/tmp/a.swap', kind: 'file', pages: 1023, usedPages: 40, priority: -2 },
  counters: {},
};
const METRICS: readonly MetricRecord[] = [
  {
    ...{ group: 'kernel counters', name: 'pswpout', unit: 'pages', better: 'lower' },
    ...{ isAlwaysShown: false, value: 21 },
  },
  {
    ...{ group: 'devices', name: 'mean run length', unit: 'pages', better: 'higher' },
    ...{ isAlwaysShown: true, value: 3.25 },
  },
];
const OPERATIONS = { swapIn: { pswpin: 4 }, swapOut: { pswpout: 21, tableRead: 7 } };
const SLOT_MAP: SlotMapRecord = {
  type: 2,
  cells: [
    { firstSlot: 0, slots: 512, counts: [500, 4, 3, 2, 1, 2] },
    { firstSlot: 512, slots: 512, counts: [512, 0, 0, 0, 0, 0] },
  ],
  clusterLists: [
    { list: 'nonfull', order: 0, clusters: 1 },
    { list: 'free', order: 0, clusters: 1 },
  ],
  freeRuns: [
    { low: 1, high: 1, count: 3 },
    { low: 512, high: 767, count: 2 },
  ],
};

function storeResult(writer: RunWriter): void {
  writer.areas([AREA]);
  writer.metrics(METRICS);
  writer.operations(OPERATIONS);
  writer.slotMaps([SLOT_MAP]);
}

describe('what a run has worked out', () => {
  it('reads back as it was written', () => {
    const { runs } = workspace.open('a.db');
    const writer = runs.begin(runHeader());
    storeResult(writer);
    writer.interval({ operations: 5, timeNs: 7.5, figures: { pswpin: 3 } });
    writer.checkpoint({ operations: 5, state: { at: 'five' } });
    const run = runs.get(writer.runId)!;
    expect(run.metrics).toEqual(METRICS);
    expect(run.operations).toEqual(OPERATIONS);
    expect(run.slotMaps).toEqual([SLOT_MAP]);
    expect(run.intervals).toMatchObject([{ position: 0, operations: 5, figures: { pswpin: 3 } }]);
    expect(run.checkpoint).toEqual({ operations: 5, state: { at: 'five' } });
  });

  it('is nothing in a run that an earlier version stored', () => {
    const made = readFileSync(new URL('version-1.sql', import.meta.url), 'utf8');
    const db = new Database(workspace.path('a.db'));
    db.exec(made);
    db.close();
    expect(workspace.open('a.db').runs.get(1)).toMatchObject({
      ...{ metrics: [], operations: {}, slotMaps: [], intervals: [], checkpoint: null },
    });
  });

  it('goes with the run', () => {
    const { runs } = workspace.open('a.db');
    storeResult(runs.begin(runHeader()));
    const db = new Database(workspace.path('a.db'));
    db.pragma('foreign_keys = ON');
    db.exec('DELETE FROM run');
    for (const table of ['metric', 'operation_counter', 'slot_cell', 'cluster_list', 'free_run'])
      expect(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toEqual({ n: 0 });
    db.close();
  });

  it('keeps slot maps whose states do not add up out', () => {
    const writer = workspace.open('a.db').runs.begin(runHeader());
    writer.areas([AREA]);
    const wrong = { firstSlot: 0, slots: 512, counts: [1, 1, 1, 1, 1, 1] };
    expect(() => {
      writer.slotMaps([{ ...SLOT_MAP, cells: [wrong] }]);
    }).toThrow(/CHECK/);
  });
});

describe('the view of comparisons', () => {
  it('has the metrics of a run, and sums of counters that are none', () => {
    const { runs } = workspace.open('a.db');
    const writer = runs.begin(runHeader());
    writer.phase(phaseRecord(0));
    storeResult(writer);
    writer.finish(runOutcome());
    const { rows } = runs.query(
      `SELECT metric_group, metric, unit, better, value FROM v_compare ORDER BY metric`,
    );
    expect(rows).toEqual([
      ['devices', 'mean run length', 'pages', 'higher', 3.25],
      ['events', 'pswpin', 'events', 'none', 3],
      ['kernel counters', 'pswpout', 'pages', 'lower', 21],
      ['run', 'slot runs', 'runs', 'lower', 4],
      ['events', 'zswpout', 'events', 'none', 5],
    ]);
  });
});
