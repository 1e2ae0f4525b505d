/**
 * Which runs of two databases are the same, and which contradict each other. Most runs are told apart
 * by what stands in one row; only those that are not are read.
 */
import type { Connection } from './connection.ts';
import { contentHash, identityHash } from './content-hash.ts';
import { assert } from '../units/index.ts';
import type { RunStatus, StoredRun } from './records.ts';
import { isRepeatable } from './repeatable.ts';
import { readRun, readSpec } from './run-reader.ts';

interface RunLine {
  readonly runId: number;
  readonly status: RunStatus;
  readonly digest: string | null;
  readonly version: string;
  /** Runs of one content have one outline. */
  readonly outline: string;
  /** Runs of one spec and version have one origin. */
  readonly origin: string;
  /** Of a line of a sweep's plan. */
  readonly planId: string | null;
  readonly isSteered: 0 | 1;
  readonly hasCheckpoint: 0 | 1;
}

/** A run in one of the databases; what takes reading is read when it is asked for. */
export class KnownRun {
  readonly line: RunLine;
  readonly #connection: Connection;
  #contentHash: string | undefined;
  #identity: string | undefined;

  constructor(connection: Connection, line: RunLine) {
    this.#connection = connection;
    this.line = line;
  }

  get contentHash(): string {
    this.#contentHash ??= contentHash(this.read());
    return this.#contentHash;
  }

  /** All that is stored of it. */
  read(): StoredRun {
    const run = readRun(this.#connection, this.line.runId);
    assert(run !== undefined, 'a run that was listed is there');
    return run;
  }

  get identity(): string {
    this.#identity ??= identityHash(readSpec(this.#connection, this.line.runId));
    return this.#identity;
  }

  get isRepeatable(): boolean {
    const { isSteered, hasCheckpoint, ...line } = this.line;
    return isRepeatable({
      ...line,
      isSteered: isSteered === 1,
      hasCheckpoint: hasCheckpoint === 1,
    });
  }

  isIn(connection: Connection): boolean {
    return this.#connection === connection;
  }
}

/** All runs of a database but `except`, by number; live ones too. */
export function allRuns(
  connection: Connection,
  except: ReadonlySet<number> = new Set(),
): KnownRun[] {
  // Their numbers first: a run's row is large, and most were seen a moment ago.
  const ids = connection
    .all<{ runId: number }>('SELECT run_id AS runId FROM run ORDER BY run_id')
    .filter(({ runId }) => !except.has(runId));
  return ids.flatMap(({ runId }) => {
    const lines = connection.all<RunLine>(
      `SELECT run_id AS runId, status, digest, version, plan_id AS planId,
         json_array(design, seed, version, status, exit_code, digest, pages_checked, mismatches,
           slot_runs, virtual_ns, plan_id) AS outline,
         json_array(design, seed, version) AS origin,
         EXISTS (SELECT 1 FROM steering WHERE steering.run_id = run.run_id
           AND steering.status = 'answered') AS isSteered,
         EXISTS (SELECT 1 FROM checkpoint WHERE checkpoint.run_id = run.run_id) AS hasCheckpoint
       FROM run WHERE run_id = ?`,
      runId,
    );
    return lines.map((line) => new KnownRun(connection, line));
  });
}

/** Runs that have ended, to look others up among. */
export class KnownRuns {
  readonly #byOutline = new Map<string, KnownRun[]>();
  readonly #byOrigin = new Map<string, SameOrigin>();

  constructor(runs: readonly KnownRun[]) {
    for (const run of runs) if (run.line.status !== 'running') this.add(run);
  }

  add(run: KnownRun): void {
    append(this.#byOutline, run.line.outline, run);
    if (!run.isRepeatable) return;
    const related = this.#byOrigin.get(run.line.origin);
    if (related === undefined) this.#byOrigin.set(run.line.origin, new SameOrigin(run));
    else related.add(run);
  }

  has(run: KnownRun): boolean {
    const alike = this.#byOutline.get(run.line.outline) ?? [];
    return alike.some(({ contentHash }) => contentHash === run.contentHash);
  }

  /** One of the same spec and version that came to other numbers: one of the two is wrong. */
  contradictionOf(run: KnownRun): KnownRun | undefined {
    if (!run.isRepeatable) return undefined;
    const same = this.#byOrigin.get(run.line.origin)?.withIdentityOf(run) ?? [];
    return same.find((known) => known.contentHash !== run.contentHash);
  }
}

/** Runs of one design, seed and version: thousands of a sweep, whose specs are read when one is asked for. */
class SameOrigin {
  readonly #unread: KnownRun[];
  readonly #byIdentity = new Map<string, KnownRun[]>();

  constructor(run: KnownRun) {
    this.#unread = [run];
  }

  add(run: KnownRun): void {
    this.#unread.push(run);
  }

  withIdentityOf(run: KnownRun): readonly KnownRun[] {
    for (const each of this.#unread.splice(0)) append(this.#byIdentity, each.identity, each);
    return this.#byIdentity.get(run.identity) ?? [];
  }
}

function append(map: Map<string, KnownRun[]>, key: string, run: KnownRun): void {
  const runs = map.get(key);
  if (runs === undefined) map.set(key, [run]);
  else runs.push(run);
}
