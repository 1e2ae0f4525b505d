/** `sweep status`: how far a sweep is, and what is to be started again. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { inspectDatabaseFile, openStateDatabase, type PlannedRun } from '../../src/runs/index.ts';
import {
  arraySpecification,
  dealLines,
  isToDo,
  LINE_STATES,
  lineStates,
  PlanSpecs,
  settingsText,
  type LineState,
  type Plan,
} from '../../src/sweep/index.ts';
import { UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { wholeNumber } from '../run-options.ts';
import { readPlan } from './read-plan.ts';
import { shardFilesIn, workFolderOf } from './work-folder.ts';

interface Flags {
  readonly plan: string;
  readonly shards?: string;
  readonly json?: true;
}

const NOTES = `
Without DB: the --db of the program, and the shards that sweep run --jobs keeps beside the plan.
"array" has the runs that are neither done nor running, by their number in the plan; with --shards N
also the shards that have some of them and no running one, as sbatch --array takes it.

Exit code 0 when all runs are done, otherwise 1.

Example:
  swaplab sweep status --plan plan.ndjson --shards 8 shard-*.db
`;

export function addStatus(
  sweep: Command,
  io: CommandIo,
  endsWith: (exitCode: number) => void,
): void {
  sweep
    .command('status')
    .description('say how far a sweep is, and what to start again')
    .argument('[db...]', 'state databases of its shards; they are only read')
    .requiredOption('--plan <FILE>', 'what sweep plan wrote')
    .option('--shards <N>', 'say which of N shards are not done')
    .option('--json', 'print one JSON document')
    .addHelpText('after', NOTES)
    .action((given: string[], flags: Flags) => {
      const plan = readPlan(flags.plan);
      const specs = new PlanSpecs(plan, flags.plan);
      for (const line of plan.lines) specs.get(line);
      const missing = given.find((path) => !existsSync(path));
      if (missing !== undefined) throw new UsageError(`status: there is no file ${missing}`);
      const paths = given.length > 0 ? given : usualDatabases(flags.plan, io);
      const states = lineStates(plan.lines, paths.flatMap(plannedIn));
      const status = statusOf(plan, states, flags);
      io.stdout(flags.json === true ? `${JSON.stringify(status, null, 2)}\n` : statusText(status));
      endsWith(status.isComplete ? 0 : 1);
    });
}

function usualDatabases(plan: string, io: CommandIo): string[] {
  const own = existsSync(io.databasePath) ? [io.databasePath] : [];
  return [...own, ...shardFilesIn(workFolderOf(plan))];
}

function plannedIn(path: string): PlannedRun[] {
  // A shard that was made ready and never begun.
  if (inspectDatabaseFile(path) === 'empty') return [];
  const database = openStateDatabase(path, { readonly: true });
  try {
    return database.runs.planned();
  } finally {
    database.close();
  }
}

interface SweepStatus {
  readonly name: string;
  readonly runs: number;
  readonly counts: Readonly<Record<LineState, number>>;
  readonly isComplete: boolean;
  /** Runs to do, as an array specification; '' when there are none. */
  readonly array: string;
  /** Shards to start again; null: not asked for. */
  readonly shardArray: string | null;
  readonly failed: readonly { readonly index: number; readonly settings: string }[];
}

function statusOf(plan: Plan, states: readonly LineState[], flags: Flags): SweepStatus {
  const counts = Object.fromEntries(
    LINE_STATES.map((name) => [name, states.filter((state) => state === name).length]),
  ) as Record<LineState, number>;
  const toDo = plan.lines.filter((_, at) => isToDo(states[at]!));
  const shards = wholeNumber(flags.shards, '--shards');
  if (shards === 0) throw new UsageError('--shards: 0 shards; accepted: from 1');
  return {
    ...{ name: plan.name, runs: plan.lines.length, counts },
    isComplete: counts.done === plan.lines.length,
    array: arraySpecification(toDo.map(({ index }) => index)),
    shardArray: shards === undefined ? null : shardsToStart(plan, states, shards),
    failed: plan.lines
      .filter((_, at) => states[at] === 'failed')
      .map(({ index, set }) => ({ index, settings: settingsText(set) })),
  };
}

/** Shards with something to do at which nobody works: a database has one writer. */
function shardsToStart(plan: Plan, states: readonly LineState[], count: number): string {
  const stateOf = new Map(plan.lines.map((line, at) => [line, states[at]!]));
  const numbers = dealLines(plan.lines, count).flatMap((lines, at) => {
    const own = lines.map((line) => stateOf.get(line)!);
    return own.some(isToDo) && !own.includes('running') ? [at + 1] : [];
  });
  return arraySpecification(numbers);
}

function statusText({ name, runs, counts, ...status }: SweepStatus): string {
  const parts = LINE_STATES.filter((state) => counts[state] > 0).map(
    (state) => `${counts[state]} ${state}`,
  );
  return [
    `${name}: ${runs} runs: ${parts.join(', ')}`,
    ...status.failed.map(({ index, settings }) => `failed: run ${index} (${settings})`),
    ...(status.array === '' ? [] : [`to do: ${status.array}`]),
    ...((status.shardArray ?? '') === '' ? [] : [`shards: --array=${status.shardArray!}`]),
    ...(status.isComplete ? ['complete'] : []),
    '',
  ].join('\n');
}
