/** Every run in full: what it was, and what is stored of it besides metrics and series. */
import { CONSEQUENCES, flattenParameters, type StoredRun } from '../../runs/index.ts';
import { clipped } from '../../units/index.ts';
import { el, type Child, type Markup } from '../charts/markup.ts';
import { quantityText } from '../charts/quantity.ts';
import { areaTitle, withAreaNames } from '../text/area-names.ts';
import { utcText } from '../text/figures.ts';
import type { PageColumn } from './columns.ts';
import { factTable, plainTable } from './table.ts';
import { counted } from './words.ts';

/** Rows of the longest table, half of them from each end; the database has the rest. */
const ROWS_MAX = 120;
const VALUE_LETTERS_MAX = 300;
const PATH_LETTERS_MAX = 60;

const PHASE_COUNTERS = [
  ...['pgmajfault', 'zswpout', 'zswpin', 'zswpwb', 'pswpout', 'pswpin'],
  ...['swpout_zero', 'swpin_zero', 'workingset_refault_anon', 'oom_kill'],
];

export function runSection(columns: readonly PageColumn[]): Child[] {
  return columns.map(({ label, runs, shown }) => [
    el('h3', {}, label),
    el(
      'details',
      {},
      el('summary', {}, 'Spec: every setting that decides the outcome'),
      el(
        'p',
        { class: 'soft' },
        runs.length > 1 && `That of run ${shown.runId}; the others differ by seed and name.`,
      ),
      plainTable({
        name: `Spec of ${label}`,
        titles: ['key', 'value'],
        rows: flattenParameters(shown.spec).map(({ key, value }) => [
          key,
          clipped(String(value), VALUE_LETTERS_MAX),
        ]),
      }),
    ),
    runs.map(runDetails),
  ]);
}

function runDetails(run: StoredRun): Markup {
  const { runId, seed, status, name } = run;
  return el(
    'details',
    {},
    el(
      'summary',
      {},
      `Run ${runId}, seed ${seed}${name === null ? '' : `, ‘${name}’`}: `,
      status === 'done' ? 'done' : el('span', { class: 'bad' }, status),
    ),
    factTable(`Facts of run ${runId}`, facts(run)),
    titled('Phases', phaseTable(run)),
    titled('Areas', areaTables(run)),
    titled('Faults', faultTables(run)),
    titled('Requests of other processes', steeringTable(run)),
    titled('Events', eventTable(run)),
    titled('Figures from time to time', intervalTable(run)),
  );
}

function facts(run: StoredRun): (readonly [string, Child])[] {
  const { verify, checkpoint } = run;
  const wrong = verify !== null && verify.mismatches > 0;
  return [
    ['command', el('code', {}, run.command)],
    ['swaplab', run.version],
    ['started', utcText(run.startedMs)],
    ['virtual time', run.virtualNs === null ? 'not known' : quantityText('ns', run.virtualNs)],
    ['wall time', run.wallMs === null ? 'not known' : quantityText('ns', run.wallMs * 1e6)],
    [
      'pages compared',
      verify === null
        ? 'not reached'
        : el(
            'span',
            { class: wrong ? 'bad' : undefined },
            `${counted(verify.pagesChecked, 'page')}, ${counted(verify.mismatches, 'mismatch', 'mismatches')}`,
          ),
    ],
    ['digest', el('code', {}, run.digest ?? 'none')],
    ['spec hash', el('code', {}, run.specHash)],
    ...(run.exitReason === null ? [] : [['ended because', run.exitReason] as const]),
    ...(checkpoint === null
      ? []
      : [['latest checkpoint', counted(checkpoint.operations, 'operation')] as const]),
  ];
}

function phaseTable({ phases }: StoredRun): Child {
  const counters = PHASE_COUNTERS.filter((name) =>
    phases.some((phase) => (phase.counters[name] ?? 0) > 0),
  );
  return longTable({
    name: 'Phases',
    titles: ['phase', 'operation', 'in memory', 'swapped', ...counters, 'virtual time'],
    rows: phases.map(({ index, op, present, swapped, counters: counts, virtualNs }) => [
      ...[String(index), clipped(op, 60), present, swapped],
      ...counters.map((name) => counts[name] ?? 0),
      quantityText('ns', virtualNs),
    ]),
  });
}

