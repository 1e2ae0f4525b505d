/** Axes: a value's place in SVG units, and the ticks with their texts. */
import { scaleLinear, scaleLog } from 'd3-scale';
import { tickText, unitFor, type Quantity } from './quantity.ts';

export interface Axis {
  /** What it shows, with the unit. */
  readonly label: string;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  /** Where a stored value stands, in SVG units. */
  place(value: number): number;
}

export interface AxisInput {
  readonly quantity: Quantity;
  readonly label: string;
  /** Where the lowest and the highest value stand, in SVG units. */
  readonly range: readonly [number, number];
  readonly max: number;
}

/** From 0 to at least `max`. */
export function linearAxis({ quantity, label, range, max }: AxisInput): Axis {
  const unit = unitFor(quantity, max);
  // A domain without extent would place everything in the middle.
  const scale = scaleLinear()
    .domain([0, max > 0 ? max / unit.size : 1])
    .range(range);
  return {
    label: withUnit(label, unit.name),
    ticks: scale.ticks(4).map((value) => ({ at: scale(value), text: tickText(value) })),
    place: (value) => scale(value / unit.size),
  };
}

/** Powers of ten from `min` to `max`, both above 0; values below `min` stand at its foot. */
export function logAxis({ quantity, label, range, max, min }: AxisInput & { min: number }): Axis {
  const low = 10 ** Math.floor(Math.log10(Math.max(1, min)));
  const high = Math.max(10 ** Math.ceil(Math.log10(Math.max(1, max))), low * 10);
  const scale = scaleLog().domain([low, high]).range(range);
  const decades = Math.round(Math.log10(high / low));
  const step = Math.ceil(decades / 6);
  return {
    label,
    ticks: Array.from({ length: Math.floor(decades / step) + 1 }, (_, index) => {
      const value = low * 10 ** (index * step);
      const unit = unitFor(quantity, value);
      const name = unit.name === '' ? '' : ` ${unit.name}`;
      return { at: scale(value), text: `${tickText(value / unit.size)}${name}` };
    }),
    place: (value) => scale(Math.max(low, value)),
  };
}

/** Texts of more would overlap. */
const NINES_MAX = 6;

/**
 * Percentiles on a scale that gives each further nine the same room: 0, 90, 99, 99.9 …
 * @param count - of the recorded values: beyond 1 - 1/count nothing is known
 */
export function percentileAxis(range: readonly [number, number], count: number): Axis {
  const nines = Math.min(NINES_MAX, Math.max(1, Math.ceil(Math.log10(Math.max(1, count)))));
  const scale = scaleLinear().domain([0, nines]).range(range);
  return {
    label: 'percentile',
    ticks: Array.from({ length: nines + 1 }, (_, index) => ({
      at: scale(index),
      text: String(Number((100 - 100 / 10 ** index).toFixed(6))),
    })),
    place: (percent) => scale(Math.min(nines, -Math.log10(1 - percent / 100))),
  };
}

function withUnit(label: string, unit: string): string {
  return unit === '' ? label : `${label}, ${unit}`;
}
