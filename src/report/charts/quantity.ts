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

/** A number in its unit: `1.5 MiB`, `12.3 µs`, `12,345`. */
export function quantityText(quantity: Quantity, value: number): string {
  if (quantity === 'count') return grouped(value);
  const { size, name } = unitFor(quantity, Math.abs(value));
  return `${threeDigits(value / size)} ${name}`;
}

/** At least three significant digits, and no digit before the point lost. */
export function threeDigits(value: number): string {
  const digits = Math.abs(value) >= 1000 ? 0 : 3 - Math.max(1, wholeDigits(value));
  return grouped(Number(value.toFixed(Math.max(0, digits))));
}

function wholeDigits(value: number): number {
  return Math.trunc(Math.abs(value)).toString().length;
}

/** A number with thousands apart; fractions to four significant digits. */
export function grouped(value: number): string {
  if (!Number.isInteger(value)) {
    const rounded = Number(value.toPrecision(4));
    if (!Number.isInteger(rounded) && Math.abs(rounded) < 1000) return String(rounded);
    return grouped(Math.round(value));
  }
  if (Math.abs(value) >= 1e15) return value.toExponential(3);
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
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
