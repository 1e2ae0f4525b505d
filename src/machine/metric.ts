/** One number by which runs of the same workload are compared. */
import type { CountedName } from '../engine/index.ts';
import type { RunResult } from './run-result.ts';

export interface Metric {
  /** Stands above its rows in a table. */
  readonly group: string;
  readonly name: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher' | 'none';
  /** In a table even if it is zero everywhere: that is the news. */
  readonly isAlwaysShown?: boolean;
  /** Null where a run has none: nothing was swapped in, or the design has no such thing. */
  value(result: RunResult): number | null;
}

/** Sums of counters over all phases of a run. */
export function counter(result: RunResult): (name: CountedName) => number {
  return (name) => result.phases.reduce((total, { counters }) => total + (counters[name] ?? 0), 0);
}
