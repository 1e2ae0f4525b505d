/** The runs of a page as columns, and which run of each the charts show. */
import type { StoredRun } from '../../runs/index.ts';
import { RunError } from '../../units/index.ts';
import {
  compareColumns,
  groupRuns,
  type MeasuredRun,
  type RunComparison,
  leftOutNote,
  seedNote,
} from '../comparison/index.ts';

export interface PageColumn {
  /** From 0; decides colour and dash. */
  readonly index: number;
  readonly label: string;
  /** By ascending seed; one or more. */
  readonly runs: readonly StoredRun[];
  /** The one in charts: that of the median seed, of an even number the lower of the two. */
  readonly shown: StoredRun;
}

export interface PageRuns {
  readonly comparison: RunComparison;
  readonly columns: readonly PageColumn[];
  /** How the columns came about, where people should know. */
  readonly notes: readonly string[];
}

/**
 * @param runs - one or more
 * @param made - a comparison of these runs; absent: by their specs, with the first as baseline
 * @throws RunError for a run of the comparison that is not among the runs
 */
export function pageRuns(runs: readonly StoredRun[], made?: RunComparison): PageRuns {
  const byId = new Map(runs.map((run) => [run.runId, run]));
  const comparison = made ?? compareColumns(groupRuns(runs.map(measured)), 0);
  const columns = comparison.columns.map(({ label, runs: own }, index): PageColumn => {
    const bySeed = own
      .map(({ runId }) => {
        const run = byId.get(runId ?? 0);
        if (run === undefined) throw new RunError(missing(label, runId));
        return run;
      })
      .sort((a, b) => a.seed - b.seed);
    return { index, label, runs: bySeed, shown: bySeed[Math.floor((bySeed.length - 1) / 2)]! };
  });
  const notes = [
    leftOutNote(runs.map(measured), comparison.columns),
    seedNote(comparison.columns),
  ].filter((note) => note !== null);
  return { comparison, columns, notes };
}

/** Somebody may have removed it since it was compared. */
function missing(label: string, runId: number | null): string {
  const run = runId === null ? 'a run' : `run ${runId}`;
  return `report: ${run} (${label}) is not in the state database any more`;
}

function measured(run: StoredRun): MeasuredRun {
  const { runId, design, seed, spec, metrics } = run;
  return {
    ...{ runId, design, seed, spec, metrics },
    digest: run.digest ?? '',
    verify: run.verify ?? { pagesChecked: 0, mismatches: 0 },
  };
}
