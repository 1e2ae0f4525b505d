/** Reads runs back as they were handed in, so that nobody else needs SQL. */
import type { HistogramBucket } from '../engine/index.ts';
import { assert, RunError } from '../units/index.ts';
import type { Connection } from './connection.ts';
import { readFaultCounts, readFaults } from './fault-journal.ts';
import { byOwner, namedValues } from './grouping.ts';
import { readIntervals, type IntervalRange } from './interval-log.ts';
import type { JsonValue } from './json.ts';
import type { Orphans } from './orphans.ts';
import type {
  AreaRecord,
  CheckpointRecord,
  EventRecord,
  FaultCount,
  HistogramRecord,
  MetadataRow,
  PhaseLine,
  PhaseRecord,
  RunStatus,
  RunSummary,
  SeriesPoint,
  StoredInterval,
  StoredRun,
} from './records.ts';
import { readMetrics, readOperations, readSlotMaps } from './result-reader.ts';
import { whereOf, type RunFilter } from './run-filter.ts';
import { readSteering } from './steering-table.ts';

interface RunRow {
  readonly runId: number;
  readonly specHash: string;
  readonly design: string;
  readonly seed: number;
  readonly version: string;
  readonly name: string | null;
  readonly command: string;
  readonly status: RunStatus;
  readonly exitReason: string | null;
  readonly exitCode: number | null;
  readonly phaseCount: number;
  readonly digest: string | null;
  readonly pagesChecked: number | null;
  readonly mismatches: number | null;
  readonly slotRuns: number | null;
  readonly virtualNs: number | null;
  readonly wallMs: number | null;
  readonly startedMs: number;
  readonly finishedMs: number | null;
}

const SELECT_RUN = `
  SELECT run_id AS runId, spec_hash AS specHash, design, seed, version, name, command, status,
    exit_reason AS exitReason, exit_code AS exitCode,
    (SELECT count(*) FROM phase WHERE phase.run_id = run.run_id) AS phaseCount,
    digest, pages_checked AS pagesChecked, mismatches, slot_runs AS slotRuns,
    virtual_ns AS virtualNs, wall_ms AS wallMs, started_ms AS startedMs,
    finished_ms AS finishedMs
  FROM run JOIN run_wall USING (run_id)`;

/** Of a database whose processes may be another machine's: what is stored counts. */
const NO_ORPHANS: Orphans = new Map();

/**
 * Runs that pass `filter`, the newest first.
 * @param orphans - here and below: runs that count as aborted whatever is stored
 */
export function listRuns(
  connection: Connection,
  filter: RunFilter = {},
  orphans: Orphans = NO_ORPHANS,
): RunSummary[] {
  const where = whereOf(filter, [...orphans.keys()]);
  // SQLite takes a negative limit for none.
  const sql = `${SELECT_RUN}${where.sql} ORDER BY run_id DESC LIMIT ?`;
  return connection
    .all<RunRow>(sql, ...where.values, filter.limit ?? -1)
    .map((row) => summaryOf(row, orphans));
}

/** Everything of one run, read from one state of the database; undefined when there is none. */
export function readRun(
  connection: Connection,
  runId: number,
  orphans: Orphans = NO_ORPHANS,
): StoredRun | undefined {
  return connection.snapshot(() => {
    const row = connection.all<RunRow>(`${SELECT_RUN} WHERE run_id = ?`, runId)[0];
    if (row === undefined) return undefined;
    return {
      ...summaryOf(row, orphans),
      spec: readSpec(connection, runId),
      phases: readPhases(connection, runId),
      metadata: connection.all<MetadataRow>(
        'SELECT term, bytes, kind FROM metadata_term WHERE run_id = ? ORDER BY position',
        runId,
      ),
      histograms: readHistograms(connection, runId),
      areas: readAreas(connection, runId),
      faults: readFaults(connection, runId),
      faultCounts: readFaultCounts(connection, runId),
      steering: readSteering(connection, runId),
      events: connection.all<EventRecord>(
        'SELECT time_ns AS timeNs, kind, detail FROM event WHERE run_id = ? ORDER BY position',
        runId,
      ),
      metrics: readMetrics(connection, runId),
      operations: readOperations(connection, runId),
      slotMaps: readSlotMaps(connection, runId),
      intervals: readIntervals(connection, runId, { after: -1 }),
      checkpoint: readCheckpoint(connection, runId),
    };
  });
}

/** What is new of a run that is watched. */
export interface RunProgress {
  readonly run: RunSummary;
  readonly intervals: readonly StoredInterval[];
  readonly faultCounts: readonly FaultCount[];
}

/** One run's line of `listRuns`; undefined when there is no run. */
export function readSummary(
  connection: Connection,
  runId: number,
  orphans: Orphans = NO_ORPHANS,
): RunSummary | undefined {
  const row = connection.all<RunRow>(`${SELECT_RUN} WHERE run_id = ?`, runId)[0];
  return row === undefined ? undefined : summaryOf(row, orphans);
}

/** A run and some of its intervals, from one state; undefined when there is no run. */
export function readProgress(
  connection: Connection,
  runId: number,
  range: IntervalRange,
  orphans: Orphans = NO_ORPHANS,
): RunProgress | undefined {
  return connection.snapshot(() => {
    const run = readSummary(connection, runId, orphans);
    if (run === undefined) return undefined;
    const intervals = readIntervals(connection, runId, range);
    return { run, intervals, faultCounts: readFaultCounts(connection, runId) };
  });
}

