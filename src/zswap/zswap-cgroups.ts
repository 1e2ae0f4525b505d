/**
 * What memory cgroups have to do with zswap: how much of it each uses, and whether it may.
 * Kernel counterpart: memory.zswap.{current,max,writeback}, obj_cgroup_may_zswap, nr_disk_swapins,
 * obj_cgroup_charge_zswap (linux 6.18 mm/memcontrol.c, mm/zswap.c; no hierarchy).
 *
 * All of it is cgroup v2's: under v1 there are none of these files, nothing is counted or charged
 * (`cgroup_subsys_on_dfl`), and so the dynamic shrinker finds nothing.
 */
import { assert, grown, PAGE_SIZE } from '../units/index.ts';
import type { ZswapEntries } from './zswap-entries.ts';
import type { ZswapCgroupSetting } from './zswap-parameters.ts';

/** The settings of one cgroup; one that has none may all. */
export interface ZswapCgroup {
  readonly id: number;
  /** memory.zswap.max in bytes; Infinity for `max`. */
  readonly zswapMaxBytes: number;
  /** memory.zswap.writeback. */
  readonly zswapWriteback: boolean;
}

/** Where a cgroup is charged for bytes of objects that are its own (obj_cgroup_charge). */
export interface ObjectCharges {
  /** Never fails: whoever stores is in reclaim (PF_MEMALLOC). */
  chargeObject(cgroup: number, bytes: number): void;
  unchargeObject(cgroup: number, bytes: number): void;
}

export interface ZswapCgroupsOptions {
  /** Cgroup v2, and a zswap that knows of cgroups. */
  readonly isCounted: boolean;
  /** Null: counted, but charged to nobody. */
  readonly charges: ObjectCharges | null;
}

export class ZswapCgroups {
  readonly isCounted: boolean;
  readonly #charges: ObjectCharges | null;
  #bytes = new Float64Array(16);
  #pages = new Float64Array(16);
  /** Pages read from a device since the dynamic shrinker last took them into account. */
  #diskSwapins = new Float64Array(16);
  #maxPages = new Float64Array(16).fill(Infinity);
  #keeps = new Uint8Array(16);

  constructor(settings: readonly ZswapCgroup[], options: ZswapCgroupsOptions) {
    this.isCounted = options.isCounted;
    this.#charges = options.charges;
    for (const { id, zswapMaxBytes, zswapWriteback } of settings) {
      this.set(id, { file: 'zswap.max', bytes: zswapMaxBytes });
      this.set(id, { file: 'zswap.writeback', isOn: zswapWriteback });
    }
  }

  /** Something is written to a file of the cgroup's; what is stored stays as it is. */
  set(cgroup: number, setting: ZswapCgroupSetting): void {
    this.#reach(cgroup);
    if (setting.file === 'zswap.max')
      this.#maxPages[cgroup] = Math.floor(setting.bytes / PAGE_SIZE);
    else this.#keeps[cgroup] = setting.isOn ? 0 : 1;
  }

  /** memory.zswap.current: compressed bytes. */
  bytes(cgroup: number): number {
    return this.#bytes[cgroup] ?? 0;
  }

  /** Bytes that the cgroup's memory is charged for. */
  chargedBytes(cgroup: number): number {
    return this.#charges === null ? 0 : this.bytes(cgroup);
  }

  /** Pages that the cgroup has in zswap. */
  pages(cgroup: number): number {
    return this.#pages[cgroup] ?? 0;
  }

  /** False once the compressed pages of the cgroup are as many as memory.zswap.max. */
  mayStore(cgroup: number): boolean {
    if (!this.isCounted) return true;
    const max = this.#maxPages[cgroup] ?? Infinity;
    return max === Infinity || (max > 0 && Math.floor(this.bytes(cgroup) / PAGE_SIZE) < max);
  }

  /** memory.zswap.writeback: pages of the cgroup may go from zswap, or past it, to a device. */
  mayWriteBack(cgroup: number): boolean {
    return !this.isCounted || this.#keeps[cgroup] !== 1;
  }

  /** A page of the cgroup is kept. @source obj_cgroup_charge_zswap */
  charge(cgroup: number, length: number): void {
    if (!this.isCounted) return;
    this.#reach(cgroup);
    this.#charges?.chargeObject(cgroup, length);
    this.#bytes[cgroup]! += length;
    this.#pages[cgroup]! += 1;
  }

  /** @source obj_cgroup_uncharge_zswap */
  uncharge(cgroup: number, length: number): void {
    if (!this.isCounted) return;
    this.#charges?.unchargeObject(cgroup, length);
    this.#bytes[cgroup]! -= length;
    this.#pages[cgroup]! -= 1;
  }

  /** Counts the entries of each cgroup again. */
  checkInvariants(entries: ZswapEntries): void {
    const bytes = new Float64Array(this.#bytes.length);
    const pages = new Float64Array(this.#pages.length);
    if (this.isCounted)
      entries.forEach((_, zswapEntry) => {
        bytes[entries.cgroup(zswapEntry)]! += entries.length(zswapEntry);
        pages[entries.cgroup(zswapEntry)]! += 1;
      });
    for (const [cgroup, count] of bytes.entries()) {
      assert(this.#bytes[cgroup] === count, 'memory.zswap.current is what the cgroup has in zswap');
      assert(this.#pages[cgroup] === pages[cgroup], 'each page in zswap counts for its cgroup');
    }
  }

  /** A folio of the cgroup had to be read from a device. */
  noteDiskSwapin(cgroup: number): void {
    this.#reach(cgroup);
    this.#diskSwapins[cgroup]! += 1;
  }

  /** Takes up to `most` of the swap-ins noted into account; the rest waits. */
  takeDiskSwapins(cgroup: number, most: number): number {
    const taken = Math.min(most, this.#diskSwapins[cgroup] ?? 0);
    if (taken > 0) this.#diskSwapins[cgroup]! -= taken;
    return taken;
  }

  #reach(cgroup: number): void {
    while (cgroup >= this.#bytes.length) {
      const count = this.#bytes.length * 2;
      this.#bytes = grown(this.#bytes, count);
      this.#pages = grown(this.#pages, count);
      this.#diskSwapins = grown(this.#diskSwapins, count);
      this.#maxPages = grown(this.#maxPages, count).fill(Infinity, count / 2);
      this.#keeps = grown(this.#keeps, count);
    }
  }
}
