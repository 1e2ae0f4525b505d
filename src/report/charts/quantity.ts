/** Numbers with their units as people read them, the same in every locale. */

/** What a number counts, as far as its unit is concerned. */
export type Quantity = 'bytes' | 'ns' | 'count';

export interface Unit {
  /** How many of the stored unit one of these is. */
  readonly size: number;
  readonly name: string;
}

const UNITS: Readonly<Record<Quantity, readonly Unit[]>> = {
  bytes: [
    { size: 2 ** 40, name: 'TiB' },
    { size: 2 ** 30, name: 'GiB' },
    { size: 2 ** 20, name: 'MiB' },
    { size: 2 ** 10, name: 'KiB' },
    { size: 1, name: 'B' },
  ],
  ns: [
    { size: 1e9, name: 's' },
    { size: 1e6, name: 'ms' },
    { size: 1e3, name: 'µs' },
    { size: 1, name: 'ns' },
  ],
  count: [{ size: 1, name: '' }],
};

/** The largest unit of which `most` is at least one. */
export function unitFor(quantity: Quantity, most: number): Unit {
  const units = UNITS[quantity];
  return units.find(({ size }) => most >= size) ?? units.at(-1)!;
}

/**
 * A number in its unit: `1.5 MiB`, `12.3 µs`, `12,345`.
 * @param digits - significant ones, at least; counts have four
 */
export function quantityText(quantity: Quantity, value: number, digits = 3): string {
  if (quantity === 'count') return grouped(value, Math.max(4, digits));
  const { size, name } = unitFor(quantity, Math.abs(value));
  return `${significant(value / size, digits)} ${name}`;
}

/** Digits of the longest figure that is told; doubles have about 15. */
const DIGITS_MAX = 12;

/**
 * The fewest digits, from `least` up, with which values that differ read differently.
 * @param values - those that a reader compares
 * @param textOf - a value with so many significant digits
 */
export function tellingDigits(
  values: readonly number[],
  textOf: (value: number, digits: number) => string,
  least = 3,
): number {
  const distinct = [...new Set(values)];
  for (let digits = least; digits < DIGITS_MAX; digits++)
    if (new Set(distinct.map((value) => textOf(value, digits))).size === distinct.length)
      return digits;
  return DIGITS_MAX;
}

/** At least three significant digits, and no digit before the point lost. */
export function threeDigits(value: number): string {
  return significant(value, 3);
}

/** At least so many significant digits, and no digit before the point lost. */
export function significant(value: number, digits: number): string {
  const fraction = Math.max(0, digits - Math.max(1, wholeDigits(value)));
  return grouped(Number(value.toFixed(fraction)), digits);
}

function wholeDigits(value: number): number {
  return Math.trunc(Math.abs(value)).toString().length;
}

/** A number with thousands apart; of fractions four significant digits or as many as are asked. */
export function grouped(value: number, digits = 4): string {
  if (!Number.isInteger(value)) {
    const rounded = Number(value.toPrecision(digits));
    if (Number.isInteger(rounded)) return grouped(Math.round(value));
    return String(rounded).replace(/^-?\d+/, thousandsApart);
  }
  if (Math.abs(value) >= 1e15) return value.toExponential(3);
  return thousandsApart(String(value));
}

function thousandsApart(whole: string): string {
  return whole.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A tick of an axis: short, thousands as k, M, G, T. */
export function tickText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15) return value.toExponential(0);
  for (const [unit, name] of [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const)
    if (size >= unit) return `${Number((value / unit).toPrecision(4))}${name}`;
  return String(Number(value.toPrecision(4)));
}
