/** `sweep slurm`: the batch script that runs a plan as a job array. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { MAX_ARRAY_SIZE, slurmScript } from '../../src/sweep/index.ts';
import { shellWord, UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { wholeNumber } from '../run-options.ts';
import { collect } from '../runs/options.ts';
import { detail } from '../telling.ts';
import { makeFolder, writeOutput } from '../write-output.ts';
import { readShardCount } from './engine-options.ts';
import { readPlan } from './read-plan.ts';

interface Flags {
  readonly plan: string;
  readonly shards: string;
  readonly output: string;
  readonly folder?: string;
  readonly command?: string;
  readonly throttle?: string;
  readonly maxArraySize?: string;
  readonly partition?: string;
  readonly account?: string;
  readonly time?: string;
  readonly mem?: string;
  readonly option: string[];
}

/** Options that go to sbatch as they are. */
const PASSED = ['partition', 'account', 'time', 'mem'] as const;

const NOTES = `
The script submits itself with the merge behind it (bash sweep.sbatch submit), is the task of a shard,
and merges. A task that was requeued, or is submitted again, goes on where it was.

Plan, folder and program must be at the same paths on all nodes.

Example:
  swaplab sweep slurm --plan plan.ndjson --shards 100 --time 30:00 --mem 1G -o sweep.sbatch
  bash sweep.sbatch submit
  bash sweep.sbatch status              # names the tasks that are to be submitted again
  bash sweep.sbatch submit 17,40-42
`;

export function addSlurm(sweep: Command, io: CommandIo): void {
  sweep
    .command('slurm')
    .description('write the batch script that runs a plan on Slurm, a task for each shard')
    .requiredOption('--plan <FILE>', 'what sweep plan wrote')
    .requiredOption('--shards <N>', 'tasks of the array')
    .option('-o, --output <FILE>', 'where to write the script; -: standard output', '-')
    .option('--folder <DIR>', 'databases and logs (PLAN.slurm, made if need be)')
    .option('--throttle <N>', 'tasks that run at a time')
    .option('--partition <NAME>', 'of sbatch')
    .option('--account <NAME>', 'of sbatch')
    .option('--time <LIMIT>', 'of sbatch, for each task')
    .option('--mem <SIZE>', 'of sbatch, for each task')
    .option('--option <TEXT>', "any other of sbatch: '--qos=low'; repeatable", collect, [])
    .option(
      '--command <WORDS>',
      'what calls swaplab on the nodes (node and program as they are here)',
    )
    .option('--max-array-size <N>', `MaxArraySize of the cluster (${MAX_ARRAY_SIZE})`)
    .addHelpText('after', NOTES)
    .action((flags: Flags) => {
      writeScript(flags, io);
    });
}

function writeScript(flags: Flags, io: CommandIo): void {
  const plan = readPlan(flags.plan);
  const runCount = plan.lines.length;
  const shards = readShardCount(flags.shards, runCount);
  const sizeMax = wholeNumber(flags.maxArraySize, '--max-array-size') ?? MAX_ARRAY_SIZE;
  if (shards >= sizeMax)
    throw new UsageError(
      `--shards: ${shards}: Slurm takes array indexes below MaxArraySize, ${sizeMax}; accepted: up to ` +
        `${sizeMax - 1}, or --max-array-size N (scontrol show config | grep MaxArraySize)`,
    );
  const throttle = wholeNumber(flags.throttle, '--throttle') ?? null;
  if (throttle === 0) throw new UsageError('--throttle: 0 tasks at a time; accepted: from 1');
  const planPath = resolve(flags.plan);
  const folder = resolve(flags.folder ?? `${flags.plan}.slurm`);
  const text = slurmScript({
    ...{ name: plan.name, runCount, shards, throttle, planPath, folder },
    command:
      flags.command ?? [process.execPath, resolve(process.argv[1]!)].map(shellWord).join(' '),
    options: [
      ...PASSED.flatMap((name) => (flags[name] === undefined ? [] : [`--${name}=${flags[name]}`])),
      ...flags.option.map(checkOption),
    ],
  });
  writeOutput(flags.output, text, 'sweep slurm: --output', io);
  // Slurm starts no task whose log has no folder.
  makeFolder(folder, '--folder');
  detail(io, `folder ${folder}`);
}

function checkOption(text: string): string {
  if (!/^--?[a-z]/i.test(text))
    throw new UsageError(
      `--option: '${text}' is no option of sbatch; accepted: such as '--qos=low'`,
    );
  return text;
}
