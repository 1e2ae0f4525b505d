/** `sweep merge`: the runs of a plan, out of the databases of its shards into one. */
import { existsSync, realpathSync } from 'node:fs';
import type { Command } from 'commander';
import { openStateDatabase, type PlannedMerge } from '../../src/runs/index.ts';
import { arraySpecification, type Plan } from '../../src/sweep/index.ts';
import { UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { createProgress } from '../progress.ts';
import { detail } from '../telling.ts';
import { readPlan } from './read-plan.ts';

interface Flags {
  readonly plan?: string;
  readonly output?: string;
  readonly json?: true;
}

const NOTES = `
Runs that are done are taken, each once, whatever shards they come from and however often they are
merged; the content hash says that nothing else is in them. What killed processes left is not taken. A
failed run is, while it is done nowhere. Without --plan all runs of plans are taken.

Exit code 3 when two runs of one id differ: nothing is merged then.

Example:
  swaplab sweep merge shard-*.db --plan plan.ndjson -o all.db
`;

export function addMerge(sweep: Command, io: CommandIo): void {
  sweep
    .command('merge')
    .description('bring the runs of shards together in one state database')
    .argument('<db...>', 'state databases; they are only read')
    .option('--plan <FILE>', 'take the runs of this plan, numbered in its order')
    .option('-o, --output <DB>', 'the state database to merge into; the same as --db')
    .option('--json', 'print one JSON document')
    .addHelpText('after', NOTES)
    .action((paths: string[], flags: Flags) => {
      const missing = paths.find((path) => !existsSync(path));
      if (missing !== undefined) throw new UsageError(`merge: there is no file ${missing}`);
      const plan = flags.plan === undefined ? null : readPlan(flags.plan);
      const databasePath = flags.output ?? io.databasePath;
      const merged = mergeShards(paths, plan, { ...io, databasePath });
      io.stdout(flags.json === true ? mergeJson(merged, plan, databasePath) : mergeText(merged));
      if (flags.json !== true) io.stdout(sumText(merged, plan, databasePath));
    });
}

/** What came of a merge, and which lines of the plan are still not done. */
export interface ShardMerge extends PlannedMerge {
  /** Indexes of the plan; none without a plan. */
  readonly missing: readonly number[];
}

/** Merges into the state database of `io`, which may be among `paths`. */
export function mergeShards(
  paths: readonly string[],
  plan: Pick<Plan, 'lines'> | null,
  io: CommandIo,
): ShardMerge {
  detail(io, `merging into ${io.databasePath}`);
  const database = openStateDatabase(io.databasePath);
  const bar = createProgress({ label: 'merging', unit: 'runs read and copied' }, io);
  try {
    const own = realpathSync(io.databasePath);
    const others = new Set(paths.map((path) => realpathSync(path)).filter((path) => path !== own));
    const merged = database.runs.mergePlanned([...others], {
      ids: plan?.lines.map(({ id }) => id) ?? null,
      onRun: (done) => {
        bar.update({ done });
      },
    });
    const missing = plan?.lines.filter(({ id }) => !merged.doneIds.has(id)) ?? [];
    return { ...merged, missing: missing.map(({ index }) => index) };
  } finally {
    bar.stop();
    database.close();
  }
}

function mergeText({ files }: ShardMerge): string {
  return files
    .map(({ path, added, known, failed, left }) => {
      const parts = [
        `${added} added`,
        ...(known > 0 ? [`${known} were here already`] : []),
        ...(failed > 0 ? [`${failed} failed ones`] : []),
        ...(left > 0 ? [`${left} left out`] : []),
      ];
      return `${path}: ${parts.join(', ')}\n`;
    })
    .join('');
}

/** How many runs are together now, and their hash. */
export function sumText(
  { doneIds, contentHash, missing }: ShardMerge,
  plan: Plan | null,
  databasePath: string,
): string {
  const of = plan === null ? '' : ` of ${plan.lines.length} of ${plan.name}`;
  return [
    `${doneIds.size}${of} runs are done in ${databasePath}`,
    ...(missing.length > 0 ? [`missing: ${arraySpecification(missing)}`] : []),
    `content hash ${contentHash}`,
    '',
  ].join('\n');
}

function mergeJson(
  { files, doneIds, contentHash, missing }: ShardMerge,
  plan: Plan | null,
  database: string,
): string {
  const document = {
    ...{ name: plan?.name ?? null, database, files, done: doneIds.size },
    missing: arraySpecification(missing),
    contentHash,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
