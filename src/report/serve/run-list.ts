/** The list of runs: filters, a table whose headers sort, ticks to compare, and what lives on top. */
import type { RunSummary } from '../../runs/index.ts';
import { el, type Child, type Markup } from '../charts/markup.ts';
import { grouped } from '../charts/quantity.ts';
import { scrolling } from '../page/table.ts';
import { secondsText, utcText } from '../text/figures.ts';
import { LIST_SCRIPT } from './scripts.ts';
import type { ServedPage } from '../page/shell.ts';
import { servedPage } from './shell.ts';
import { sparkPicture, type TimedValue } from './sparkline.ts';

/** A run in the list. */
export interface ListedRun {
  readonly run: RunSummary;
  /** Pages in swap over virtual time; empty where that is not known. */
  readonly swapped: readonly TimedValue[];
}

/** What the visitor has asked for, in the words of the page's parameters; empty: not asked. */
export interface ListFilter {
  readonly status: string;
  readonly design: string;
  readonly name: string;
  readonly where: string;
}

export interface RunListInput {
  readonly version: string;
  /** In the order to show. */
  readonly rows: readonly ListedRun[];
  readonly filter: ListFilter;
  /** Key of a column; null: the newest first. */
  readonly sort: { readonly key: string; readonly isDescending: boolean } | null;
  /** From 1. */
  readonly page: number;
  readonly pageCount: number;
  /** Runs that pass the filter, on all pages. */
  readonly found: number;
  /** What the filters offer. */
  readonly statuses: readonly string[];
  readonly designs: readonly string[];
  /** How many runs a report takes. */
  readonly reportRunsMax: number;
}

interface Column {
  /** What sorts by it; absent: nothing does. */
  readonly key?: string;
  readonly title: string;
  readonly isNumeric?: boolean;
  readonly cell: (listed: ListedRun) => Child;
  readonly cellClass?: string;
}

const COLUMNS: readonly Column[] = [
  {
    ...{ key: 'run', title: 'run' },
    cell: ({ run }) => el('a', { href: `/runs/${run.runId}` }, `run ${run.runId}`),
  },
  {
    ...{ key: 'status', title: 'status' },
    cell: ({ run }) =>
      el(
        'span',
        { class: `status-${run.status}`, title: run.exitReason ?? undefined },
        run.status === 'running' ? '● running' : run.status,
      ),
  },
  { key: 'design', title: 'design', cell: ({ run }) => run.design },
  { key: 'name', title: 'name', cellClass: 'name', cell: ({ run }) => run.name ?? '' },
  { key: 'seed', title: 'seed', isNumeric: true, cell: ({ run }) => String(run.seed) },
  {
    ...{ key: 'virtual', title: 'virtual time', isNumeric: true },
    cell: ({ run, swapped }) => secondsText(run.virtualNs ?? swapped.at(-1)?.timeNs ?? null, 1e9),
  },
  {
    ...{ key: 'wall', title: 'wall time', isNumeric: true },
    cell: ({ run }) => secondsText(run.wallMs, 1e3),
  },
  { key: 'started', title: 'started', cell: ({ run }) => utcText(run.startedMs) },
  { title: 'pages in swap', cell: ({ swapped }) => sparkPicture(swapped, 'pages in swap') ?? '' },
  {
    ...{ key: 'digest', title: 'digest' },
    cell: ({ run }) =>
      run.digest === null ? '-' : el('code', { title: run.digest }, run.digest.slice(0, 12)),
  },
];

export function runListPage(input: RunListInput): ServedPage {
  const { version, rows, filter } = input;
  return servedPage({
    ...{ version, title: 'Runs', script: LIST_SCRIPT },
    content: [
      el('header', {}, el('h1', {}, 'Runs')),
      el(
        'main',
        {},
        filterForm(input),
        el('p', { class: 'soft', id: 'run-count' }, countText(input)),
        // The rows stand here without any run too: new ones are put in by the script.
        el('form', { action: '/report', method: 'get' }, [
          scrolling('Runs', table(input)),
          el('p', {}, [
            el('button', { type: 'submit' }, 'Compare the ticked runs'),
            ` Up to ${input.reportRunsMax}; one is shown in full.`,
          ]),
        ]),
        rows.length === 0 && el('p', {}, emptyText(filter)),
        pageLinks(input),
      ),
    ],
  });
}

function table(input: RunListInput): Markup {
  return el(
    'table',
    { class: 'runs' },
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        el('th', { scope: 'col' }, 'compare'),
        COLUMNS.map((column) => heading(column, input)),
      ),
    ),
    el('tbody', { id: 'run-rows' }, input.rows.map(row)),
  );
}

