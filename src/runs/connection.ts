/**
 * One connection to the state database: statements, transactions, and errors in swaplab's words.
 *
 * Every call goes through here, so that no error of SQLite leaves this folder untranslated.
 */
import Database from 'better-sqlite3';
import { existsSync } from 'node:fs';
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
    const timeout = options.busyTimeoutMs ?? BUSY_TIMEOUT_MS;
    this.#db = translated(path, () => {
      if (this.readonly) rollBackKilled(path, timeout);
      const db = new Database(path, { readonly: this.readonly, fileMustExist: true, timeout });
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
   * While others hold the file SQLite refuses at once; it then stays as it is.
   */
  writeAhead(): void {
    this.#setJournal('WAL');
  }

  /** Switches the file to a rollback journal, in the same way: all of it is in one file then. */
  rollBack(): void {
    this.#setJournal('DELETE');
    // Without a log a power cut at the wrong moment could damage the file under NORMAL.
    this.setPragma('synchronous', 'FULL');
  }

  close(): void {
    this.#db.close();
  }

  #setJournal(mode: 'WAL' | 'DELETE'): void {
    try {
      this.setPragma('journal_mode', mode);
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
    }
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

/**
 * What a killed process was writing under a rollback journal has to be taken back before anybody can
 * read, which a connection that only reads may not do.
 * @source https://www.sqlite.org/lockingv3.html 4.0 (hot journals)
 */
function rollBackKilled(path: string, timeout: number): void {
  if (!existsSync(`${path}-journal`)) return;
  const db = new Database(path, { fileMustExist: true, timeout });
  try {
    // To look is enough: SQLite tells a journal that is left from one in use by the lock.
    db.pragma('user_version');
  } finally {
    db.close();
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
