/** Shards as child processes of our own, where GNU parallel is missing or not wanted. */
import { spawn } from 'node:child_process';
import { heard, ownProgram, shardArguments, type ShardJobs } from './engine.ts';

/** Runs the shards, `jobs` at a time; what a shard ends with is seen in its database. */
export async function runWithProcesses(work: ShardJobs): Promise<void> {
  const waiting = [...work.shards];
  const runNext = async (): Promise<void> => {
    for (;;) {
      const shard = work.stop.aborted ? undefined : waiting.shift();
      if (shard === undefined) return;
      const [program, ...words] = ownProgram();
      const child = spawn(program!, [...words, ...shardArguments(shard, work)], {
        cwd: work.folder,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      await heard(child, work);
    }
  };
  await Promise.all(Array.from({ length: work.jobs }, runNext));
}
