/** Free SQL over the state database, for people and scripts: reading only. */
import Database from 'better-sqlite3';
import { UsageError } from '../units/index.ts';
import { BUSY_TIMEOUT_MS, type SqlValue } from './connection.ts';
import { translateSqliteError } from './sqlite-errors.ts';

export interface QueryResult {
  readonly columns: readonly string[];
  /** In the order of `columns`; bigint only beyond 2^53. */
  readonly rows: readonly (readonly SqlValue[])[];
}

const ACCEPTED = 'accepted is one statement that only reads and returns rows, such as SELECT';

/**
 * Answers one statement over a connection of its own that cannot write.
 * @throws UsageError when the statement is wrong, writes, or returns no rows
 */
export function queryReadOnly(path: string, sql: string): QueryResult {
  const refuse = (problem: string): UsageError => new UsageError(`SQL: ${problem}; ${ACCEPTED}`);
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    const statement = db.prepare<SqlValue[]>(sql);
    if (!statement.readonly) throw refuse('the statement would change the database');
    if (!statement.reader) throw refuse('the statement returns no rows');
    const columns = statement.columns().map((column) => column.name);
    const rows = statement.safeIntegers().raw().all() as SqlValue[][];
    return { columns, rows: rows.map((row) => row.map(plainNumber)) };
  } catch (error) {
    // RangeError: no statement, or several.
    if (error instanceof RangeError) throw refuse(error.message);
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_ERROR')
      throw refuse(error.message);
    throw translateSqliteError(error, path);
  } finally {
    db?.close();
  }
}

function plainNumber(value: SqlValue): SqlValue {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