function heading({ key, title, isNumeric }: Column, input: RunListInput): Markup {
  const { sort } = input;
  const isSorted = key !== undefined && sort?.key === key;
  const direction = isSorted ? (sort.isDescending ? 'descending' : 'ascending') : undefined;
  return el(
    'th',
    { scope: 'col', class: isNumeric ? 'n' : undefined, 'aria-sort': direction },
    key === undefined
      ? title
      : [
          // Once more on the same column turns it round.
          el('a', { href: listHref(input, { sort: nextSort(key, direction) }) }, title),
          direction !== undefined && (direction === 'ascending' ? ' ▲' : ' ▼'),
        ],
  );
}

function nextSort(key: string, direction: 'ascending' | 'descending' | undefined): string {
  return direction === 'descending' ? key : `${key},desc`;
}

function row(listed: ListedRun): Markup {
  const { run } = listed;
  return el(
    'tr',
    { id: `run-${run.runId}`, class: run.status === 'running' ? 'running' : undefined },
    el(
      'td',
      {},
      el(
        'label',
        { class: 'pick' },
        el('input', {
          ...{ type: 'checkbox', name: 'run', value: run.runId },
          'aria-label': `compare run ${run.runId}`,
        }),
      ),
    ),
    COLUMNS.map(({ cell, isNumeric, cellClass }) =>
      el('td', { class: isNumeric ? 'n' : cellClass }, cell(listed)),
    ),
  );
}

function filterForm({ filter, statuses, designs, sort }: RunListInput): Markup {
  const text = (name: 'name' | 'where', label: string, placeholder: string): Markup =>
    el('label', {}, `${label} `, [
      el('br'),
      el('input', { type: 'search', name, value: filter[name], placeholder, maxlength: 200 }),
    ]);
  const choice = (name: 'status' | 'design', choices: readonly string[]): Markup =>
    el('label', {}, `${name} `, [
      el('br'),
      el(
        'select',
        { name },
        el('option', { value: '' }, 'all'),
        choices.map((value) =>
          el('option', { value, selected: value === filter[name] || undefined }, value),
        ),
      ),
    ]);
  return el(
    'form',
    { class: 'filter', method: 'get', action: '/' },
    choice('status', statuses),
    choice('design', designs),
    text('name', 'name, with * and ?', 'sweep-*'),
    text('where', 'a setting', 'zswap.maxPoolPercent=10'),
    sort !== null && el('input', { type: 'hidden', name: 'sort', value: sortText(sort) }),
    el('button', { type: 'submit' }, 'Show'),
    el('a', { href: '/' }, 'all runs'),
  );
}

function countText({ found, rows, page, pageCount }: RunListInput): string {
  const running = rows.filter(({ run }) => run.status === 'running').length;
  return [
    found === 1 ? '1 run' : `${grouped(found)} runs`,
    running > 0 && `${running} of them running now`,
    pageCount > 1 && `page ${page} of ${pageCount}`,
  ]
    .filter((part) => part !== false)
    .join(', ');
}

function emptyText(filter: ListFilter): string {
  return Object.values(filter).some((value) => value !== '')
    ? 'No run passes the filter.'
    : 'There are no runs yet; swaplab run, compare and endure make some.';
}

function pageLinks(input: RunListInput): Markup | null {
  const { page, pageCount } = input;
  if (pageCount < 2) return null;
  const link = (to: number, label: string, rel: string): Markup | false =>
    to >= 1 && to <= pageCount && el('a', { href: listHref(input, { page: to }), rel }, label);
  return el('nav', { class: 'pages', 'aria-label': 'Pages of the list' }, [
    link(page - 1, '← page before', 'prev'),
    link(page + 1, 'next page →', 'next'),
  ]);
}

/** The list as it is asked for, but for what is changed; a new order begins at its first page. */
function listHref(
  { filter, sort }: RunListInput,
  change: { readonly sort?: string; readonly page?: number },
): string {
  const order = change.sort ?? (sort === null ? '' : sortText(sort));
  const parameters = { ...filter, sort: order, page: String(change.page ?? '') };
  const given = Object.entries(parameters).filter(([, value]) => value !== '');
  return `/?${new URLSearchParams(given).toString()}`;
}

function sortText({ key, isDescending }: NonNullable<RunListInput['sort']>): string {
  return isDescending ? `${key},desc` : key;
}
