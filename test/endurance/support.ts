/** Short runs over all ways of swapping, for tests in which every device operation fails once. */
import { expect } from 'vitest';
import type { Machine, RunResult } from '../../src/machine/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import { smallMachine, type SmallMachine } from '../machine/support.ts';

export { IS_SOAK } from './support/processes.ts';

/** Every design, and the revisions that have other tables or flows. */
export const DESIGNS = [
  'xarray',
  'swap-table',
  'swap-table-4',
  'swap-table-4:p3',
  'vswap',
  'vswap:v3',
  'vswap-table',
  'ghost',
  'ghost-redirect',
  'xswap',
] as const;

/**
 * Two tasks, a shared file, a fork whose child writes, pages dropped, and an area given up under load
 * and taken back.
 */
export const TRACE = `
pages 36
shmem 4
W 0 36 seq 36 1 spread
W 36 4 seq 4 9 mix:700
FM 0 36 rand 5 3 -
task other
W 0 8 seq 8 5 mix:900
task main
D 0 36 rand 2 4 -
M 0 40 rand 8 4 -
swapoff area0
R 0 40 rand 5 7 -
swapon area0
M 0 40 rand 6 6 -
`;

/** Settings that take pages to devices by other ways. */
export const WAYS: Readonly<Record<string, Partial<SmallMachine>>> = {
  'in zswap': { zswap: { enabled: true, maxPoolPercent: 50 } },
  'past zswap': { zswap: { enabled: false } },
  'one by one from zswap': {
    zswap: { enabled: true, maxPoolPercent: 1, writebackBatch: 'kernel' },
  },
  'in batches from zswap': { zswap: { enabled: true, maxPoolPercent: 1 } },
  'compressed from zswap': {
    zswap: { enabled: true, maxPoolPercent: 1, compressedWriteback: 'packed' },
  },
  'compressed in place': {
    zswap: { enabled: true, maxPoolPercent: 1, compressedWriteback: 'slot' },
  },
};

export interface FaultyRun {
  readonly machine: Machine;
  readonly result: RunResult;
}

/**
 * Runs it with faults; all that must hold whatever has failed is expected here: no wrong page, none
 * left behind (the machine asserts that itself), tables in order, every fault decided.
 */
export async function runFaulty(
  options: Partial<SmallMachine>,
  faults: readonly string[],
  hasChecksums = true,
): Promise<FaultyRun> {
  const area = { pages: 300, hasChecksums };
  const machine = smallMachine({
    trace: TRACE,
    // Room for half of the pages: no cgroup may be smaller than 64.
    memoryPages: 64,
    machine: { reserved: 30 * PAGE_SIZE },
    ramPages: 800,
    areas: [area, area],
    ...options,
    faults,
  });
  const result = await machine.run();
  expect([faults, result.verify.mismatches, result.wrongPages]).toEqual([faults, 0, 0]);
  expect(result.killedTasks).toBe(result.sigbusTasks);
  for (const { fired, detected, unread, harmless, lost, pending } of result.faults)
    expect([faults, fired, lost, pending]).toEqual([faults, detected + unread + harmless, 0, 0]);
  machine.memory.checkInvariants();
  return { machine, result };
}

/** Faults of one kind that have fired. */
export function firedOf(result: RunResult): number {
  return result.faults.reduce((sum, { fired }) => sum + fired, 0);
}
