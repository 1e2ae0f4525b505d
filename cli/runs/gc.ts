/** `runs gc`: removes runs by age, number or outcome, and makes the file smaller. */
import { InvalidArgumentError, type Command } from 'commander';
import { humanSize } from '../../src/area/index.ts';
import type { GarbageCriteria } from '../../src/runs/index.ts';
import { UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { parseSpan } from './ls-filter.ts';
import { withRuns } from './open-runs.ts';
import { parseCount } from './options.ts';
import { remove } from './rm.ts';

interface GcOptions {
  readonly keep?: number;
  /** Milliseconds. */
  readonly olderThan?: number;
  readonly failed?: true;
  readonly dryRun?: true;
}

export function addGc(runs: Command, io: CommandIo): void {
  runs
    .command('gc')
    .description('remove runs by age, number or outcome; never live ones; and free their space')
    .option('--keep <count>', 'but for the newest so many of what the others leave', parseCount)
    .option('--older-than <span>', 'that started longer ago: 30m, 12h, 30d, 4w', parseAge)
    .option('--failed', 'that failed or were aborted')
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .addHelpText(
      'after',
      [
        '',
        'At least one of the first three; a run is removed when all of them say so.',
        '',
        'Examples:',
        '  swaplab runs gc --keep 100',
        '  swaplab runs gc --failed --older-than 30d --dry-run',
      ].join('\n'),
    )
    .action((options: GcOptions) => {
      collect(io, criteriaOf(options, Date.now()), options.dryRun === true);
    });
}

function collect(io: CommandIo, criteria: GarbageCriteria, isDryRun: boolean): void {
  withRuns(io, (store) => {
    const garbage = store.garbage(criteria);
    const count = remove(io, store, garbage, isDryRun);
    if (isDryRun) return;
    const freedBytes = store.vacuum();
    io.stdout(`${count} runs removed, ${humanSize(Math.max(0, freedBytes), 'long')} freed\n`);
  });
}

function criteriaOf({ keep, olderThan, failed }: GcOptions, nowMs: number): GarbageCriteria {
  if (keep === undefined && olderThan === undefined && failed === undefined)
    throw new UsageError('gc: says not what to remove; accepted: --keep, --older-than, --failed');
  return {
    ...(keep !== undefined && { keep }),
    ...(olderThan !== undefined && { startedBeforeMs: nowMs - olderThan }),
    ...(failed === true && { statuses: ['failed', 'aborted'] }),
  };
}

function parseAge(text: string): number {
  const span = parseSpan(text);
  if (span === null) throw new InvalidArgumentError('Accepted are 30m, 12h, 30d, 4w and the like.');
  return span;
}
