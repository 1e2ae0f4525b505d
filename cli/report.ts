/** `swaplab report`: a self-contained HTML page from stored runs. */
import { statSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import type { RunComparison } from '../src/report/comparison/index.ts';
import { reportPage, type ReportInput } from '../src/report/page/index.ts';
import type { StoredRun } from '../src/runs/index.ts';
import { RunError, UsageError } from '../src/units/index.ts';
import { parseLine } from './command-line.ts';
import type { CliCommand, CommandIo } from './command.ts';
import { describeCommand } from './description.ts';
import { plotLibrary } from './plot-library.ts';
import { readSeveral, withRuns } from './runs/open-runs.ts';
import { RUN_SELECTION } from './runs/select-runs.ts';
import { detail, notice } from './telling.ts';
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
    const runs = withRuns(io, (store) => readSeveral(store, line.args, io));
    detail(io, `page of ${runs.length} runs for ${output}`);
    writeReport(output, reportText(runs, title === undefined ? {} : { title }), io);
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
export function reportText(
  runs: readonly StoredRun[],
  options: Pick<ReportInput, 'title' | 'comparison'> = {},
): string {
  return reportPage({ ...options, runs, version, plotLibrary: plotLibrary() });
}

/**
 * Writes the page of a comparison whose runs are stored.
 * @throws as `writeReport`
 */
export function reportComparison(path: string, comparison: RunComparison, io: CommandIo): void {
  const ids = comparison.columns.flatMap(({ runs }) => runs.flatMap(({ runId }) => runId ?? []));
  const runs = withRuns(io, (store) => ids.flatMap((runId) => store.get(runId) ?? []));
  writeReport(path, reportText(runs, { comparison }), io);
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
  requireFile(path, 'report: --output');
  try {
    writeFileSync(path, page);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOSPC' || code === 'EIO') throw new RunError(`report: ${path}: ${code}`);
    throw new UsageError(`report: ${path} cannot be written: ${code}`);
  }
  notice(io, `report: wrote ${path}\n`);
}

/** @throws UsageError for a folder, before anything runs for it */
export function requireFile(path: string, option: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new UsageError(`${option}: ${path} is a folder; accepted: a file`);
}
