/** Horizontal bars, one per run, each of segments; names above, so that they fit on a phone. */
import { scaleLinear } from 'd3-scale';
import { CHART_WIDTH, image, number, type ChartNames } from './frame.ts';
import { el, type Markup } from './markup.ts';
import { quantityText, type Quantity } from './quantity.ts';

const ROW_HEIGHT = 38;
const BAR_HEIGHT = 16;
const BAR_TOP = 18;
/** Space at both sides. */
const PAD = 4;

export interface Bar {
  readonly label: string;
  readonly segments: readonly {
    readonly label: string;
    /** Which colour and pattern. */
    readonly column: number;
    readonly value: number;
  }[];
  /** At the right of the name; absent: the sum. */
  readonly note?: string;
}

export interface StackedBarsInput extends ChartNames {
  readonly bars: readonly Bar[];
  readonly quantity: Quantity;
}

export function stackedBarChart(input: StackedBarsInput): Markup {
  const { bars, quantity } = input;
  const totals = bars.map(({ segments }) => segments.reduce((sum, { value }) => sum + value, 0));
  const scale = scaleLinear()
    .domain([0, Math.max(...totals) || 1])
    .range([0, CHART_WIDTH - 2 * PAD]);
  return image(
    input,
    bars.length * ROW_HEIGHT,
    bars.map(({ label, segments, note }, row) => {
      const top = row * ROW_HEIGHT;
      let before = 0;
      return el(
        'g',
        {},
        el('text', { x: PAD, y: top + 13, class: 'name' }, label),
        el(
          'text',
          { x: CHART_WIDTH - PAD, y: top + 13, 'text-anchor': 'end' },
          note ?? quantityText(quantity, totals[row]!),
        ),
        segments.map(({ label: name, column, value }) => {
          const x = PAD + scale(before);
          before += value;
          if (value === 0) return null;
          return el(
            'rect',
            {
              class: `area p${column % 8}`,
              ...{ x: number(x), y: top + BAR_TOP, height: BAR_HEIGHT },
              width: Math.max(0.5, number(scale(value))),
            },
            el('title', {}, `${label}: ${name} ${quantityText(quantity, value)}`),
          );
        }),
      );
    }),
  );
}
