/**
 * Colours, dashes and patterns: as classes and names, so that one style sheet serves light, dark and
 * paper. Eight of each; a ninth line has the colour of the first and the dash of the second.
 *
 * The colours are Okabe and Ito's and relatives of the same kind, told apart with any of the common
 * kinds of colour blindness, darker on white and lighter on black: at least 3 : 1 to the background
 * (WCAG 2.2, 1.4.11). Dashes and patterns tell what colours tell.
 * @source https://jfly.uni-koeln.de/color/
 */
import { el, type Markup } from './markup.ts';

const COLOUR_COUNT = 8;

export const COLOURS = {
  light: ['#0072b2', '#c24e00', '#00795a', '#a8407f', '#7d6200', '#5553cf', '#4a4a50', '#0a7f96'],
  dark: ['#56b4e9', '#f08c3a', '#2cc295', '#e58cc3', '#e6d33c', '#a9a7ff', '#cfcfd6', '#6fdbe8'],
} as const;

/** `stroke-dasharray` of a line; none for the first. */
export const DASHES: readonly string[] = [
  'none',
  '7 3',
  '2 3',
  '9 3 2 3',
  '12 4',
  '4 2 1 2',
  '1 4',
  '6 2 2 2 2 2',
];

/** The class of colour for the n-th of something. */
export function hue(index: number): string {
  return `c${index % COLOUR_COUNT}`;
}

/** The dash of the n-th line, by its position: 64 lines have another pair of colour and dash. */
export function dashIndex(index: number): number {
  return (index + Math.floor(index / COLOUR_COUNT)) % DASHES.length;
}

/** The classes of colour and dash for the n-th line. */
export function stroke(index: number): string {
  return `${hue(index)} d${dashIndex(index)}`;
}

/** What is drawn over the colour of an area, by its number; nothing over the first. */
const STROKES = [
  '',
  'M-2 2l4-4M0 8l8-8M6 10l4-4',
  'M2 2h1.5v1.5h-1.5zM6 6h1.5v1.5h-1.5z',
  'M0 4h8',
  'M-2 6l4 4M0 0l8 8M6-2l4 4',
  'M4 0v8',
  'M0 4h8M4 0v8',
  'M0 0l8 8M0 8l8-8',
];

/** Patterns that `fill` refers to (`url(#p0)`), and lines under them; once on a page. */
export function patternDefinitions(): Markup {
  return el(
    'svg',
    { class: 'definitions', width: 0, height: 0, 'aria-hidden': 'true' },
    el(
      'defs',
      {},
      STROKES.map((d, index) =>
        el(
          'pattern',
          { id: `p${index}`, width: 8, height: 8, patternUnits: 'userSpaceOnUse' },
          el('rect', { width: 8, height: 8, class: `fill c${index}` }),
          d !== '' && el('path', { d, class: 'hatch' }),
        ),
      ),
    ),
  );
}

/** A sample of a line, or of an area, for legends. */
export function swatch(kind: 'line' | 'area', index: number): Markup {
  const shape =
    kind === 'line'
      ? el('path', { class: `line ${stroke(index)}`, d: 'M0 6h26' })
      : el('rect', { class: `area p${index % COLOUR_COUNT}`, width: 14, height: 12 });
  const width = kind === 'line' ? 26 : 14;
  return el('svg', { class: 'swatch', width, height: 12, 'aria-hidden': 'true' }, shape);
}
