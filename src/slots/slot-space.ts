/**
 * All active areas as one space to take slots from: priorities, rotation among equals, and the
 * cluster that each CPU goes on in.
 * Kernel counterpart: folio_alloc_swap, swap_alloc_fast, swap_alloc_slow, percpu_swap_cluster,
 * swap_avail_heads (linux 6.18 mm/swapfile.c; one NUMA node).
 *
 * Where a CPU goes on is kept once for all areas (`shared`, as 6.18 does: who takes slots from two
 * areas in turn loses its place each time), or once for each area, as an offset or as a pointer to
 * the cluster (proposed, not merged). Simplified on purpose: with a place for each area, equals
 * rotate when a cluster is used up, as they do with the shared one.
 */
import {
  assert,
  makeSwapEntry,
  MAX_SWAPFILES,
  NO_ENTRY,
  NO_SLOT,
  type SlotIndex,
  type SwapEntry,
} from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import { SWAP_NR_ORDERS } from './cluster-table.ts';
import { ROLE, type SlotArea } from './slot-area.ts';

/** No area in a CPU's cluster record. */
const NO_AREA = 0xff;

/** Where a CPU goes on: kept for all areas, for each as an offset, or for each as a pointer. */
export const PER_CPU_CLUSTER = ['shared', 'device-offset', 'device-pointer'] as const;
export type PerCpuCluster = (typeof PER_CPU_CLUSTER)[number];

/**
 * Bytes of one CPU's record: 10 pointers and 10 offsets. An offset each is 4 bytes, a pointer and
 * an offset 12.
 * @source linux 6.18, from BTF: struct percpu_swap_cluster 160; the others assumed from their fields
 */
const RECORD_BYTES: Readonly<Record<PerCpuCluster, number>> = {
  shared: 160,
  'device-offset': 4 * SWAP_NR_ORDERS,
  'device-pointer': 16 * SWAP_NR_ORDERS,
};

export class SlotSpace {
  readonly perCpuCluster: PerCpuCluster;
  readonly #engine: Engine;
  /** Active areas by swap type. */
  readonly #areas: (SlotArea | undefined)[] = new Array<undefined>(MAX_SWAPFILES).fill(undefined);
  /** Areas to try, highest priority first; equals rotate. */
  #available: SlotArea[] = [];
  /** `shared`: area and next slot by CPU and order. */
  readonly #cpuType: Uint8Array;
  readonly #cpuNext: Uint32Array;
  /** One for each area: next slot by CPU, order and area. */
  readonly #areaNext: Uint32Array;
  #hasRotating = false;

  constructor(engine: Engine, perCpuCluster: PerCpuCluster = 'shared') {
    this.#engine = engine;
    this.perCpuCluster = perCpuCluster;
    const places = engine.cpuCount * SWAP_NR_ORDERS;
    this.#cpuType = new Uint8Array(places).fill(NO_AREA);
    this.#cpuNext = new Uint32Array(places);
    this.#areaNext = new Uint32Array(places * MAX_SWAPFILES);
  }

