/** What all charts with two axes share: size, axes, grid, and the names that screen readers read. */
import type { Axis } from './axis.ts';
import { el, type Child, type Markup } from './markup.ts';

/** In SVG units; a chart is shown at 0.9 to 1.4 of that, on a phone as on paper. */
export const CHART_WIDTH = 360;
const CHART_HEIGHT = 200;
/** Of a digit in the widest of the fonts. */
const LETTER_WIDTH = 6.7;
const MARGIN = { top: 24, right: 22, bottom: 36, left: 50 } as const;

/** Where values may stand. */
export const PLOT: { readonly [Side in 'left' | 'right' | 'top' | 'bottom']: number } = {
  left: MARGIN.left,
  right: CHART_WIDTH - MARGIN.right,
  top: MARGIN.top,
  bottom: CHART_HEIGHT - MARGIN.bottom,
};

/** What every chart says of itself. */
export interface ChartNames {
  /** Unique on the page: letters, digits and hyphens. */
  readonly id: string;
  readonly title: string;
  /** What it shows, in words, for those who do not see it. */
  readonly description: string;
}

/** An SVG image with its names. */
export function image(
  { id, title, description }: ChartNames,
  height: number,
  ...children: readonly Child[]
): Markup {
  return el(
    'svg',
    {
      viewBox: `0 0 ${CHART_WIDTH} ${height}`,
      role: 'img',
      'aria-labelledby': `${id}-title ${id}-desc`,
      class: 'chart',
    },
    el('title', { id: `${id}-title` }, title),
    el('desc', { id: `${id}-desc` }, description),
    ...children,
  );
}

/** A chart with two axes around its marks. */
export function frame(names: ChartNames, x: Axis, y: Axis, marks: Child): Markup {
  return image(names, CHART_HEIGHT, grid(x, y), marks);
}

function grid(x: Axis, y: Axis): Markup {
  return el(
    'g',
    { class: 'axes' },
    y.ticks.map(({ at, text }) => [
      el('path', { class: 'grid', d: `M${PLOT.left} ${number(at)}H${PLOT.right}` }),
      el('text', { x: PLOT.left - 6, y: number(at + 3.5), 'text-anchor': 'end' }, text),
    ]),
    el('text', { x: 4, y: 12, class: 'label' }, y.label),
    el('path', { class: 'base', d: `M${PLOT.left} ${PLOT.bottom}H${PLOT.right}` }),
    x.ticks.map(({ at, text }) => [
      el('path', { class: 'base', d: `M${number(at)} ${PLOT.bottom}v4` }),
      el(
        'text',
        {
          // Half of a text at the right end has to stay inside.
          x: number(Math.min(at, CHART_WIDTH - 1 - (text.length * LETTER_WIDTH) / 2)),
          ...{ y: PLOT.bottom + 15, 'text-anchor': 'middle' },
        },
        text,
      ),
    ]),
    el(
      'text',
      { x: PLOT.right, y: PLOT.bottom + 30, 'text-anchor': 'end', class: 'label' },
      x.label,
    ),
  );
}

/** A coordinate to a tenth of a unit: less than a pixel. */
export function number(value: number): number {
  return Math.round(value * 10) / 10;
}
