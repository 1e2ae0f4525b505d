/** `swaplab run`: one workload on one machine, stored and shown. */
import { createInterface } from 'node:readline';
import type { SlotRun } from '../src/machine/index.ts';
import type { CommandIo } from './command.ts';
import { describeCommand } from './description.ts';
import { createRunsProgress } from './progress.ts';
import { readRunLine, runCommand } from './run-options.ts';
import { runJson, runText } from './run-output.ts';
import { executeRun } from './runner.ts';
import { shellCommand } from './shell-words.ts';
import type { CliCommand } from './command.ts';

/** Exit code of a run whose pages were not what they must be. */
const EXIT_MISMATCH = 3;

export const command: CliCommand = {
  name: 'run',
  summary: 'run one workload on an emulated machine and store the run',
  describe: () => describeCommand(runCommand()),
  async run(argv, io) {
    const line = readRunLine(argv, io);
    if (line === null) return 0;
    const progress = createRunsProgress(1, io);
    try {
      const run = await executeRun(
        {
          spec: line.spec,
          command: shellCommand('run', argv),
          ...(line.watch === undefined ? {} : { watch: line.watch }),
          hooks: {
            onProgress: progress.update,
            onPause: (label, runs) => waitForUser(label, runs, io),
          },
        },
        io,
      );
      progress.stop();
      if (line.json) {
        io.stdout(`${JSON.stringify(runJson(run), null, 2)}\n`);
      } else {
        io.stdout(runText(run));
        if (run.notStored === null)
          io.stdout(`\nrun ${run.runId} in ${io.databasePath}: swaplab runs show ${run.runId}\n`);
      }
      const { verify, wrongPages } = run.result;
      if (verify.mismatches > 0 || wrongPages > 0) return EXIT_MISMATCH;
      // The result is on the screen; only then does the command fail.
      if (run.notStored !== null) throw run.notStored;
      return 0;
    } finally {
      progress.stop();
    }
  },
};

/** A trace's `pause`: says where pages are, and goes on at a newline on stdin or SIGUSR1. */
async function waitForUser(label: string, runs: readonly SlotRun[], io: CommandIo): Promise<void> {
  io.stderr(
    `${label}: all queued writes are done; swapped pages (the first ${runs.length} runs):\n`,
  );
  for (const run of runs)
    io.stderr(
      `  task ${run.task} page ${run.page} to ${run.page + run.length - 1}: ` +
        `area ${run.type} slot ${run.slot} on (byte ${run.slot * 4096})\n`,
    );
  await new Promise<void>((resolve) => {
    (process.stdin as { ref?: () => void }).ref?.();
    const lines = createInterface({ input: process.stdin });
    // An input that has ended cannot tell us to go on; the signal still can.
    const wake = setInterval(() => undefined, 1 << 30);
    const goOn = (): void => {
      clearInterval(wake);
      process.off('SIGUSR1', goOn);
      lines.close();
      // A pipe that stays open behind us would keep the program alive after the run.
      (process.stdin as { unref?: () => void }).unref?.();
      resolve();
    };
    lines.once('line', goOn);
    process.once('SIGUSR1', goOn);
    // Said when it is true: without a listener the signal would start node's debugger.
    io.stderr(`press Enter to go on, or: kill -USR1 ${process.pid}\n`);
  });
}
