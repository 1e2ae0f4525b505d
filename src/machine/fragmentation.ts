/** How fragmented a swap area is: what the allocator has left of runs of free slots. */
import type { Engine } from '../engine/index.ts';
import { ROLE, type SlotArea } from '../slots/index.ts';
import type { SlotIndex } from '../units/index.ts';
import type { Metric } from './metric.ts';
import type { AreaResult, RunResult } from './run-result.ts';

export interface Fragmentation {
  readonly freeSlots: number;
  /** Stretches of free slots, and of slots in use, that are as long as they can be. */
  readonly freeRuns: number;
  readonly usedRuns: number;
}

export const UNFRAGMENTED: Fragmentation = { freeSlots: 0, freeRuns: 0, usedRuns: 0 };

/**
 * Counts the runs of slots from `first` up to `end`.
 * @param isFree - of a slot; bad slots are in use
 */
export function countRuns(
  first: number,
  end: number,
  isFree: (slot: number) => boolean,
): Fragmentation {
  let freeSlots = 0;
  let freeRuns = 0;
  let usedRuns = 0;
  let wasFree: boolean | null = null;
  for (let slot = first; slot < end; slot++) {
    const free = isFree(slot);
    if (free) freeSlots += 1;
    if (free === wasFree) continue;
    if (free) freeRuns += 1;
    else usedRuns += 1;
    wasFree = free;
  }
  return { freeSlots, freeRuns, usedRuns };
}

/** Of an area with a device behind it, header apart; its look at the tables is in no counter. */
export function fragmentationOf(engine: Engine, area: SlotArea): Fragmentation {
  if (area.role !== ROLE.plain) return UNFRAGMENTED;
  return engine.aside(() => countRuns(1, area.maxPages, (slot) => area.isFree(slot as SlotIndex)));
}

/** A metric of how areas with a device behind them are fragmented at the end of the workload. */
function ofSlots(
  name: string,
  unit: string,
  better: Metric['better'],
  of: (sum: (figure: (area: AreaResult) => number) => number) => number | null,
): Metric {
  const value = (result: RunResult): number | null =>
    of((figure) => result.areas.reduce((total, each) => total + figure(each), 0));
  return { group: 'devices', name, unit, better, value };
}

export const fragmentationMetrics: readonly Metric[] = [
  ofSlots('mean run of free slots', 'pages', 'higher', (sum) => {
    const runs = sum(({ freeRuns }) => freeRuns);
    return runs === 0 ? null : sum(({ freeSlots }) => freeSlots) / runs;
  }),
  ofSlots('runs of used slots', 'runs', 'lower', (sum) => sum(({ usedRuns }) => usedRuns)),
];
