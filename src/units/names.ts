/** Names that a user may have meant. */

/** Letters of a name that are compared: a distance costs as many steps as both have, multiplied. */
const ASKED_LETTERS_MAX = 64;

/**
 * The `count` names nearest to `given`, nearest first: those that hold it or begin like it come
 * before those that are a few letters away.
 */
export function nearestNames(given: string, names: readonly string[], count: number): string[] {
  const asked = given.slice(0, ASKED_LETTERS_MAX).toLowerCase();
  return names
    .map((name) => ({ name, distance: nameDistance(asked, name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ name }) => name);
}

/**
 * `; did you mean NAME?` for the name that `given` may be a slip of, '' where none is near: no more
 * letters are wrong than a third of those given, and one in short names.
 */
export function didYouMean(given: string, names: readonly string[]): string {
  const asked = given.slice(0, ASKED_LETTERS_MAX).toLowerCase();
  const [nearest] = nearestNames(asked, names, 1);
  if (nearest === undefined || asked === '') return '';
  const wrongMax = Math.max(1, Math.floor(asked.length / 3));
  return nameDistance(asked, nearest.toLowerCase()) > wrongMax ? '' : `; did you mean ${nearest}?`;
}

function nameDistance(asked: string, name: string): number {
  if (asked.length >= 3 && name.includes(asked)) return 0;
  return editDistance(asked, name);
}

/** Letters to insert, delete, replace, or exchange with their neighbour, row by row. */
function editDistance(a: string, b: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwapped ? beforeLast[j - 2]! + 1 : Infinity;
      row.push(Math.min(replaced, swapped, last[j]! + 1, row[j - 1]! + 1));
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
