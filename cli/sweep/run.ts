/** `sweep run`: the runs of a plan, or of one shard of it, into a state database. */
import { Option, type Command } from 'commander';
import {
  dealLines,
  parseShard,
  settingsText,
  shardOfTask,
  taskVariable,
  type Shard,
} from '../../src/sweep/index.ts';
import { UsageError } from '../../src/units/index.ts';
import { placesOf } from '../access-trace-file.ts';
import type { CommandIo } from '../command.ts';
import { wholeNumber } from '../run-options.ts';
import { collect } from '../runs/options.ts';
import { shellCommand } from '../shell-words.ts';
import { readPlan } from './read-plan.ts';
import { ENGINES, runJobs, type JobFlags } from './run-jobs.ts';
import { runLines, type LineEnd } from './run-lines.ts';

interface Flags {
  readonly plan: string;
  readonly shard?: string;
  readonly shards?: string;
  readonly trace: readonly string[];
  readonly json?: true;
  readonly ndjson?: true;
}

/** Options that say how --jobs does it. */
const OF_JOBS = ['engine', 'sshlogin', 'command', 'work', 'keep'] as const;

/** What a subcommand is given. */
export interface SweepCall {
  readonly io: CommandIo;
  readonly endsWith: (exitCode: number) => void;
  /** Behind `swaplab sweep`. */
  readonly argv: readonly string[];
}

const NOTES = `
A run that is done stays; one that failed, or whose process ended, is run again. So the same command
goes on where it was interrupted. Processes that share a database share the work.

Without --shard the whole plan is run. --shards N takes K from SLURM_ARRAY_TASK_ID (from 1),
JOB_COMPLETION_INDEX (from 0) or PARALLEL_SEQ (from 1).

--jobs N runs the whole plan, N shards at a time, over GNU parallel where it is installed, else in
processes of its own, and merges them into --db. Shards that were interrupted are kept beside the plan,
in PLAN.shards (or --work), and the same command goes on with them. With --sshlogin HOST jobs run on
other hosts, where swaplab of this version must be called as --command says, and rsync be installed.

Exit code 1 when a run failed or is left to another process, 3 when a page came back wrong; the others
are run all the same.

Example:
  swaplab sweep run --plan plan.ndjson --jobs 2 --db all.db
  swaplab sweep run --plan plan.ndjson --shard 3/8 --db shard-3.db
  swaplab sweep run --plan plan.ndjson --jobs 8 --sshlogin big1,big2 --db all.db
`;

export function addRun(sweep: Command, call: SweepCall): void {
  sweep
    .command('run')
    .description('run a plan, or one shard of it, into a state database')
    .requiredOption('--plan <FILE>', 'what sweep plan wrote')
    .option('--shard <K/N>', 'only part K of N')
    .option('--shards <N>', 'only one part of N, which an engine tells')
    .option('--jobs <N>', 'the whole plan, N shards at a time; 0: as many as there are CPUs')
    .addOption(
      new Option('--engine <NAME>', 'what starts them (parallel, where it is there)').choices(
        ENGINES,
      ),
    )
    .option(
      '--sshlogin <HOSTS>',
      'hosts to run on, as GNU parallel takes them; `:` is this one',
      collect,
      [],
    )
    .option('--command <COMMAND>', 'what swaplab is called on those hosts', 'swaplab')
    .option('--work <DIR>', 'where the shards are until they are merged (PLAN.shards)')
    .option('--keep', 'keep them when they are merged, too')
    .option(
      '--trace <FILE>',
      'an access trace of the plan, where this machine has it (at its path in the plan); repeatable',
      collect,
      [],
    )
    .option('--json', 'print one JSON document')
    .option('--ndjson', 'print a line of JSON for each run as it ends')
    .addHelpText('after', NOTES)
    .action(async (flags: Flags & Partial<JobFlags>, command: Command) => {
      if (flags.jobs !== undefined) {
        if (flags.shard !== undefined || flags.shards !== undefined)
          throw new UsageError('run: --jobs runs the whole plan; not with --shard and --shards');
        call.endsWith(await runJobs(flags as JobFlags, call.io));
        return;
      }
      const of = OF_JOBS.find((name) => command.getOptionValueSource(name) === 'cli');
      if (of !== undefined) throw new UsageError(`run: --${of} belongs to --jobs N`);
      await runShard(flags, call);
    });
}

async function runShard(flags: Flags, { io, endsWith, argv }: SweepCall): Promise<void> {
  const shard = readShard(flags, io);
  const plan = readPlan(flags.plan);
  const lines = shard === null ? plan.lines : dealLines(plan.lines, shard.count)[shard.number - 1]!;
  const title =
    shard === null ? plan.name : `${plan.name}, shard ${shard.number} of ${shard.count}`;
  const ends = await runLines(
    {
      ...{ plan, lines, where: flags.plan, title, isShard: shard !== null },
      traces: placesOf(flags.trace, '--trace'),
      command: shellCommand('sweep', argv),
    },
    io,
    (end) => {
      if (flags.ndjson === true) io.stdout(`${JSON.stringify(end)}\n`);
    },
  );
  if (flags.json === true) {
    io.stdout(`${JSON.stringify({ name: plan.name, shard, runs: ends }, null, 2)}\n`);
  } else if (flags.ndjson !== true) {
    io.stdout(`${title}: ${endsText(ends)}, in ${io.databasePath}\n`);
  }
  for (const { index, status, reason } of ends)
    if (reason !== undefined) {
      const line = lines.find((each) => each.index === index)!;
      io.stderr(`swaplab: sweep: run ${index} (${settingsText(line.set)}) ${status}: ${reason}\n`);
    }
  endsWith(exitCodeOf(ends));
}

/** Null: the whole plan. */
function readShard({ shard, shards }: Flags, { env }: CommandIo): Shard | null {
  if (shard !== undefined && shards !== undefined)
    throw new UsageError('run: --shard and --shards exclude each other');
  if (shard !== undefined) return parseShard(shard, '--shard');
  if (shards !== undefined) return shardOfTask(env, wholeNumber(shards, '--shards')!);
  const variable = taskVariable(env);
  if (variable !== undefined)
    throw new UsageError(
      `run: ${variable} is set: one task of how many? give --shards N (or --shard 1/1)`,
    );
  return null;
}

function endsText(ends: readonly LineEnd[]): string {
  const count = (status: LineEnd['status']): number =>
    ends.filter((end) => end.status === status).length;
  const parts = [
    `${ends.length} runs`,
    `${count('done')} done`,
    ...(count('known') > 0 ? [`${count('known')} were there already`] : []),
    ...(count('failed') > 0 ? [`${count('failed')} failed`] : []),
    ...(count('taken') > 0 ? [`${count('taken')} left to another process`] : []),
  ];
  return `${parts[0]!}: ${parts.slice(1).join(', ')}`;
}

function exitCodeOf(ends: readonly LineEnd[]): number {
  if (ends.some(({ exitCode }) => exitCode === 3)) return 3;
  return ends.every(({ status }) => status === 'done' || status === 'known') ? 0 : 1;
}
