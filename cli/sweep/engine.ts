/** What starts the shards of `sweep run --jobs`, and what it is handed. */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { LineEnd } from './run-lines.ts';

/** Shards to run in a folder that holds their plan. */
export interface ShardJobs {
  /** Has `plan.ndjson`; the shards' databases come to stand there. */
  readonly folder: string;
  /** Numbers of the shards, and of how many they are. */
  readonly shards: readonly number[];
  readonly shardCount: number;
  /** How many at a time. */
  readonly jobs: number;
  /** Access traces, in the folder, that shards are to look for there. */
  readonly traces: readonly string[];
  /** Told of each run that a shard tells of. */
  readonly onEnd: (end: LineEnd) => void;
  /** What the engine or a shard says to people. */
  readonly onMessage: (text: string) => void;
  /** Shards are to end. */
  readonly stop: AbortSignal;
}

/** The plan in the folder. */
export const PLAN_FILE = 'plan.ndjson';

/** What GNU parallel notes about its jobs, in the folder. */
export const JOBLOG_FILE = 'joblog';

/** The database of a shard, in the folder. */
export function shardFile(shard: number | string, shardCount: number): string {
  return `shard-${shard}-of-${shardCount}.db`;
}

/** What stands behind `swaplab` for a shard. @param shard - a number, or what stands for it */
export function shardArguments(
  shard: number | string,
  { shardCount, traces }: Pick<ShardJobs, 'shardCount' | 'traces'>,
): string[] {
  return [
    ...['sweep', 'run', '--quiet', '--ndjson', '--plan', PLAN_FILE],
    ...['--shard', `${shard}/${shardCount}`, '--db', shardFile(shard, shardCount)],
    ...traces.flatMap((name) => ['--trace', name]),
  ];
}

/** How this program is called: words before its arguments. */
export function ownProgram(): string[] {
  return [process.execPath, ...process.execArgv, process.argv[1]!];
}

/** Listens to a child that tells of runs on stdout; resolves when it has ended and all is heard. */
export async function heard(
  child: ChildProcess,
  { onEnd, onMessage, stop }: ShardJobs,
): Promise<void> {
  const end = (): void => void child.kill('SIGTERM');
  stop.addEventListener('abort', end, { once: true });
  // Between the last look and now.
  if (stop.aborted) end();
  child.stderr?.setEncoding('utf8').on('data', onMessage);
  const lines = createInterface({ input: child.stdout! });
  lines.on('line', (line) => {
    const told = lineEndOf(line);
    if (told === null) onMessage(`${line}\n`);
    else onEnd(told);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
  } finally {
    stop.removeEventListener('abort', end);
  }
}

/** Null for what is no line of `sweep run --ndjson`. */
function lineEndOf(line: string): LineEnd | null {
  try {
    const json = JSON.parse(line) as Partial<LineEnd> | null;
    return typeof json?.id === 'string' ? (json as LineEnd) : null;
  } catch {
    return null;
  }
}
