/** `sweep run --jobs N`: the whole plan in shards, several at a time, merged at the end. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { inspectDatabaseFile, openStateDatabase } from '../../src/runs/index.ts';
import { arraySpecification, dealLines, type Plan, type PlanLine } from '../../src/sweep/index.ts';
import { shellWord, UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { createProgress } from '../progress.ts';
import { wholeNumber } from '../run-options.ts';
import { detail, notice } from '../telling.ts';
import { bringTraces } from './bring-traces.ts';
import { shardFile, type ShardJobs } from './engine.ts';
import { hasParallel, runWithParallel } from './engine-parallel.ts';
import { runWithProcesses } from './engine-processes.ts';
import { mergeShards, sumText, type ShardMerge } from './merge.ts';
import { readPlan } from './read-plan.ts';
import type { LineEnd } from './run-lines.ts';
import { shardFilesIn, takeWorkFolder, workFolderOf, type WorkFolder } from './work-folder.ts';

export const ENGINES = ['parallel', 'processes'] as const;

export interface JobFlags {
  readonly plan: string;
  readonly jobs: string;
  readonly engine?: (typeof ENGINES)[number];
  readonly sshlogin: string[];
  readonly command: string;
  readonly trace: readonly string[];
  readonly work?: string;
  readonly keep?: true;
  readonly json?: true;
  readonly ndjson?: true;
}

/**
 * Shards for each job: the last ones of all are to end together. assumed; each more costs a start and a
 * warming up, 1.3 s of CPU as measured (49.9 s against 47.2 s, 64 runs in 4 shards and in 2).
 */
const SHARDS_PER_JOB = 2;
/** Processes of one machine. assumed */
const JOBS_MAX = 4096;
const EXIT_CHECK = 3;
const EXIT_INTERRUPTED = 130;

/** @returns the exit code */
export async function runJobs(flags: JobFlags, io: CommandIo): Promise<number> {
  const jobs = readJobs(flags);
  const engine = chooseEngine(flags);
  const plan = readPlan(flags.plan);
  const done = doneIn(io.databasePath, { readonly: false });
  const toDo = plan.lines.filter(({ id }) => !done.has(id));
  const hosts = Math.max(1, flags.sshlogin.length);
  const folder = takeWorkFolder(flags.work ?? workFolderOf(flags.plan), plan, {
    toDo,
    shardCount: Math.max(1, Math.min(toDo.length, jobs * hosts * SHARDS_PER_JOB)),
  });
  let isDone = false;
  try {
    const { ends, isInterrupted } = await runAll({ flags, plan, folder, jobs, engine }, io);
    const merged = mergeShards(shardFilesIn(folder.path), plan, io);
    if (flags.ndjson !== true) io.stdout(outcomeText(merged, plan, flags, io));
    isDone = merged.missing.length === 0 && flags.keep !== true;
    if (merged.missing.length > 0)
      notice(io, goOnText(merged.missing.length, flags.plan, folder.path, io));
    if (isInterrupted) return EXIT_INTERRUPTED;
    if (ends.some(({ exitCode }) => exitCode === EXIT_CHECK)) return EXIT_CHECK;
    return merged.missing.length === 0 ? 0 : 1;
  } finally {
    folder.release(isDone);
  }
}

function readJobs({ jobs: text }: JobFlags): number {
  const jobs = wholeNumber(text, '--jobs')!;
  if (jobs > JOBS_MAX)
    throw new UsageError(
      `--jobs: '${text}' is not accepted; accepted: 0 (one per CPU) to ${JOBS_MAX}`,
    );
  return jobs === 0 ? availableParallelism() : jobs;
}

function chooseEngine({ engine, sshlogin }: JobFlags): (typeof ENGINES)[number] {
  if (sshlogin.length > 0 && engine === 'processes')
    throw new UsageError('run: --sshlogin needs --engine parallel');
  const isThere = engine === 'processes' ? false : hasParallel();
  if (!isThere && (engine === 'parallel' || sshlogin.length > 0))
    throw new UsageError(
      'run: --engine parallel: GNU parallel is not installed; accepted: processes',
    );
  return isThere ? 'parallel' : 'processes';
}

