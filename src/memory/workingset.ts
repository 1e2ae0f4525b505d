/**
 * Shadows and refault distances.
 * Kernel counterpart: mm/workingset.c (linux 6.18, classic LRU).
 *
 * A shadow packs the age of the LRU at eviction (32 bits; 36 in the kernel), the memory cgroup (16)
 * and the workingset bit (1) into one number below 2^49; it is never 0 because cgroup ids start at 1.
 */
import { EV, type Engine } from '../engine/index.ts';
import { PG, type FrameTable } from '../frames/index.ts';
import type { PageFrame } from '../units/index.ts';
import type { Shadow } from '../swap/swap-design.ts';
import { LRU } from './lru-lists.ts';
import type { MemoryCgroup } from './memory-cgroup.ts';
import type { MemoryCgroups } from './memory-cgroups.ts';

const LOW_RANGE = 2 ** 17;

// Ages wrap at 2^32 by `>>> 0`: the remainder of doubles costs 40 ns and more a call.

export function packShadow(age: number, cgroup: number, isWorkingset: boolean): Shadow {
  return (age >>> 0) * LOW_RANGE + cgroup * 2 + (isWorkingset ? 1 : 0);
}

export function shadowAge(shadow: Shadow): number {
  return Math.floor(shadow / LOW_RANGE) >>> 0;
}

export function shadowCgroup(shadow: Shadow): number {
  return (shadow - Math.floor(shadow / LOW_RANGE) * LOW_RANGE) >>> 1;
}

export function isWorkingsetShadow(shadow: Shadow): boolean {
  return (shadow & 1) === 1;
}

/** The shadow that an evicted folio leaves; ages the LRU by one (workingset_eviction). */
export function evictionShadow(cgroup: MemoryCgroup, frames: FrameTable, frame: PageFrame): Shadow {
  const shadow = packShadow(cgroup.nonresidentAge, cgroup.id, frames.has(frame, PG.workingset));
  cgroup.nonresidentAge += 1;
  return shadow;
}

/** What `refault` works on. */
export interface RefaultContext {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly cgroups: MemoryCgroups;
}

/**
 * Judges a folio that comes back: evicted no longer ago than the rest of its cgroup's memory is
 * large, it is activated at once. The distance is by the clock of the cgroup that evicted it.
 * @param hasSwapSpace - swap has room: then the active anonymous list could be reclaimed too
 * @source linux 6.18 mm/workingset.c workingset_refault, workingset_test_recent
 */
export function refault(
  context: RefaultContext,
  frame: PageFrame,
  shadow: Shadow,
  hasSwapSpace: boolean,
): void {
  const { engine, frames, cgroups } = context;
  engine.count(EV.workingset_refault_anon);
  const evictedFrom = cgroups.byId(shadowCgroup(shadow));
  const { statistics } = evictedFrom;
  statistics.refresh();
  const distance = ((evictedFrom.nonresidentAge >>> 0) - shadowAge(shadow)) >>> 0;
  const size =
    statistics.size(LRU.activeFile) +
    statistics.size(LRU.inactiveFile) +
    (hasSwapSpace ? statistics.size(LRU.activeAnon) : 0);
  if (distance > size) return;
  const cgroup = cgroups.of(frame);
  frames.set(frame, PG.active);
  cgroup.nonresidentAge += 1;
  cgroup.statistics.noteActivatedRefault();
  engine.count(EV.workingset_activate_anon);
  if (isWorkingsetShadow(shadow)) {
    frames.set(frame, PG.workingset);
    cgroup.noteCost(false, 1, 0, 32);
    engine.count(EV.workingset_restore_anon);
  }
}
