/**
 * Shards over GNU parallel: O. Tange, "GNU Parallel", https://doi.org/10.5281/zenodo.7347980, on this
 * machine or on several over ssh.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { RunError, UsageError } from '../../src/units/index.ts';
import {
  heard,
  JOBLOG_FILE,
  ownProgram,
  PLAN_FILE,
  shardArguments,
  shardFile,
  type ShardJobs,
} from './engine.ts';

/** Other hosts. */
export interface RemoteHosts {
  /** As --sshlogin of GNU parallel takes them. */
  readonly sshlogins: readonly string[];
  /** What swaplab is called there. */
  readonly command: string;
}

/**
 * What parallel puts a shard's number for. All that it looks for it in is made here of numbers and
 * fixed words; the program's own path, which could hold braces, stands in variables.
 */
const SHARD = '{}';

/** Whether GNU parallel can be called; moreutils has another program of that name. */
export function hasParallel(): boolean {
  const { stdout } = spawnSync('parallel', ['--plain', '--version'], { encoding: 'utf8' });
  return (stdout as string | null)?.startsWith('GNU parallel') === true;
}

/**
 * Runs the shards, `jobs` at a time on each host; what a shard ends with is seen in its database.
 * @param remote - null: on this machine
 * @throws RunError when parallel does not begin them
 */
export async function runWithParallel(work: ShardJobs, remote: RemoteHosts | null): Promise<void> {
  const { folder, jobs, shards, shardCount } = work;
  const file = shardFile(SHARD, shardCount);
  const remoteFolder = remoteFolderName();
  if (remote !== null) {
    // What does not exist is not sent.
    for (const shard of shards)
      closeSync(openSync(join(folder, shardFile(shard, shardCount)), 'a', 0o600));
    // For `:`, this machine, to which nothing is sent.
    symlinkSync('.', join(folder, remoteFolder));
  }
  const child = spawn(
    'parallel',
    [
      // Without the user's own profile, without the notice that asks to be cited (README does).
      ...['--plain', '--will-cite', '--jobs', String(jobs), '--line-buffer'],
      ...['--joblog', JOBLOG_FILE],
      // A run that is told to end gives its files back first.
      ...['--termseq', 'TERM,5000,KILL,25'],
      ...(remote === null
        ? []
        : [
            ...remote.sshlogins.flatMap((login) => ['--sshlogin', login]),
            ...['--workdir', remoteFolder, '--cleanup'],
            ...[PLAN_FILE, ...work.traces].flatMap((name) => ['--basefile', name]),
            ...['--transferfile', file, '--return', file],
          ]),
      remote === null ? localCommand(work) : remoteCommand(remote.command, work),
    ],
    {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...programVariables(), PARALLEL_SHELL: '/bin/sh' },
    },
  );
  child.stdin.on('error', () => undefined);
  child.stdin.end(shards.map((shard) => `${shard}\n`).join(''));
  try {
    await heard(child, work);
  } finally {
    rmSync(join(folder, remoteFolder), { force: true });
  }
  if (child.exitCode === 255 && !work.stop.aborted)
    throw new RunError('GNU parallel failed; --engine processes does without it');
}

/**
 * The folder on other hosts, in the home there. `--cleanup` empties it: under a name of its own it is
 * not the work folder, nor that of another call, where hosts share their homes with this one.
 */
function remoteFolderName(): string {
  return `swaplab-${process.pid}-${randomBytes(6).toString('hex')}`;
}

/** Paths stand in variables: in the command parallel would replace `{.}` and the shell `$`. */
function localCommand(work: ShardJobs): string {
  const words = ownProgram().map((_, at) => `"$SWAPLAB_WORD_${at}"`);
  return ['exec', ...words, ...shardArguments(SHARD, work)].join(' ');
}

function programVariables(): Record<string, string> {
  return Object.fromEntries(ownProgram().map((word, at) => [`SWAPLAB_WORD_${at}`, word]));
}

function remoteCommand(command: string, work: ShardJobs): string {
  if (/\{/.test(command))
    throw new UsageError('run: --command: braces are not accepted: GNU parallel replaces them');
  return [command, ...shardArguments(SHARD, work)].join(' ');
}
