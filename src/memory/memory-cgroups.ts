/**
 * The memory cgroups of a machine: siblings, each with a limit, lists and statistics of its own.
 * Kernel counterpart: mm/memcontrol.c (linux 6.18). What differs between cgroup v1 and v2 here is only
 * whether zswap charges its bytes (`ZswapCgroups`).
 *
 * Simplified on purpose: no hierarchy, so that one cgroup's limit is never another's; each cgroup has
 * its stock of charges for itself (a CPU of 6.18 keeps those of seven: NR_MEMCG_STOCK).
 */
import { assert, PAGE_SIZE, type PageFrame } from '../units/index.ts';
import type { Engine } from '../engine/index.ts';
import { PG, type FrameTable } from '../frames/index.ts';
import type { ObjectCharges } from '../zswap/index.ts';
import type { AddressSpace } from './address-space.ts';
import type { FlushWorker } from './cgroup-statistics.ts';
import { LruBatch } from './lru-batch.ts';
import { createLruLinks, LruLists } from './lru-lists.ts';
import { MemoryCgroup } from './memory-cgroup.ts';

/** The id of the first cgroup; 0 is none. */
export const FIRST_CGROUP = 1;
/** @source linux 6.18 MEM_CGROUP_ID_MAX: ids have 16 bits, in shadows and in swap tables */
const CGROUP_ID_MAX = 65535;

export interface CgroupOptions {
  readonly name: string;
  /** memory.max in pages. */
  readonly limitPages: number;
  /** Pages that are charged from the start: what else runs in it. */
  readonly reservedPages?: number;
  /** How many of these are file pages. */
  readonly filePages?: number;
}

export interface MemoryCgroupsParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly worker: FlushWorker | undefined;
}

export class MemoryCgroups implements ObjectCharges {
  /** In the order of their ids, the first with FIRST_CGROUP. */
  readonly all: readonly MemoryCgroup[];
  /** New folios on their way to the lists. */
  readonly batch: LruBatch;
  readonly #frames: FrameTable;
  /** By id; nothing at 0, so that a look-up is one read. */
  readonly #byId: readonly (MemoryCgroup | undefined)[];
  readonly #reservedPages: readonly number[];

  constructor(parts: MemoryCgroupsParts, options: readonly CgroupOptions[]) {
    const { engine, frames, worker } = parts;
    assert(
      options.length >= 1 && options.length <= CGROUP_ID_MAX,
      'a machine has a cgroup, and an id for each',
    );
    this.#frames = frames;
    const links = createLruLinks(frames.frameCount, options.length);
    this.all = options.map(({ name, limitPages, filePages = 0 }, index) => {
      const id = FIRST_CGROUP + index;
      const lru = new LruLists(engine, frames, links, index);
      return new MemoryCgroup({ id, name, limitPages, filePages, lru, worker });
    });
    this.#byId = [undefined, ...this.all];
    this.#reservedPages = options.map(({ reservedPages = 0 }) => reservedPages);
    for (const [index, cgroup] of this.all.entries())
      for (let page = 0; page < this.#reservedPages[index]!; page++) cgroup.forceCharge();
    const none = this.all[0]!.lru;
    this.batch = new LruBatch(engine, frames, [none, ...this.all.map(({ lru }) => lru)]);
  }

  byId(id: number): MemoryCgroup {
    const cgroup = this.#byId[id];
    assert(cgroup !== undefined, 'a page is charged to a cgroup that there is');
    return cgroup;
  }

  /** The cgroup that a folio is charged to. */
  of(frame: PageFrame): MemoryCgroup {
    return this.byId(this.#frames.cgroup(frame));
  }

  chargeObject(cgroup: number, bytes: number): void {
    this.byId(cgroup).chargeObject(bytes);
  }

  unchargeObject(cgroup: number, bytes: number): void {
    this.byId(cgroup).unchargeObject(bytes);
  }

  /** Takes a folio that is about to be freed off its list or out of the batch. */
  forget(frame: PageFrame): void {
    if (!this.#frames.has(frame, PG.lru)) this.batch.drain();
    if (this.#frames.has(frame, PG.lru)) this.of(frame).lru.remove(frame);
  }

  /**
   * @param spaces - all tasks: their page tables are charged, too
   * @param zswapBytes - compressed bytes that a cgroup is charged for
   */
  checkInvariants(
    spaces: readonly AddressSpace[],
    zswapBytes: (cgroup: number) => number = () => 0,
  ): void {
    this.batch.drain();
    const pages = Float64Array.from(this.#byId, (_, id) =>
      id === 0 ? 0 : this.#reservedPages[id - FIRST_CGROUP]!,
    );
    for (const frame of this.#frames.allocated()) {
      assert(this.#frames.has(frame, PG.lru), 'each folio in use is on a list between operations');
      pages[this.#frames.cgroup(frame)]! += 1;
    }
    for (const space of spaces) pages[space.cgroup]! += space.tableCount();
    for (const { id, lru, usagePages, stockPages, objectBytes } of this.all) {
      assert(objectBytes === zswapBytes(id), 'a cgroup is charged for its bytes in zswap');
      pages[id]! += Math.ceil(objectBytes / PAGE_SIZE);
      lru.checkInvariants((frame) => this.#frames.cgroup(frame) === id);
      assert(usagePages - stockPages === pages[id], 'a cgroup is charged for what it has');
    }
  }
}
