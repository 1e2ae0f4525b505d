/**
 * What SQLite reports, in swaplab's three kinds of failure: a broken constraint or a wrong
 * statement is a bug, a file that is no database is the user's mistake, everything else failed
 * outside.
 */
import Database from 'better-sqlite3';
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { InvariantError, RunError, UsageError } from '../units/index.ts';

/** What `--db` takes; ends every message about a file that is refused. */
export const ACCEPTED_DATABASE =
  'accepted is a state database of swaplab, an empty file, or a path where no file is yet';

/** Result codes, by their primary name, that only a mistake of ours can cause. */
const BUGS: ReadonlySet<string> = new Set([
  'SQLITE_ERROR',
  'SQLITE_CONSTRAINT',
  'SQLITE_MISMATCH',
  'SQLITE_MISUSE',
  'SQLITE_RANGE',
]);

const NO_ROOM =
  'no room left to write the state database (ENOSPC); free space, or give another with --db';

/** What to tell the user about the other ones. */
const ADVICE: Readonly<Record<string, string>> = {
  SQLITE_FULL: NO_ROOM,
  SQLITE_BUSY: 'the state database stays locked by another process; wait until it has ended',
  SQLITE_IOERR: 'reading or writing the state database failed',
  SQLITE_READONLY: 'the state database cannot be written; make it and its folder writable',
  SQLITE_CANTOPEN: 'the state database cannot be opened; make it and its folder accessible',
  SQLITE_CORRUPT: 'the state database is damaged; restore a copy, or give another with --db',
};

/** Turns an error of better-sqlite3 into the one to throw; other errors come back unchanged. */
export function translateSqliteError(error: unknown, path: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const { code, message } = error;
  // Extended codes append a word: SQLITE_IOERR_WRITE, SQLITE_BUSY_SNAPSHOT.
  const primary = code.split('_').slice(0, 2).join('_');
  if (primary === 'SQLITE_NOTADB')
    return new UsageError(`${path}: not a database; ${ACCEPTED_DATABASE}`);
  if (code === 'SQLITE_CONSTRAINT_FOREIGNKEY')
    return new RunError(
      `${path}: the run was removed from the state database while it was written`,
    );
  if (BUGS.has(primary)) return new InvariantError(`${path}: ${code}: ${message}`);
  const advice = isOutOfRoom(primary, path)
    ? NO_ROOM
    : (ADVICE[primary] ?? 'the state database cannot be used');
  return new RunError(`${path}: ${advice} (${code}: ${message})`);
}

/**
 * SQLITE_FULL is ENOSPC at a write of the database or its log. Where the index of the log finds no room
 * SQLite says IOERR or CANTOPEN, and nothing of errno: the file system is asked.
 */
function isOutOfRoom(primary: string, path: string): boolean {
  if (primary !== 'SQLITE_IOERR' && primary !== 'SQLITE_CANTOPEN') return false;
  try {
    return statfsSync(dirname(path)).bavail === 0;
  } catch {
    return false;
  }
}
