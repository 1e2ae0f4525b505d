/** Sums and differences of counts by name. */
import type { CountedName } from '../engine/index.ts';

export type Counts = Readonly<Partial<Record<CountedName, number>>>;

export function difference(after: Counts, before: Counts): Counts {
  const entries = Object.entries(after) as [CountedName, number][];
  return Object.fromEntries(entries.map(([name, count]) => [name, count - (before[name] ?? 0)]));
}

export function total(a: Counts, b: Counts): Counts {
  return Object.fromEntries(
    ([...new Set([...Object.keys(a), ...Object.keys(b)])] as CountedName[]).map((name) => [
      name,
      (a[name] ?? 0) + (b[name] ?? 0),
    ]),
  );
}
