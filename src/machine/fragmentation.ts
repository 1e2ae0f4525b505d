/** How fragmented a swap area is: what the allocator has left of runs of free slots. */
import type { Engine } from '../engine/index.ts';
import {
  forEachFreeRun,
  ROLE,
  slotsOfArea,
  type SlotArea,
  type SlotsLookedAt,
} from '../slots/index.ts';
import type { Metric } from './metric.ts';
import type { AreaResult, RunResult } from './run-result.ts';

export interface Fragmentation {
  readonly freeSlots: number;
  /** Stretches of free slots, and of slots in use, that are as long as they can be. */
  readonly freeRuns: number;
  readonly usedRuns: number;
}

export const UNFRAGMENTED: Fragmentation = { freeSlots: 0, freeRuns: 0, usedRuns: 0 };

/** Counts the runs of slots; bad slots are in use. */
export function countRuns(slots: SlotsLookedAt): Fragmentation {
  let freeSlots = 0;
  let freeRuns = 0;
  let usedRuns = 0;
  let end = slots.first;
  forEachFreeRun(slots, (start, length) => {
    freeSlots += length;
    freeRuns += 1;
    if (start > end) usedRuns += 1;
    end = start + length;
  });
  if (slots.end > end) usedRuns += 1;
  return { freeSlots, freeRuns, usedRuns };
}

/** Of an area with a device behind it, header apart; its look at the tables is in no counter. */
export function fragmentationOf(engine: Engine, area: SlotArea): Fragmentation {
  if (area.role !== ROLE.plain) return UNFRAGMENTED;
  return engine.aside(() => countRuns(slotsOfArea(area)));
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
