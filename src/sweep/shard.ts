/** Which part of a plan a process runs: given, or told by the engine that started it. */
import { clipped, UsageError } from '../units/index.ts';
import type { PlanLine } from './plan.ts';

/** Part `number` of `count`, from 1. */
export interface Shard {
  readonly number: number;
  readonly count: number;
}

/** Shards of one plan. assumed: as many as a plan can have runs */
const SHARDS_MAX = 100_000;

/**
 * Variables in which engines tell a task its number, and where they begin to count.
 * @source Slurm sbatch(1), "JOB ARRAYS": as --array says, which our script has begin at 1
 * @source Kubernetes documentation, Job, "Completion mode: Indexed": from 0
 * @source parallel(1), "ENVIRONMENT VARIABLES": the job number, from 1
 */
const TASK_NUMBERS: Readonly<Record<string, number>> = {
  SLURM_ARRAY_TASK_ID: 1,
  JOB_COMPLETION_INDEX: 0,
  PARALLEL_SEQ: 1,
};

/** Reads `--shard K/N`. */
export function parseShard(text: string, option: string): Shard {
  const match = /^(\d{1,9})\/(\d{1,9})$/.exec(text);
  if (match === null) throw new UsageError(`${option}: '${clipped(text)}' is not K/N, such as 3/8`);
  return checkShard({ number: Number(match[1]), count: Number(match[2]) }, option);
}

function checkShard(shard: Shard, option: string): Shard {
  if (shard.count < 1 || shard.count > SHARDS_MAX)
    throw new UsageError(`${option}: ${shard.count} shards; accepted: 1 to ${SHARDS_MAX}`);
  if (shard.number < 1 || shard.number > shard.count)
    throw new UsageError(
      `${option}: there is no shard ${shard.number} of ${shard.count}; accepted: 1 to ${shard.count}`,
    );
  return shard;
}

/** The variable by which an engine tells this process its number; undefined: none does. */
export function taskVariable(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const told = Object.keys(TASK_NUMBERS).filter((name) => (env[name] ?? '') !== '');
  if (told.length > 1)
    throw new UsageError(
      `--shards: ${told.join(' and ')} are set: which one counts? give --shard K/N`,
    );
  return told[0];
}

/** The shard of `count` that an engine's variable tells. */
export function shardOfTask(
  env: Readonly<Record<string, string | undefined>>,
  count: number,
): Shard {
  const name = taskVariable(env);
  if (name === undefined)
    throw new UsageError(
      `--shards: which one of ${count}? none of ${Object.keys(TASK_NUMBERS).join(', ')} is set; ` +
        'give --shard K/N',
    );
  const text = env[name]!;
  if (!/^\d{1,9}$/.test(text))
    throw new UsageError(`--shards: ${name} is '${clipped(text)}', which is no number`);
  return checkShard({ number: Number(text) + 1 - TASK_NUMBERS[name]!, count }, `--shards, ${name}`);
}

/**
 * The lines of each shard, in the plan's order. They are dealt out in the order of their ids, which is
 * as good as shuffled: neighbours in a plan differ by one setting, and one that makes runs long would
 * else come to the same shard each time.
 */
export function dealLines(lines: readonly PlanLine[], count: number): PlanLine[][] {
  const shards = Array.from({ length: count }, (): PlanLine[] => []);
  const shuffled = [...lines].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const [at, line] of shuffled.entries()) shards[at % count]!.push(line);
  for (const shard of shards) shard.sort((a, b) => a.index - b.index);
  return shards;
}
