/** Tables of HTML: headers with scope, in a region that scrolls by itself on a narrow screen. */
import { el, type Child, type Markup } from '../charts/markup.ts';
import { grouped } from '../charts/quantity.ts';

export interface PlainTable {
  /** What the table is, for those who hear it. */
  readonly name: string;
  readonly titles: readonly string[];
  /** Columns of numbers stand at the right, thousands apart. The first cell heads its row. */
  readonly rows: readonly (readonly (string | number)[])[];
}

/** A table without anything special; null where it has no rows. */
export function plainTable({ name, titles, rows }: PlainTable): Markup | null {
  if (rows.length === 0) return null;
  const isNumeric = titles.map(
    (_, column) => column > 0 && rows.every((row) => NUMERIC.test(String(row[column]))),
  );
  return scrolling(
    name,
    el(
      'table',
      {},
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          titles.map((title, column) =>
            el('th', { scope: 'col', class: isNumeric[column] ? 'n' : undefined }, title),
          ),
        ),
      ),
      el(
        'tbody',
        {},
        rows.map((row) =>
          el(
            'tr',
            {},
            row.map((value, column) => cell(value, column === 0, isNumeric[column]!)),
          ),
        ),
      ),
    ),
  );
}

/** A number, alone or with its unit; or none. */
const NUMERIC = /^(-?\d[\d,.]*(e[+-]?\d+)?( \S{1,4})?|–)$/;

function cell(value: string | number, isHeader: boolean, isNumeric: boolean): Markup {
  const text = typeof value === 'number' ? grouped(value) : value;
  if (isHeader) return el('th', { scope: 'row' }, text);
  return el('td', { class: isNumeric ? 'n' : text.length > 40 ? 'wrap' : undefined }, text);
}

/** Names and what they stand for. */
export function factTable(name: string, facts: readonly (readonly [string, Child])[]): Markup {
  return scrolling(
    name,
    el(
      'table',
      {},
      el(
        'tbody',
        {},
        facts.map(([key, value]) =>
          el('tr', {}, el('th', { scope: 'row' }, key), el('td', { class: 'wrap' }, value)),
        ),
      ),
    ),
  );
}

/** A region that can be scrolled with the keyboard too. */
export function scrolling(name: string, content: Markup): Markup {
  return el('div', { class: 'scroll', role: 'region', tabindex: 0, 'aria-label': name }, content);
}
