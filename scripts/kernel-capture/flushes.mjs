/**
 * When the kernel brought cgroup statistics up to date: reclaim reads them as of then, so equal runs
 * differ where the flushes fall otherwise.
 * @source linux 6.18 mm/memcontrol.c, flush_memcg_stats_dwork: every two seconds
 */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { run } from './commands.mjs';
import { read } from './settings.mjs';

const TRACEFS = '/sys/kernel/tracing';

/**
 * Watches the flushing worker in a tracefs instance of its own.
 * @returns a function that gives the times of its rounds so far, CLOCK_MONOTONIC seconds; null where
 *   the kernel has no such event or lets nobody watch
 */
export async function watchFlushes(undo) {
  const mark = undo.mark;
  try {
    if (!existsSync(`${TRACEFS}/instances`)) {
      await run('mount', ['-t', 'tracefs', 'tracefs', TRACEFS]);
      undo.add(`unmount ${TRACEFS}`, () => run('umount', [TRACEFS]));
    }
    const instance = `${TRACEFS}/instances/swaplab-capture`;
    if (existsSync(instance)) rmdirSync(instance);
    mkdirSync(instance);
    undo.add(`remove ${instance}`, () => rmdirSync(instance));
    const event = `${instance}/events/memcg/memcg_flush_stats`;
    writeFileSync(`${instance}/trace_clock`, 'mono');
    // The worker flushes the root cgroup (1) whether it is due or not; readers do not force.
    writeFileSync(`${event}/filter`, 'force == 1 && id == 1');
    writeFileSync(`${event}/enable`, '1');
    undo.add(`stop ${event}`, () => writeFileSync(`${event}/enable`, '0'));
    return () =>
      [...read(`${instance}/trace`).matchAll(/ (\d+\.\d+): memcg_flush_stats:/g)].map(([, time]) =>
        Number(time),
      );
  } catch {
    await undo.unwind(mark);
    return null;
  }
}
