/** `swaplab report`: a self-contained HTML page from stored runs. */
import { statSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { reportPage } from '../src/report/page/index.ts';
import { inspectDatabaseFile, openStateDatabase, type StoredRun } from '../src/runs/index.ts';
import { RunError, UsageError } from '../src/units/index.ts';
import { parseLine } from './command-line.ts';
import type { CliCommand, CommandIo } from './command.ts';
import { describeCommand } from './description.ts';
import { plotLibrary } from './plot-library.ts';
import { RUN_SELECTION, selectRuns } from './runs/select-runs.ts';
import { version } from './version.ts';

const DEFAULT_FILE = 'report.html';

const EXAMPLES = `
RUN is ${RUN_SELECTION}. Runs of one spec are a column, repeated over
seeds; the first column is the one that others are compared with.

Examples:
  swaplab report last -o run.html
  swaplab report 12-16 --title 'zswap writeback on eMMC' -o writeback.html
  swaplab report nightly -o - | gzip > nightly.html.gz

An existing file is written over. The page needs no network and no other file.
`;

interface Flags {
  readonly output: string;
  readonly title?: string;
}

export const command: CliCommand = {
  name: 'report',
  summary: 'a self-contained HTML page from stored runs',
  describe: () => describeCommand(reportCommand()),
  run(argv, io) {
    const line = reportCommand();
    if (!parseLine(line, argv, io)) return Promise.resolve(0);
    const { output, title } = line.opts<Flags>();
    const runs = storedRuns(line.args, io);
    writeReport(output, reportText(runs, title), io);
    return Promise.resolve(0);
  },
};

function reportCommand(): Command {
  return new Command('swaplab report')
    .description('a self-contained HTML page from stored runs: table, charts, how to run it again')
    .argument('<run...>', 'stored runs')
    .option('-o, --output <FILE>', 'where to write it; - is standard output', DEFAULT_FILE)
    .option('--title <TEXT>', 'heading of the page')
    .addHelpText('after', EXAMPLES);
}

/** The page of runs, with what makes its charts zoomable. */
export function reportText(runs: readonly StoredRun[], title?: string): string {
  return reportPage({
    ...{ runs, version, plotLibrary: plotLibrary() },
    ...(title === undefined ? {} : { title }),
  });
}

function storedRuns(texts: readonly string[], io: CommandIo): StoredRun[] {
  const path = io.databasePath;
  if (inspectDatabaseFile(path) !== 'ours')
    throw new RunError(`no runs yet: there is no state database ${path}`);
  const database = openStateDatabase(path);
  try {
    const { runs } = database;
    return selectRuns(texts, runs, 'report: RUN').flatMap((runId) => runs.get(runId) ?? []);
  } finally {
    database.close();
  }
}

/**
 * Writes a page to a file or, as `-`, to standard output.
 * @throws UsageError for what no file can be written to, RunError for a disk that takes no more
 */
export function writeReport(path: string, page: string, io: CommandIo): void {
  if (path === '-') {
    io.stdout(page);
    return;
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new UsageError(`report: --output: ${path} is a folder; accepted: a file, or -`);
  try {
    writeFileSync(path, page);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOSPC' || code === 'EIO') throw new RunError(`report: ${path}: ${code}`);
    throw new UsageError(`report: --output: ${path} cannot be written: ${code}`);
  }
  io.stderr(`report: wrote ${path}\n`);
}
