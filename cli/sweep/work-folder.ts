/**
 * The folder in which `sweep run --jobs` keeps its shards until they are merged, by itself beside the
 * plan. It holds the lines that were still to be run when it was made, as a plan of its own.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { planText, type Plan, type PlanLine } from '../../src/sweep/index.ts';
import { UsageError } from '../../src/units/index.ts';
import { makeFolder, replaceFile } from '../write-output.ts';
import { JOBLOG_FILE, PLAN_FILE } from './engine.ts';
import { LOCK_FILE, lockFolder } from './folder-lock.ts';
import { readPlan } from './read-plan.ts';

/** `shard-3-of-8.db`. */
const SHARD_FILE = /^shard-(\d+)-of-(\d+)\.db$/;
/** What a folder may hold before it has a plan: ended in its first moments, or its plan removed. */
const NO_WORK = new RegExp(`^(${LOCK_FILE}|${JOBLOG_FILE}|${PLAN_FILE}\\..*part)$`);

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
  makeFolder(path, '--work');
  requireOurs(path);
  const unlock = lockFolder(path);
  try {
    const lines = withEarlier(path, plan, toDo);
    replaceFile(join(path, PLAN_FILE), planText({ ...plan, lines }));
    const [known] = shardFilesIn(path);
    const count =
      known === undefined ? shardCount : Number(SHARD_FILE.exec(known.slice(path.length + 1))![2]);
    return {
      ...{ path, lines, shardCount: count },
      release: (isDone) => {
        if (isDone) rmSync(path, { recursive: true, force: true });
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Before anything is written there: what is done with is removed, with all that is in it. */
function requireOurs(path: string): void {
  if (existsSync(join(path, PLAN_FILE))) return;
  const strange = readdirSync(path).find((name) => !NO_WORK.test(name));
  if (strange !== undefined)
    throw new UsageError(
      `--work: ${path} holds ${strange}; accepted: a folder that is empty, or not there yet`,
    );
}

/** What was begun stays in its shard: which one a line is in follows from all lines of the folder. */
function withEarlier(path: string, plan: Plan, toDo: readonly PlanLine[]): PlanLine[] {
  const file = join(path, PLAN_FILE);
  if (!existsSync(file)) return [...toDo];
  const ids = new Set(plan.lines.map(({ id }) => id));
  const earlier = readPlan(file).lines.map(({ id }) => id);
  if (!earlier.every((id) => ids.has(id)))
    throw new UsageError(
      `--work: ${path} holds shards of another plan; finish that one, remove the folder, or give another`,
    );
  const wanted = new Set([...earlier, ...toDo.map(({ id }) => id)]);
  return plan.lines.filter(({ id }) => wanted.has(id));
}
