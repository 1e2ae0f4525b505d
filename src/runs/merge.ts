/**
 * Takes the runs of another state database into this one: of the shards of a sweep, of another
 * machine. Merging the same file again changes nothing, and the order of merges does not matter but
 * for the numbers that runs get.
 *
 * The other file is only read: a copy of it is brought to this version.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, CheckError, RunError } from '../units/index.ts';
import { Connection } from './connection.ts';
import { contentHash, identityHash } from './content-hash.ts';
import { inspectDatabaseFile } from './database-file.ts';
import type { RunSummary, StoredRun } from './records.ts';
import { listRuns, readRun } from './run-reader.ts';
import { migrate } from './schema.ts';

export interface MergeResult {
  /** Numbers there, and those that the runs have got here; ascending. */
  readonly added: readonly { readonly from: number; readonly runId: number }[];
  /** Runs of there that are here already. */
  readonly known: readonly number[];
  /** Runs that lived there, or whose end is not known: they are left out. */
  readonly live: readonly number[];
}

/** The schema under which the copy is attached. */
const OTHER = 'other';

/**
 * @param path - the other database
 * @param onRun - told before each run that is looked at: those of here, then those of there
 * @throws RunError when it is no state database
 * @throws CheckError when a run there has the spec and the version of one here but another digest: one
 *   of them is wrong; nothing is merged then
 * @throws UsageError when a newer swaplab made it
 */
