/** Tables for people: columns two spaces apart, numbers to the right. */

export type Cell = string | number;

/** Rows as a table; the columns are all their keys, in the order of first use. */
export function alignRows(rows: readonly Readonly<Record<string, Cell>>[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return alignTable(
    columns,
    rows.map((row) => columns.map((column) => row[column] ?? '')),
  );
}

/** Cells in columns two spaces apart, numbers to the right; `titles` may be empty. */
export function alignTable(titles: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = titles.length === 0 ? rows : [titles, ...rows];
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => String(line[column] ?? '').length)),
  );
  // A column of numbers is to the right with its title.
  const isNumeric = widths.map((_, column) =>
    rows.every((row) => /^(-?[\d.]+( s|[MG])?|-|NULL)?$/.test(String(row[column] ?? ''))),
  );
  const text = lines.map((line) =>
    line
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumeric[column] ? String(cell).padStart(width) : String(cell).padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return text.map((line) => `${line}\n`).join('');
}
