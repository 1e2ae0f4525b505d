/** The state database as the subcommands of `runs` use it. */
import {
  inspectDatabaseFile,
  openStateDatabase,
  type RunStore,
  type StateDatabase,
  type StoredRun,
} from '../../src/runs/index.ts';
import { assert, RunError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { createProgress } from '../progress.ts';
import { detail } from '../telling.ts';
import { HOW_TO_MAKE_ONE, selectRun, selectRuns } from './select-runs.ts';

/** @throws RunError when there is no database yet */
export function openRuns(io: CommandIo): StateDatabase {
  const { databasePath } = io;
  detail(io, `state database ${databasePath}`);
  if (inspectDatabaseFile(databasePath) !== 'ours')
    throw new RunError(
      `no runs yet: there is no state database ${databasePath}; ${HOW_TO_MAKE_ONE}`,
    );
  return openStateDatabase(databasePath);
}

/** Opens the database for the time of `action`. */
export function withRuns<T>(io: CommandIo, action: (runs: RunStore) => T): T {
  const database = openRuns(io);
  try {
    return action(database.runs);
  } finally {
    database.close();
  }
}

/** Everything of the one run that `text` selects. */
export function readOne(runs: RunStore, text: string, io: CommandIo): StoredRun {
  return readRun(runs, selectRun(text, runs, 'RUN'), io);
}

/** Everything of the runs that `texts` select, with a bar where that takes long. */
export function readSeveral(runs: RunStore, texts: readonly string[], io: CommandIo): StoredRun[] {
  const ids = selectRuns(texts, runs, 'RUN');
  const bar = createProgress({ label: 'reading', unit: 'runs', total: ids.length }, io);
  try {
    return ids.map((runId, index) => {
      bar.update({ done: index });
      return readRun(runs, runId, io);
    });
  } finally {
    bar.stop();
  }
}

function readRun(runs: RunStore, runId: number, io: CommandIo): StoredRun {
  const run = runs.get(runId);
  assert(run !== undefined, 'a run that was selected is there');
  detail(io, `read run ${runId}: ${run.design}, ${run.status}, ${run.phases.length} phases`);
  return run;
}

/** Prints one JSON document. */
export function printJson(io: CommandIo, document: unknown): void {
  io.stdout(`${JSON.stringify(document, null, 2)}\n`);
}