/** The latest checkpoint of a run; null when it has none. */
export function readCheckpoint(connection: Connection, runId: number): CheckpointRecord | null {
  const [row] = connection.all<{ operations: number; state: string }>(
    'SELECT operations, state FROM checkpoint WHERE run_id = ?',
    runId,
  );
  if (row === undefined) return null;
  return { operations: row.operations, state: JSON.parse(row.state) as JsonValue };
}

function summaryOf({ pagesChecked, mismatches, ...run }: RunRow, orphans: Orphans): RunSummary {
  const isVerified = pagesChecked !== null && mismatches !== null;
  const reason = orphans.get(run.runId);
  return {
    ...run,
    ...(reason !== undefined && { status: 'aborted', exitReason: reason }),
    verify: isVerified ? { pagesChecked, mismatches } : null,
  };
}

export function readSpec(connection: Connection, runId: number): JsonValue {
  const sql = 'SELECT spec FROM run WHERE run_id = ?';
  const [row] = connection.all<{ spec: string }>(sql, runId);
  assert(row !== undefined, 'the run was there a statement ago');
  try {
    return JSON.parse(row.spec) as JsonValue;
  } catch {
    throw new RunError(`run ${runId}: its stored spec is no JSON: the database was damaged`);
  }
}

const SELECT_PHASE = `
  SELECT phase_index AS "index", op, present, swapped, virtual_ns AS virtualNs, wall_ms AS wallMs
  FROM phase JOIN phase_wall USING (run_id, phase_index)
  WHERE run_id = ?`;

/** The last `count` phases of a run, in their order. */
export function readLatestPhases(
  connection: Connection,
  runId: number,
  count: number,
): PhaseLine[] {
  return connection
    .all<PhaseLine>(`${SELECT_PHASE} ORDER BY phase_index DESC LIMIT ?`, runId, count)
    .reverse();
}

/** One series of several runs, by run; in order of time. Runs without it are left out. */
export function readSeriesOf(
  connection: Connection,
  runIds: readonly number[],
  name: string,
): Map<number, SeriesPoint[]> {
  return byOwner(
    connection.all<SeriesPoint & { readonly owner: number }>(
      `SELECT run_id AS owner, name, time_ns AS timeNs, value FROM series
       WHERE run_id IN (SELECT value FROM json_each(?)) AND name = ?
       ORDER BY run_id, phase_index, position`,
      JSON.stringify(runIds),
      name,
    ),
  );
}

function readPhases(connection: Connection, runId: number): PhaseRecord[] {
  interface NamedValue {
    readonly owner: number;
    readonly name: string;
    readonly value: number;
  }
  const phases = connection.all<PhaseLine>(`${SELECT_PHASE} ORDER BY phase_index`, runId);
  const counters = byOwner(
    connection.all<NamedValue>(
      `SELECT phase_index AS owner, name, value FROM counter
       WHERE run_id = ? ORDER BY phase_index, name`,
      runId,
    ),
  );
  const [zswap, zram] = ['zswap', 'zram'].map((subject) =>
    byOwner(
      connection.all<NamedValue>(
        `SELECT phase_index AS owner, name, value FROM gauge
         WHERE run_id = ? AND subject = ? ORDER BY phase_index, name`,
        runId,
        subject,
      ),
    ),
  );
  const series = byOwner(
    connection.all<SeriesPoint & { readonly owner: number }>(
      `SELECT phase_index AS owner, name, time_ns AS timeNs, value FROM series
       WHERE run_id = ? ORDER BY phase_index, position`,
      runId,
    ),
  );
  return phases.map((phase) => {
    const gauges = zswap!.get(phase.index);
    const zramGauges = zram!.get(phase.index);
    return {
      ...phase,
      counters: namedValues(counters.get(phase.index) ?? []),
      zswap: gauges === undefined ? null : namedValues(gauges),
      ...(zramGauges === undefined ? {} : { zram: namedValues(zramGauges) }),
      series: series.get(phase.index) ?? [],
    };
  });
}

function readHistograms(connection: Connection, runId: number): HistogramRecord[] {
  const buckets = byOwner(
    connection.all<HistogramBucket & { readonly owner: string }>(
      `SELECT name AS owner, low, high, count FROM histogram_bucket
       WHERE run_id = ? ORDER BY name, low`,
      runId,
    ),
  );
  return connection
    .all<{ name: string; unit: string }>(
      'SELECT name, unit FROM histogram WHERE run_id = ? ORDER BY name',
      runId,
    )
    .map((histogram) => ({ ...histogram, buckets: buckets.get(histogram.name) ?? [] }));
}

function readAreas(connection: Connection, runId: number): AreaRecord[] {
  const counters = byOwner(
    connection.all<{ owner: number; name: string; value: number }>(
      `SELECT type AS owner, name, value FROM area_counter
       WHERE run_id = ? ORDER BY type, position`,
      runId,
    ),
  );
  return connection
    .all<Omit<AreaRecord, 'counters'>>(
      `SELECT type, path, kind, pages, used_pages AS usedPages, priority FROM area
       WHERE run_id = ? ORDER BY type`,
      runId,
    )
    .map((area) => ({ ...area, counters: namedValues(counters.get(area.type) ?? []) }));
}
