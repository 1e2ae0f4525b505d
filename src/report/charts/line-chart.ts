/** Lines of several runs on common axes: over virtual time, or over percentiles. */
import { curveStepAfter, line } from 'd3-shape';
import { linearAxis, logAxis, percentileAxis, type Axis } from './axis.ts';
import { frame, number, PLOT, type ChartNames } from './frame.ts';
import { el, type Markup } from './markup.ts';
import { hue, stroke } from './palette.ts';
import { quantityText, type Quantity } from './quantity.ts';
import { thinned, type Point } from './thin.ts';

/** Points of a drawn line: one for each two units of the plot's width. */
const DRAWN_POINTS_MAX = 150;
/** Strips of the plot that show the values in them when pointed at. */
const STRIPS = 24;

export interface Line {
  readonly label: string;
  /** Which colour and dash: the number of the line's column. */
  readonly column: number;
  /** By ascending x; x in virtual ns, or a percentile below 100. */
  readonly points: readonly Point[];
}

export interface LineChartInput extends ChartNames {
  readonly lines: readonly Line[];
  readonly quantity: Quantity;
  /** What y is, without its unit. */
  readonly label: string;
  /** What x is, without its unit; absent: virtual time. */
  readonly xLabel?: string;
}

/** Values over time from 0, each until the next. */
export function timeChart(input: LineChartInput): Markup {
  const { lines, quantity, label, xLabel = 'virtual time' } = input;
  const x = linearAxis({
    quantity: 'ns',
    label: xLabel,
    range: [PLOT.left, PLOT.right],
    max: most(lines, ({ x: time }) => time),
  });
  const y = linearAxis({ quantity, label, range: [PLOT.bottom, PLOT.top], max: most(lines, yOf) });
  const xText = (time: number): string => `at ${quantityText('ns', time)}`;
  return drawn(input, { x, y, xText, xMax: most(lines, ({ x: time }) => time) });
}

/** Values over percentiles, y on a logarithmic scale. */
export function percentileChart(input: LineChartInput & { readonly count: number }): Markup {
  const { lines, quantity, label, count } = input;
  const x = percentileAxis([PLOT.left, PLOT.right], count);
  const values = lines.flatMap(({ points }) => points.map(yOf));
  const y = logAxis({
    ...{ quantity, label, range: [PLOT.bottom, PLOT.top] },
    min: values.reduce((least, value) => Math.min(least, value), Infinity),
    max: values.reduce((greatest, value) => Math.max(greatest, value), 0),
  });
  return drawn(input, { x, y, xText: (percent) => `${Number(percent.toPrecision(6))} %` });
}

interface Drawing {
  readonly x: Axis;
  readonly y: Axis;
  readonly xText: (value: number) => string;
  /** Absent: strips lie at the ticks of x instead of even steps. */
  readonly xMax?: number;
}

function drawn(input: LineChartInput, { x, y, xText, xMax }: Drawing): Markup {
  const path = line<Point>()
    .x((point) => number(x.place(point.x)))
    .y((point) => number(y.place(point.y)))
    .curve(curveStepAfter)
    .digits(1);
  const { lines, quantity } = input;
  const valueAt = (each: Line, at: number): string =>
    `${each.label}: ${quantityText(quantity, lastUpTo(each.points, at)?.y ?? 0)}`;
  const strips =
    xMax === undefined
      ? percentileStrips(x)
      : Array.from({ length: STRIPS }, (_, index) => {
          const from = (xMax * index) / STRIPS;
          return { at: (xMax * (index + 0.5)) / STRIPS, from, to: (xMax * (index + 1)) / STRIPS };
        });
  return frame(input, x, y, [
    lines.map(({ label, column, points }) => {
      const few = thinned(points, DRAWN_POINTS_MAX);
      // A line of a single point has no length.
      if (few.length === 1)
        return el('circle', {
          class: `dot ${hue(column)}`,
          ...{ cx: number(x.place(few[0]!.x)), cy: number(y.place(few[0]!.y)), r: 3 },
        });
      return el(
        'path',
        { class: `line ${stroke(column)}`, d: path(few) ?? '' },
        el('title', {}, label),
      );
    }),
    strips.map(({ at, from, to }) =>
      el(
        'rect',
        {
          class: 'strip',
          ...{ x: number(x.place(from)), y: PLOT.top, height: PLOT.bottom - PLOT.top },
          width: Math.max(0, number(x.place(to) - x.place(from))),
        },
        el('title', {}, [xText(at), ...lines.map((each) => valueAt(each, at))].join('\n')),
      ),
    ),
  ]);
}

/** Percentiles that people ask for, each with the room around it. */
function percentileStrips(x: Axis): { at: number; from: number; to: number }[] {
  const asked = [0, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.995, 99.999, 99.9999];
  const shown = asked.filter((percent) => x.place(percent) < PLOT.right);
  return shown.map((at, index) => ({ at, from: at, to: shown[index + 1] ?? 100 - 1e-9 }));
}

/** The last point at or before `at`; before the first one, the first. */
function lastUpTo(points: readonly Point[], at: number): Point | undefined {
  return points.findLast(({ x }) => x <= at) ?? points[0];
}

function yOf({ y }: Point): number {
  return y;
}

/** The greatest of all points of all lines; 0 without any. */
export function most(lines: readonly Pick<Line, 'points'>[], of: (point: Point) => number): number {
  return lines.reduce(
    (all, { points }) => points.reduce((greatest, point) => Math.max(greatest, of(point)), all),
    0,
  );
}
