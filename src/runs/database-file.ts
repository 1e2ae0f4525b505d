/**
 * The file behind the state database: whose it is, and how it comes to be.
 *
 * A file is judged by its first 100 bytes, read without SQLite: opening a stranger's database with
 * SQLite could already roll back its journal or move its log into it.
 * @source https://www.sqlite.org/fileformat.html 1.3 (magic at 0, application id at 68)
 */
import { closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RunError, UsageError } from '../units/index.ts';
import { APPLICATION_ID } from './schema.ts';
import { ACCEPTED_DATABASE } from './sqlite-errors.ts';

const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
const APPLICATION_ID_OFFSET = 68;

/**
 * What is at `path`: nothing yet, an empty file, or a state database. Changes nothing.
 * @throws UsageError for anything else; RunError when it cannot be looked at
 */
export function inspectDatabaseFile(path: string): 'absent' | 'empty' | 'ours' {
  const header = Buffer.alloc(HEADER_BYTES);
  let length: number;
  try {
    const stat = statSync(path);
    if (!stat.isFile())
      throw new UsageError(
        `${path}: ${stat.isDirectory() ? 'a folder' : 'not a regular file'}; ${ACCEPTED_DATABASE}`,
      );
    if (stat.size === 0) return 'empty';
    length = readHeader(path, header);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
    throw fileError(error, path);
  }
  if (length < HEADER_BYTES || header.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw new UsageError(`${path}: not a database; ${ACCEPTED_DATABASE}`);
  if (header.readUInt32BE(APPLICATION_ID_OFFSET) !== APPLICATION_ID)
    throw new UsageError(`${path}: a database of another program; ${ACCEPTED_DATABASE}`);
  return 'ours';
}

/** Makes the folders (mode 0700) and the empty file (mode 0600); keeps what is there. */
export function createDatabaseFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    // Another process that starts at the same time may have made it.
    if (
      (error as NodeJS.ErrnoException).code !== 'EEXIST' ||
      inspectDatabaseFile(path) === 'absent'
    )
      throw fileError(error, path);
  }
}

function readHeader(path: string, header: Buffer): number {
  const descriptor = openSync(path, 'r');
  try {
    return readSync(descriptor, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(descriptor);
  }
}

/** Node's own message ends in the call and the path; the code and its meaning are enough. */
function fileError(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  const meaning = message.replace(/^\w+: /, '').replace(/, \w+ '.*$/, '');
  return new RunError(
    `${path}: the state database cannot be opened: ${meaning} (${code}); ` +
      'give another with --db, or a path in a folder that you may write',
  );
}
