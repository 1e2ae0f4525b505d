/**
 * All active areas as one space to take slots from: priorities, rotation among equals, and the
 * cluster that each CPU goes on in.
 * Kernel counterpart: folio_alloc_swap, swap_alloc_fast, swap_alloc_slow, percpu_swap_cluster,
 * swap_avail_heads (linux 6.18 mm/swapfile.c; one NUMA node).
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
import type { SlotArea } from './slot-area.ts';

/** No area in a CPU's cluster record. */
const NO_AREA = 0xff;

export class SlotSpace {
  readonly #engine: Engine;
  /** Active areas by swap type. */
  readonly #areas: (SlotArea | undefined)[] = new Array<undefined>(MAX_SWAPFILES).fill(undefined);
  /** Areas to try, highest priority first; equals rotate. */
  #available: SlotArea[] = [];
  /** percpu_swap_cluster: type and next slot by CPU and order. */
  readonly #cpuType: Uint8Array;
  readonly #cpuNext: Uint32Array;

  #hasRotating = false;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#cpuType = new Uint8Array(engine.cpuCount * SWAP_NR_ORDERS).fill(NO_AREA);
    this.#cpuNext = new Uint32Array(engine.cpuCount * SWAP_NR_ORDERS);
  }

  /** Puts an area to use behind its peers of the same priority. */
  add(area: SlotArea): void {
    assert(this.#areas[area.type] === undefined, 'each swap type stands for one area');
    this.#areas[area.type] = area;
    const behind = this.#available.findIndex((other) => other.priority < area.priority);
    this.#available.splice(behind < 0 ? this.#available.length : behind, 0, area);
    this.#hasRotating = this.areas().some((other) => other.rotational);
  }

  /** Takes an area out of use: nothing is allocated from it any more. */
  retire(area: SlotArea): void {
    area.isWritable = false;
    this.#available = this.#available.filter((other) => other !== area);
    for (let i = 0; i < this.#cpuType.length; i++)
      if (this.#cpuType[i] === area.type) this.#cpuType[i] = NO_AREA;
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

  /** Usable slots of all writable areas (total_swap_pages). */
  get totalPages(): number {
    let total = 0;
    for (let i = 0; i < this.#available.length; i++) total += this.#available[i]!.usablePages;
    return total;
  }

  /** Free slots of all writable areas (nr_swap_pages). */
  get freePages(): number {
    let free = 0;
    for (let i = 0; i < this.#available.length; i++) {
      const area = this.#available[i]!;
      free += area.usablePages - area.inUse;
    }
    return free;
  }

  /** vm_swap_full(): less than half of all swap is free. */
  isFull(): boolean {
    let free = 0;
    let total = 0;
    for (let i = 0; i < this.#available.length; i++) {
      const area = this.#available[i]!;
      free += area.usablePages - area.inUse;
      total += area.usablePages;
    }
    return free * 2 < total;
  }

  /**
   * Takes 2^order slots that follow each other.
   * @returns the entry of the first, or NO_ENTRY when no area has room
   */
  allocate(order: number): SwapEntry {
    this.#engine.count(EV['lockAcquire.percpuCluster']);
    const place = this.#engine.cpu * SWAP_NR_ORDERS + order;
    const type = this.#cpuType[place]!;
    if (type !== NO_AREA) {
      const area = this.#areas[type]!;
      const next = this.#cpuNext[place]! as SlotIndex;
      if (next !== NO_SLOT) {
        const slot = area.allocateAt(next, order);
        this.#cpuNext[place] = area.nextSlot;
        if (slot !== NO_SLOT) return makeSwapEntry(type, slot);
      }
    }
    return this.#allocateSlow(place, order);
  }

  /** Bytes of kernel memory for cluster infos and the CPUs' records. */
  metadataBytes(): { readonly clusterInfo: number; readonly perCpu: number } {
    const clusterInfo = this.areas().reduce((sum, area) => sum + area.clusters.infoBytes, 0);
    // struct percpu_swap_cluster: 10 pointers, 10 offsets. @source linux 6.18, from BTF
    return { clusterInfo, perCpu: 160 * this.#engine.cpuCount };
  }

  checkInvariants(): void {
    for (const area of this.areas()) area.checkInvariants();
  }

  #allocateSlow(place: number, order: number): SwapEntry {
    // Requeueing changes the list under the walk, so walk a copy: each area is tried once.
    for (const area of [...this.#available]) {
      this.#rotate(area);
      if (area.isFull) continue;
      const slot = area.allocate(order);
      if (slot !== NO_SLOT) {
        if (!area.rotational) {
          this.#cpuType[place] = area.type;
          this.#cpuNext[place] = area.nextSlot;
        }
        return makeSwapEntry(area.type, slot);
      }
      if (order > 0) return NO_ENTRY;
    }
    return NO_ENTRY;
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
