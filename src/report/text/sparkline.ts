/** A line of numbers as one line of characters. */

/** From low to high. Without UTF-8 a height is a character of growing ink. */
const LEVELS = { unicode: '▁▂▃▄▅▆▇█', ascii: '_.-=+*#@' } as const;

export type CharacterSet = keyof typeof LEVELS;

export interface TimedValue {
  readonly timeNs: number;
  readonly value: number;
}

/**
 * Draws points over their time: each character is an equal part of the time from the first point to
 * the last, its height the mean of the points in it (of the part before where there is none).
 *
 * @param points - ascending in time
 * @param width - characters; fewer where there are fewer points
 */
export function sparkline(
  points: readonly TimedValue[],
  width: number,
  characters: CharacterSet,
): string {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) return '';
  const cells = Math.min(width, points.length);
  const spanNs = last.timeNs - first.timeNs;
  const sums = new Float64Array(cells);
  const counts = new Float64Array(cells);
  for (const { timeNs, value } of points) {
    const part = spanNs === 0 ? 0 : (timeNs - first.timeNs) / spanNs;
    const cell = Math.min(cells - 1, Math.floor(part * cells));
    sums[cell]! += value;
    counts[cell]! += 1;
  }
  const { low, high } = rangeOf(points);
  const levels = LEVELS[characters];
  let level = 0;
  let text = '';
  for (let cell = 0; cell < cells; cell++) {
    if (counts[cell]! > 0) level = levelOf(sums[cell]! / counts[cell]!, { low, high });
    text += levels[level]!;
  }
  return text;
}

/** The lowest and the highest value. */
export function rangeOf(points: readonly TimedValue[]): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (const { value } of points) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return { low, high };
}

/** A constant is a line at the bottom. */
function levelOf(value: number, { low, high }: { low: number; high: number }): number {
  const steps = LEVELS.ascii.length;
  if (high === low) return 0;
  return Math.min(steps - 1, Math.floor(((value - low) / (high - low)) * steps));
}
