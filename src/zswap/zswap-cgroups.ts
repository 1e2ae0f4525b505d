/**
 * What memory cgroups have to do with zswap: how much of it each uses, and whether it may.
 * Kernel counterpart: memory.zswap.{current,max,writeback}, obj_cgroup_may_zswap, nr_disk_swapins
 * (linux 6.18 mm/memcontrol.c, mm/zswap.c; cgroup v2, no hierarchy).
 */
import { grown, PAGE_SIZE } from '../units/index.ts';

/** The settings of one cgroup; one that has none may all. */
export interface ZswapCgroup {
  readonly id: number;
  /** memory.zswap.max in bytes; Infinity for `max`. */
  readonly zswapMaxBytes: number;
  /** memory.zswap.writeback. */
  readonly zswapWriteback: boolean;
}

export class ZswapCgroups {
  #bytes = new Float64Array(16);
  #pages = new Float64Array(16);
  /** Pages read from a device since the dynamic shrinker last took them into account. */
  #diskSwapins = new Float64Array(16);
  #maxPages = new Float64Array(16).fill(Infinity);
  #keeps = new Uint8Array(16);

  constructor(settings: readonly ZswapCgroup[]) {
    for (const { id, zswapMaxBytes, zswapWriteback } of settings) {
      this.#reach(id);
      this.#maxPages[id] = Math.floor(zswapMaxBytes / PAGE_SIZE);
      this.#keeps[id] = zswapWriteback ? 0 : 1;
    }
  }

  /** memory.zswap.current: compressed bytes. */
  bytes(cgroup: number): number {
    return this.#bytes[cgroup] ?? 0;
  }

  /** Pages that the cgroup has in zswap. */
  pages(cgroup: number): number {
    return this.#pages[cgroup] ?? 0;
  }

  /** False once the compressed pages of the cgroup are as many as memory.zswap.max. */
  mayStore(cgroup: number): boolean {
    const max = this.#maxPages[cgroup] ?? Infinity;
    return max === Infinity || (max > 0 && Math.floor(this.bytes(cgroup) / PAGE_SIZE) < max);
  }

  /** memory.zswap.writeback: pages of the cgroup may go from zswap, or past it, to a device. */
  mayWriteBack(cgroup: number): boolean {
    return this.#keeps[cgroup] !== 1;
  }

  charge(cgroup: number, length: number): void {
    this.#reach(cgroup);
    this.#bytes[cgroup]! += length;
    this.#pages[cgroup]! += 1;
  }

  uncharge(cgroup: number, length: number): void {
    this.#bytes[cgroup]! -= length;
    this.#pages[cgroup]! -= 1;
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
