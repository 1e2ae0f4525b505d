/**
 * One memory cgroup: what is charged to it, its limit, its LRU lists and what reclaim remembers.
 * Kernel counterpart: struct mem_cgroup, page_counter, memcg stock, obj_cgroup, struct lruvec (linux
 * 6.18 mm/memcontrol.c, mm/workingset.c).
 *
 * Simplified on purpose: objects share pages as closely as they can, where a CPU of the kernel keeps up
 * to a page and an object charged and unused (obj_stock).
 */
import { assert, PAGE_SIZE } from '../units/index.ts';
import { CgroupStatistics, LATE_WORKER, type FlushWorker } from './cgroup-statistics.ts';
import type { LruLists } from './lru-lists.ts';

/** Pages that a charge takes in advance. @source linux 6.18 MEMCG_CHARGE_BATCH */
const CHARGE_BATCH = 64;

export interface MemoryCgroupOptions {
  /** 1 to 65535; 0 is none. */
  readonly id: number;
  readonly name: string;
  /** memory.max in pages. */
  readonly limitPages: number;
  /** File pages in it: its programs' text. Reclaim gives them their turn, and they stay. */
  readonly filePages: number;
  readonly lru: LruLists;
  readonly worker: FlushWorker | undefined;
}

export class MemoryCgroup {
  readonly id: number;
  readonly name: string;
  readonly limitPages: number;
  readonly filePages: number;
  readonly lru: LruLists;
  /** Costs of reclaiming each type; their ratio decides what is scanned. */
  anonCost = 0;
  fileCost = 0;
  /** Evictions and activations so far: the clock of refault distances. */
  nonresidentAge = 0;
  /** What reclaim reads of the lists and of refaults, as of the last flush. */
  readonly statistics: CgroupStatistics;
  /** `statistics.activatedRefaults` when reclaim last ended. */
  seenActivatedRefaults = 0;
  /** Objects of zswap that its shrinker should have looked at and has not (nr_deferred). */
  deferredScan = 0;
  /** Tasks of it that the OOM killer ended (memory.events oom_kill). */
  oomKills = 0;
  #usage = 0;
  #usageMax = 0;
  #stock = 0;
  #objectBytes = 0;
  #objectPages = 0;

  constructor(options: MemoryCgroupOptions) {
    assert(options.limitPages >= 1, 'a cgroup may hold a page');
    this.id = options.id;
    this.name = options.name;
    this.limitPages = options.limitPages;
    this.filePages = options.filePages;
    this.lru = options.lru;
    this.statistics = new CgroupStatistics(options.lru, options.worker ?? LATE_WORKER);
  }

  /** Pages charged, including those charged in advance. */
  get usagePages(): number {
    return this.#usage;
  }

  get usagePagesMax(): number {
    return this.#usageMax;
  }

  /** Pages that were charged in advance. */
  get stockPages(): number {
    return this.#stock;
  }

  /** Pages that can still be charged. */
  get marginPages(): number {
    return Math.max(0, this.limitPages - this.#usage);
  }

  /** Charges a page from the stock, in a batch, or alone; false when the limit is reached. */
  tryCharge(): boolean {
    if (this.#stock > 0) {
      this.#stock -= 1;
      return true;
    }
    if (this.#usage + CHARGE_BATCH <= this.limitPages) {
      this.#add(CHARGE_BATCH);
      this.#stock = CHARGE_BATCH - 1;
      return true;
    }
    if (this.#usage + 1 > this.limitPages) return false;
    this.#add(1);
    return true;
  }

  /** Charges beyond the limit: reclaim itself must not wait for reclaim. */
  forceCharge(): void {
    if (!this.tryCharge()) this.#add(1);
  }

  /** Gives pages that were charged in advance back (drain_all_stock). */
  drainStock(): void {
    this.#usage -= this.#stock;
    this.#stock = 0;
  }

  uncharge(pages: number): void {
    this.#usage -= pages;
    assert(this.#usage >= 0, 'no page is uncharged twice');
  }

  /** Bytes of objects that are charged to it: what zswap keeps for it under cgroup v2. */
  get objectBytes(): number {
    return this.#objectBytes;
  }

  /** Pages that these are charged as. */
  get objectPages(): number {
    return this.#objectPages;
  }

  /** Charges an object, beyond the limit if need be. @source linux 6.18 obj_cgroup_charge */
  chargeObject(bytes: number): void {
    this.#objectBytes += bytes;
    while (this.#objectPages * PAGE_SIZE < this.#objectBytes) {
      this.#objectPages += 1;
      this.forceCharge();
    }
  }

  /** Pages that fall free are charges in advance for others. @source linux 6.18 refill_stock */
  unchargeObject(bytes: number): void {
    this.#objectBytes -= bytes;
    assert(this.#objectBytes >= 0, 'no object is uncharged twice');
    const pages = Math.ceil(this.#objectBytes / PAGE_SIZE);
    this.#stock += this.#objectPages - pages;
    this.#objectPages = pages;
    if (this.#stock > CHARGE_BATCH) this.drainStock();
  }

  /** Adds to the cost of one type and lets both fade (lru_note_cost). */
  noteCost(isFile: boolean, pagesWritten: number, rotated: number, clusterMax: number): void {
    const cost = pagesWritten * clusterMax + rotated;
    if (isFile) this.fileCost += cost;
    else this.anonCost += cost;
    if (this.fileCost + this.anonCost > Math.floor(this.statistics.totalSize / 4)) {
      this.fileCost = Math.floor(this.fileCost / 2);
      this.anonCost = Math.floor(this.anonCost / 2);
    }
  }

  #add(pages: number): void {
    this.#usage += pages;
    if (this.#usage > this.#usageMax) this.#usageMax = this.#usage;
  }
}
