/** `swaplab compare`: the same workload in several columns, designs or settings, one table. */
import { Command } from 'commander';
import { judgeClaims, wearNote } from '../src/machine/index.ts';
import { chooseDesign, designs, type DesignChoice } from '../src/swap/index.ts';
import { UsageError } from '../src/units/index.ts';
import { parseLine } from './command-line.ts';
import type { CliCommand, CommandIo } from './command.ts';
import {
  designDifferences,
  makeColumns,
  scenarioDifferences,
  type Column,
} from './compare-columns.ts';
import { comparisonJson, comparisonText, type Comparison } from './compare-output.ts';
import { describeCommand } from './description.ts';
import { createProgress } from './progress.ts';
import { addSpecOptions, specJson, type SpecFlags } from './run-options.ts';
import { executeRun, type FinishedRun } from './runner.ts';
import { readScenario, scenarioNames, type NamedScenario } from './scenarios.ts';
import { alignRows } from '../src/report/text/table.ts';

/** Exit code of a comparison with pages that were not what they must be, or a claim that fails. */
const EXIT_CHECK = 3;

interface Flags extends SpecFlags {
  readonly designs?: string;
  /** True: --scenario without a name. */
  readonly scenario?: string | true;
  readonly scenarios?: boolean;
  readonly all?: boolean;
  readonly for: string[];
  readonly samePool?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

interface Plan {
  readonly columns: readonly Column[];
  readonly notes: readonly string[];
  readonly scenario: NamedScenario | null;
  readonly flags: Flags;
}

const EXAMPLES = `
Examples:
  swaplab compare --trace work.trace --memory 32M --swap 512M --zswap --ram 128M
  swaplab compare --designs swap-table,vswap:v3,vswap:v6 --workload usemem --memory 32M \\
      --swap 256M -- -n 1 -O -y 96M
  swaplab compare --designs vswap-table,vswap-table:rfc-v2 --trace work.trace --swap 256M \\
      --for vswap-table:rfc-v2:perCpuCluster=shared
  swaplab compare --scenarios
  swaplab compare --scenario no-swapfile --set seed=7

Designs that cannot write back (${namesOf(({ kind }) => !kind.writesBack)}) get a pool of zswap that holds every page, because with
a smaller one they end out of memory; --same-pool gives them the others' pool all the same.

A scenario brings its own columns, spec and claims; options, --set and --for change its spec. Exit code 3
if a claim does not hold.
`;

export const command: CliCommand = {
  name: 'compare',
  summary: 'the same workload under several designs or settings, in one table',
  describe: () => describeCommand(compareCommand()),
  async run(argv, io) {
    const plan = readLine(argv, io);
    if (plan === null) return 0;
    const { columns, notes, scenario, flags } = plan;
    const runs: FinishedRun[] = [];
    for (const { label, spec } of columns) {
      if (flags.quiet !== true) io.stderr(`${label}\n`);
      const progress = createProgress(flags.quiet !== true);
      try {
        const hooks = { onProgress: progress.update };
        const line = ['swaplab compare', ...argv].join(' ');
        runs.push(await executeRun({ spec, command: line, hooks }, io));
      } finally {
        progress.stop();
      }
    }
    const results = runs.map(({ result }) => result);
    const verdicts = scenario === null ? [] : judgeClaims(scenario, results);
    const labels = columns.map(({ label }) => label);
    const wear = wearNote(results);
    const comparison: Comparison = {
      ...{ labels, runs, scenario, verdicts },
      notes: wear === null ? notes : [...notes, wear],
    };
    io.stdout(
      flags.json === true
        ? `${JSON.stringify(comparisonJson(comparison), null, 2)}\n`
        : comparisonText(comparison, flags.all ?? false),
    );
    const isWrong =
      results.some(({ verify, wrongPages }) => verify.mismatches + wrongPages > 0) ||
      verdicts.some(({ holds }) => !holds);
    if (isWrong) return EXIT_CHECK;
    const unstored = runs.find(({ notStored }) => notStored !== null);
    if (unstored?.notStored) throw unstored.notStored;
    return 0;
  },
};

function readLine(argv: readonly string[], io: CommandIo): Plan | null {
  const command = compareCommand();
  if (!parseLine(command, argv, io)) return null;
  const flags = command.opts<Flags>();
  if (flags.scenarios === true || flags.scenario === true) {
    io.stdout(scenarioList(flags.json ?? false));
    return null;
  }
  if (flags.scenario !== undefined) return planScenario(flags.scenario, flags, command.args);
  if (flags.all === true) throw new UsageError('--all: belongs to --scenario NAME');
  const base = specJson(flags, command.args, 'compare');
  const labels = flags.designs?.split(',') ?? Object.keys(designs);
  const differences = designDifferences(labels, base, flags.samePool ?? false);
  const made = makeColumns(base, differences, flags.for, () => flags.spec ?? 'compare');
  return { ...made, scenario: null, flags };
}

function planScenario(name: string, flags: Flags, args: readonly string[]): Plan {
  const others = { designs: flags.designs, spec: flags.spec, 'same-pool': flags.samePool };
  for (const [option, value] of Object.entries(others))
    if (value !== undefined)
      throw new UsageError(`compare: --scenario and --${option} exclude each other`);
  const scenario = readScenario(name);
  const base = specJson(flags, args, 'compare', structuredClone(scenario.spec));
  const differences = scenarioDifferences(scenario, base);
  const where = (label: string): string => `scenario ${name}: column '${label}'`;
  const made = makeColumns(base, differences, flags.for, where);
  // Else they would be those that swapon has made active, on each machine others.
  const open = made.columns.find(({ spec }) => spec.areas.length === 0 && !spec.noAreas);
  if (open !== undefined)
    throw new UsageError(
      `${where(open.label)}: areas: is missing; accepted: areas, or noAreas: true`,
    );
  return { ...made, scenario, flags };
}

function compareCommand(): Command {
  const collect = (value: string, before: string[]): string[] => [...before, value];
  return addSpecOptions(
    new Command('swaplab compare')
      .description('run the same workload under several designs or settings, in one table')
      .option(
        '--designs <LIST>',
        `designs, as NAME or NAME:REVISION (all: ${Object.keys(designs).join(',')})`,
      )
      .option('--scenario [NAME]', 'a ready experiment, by name or as a file in JSON')
      .option('--scenarios', 'list the ready experiments')
      .option('--all', 'all metrics of a scenario')
      .option(
        '--for <COLUMNS:KEY=VALUE>',
        'set a key of the spec for some columns only',
        collect,
        [],
      )
      .option('--same-pool', 'the same pool of zswap for designs that cannot write back'),
  )
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES);
}

function scenarioList(isJson: boolean): string {
  const scenarios = scenarioNames().map(readScenario);
  if (isJson) {
    const list = scenarios.map(({ name, title, question }) => ({ name, title, question }));
    return `${JSON.stringify({ scenarios: list }, null, 2)}\n`;
  }
  return alignRows(scenarios.map(({ name, title }) => ({ SCENARIO: name, TITLE: title })));
}

function namesOf(accepts: (choice: DesignChoice) => boolean): string {
  return Object.keys(designs)
    .filter((name) => accepts(chooseDesign(name, 'design')))
    .join(', ');
}
