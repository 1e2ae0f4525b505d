/** `swaplab report`: a self-contained HTML page from stored runs. */
import { Command } from 'commander';
import type { RunComparison } from '../src/report/comparison/index.ts';
import { reportPage, type ReportInput } from '../src/report/page/index.ts';
import type { StoredRun } from '../src/runs/index.ts';
import { parseLine } from './command-line.ts';
import type { CliCommand, CommandIo } from './command.ts';
import { describeCommand } from './description.ts';
import { plotLibrary } from './plot-library.ts';
import { readSeveral, withRuns } from './runs/open-runs.ts';
import { RUN_SELECTION } from './runs/select-runs.ts';
import { detail } from './telling.ts';
import { version } from './version.ts';
import { writeOutput } from './write-output.ts';

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
    const page = reportText(runs, title === undefined ? {} : { title });
    writeOutput(output, page, 'report: --output', io);
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
function reportText(
  runs: readonly StoredRun[],
  options: Pick<ReportInput, 'title' | 'comparison'> = {},
): string {
  return reportPage({ ...options, runs, version, plotLibrary: plotLibrary() });
}

/**
 * Writes the page of a comparison whose runs are stored.
 * @throws as `writeOutput`, and RunError for a run that is not stored any more
 */
export function reportComparison(path: string, comparison: RunComparison, io: CommandIo): void {
  const ids = comparison.columns.flatMap(({ runs }) => runs.flatMap(({ runId }) => runId ?? []));
  const runs = withRuns(io, (store) => ids.flatMap((runId) => store.get(runId) ?? []));
  writeOutput(path, reportText(runs, { comparison }), 'compare: --report', io);
}
