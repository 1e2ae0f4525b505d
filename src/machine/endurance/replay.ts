/**
 * A replay of a broken promise: the spec, areas in memory, faults anchored at operations of the
 * workload, and a list of page operations and steps, each with the number that it had in the run.
 */
import { MemoryDevice, NullDevice } from '../../device/index.ts';
import { PAGE_SIZE } from '../../units/index.ts';
import type { ControlStep, OperationList } from '../../workload/index.ts';
import type { PreparedArea } from '../prepared-area.ts';
import { pagesOf, type RunSpec } from '../spec.ts';
import { zramOfSpec } from '../zram-area.ts';
import { Performer, type BrokenPromise, type SteeredStep } from './performer.ts';
import { settingsOf } from './settings.ts';

/** What of an area decides the outcome. */
export type ReplayArea = Pick<
  PreparedArea,
  'type' | 'kind' | 'maxPages' | 'badPages' | 'priority' | 'profile'
> & {
  readonly hasChecksums: boolean;
  readonly bufferBytes: number;
  readonly isOn: boolean;
};

/** A step, done before operation `before` of the list (a place, not a number). */
export interface ReplayStep {
  readonly before: number;
  readonly step: ControlStep | SteeredStep;
}

export interface EnduranceReplay {
  /** Its faults are rules `operation=N`. */
  readonly spec: RunSpec;
  /** Of the contents. */
  readonly seed: number;
  readonly areas: readonly ReplayArea[];
  readonly operations: OperationList;
  readonly steps: readonly ReplayStep[];
}

export function replayAreas(areas: readonly PreparedArea[]): ReplayArea[] {
  return areas.map((area) => ({
    ...{ type: area.type, kind: area.kind, maxPages: area.maxPages, badPages: area.badPages },
    ...{ priority: area.priority, profile: area.profile, isOn: area.isOn !== false },
    ...{ hasChecksums: area.hasChecksums ?? false, bufferBytes: area.bufferBytes ?? 0 },
  }));
}

/** The same areas, empty and in memory. */
export function memoryAreas(areas: readonly ReplayArea[], spec: RunSpec): PreparedArea[] {
  return areas.map((area, index) => {
    const name = `area${area.type}`;
    const options = { name, sizeBytes: area.maxPages * PAGE_SIZE };
    const { zram: zramSpec } = spec.areas[index] ?? {};
    if (zramSpec !== undefined) {
      const { backing } = zramSpec;
      const sizeBytes = backing === undefined ? 0 : pagesOf(backing, 'backing') * PAGE_SIZE;
      const device = backing === undefined ? null : new MemoryDevice({ name, sizeBytes });
      const zram = zramOfSpec(spec, index, name, device);
      return { ...area, name, device: zram, zram, problem: () => null };
    }
    const isReal = area.kind !== 'ghost' && spec.payload === 'bytes';
    const device = isReal ? new MemoryDevice(options) : new NullDevice(options);
    return { ...area, name, device, problem: () => null };
  });
}

/** Performs a replay on a machine of its own. @returns what broke; null: nothing did */
export async function performReplay(replay: EnduranceReplay): Promise<BrokenPromise | null> {
  const { spec, seed, operations, steps } = replay;
  const settings = settingsOf(spec, 'replay');
  const areas = memoryAreas(replay.areas, spec);
  const first = operations.count === 0 ? 0 : operations.number[0]! - 1;
  const performer = new Performer({ spec, seed, settings, areas, operations: first });
  let done = 0;
  for (const { before, step } of steps) {
    await performer.performListed(operations, done, before);
    if (performer.broken !== null) return performer.broken;
    done = before;
    await performer.control(step, 0);
  }
  await performer.performListed(operations, done, operations.count);
  // A table that contradicts itself, or what is left at the end, shows only now.
  await performer.checkInvariants(0);
  await performer.end(0);
  return performer.broken;
}
