/**
 * The schema of the state database: its mark in the file, the way to the newest version, and the
 * check that a file is what it says it is. README.md here describes the tables for people.
 */
import { UsageError } from '../units/index.ts';
import { Connection } from './connection.ts';
import { MIGRATIONS } from './migrations.ts';
import { ACCEPTED_DATABASE } from './sqlite-errors.ts';

/** `SWLB`: says in bytes 68 to 71 of the file whose database it is (PRAGMA application_id). */
export const APPLICATION_ID = 0x53574c42;

/**
 * Brings a database to the newest version and marks it as ours, in one transaction.
 *
 * @param migrations - SQL by version: entry i leads from version i to i + 1
 * @throws UsageError when it was made by a newer swaplab, or its tables are not ours
 */
export function migrate(connection: Connection, migrations: readonly string[] = MIGRATIONS): void {
  const found = userVersion(connection);
  if (found > migrations.length)
    throw new UsageError(
      `${connection.path}: made by a newer swaplab (schema version ${found}); ` +
        `accepted are versions up to ${migrations.length}`,
    );
  if (found < migrations.length && connection.readonly)
    throw new UsageError(
      `${connection.path}: made by an older swaplab (schema version ${found}) and opened for ` +
        `reading only; \`swaplab runs ls\` makes it version ${migrations.length}`,
    );
  if (found < migrations.length)
    connection.transaction(() => {
      // Asked again under the write lock: another process may have been quicker.
      const version = userVersion(connection);
      checkObjects(connection, migrations.slice(0, version));
      for (const sql of migrations.slice(version)) connection.execute(sql);
      connection.setPragma('application_id', APPLICATION_ID);
      connection.setPragma('user_version', Math.max(version, migrations.length));
    });
  checkObjects(connection, migrations);
}

/**
 * Refuses a database whose tables are not those that `migrations` make. What a user has added
 * (a table, a view, an index) may stay; in version 0 nothing may be there.
 */
function checkObjects(connection: Connection, migrations: readonly string[]): void {
  const model = new Connection(':memory:');
  for (const sql of migrations) model.execute(sql);
  const expected = schemaObjects(model);
  model.close();
  const present = schemaObjects(connection);
  const wrong =
    migrations.length === 0
      ? [...present.keys()][0]
      : [...expected.keys()].find((name) => present.get(name) !== expected.get(name));
  if (wrong === undefined) return;
  throw new UsageError(
    `${connection.path}: not the tables of a state database of version ${migrations.length} ` +
      `(see ${wrong}); ${ACCEPTED_DATABASE}`,
  );
}

/** The SQL of every table, view and index, by name. */
function schemaObjects(connection: Connection): Map<string, string> {
  const rows = connection.all<{ name: string; sql: string }>(
    `SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
  );
  return new Map(rows.map(({ name, sql }) => [name, sql]));
}

/** Made by an older swaplab: `migrate` has something to do. */
export function isOlder(connection: Connection): boolean {
  return userVersion(connection) < MIGRATIONS.length;
}

function userVersion(connection: Connection): number {
  return connection.pragma('user_version');
}
