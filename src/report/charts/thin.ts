/** Fewer points for a line that looks the same. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * At most `countMax` (4 or more) of the points, in their order: the first, the last, and of each
 * stretch between the lowest and the highest, so that no peak is lost.
 */
export function thinned(points: readonly Point[], countMax: number): readonly Point[] {
  if (points.length <= countMax) return points;
  const stretches = Math.floor((countMax - 2) / 2);
  const inner = points.length - 2;
  const kept = [points[0]!];
  for (let index = 0; index < stretches; index++) {
    const from = 1 + Math.floor((index * inner) / stretches);
    const to = 1 + Math.floor(((index + 1) * inner) / stretches);
    kept.push(...extremes(points, from, to));
  }
  kept.push(points.at(-1)!);
  return kept;
}

/** The lowest and the highest point from `from` to before `to`, in their order. */
function extremes(points: readonly Point[], from: number, to: number): Point[] {
  let [low, high] = [from, from];
  for (let index = from + 1; index < to; index++) {
    if (points[index]!.y < points[low]!.y) low = index;
    if (points[index]!.y > points[high]!.y) high = index;
  }
  const places = low === high ? [low] : [Math.min(low, high), Math.max(low, high)];
  return places.map((place) => points[place]!);
}
