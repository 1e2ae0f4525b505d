/**
 * Tables as util-linux prints them to something that is no terminal: columns as wide as their widest
 * cell, one blank between them, nothing cut off.
 *
 * util-linux counterpart: libsmartcols/src/print.c. Simplified on purpose: no trees, no colours, no
 * wrapping to the width of a terminal; a character is taken to be one cell wide.
 */

/** A column: its heading, and what is in it for a row. */
export interface TableColumn<Row> {
  /** Heading; in lower case the key in JSON. */
  readonly name: string;
  readonly isRight: boolean;
  /** One sentence for the list of columns in the help. */
  readonly help: string;
  /** The cell of a row; empty for nothing. */
  text(row: Row, isInBytes: boolean): string;
  /** The value in JSON; sizes are numbers of bytes. */
  value(row: Row): string | number | null;
}

export interface TableOptions {
  /** --raw: no alignment, blanks in a cell as \x20. */
  readonly isRaw: boolean;
  readonly hasHeadings: boolean;
  /** --bytes */
  readonly isInBytes: boolean;
  /** --annotate: headings carry their help, as terminals show it over a link (OSC 8). */
  readonly isAnnotated: boolean;
}

/** Prints rows as a table; nothing at all, not even headings, without rows. */
export function formatTable<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  options: TableOptions,
): string {
  if (rows.length === 0) return '';
  const cells = rows.map((row) =>
    columns.map((column) => safeText(column.text(row, options.isInBytes))),
  );
  if (options.hasHeadings) cells.unshift(columns.map(({ name }) => name));
  if (options.isRaw) return cells.map((line) => `${line.map(rawText).join(' ')}\n`).join('');
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => widthOf(line[index]!))));
  return cells
    .map((line, row) => {
      const isHeading = options.hasHeadings && row === 0;
      const padded = line.map((cell, index) => {
        const { isRight, help } = columns[index]!;
        const gap = ' '.repeat(widths[index]! - widthOf(cell));
        const shown = isHeading && options.isAnnotated ? annotated(cell, help) : cell;
        if (isRight) return gap + shown;
        return index === columns.length - 1 ? shown : shown + gap;
      });
      return `${padded.join(' ')}\n`;
    })
    .join('');
}

/** The rows as objects with the columns' names in lower case. */
export function tableDocument<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
): Record<string, string | number | null>[] {
  return rows.map((row) =>
    Object.fromEntries(columns.map((column) => [column.name.toLowerCase(), column.value(row)])),
  );
}

/** Finds columns by a list of names in any case. @returns the name that is no column's as `unknown` */
export function selectColumns<Row>(
  list: string,
  columns: readonly TableColumn<Row>[],
): readonly TableColumn<Row>[] | { readonly unknown: string } {
  const selected: TableColumn<Row>[] = [];
  for (const name of list.split(',')) {
    const found = columns.find((column) => column.name === name.toUpperCase());
    if (found === undefined) return { unknown: name };
    selected.push(found);
  }
  return selected;
}

/** Control characters as \x1b, and so a backslash that looks like the start of one. */
function safeText(text: string): string {
  return text.replace(/[\p{Cc}]|\\(?=x)/gu, hexOf);
}

function rawText(text: string): string {
  return text.replaceAll(' ', '\\x20');
}

function hexOf(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function widthOf(text: string): number {
  return Array.from(text).length;
}

/** @source util-linux libsmartcols/src/print.c: OSC 8 with the help in the place of an address */
function annotated(name: string, help: string): string {
  return `\u001b]8;;${help}\u001b\\${name}\u001b]8;;\u001b\\`;
}
