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

function nameDistance(asked: string, name: string): number {
  if (asked.length >= 3 && name.includes(asked)) return 0;
  return editDistance(asked, name);
}

/** Letters to insert, delete or replace (Levenshtein), row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
