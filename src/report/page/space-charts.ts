/** What takes space and how areas look at the end: metadata terms, slot maps, clusters, writes, wear. */
import {
  SLOT_STATES,
  type AreaRecord,
  type SlotMapRecord,
  type StoredRun,
} from '../../runs/index.ts';
import { barChart } from '../charts/bar-chart.ts';
import { el, type Child, type Markup } from '../charts/markup.ts';
import { quantityText } from '../charts/quantity.ts';
import { slotMapChart } from '../charts/slot-map.ts';
import { stackedBarChart } from '../charts/stacked-bars.ts';
import { areaTitle } from '../text/area-names.ts';
import { STATE_WORDS } from '../text/slot-states.ts';
import type { PageColumn } from './columns.ts';
import { absent, figure, figures, idOf, legend, without, type ChartContext } from './figures.ts';
import { plainTable } from './table.ts';
import { counted } from './words.ts';

/** Terms with a colour of their own; the smaller ones are one segment. */
const TERMS_SHOWN_MAX = 7;

/** Bytes of every term, a bar per column on one scale. */
export function metadataSection({ columns }: ChartContext): Child[] {
  const known = columns.filter(({ shown }) => shown.metadata.length > 0);
  if (known.length === 0) return [absent('Not shown: no metadata is stored of these runs.')];
  const terms = termsBySize(known);
  const [large, small] = [terms.slice(0, TERMS_SHOWN_MAX), terms.slice(TERMS_SHOWN_MAX)];
  const others = small.length === 0 ? [] : [counted(small.length, 'smaller term')];
  const labels = [...large, ...others];
  const bars = known.map(({ label, shown }) => ({
    label,
    segments: labels.map((name, column) => {
      const of = column < large.length ? [name] : small;
      return {
        label: name,
        column,
        value: of.reduce((sum, each) => sum + bytesOf(shown, each), 0),
      };
    }),
  }));
  return [
    legend(
      'area',
      labels.map((label, index) => ({ label, index })),
    ),
    figure({
      title: 'Metadata at the end, by term',
      says: 'Memory that the design and zswap need to know where pages are, without the pages.',
      chart: stackedBarChart({
        ...{ id: 'metadata-terms', title: 'Metadata by term', bars, quantity: 'bytes' },
        description: bars
          .map(({ label, segments }) => {
            const total = segments.reduce((sum, { value }) => sum + value, 0);
            return `${label}: ${quantityText('bytes', total)}`;
          })
          .join('; '),
      }),
    }),
    el(
      'details',
      {},
      el('summary', {}, 'Every term in bytes'),
      plainTable({
        name: 'Metadata by term',
        titles: ['term', ...known.map(({ label }) => label)],
        rows: terms.map((term) => [term, ...known.map(({ shown }) => bytesOf(shown, term))]),
      }),
    ),
    without(columns, (column) => known.includes(column), 'no metadata is stored of the run.'),
  ];
}

/** The largest anywhere first. */
function termsBySize(columns: readonly PageColumn[]): string[] {
  const terms = new Set(columns.flatMap(({ shown }) => shown.metadata.map(({ term }) => term)));
  return [...terms]
    .map((term) => ({ term, most: Math.max(...columns.map(({ shown }) => bytesOf(shown, term))) }))
    .sort((a, b) => b.most - a.most || (a.term < b.term ? -1 : 1))
    .map(({ term }) => term);
}

function bytesOf({ metadata }: StoredRun, term: string): number {
  return metadata.reduce((sum, row) => sum + (row.term === term ? row.bytes : 0), 0);
}

/** Each area of each column as a picture, in small multiples; of empty ones a sentence. */
export function slotMapSection({ columns }: ChartContext): Child[] {
  const made = columns.flatMap((column) =>
    column.shown.slotMaps.filter(hasTakenSlots).map((map) => slotMapFigure(column, map)),
  );
  const isEmpty = ({ shown }: PageColumn): boolean =>
    shown.slotMaps.length > 0 && !shown.slotMaps.some(hasTakenSlots);
  return [
    made.length > 0 && stateLegend(),
    figures(made),
    without(
      columns,
      (column) => !isEmpty(column),
      'every slot was free at the end, as it is when all tasks have exited.',
    ),
    without(
      columns,
      ({ shown }) => shown.slotMaps.length > 0,
      'the run has no area with slots, or was stored without their map.',
    ),
  ];
}

function hasTakenSlots({ cells }: SlotMapRecord): boolean {
  const [free, bad] = [SLOT_STATES.indexOf('free'), SLOT_STATES.indexOf('bad')];
  return cells.some(({ counts }) =>
    counts.some((count, state) => count > 0 && state !== free && state !== bad),
  );
}

