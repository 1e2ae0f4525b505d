/** The options of `swaplab compare`. */
import { Command, Option } from 'commander';
import { chooseDesign, designs, type DesignChoice } from '../src/swap/index.ts';
import { UsageError } from '../src/units/index.ts';
import { addSpecOptions, wholeNumber, type SpecFlags } from './run-options.ts';
import { RUN_SELECTION } from './runs/select-runs.ts';

export const FORMATS = ['table', 'markdown', 'csv', 'json'] as const;
export type Format = (typeof FORMATS)[number];

export interface CompareFlags extends SpecFlags {
  readonly designs?: string;
  readonly vary: string[];
  readonly runs: string[];
  /** True: --scenario without a name. */
  readonly scenario?: string | true;
  readonly scenarios?: boolean;
  readonly repeat?: string;
  readonly seeds?: string;
  readonly baseline?: string;
  readonly failIf: string[];
  readonly metrics: string[];
  readonly all?: boolean;
  readonly for: string[];
  readonly samePool?: boolean;
  readonly format?: Format;
  readonly json?: boolean;
  readonly report?: string;
  readonly quiet?: boolean;
}

/** Runs of one column. assumed */
const REPEAT_MAX = 1000;

const EXAMPLES = `
Examples:
  swaplab compare --trace work.trace --memory 32M --swap 512M --zswap --ram 128M
  swaplab compare --designs swap-table,vswap:v3,vswap:v6 --workload usemem --memory 32M \\
      --swap 256M --repeat 5 -- -n 1 -O -y 96M
  swaplab compare --vary zswap.maxPoolPercent=10,20,40 --vary zswap.compressor=lz4,zstd \\
      --trace work.trace --memory 32M --swap 256M --zswap
  swaplab compare --designs vswap-table,vswap-table:rfc-v2 --trace work.trace --swap 256M \\
      --for vswap-table:rfc-v2:perCpuCluster=shared
  swaplab compare --runs 12,13-17,last --baseline vswap --format markdown
  swaplab compare --designs swap-table,vswap --trace work.trace --swap 256M --repeat 5 \\
      --fail-if 'pswpout > +5%' --fail-if 'killed tasks > 0'
  swaplab compare --scenarios
  swaplab compare --scenario no-swapfile --set seed=7

Designs that cannot write back (${namesOf(({ kind }) => !kind.writesBack)}) get a pool of zswap that holds every page, because with
a smaller one they end out of memory; --same-pool gives them the others' pool all the same.

With --repeat or --seeds numbers are medians over the seeds; with five or more a change is marked
where it is more than chance at 5 % for the whole table (README, "How compare decides"). A scenario
brings its own columns, spec and claims; options, --set and --for change its spec.

Exit code 3 if a page came back wrong or a claim does not hold, 4 if a threshold of --fail-if was passed,
1 if no column has its metric.
`;

/** The command with its options, for parsing and for --help. */
export function compareCommand(): Command {
  const collect = (value: string, before: string[]): string[] => [...before, value];
  const list = (name: string, text: string): Option =>
    new Option(name, text).argParser(collect).default([], 'none');
  return addSpecOptions(
    new Command('swaplab compare')
      .description('run the same workload under several designs or settings, in one table')
      .option(
        '--designs <LIST>',
        `designs, as NAME or NAME:REVISION (all: ${Object.keys(designs).join(',')})`,
      )
      .addOption(
        list(
          '--vary <KEY=VALUES>',
          'a column for each value of a key of the spec; VALUES: V1,V2,…',
        ),
      )
      .addOption(list('--runs <RUNS>', `compare stored runs, run nothing: ${RUN_SELECTION}`))
      .option('--scenario [NAME]', 'a ready experiment, by name or as a file in JSON')
      .option('--scenarios', 'list the ready experiments')
      .addOption(
        new Option('--repeat <N>', 'run each column with N seeds, from its seed on').conflicts(
          'seeds',
        ),
      )
      .option('--seeds <LIST>', 'run each column with these seeds, such as 1,5,9')
      .option('--baseline <LABEL>', 'the column that others are compared with (the first)')
      .addOption(
        list(
          '--fail-if <THRESHOLD>',
          "exit with 4 if a column passes it: 'METRIC > +5%' against the baseline, 'METRIC > 100'; " +
            'also >= < <=',
        ),
      )
      .addOption(list('--metrics <LIST>', 'show these rows only, in this order'))
      .option('--all', 'all metrics, of a scenario or besides --metrics')
      .addOption(list('--for <COLUMNS:KEY=VALUE>', 'set a key of the spec for some columns only'))
      .option('--same-pool', 'the same pool of zswap for designs that cannot write back'),
  )
    .addOption(new Option('--format <FORMAT>', 'how to print it (table)').choices(FORMATS))
    .addOption(new Option('--json', 'short for --format json').conflicts('format'))
    .option('--report <FILE>', 'write a page of HTML with charts as well')
    .addHelpText('after', EXAMPLES);
}

/** @returns the seeds of --repeat or --seeds for a column; null without both */
export function readSeeds(flags: CompareFlags, first: number): number[] | null {
  if (flags.repeat !== undefined) {
    const count = wholeNumber(flags.repeat, '--repeat')!;
    if (count < 1 || count > REPEAT_MAX || first + count - 1 > 0xffffffff)
      throw new UsageError(
        `--repeat: '${flags.repeat}' is not accepted; accepted: 1 to ${REPEAT_MAX}`,
      );
    return Array.from({ length: count }, (_, index) => first + index);
  }
  if (flags.seeds === undefined) return null;
  const seeds = flags.seeds.split(',').map((word) => wholeNumber(word, '--seeds')!);
  const large = seeds.find((seed) => seed > 0xffffffff);
  if (large !== undefined)
    throw new UsageError(`--seeds: '${large}' is not accepted; accepted: 0 to 4294967295`);
  if (new Set(seeds).size < seeds.length)
    throw new UsageError(`--seeds: '${flags.seeds}' names one twice`);
  if (seeds.length > REPEAT_MAX)
    throw new UsageError(`--seeds: ${seeds.length} seeds; accepted: up to ${REPEAT_MAX}`);
  return seeds;
}

/** Options that say what to do with runs that are there. */
const OF_STORED: readonly string[] = [
  ...['runs', 'baseline', 'failIf', 'metrics', 'all', 'format', 'json', 'quiet', 'report'],
];

/** @throws UsageError for options that say what to run, where --runs says that nothing is run */
export function checkStoredOptions(command: Command): void {
  const given = command.options.find(
    (option) =>
      command.getOptionValueSource(option.attributeName()) === 'cli' &&
      !OF_STORED.includes(option.attributeName()),
  );
  if (given !== undefined)
    throw new UsageError(`compare: --runs and ${given.long!} exclude each other: nothing is run`);
  if (command.args.length > 0)
    throw new UsageError(`compare: '${command.args[0]!}' is not an option; --runs runs nothing`);
}

function namesOf(accepts: (choice: DesignChoice) => boolean): string {
  return Object.keys(designs)
    .filter((name) => accepts(chooseDesign(name, 'design')))
    .join(', ');
}
