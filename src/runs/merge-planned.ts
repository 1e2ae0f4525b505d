/**
 * Takes the runs of sweeps out of other state databases: those that are done, by the id that they have
 * in every plan. What killed or failed attempts left changes nothing as soon as the run is done anywhere.
 *
 * First all files are read and compared, so that a contradiction is found before anything is written.
 * Then each file's runs are copied in a transaction of their own; their numbers follow the plan,
 * whatever shard they come from.
 */
import { CheckError } from '../units/index.ts';
import type { Connection } from './connection.ts';
import { contentHash, contentHashOfAll, firstDifference } from './content-hash.ts';
import { commonTables, copyRun } from './copy-run.ts';
import { inspectDatabaseFile } from './database-file.ts';
import { withSource } from './merge.ts';
import { listPlanned, type PlannedRun } from './planned-runs.ts';
import type { StoredRun } from './records.ts';
import { readRun } from './run-reader.ts';

export interface MergePlannedOptions {
  /** Ids of the runs that count, in their order; null: all that have one, in the order of files. */
  readonly ids: readonly string[] | null;
  /** Told as runs are read, and as they are copied. */
  readonly onRun?: (done: number) => void;
}

/** What one file brought. */
export interface FileMerge {
  readonly path: string;
  readonly added: number;
  /** Runs that are done, and were here, or in a file before. */
  readonly known: number;
  /** Failed runs that were taken, since they are done nowhere. */
  readonly failed: number;
  /** Runs that were left: aborted ones, live ones, those of other plans. */
  readonly left: number;
}

export interface PlannedMerge {
  readonly files: readonly FileMerge[];
  /** SHA-256 of the runs that count and are done, whatever their numbers and order. */
  readonly contentHash: string;
  /** How many these are. */
  readonly doneCount: number;
}

/** A run in one of the files. */
interface Candidate {
  readonly path: string;
  readonly run: PlannedRun;
  /** Of one that is done. */
  readonly hash: string | null;
}

export function mergePlanned(
  connection: Connection,
  paths: readonly string[],
  options: MergePlannedOptions,
): PlannedMerge {
  const merge = new Merge(connection, options);
  for (const path of paths) merge.read(path);
  return merge.copy();
}

class Merge {
  readonly #connection: Connection;
  /** Place of each id that counts; null: all count. */
  readonly #places: ReadonlyMap<string, number> | null;
  readonly #onRun: (done: number) => void;
  #runCount = 0;
  /** Of runs that are done, by id: their hash, once it is asked for, and where they are. */
  readonly #done = new Map<
    string,
    { hash: string | null; readonly path: string; readonly runId: number }
  >();
  readonly #wanted = new Map<string, Candidate>();
  readonly #files: { path: string; known: number; left: number; runs: PlannedRun[] }[] = [];

  constructor(connection: Connection, { ids, onRun = () => undefined }: MergePlannedOptions) {
    this.#connection = connection;
    this.#places = ids === null ? null : new Map(ids.map((id, place) => [id, place]));
    this.#onRun = onRun;
    for (const { planId, status, runId } of this.#counting(listPlanned(connection, new Map())))
      if (status === 'done') this.#done.set(planId, { hash: null, path: connection.path, runId });
  }

  /** @throws CheckError for a run that contradicts one that was seen */
  read(path: string): void {
    // A shard that was made ready and never begun.
    if (inspectDatabaseFile(path) === 'empty') {
      this.#files.push({ path, known: 0, left: 0, runs: [] });
      return;
    }
    withSource(path, (source) => {
      source.snapshot(() => {
        const all = listPlanned(source, new Map());
        const runs = this.#counting(all);
        const file = { path, known: 0, left: all.length - runs.length, runs: [] };
        this.#files.push(file);
        for (const run of runs) this.#look(source, run, file);
      });
    });
  }

  #look(
    source: Connection,
    run: PlannedRun,
    file: { path: string; known: number; left: number },
  ): void {
    const { planId, status, runId } = run;
    if (status === 'failed') {
      if (!this.#done.has(planId) && !this.#wanted.has(planId))
        this.#wanted.set(planId, { path: file.path, run, hash: null });
      else file.left += 1;
      return;
    }
    if (status !== 'done') {
      file.left += 1;
      return;
    }
    const hash = this.#hash(source, runId);
    const known = this.#done.get(planId);
    if (known === undefined) {
      this.#done.set(planId, { hash, path: file.path, runId });
      this.#wanted.set(planId, { path: file.path, run, hash });
      return;
    }
    known.hash ??= this.#hash(this.#connection, known.runId);
    if (known.hash !== hash) this.#contradict(source, runId, known);
    file.known += 1;
  }

  #hash(connection: Connection, runId: number): string {
    this.#runCount += 1;
    this.#onRun(this.#runCount);
    return contentHash(readWhole(connection, runId));
  }

