/** The runs of the state database: begin one, list them, read one back, ask in SQL. */
import type { Connection } from './connection.ts';
import { contentHash, contentHashOfAll } from './content-hash.ts';
import { mergePlanned, type MergePlannedOptions, type PlannedMerge } from './merge-planned.ts';
import { mergeRuns, type MergeResult } from './merge.ts';
import { findForgotten, findOrphans } from './orphans.ts';
import {
  beginPlanned,
  claimOf,
  donePlanIds,
  lastAttempt,
  listPlanned,
  type PlanClaim,
  type PlannedRun,
} from './planned-runs.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { queryReadOnly, type QueryResult } from './query.ts';
import type {
  CheckpointRecord,
  PhaseLine,
  RunHeader,
  RunSummary,
  SeriesPoint,
  StoredRun,
} from './records.ts';
import type { RunFilter } from './run-filter.ts';
import {
  listRuns,
  readCheckpoint,
  readLatestPhases,
  readProgress,
  readRun,
  readSeriesOf,
  readSummary,
  type RunProgress,
} from './run-reader.ts';
import { RunWriter } from './run-writer.ts';
import { SteeringTable } from './steering-table.ts';
import { garbageAmong, removeRuns, vacuum, type GarbageCriteria } from './upkeep.ts';

export class RunStore {
  /** What processes ask of live runs of others. */
  readonly steering: SteeringTable;
  readonly #connection: Connection;
  readonly #owner: ProcessIdentity;

  constructor(connection: Connection, owner: ProcessIdentity) {
    this.#connection = connection;
    this.#owner = owner;
    this.steering = new SteeringTable(connection, owner);
  }

  /**
   * Stores a new run with status `running`; it is `aborted` if this process ends before it.
   * @throws RunTakenError for one of a plan that is done, or that a process which lives runs
   */
  begin({ planId, ...run }: RunHeader): RunWriter {
    if (planId === undefined) return new RunWriter(this.#connection, run, this.#owner);
    return beginPlanned(this.#connection, { ...run, planId }, this.#owner);
  }

  /** All runs of plans of sweeps, by number. */
  planned(): PlannedRun[] {
    return listPlanned(this.#connection, findOrphans(this.#connection));
  }

  /** Ids of those that are done. */
  donePlanIds(): Set<string> {
    return donePlanIds(this.#connection);
  }

  /** Who keeps others from running a line of a plan; null: nobody. */
  claimOf(planId: string): PlanClaim | null {
    return claimOf(this.#connection, planId);
  }

  /** The number of the latest run of a line; 0 when there is none. */
  lastAttempt(planId: string): number {
    return lastAttempt(this.#connection, planId);
  }

  /**
   * Runs that pass `filter`, the newest first. Here and below a run whose process is gone is aborted,
   * also where nobody who may write has marked it yet.
   */
  list(filter: RunFilter = {}): RunSummary[] {
    return listRuns(this.#connection, filter, findOrphans(this.#connection));
  }

  /** Everything of one run; undefined when there is no such run. */
  get(runId: number): StoredRun | undefined {
    return readRun(this.#connection, runId, findOrphans(this.#connection));
  }

  /** Where a run can go on; null when it has stored no checkpoint. */
  checkpoint(runId: number): CheckpointRecord | null {
    return readCheckpoint(this.#connection, runId);
  }

  /** One run as `list` has it; undefined when there is no such run. */
  summary(runId: number): RunSummary | undefined {
    return readSummary(this.#connection, runId, findOrphans(this.#connection));
  }

  /**
   * A run while it lives: what came after interval number `after`, -1 for all.
   * @param max - about so many intervals at most, evenly spread, and the newest two
   */
  progress(runId: number, after: number, max?: number): RunProgress | undefined {
    const range = { after, ...(max !== undefined && { max }) };
    return readProgress(this.#connection, runId, range, findOrphans(this.#connection));
  }

  /** The last `count` phases of a run without what they counted, in their order. */
  latestPhases(runId: number, count: number): PhaseLine[] {
    return readLatestPhases(this.#connection, runId, count);
  }

  /** One series of several runs, by run; in order of time. Runs without it are left out. */
  seriesOf(runIds: readonly number[], name: string): ReadonlyMap<number, readonly SeriesPoint[]> {
    return readSeriesOf(this.#connection, runIds, name);
  }

  /** Up to `count` ids of runs that are there, the nearest to `runId` first. */
  nearestIds(runId: number, count: number): number[] {
    return this.#connection
      .all<{ run_id: number }>(
        'SELECT run_id FROM run ORDER BY abs(run_id - ?), run_id DESC LIMIT ?',
        ...[runId, count],
      )
      .map((row) => row.run_id);
  }

  /** Designs that runs are of, sorted. */
  designs(): string[] {
    return this.#connection
      .all<{ design: string }>('SELECT DISTINCT design FROM run ORDER BY design')
      .map(({ design }) => design);
  }

  /** Keys that a spec of any run has, as `flattenParameters` names them, sorted. */
  parameterKeys(): string[] {
    return this.#connection
      .all<{ key: string }>('SELECT DISTINCT key FROM param ORDER BY key')
      .map(({ key }) => key);
  }

  /**
   * Answers one SQL statement that returns rows, over a connection that cannot write.
   * @throws UsageError when the statement is wrong, writes, or returns no rows
   */
  query(sql: string): QueryResult {
    return queryReadOnly(this.#connection.path, sql);
  }

  /** Runs that are garbage by `criteria`, the newest first; live runs are none. */
  garbage(criteria: GarbageCriteria): RunSummary[] {
    return garbageAmong(this.list(), criteria);
  }

  /** Removes runs with all that belongs to them. @returns the ids of those that were removed */
  remove(runIds: readonly number[]): number[] {
    return removeRuns(this.#connection, runIds);
  }

  /**
   * Takes the runs of another state database into this one; those that are here already stay.
   * @throws RunError when it is none; CheckError when it contradicts a run that is here
   * @throws UsageError when a newer swaplab made it
   */
  merge(path: string, onRun?: (done: number, total: number) => void): MergeResult {
    return mergeRuns(this.#connection, path, onRun);
  }

  /**
   * Takes the runs of plans of sweeps out of other state databases.
   * @throws RunError for a file that is none; CheckError when two runs of one id differ: nothing is
   *   taken then
   */
  mergePlanned(paths: readonly string[], options: MergePlannedOptions): PlannedMerge {
    return mergePlanned(this.#connection, paths, options);
  }

  /** SHA-256 of all runs that have ended, whatever their numbers, order, and names. */
  contentHash(): string {
    const ended = this.list().filter(({ status }) => status !== 'running');
    const runs = ended.flatMap(({ runId }) => this.get(runId) ?? []);
    return contentHashOfAll(runs.map(contentHash));
  }

  /** Gives the space of removed runs back. @returns bytes by which the file became smaller */
  vacuum(): number {
    return vacuum(this.#connection);
  }

  /**
   * Marks the running runs of processes that ended as `aborted`; returns how many. One of another host
   * is marked when it has been silent for a day: until then it only counts as aborted.
   */
  markAborted(): number {
    const orphans = [...findForgotten(this.#connection)];
    // Most of the time there is nothing to mark, and no lock is taken.
    if (orphans.length === 0) return 0;
    return this.#connection.transaction(() =>
      orphans.reduce((marked, [runId, reason]) => {
        const { changes } = this.#connection.run(
          `UPDATE run SET status = 'aborted', exit_reason = ?
           WHERE run_id = ? AND status = 'running'`,
          ...[reason, runId],
        );
        return marked + changes;
      }, 0),
    );
  }
}