  /** Puts an area to use behind its peers of the same priority. */
  add(area: SlotArea): void {
    assert(this.#areas[area.type] === undefined, 'each swap type stands for one area');
    this.#areas[area.type] = area;
    this.#makeAvailable(area);
    this.#hasRotating = this.areas().some((other) => other.rotational);
  }

  /** Takes an area out of use: nothing is allocated from it any more. */
  retire(area: SlotArea): void {
    area.isWritable = false;
    this.#available = this.#available.filter((other) => other !== area);
    for (let i = 0; i < this.#cpuType.length; i++) {
      if (this.#cpuType[i] === area.type) this.#cpuType[i] = NO_AREA;
      this.#areaNext[i * MAX_SWAPFILES + area.type] = NO_SLOT;
    }
  }

  /** Puts a retired area back to use. */
  restore(area: SlotArea): void {
    area.restore();
    this.#makeAvailable(area);
  }

  /** Forgets a retired area that holds nothing any more. */
  remove(area: SlotArea): void {
    assert(!area.isWritable && area.inUse === 0, 'an area is empty when it goes');
    this.#areas[area.type] = undefined;
    this.#hasRotating = this.areas().some((other) => other.rotational);
  }

  /** Some area is on a rotating device (nr_rotate_swap). */
  get hasRotating(): boolean {
    return this.#hasRotating;
  }

  area(type: number): SlotArea | undefined {
    return this.#areas[type];
  }

  /** Areas in use, by swap type. */
  areas(): SlotArea[] {
    return this.#areas.filter((area) => area !== undefined);
  }

  /** Usable slots of all writable areas (total_swap_pages); virtual slots are none. */
  get totalPages(): number {
    let total = 0;
    for (let i = 0; i < this.#available.length; i++) {
      const area = this.#available[i]!;
      if (area.role !== ROLE.virtual) total += area.usablePages;
    }
    return total;
  }

  /** Free slots of all writable areas (nr_swap_pages). */
  get freePages(): number {
    return this.freePagesOf(ROLE.plain | ROLE.ghost);
  }

  /** Free slots of the writable areas of these roles. */
  freePagesOf(roles: number): number {
    let free = 0;
    for (let i = 0; i < this.#available.length; i++) {
      const area = this.#available[i]!;
      if ((area.role & roles) !== 0) free += area.usablePages - area.inUse;
    }
    return free;
  }

  /** vm_swap_full(): less than half of all swap is free. */
  isFull(): boolean {
    let free = 0;
    let total = 0;
    for (let i = 0; i < this.#available.length; i++) {
      const area = this.#available[i]!;
      if (area.role === ROLE.virtual) continue;
      free += area.usablePages - area.inUse;
      total += area.usablePages;
    }
    return free * 2 < total;
  }

  /**
   * Takes 2^order slots that follow each other.
   * @param roles - which areas may be asked: bits of ROLE
   * @returns the entry of the first, or NO_ENTRY when no area has room
   */
  allocate(order: number, roles: number = ROLE.plain | ROLE.ghost): SwapEntry {
    this.#engine.count(EV['lockAcquire.percpuCluster']);
    const place = this.#engine.cpu * SWAP_NR_ORDERS + order;
    if (this.perCpuCluster !== 'shared') return this.#allocatePerArea(place, order, roles);
    const type = this.#cpuType[place]!;
    if (type !== NO_AREA) {
      const area = this.#areas[type]!;
      const next = this.#cpuNext[place]! as SlotIndex;
      if (next !== NO_SLOT && (area.role & roles) !== 0) {
        const slot = area.allocateAt(next, order);
        this.#cpuNext[place] = area.nextSlot;
        if (slot !== NO_SLOT) {
          this.#engine.count(EV.percpuClusterHit);
          return makeSwapEntry(type, slot);
        }
      }
    }
    this.#engine.count(EV.percpuClusterMiss);
    return this.#allocateSlow(place, order, roles);
  }

  /**
   * Puts this CPU where `count` free slots follow each other, or as many as the first area in turn has
   * in a row: single slots that it takes from now on are those. Nothing is taken yet.
   *
   * Kernel counterpart: none; what a batch of writes wants, which has no folio of its size to take an
   * order for.
   */
  seekRun(count: number, roles: number): void {
    const place = this.#engine.cpu * SWAP_NR_ORDERS;
    const area = this.#available.find((each) => (each.role & roles) !== 0 && !each.isFull);
    if (area === undefined || area.rotational) return;
    const isShared = this.perCpuCluster === 'shared';
    const at = place * MAX_SWAPFILES + area.type;
    const here = isShared
      ? this.#cpuType[place] === area.type
        ? this.#cpuNext[place]!
        : NO_SLOT
      : this.#areaNext[at]!;
    const start = area.findRun(count, here as SlotIndex);
    if (isShared) {
      this.#cpuType[place] = area.type;
      this.#cpuNext[place] = start;
    } else {
      this.#areaNext[at] = start;
    }
  }

  /** Bytes of the CPUs' records. */
  get perCpuBytes(): number {
    const records = this.perCpuCluster === 'shared' ? 1 : this.areas().length;
    return RECORD_BYTES[this.perCpuCluster] * records * this.#engine.cpuCount;
  }

  checkInvariants(): void {
    for (const area of this.areas()) area.checkInvariants();
  }

  #makeAvailable(area: SlotArea): void {
    const behind = this.#available.findIndex((other) => other.priority < area.priority);
    this.#available.splice(behind < 0 ? this.#available.length : behind, 0, area);
  }

  #allocatePerArea(place: number, order: number, roles: number): SwapEntry {
    const byPointer = this.perCpuCluster === 'device-pointer';
    for (let i = 0; i < this.#available.length; i++) {
      const area = this.#available[i]!;
      if ((area.role & roles) === 0 || area.rotational) continue;
      const at = place * MAX_SWAPFILES + area.type;
      const next = this.#areaNext[at]! as SlotIndex;
      if (next === NO_SLOT) break;
      const slot = area.allocateAt(next, order, byPointer);
      this.#areaNext[at] = area.nextSlot;
      if (slot === NO_SLOT) break;
      this.#engine.count(EV.percpuClusterHit);
      return makeSwapEntry(area.type, slot);
    }
    this.#engine.count(EV.percpuClusterMiss);
    return this.#allocateSlow(place, order, roles);
  }

  #allocateSlow(place: number, order: number, roles: number): SwapEntry {
    // Requeueing changes the list under the walk, so walk a copy: each area is tried once.
    for (const area of [...this.#available]) {
      if ((area.role & roles) === 0) continue;
      this.#rotate(area);
      if (area.isFull) continue;
      const slot = area.allocate(order);
      if (slot !== NO_SLOT) {
        if (!area.rotational) this.#goOnAt(place, area);
        return makeSwapEntry(area.type, slot);
      }
      if (order > 0) return NO_ENTRY;
    }
    return NO_ENTRY;
  }

  #goOnAt(place: number, area: SlotArea): void {
    if (this.perCpuCluster === 'shared') {
      this.#cpuType[place] = area.type;
      this.#cpuNext[place] = area.nextSlot;
    } else {
      this.#areaNext[place * MAX_SWAPFILES + area.type] = area.nextSlot;
    }
  }

  /** Requeues an area behind its peers of the same priority, before it is tried. */
  #rotate(area: SlotArea): void {
    this.#engine.count(EV.areaRotate);
    const list = this.#available;
    const at = list.indexOf(area);
    let last = at;
    while (last + 1 < list.length && list[last + 1]!.priority === area.priority) last += 1;
    if (last === at) return;
    list.splice(at, 1);
    list.splice(last, 0, area);
  }
}
