/** A comparison for other programs: Markdown, CSV, JSON. */
import type { JsonValue } from '../../runs/index.ts';
import { csvText, type CsvCell } from '../text/csv.ts';
import type { ComparedMetric, RunComparison } from './comparison.ts';
import { shown } from './numbers.ts';
import { changeText, shownRows, spreadText, unitText, type RowChoice } from './rows.ts';

/** A table of GitHub's Markdown, with groups as rows of their own. */
export function comparisonMarkdown(comparison: RunComparison, choice: RowChoice): string {
  const { columns } = comparison;
  const { chosen, rest } = shownRows(comparison, choice);
  const rows = chosen.map((metric) => markdownRow(metric));
  let group = '';
  for (const metric of rest) {
    if (metric.group !== group)
      rows.push(`| **${inMarkdown(metric.group)}** | |${' |'.repeat(columns.length)}`);
    group = metric.group;
    rows.push(markdownRow(metric));
  }
  const labels = columns.map(({ label }) => inMarkdown(label));
  return [
    `| metric | unit | ${labels.join(' | ')} |`,
    `|---|---|${'---:|'.repeat(columns.length)}`,
    ...rows,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function markdownRow(metric: ComparedMetric): string {
  const cells = metric.summaries.map((summary, index) => {
    const change = changeText(metric.changes[index] ?? null);
    const parts = [shown(summary?.median ?? null), spreadText(summary)];
    return inMarkdown([...parts, change === '' ? '' : `(${change})`].filter(Boolean).join(' '));
  });
  return `| ${inMarkdown(metric.name)} | ${unitText(metric)} | ${cells.join(' | ')} |`;
}

/** Text in which Markdown reads nothing, also in the cell of a table. */
export function inMarkdown(text: string): string {
  return text.replaceAll(/[\\|*_<>`]/g, (letter) => `\\${letter}`).replaceAll(/\s+/g, ' ');
}

const CSV_TITLES: readonly string[] = [
  ...['group', 'metric', 'unit', 'better', 'column', 'runs', 'median', 'low', 'high'],
  ...['min', 'max', 'spread', 'change_percent', 'change_low', 'change_high'],
  ...['significant', 'verdict'],
];

/** A line for each metric of each column that has it; changes are empty for the baseline. */
export function comparisonCsv(comparison: RunComparison, choice: RowChoice): string {
  const { chosen, rest } = shownRows(comparison, choice);
  const rows = [...chosen, ...rest].flatMap((metric) =>
    comparison.columns.flatMap(({ label }, index): CsvCell[][] => {
      const summary = metric.summaries[index] ?? null;
      const change = metric.changes[index] ?? null;
      if (summary === null) return [];
      const { values, median, low, high, min, max, spread } = summary;
      return [
        [
          ...[metric.group, metric.name, metric.unit, metric.better, label],
          ...[values.length, median, low, high, min, max, spread],
          ...[change?.percent ?? null, change?.low ?? null, change?.high ?? null],
          ...(change === null ? [null, null] : [String(change.isSignificant), change.verdict]),
        ],
      ];
    }),
  );
  return csvText([CSV_TITLES, ...rows]);
}

/** What `--json` prints of a comparison: `runs` and `metrics`, and what is beside them. */
export function comparisonDocument(
  { columns, baseline, metrics, differences }: RunComparison,
  choice: RowChoice,
): { readonly runs: unknown[]; readonly metrics: unknown[] } & Record<string, unknown> {
  const isWanted = ({ name }: ComparedMetric): boolean =>
    choice.hasRest || choice.chosen.includes(name);
  return {
    runs: columns.flatMap(({ label, runs }) =>
      runs.map(({ runId, seed, digest, verify, metrics: rows }) => ({
        ...{ design: label, run: runId, seed, digest, verify },
        killedTasks: rows.find(({ name }) => name === 'killed tasks')?.value ?? 0,
      })),
    ),
    metrics: metrics.filter(isWanted).map((metric) => metricDocument(metric, columns)),
    baseline: columns[baseline]!.label,
    differences: differences.map(({ key, values }) => ({
      key,
      values: byLabel(columns, (index) => values[index]),
    })),
  };
}

function metricDocument(metric: ComparedMetric, columns: RunComparison['columns']): unknown {
  const { group, name, unit, better, summaries, changes } = metric;
  return {
    ...{ name, unit, better },
    values: byLabel(columns, (index) => summaries[index]?.median),
    group,
    samples: byLabel(columns, (index) => summaries[index]?.values),
    low: byLabel(columns, (index) => summaries[index]?.low),
    high: byLabel(columns, (index) => summaries[index]?.high),
    change: byLabel(columns, (index) => changes[index] ?? undefined),
    significant: byLabel(columns, (index) => changes[index]?.isSignificant),
  };
}

/** What columns have, by their labels. */
function byLabel<Value extends JsonValue | object>(
  columns: RunComparison['columns'],
  of: (index: number) => Value | undefined,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    columns.flatMap(({ label }, index) => {
      const value = of(index);
      return value === undefined ? [] : [[label, value]];
    }),
  );
}
