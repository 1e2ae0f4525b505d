/** What `swaplab compare` prints. */
import {
  metricName,
  metricsOf,
  type Claim,
  type Metric,
  type RunResult,
  type Verdict,
} from '../src/machine/index.ts';
import type { FinishedRun } from './runner.ts';
import type { NamedScenario } from './scenarios.ts';
import { alignTable, type Cell } from '../src/report/text/table.ts';

/** A comparison that was made. */
export interface Comparison {
  readonly labels: readonly string[];
  /** In the order of the labels. */
  readonly runs: readonly FinishedRun[];
  readonly notes: readonly string[];
  /** Null where designs were compared on a workload of the user's. */
  readonly scenario: NamedScenario | null;
  readonly verdicts: readonly Verdict[];
}

/** The document of --json. */
export function comparisonJson({ labels, runs, notes, scenario, verdicts }: Comparison): unknown {
  return {
    runs: runs.map(({ runId, result }, index) => ({
      design: labels[index]!,
      run: runId,
      digest: result.digest,
      verify: result.verify,
      killedTasks: result.killedTasks,
      ...(result.faults.length === 0 ? {} : { faults: result.faults }),
    })),
    metrics: metricsOf(results(runs)).map((metric) => ({
      name: metricName(metric),
      unit: metric.unit,
      better: metric.better,
      values: Object.fromEntries(
        runs.flatMap(({ result }, index) => {
          const number = metric.value(result);
          return number === null ? [] : [[labels[index]!, number]];
        }),
      ),
    })),
    notes,
    ...(scenario === null
      ? {}
      : {
          scenario: {
            name: scenario.name,
            title: scenario.title,
            question: scenario.question,
            columns: scenario.columns,
            metrics: scenario.metrics,
          },
          claims: verdicts.map(({ claim, value, limit, holds }) => ({
            ...claim,
            value,
            limit,
            holds,
          })),
        }),
  };
}

/**
 * The table for people.
 * @param hasAll - of a scenario, the rows that it did not choose too
 */
export function comparisonText(comparison: Comparison, hasAll: boolean): string {
  const { labels, runs, notes, scenario, verdicts } = comparison;
  const metrics = metricsOf(results(runs));
  const chosen = (scenario?.metrics ?? []).map((name) =>
    metrics.find((metric) => metricName(metric) === name)!,
  );
  const rest = scenario === null || hasAll ? metrics.filter((each) => !chosen.includes(each)) : [];
  const rows = [
    ...chosen.map((metric) => metricRow(metricName(metric), metric, results(runs))),
    ...groupedRows(rest, results(runs)),
    [scenario === null ? '  run in the database' : 'run in the database', ''].concat(
      runs.map(({ runId }) => String(runId)),
    ),
  ];
  return [
    scenario === null ? '' : `${scenario.name}: ${scenario.title}\n${scenario.question}\n\n`,
    alignTable(['', 'UNIT', ...labels], rows),
    "\n↓ lower is better, ↑ higher is better; '-': there is none\n",
    ...notes.map((note) => `* ${note}\n`),
    scenario === null ? '' : `\n${claimsText(verdicts)}`,
    scenario === null || hasAll ? '' : '--all shows all metrics\n',
  ].join('');
}

/** Rows under the titles of their groups. */
function groupedRows(metrics: readonly Metric[], of: readonly RunResult[]): Cell[][] {
  const rows: Cell[][] = [];
  let group = '';
  for (const metric of metrics) {
    // A counter that stayed at zero in every column says nothing.
    const isSilent = of.every((result) => (metric.value(result) ?? 0) === 0);
    if (isSilent && metric.isAlwaysShown !== true) continue;
    if (metric.group !== group) {
      group = metric.group;
      rows.push([group, '', ...of.map(() => '')]);
    }
    rows.push(metricRow(`  ${metric.name}`, metric, of));
  }
  return rows;
}

function metricRow(title: string, metric: Metric, of: readonly RunResult[]): Cell[] {
  return [
    title,
    `${metric.unit}${ARROWS[metric.better]}`,
    ...of.map((result) => shown(metric.value(result))),
  ];
}

function claimsText(verdicts: readonly Verdict[]): string {
  const table = alignTable(
    ['HOLDS', 'CLAIM', 'NUMBERS'],
    verdicts.map(({ claim, value, limit, holds }) => [
      holds ? 'yes' : 'NO',
      claim.says,
      `${shown(value)}, ${claim.relation} ${limitText(claim, limit)}`,
    ]),
  );
  const count = verdicts.filter(({ holds }) => holds).length;
  return `${table}\n${count} of ${verdicts.length} claims hold\n`;
}

/** The limit, and how another column's value made it. */
export function limitText({ of, factor }: Claim, limit: number | null): string {
  if (of === undefined) return shown(limit);
  return factor === undefined ? `${shown(limit)} (${of})` : `${shown(limit)} (${factor} × ${of})`;
}

const ARROWS: Readonly<Record<Metric['better'], string>> = {
  lower: ' ↓',
  higher: ' ↑',
  none: '',
};

/** At most seven characters: whole numbers in full as long as they fit. */
export function shown(value: number | null): string {
  if (value === null) return '-';
  if (Number.isInteger(value) && value < 1e7) return String(value);
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)}G`;
  if (value >= 1e7) return `${(value / 1e6).toFixed(1)}M`;
  if (value > 0 && value < 1) return String(Number(value.toPrecision(2)));
  return value >= 1000 ? value.toFixed(0) : value.toFixed(1);
}

function results(runs: readonly FinishedRun[]): RunResult[] {
  return runs.map(({ result }) => result);
}
