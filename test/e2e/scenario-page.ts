/** The tables of `src/scenarios.md`, from what `compare --scenario NAME --json` prints. */
import { limitText } from '../../cli/compare-output.ts';
import type { Claim } from '../../src/machine/index.ts';
import { shown } from '../../src/report/comparison/index.ts';

/** The document of `compare --scenario NAME --json`, as far as it is looked at here. */
export interface ScenarioDocument {
  readonly runs: readonly {
    readonly design: string;
    readonly run: number;
    readonly digest: string;
    readonly verify: { readonly pagesChecked: number; readonly mismatches: number };
  }[];
  readonly metrics: readonly {
    readonly name: string;
    readonly unit: string;
    readonly better: string;
    readonly values: Readonly<Record<string, number>>;
  }[];
  readonly scenario: {
    readonly name: string;
    readonly columns: readonly { readonly label: string }[];
    readonly metrics: readonly string[];
  };
  readonly claims: readonly (Claim & {
    readonly value: number | null;
    readonly limit: number | null;
    readonly holds: boolean;
  })[];
}

/** What stands between the marks of one scenario. */
export function scenarioTables({ scenario, metrics, claims }: ScenarioDocument): string {
  const labels = scenario.columns.map(({ label }) => label);
  const rows = scenario.metrics.map((name) => {
    const { unit, values } = metrics.find((metric) => metric.name === name)!;
    return `| ${name} | ${unit} | ${labels.map((label) => shown(values[label] ?? null)).join(' | ')} |`;
  });
  const judged = claims.map(
    (claim) =>
      `| ${claim.says} | ${claim.metric}, ${claim.column} | ` +
      `${shown(claim.value)}, ${claim.relation} ${limitText(claim, claim.limit)} |`,
  );
  return [
    `| | unit | ${labels.join(' | ')} |`,
    `|---|---|${labels.map(() => '---:|').join('')}`,
    ...rows,
    '',
    '| claim | of | numbers |',
    '|---|---|---|',
    ...judged,
  ].join('\n');
}

/** Names of the scenarios that a page has a table of. */
export function tablesOf(page: string): string[] {
  return [...page.matchAll(/^<!-- table: (.+) -->$/gm)].map((match) => match[1]!);
}

/** The table of a scenario, as it stands in a page. */
export function tableIn(page: string, name: string): string {
  const { start, end } = marks(page, name);
  return page.slice(start, end).trim();
}

/** The page with another table for a scenario. */
export function withTable(page: string, name: string, table: string): string {
  const { start, end } = marks(page, name);
  return `${page.slice(0, start)}\n\n${table}\n\n${page.slice(end)}`;
}

function marks(page: string, name: string): { readonly start: number; readonly end: number } {
  const mark = `<!-- table: ${name} -->`;
  const start = page.indexOf(mark) + mark.length;
  return { start, end: page.indexOf('<!-- end -->', start) };
}