function areaTables(run: StoredRun): Child {
  if (run.areas.length === 0) return null;
  return [
    plainTable({
      name: 'Areas',
      titles: ['area', 'kind', 'slots', 'in use', 'priority'],
      rows: run.areas.map(({ type, kind, pages, usedPages, priority }) => [
        ...[areaTitle(run, type), kind, pages, usedPages, priority],
      ]),
    }),
    run.areas.map(({ type, counters }) => {
      const told = Object.entries(counters).filter(([, value]) => value !== 0);
      return plainTable({
        name: `Counters of ${areaTitle(run, type)}`,
        titles: [`counter of ${areaTitle(run, type)}`, 'value'],
        rows: told.map(([name, value]) => [name, value]),
      });
    }),
  ];
}

function faultTables(run: StoredRun): Child {
  const { faults, faultCounts } = run;
  if (faultCounts.length === 0) return null;
  const kinds = [...new Set(faultCounts.map(({ kind }) => kind))];
  const countOf = (kind: string, consequence: string): number =>
    faultCounts
      .filter((row) => row.kind === kind && row.consequence === consequence)
      .reduce((sum, { count }) => sum + count, 0);
  return [
    plainTable({
      name: 'Faults by kind and consequence',
      titles: ['kind', ...CONSEQUENCES],
      rows: kinds.map((kind) => [kind, ...CONSEQUENCES.map((each) => countOf(kind, each))]),
    }),
    longTable({
      name: 'Faults',
      titles: ['fault', 'at', 'kind', 'area', 'slot', 'pages', 'consequence', 'detail'],
      rows: faults.map(({ id, timeNs, kind, area, slot, pages, consequence, detail }) => [
        ...[String(id), quantityText('ns', timeNs), kind],
        ...[shownPath(run, area), slot, pages, consequence, withAreaNames(run, detail)],
      ]),
    }),
  ];
}

/** Of an area, which may be one that came later. */
function shownPath(run: StoredRun, path: string): string {
  return clipped(withAreaNames(run, path), PATH_LETTERS_MAX);
}

function steeringTable(run: StoredRun): Child {
  return longTable({
    name: 'Requests of other processes',
    titles: ['after operation', 'phase', 'request', 'area', 'outcome', 'detail'],
    rows: run.steering.map(({ operation, phase, action, area, outcome, detail }) => [
      ...[String(operation), String(phase ?? '–'), action, shownPath(run, area), outcome],
      withAreaNames(run, detail),
    ]),
  });
}

function eventTable(run: StoredRun): Child {
  return longTable({
    name: 'Events',
    titles: ['at', 'kind', 'detail'],
    rows: run.events.map(({ timeNs, kind, detail }) => [
      ...[quantityText('ns', timeNs), kind, withAreaNames(run, detail)],
    ]),
  });
}

function intervalTable(run: StoredRun): Child {
  const { intervals } = run;
  const names = [...new Set(intervals.flatMap(({ figures }) => Object.keys(figures)))];
  return longTable({
    name: 'Figures from time to time',
    titles: ['at (virtual)', 'operations', ...names.map((name) => withAreaNames(run, name))],
    rows: intervals.map(({ timeNs, operations, figures }) => [
      ...[quantityText('ns', timeNs), operations],
      ...names.map((name) => figures[name] ?? 0),
    ]),
  });
}

/** Of a long table the first and the last rows, and a sentence that says so. */
function longTable(table: Parameters<typeof plainTable>[0]): Child {
  const { rows } = table;
  if (rows.length <= ROWS_MAX) return plainTable(table);
  const half = ROWS_MAX / 2;
  return [
    plainTable({ ...table, rows: [...rows.slice(0, half), ...rows.slice(-half)] }),
    el(
      'p',
      { class: 'soft' },
      `The first and the last ${half} of ${rows.length}; the database has all.`,
    ),
  ];
}

/** A table under its title; nothing without a table. */
function titled(title: string, content: Child): Child {
  const isEmpty = content === null || content === false;
  return isEmpty ? null : [el('h4', {}, title), content];
}
