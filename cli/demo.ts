/**
 * `swaplab demo` (`npm start`): the main job end to end, small enough to watch. A swapfile and a
 * ghost area at one priority, zswap with lz4 in front, mixed contents, a pool that overflows.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { parseSpec } from '../src/machine/index.ts';
import { RunError } from '../src/units/index.ts';
import { parseLine } from './command-line.ts';
import type { CliCommand } from './command.ts';
import { describeCommand } from './description.ts';
import { command as mkswap } from './mkswap.ts';
import { createRunsProgress } from './progress.ts';
import { runText } from './run-output.ts';
import { executeRun } from './runner.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** 96 MiB, three times the memory limit. */
const TRACE = `# npm start: mixed contents, three times the memory
pages 24576
W 0 4096 seq 4096 1 zero
W 4096 12288 seq 12288 1 spread
W 16384 6144 seq 6144 1 mix:1536
W 22528 2048 seq 2048 1 rand
R 0 24576 rand 60000 7 -
M 0 24576 hot 40000 8 -
W 0 24576 rand 20000 9 mix:2048
R 0 24576 seq 24576 1 -
`;

export const command: CliCommand = {
  name: 'demo',
  summary: 'the main job in half a minute: a swapfile, a ghost area, zswap, every page checked',
  describe: () => describeCommand(demoCommand()),
  async run(argv, io) {
    if (!parseLine(demoCommand(), argv, io)) return 0;
    const folder = makeTemporaryFolder();
    try {
      const file = join(folder, 'file.swap');
      const ghost = join(folder, 'ghost.swap');
      for (const args of [
        ['-F', '-s', '256M', '-L', 'demo', file],
        ['--ghost', '--size', '256M', '-L', 'ghost', ghost],
      ]) {
        io.stdout(`$ swaplab mkswap ${args.join(' ')}\n`);
        const code = await mkswap.run(args, io);
        if (code !== 0) throw new RunError('mkswap failed');
      }
      io.stdout('\n');
      const progress = createRunsProgress(1, io);
      const run = await executeRun(
        {
          spec: demoSpec(file, ghost),
          command: 'swaplab demo',
          hooks: { onProgress: progress.update },
        },
        io,
      ).finally(progress.stop);
      io.stdout(runText(run));
      if (run.result.verify.mismatches > 0) return 3;
      if (run.notStored !== null) throw run.notStored;
      io.stdout(
        `\nStored as run ${run.runId} in ${io.databasePath}. Look deeper:\n` +
          `  npx swaplab runs ls\n` +
          `  npx swaplab runs show ${run.runId}\n` +
          `  npx swaplab runs sql "SELECT * FROM v_run"\n` +
          `  npx swaplab run --help\n`,
      );
      return 0;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function demoCommand(): Command {
  return new Command('swaplab demo').description(
    'make a swapfile and a ghost area, swap three times the memory through zswap, check every page',
  );
}

function demoSpec(file: string, ghost: string): ReturnType<typeof parseSpec> {
  return parseSpec(
    {
      name: 'demo',
      machine: { ram: '160M', memory: '32M' },
      areas: [
        { path: file, priority: 10 },
        { path: ghost, priority: 10 },
      ],
      zswap: { enabled: true, maxPoolPercent: 20 },
      workload: { trace: TRACE, source: 'demo' },
    },
    'demo',
  );
}
