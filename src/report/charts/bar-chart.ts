/** Upright bars over classes: a histogram by powers of two, counts per list. */
import { scaleBand } from 'd3-scale';
import { linearAxis } from './axis.ts';
import { frame, number, PLOT, type ChartNames } from './frame.ts';
import { el, type Markup } from './markup.ts';
import { hue } from './palette.ts';
import { grouped, type Quantity } from './quantity.ts';

export interface BarChartInput extends ChartNames {
  readonly bars: readonly {
    readonly label: string;
    readonly value: number;
    /** What is shown when pointed at; absent: label and value. */
    readonly told?: string;
  }[];
  readonly quantity: Quantity;
  /** What heights are, and what the classes are. */
  readonly label: string;
  readonly classes: string;
  /** Height of the axis: that of the runs beside it. */
  readonly max: number;
  /** Which colour. */
  readonly column: number;
}

export function barChart(input: BarChartInput): Markup {
  const { bars, quantity, label, classes, max, column } = input;
  const band = scaleBand()
    .domain(bars.map((bar) => bar.label))
    .range([PLOT.left, PLOT.right])
    .padding(0.2);
  const y = linearAxis({ quantity, label, range: [PLOT.bottom, PLOT.top], max });
  // Texts of about 5.5 units a letter; where they would touch, every second or third is left out.
  const letters = bars.reduce((longest, bar) => Math.max(longest, bar.label.length), 1);
  const each = Math.ceil((letters * 5.5 + 6) / band.step());
  const x = {
    label: classes,
    ticks: bars.flatMap((bar, index) =>
      index % each === 0
        ? [{ at: (band(bar.label) ?? 0) + band.bandwidth() / 2, text: bar.label }]
        : [],
    ),
    place: () => PLOT.left,
  };
  const marks = bars.map((bar) => {
    const top = y.place(bar.value);
    return el(
      'rect',
      {
        class: `fill ${hue(column)}`,
        ...{ x: number(band(bar.label) ?? 0), width: number(band.bandwidth()) },
        ...{ y: number(top), height: number(PLOT.bottom - top) },
      },
      el('title', {}, bar.told ?? `${bar.label}: ${grouped(bar.value)}`),
    );
  });
  return frame(input, x, y, marks);
}