/**
 * Ids of runs that are done in a database.
 * @param readonly - false: it is brought to the newest schema as well, as what is merged into
 */
function doneIn(path: string, { readonly }: { readonly readonly: boolean }): Set<string> {
  if (inspectDatabaseFile(path) !== 'ours') return new Set();
  const database = openStateDatabase(path, { readonly });
  try {
    return database.runs.donePlanIds();
  } finally {
    database.close();
  }
}

interface AllShards {
  readonly flags: JobFlags;
  readonly plan: Plan;
  readonly folder: WorkFolder;
  readonly jobs: number;
  readonly engine: (typeof ENGINES)[number];
}

async function runAll(
  { flags, plan, folder, jobs, engine }: AllShards,
  io: CommandIo,
): Promise<{ readonly ends: readonly LineEnd[]; readonly isInterrupted: boolean }> {
  const open = openShards(folder);
  const traces = open.length === 0 ? [] : bringTraces(flags, plan, folder.path);
  const total = open.reduce((sum, { toDo }) => sum + toDo.length, 0);
  detail(
    io,
    `${total} runs in ${open.length} of ${folder.shardCount} shards, ${jobs} at a time: ${engine}`,
  );
  const bar = createProgress({ label: plan.name, unit: 'runs', total }, io);
  bar.update({ done: 0 });
  const ends: LineEnd[] = [];
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const work: ShardJobs = {
    ...{ folder: folder.path, shards: open.map(({ shard }) => shard), jobs },
    ...{ shardCount: folder.shardCount, traces, stop: stopping.signal },
    onEnd: (end) => {
      if (end.status === 'known') return;
      ends.push(end);
      bar.update({ done: ends.length });
      if (flags.ndjson === true) io.stdout(`${JSON.stringify(end)}\n`);
    },
    onMessage: (text) => {
      bar.stop();
      io.stderr(text);
    },
  };
  try {
    if (open.length > 0 && engine === 'processes') await runWithProcesses(work);
    else if (open.length > 0) await runWithParallel(work, remoteOf(flags));
    return { ends, isInterrupted: stopping.signal.aborted };
  } finally {
    stopping.abort();
    bar.stop();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function remoteOf({
  sshlogin,
  command,
}: JobFlags): { sshlogins: string[]; command: string } | null {
  return sshlogin.length === 0 ? null : { sshlogins: sshlogin, command };
}

/** Shards with lines that are not done, and these. */
function openShards({
  path,
  lines,
  shardCount,
}: WorkFolder): { readonly shard: number; readonly toDo: readonly PlanLine[] }[] {
  return dealLines(lines, shardCount).flatMap((own, at) => {
    const shard = at + 1;
    const done = doneIn(join(path, shardFile(shard, shardCount)), { readonly: true });
    const toDo = own.filter(({ id }) => !done.has(id));
    return toDo.length === 0 ? [] : [{ shard, toDo }];
  });
}

function outcomeText(merged: ShardMerge, plan: Plan, flags: JobFlags, io: CommandIo): string {
  const { doneIds, contentHash, missing } = merged;
  if (flags.json !== true) return sumText(merged, plan, io.databasePath);
  const document = {
    ...{ name: plan.name, database: io.databasePath, runs: plan.lines.length, done: doneIds.size },
    ...{ missing: arraySpecification(missing), contentHash },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** What is done stands in the database and in the shards. */
function goOnText(missingCount: number, plan: string, path: string, io: CommandIo): string {
  const databases = `${shellWord(io.databasePath)} ${shellWord(path)}/shard-*.db`;
  return (
    `sweep: ${missingCount} runs are not done; the same command goes on. How far they are: ` +
    `swaplab sweep status --plan ${shellWord(plan)} ${databases}\n`
  );
}