function slotMapFigure({ index, label, shown }: PageColumn, map: SlotMapRecord): Markup {
  const name = areaTitle(shown, map.type);
  const counts = SLOT_STATES.map((_, state) =>
    map.cells.reduce((sum, cell) => sum + (cell.counts[state] ?? 0), 0),
  );
  const slots = counts.reduce((sum, count) => sum + count, 0);
  const free = counts[0]!;
  const freeRuns = map.freeRuns.reduce((sum, { count }) => sum + count, 0);
  const title = `${label}: ${name}`;
  const share = slots === 0 ? 0 : ((slots - free) / slots) * 100;
  return figure({
    title,
    says:
      `${share.toFixed(1)} % of ${counted(slots, 'slot')} taken; the free ones lie in ` +
      `${counted(freeRuns, 'stretch', 'stretches')}.`,
    chart: slotMapChart({
      ...{ id: idOf('slots', index, map.type), title, cells: map.cells },
      description: SLOT_STATES.map((state, at) => `${counts[at]!} ${state}`).join(', '),
    }),
  });
}

function stateLegend(): Markup {
  return el(
    'ul',
    { class: 'legend', 'aria-label': 'Legend' },
    SLOT_STATES.map((state, index) =>
      el(
        'li',
        {},
        el(
          'svg',
          { class: 'swatch', width: 14, height: 12, 'aria-hidden': 'true' },
          el('rect', { class: index === 0 ? 's0' : `s${index} i4`, width: 14, height: 12 }),
        ),
        STATE_WORDS[state],
      ),
    ),
    el('li', {}, 'a cell has the colour of most of its taken slots, paler where few are taken'),
  );
}

/** On which of the allocator's lists clusters are. */
export function clusterSection({ columns }: ChartContext): Child[] {
  const maps = columns.flatMap((column) =>
    column.shown.slotMaps
      .filter(({ clusterLists }) => clusterLists.length > 0)
      .map((map) => ({ column, map })),
  );
  const names = new Set(
    maps.flatMap(({ map }) => map.clusterLists.map(({ list, order }) => listName(list, order))),
  );
  const max = Math.max(
    0,
    ...maps.flatMap(({ map }) => map.clusterLists.map(({ clusters }) => clusters)),
  );
  return [
    maps.length > 0 &&
      el(
        'p',
        { class: 'soft' },
        'Clusters of 512 slots by the allocator’s list they are on: free, partly taken (nonfull), ' +
          'partly taken and searched in vain (frag), full.',
      ),
    figures(
      maps.map(({ column: { index, label, shown }, map }) => {
        const title = `${label}: ${areaTitle(shown, map.type)}`;
        const bars = [...names].map((name) => ({
          label: name,
          value: map.clusterLists
            .filter(({ list, order }) => listName(list, order) === name)
            .reduce((sum, { clusters }) => sum + clusters, 0),
        }));
        return figure({
          title,
          says: `${counted(
            bars.reduce((total, { value }) => total + value, 0),
            'cluster',
          )} on lists.`,
          chart: barChart({
            ...{ id: idOf('clusters', index, map.type), title, bars, max, column: index },
            ...{ quantity: 'count', label: 'clusters', classes: 'list' },
            description: bars.map(({ label: name, value }) => `${name}: ${value}`).join(', '),
          }),
        });
      }),
    ),
    without(
      columns,
      (column) => maps.some((each) => each.column === column),
      'no cluster lists are stored of the run.',
    ),
  ];
}

function listName(list: string, order: number): string {
  return order === 0 ? list : `${list} ${order}`;
}

/** The drives' part: what the host wrote, and what flash programmed on top of it. */
export function wearSection({ columns }: ChartContext): Child[] {
  const worn = columns.flatMap((column) => {
    const areas = column.shown.areas.filter(
      ({ counters }) => (counters['wear.hostBytes'] ?? 0) > 0,
    );
    return areas.length === 0 ? [] : [{ column, areas }];
  });
  if (worn.length === 0)
    return [absent('Not shown: nothing was written to flash, or the runs were stored without it.')];
  const bars = worn.map(({ column, areas }) => {
    const host = sum(areas, 'wear.hostBytes');
    const nand = sum(areas, 'wear.nandBytes');
    return {
      label: column.label,
      segments: [
        { label: 'written by the host', column: 0, value: host },
        { label: 'moved by the drive on top', column: 1, value: Math.max(0, nand - host) },
      ],
      note: `${quantityText('bytes', nand)}, amplification ${(nand / host).toFixed(2)}${life(column)}`,
    };
  });
  return [
    legend(
      'area',
      bars[0]!.segments.map(({ label, column }) => ({ label, index: column })),
    ),
    figure({
      title: 'Bytes programmed into flash',
      says:
        'Years are to the rated terabytes written (TBW) of the drive, were the machine to swap like ' +
        'this as the drive’s duty says; the table has the other ways to count.',
      chart: stackedBarChart({
        ...{ id: 'wear', title: 'Bytes programmed into flash', bars, quantity: 'bytes' },
        description: bars.map(({ label, note }) => `${label}: ${note}`).join('; '),
      }),
    }),
    without(
      columns,
      (column) => worn.some((each) => each.column === column),
      'nothing was written to flash.',
    ),
  ];
}

function sum(areas: readonly AreaRecord[], counter: string): number {
  return areas.reduce((total, { counters }) => total + (counters[counter] ?? 0), 0);
}

function life({ shown }: PageColumn): string {
  const years = shown.metrics.find(({ name }) => name === 'years of life by rated TBW')?.value;
  return years === undefined ? '' : `, ${quantityText('count', years)} years to TBW`;
}
