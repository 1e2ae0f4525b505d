/** What a whole is made of over time: layers on each other. */
import { area, stack, stackOrderNone, type SeriesPoint } from 'd3-shape';
import { linearAxis } from './axis.ts';
import { frame, number, PLOT, type ChartNames } from './frame.ts';
import { el, type Markup } from './markup.ts';
import { quantityText, type Quantity } from './quantity.ts';

const STRIPS = 24;

export interface StackedAreaInput extends ChartNames {
  readonly layers: readonly string[];
  /** Virtual ns, ascending. */
  readonly times: readonly number[];
  /** For each layer, from the bottom, a value per time. */
  readonly values: readonly (readonly number[])[];
  readonly quantity: Quantity;
  readonly label: string;
  /** Ends of the axes: those of the runs beside it, so that charts can be compared. */
  readonly timeMax: number;
  readonly totalMax: number;
}

export function stackedAreaChart(input: StackedAreaInput): Markup {
  const { layers, times, values, quantity, label, timeMax, totalMax } = input;
  const x = linearAxis({
    ...{ quantity: 'ns', label: 'virtual time', max: timeMax },
    range: [PLOT.left, PLOT.right],
  });
  const y = linearAxis({ quantity, label, range: [PLOT.bottom, PLOT.top], max: totalMax });
  const stacked = stack<number, number>()
    .keys(layers.map((_, layer) => layer))
    .value((index, layer) => values[layer]![index]!)
    .order(stackOrderNone)(times.map((_, index) => index));
  const outline = area<SeriesPoint<number>>()
    .x((_, index) => number(x.place(times[index]!)))
    .y0((point) => number(y.place(point[0])))
    .y1((point) => number(y.place(point[1])))
    .digits(1);
  return frame(input, x, y, [
    stacked.map((layer, index) =>
      el(
        'path',
        { class: `area p${index}`, d: outline(layer) ?? '' },
        el('title', {}, layers[index]!),
      ),
    ),
    Array.from({ length: STRIPS }, (_, strip) => {
      const [from, to] = [(timeMax * strip) / STRIPS, (timeMax * (strip + 1)) / STRIPS];
      const at = times.findLastIndex((time) => time <= (from + to) / 2);
      if (at < 0 || from > times.at(-1)!) return null;
      const told = layers.map(
        (name, layer) => `${name}: ${quantityText(quantity, values[layer]![at]!)}`,
      );
      return el(
        'rect',
        {
          class: 'strip',
          ...{ x: number(x.place(from)), y: PLOT.top, height: PLOT.bottom - PLOT.top },
          width: number(x.place(to) - x.place(from)),
        },
        el('title', {}, [`at ${quantityText('ns', times[at]!)}`, ...told].join('\n')),
      );
    }),
  ]);
}
