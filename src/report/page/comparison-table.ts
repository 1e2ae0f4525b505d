/** The comparison as a table: a row per metric, grouped as on the terminal, a column per column. */
import {
  ARROWS,
  intervalLegend,
  isRepeated,
  isSilent,
  markLegend,
  nameInGroup,
  specValueText,
  type Change,
  type ComparedMetric,
  type RunComparison,
  type Summary,
} from '../comparison/index.ts';
import { el, type Child, type Markup } from '../charts/markup.ts';
import { grouped } from '../charts/quantity.ts';
import type { JsonValue } from '../../runs/index.ts';
import { clipped } from '../../units/index.ts';
import { shownDifferences } from './differences.ts';
import { areasText, linesText, sizeText } from './headline.ts';
import { plainTable, scrolling } from './table.ts';
import { changeText, counted, metricTexts } from './words.ts';

const ARROW_WORDS = { lower: 'lower is better', higher: 'higher is better', none: '' } as const;

/** Letters of a spec's value in the table of differences. */
const VALUE_LETTERS_MAX = 80;

/**
 * The tables with the sentences that say how to read them.
 * @param notes - how the columns came about
 */
export function comparisonSection(comparison: RunComparison, notes: readonly string[]): Child[] {
  const { columns, metrics } = comparison;
  const differences = shownDifferences(comparison);
  if (metrics.length === 0)
    return [
      el(
        'p',
        {},
        'There is no table: metrics are worked out at the end of a run, but not of a resumed one.',
      ),
    ];
  const isHidden = (metric: ComparedMetric): boolean => !metric.isAlwaysShown && isSilent(metric);
  const silent = metrics.filter(isHidden);
  return [
    el('p', { class: 'soft' }, legend(comparison)),
    ...notes.map((note) => el('p', { class: 'soft' }, `Note: ${note}.`)),
    metricTable(
      'Comparison',
      comparison,
      metrics.filter((metric) => !isHidden(metric)),
    ),
    silent.length > 0 &&
      el(
        'details',
        {},
        el('summary', {}, `${counted(silent.length, 'metric')} that stayed at zero everywhere`),
        el('p', { class: 'soft' }, silent.map(({ name }) => name).join(', ')),
      ),
    differences.length > 0 && [
      el('h3', {}, 'What the columns differ by'),
      plainTable({
        name: 'Settings that differ between columns',
        titles: ['setting', ...columns.map(({ label }) => label)],
        rows: differences.map(({ key, values }) => [
          key,
          ...values.map((value) => settingText(key, value)),
        ]),
      }),
    ],
  ];
}

/** Areas, sizes and traces as they are told in sentences; all else as it stands in a spec. */
function settingText(key: string, value: JsonValue | undefined): string {
  if (key === 'areas' && value !== undefined) return areasText(value);
  if (key === 'machine.ram' || key === 'machine.memory') return sizeText(value) || '–';
  if (key === 'workload.trace' && typeof value === 'string') return linesText(value);
  return clipped(specValueText(value), VALUE_LETTERS_MAX);
}

function legend(comparison: RunComparison): string {
  const { columns, baseline } = comparison;
  const best = '↓ lower is better, ↑ higher is better; the best value of a row is bold.';
  const medians = `Medians over the seeds. In brackets ${intervalLegend(comparison)}.`;
  const isOfSeveral = isRepeated(comparison);
  if (columns.length === 1) return isOfSeveral ? medians : '↓ lower is better, ↑ higher is better.';
  const change = `Percentages are changes against ${columns[baseline]!.label}`;
  const marks = markLegend(comparison, '* better, * worse, * different');
  return [best, ...(isOfSeveral ? [medians] : []), `${change}; ${marks}.`].join(' ');
}

function metricTable(
  name: string,
  comparison: RunComparison,
  metrics: readonly ComparedMetric[],
): Markup {
  const groups = [...new Set(metrics.map(({ group }) => group))];
  const width = comparison.columns.length + 2;
  return scrolling(
    name,
    el(
      'table',
      { class: 'compare' },
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          el('th', { scope: 'col' }, 'metric'),
          el('th', { scope: 'col' }, 'unit'),
          comparison.columns.map(({ label }) => el('th', { scope: 'col', class: 'n' }, label)),
        ),
      ),
      groups.map((group) =>
        el(
          'tbody',
          {},
          el('tr', {}, el('th', { scope: 'rowgroup', colspan: width }, group)),
          metrics
            .filter((metric) => metric.group === group)
            .map((metric) => metricRow(metric, comparison)),
        ),
      ),
    ),
  );
}

function metricRow(metric: ComparedMetric, { columns, baseline }: RunComparison): Markup {
  const { name, unit, better, summaries, changes } = metric;
  const best = bestOf(metric);
  const show = metricTexts(
    unit,
    summaries.flatMap((summary) => summary?.median ?? []),
  );
  return el(
    'tr',
    { 'data-metric': name },
    el('th', { scope: 'row' }, nameInGroup(metric)),
    el(
      'td',
      {},
      unit,
      better !== 'none' && [
        ' ',
        el('span', { 'aria-label': ARROW_WORDS[better], role: 'img' }, ARROWS[better]),
      ],
    ),
    columns.map((_, index) => {
      const summary = summaries[index] ?? null;
      if (summary === null) return el('td', { class: 'n' }, '–');
      return el(
        'td',
        { class: summary.median === best ? 'n best' : 'n', title: exactText(summary, unit) },
        el('data', { value: summary.median }, show(summary.median)),
        moreText(summary, index === baseline ? null : (changes[index] ?? null), unit),
      );
    }),
  );
}

/** The best median; null where nothing is better, or all are alike. */
function bestOf({ better, summaries }: ComparedMetric): number | null {
  const medians = summaries.flatMap((summary) => (summary === null ? [] : [summary.median]));
  if (better === 'none' || medians.length < 2 || new Set(medians).size === 1) return null;
  return better === 'lower' ? Math.min(...medians) : Math.max(...medians);
}

/** Under the value: the interval, and the change against the baseline. */
function moreText({ low, median, high }: Summary, change: Change | null, unit: string): Child {
  const show = metricTexts(unit, [low, median, high]);
  const moved = change === null ? null : movedText(change);
  return [
    low !== high && el('span', { class: 'more' }, `[${show(low)} – ${show(high)}]`),
    moved !== null && el('span', { class: 'more' }, moved),
  ];
}

function movedText({ percent, isSignificant, verdict }: Change): string | null {
  if (percent === 0) return null;
  const mark = isSignificant ? ` * ${verdict}` : '';
  return `${percent === null ? 'from 0' : changeText(percent)}${mark}`;
}

function exactText({ values, median }: Summary, unit: string): string {
  const exact = (value: number): string =>
    Number.isInteger(value) ? grouped(value) : String(value);
  const seeds = values.length > 1 ? `; by run: ${values.map(exact).join(', ')}` : '';
  return `${exact(median)} ${unit}${seeds}`;
}
