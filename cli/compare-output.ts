/** What `swaplab compare` prints. */
import type { Claim, Verdict } from '../src/machine/index.ts';
import {
  comparisonCsv,
  comparisonDocument,
  comparisonMarkdown,
  comparisonTable,
  gapText,
  inMarkdown,
  legend,
  passingText,
  shown,
  type Passing,
  type RowChoice,
  type RunComparison,
  type ThresholdGap,
} from '../src/report/comparison/index.ts';
import { alignTable } from '../src/report/text/table.ts';
import type { MeasuredColumns } from './compare-measure.ts';
import type { Format } from './compare-options.ts';
import type { NamedScenario } from './scenarios.ts';

/** A comparison that was made. */
export interface Comparison {
  readonly comparison: RunComparison;
  readonly choice: RowChoice;
  readonly notes: readonly string[];
  readonly faults: MeasuredColumns['faults'];
  readonly passed: readonly Passing[];
  /** Thresholds that could not be judged in some column, or in none. */
  readonly gaps: readonly ThresholdGap[];
  /** Null where columns were compared that no scenario has. */
  readonly scenario: NamedScenario | null;
  readonly verdicts: readonly Verdict[];
}

/** The comparison in one of its forms. */
export function comparisonOutput(made: Comparison, format: Format): string {
  switch (format) {
    case 'table':
      return comparisonText(made);
    case 'markdown':
      return comparisonReadme(made);
    case 'csv':
      return comparisonCsv(made.comparison, made.choice);
    case 'json':
      return `${JSON.stringify(comparisonJson(made), null, 2)}\n`;
  }
}

/** The document of --json. */
function comparisonJson(made: Comparison): unknown {
  const { comparison, choice, notes, faults, scenario, verdicts, passed, gaps } = made;
  const document = comparisonDocument(comparison, choice);
  const runs = comparison.columns.flatMap((column) => column.runs);
  return {
    ...document,
    runs: document.runs.map((run, index) => {
      const tallies = faults.get(runs[index]!);
      return tallies === undefined ? run : { ...(run as object), faults: tallies };
    }),
    notes,
    passed: passed.map(({ threshold, label, value, baseline }) => ({
      ...{ threshold: threshold.text, metric: threshold.metric },
      ...{ column: label, value, baseline },
    })),
    notJudged: gaps.map(({ threshold, labels }) => ({
      ...{ threshold: threshold.text, metric: threshold.metric, columns: labels },
    })),
    ...(scenario === null ? {} : scenarioDocument(scenario, verdicts)),
  };
}

function scenarioDocument(scenario: NamedScenario, verdicts: readonly Verdict[]): object {
  const { name, title, question, columns, metrics } = scenario;
  return {
    scenario: { name, title, question, columns, metrics },
    claims: verdicts.map(({ claim, value, limit, holds }) => ({ ...claim, value, limit, holds })),
  };
}

/** The table for people. */
function comparisonText(made: Comparison): string {
  const { comparison, choice, notes, scenario, verdicts } = made;
  return [
    scenario === null ? '' : `${scenario.name}: ${scenario.title}\n${scenario.question}\n\n`,
    comparisonTable(comparison, choice),
    `\n${databaseText(comparison)}\n`,
    ...legend(comparison).map((line) => `${line}\n`),
    ...notes.map((note) => `note: ${note}\n`),
    verdicts.length === 0 ? '' : `\n${claimsText(verdicts)}`,
    choice.hasRest ? '' : '--all shows all metrics\n',
  ].join('');
}

/** As Markdown, with what a reader must know below the table. */
function comparisonReadme(made: Comparison): string {
  const { comparison, choice, notes, scenario, verdicts } = made;
  const lines = [databaseText(comparison), ...legend(comparison), ...notes];
  return [
    scenario === null
      ? ''
      : `## ${inMarkdown(scenario.title)}\n\n${inMarkdown(scenario.question)}\n\n`,
    comparisonMarkdown(comparison, choice),
    '\n',
    ...lines.map((line) => `- ${inMarkdown(line)}\n`),
    ...(verdicts.length === 0 ? [] : ['\n| holds | claim | numbers |\n|---|---|---|\n']),
    ...verdicts.map((verdict) => {
      const cells = [verdict.holds ? 'yes' : 'NO', verdict.claim.says, numbersText(verdict)];
      return `| ${cells.map(inMarkdown).join(' | ')} |\n`;
    }),
  ].join('');
}

/** `runs in the database: vswap 1-5, xswap 6-10`. */
function databaseText({ columns }: RunComparison): string {
  const parts = columns.map(({ label, runs }) => {
    const ids = runs.flatMap(({ runId }) => runId ?? []);
    return `${label} ${ids.length === 0 ? '-' : rangesText(ids)}`;
  });
  return `runs in the database: ${parts.join(', ')}`;
}

/** `1-3,7`; the ids as --runs takes them. */
function rangesText(ids: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const id of [...ids].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.[1] === id - 1) last[1] = id;
    else ranges.push([id, id]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

function claimsText(verdicts: readonly Verdict[]): string {
  const table = alignTable(
    ['HOLDS', 'CLAIM', 'NUMBERS'],
    verdicts.map((verdict) => [
      verdict.holds ? 'yes' : 'NO',
      verdict.claim.says,
      numbersText(verdict),
    ]),
  );
  const count = verdicts.filter(({ holds }) => holds).length;
  return `${table}\n${count} of ${verdicts.length} claims hold\n`;
}

function numbersText({ claim, value, limit }: Verdict): string {
  return `${shown(value)}, ${claim.relation} ${limitText(claim, limit)}`;
}

/** The limit, and how another column's value made it. */
export function limitText({ of, factor }: Claim, limit: number | null): string {
  if (of === undefined) return shown(limit);
  return factor === undefined ? `${shown(limit)} (${of})` : `${shown(limit)} (${factor} × ${of})`;
}

/** What is said on stderr of each threshold that was passed, or could not be judged. */
export function thresholdsText({ passed, gaps }: Comparison): string {
  return [
    ...passed.map((each) => `swaplab: threshold passed: ${passingText(each)}\n`),
    ...gaps.map((each) => `swaplab: --fail-if: ${gapText(each)}\n`),
  ].join('');
}
