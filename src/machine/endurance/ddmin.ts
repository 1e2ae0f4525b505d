/**
 * Delta debugging: a small part of a list that still shows what the whole list shows.
 * @source Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input (2002), ddmin; only
 *   complements are tried, from the end on: what broke is nearer to the end
 */

/**
 * @param count - length of the list
 * @param shows - asked for ascending places; true when these alone show it. The whole list does.
 * @param mayGoOn - asked before each try; false ends with the best so far
 * @returns places that show it, ascending
 */
export async function ddmin(
  count: number,
  shows: (places: readonly number[]) => Promise<boolean>,
  mayGoOn: () => boolean = () => true,
): Promise<number[]> {
  let places = Array.from({ length: count }, (_, place) => place);
  let parts = 2;
  while (places.length > 1) {
    const size = Math.ceil(places.length / parts);
    let isSmaller = false;
    for (let end = places.length; end > 0; end -= size) {
      if (!mayGoOn()) return places;
      const rest = [...places.slice(0, Math.max(0, end - size)), ...places.slice(end)];
      if (!(await shows(rest))) continue;
      places = rest;
      isSmaller = true;
    }
    if (size === 1 && !isSmaller) break;
    parts = isSmaller
      ? Math.max(2, Math.min(places.length, Math.ceil(places.length / size)))
      : Math.min(places.length, parts * 2);
  }
  return places;
}
