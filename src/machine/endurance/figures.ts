/** The figures of an endurance run: what it shows while it lives and at its end. */
import { createHash } from 'node:crypto';
import { EV } from '../../engine/index.ts';
import { ROLE } from '../../slots/index.ts';
import type { Machine } from '../machine.ts';
import type { StepCounts } from './performer.ts';

/** Whole numbers that go on over a resumed run. */
export interface EnduranceTotals {
  readonly operations: number;
  readonly phases: number;
  readonly pagesChecked: number;
  readonly virtualNs: number;
  readonly swapIns: number;
  readonly swapOuts: number;
  readonly deviceReads: number;
  readonly deviceWrites: number;
  readonly sigbus: number;
  readonly oomKills: number;
  readonly killedTasks: number;
  readonly invariantChecks: number;
  readonly forks: number;
  readonly restarts: number;
  readonly swapoffs: number;
  readonly swapoffsFailed: number;
  readonly settings: number;
}

/** How things stand at one moment. */
export interface EnduranceGauges {
  readonly poolBytes: number;
  readonly storedPages: number;
  readonly usedSlots: number;
  readonly slots: number;
  /** Mean length of a run of free slots, in pages: the smaller the more fragmented. */
  readonly meanFreeRun: number;
  readonly areas: readonly {
    readonly name: string;
    readonly isOn: boolean;
    readonly pages: number;
    readonly usedPages: number;
    readonly priority: number;
  }[];
}

export const NO_TOTALS: EnduranceTotals = {
  ...{ operations: 0, phases: 0, pagesChecked: 0, virtualNs: 0, swapIns: 0, swapOuts: 0 },
  ...{ deviceReads: 0, deviceWrites: 0, sigbus: 0, oomKills: 0, killedTasks: 0 },
  ...{ invariantChecks: 0, forks: 0, restarts: 0, swapoffs: 0, swapoffsFailed: 0, settings: 0 },
};

/** What one machine has done. */
export function totalsOf(
  machine: Machine,
  counts: StepCounts,
  done: Pick<EnduranceTotals, 'operations' | 'phases' | 'invariantChecks'>,
): EnduranceTotals {
  const { engine } = machine;
  const counted = (...events: readonly number[]): number =>
    events.reduce((sum, event) => sum + engine.counted(event), 0);
  return {
    ...done,
    ...counts,
    pagesChecked: machine.compared.pagesChecked,
    virtualNs: engine.latestNs,
    swapIns: counted(EV.pswpin, EV.zswpin, EV.swpin_zero),
    swapOuts: counted(EV.pswpout, EV.zswpout, EV.swpout_zero),
    deviceReads: counted(EV.deviceRead),
    deviceWrites: counted(EV.deviceWrite),
    sigbus: counted(EV.sigbus),
    oomKills: counted(EV.oom_kill),
    killedTasks: machine.killedTasks,
  };
}

/** The totals of a run that goes on where `before` ended. */
export function addTotals(before: EnduranceTotals, since: EnduranceTotals): EnduranceTotals {
  const sums: Record<string, number> = { ...since };
  for (const [key, value] of Object.entries(before)) sums[key] = (sums[key] ?? 0) + Number(value);
  return sums as unknown as EnduranceTotals;
}

export function gaugesOf(machine: Machine): EnduranceGauges {
  const results = machine.areaResults();
  const zswap = machine.swap.zswap.gauges();
  const plain = machine.swap.space.areas().filter(({ role }) => role === ROLE.plain);
  const free = results.reduce((sum, { freeSlots }) => sum + freeSlots, 0);
  const runs = results.reduce((sum, { freeRuns }) => sum + freeRuns, 0);
  return {
    poolBytes: zswap['pool_total_size'] ?? 0,
    storedPages: zswap['stored_pages'] ?? 0,
    usedSlots: plain.reduce((sum, area) => sum + area.inUse, 0),
    slots: plain.reduce((sum, area) => sum + area.usablePages, 0),
    meanFreeRun: runs === 0 ? 0 : Number((free / runs).toFixed(2)),
    areas: results.map(({ type, path, pages, usedPages, priority }) => ({
      name: path,
      isOn: machine.isAreaOn(`area${type}`),
      ...{ pages, usedPages, priority },
    })),
  };
}

/** SHA-256 over everything that was counted: equal runs have equal ones. */
export function countersDigest(machine: Machine): string {
  const areas = machine.areaResults().map(({ path: _path, ...rest }) => rest);
  const counted = { operations: machine.engine.byOperation(), areas, ...machine.compared };
  return createHash('sha256').update(JSON.stringify(counted)).digest('hex');
}
