/** A line of numbers as a small picture, for a cell of a table. */
import { line } from 'd3-shape';
import { number } from '../charts/frame.ts';
import { el, type Markup } from '../charts/markup.ts';
import { grouped } from '../charts/quantity.ts';
import { thinned, type Point } from '../charts/thin.ts';

const WIDTH = 110;
const HEIGHT = 24;
/** Room for the line's own width. */
const PAD = 2;
/** Points of a drawn line: about one a unit of the width. */
const POINTS_MAX = 100;

export interface TimedValue {
  readonly timeNs: number;
  readonly value: number;
}

/**
 * The points over their time, from 0 at the foot to the highest at the top; null without two points.
 * @param points - ascending in time, from 0 up
 * @param unit - what a value is, behind the number: `pages`
 */
export function sparkPicture(points: readonly TimedValue[], unit: string): Markup | null {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2) return null;
  const spanNs = last.timeNs - first.timeNs;
  const high = points.reduce((most, { value }) => Math.max(most, value), 0);
  const place = ({ timeNs, value }: TimedValue): Point => ({
    x: PAD + (spanNs === 0 ? 0 : (timeNs - first.timeNs) / spanNs) * (WIDTH - 2 * PAD),
    y: HEIGHT - PAD - (high === 0 ? 0 : value / high) * (HEIGHT - 2 * PAD),
  });
  const path = line<Point>()
    .x(({ x }) => number(x))
    .y(({ y }) => number(y));
  const says = `at most ${grouped(high)} ${unit}, at the end ${grouped(last.value)}`;
  return el(
    'svg',
    { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': says },
    el('title', {}, says),
    el('path', { d: path(thinned(points.map(place), POINTS_MAX)) ?? '' }),
  );
}
