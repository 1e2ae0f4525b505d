/** Reads back what a run has worked out at its end: metrics, counts by operation, slot maps. */
import type { HistogramBucket } from '../engine/index.ts';
import type { Connection } from './connection.ts';
import { byOwner, namedValues } from './grouping.ts';
import {
  SLOT_STATES,
  type ClusterListRecord,
  type MetricRecord,
  type OperationCounters,
  type SlotMapCell,
  type SlotMapRecord,
  type SlotState,
} from './records.ts';

export function readMetrics(connection: Connection, runId: number): MetricRecord[] {
  return connection
    .all<Omit<MetricRecord, 'isAlwaysShown'> & { readonly alwaysShown: number }>(
      `SELECT metric_group AS "group", name, unit, better, always_shown AS alwaysShown, value
       FROM metric WHERE run_id = ? ORDER BY position`,
      runId,
    )
    .map(({ group, name, unit, better, alwaysShown, value }) => ({
      ...{ group, name, unit, better },
      isAlwaysShown: alwaysShown === 1,
      value,
    }));
}

export function readOperations(connection: Connection, runId: number): OperationCounters {
  const counters = byOwner(
    connection.all<{ owner: string; name: string; value: number }>(
      `SELECT operation AS owner, name, value FROM operation_counter
       WHERE run_id = ? ORDER BY operation, name`,
      runId,
    ),
  );
  const operations: Record<string, Record<string, number>> = {};
  for (const [name, rows] of counters) operations[name] = namedValues(rows);
  return operations;
}

export function readSlotMaps(connection: Connection, runId: number): SlotMapRecord[] {
  interface CellRow extends Omit<SlotMapCell, 'counts'>, Record<SlotState, number> {
    readonly owner: number;
  }
  const rowsOf = <Row extends { readonly owner: number }>(
    columns: string,
    table: string,
    order: string,
  ): Map<number, Omit<Row, 'owner'>[]> =>
    byOwner(
      connection.all<Row>(
        `SELECT type AS owner, ${columns} FROM ${table} WHERE run_id = ? ORDER BY type, ${order}`,
        runId,
      ),
    );
  const states = SLOT_STATES.join(', ');
  const cells = rowsOf<CellRow>(
    `first_slot AS firstSlot, slots, ${states}`,
    'slot_cell',
    'first_slot',
  );
  const lists = rowsOf<ClusterListRecord & { readonly owner: number }>(
    'list, cluster_order AS "order", clusters',
    'cluster_list',
    'position',
  );
  const runs = rowsOf<HistogramBucket & { readonly owner: number }>(
    'low, high, count',
    'free_run',
    'low',
  );
  return [...cells].map(([type, rows]) => ({
    type,
    cells: rows.map(({ firstSlot, slots, ...counts }) => ({
      ...{ firstSlot, slots },
      counts: SLOT_STATES.map((state) => counts[state]),
    })),
    clusterLists: lists.get(type) ?? [],
    freeRuns: runs.get(type) ?? [],
  }));
}
