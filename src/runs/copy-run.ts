/** Copies a run from one state database to another, all its rows as they are stored. */
import { assert } from '../units/index.ts';
import type { Connection } from './connection.ts';

/** Columns of the tables that hold rows of runs, but for numbers that each database gives itself. */
export type RunTables = ReadonlyMap<string, readonly string[]>;

/** Tables and columns that both databases have: users may have added some. */
export function commonTables(from: Connection, to: Connection): RunTables {
  const there = tablesOfRuns(from);
  const common = [...tablesOfRuns(to)].flatMap(([table, columns]) => {
    const known = there.get(table);
    if (known === undefined) return [];
    return [[table, columns.filter((column) => known.includes(column))] as const];
  });
  return new Map(common);
}

function tablesOfRuns(connection: Connection): RunTables {
  const rows = connection.all<{ name: string; columns: string }>(
    `SELECT t.name, json_group_array(c.name) FILTER (WHERE c.name NOT IN ('run_id', 'steering_id'))
       AS columns
     FROM sqlite_schema t JOIN pragma_table_info(t.name) c
     WHERE t.type = 'table'
     GROUP BY t.name HAVING sum(c.name = 'run_id') = 1`,
  );
  return new Map(rows.map(({ name, columns }) => [name, JSON.parse(columns) as string[]]));
}

/**
 * Copies all rows of run `runId` of `from`; the caller holds a transaction of `to`.
 * @param as - the number that it gets, which is free; absent: the next one
 * @returns the number that the run has got in `to`
 */
export function copyRun(
  from: Connection,
  to: Connection,
  {
    runId,
    tables,
    as,
  }: { readonly runId: number; readonly tables: RunTables; readonly as?: number },
): number {
  // Phases before their counters or not: it is looked at when all is there.
  to.execute('PRAGMA defer_foreign_keys = ON');
  const run = { table: 'run', columns: tables.get('run')!, runId };
  const [copied] = copyRows(from, to, { ...run, ...(as !== undefined && { copied: as }) });
  assert(copied !== undefined, 'a run that was listed is there');
  for (const [table, columns] of tables)
    if (table !== 'run' && table !== 'steering')
      copyRows(from, to, { table, columns, runId, copied });
  copySteering(from, to, { columns: tables.get('steering')!, runId, copied });
  return copied;
}

interface Copy {
  readonly table: string;
  readonly columns: readonly string[];
  readonly runId: number;
  /** Number of the run in its new place; left out: the run itself gets the next one. */
  readonly copied?: number;
}

/** @returns the row ids, in the order of the old ones where the table has any */
function copyRows(from: Connection, to: Connection, copy: Copy): number[] {
  const { table, columns, runId, copied } = copy;
  const quoted = columns.map((column) => `"${column}"`);
  const rows = from.storedRows(
    `SELECT ${quoted.join(', ')} FROM "${table}" WHERE run_id = ?`,
    runId,
  );
  const [names, own] = copied === undefined ? [quoted, []] : [['run_id', ...quoted], [copied]];
  const places = names.map(() => '?').join(', ');
  const insert = `INSERT INTO "${table}" (${names.join(', ')}) VALUES (${places})`;
  return rows.map((row) => to.run(insert, ...own, ...row).insertedId);
}

/** Requests have numbers of their own, which their wall-clock rows share. */
function copySteering(
  from: Connection,
  to: Connection,
  { columns, runId, copied }: Required<Omit<Copy, 'table'>>,
): void {
  const requests = from.all<{ id: number }>(
    'SELECT steering_id AS id FROM steering WHERE run_id = ? ORDER BY steering_id',
    runId,
  );
  for (const { id } of requests) {
    const [row = []] = from.storedRows(
      `SELECT ${columns.join(', ')} FROM steering WHERE steering_id = ?`,
      id,
    );
    const { insertedId } = to.run(
      `INSERT INTO steering (run_id, ${columns.join(', ')})
       VALUES (?, ${columns.map(() => '?').join(', ')})`,
      ...[copied, ...row],
    );
    const wall = 'asker_pid, asker_start, asked_ms, answered_ms';
    for (const times of from.storedRows(
      `SELECT ${wall} FROM steering_wall WHERE steering_id = ?`,
      id,
    ))
      to.run(
        `INSERT INTO steering_wall (steering_id, ${wall}) VALUES (?, ?, ?, ?, ?)`,
        ...[insertedId, ...times],
      );
  }
}
