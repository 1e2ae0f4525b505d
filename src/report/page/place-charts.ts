/** Where pages live over time: in memory, in zswap, as zero flags, on a device. One chart a column. */
import type { Child } from '../charts/markup.ts';
import { stackedAreaChart } from '../charts/stacked-area.ts';
import { grouped } from '../charts/quantity.ts';
import type { Point } from '../charts/thin.ts';
import type { PageColumn } from './columns.ts';
import { figure, figures, idOf, legend, without, type ChartContext } from './figures.ts';
import { seriesOf } from './time-charts.ts';
import { counted, listed } from './words.ts';

const ZSWAP_SERIES = 'zswap.storedPages';

/** From the bottom of the stack. */
const PLACES = [
  { name: 'memory.onlyPages', label: 'in memory' },
  { name: ZSWAP_SERIES, label: 'in zswap' },
  { name: 'swap.zeroPages', label: 'zero pages (a flag)' },
  { name: 'swap.filePages', label: 'on a device' },
] as const;

interface Places {
  readonly column: PageColumn;
  readonly times: readonly number[];
  /** For each place, a count per time. */
  readonly values: readonly (readonly number[])[];
}

export function placeSection({ columns, plots }: ChartContext): Child[] {
  const all = columns.flatMap((column) => placesOf(column) ?? []);
  const timeMax = Math.max(0, ...all.map(({ times }) => times.at(-1)!));
  const totalMax = all.reduce((most, each) => Math.max(most, highest(each)), 0);
  const layers = PLACES.map(({ label }) => label);
  return [
    all.length > 0 &&
      legend(
        'area',
        layers.map((label, index) => ({ label, index })),
      ),
    figures(
      all.map(({ column, times, values }) => {
        const names = {
          id: idOf('places', column.index),
          title: column.label,
          description: `Pages by place over virtual time. ${mostText(values)}`,
        };
        const shared = { quantity: 'count', label: 'pages' } as const;
        return figure({
          title: column.label,
          says: mostText(values),
          chart: stackedAreaChart({
            ...names,
            ...shared,
            layers,
            times,
            values,
            timeMax,
            totalMax,
          }),
          plot: plots.add({
            ...{ kind: 'stack', title: column.label, ...shared, timeMax, yMax: totalMax },
            lines: layers.map((label, layer) => ({
              ...{ label, column: layer },
              points: times.map((x, index) => ({ x, y: values[layer]![index]! })),
            })),
          }),
        });
      }),
    ),
    without(
      columns,
      (column) => all.some((each) => each.column === column),
      'the run was stored without the series of where its pages live.',
    ),
  ];
}

/** When most pages are out of memory, which at the end, without tasks, none may be. */
function mostText(values: readonly (readonly number[])[]): string {
  const outside = values[0]!.map((_, index) =>
    values.slice(1).reduce((sum, layer) => sum + layer[index]!, 0),
  );
  const peak = outside.reduce((most, count, index) => (count > outside[most]! ? index : most), 0);
  const total = values[0]![peak]! + outside[peak]!;
  if (outside[peak]! === 0) return 'All pages are in memory all the time.';
  const parts = PLACES.flatMap(({ label }, layer) => {
    const count = values[layer]![peak]!;
    return layer === 0 || count === 0 ? [] : [`${grouped(count)} ${label}`];
  });
  return `At the most ${grouped(outside[peak]!)} of ${counted(total, 'page')} are out of memory: ${listed(parts)}.`;
}

/** Null unless all places are known; times are those at which all were sampled. */
function placesOf(column: PageColumn): Places | null {
  const series = PLACES.map(({ name }) => {
    const points = seriesOf(column.shown, name);
    if (points.length > 0 || name !== ZSWAP_SERIES) return points;
    // Without zswap nothing is there.
    return seriesOf(column.shown, PLACES[0].name).map(({ x }) => ({ x, y: 0 }));
  });
  if (series.some((points) => points.length === 0)) return null;
  const byTime = series.map((points) => new Map(points.map(({ x, y }: Point) => [x, y])));
  const times = [...byTime[0]!.keys()].filter((time) => byTime.every((map) => map.has(time)));
  return times.length === 0
    ? null
    : { column, times, values: byTime.map((map) => times.map((time) => map.get(time)!)) };
}

function highest({ times, values }: Places): number {
  return times.reduce(
    (most, _, index) =>
      Math.max(
        most,
        values.reduce((sum, layer) => sum + layer[index]!, 0),
      ),
    0,
  );
}
