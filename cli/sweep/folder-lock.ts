/**
 * The lock on a work folder: one process at a time. SQLite holds it, as a lock of the kernel on a file,
 * which ends with its process however that ends; so none is ever stale, and none is taken over.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { RunError, UsageError } from '../../src/units/index.ts';

/** The file that is locked; nothing is in it. */
export const LOCK_FILE = 'lock';

/**
 * Locks a folder until the result is called, or the process ends.
 * @throws RunError while another process has it, UsageError where no file can be made or locked
 */
export function lockFolder(folder: string): () => void {
  const file = join(folder, LOCK_FILE);
  let lock: Database.Database | null = null;
  try {
    lock = new Database(file, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    const code = error instanceof Database.SqliteError ? error.code : (error as Error).message;
    if (code.startsWith('SQLITE_BUSY'))
      throw new RunError(`${folder}: another process runs a sweep there; wait until it has ended`);
    throw new UsageError(`--work: ${folder} cannot be locked: ${code}`);
  }
  // Whoever had it before may just have removed the folder.
  if (!existsSync(file)) {
    lock.close();
    throw new RunError(`${folder}: another process has just ended a sweep there; try again`);
  }
  const held = lock;
  return () => {
    held.close();
  };
}
