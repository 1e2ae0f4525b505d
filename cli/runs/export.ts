/** `runs export`: stored runs in the formats of other programs. */
import { Option, type Command } from 'commander';
import { EXPORT_FORMATS } from '../../src/report/export/formats.ts';
import type { CommandIo } from '../command.ts';
import { writeOutput } from '../write-output.ts';
import { readSeveral, withRuns } from './open-runs.ts';
import { RUN_SELECTION } from './select-runs.ts';

interface ExportOptions {
  readonly format: string;
  readonly histogram: string;
  readonly output: string;
}

export function addExport(runs: Command, io: CommandIo): void {
  runs
    .command('export')
    .description('stored runs in the format of another program')
    .argument('<runs...>', `which ones: ${RUN_SELECTION}`)
    .addOption(
      new Option('--format <format>', 'what to write')
        .choices(Object.keys(EXPORT_FORMATS))
        .makeOptionMandatory(),
    )
    .option('--histogram <name>', 'of hgrm: which one', 'majorFault.ns')
    .option('-o, --output <file>', 'where to write it; - is standard output', '-')
    .addHelpText(
      'after',
      [
        '',
        'Formats:',
        '  json        everything, as runs show --json; an array of several runs',
        '  csv         a line a number: run, phase, kind, name, unit, value, at',
        "  fio         fio's JSON of what the devices read and wrote, percentiles and bins (json+)",
        '  usemem      the lines of vm-scalability, of runs of --workload usemem',
        '  prometheus  the text format of Prometheus; histograms as gauges …_bucket{le=}, for there is no _sum',
        '  hgrm        a percentile distribution of HdrHistogram',
        '',
        'Examples:',
        '  swaplab runs export last --format fio -o run.json',
        '  swaplab runs export 12-17 --format csv > runs.csv',
        '  swaplab runs export last --format hgrm --histogram deviceWrite.ns',
      ].join('\n'),
    )
    .action((texts: string[], { format, histogram, output }: ExportOptions) => {
      const stored = withRuns(io, (store) => readSeveral(store, texts, io));
      const text = EXPORT_FORMATS[format]!(stored, { histogram });
      writeOutput(output, text, 'export: --output', io);
    });
}