  #contradict(
    source: Connection,
    runId: number,
    known: { readonly path: string; readonly runId: number },
  ): never {
    const run = readWhole(source, runId);
    const other =
      known.path === this.#connection.path
        ? readWhole(this.#connection, known.runId)
        : withSource(known.path, (there) => readWhole(there, known.runId));
    throw new CheckError(
      `run ${runId} of ${source.path} and run ${known.runId} of ${known.path} are the same run of a ` +
        `plan, but ${firstDifference(run, other)}: one of them is wrong; nothing was merged`,
    );
  }

  /** Copies what is wanted. */
  copy(): PlannedMerge {
    const numbers = this.#takeNumbers();
    const files = this.#files.map(({ path, known, left }) => {
      const own = [...this.#wanted.values()].filter((candidate) => candidate.path === path);
      const copied = own.length === 0 ? [] : this.#copyFile(path, own, numbers);
      const failed = copied.filter(({ hash }) => hash === null).length;
      return { path, added: copied.length - failed, known, failed, left };
    });
    const hashes = [...this.#done.values()].map(
      ({ hash, runId }) => hash ?? this.#hash(this.#connection, runId),
    );
    return { files, contentHash: contentHashOfAll(hashes), doneCount: hashes.length };
  }

  /** The number that each run gets: those of a plan in its order. */
  #takeNumbers(): ReadonlyMap<string, number> {
    const ids = [...this.#wanted.keys()];
    if (this.#places !== null) {
      const places = this.#places;
      ids.sort((a, b) => places.get(a)! - places.get(b)!);
    }
    if (ids.length === 0) return new Map();
    return this.#connection.transaction(() => {
      const [row] = this.#connection.all<{ seq: number }>(
        "SELECT seq FROM sqlite_sequence WHERE name = 'run'",
      );
      const last = row?.seq ?? 0;
      const sql =
        row === undefined
          ? "INSERT INTO sqlite_sequence (seq, name) VALUES (?, 'run')"
          : "UPDATE sqlite_sequence SET seq = ? WHERE name = 'run'";
      // Runs that begin meanwhile get numbers behind these.
      this.#connection.run(sql, last + ids.length);
      return new Map(ids.map((id, place) => [id, last + 1 + place]));
    });
  }

  #copyFile(
    path: string,
    candidates: readonly Candidate[],
    numbers: ReadonlyMap<string, number>,
  ): Candidate[] {
    return withSource(path, (source) =>
      source.snapshot(() =>
        this.#connection.transaction(() => {
          const tables = commonTables(source, this.#connection);
          return candidates.filter((candidate) => {
            const { planId, runId, status } = candidate.run;
            this.#runCount += 1;
            this.#onRun(this.#runCount);
            if (!this.#makeWay(planId, status === 'done')) return false;
            copyRun(source, this.#connection, { runId, tables, as: numbers.get(planId)! });
            return true;
          });
        }),
      ),
    );
  }

  /**
   * Removes what is here of a run that did not come to its end.
   * @returns false where the run is here: another process was quicker, or it failed here, too
   */
  #makeWay(planId: string, isDone: boolean): boolean {
    const there = this.#connection.all<{ runId: number; status: string }>(
      'SELECT run_id AS runId, status FROM run WHERE plan_id = ?',
      planId,
    );
    if (there.some(({ status }) => status === 'done' || status === 'running')) return false;
    if (!isDone && there.some(({ status }) => status === 'failed')) return false;
    for (const { runId } of there) this.#connection.run('DELETE FROM run WHERE run_id = ?', runId);
    return true;
  }

  #counting(runs: readonly PlannedRun[]): PlannedRun[] {
    return runs.filter(({ planId }) => this.#places?.has(planId) ?? true);
  }
}

function readWhole(connection: Connection, runId: number): StoredRun {
  return readRun(connection, runId)!;
}
