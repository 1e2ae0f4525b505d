/**
 * One connection to the state database: statements, transactions, and errors in swaplab's words.
 *
 * Every call goes through here, so that no error of SQLite leaves this folder untranslated.
 */
import Database from 'better-sqlite3';
import { RunError } from '../units/index.ts';
import { translateSqliteError } from './sqlite-errors.ts';

/** How long a lock of another process is waited for. assumed: writers hold it for milliseconds. */
export const BUSY_TIMEOUT_MS = 5000;

export interface ConnectionOptions {
  readonly readonly?: boolean;
  /** Milliseconds to wait for another process's lock; BUSY_TIMEOUT_MS when left out. */
  readonly busyTimeoutMs?: number;
}

/** What a column may be given or may hold. */
export type SqlValue = null | number | bigint | string | Uint8Array;

export class Connection {
  readonly path: string;
  readonly readonly: boolean;
  readonly #db: Database.Database;
  readonly #statements = new Map<string, Database.Statement<SqlValue[]>>();

  /** Opens a database file that exists; nothing in it is changed. */
  constructor(path: string, options: ConnectionOptions = {}) {
    this.path = path;
    this.readonly = options.readonly ?? false;
    this.#db = translated(path, () => {
      const db = new Database(path, {
        readonly: this.readonly,
        fileMustExist: true,
        timeout: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
      });
      db.pragma('foreign_keys = ON');
      db.pragma('trusted_schema = OFF');
      // With WAL a killed process loses nothing; a power cut may lose the last transactions whole.
      db.pragma('synchronous = NORMAL');
      return db;
    });
  }

  /** Runs one statement that changes rows; returns how many, and the id of the last one inserted. */
  run(sql: string, ...values: SqlValue[]): { changes: number; insertedId: number } {
    return translated(this.path, () => {
      const result = this.#prepare(sql).run(...values);
      return { changes: result.changes, insertedId: Number(result.lastInsertRowid) };
    });
  }

  /** All rows of a query; `Row` names its columns. */
  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return translated(this.path, () => this.#prepare(sql).all(...values) as Row[]);
  }

  /** All rows of a query with values as they are stored: whole numbers are bigint. */
  storedRows(sql: string, ...values: SqlValue[]): SqlValue[][] {
    return translated(this.path, () => {
      // A statement remembers how it answers: this one must not be that of `all`.
      const statement = this.#prepare(`${sql} /* as stored */`).raw().safeIntegers();
      return statement.all(...values) as SqlValue[][];
    });
  }

  /** Runs a script of statements without results. */
  execute(sql: string): void {
    translated(this.path, () => this.#db.exec(sql));
  }

  /** Does `action` under the write lock (BEGIN IMMEDIATE): all of it or nothing. */
  transaction<T>(action: () => T): T {
    return translated(this.path, () => this.#db.transaction(action).immediate());
  }

  /** Does `action`, which only reads, on one state of the database. */
  snapshot<T>(action: () => T): T {
    return translated(this.path, () => this.#db.transaction(action).deferred());
  }

  /** The value of a pragma that is a number. */
  pragma(name: string): number {
    return translated(this.path, () => this.#db.pragma(name, { simple: true }) as number);
  }

  setPragma(name: string, value: number | string): void {
    translated(this.path, () => this.#db.pragma(`${name} = ${value}`));
  }

  /**
   * Switches the file to write-ahead logging, which stays: readers then never wait for a writer.
   * While others hold the file SQLite refuses at once; the next one to open it switches it.
   */
  writeAhead(): void {
    try {
      this.setPragma('journal_mode', 'WAL');
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
    }
  }

  close(): void {
    this.#db.close();
  }

  #prepare(sql: string): Database.Statement<SqlValue[]> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare<SqlValue[]>(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Does `action` and rethrows what SQLite complains about as one of swaplab's errors. */
function translated<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw translateSqliteError(error, path);
  }
}
