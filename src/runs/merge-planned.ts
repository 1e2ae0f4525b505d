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
import { commonTables, copyRun, type RunTables } from './copy-run.ts';
import { inspectDatabaseFile } from './database-file.ts';
import { withSource } from './merge.ts';
import { claimOf, listPlanned, removeAttempts, type PlannedRun } from './planned-runs.ts';
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
  /** Runs that were left: aborted ones, live ones, those of other plans, those that live here. */
  readonly left: number;
}

export interface PlannedMerge {
  readonly files: readonly FileMerge[];
  /** SHA-256 of the runs that count and are done here, whatever their numbers and order. */
  readonly contentHash: string;
  /** Their ids. */
  readonly doneIds: ReadonlySet<string>;
}

/** A run in one of the files. */
interface Candidate {
  readonly path: string;
  readonly run: PlannedRun;
  /** Of one that is done. */
  readonly hash: string | null;
}

/** What has become of one that was wanted. */
type Fate = 'added' | 'failed' | 'known' | 'left';

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
  /** Of runs that are done anywhere, by id: their hash, once it is asked for, and where they are. */
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
    outcome = 'nothing was merged',
  ): never {
    const run = readWhole(source, runId);
    const other =
      known.path === this.#connection.path
        ? readWhole(this.#connection, known.runId)
        : withSource(known.path, (there) => readWhole(there, known.runId));
    throw new CheckError(
      `run ${runId} of ${source.path} and run ${known.runId} of ${known.path} are the same run of a ` +
        `plan, but ${firstDifference(run, other)}: one of them is wrong; ${outcome}`,
    );
  }

  /** Copies what is wanted. */
  copy(): PlannedMerge {
    const numbers = this.#takeNumbers();
    const files = this.#files.map(({ path, known, left }) => {
      const own = [...this.#wanted.values()].filter((candidate) => candidate.path === path);
      const fates = own.length === 0 ? [] : this.#copyFile(path, own, numbers);
      const count = (fate: Fate): number => fates.filter((each) => each === fate).length;
      return {
        ...{ path, added: count('added'), failed: count('failed') },
        ...{ known: known + count('known'), left: left + count('left') },
      };
    });
    return { files, ...this.#sum() };
  }

  /** What is done here now, whatever was wanted. */
  #sum(): Pick<PlannedMerge, 'contentHash' | 'doneIds'> {
    return this.#connection.snapshot(() => {
      const done = this.#counting(listPlanned(this.#connection, new Map())).filter(
        ({ status }) => status === 'done',
      );
      const hashes = done.map(
        ({ planId, runId }) => this.#done.get(planId)?.hash ?? this.#hash(this.#connection, runId),
      );
      const doneIds = new Set(done.map(({ planId }) => planId));
      return { contentHash: contentHashOfAll(hashes), doneIds };
    });
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
  ): Fate[] {
    return withSource(path, (source) =>
      source.snapshot(() =>
        this.#connection.transaction(() => {
          const tables = commonTables(source, this.#connection);
          return candidates.map((candidate) => {
            this.#runCount += 1;
            this.#onRun(this.#runCount);
            return this.#take(source, candidate, {
              tables,
              as: numbers.get(candidate.run.planId)!,
            });
          });
        }),
      ),
    );
  }

  /**
   * Copies a run unless it is here by now, in the transaction that looks.
   * @throws CheckError for one that contradicts what another process has stored meanwhile
   */
  #take(
    source: Connection,
    { run, hash }: Candidate,
    copy: { readonly tables: RunTables; readonly as: number },
  ): Fate {
    const { planId, runId } = run;
    const claim = claimOf(this.#connection, planId);
    if (claim?.status === 'running') {
      // It may come to its end before the sum is drawn, with a content that nobody has compared.
      this.#done.delete(planId);
      return 'left';
    }
    if (claim !== null) return this.#compare(source, { run, hash }, claim.runId);
    if (hash === null && this.#hasFailed(planId)) return 'left';
    removeAttempts(this.#connection, planId);
    copyRun(source, this.#connection, { runId, ...copy });
    return hash === null ? 'failed' : 'added';
  }

  #compare(
    source: Connection,
    { run, hash }: Pick<Candidate, 'run' | 'hash'>,
    hereId: number,
  ): Fate {
    if (hash === null) return 'left';
    const here = { hash: this.#hash(this.#connection, hereId), runId: hereId };
    const known = { ...here, path: this.#connection.path };
    if (known.hash !== hash)
      this.#contradict(source, run.runId, known, 'it was not merged, nor what came behind it');
    this.#done.set(run.planId, known);
    return 'known';
  }

  #hasFailed(planId: string): boolean {
    const sql = "SELECT 1 FROM run WHERE plan_id = ? AND status = 'failed'";
    return this.#connection.all(sql, planId).length > 0;
  }

  #counting(runs: readonly PlannedRun[]): PlannedRun[] {
    return runs.filter(({ planId }) => this.#places?.has(planId) ?? true);
  }
}

function readWhole(connection: Connection, runId: number): StoredRun {
  return readRun(connection, runId)!;
}
