/** `swaplab compare`: runs in several columns, designs or settings, one table. */
import { judgeClaims } from '../src/machine/index.ts';
import {
  compareColumns,
  passedThresholds,
  thresholdGaps,
  type RunComparison,
} from '../src/report/comparison/index.ts';
import { alignRows } from '../src/report/text/table.ts';
import { UsageError } from '../src/units/index.ts';
import { parseLine } from './command-line.ts';
import type { CliCommand, CommandIo } from './command.ts';
import { runColumns, storedColumns, type MeasuredColumns } from './compare-measure.ts';
import {
  checkStoredOptions,
  compareCommand,
  type CompareFlags,
  type Format,
} from './compare-options.ts';
import { comparisonOutput, thresholdsText, type Comparison } from './compare-output.ts';
import { knownMetrics, planColumns, readWishes, type Wishes } from './compare-plan.ts';
import { describeCommand } from './description.ts';
import { readScenario, scenarioNames, type NamedScenario } from './scenarios.ts';
import { shellCommand } from './shell-words.ts';
import { requireFile } from './write-output.ts';

/** Exit code where a threshold could not be judged in any column: not known is not passed. */
const EXIT_NOT_JUDGED = 1;
/** Exit code of a comparison with pages that were not what they must be, or a claim that fails. */
const EXIT_CHECK = 3;
/** Exit code of one that passed a threshold. */
const EXIT_THRESHOLD = 4;

/** Columns that were measured, with what is asked about them. */
interface Measured {
  readonly measured: MeasuredColumns;
  readonly wishes: Wishes;
  readonly scenario: NamedScenario | null;
}

export const command: CliCommand = {
  name: 'compare',
  summary: 'the same workload under several designs or settings, in one table',
  describe: () => describeCommand(compareCommand()),
  async run(argv, io) {
    const line = compareCommand();
    if (!parseLine(line, argv, io)) return 0;
    const flags = line.opts<CompareFlags>();
    if (flags.scenarios === true || flags.scenario === true) {
      io.stdout(scenarioList(formatOf(flags) === 'json'));
      return 0;
    }
    const { report } = flags;
    if (report === '-')
      throw new UsageError("compare: --report: '-' is the output of the table; accepted: a file");
    // Loaded only where a page is asked for: it brings markup and scales along.
    const page = report === undefined ? null : await import('./report.ts');
    if (report !== undefined) requireFile(report, 'compare: --report');
    const isStored = flags.runs.length > 0;
    if (isStored) checkStoredOptions(line);
    const measured = isStored
      ? measureStored(flags, io)
      : await measureFresh(flags, line.args, argv, io);
    const made = comparisonOf(measured, flags);
    io.stdout(comparisonOutput(made, formatOf(flags)));
    page?.reportComparison(report!, made.comparison, io);
    io.stderr(thresholdsText(made));
    return exitCodeOf(measured.measured, made);
  },
};

async function measureFresh(
  flags: CompareFlags,
  args: readonly string[],
  argv: readonly string[],
  io: CommandIo,
): Promise<Measured> {
  if (flags.all === true && flags.scenario === undefined && flags.metrics.length === 0)
    throw new UsageError('--all: belongs to --scenario NAME or --metrics');
  const plan = planColumns(flags, args);
  const { scenario } = plan;
  const labels = plan.columns.map(({ label }) => label);
  // What is wrong with them is told before anything runs.
  const wishes = readWishes(flags, labels, knownMetrics());
  const command = shellCommand('compare', argv);
  const measured = await runColumns(plan, command, io);
  return { measured, wishes, scenario };
}

function measureStored(flags: CompareFlags, io: CommandIo): Measured {
  const measured = storedColumns(flags.runs, io);
  const labels = measured.columns.map(({ label }) => label);
  const stored = measured.columns.flatMap(({ runs }) =>
    runs.flatMap(({ metrics }) => metrics.map(({ name }) => name)),
  );
  const wishes = readWishes(flags, labels, [...new Set([...knownMetrics(), ...stored])]);
  return { measured, wishes, scenario: null };
}

function comparisonOf({ measured, wishes, scenario }: Measured, flags: CompareFlags): Comparison {
  const comparison = compareColumns(measured.columns, wishes.baseline);
  const chosen = wishes.metrics.length > 0 ? wishes.metrics : (scenario?.metrics ?? []);
  return {
    comparison,
    choice: { chosen, hasRest: chosen.length === 0 || flags.all === true },
    ...{ notes: measured.notes, faults: measured.faults, scenario },
    passed: passedThresholds(comparison, wishes.thresholds),
    gaps: thresholdGaps(comparison, wishes.thresholds),
    verdicts: scenario === null ? [] : judgeClaims(scenario, mediansOf(comparison)),
  };
}

function mediansOf({ columns, metrics }: RunComparison) {
  return (metric: string, column: string): number | null => {
    const index = columns.findIndex(({ label }) => label === column);
    return metrics.find(({ name }) => name === metric)?.summaries[index]?.median ?? null;
  };
}

function formatOf({ format, json }: CompareFlags): Format {
  return json === true ? 'json' : (format ?? 'table');
}

function exitCodeOf({ isWrong, notStored }: MeasuredColumns, made: Comparison): number {
  if (isWrong || made.verdicts.some(({ holds }) => !holds)) return EXIT_CHECK;
  // The table is on the screen; only then does the command fail.
  if (notStored !== null) throw notStored;
  if (made.passed.length > 0) return EXIT_THRESHOLD;
  return made.gaps.some(({ isWhole }) => isWhole) ? EXIT_NOT_JUDGED : 0;
}

function scenarioList(isJson: boolean): string {
  const scenarios = scenarioNames().map(readScenario);
  if (isJson) {
    const list = scenarios.map(({ name, title, question }) => ({ name, title, question }));
    return `${JSON.stringify({ scenarios: list }, null, 2)}\n`;
  }
  return alignRows(scenarios.map(({ name, title }) => ({ SCENARIO: name, TITLE: title })));
}
