/**
 * Takes the runs of another state database into this one: of the shards of a sweep, of another
 * machine. Merging the same file again changes nothing, and the order of merges does not matter but
 * for the numbers that runs get.
 *
 * The other file is only read; where an older version made it a copy of it is brought to this one.
 * Live runs write to this database meanwhile: the write lock is held while rows are copied, not
 * while runs are compared.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckError, RunError } from '../units/index.ts';
import { Connection } from './connection.ts';
import { firstDifference } from './content-hash.ts';
import { commonTables, copyRun } from './copy-run.ts';
import { inspectDatabaseFile } from './database-file.ts';
import { allRuns, KnownRuns, type KnownRun } from './known-runs.ts';
import { claimOf, removeAttempts } from './planned-runs.ts';
import { isOlder, migrate } from './schema.ts';

export interface MergeResult {
  /** Numbers there, and those that the runs have got here; ascending. */
  readonly added: readonly { readonly from: number; readonly runId: number }[];
  /** Runs of there that are here already. */
  readonly known: readonly number[];
  /** Runs that lived there, or whose end is not known, or that live here: they are left out. */
  readonly live: readonly number[];
}

type OnRun = (done: number, total: number) => void;

/**
 * @param path - the other database
 * @param onRun - told as runs of there are compared, and as they are copied: each counts twice
 * @throws RunError when it is no state database
 * @throws CheckError when a run there has the spec and the version of one here but other numbers: one
 *   of them is wrong; nothing is merged then
 * @throws UsageError when a newer swaplab made it
 */
export function mergeRuns(
  connection: Connection,
  path: string,
  onRun: OnRun = () => undefined,
): MergeResult {
  return withSource(path, (source) => mergeFrom(connection, source, { path, onRun }));
}

/**
 * Opens another state database to read it, a copy of it where an older version made it.
 * @throws RunError when it is none; UsageError when a newer swaplab made it
 */
export function withSource<T>(path: string, read: (source: Connection) => T): T {
  if (inspectDatabaseFile(path) !== 'ours') throw new RunError(`${path}: no state database`);
  const source = new Connection(path, { readonly: true });
  try {
    if (isOlder(source)) return withNewerCopy(source, read);
    migrate(source);
    return read(source);
  } finally {
    source.close();
  }
}

function withNewerCopy<T>(source: Connection, read: (copy: Connection) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'swaplab-merge-'));
  try {
    const copy = join(folder, 'copy.db');
    // One state of the database, also of what stands in its write-ahead log only.
    source.execute(`VACUUM INTO '${copy.replaceAll("'", "''")}'`);
    const other = new Connection(copy);
    try {
      migrate(other);
      return read(other);
    } finally {
      other.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mergeFrom(
  connection: Connection,
  other: Connection,
  { path, onRun }: { path: string; onRun: OnRun },
): MergeResult {
  return other.snapshot(() => {
    const theirs = allRuns(other);
    let done = 0;
    const next = (): void => {
      onRun(done, 2 * theirs.length);
      done += 1;
    };
    const live = theirs.filter(({ line }) => line.status === 'running');
    const ended = theirs.filter(({ line }) => line.status !== 'running');
    const { wanted, seen } = connection.snapshot(() => {
      const runs = allRuns(connection);
      const here = new KnownRuns(runs);
      return {
        wanted: ended.filter((run) => {
          next();
          return isNew(run, here, { connection, path });
        }),
        seen: new Set(idsOf(runs.filter(({ line }) => line.status !== 'running'))),
      };
    });
    return connection.transaction(() => {
      // What others have stored since is looked at under the lock: it is little.
      const late = new KnownRuns(allRuns(connection, seen));
      const tables = commonTables(other, connection);
      const liveHere = new Set<KnownRun>();
      const added = wanted.flatMap((run) => {
        next();
        if (!isNew(run, late, { connection, path })) return [];
        if (!makeWay(run, { connection, path })) {
          liveHere.add(run);
          return [];
        }
        const from = run.line.runId;
        return [{ from, runId: copyRun(other, connection, { runId: from, tables }) }];
      });
      const copied = new Set(added.map(({ from }) => from));
      const left = new Set(idsOf([...liveHere]));
      const known = idsOf(ended).filter((runId) => !copied.has(runId) && !left.has(runId));
      return { added, known, live: [...idsOf(live), ...left].sort((a, b) => a - b) };
    });
  });
}

function idsOf(runs: readonly KnownRun[]): number[] {
  return runs.map(({ line }) => line.runId);
}

/**
 * Of a line of a plan that is done only one run can be here: what is left of others goes.
 * @returns false while one lives here
 * @throws CheckError when one is done here, which is another than this
 */
function makeWay(
  { line }: KnownRun,
  { connection, path }: { connection: Connection; path: string },
): boolean {
  if (line.planId === null || line.status !== 'done') return true;
  const claim = claimOf(connection, line.planId);
  if (claim?.status === 'running') return false;
  if (claim !== null)
    throw new CheckError(
      `${path}: run ${line.runId} and run ${claim.runId} here are the same run of a plan, but ` +
        'differ: one of them is wrong; nothing was merged',
    );
  removeAttempts(connection, line.planId);
  return true;
}

/**
 * Whether `known` has no such run yet, which it has then.
 * @throws CheckError when it has one that contradicts it
 */
function isNew(
  run: KnownRun,
  known: KnownRuns,
  { connection, path }: { connection: Connection; path: string },
): boolean {
  if (known.has(run)) return false;
  const other = known.contradictionOf(run);
  if (other === undefined) {
    known.add(run);
    return true;
  }
  const where = other.isIn(connection) ? 'here' : 'there';
  const whose = `run ${other.line.runId} ${where}, of the same spec and version (${run.line.version})`;
  const is = `${path}: run ${run.line.runId} has the digest ${run.line.digest ?? ''}`;
  throw new CheckError(
    (run.line.digest === other.line.digest
      ? `${is} as has ${whose}, but ${firstDifference(run.read(), other.read())}: `
      : `${is}, but ${whose}, has ${other.line.digest ?? ''}: `) +
      'one of them is wrong; nothing was merged',
  );
}
