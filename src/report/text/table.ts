/** Tables for people: columns two spaces apart, numbers to the right. */
import { visible } from '../../units/index.ts';

export type Cell = string | number;

/** A number, also with a unit that is short; or none. */
const NUMBER = /^(-?[\d.]+( s|[MG])?|-|NULL)?$/;

/** Rows as a table; the columns are all their keys, in the order of first use. */
export function alignRows(rows: readonly Readonly<Record<string, Cell>>[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return alignTable(
    columns,
    rows.map((row) => columns.map((column) => row[column] ?? '')),
  );
}

/**
 * Cells in columns two spaces apart, numbers to the right; `titles` may be empty. Rows stay on one line
 * each, whatever is in a text.
 */
export function alignTable(titles: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const body = rows.map((row) => row.map((cell) => visible(String(cell))));
  const lines = titles.length === 0 ? body : [titles.map(visible), ...body];
  const columns = (lines[0] ?? []).map((_, column) => columnOf(lines, body, column));
  const text = lines.map((line) =>
    line
      .map((cell, column) => {
        const { width, isNumeric } = columns[column] ?? { width: 0, isNumeric: false };
        return isNumeric ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return text.map((line) => `${line}\n`).join('');
}

type Texts = readonly (readonly string[])[];

/** Rows may be more than a call takes arguments. */
function columnOf(
  lines: Texts,
  body: Texts,
  column: number,
): { readonly width: number; readonly isNumeric: boolean } {
  let width = 0;
  for (const line of lines) width = Math.max(width, line[column]?.length ?? 0);
  // A column of numbers is to the right with its title.
  const isNumeric = body.every((row) => NUMBER.test(row[column] ?? ''));
  return { width, isNumeric };
}
