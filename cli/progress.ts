/** A progress bar on stderr, on a terminal only. */
import { SingleBar } from 'cli-progress';
import type { Progress } from '../src/machine/index.ts';

export interface ProgressReporter {
  readonly update: (progress: Progress) => void;
  readonly stop: () => void;
}

/** @param isWanted - false with --quiet; a pipe gets none in any case */
export function createProgress(isWanted: boolean): ProgressReporter {
  if (!isWanted || !process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format: '{step} [{bar}] phase {value}/{total} | {operations} operations | {virtual} s virtual',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 24,
  });
  let isStarted = false;
  return {
    update: (progress) => {
      const payload = {
        step: progress.step === 'verify' ? 'comparing' : 'swapping',
        operations: progress.operations.toLocaleString('en-US'),
        virtual: (progress.virtualNs / 1e9).toFixed(2),
      };
      if (!isStarted) bar.start(progress.phaseCount, progress.phase, payload);
      else bar.update(progress.phase, payload);
      isStarted = true;
    },
    stop: () => {
      if (isStarted) bar.stop();
    },
  };
}

/** A bar of pages overwritten, on a terminal only. */
export function createWipeBar(spec: string): {
  readonly update: (done: number, pageCount: number) => void;
  readonly stop: () => void;
} {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format: `wiping ${spec} [{bar}] {value}/{total} pages`,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 24,
  });
  let isStarted = false;
  return {
    update: (done, pageCount) => {
      if (isStarted) bar.update(done);
      else bar.start(pageCount, done);
      isStarted = true;
    },
    stop: () => {
      if (isStarted) bar.stop();
    },
  };
}
