/** Opens the state database: one SQLite file with the active areas and the runs. */
import type { ActiveAreas } from '../area/active-areas.ts';
import { RunError } from '../units/index.ts';
import { ActiveAreaTable } from './active-area-table.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { createDatabaseFile, inspectDatabaseFile } from './database-file.ts';
import { currentProcess, type ProcessIdentity } from './process-identity.ts';
import { RunStore } from './run-store.ts';
import { migrate } from './schema.ts';

export interface StateDatabaseOptions extends ConnectionOptions {
  /** Who owns the runs that are begun and the areas that are taken; this process when left out. */
  readonly owner?: ProcessIdentity;
  /**
   * `delete`: a rollback journal in place of the write-ahead log, for a database that processes of
   * other hosts read, or that is copied as one file. Readers and the writer wait for each other then.
   * @source https://www.sqlite.org/wal.html, "WAL does not work over a network filesystem"
   */
  readonly journal?: 'wal' | 'delete';
}

/** Milliseconds that a writer waits for a merge to read a shard: some 10,000 runs. assumed */
const SHARD_TIMEOUT_MS = 60_000;

export interface StateDatabase {
  readonly activeAreas: ActiveAreas;
  readonly runs: RunStore;
  close(): void;
}

/**
 * Opens the state database at `path`, makes it where there is none, brings it to the newest schema
 * and marks the runs of dead processes as aborted. Read-only, none of that happens: the file must
 * be there and of this version.
 *
 * @throws UsageError when `path` is something else than a state database of this version or older
 * @throws RunError when the file cannot be opened, written, or waited for
 */
export function openStateDatabase(path: string, options: StateDatabaseOptions = {}): StateDatabase {
  const isWritable = options.readonly !== true;
  const state = inspectDatabaseFile(path);
  if (state !== 'ours' && !isWritable)
    throw new RunError(`${path}: no state database yet; \`swaplab run\` makes one`);
  if (state === 'absent') createDatabaseFile(path);
  const isShard = options.journal === 'delete';
  const connection = new Connection(path, {
    ...(isShard ? { busyTimeoutMs: SHARD_TIMEOUT_MS } : {}),
    ...options,
  });
  try {
    // Of the file SQLite only reads; this also refuses tables beside it, and copies.
    if (!isWritable) connection.setPragma('query_only', 'ON');
    migrate(connection);
    const owner = options.owner ?? currentProcess();
    const runs = new RunStore(connection, owner);
    if (isWritable) {
      if (isShard) connection.rollBack();
      // Who only happens to look at a shard must not change how it is written.
      else if (state !== 'ours') connection.writeAhead();
      runs.markAborted();
    }
    return {
      activeAreas: new ActiveAreaTable(connection, owner),
      runs,
      close: () => {
        connection.close();
      },
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * A state database with a table of active areas of its own, in memory, in place of the one that all
 * processes share: which areas others have made active decides types and priorities of a run's.
 */
export function withOwnAreas(database: StateDatabase): StateDatabase {
  const connection = new Connection(':memory:');
  migrate(connection);
  return {
    activeAreas: new ActiveAreaTable(connection, currentProcess()),
    runs: database.runs,
    close: () => {
      connection.close();
      database.close();
    },
  };
}
