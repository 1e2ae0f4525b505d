/** Comma-separated values. @source RFC 4180, with line feeds alone, as Unix programs write them */

export type CsvCell = string | number | null;

/** Rows as lines; null is an empty field. */
export function csvText(rows: readonly (readonly CsvCell[])[]): string {
  return rows.map((row) => `${row.map(field).join(',')}\n`).join('');
}

function field(cell: CsvCell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
