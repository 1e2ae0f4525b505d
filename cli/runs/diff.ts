/** `runs diff`: what two stored runs were asked for differently, and what came out differently. */
import type { Command } from 'commander';
import { diffRuns, runDiffJson, runDiffText } from '../../src/report/comparison/index.ts';
import { RunError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { printJson, readOne, withRuns } from './open-runs.ts';
import { RUN_SELECTION } from './select-runs.ts';

/** As diff(1): 1 tells scripts of a difference, so trouble of any kind is 2. */
const EXIT = { differ: 1, trouble: 2 } as const;

export function addDiff(runs: Command, io: CommandIo, endsWith: (exitCode: number) => void): void {
  runs
    .command('diff')
    .description('what differs between two runs in their specs and in their results')
    .argument('<a>', `a run: ${RUN_SELECTION}`)
    .argument('<b>', 'the other one')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      [
        '',
        'Exit codes, as of diff: 0 the runs are equal, 1 they differ, 2 trouble.',
        '',
        'Examples:',
        '  swaplab runs diff last~1 last',
        '  swaplab runs diff 12 15 --json',
      ].join('\n'),
    )
    .action((a: string, b: string, options: { json?: true }) => {
      try {
        const isEqual = diff(io, [a, b], options.json === true);
        if (!isEqual) endsWith(EXIT.differ);
      } catch (error) {
        if (!(error instanceof RunError)) throw error;
        io.stderr(`swaplab: ${error.message}\n`);
        endsWith(EXIT.trouble);
      }
    });
}

function diff(io: CommandIo, [a, b]: readonly [string, string], asJson: boolean): boolean {
  const found = withRuns(io, (runs) => diffRuns(readOne(runs, a, io), readOne(runs, b, io)));
  if (asJson) printJson(io, runDiffJson(found));
  else io.stdout(runDiffText(found));
  return found.isEqual;
}
