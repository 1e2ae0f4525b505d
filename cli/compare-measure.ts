/** The runs of a comparison: made now, or stored before; from here on they are the same. */
import type { FaultKind, FaultTally } from '../src/device/index.ts';
import { metricRows, wearNote, type RunResult } from '../src/machine/index.ts';
import {
  groupRuns,
  leftOutNote,
  seedNote,
  type ComparedColumn,
  type MeasuredRun,
} from '../src/report/comparison/index.ts';
import {
  canonicalJson,
  type FaultCount,
  type JsonValue,
  type StoredRun,
} from '../src/runs/index.ts';
import { assert, UsageError, type RunError } from '../src/units/index.ts';
import type { CommandIo } from './command.ts';
import type { ComparePlan, PlannedColumn } from './compare-plan.ts';
import { createRunsProgress, type RunsProgress } from './progress.ts';
import { executeRun, type FinishedRun } from './runner.ts';
import { withRuns } from './runs/open-runs.ts';
import { selectRuns } from './runs/select-runs.ts';
import { notice } from './telling.ts';

/** Columns with their runs. */
export interface MeasuredColumns {
  readonly columns: readonly ComparedColumn[];
  readonly notes: readonly string[];
  /** Of runs in which something was made to fail. */
  readonly faults: ReadonlyMap<MeasuredRun, readonly FaultTally[]>;
  /** A page came back that was not what it must be. */
  readonly isWrong: boolean;
  /** Why a run is not, or not all of it, in the database; null: all are. */
  readonly notStored: RunError | null;
}

/** Runs every column with each of its seeds. */
export async function runColumns(
  plan: ComparePlan,
  command: string,
  io: CommandIo,
): Promise<MeasuredColumns> {
  const runCount = plan.columns.reduce((sum, { seeds }) => sum + seeds.length, 0);
  const progress = createRunsProgress(runCount, io);
  const faults = new Map<MeasuredRun, readonly FaultTally[]>();
  const results: RunResult[] = [];
  let isWrong = false;
  let notStored: RunError | null = null;
  const columns: ComparedColumn[] = [];
  for (const { label, spec, seeds } of plan.columns) {
    const runs: MeasuredRun[] = [];
    for (const seed of seeds) {
      const title = seeds.length > 1 ? `${label}, seed ${seed}` : label;
      const column: PlannedColumn = { label: title, spec: { ...spec, seed }, seeds };
      const finished = await runOne(column, command, io, progress);
      const run = measured(finished);
      const { result } = finished;
      runs.push(run);
      results.push(result);
      if (result.faults.length > 0) faults.set(run, result.faults);
      isWrong ||= result.verify.mismatches + result.wrongPages > 0;
      notStored ??= finished.notStored;
    }
    columns.push({ label, runs });
  }
  const wear = wearNote(results);
  const notes = [...plan.notes, seedNote(columns), wear].filter((note) => note !== null);
  return { columns, notes, faults, isWrong, notStored };
}

async function runOne(
  { label, spec }: PlannedColumn,
  command: string,
  io: CommandIo,
  progress: RunsProgress,
): Promise<FinishedRun> {
  progress.stop();
  notice(io, `${label}\n`);
  progress.next(label);
  try {
    return await executeRun({ spec, command, hooks: { onProgress: progress.update } }, io);
  } finally {
    progress.stop();
  }
}

function measured({ runId, spec, result }: FinishedRun): MeasuredRun {
  const { design, seed } = spec as { readonly design: string; readonly seed: number };
  const { digest, verify } = result;
  // With its keys in the order in which they come out of the database.
  const stored = JSON.parse(canonicalJson(spec)) as JsonValue;
  return { runId, design, seed, digest, spec: stored, metrics: metricRows(result), verify };
}

/**
 * Stored runs as columns.
 * @throws UsageError for runs that cannot be compared
 */
export function storedColumns(texts: readonly string[], io: CommandIo): MeasuredColumns {
  const stored = withRuns(io, (store) =>
    selectRuns(texts, store, '--runs').map((runId) => {
      const run = store.get(runId);
      assert(run !== undefined, 'a run that was selected is there');
      return run;
    }),
  );
  const runs = stored.map(measuredOfStored);
  const columns = groupRuns(runs);
  return {
    columns,
    notes: [leftOutNote(runs, columns), seedNote(columns)].filter((note) => note !== null),
    faults: new Map(
      stored.flatMap(({ faultCounts }, index) =>
        faultCounts.length === 0 ? [] : [[runs[index]!, tallies(faultCounts)] as const],
      ),
    ),
    isWrong: runs.some(({ verify }) => verify.mismatches > 0),
    notStored: null,
  };
}

function measuredOfStored(run: StoredRun): MeasuredRun {
  const { runId, status, design, seed, digest, spec, metrics, verify } = run;
  if (status !== 'done' || digest === null || verify === null)
    throw new UsageError(`--runs: run ${runId} is ${status}; accepted: runs that are done`);
  if (metrics.length === 0)
    throw new UsageError(
      `--runs: run ${runId} has no metrics: it is one of endure that was resumed, or was stored ` +
        'by an earlier version',
    );
  return { runId, design, seed, digest, spec, metrics, verify };
}

/** Counts by consequence as a run tells them. */
function tallies(counts: readonly FaultCount[]): FaultTally[] {
  const kinds = [...new Set(counts.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const of = counts.filter((each) => each.kind === kind);
    const count = (consequence: FaultCount['consequence']): number =>
      of.find((each) => each.consequence === consequence)?.count ?? 0;
    return {
      kind: kind as FaultKind,
      fired: of.reduce((sum, each) => sum + each.count, 0),
      ...{ detected: count('detected'), unread: count('unread'), lost: count('lost') },
      ...{ harmless: count('harmless'), pending: count('pending') },
    };
  });
}
