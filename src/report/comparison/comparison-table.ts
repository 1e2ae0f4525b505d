/**
 * The table of a comparison for people. Changes stand beside the numbers while that fits a width of
 * 120; with more columns they stand below them.
 */
import type { ComparedMetric, RunComparison } from './comparison.ts';
import { shown } from './numbers.ts';
import {
  changeText,
  isRepeated,
  nameInGroup,
  shownRows,
  spreadText,
  unitText,
  type RowChoice,
} from './rows.ts';

/** Of the table with changes beside numbers. */
const WIDTH_MAX = 120;
/** Letters of the widest number, and of a part of a label above it. */
const NUMBER_WIDTH = 9;

/** Lines of a table, whose cells are aligned one by one: text left, numbers right. */
type Line = readonly string[];

/**
 * The table: metric, unit with the better direction, and each column's median with spread and change.
 * @param choice - which metrics
 */
export function comparisonTable(comparison: RunComparison, choice: RowChoice): string {
  const wide = wideTable(comparison, choice);
  const width = widest(wide.split('\n'), (line) => line.length);
  return width <= WIDTH_MAX ? wide : stackedTable(comparison, choice);
}

/** Titles of groups where metrics are grouped, and lines of each metric. */
function tableLines(
  comparison: RunComparison,
  choice: RowChoice,
  linesOf: (title: string, metric: ComparedMetric) => Line[],
): Line[] {
  const { chosen, rest } = shownRows(comparison, choice);
  const lines = chosen.flatMap((metric) => linesOf(metric.name, metric));
  let group = '';
  for (const metric of rest) {
    if (metric.group !== group) lines.push([metric.group]);
    group = metric.group;
    lines.push(...linesOf(`  ${nameInGroup(metric)}`, metric));
  }
  return lines;
}

function wideTable(comparison: RunComparison, choice: RowChoice): string {
  const { columns, baseline } = comparison;
  const hasSpread = isRepeated(comparison);
  /** The cells of a column: its number, its spread, its change. */
  const cells = (index: number, number: string, spread: string, change: string): string[] => [
    number,
    ...(hasSpread ? [spread] : []),
    ...(index === baseline ? [] : [change]),
  ];
  const lines = tableLines(comparison, choice, (title, metric) => [
    [
      ...[title, unitText(metric)],
      ...columns.flatMap((_, index) =>
        cells(
          index,
          shown(metric.summaries[index]?.median ?? null),
          spreadText(metric.summaries[index] ?? null),
          changeText(metric.changes[index] ?? null),
        ),
      ),
    ],
  ]);
  const titles = columns.flatMap(({ label }, index) => cells(index, label, '', ''));
  const sides = columns.flatMap((_, index) => cells(index, 'right', 'left', 'left'));
  return aligned([['', 'UNIT', ...titles], ...lines], ['left', 'left', ...sides]);
}

function stackedTable(comparison: RunComparison, choice: RowChoice): string {
  const { columns } = comparison;
  const lines = tableLines(comparison, choice, (title, metric) => {
    const numbers = metric.summaries.map((summary) => shown(summary?.median ?? null));
    const below = [metric.summaries.map(spreadText), metric.changes.map(changeText)];
    return [
      [title, unitText(metric), ...numbers],
      ...below.filter((line) => line.some((cell) => cell !== '')).map((line) => ['', '', ...line]),
    ];
  });
  const labels = columns.map(({ label }) => labelParts(label));
  const height = widest(labels, (parts) => parts.length);
  const titles = Array.from({ length: height }, (_, row) => [
    ...['', row === 0 ? 'UNIT' : ''],
    ...labels.map((parts) => parts[row] ?? ''),
  ]);
  return aligned([...titles, ...lines], ['left', 'left', ...columns.map(() => 'right')]);
}

/** A label on several lines, broken where its words end. */
function labelParts(label: string): string[] {
  const words = label.match(/[^\s,:=/-]*[\s,:=/-]*/g)!.filter((word) => word !== '');
  const parts: string[] = [];
  for (const word of words) {
    const last = parts.at(-1);
    if (last !== undefined && `${last}${word}`.trimEnd().length <= NUMBER_WIDTH)
      parts[parts.length - 1] = last + word;
    else parts.push(word);
  }
  return parts.map((part) => part.trimEnd());
}

/** The largest; not by Math.max, which takes no more arguments than the stack has room for. */
function widest<Item>(items: readonly Item[], sizeOf: (item: Item) => number): number {
  return items.reduce((most, item) => Math.max(most, sizeOf(item)), 0);
}

/** Cells two spaces apart. A line of one cell is a title, which no column is made wider for. */
function aligned(lines: readonly Line[], sides: readonly string[]): string {
  const widths = sides.map((_, column) =>
    widest(lines, (line) => (line.length === 1 ? 0 : (line[column] ?? '').length)),
  );
  return lines
    .map((line) => {
      const cells = line.map((cell, column) => {
        const width = line.length === 1 ? 0 : widths[column]!;
        return sides[column] === 'right' ? cell.padStart(width) : cell.padEnd(width);
      });
      return `${cells
        .filter((_, column) => line.length === 1 || widths[column]! > 0)
        .join('  ')
        .trimEnd()}\n`;
    })
    .join('');
}
