/** `runs rm`: removes stored runs. */
import type { Command } from 'commander';
import type { RunStore, RunSummary } from '../../src/runs/index.ts';
import { RunError, visible } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { withRuns } from './open-runs.ts';
import { RUN_SELECTION, selectRuns } from './select-runs.ts';

export function addRm(runs: Command, io: CommandIo): void {
  runs
    .command('rm')
    .description('remove stored runs with all that belongs to them; a live run is never removed')
    .argument('<runs...>', `which ones: ${RUN_SELECTION}`)
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .addHelpText(
      'after',
      [
        '',
        'The file keeps its size for runs to come; `swaplab runs gc` makes it smaller.',
        '',
        'Examples:',
        '  swaplab runs rm 12 15-17',
        '  swaplab runs rm trial --dry-run',
      ].join('\n'),
    )
    .action((texts: string[], options: { dryRun?: true }) => {
      withRuns(io, (store) => {
        remove(io, store, selected(store, texts), options.dryRun === true);
      });
    });
}

/** @throws RunError for a run that lives: nothing is removed then */
function selected(store: RunStore, texts: readonly string[]): RunSummary[] {
  const wanted = new Set(selectRuns(texts, store, 'RUN'));
  const found = store.list().filter(({ runId }) => wanted.has(runId));
  const live = found.filter(({ status }) => status === 'running').map(({ runId }) => runId);
  if (live.length > 0)
    throw new RunError(
      `run ${live.join(', ')} is live, and a live run is not removed; end it first, ` +
        'nothing was removed',
    );
  return found;
}

/** Removes runs, or only says which; for `gc` as well. @returns how many were removed */
export function remove(
  io: CommandIo,
  store: RunStore,
  runs: readonly RunSummary[],
  isDryRun: boolean,
): number {
  const ids = runs.map(({ runId }) => runId);
  const removed = new Set(isDryRun ? ids : store.remove(ids));
  const lines = runs
    .filter(({ runId }) => removed.has(runId))
    .sort((a, b) => a.runId - b.runId)
    .map(({ runId, design, status, name }) => {
      const what = `run ${runId}: ${design}, ${status}${name === null ? '' : `, ${name}`}`;
      return `${isDryRun ? 'would remove' : 'removed'} ${visible(what)}\n`;
    });
  io.stdout(lines.join(''));
  return isDryRun ? 0 : removed.size;
}
