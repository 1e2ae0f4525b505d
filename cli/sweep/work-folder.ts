/**
 * The folder in which `sweep run --jobs` keeps its shards until they are merged, by itself beside the
 * plan. It holds the lines that were still to be run when it was made, as a plan of its own.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { currentProcess, isRunning } from '../../src/runs/index.ts';
import { planText, type Plan, type PlanLine } from '../../src/sweep/index.ts';
import { RunError, UsageError } from '../../src/units/index.ts';
import { PLAN_FILE } from './engine.ts';
import { readPlan } from './read-plan.ts';

/** `shard-3-of-8.db`. */
const SHARD_FILE = /^shard-(\d+)-of-(\d+)\.db$/;
/** Who works in the folder: pid and start of the process, as JSON. */
const LOCK_FILE = 'lock';

/** The folder of a plan, where nobody has chosen another. */
export function workFolderOf(plan: string): string {
  return `${plan}.shards`;
}

/** Databases of shards that a folder has; none where there is no folder. */
export function shardFilesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => SHARD_FILE.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** A folder that this process works in, until `release`. */
export interface WorkFolder {
  readonly path: string;
  /** The lines that its shards have. */
  readonly lines: readonly PlanLine[];
  readonly shardCount: number;
  /** @param isDone - nothing is needed any more: the folder goes */
  release(isDone: boolean): void;
}

/**
 * Makes a folder, or takes up one that was left.
 * @param toDo - lines that are to be run
 * @param shardCount - how many shards a new one gets
 * @throws UsageError when it is another plan's; RunError while another process works in it
 */
export function takeWorkFolder(
  path: string,
  plan: Plan,
  { toDo, shardCount }: { readonly toDo: readonly PlanLine[]; readonly shardCount: number },
): WorkFolder {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UsageError(`--work: ${path}: ${(error as NodeJS.ErrnoException).code ?? ''}`);
  }
  lock(path);
  try {
    const lines = withEarlier(path, plan, toDo);
    writeFileSync(join(path, PLAN_FILE), planText({ ...plan, lines }));
    const [known] = shardFilesIn(path);
    const count =
      known === undefined ? shardCount : Number(SHARD_FILE.exec(known.slice(path.length + 1))![2]);
    return {
      ...{ path, lines, shardCount: count },
      release: (isDone) => {
        if (isDone) rmSync(path, { recursive: true, force: true });
        else rmSync(join(path, LOCK_FILE), { force: true });
      },
    };
  } catch (error) {
    rmSync(join(path, LOCK_FILE), { force: true });
    throw error;
  }
}

/** What was begun stays in its shard: which one a line is in follows from all lines of the folder. */
function withEarlier(path: string, plan: Plan, toDo: readonly PlanLine[]): PlanLine[] {
  const file = join(path, PLAN_FILE);
  if (!existsSync(file)) {
    const strange = readdirSync(path).find((name) => name !== LOCK_FILE);
    if (strange !== undefined)
      throw new UsageError(
        `--work: ${path} holds ${strange}; accepted: a folder that is empty, or not there yet`,
      );
    return [...toDo];
  }
  const ids = new Set(plan.lines.map(({ id }) => id));
  const earlier = readPlan(file).lines.map(({ id }) => id);
  if (!earlier.every((id) => ids.has(id)))
    throw new UsageError(
      `--work: ${path} holds shards of another plan; finish that one, remove the folder, or give another`,
    );
  const wanted = new Set([...earlier, ...toDo.map(({ id }) => id)]);
  return plan.lines.filter(({ id }) => wanted.has(id));
}

function lock(path: string): void {
  const file = join(path, LOCK_FILE);
  const own = JSON.stringify(currentProcess());
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, own, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = holderOf(file);
      if (holder !== null)
        throw new RunError(
          `${path}: process ${holder} runs a sweep there; wait until it has ended`,
        );
      unlinkSync(file);
    }
  }
  throw new RunError(`${path}: another process was quicker to run a sweep there`);
}

/** The pid of who holds a lock; null when that process is gone. */
function holderOf(file: string): number | null {
  try {
    const { pid, startTicks } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly pid: number;
      readonly startTicks: number | null;
    };
    return isRunning({ pid, startTicks }) ? pid : null;
  } catch {
    return null;
  }
}
