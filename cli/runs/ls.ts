/** `runs ls`: the stored runs, one a line. */
import { Option, type Command } from 'commander';
import { summaryDocument } from '../../src/report/export/document.ts';
import { csvText } from '../../src/report/text/csv.ts';
import { alignRows } from '../../src/report/text/table.ts';
import { inspectDatabaseFile, RUN_STATUSES, type RunSummary } from '../../src/runs/index.ts';
import type { CommandIo } from '../command.ts';
import {
  COLUMN_NAMES,
  parseOrder,
  plainRow,
  selectColumns,
  shownRow,
  sortRuns,
} from './ls-columns.ts';
import {
  filterOf,
  isFiltering,
  requireDesign,
  requireKnown,
  type FilterOptions,
} from './ls-filter.ts';
import { printJson, withRuns } from './open-runs.ts';
import { addOutputFormat, collect, parseCount, type FormatOptions } from './options.ts';
import { HOW_TO_MAKE_ONE } from './select-runs.ts';

const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;

interface ListOptions extends FilterOptions, FormatOptions<(typeof FORMATS)[number]> {
  readonly limit: number;
  readonly sort?: string;
  readonly output?: string;
}

export function addLs(runs: Command, io: CommandIo): void {
  const command = runs
    .command('ls')
    .description('the newest runs, one a line')
    .option('-n, --limit <count>', 'at most so many; 0 for all', parseCount, 20)
    .addOption(new Option('--status <status>', 'only these').choices(RUN_STATUSES))
    .option('--design <design>', 'only this design')
    .option('--name <glob>', "only runs called so: 'sweep-*'")
    .option('--command <glob>', "only runs that were started so: '*usemem*'")
    .option('--since <moment>', "started then or later: 2026-01-31, '2026-01-31 23:59' (UTC), 2d")
    .option('--until <moment>', 'started before')
    .option(
      '--where <condition>',
      'only runs whose spec says so: zswap.maxPoolPercent=10; also != < <= > >=; repeatable',
      collect,
      [],
    )
    .option(
      '--sort <column>',
      'by a column, or COLUMN,desc; -n then counts from the top (newest first)',
    )
    .option('-o, --output <list>', `columns, +LIST for more: ${COLUMN_NAMES.join(', ')}`);
  addOutputFormat(command, FORMATS, 'csv has the columns of -o; json and ndjson have everything')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  swaplab runs ls --design vswap --since 2d',
        '  swaplab runs ls --where zswap.maxPoolPercent=10 --sort virtual,desc -n 5',
        '  swaplab runs ls -o +DIGEST,COMMAND',
      ].join('\n'),
    )
    .action((options: ListOptions) => list(io, options));
}

async function list(io: CommandIo, options: ListOptions): Promise<void> {
  const { limit, sort, format } = options;
  const filter = filterOf(options, Date.now());
  const columns = selectColumns(options.output);
  const order = sort === undefined ? null : parseOrder(sort);
  const isThere = inspectDatabaseFile(io.databasePath) === 'ours';
  const found = isThere
    ? withRuns(io, (runs) => {
        requireKnown(filter, runs);
        return runs.list(order === null && limit > 0 ? { ...filter, limit } : filter);
      })
    : [];
  if (found.length === 0) await requireDesign(filter.design);
  const sorted = order === null ? found : sortRuns(found, order);
  const shown = limit > 0 ? sorted.slice(0, limit) : sorted;
  switch (options.json === true ? 'json' : format) {
    case 'json':
      printJson(io, shown.map(summaryDocument));
      break;
    case 'ndjson':
      io.stdout(shown.map((run) => `${JSON.stringify(summaryDocument(run))}\n`).join(''));
      break;
    case 'csv':
      io.stdout(csvText([columns, ...shown.map((run) => plainRow(run, columns))]));
      break;
    case 'table':
      io.stdout(tableText(io, shown, { columns, isFiltered: isFiltering(filter) }));
      break;
  }
}

function tableText(
  { databasePath }: CommandIo,
  runs: readonly RunSummary[],
  { columns, isFiltered }: { readonly columns: readonly string[]; readonly isFiltered: boolean },
): string {
  if (runs.length > 0) return alignRows(runs.map((run) => shownRow(run, columns)));
  return isFiltered
    ? `no runs match in ${databasePath}\nall: swaplab runs ls -n 0\n`
    : `no runs in ${databasePath}\n${HOW_TO_MAKE_ONE}\n`;
}