export function mergeRuns(
  connection: Connection,
  path: string,
  onRun: (done: number, total: number) => void = () => undefined,
): MergeResult {
  if (inspectDatabaseFile(path) !== 'ours') throw new RunError(`${path}: no state database`);
  const folder = mkdtempSync(join(tmpdir(), 'swaplab-merge-'));
  try {
    const copy = join(folder, 'copy.db');
    copyDatabase(path, copy);
    const other = new Connection(copy);
    try {
      migrate(other);
      return mergeFrom(connection, other, { path, onRun });
    } finally {
      other.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One state of the database, also of what stands in its write-ahead log only. */
function copyDatabase(from: string, to: string): void {
  const source = new Connection(from, { readonly: true });
  try {
    source.execute(`VACUUM INTO '${to.replaceAll("'", "''")}'`);
  } finally {
    source.close();
  }
}

function mergeFrom(
  connection: Connection,
  other: Connection,
  { path, onRun }: { path: string; onRun: (done: number, total: number) => void },
): MergeResult {
  connection.run(`ATTACH ? AS ${OTHER}`, other.path);
  try {
    return connection.transaction(() => {
      const [own, theirs] = [listRuns(connection), listRuns(other).reverse()];
      let done = 0;
      const next = (): void => {
        onRun(done, own.length + theirs.length);
        done += 1;
      };
      const here = knownRuns(connection, own, next);
      const added: MergeResult['added'][number][] = [];
      const [known, live]: [number[], number[]] = [[], []];
      for (const { runId: from, status } of theirs) {
        next();
        if (status === 'running') {
          live.push(from);
          continue;
        }
        const run = stored(other, from);
        const hash = contentHash(run);
        if (here.hashes.has(hash)) {
          known.push(from);
          continue;
        }
        requireAgreement(run, here, path);
        const runId = copyRun(connection, from);
        here.hashes.add(hash);
        noteRepeatable(here, { ...run, runId });
        added.push({ from, runId });
      }
      return { added, known, live };
    });
  } finally {
    connection.execute(`DETACH ${OTHER}`);
  }
}

interface KnownRuns {
  readonly hashes: Set<string>;
  /** Runs that anybody can repeat, by spec (the name is none of it) and version. */
  readonly repeatable: Map<string, Pick<StoredRun, 'runId' | 'digest'>>;
}

function knownRuns(
  connection: Connection,
  runs: readonly RunSummary[],
  next: () => void,
): KnownRuns {
  const here: KnownRuns = { hashes: new Set(), repeatable: new Map() };
  for (const { runId, status } of runs) {
    next();
    if (status === 'running') continue;
    const run = stored(connection, runId);
    here.hashes.add(contentHash(run));
    noteRepeatable(here, run);
  }
  return here;
}

/** Done, and no other process had a hand in it. */
function isRepeatable({ status, digest, steering }: StoredRun): boolean {
  return status === 'done' && digest !== null && steering.length === 0;
}

function noteRepeatable({ repeatable }: KnownRuns, run: StoredRun): void {
  if (isRepeatable(run)) repeatable.set(identity(run), { runId: run.runId, digest: run.digest });
}

function identity({ spec, version }: StoredRun): string {
  return `${identityHash(spec)} ${version}`;
}

function requireAgreement(run: StoredRun, { repeatable }: KnownRuns, path: string): void {
  const here = repeatable.get(identity(run));
  if (!isRepeatable(run) || here === undefined || here.digest === run.digest) return;
  throw new CheckError(
    `${path}: run ${run.runId} has the digest ${run.digest ?? ''}, but run ${here.runId} here, of ` +
      `the same spec and version (${run.version}), has ${here.digest ?? ''}: one of them is ` +
      'wrong; nothing was merged',
  );
}

function stored(connection: Connection, runId: number): StoredRun {
  const run = readRun(connection, runId);
  assert(run !== undefined, 'a run that was listed is there');
  return run;
}

/** Copies all rows of a run under a new number, which it returns. */
function copyRun(connection: Connection, from: number): number {
  // Phases before their counters or not: it is looked at when all is there.
  connection.execute('PRAGMA defer_foreign_keys = ON');
  const tables = tablesOfRuns(connection);
  const { insertedId: runId } = connection.run(
    `INSERT INTO main.run (${list(tables.get('run'))})
     SELECT ${list(tables.get('run'))} FROM ${OTHER}.run WHERE run_id = ?`,
    from,
  );
  for (const [table, columns] of tables) {
    if (table === 'run' || table === 'steering') continue;
    connection.run(
      `INSERT INTO main."${table}" (run_id, ${list(columns)})
       SELECT ?, ${list(columns)} FROM ${OTHER}."${table}" WHERE run_id = ?`,
      ...[runId, from],
    );
  }
  copySteering(connection, { from, runId, columns: list(tables.get('steering')) });
  return runId;
}

/** Requests have numbers of their own, which their wall-clock rows share. */
function copySteering(
  connection: Connection,
  { from, runId, columns }: { from: number; runId: number; columns: string },
): void {
  const requests = connection.all<{ id: number }>(
    `SELECT steering_id AS id FROM ${OTHER}.steering WHERE run_id = ? ORDER BY steering_id`,
    from,
  );
  for (const { id } of requests) {
    const { insertedId } = connection.run(
      `INSERT INTO main.steering (run_id, ${columns})
       SELECT ?, ${columns} FROM ${OTHER}.steering WHERE steering_id = ?`,
      ...[runId, id],
    );
    connection.run(
      `INSERT INTO main.steering_wall (steering_id, asker_pid, asker_start, asked_ms, answered_ms)
       SELECT ?, asker_pid, asker_start, asked_ms, answered_ms
       FROM ${OTHER}.steering_wall WHERE steering_id = ?`,
      ...[insertedId, id],
    );
  }
}

/** Columns of the tables that hold rows of runs in both databases, but for the run's number. */
function tablesOfRuns(connection: Connection): Map<string, string[]> {
  const rows = connection.all<{ name: string; columns: string }>(
    `SELECT t.name, json_group_array(c.name) FILTER (WHERE c.name NOT IN ('run_id', 'steering_id'))
       AS columns
     FROM main.sqlite_schema t JOIN pragma_table_info(t.name) c
     WHERE t.type = 'table' AND t.name IN (SELECT name FROM ${OTHER}.sqlite_schema)
     GROUP BY t.name HAVING sum(c.name = 'run_id') = 1`,
  );
  return new Map(rows.map(({ name, columns }) => [name, JSON.parse(columns) as string[]]));
}

function list(columns: readonly string[] = []): string {
  return columns.map((column) => `"${column}"`).join(', ');
}
