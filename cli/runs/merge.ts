/** `runs merge`: takes the runs of other state databases into this one. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { openStateDatabase, type MergeResult, type StateDatabase } from '../../src/runs/index.ts';
import { UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { createProgress } from '../progress.ts';
import { detail } from '../telling.ts';

export function addMerge(runs: Command, io: CommandIo): void {
  runs
    .command('merge')
    .description('take the runs of other state databases into this one; the others are only read')
    .argument('<db...>', 'state databases, of this version or older')
    .addHelpText(
      'after',
      [
        '',
        'Runs that are here already are not taken again, so that the same file can be merged twice;',
        'they are told by their content. A run of the same spec and version with other numbers ends',
        'the merge of its file.',
        '',
        'Example:',
        '  swaplab --db all.db runs merge shard-*.db',
      ].join('\n'),
    )
    .action((paths: string[]) => {
      const missing = paths.find((path) => !existsSync(path));
      if (missing !== undefined) throw new UsageError(`merge: there is no file ${missing}`);
      merge(io, paths);
    });
}

function merge(io: CommandIo, paths: readonly string[]): void {
  detail(io, `state database ${io.databasePath}`);
  // Unlike its neighbours it may make the database: an empty one to merge shards into.
  const database = openStateDatabase(io.databasePath);
  try {
    for (const path of paths) {
      detail(io, `merging ${path}`);
      const { added, known, live } = mergeOne(database, path, io);
      const [first] = added;
      const last = added.at(-1);
      const parts = [
        first === undefined || last === undefined
          ? 'no run added'
          : `${added.length} added as ${first === last ? '' : `${first.runId} to `}${last.runId}`,
        ...(known.length === 0 ? [] : [`${known.length} were here already`]),
        ...(live.length === 0 ? [] : [`${live.length} live left out`]),
      ];
      io.stdout(`${path}: ${parts.join(', ')}\n`);
    }
  } finally {
    database.close();
  }
}

function mergeOne(database: StateDatabase, path: string, io: CommandIo): MergeResult {
  const bar = createProgress({ label: `merging ${basename(path)}`, unit: 'runs' }, io);
  try {
    return database.runs.merge(path, (done, total) => {
      bar.update({ done, total });
    });
  } finally {
    bar.stop();
  }
}
