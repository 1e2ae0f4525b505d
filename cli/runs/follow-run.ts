/**
 * `runs show RUN --follow`: what a run does while it lives, a line per interval, until it ends.
 *
 * It only looks into the state database, so it can begin and stop at any time and costs the run
 * nothing. The lines are the same on a terminal and in a pipe.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { grouped } from '../../src/report/text/figures.ts';
import type {
  FaultCount,
  RunProgress,
  RunStore,
  RunSummary,
  StoredInterval,
} from '../../src/runs/index.ts';
import { visible } from '../../src/units/index.ts';

/** Milliseconds between looks. */
const LOOK_MS = 200;
/** Exit codes of a run that did not end well. */
const EXIT = { failure: 1, check: 3 } as const;

/** How the figures of an interval name the used pages of an area. */
const USED = 'used ';

/**
 * Prints what is new of a run until it ends.
 * @returns the exit code of the run's own command; 1 of a run that was aborted or removed
 */
export async function followRun(
  runs: RunStore,
  runId: number,
  print: (text: string) => void,
): Promise<number> {
  let last: StoredInterval | null = null;
  for (;;) {
    // A run whose process is gone will say nothing more.
    runs.markAborted();
    const progress = runs.progress(runId, last?.position ?? -1);
    if (progress === undefined) {
      print(`run ${runId}: removed from the state database\n`);
      return EXIT.failure;
    }
    for (const interval of progress.intervals) {
      print(intervalLine(progress, interval, last));
      last = interval;
    }
    if (progress.run.status !== 'running') {
      print(verdictLine(progress));
      return exitCodeOf(progress.run);
    }
    await sleep(LOOK_MS);
  }
}

function intervalLine(
  { run, faultCounts, intervals }: RunProgress,
  interval: StoredInterval,
  previous: StoredInterval | null,
): string {
  const { operations, timeNs, figures, atMs } = interval;
  const from = previous ?? { operations: 0, atMs: run.startedMs };
  const seconds = (atMs - from.atMs) / 1000;
  const rate = seconds > 0 ? (operations - from.operations) / seconds : 0;
  const pool = figures['pool_total_size'];
  const stored = figures['stored_pages'];
  const areas = Object.entries(figures).filter(([name]) => name.startsWith(USED));
  return line([
    `run ${run.runId}`,
    `${((atMs - run.startedMs) / 1000).toFixed(1)} s`,
    `${grouped(operations)} operations`,
    `${grouped(Math.round(rate))}/s`,
    `${(timeNs / 1e9).toFixed(3)} s virtual`,
    pool === undefined ? null : `pool ${grouped(pool)} B`,
    stored === undefined ? null : `${grouped(stored)} pages in zswap`,
    figures['pagesChecked'] === undefined ? null : `${grouped(figures['pagesChecked'])} checked`,
    ...areas.map(([name, used]) => `${name.slice(USED.length)} ${grouped(used)} pages`),
    // The tally is that of now: it belongs to the newest line only.
    interval === intervals.at(-1) ? faultsText(faultCounts) : null,
  ]);
}

function verdictLine({ run, faultCounts }: RunProgress): string {
  const { verify, exitReason, status } = run;
  return line([
    `run ${run.runId}`,
    exitReason === null ? status : `${status}: ${exitReason}`,
    verify && `${grouped(verify.pagesChecked)} pages compared, ${verify.mismatches} wrong`,
    run.virtualNs === null ? null : `${(run.virtualNs / 1e9).toFixed(3)} s virtual`,
    run.digest === null ? null : `digest ${run.digest}`,
    faultsText(faultCounts),
  ]);
}

/** `faults: torn-write 12 (9 detected, 3 unread)`; null without any. */
function faultsText(counts: readonly FaultCount[]): string | null {
  const kinds = [...new Set(counts.map(({ kind }) => kind))].map((kind) => {
    const ofKind = counts.filter((row) => row.kind === kind);
    const fired = ofKind.reduce((sum, { count }) => sum + count, 0);
    const became = ofKind.map(({ consequence, count }) => `${count} ${consequence}`).join(', ');
    return `${kind} ${fired} (${became})`;
  });
  return kinds.length === 0 ? null : `faults: ${kinds.join(', ')}`;
}

function exitCodeOf({ status, exitCode, verify }: RunSummary): number {
  if (exitCode !== null) return exitCode;
  // Stored by a version that kept no code.
  if (status === 'done') return 0;
  return (verify?.mismatches ?? 0) > 0 ? EXIT.check : EXIT.failure;
}

function line(parts: readonly (string | null)[]): string {
  return `${visible(parts.filter((part) => part !== null).join(' | '))}\n`;
}
