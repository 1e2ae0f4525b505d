/** `runs merge`: takes the runs of other state databases into this one. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { openStateDatabase } from '../../src/runs/index.ts';
import { UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';

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
  // Unlike its neighbours it may make the database: an empty one to merge shards into.
  const database = openStateDatabase(io.databasePath);
  try {
    for (const path of paths) {
      const { added, known, live } = database.runs.merge(path);
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
