/**
 * The memory cgroups of a machine: from the spec to a table of settings by id, and what each has come
 * to at the end of a run.
 */
import { UsageError } from '../units/index.ts';
import { FIRST_CGROUP, type MemoryCgroups } from '../memory/index.ts';
import type { SwapSystem } from '../swap/index.ts';
import type { CgroupResult } from './run-result.ts';
import { pagesOf, specBytes, type CgroupSpec, type MachineSpec } from './spec.ts';

/** Pages of the smallest cgroup that is accepted: two rounds of reclaim. */
export const LIMIT_PAGES_MIN = 64;
/** What the one cgroup of a machine is called that names none. */
const DEFAULT_NAME = 'all';

export interface CgroupSettings {
  /** FIRST_CGROUP and on, in the order of the spec. */
  readonly id: number;
  readonly name: string;
  /** memory.max in pages. */
  readonly limitPages: number;
  readonly reservedPages: number;
  readonly filePages: number;
  /** Tasks of the workload, by number. */
  readonly tasks: readonly number[];
  /** memory.zswap.max; Infinity: none. */
  readonly zswapMaxBytes: number;
  /** memory.zswap.writeback. */
  readonly zswapWriteback: boolean;
}

/**
 * The cgroups of a machine; without `machine.cgroups` one, of all tasks.
 * @throws UsageError for a task that is in none or in two, a name that comes twice, a limit that is
 *   too small, and keys of the one cgroup beside `machine.cgroups`
 */
export function resolveCgroups(machine: MachineSpec, taskCount: number): CgroupSettings[] {
  const { cgroups } = machine;
  if (cgroups === undefined) {
    const tasks = Array.from({ length: taskCount }, (_, task) => task);
    const { memory = machine.ram, reserved, filePages, zswapMax, zswapWriteback } = machine;
    const only = { name: DEFAULT_NAME, memory, tasks, reserved, filePages, zswapMax };
    return [settingsOf({ ...only, zswapWriteback }, FIRST_CGROUP, 'machine')];
  }
  checkOnlyKeys(machine);
  checkTasks(cgroups, taskCount);
  return cgroups.map((cgroup, index) => {
    const at = `machine.cgroups.${index}`;
    if (cgroups.findIndex(({ name }) => name === cgroup.name) < index)
      throw new UsageError(`${at}.name: '${cgroup.name}' is the name of another cgroup, too`);
    return settingsOf(cgroup, FIRST_CGROUP + index, at);
  });
}

function settingsOf(cgroup: CgroupSpec, id: number, at: string): CgroupSettings {
  const { name, memory, tasks, reserved, filePages, zswapMax = 'max', zswapWriteback } = cgroup;
  const limitPages = pagesOf(memory, `${at}.memory`);
  if (limitPages < LIMIT_PAGES_MIN)
    throw new UsageError(
      `${at}.memory: a cgroup of less than ${LIMIT_PAGES_MIN} pages (256K) cannot swap`,
    );
  const reservedPages = pagesOf(reserved, `${at}.reserved`);
  const zswapMaxBytes = zswapMax === 'max' ? Infinity : specBytes(zswapMax, `${at}.zswapMax`);
  return { id, name, limitPages, reservedPages, filePages, tasks, zswapMaxBytes, zswapWriteback };
}

/** Keys that belong to the one cgroup of a machine are in each of several instead. */
function checkOnlyKeys(machine: MachineSpec): void {
  const isGiven: Readonly<Record<string, boolean>> = {
    memory: machine.memory !== undefined,
    reserved: machine.reserved !== 0,
    filePages: machine.filePages !== 0,
    zswapMax: machine.zswapMax !== undefined,
    zswapWriteback: !machine.zswapWriteback,
  };
  for (const [key, given] of Object.entries(isGiven))
    if (given)
      throw new UsageError(
        `machine.${key}: there is machine.cgroups as well; give it in each of them`,
      );
}

function checkTasks(cgroups: readonly CgroupSpec[], taskCount: number): void {
  const names: (string | undefined)[] = new Array<undefined>(taskCount).fill(undefined);
  for (const [index, { name, tasks }] of cgroups.entries())
    for (const task of tasks) {
      const at = `machine.cgroups.${index}.tasks`;
      if (task >= taskCount)
        throw new UsageError(
          `${at}: there is no task ${task}: the workload has ${taskCount}, from 0 on`,
        );
      if (names[task] !== undefined)
        throw new UsageError(`${at}: task ${task} is in '${names[task]}' already`);
      names[task] = name;
    }
  const without = names.indexOf(undefined);
  if (without >= 0)
    throw new UsageError(
      `machine.cgroups: task ${without} is in none of them; a task belongs to exactly one`,
    );
}

/** The cgroup id of each task. */
export function cgroupOfTasks(cgroups: readonly CgroupSettings[], taskCount: number): Uint16Array {
  const ids = new Uint16Array(taskCount);
  for (const { id, tasks } of cgroups) for (const task of tasks) ids[task] = id;
  return ids;
}

/** What a cgroup has in swap and in zswap. */
export type CgroupCharges = Pick<
  CgroupResult,
  'chargedPages' | 'zswapCurrentBytes' | 'zswappedPages'
>;

/** What each cgroup has in swap and in zswap now; by order of ids. */
export function cgroupCharges(swap: SwapSystem, cgroups: MemoryCgroups): CgroupCharges[] {
  return cgroups.all.map(({ id }) => ({
    chargedPages: swap.chargedEntries(id),
    zswapCurrentBytes: swap.zswap.cgroupBytes(id),
    zswappedPages: swap.zswap.cgroupPages(id),
  }));
}

/** @param killed - tasks that were ended before their time, by cgroup id */
export function cgroupResults(
  cgroups: MemoryCgroups,
  charges: readonly CgroupCharges[],
  killed: Uint32Array,
): CgroupResult[] {
  return cgroups.all.map(({ id, name, limitPages, usagePagesMax, oomKills }, index) => ({
    name,
    limitPages,
    memoryMaxPages: usagePagesMax,
    ...charges[index]!,
    killedTasks: killed[id]!,
    oomKills,
  }));
}
