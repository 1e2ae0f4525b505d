/**
 * The dynamic shrinker: under memory pressure cold entries are written back before the pool is full,
 * fewer of them while pages have to be read back from disk, and the better the pages compress.
 * Kernel counterpart: zswap_shrinker_count, zswap_shrinker_scan (linux 6.12 and 6.18 mm/zswap.c). Off
 * by default, as there.
 */
import type { CompressedPages } from './compressed-pages.ts';
import type { WritebackTarget } from './writeback-target.ts';
import type { ZswapWriteback } from './writeback.ts';
import { PAGE_SIZE } from '../units/index.ts';

/** Nothing more to gain in this pass. @source linux 6.18 SHRINK_STOP */
export const SHRINK_STOP = -1;

/** What a pass of memory reclaim asks of a cache (struct shrinker). */
export interface Shrinker {
  /** Objects of the cgroup that could be freed, by the cache's own estimate. */
  count(cgroup: number): number;
  /** Looks at `size` objects; how many it freed, or SHRINK_STOP. */
  scan(cgroup: number, size: number): number;
}

export class DynamicShrinker implements Shrinker {
  readonly #pages: CompressedPages;
  readonly #writeback: ZswapWriteback;
  readonly #target: WritebackTarget;
  readonly #batch: number;
  isEnabled: boolean;

  constructor(
    parts: {
      readonly pages: CompressedPages;
      readonly writeback: ZswapWriteback;
      readonly target: WritebackTarget;
    },
    options: { readonly isEnabled: boolean; readonly batch: number },
  ) {
    this.#pages = parts.pages;
    this.#writeback = parts.writeback;
    this.#target = parts.target;
    this.isEnabled = options.isEnabled;
    this.#batch = options.batch;
  }

  count(cgroup: number): number {
    const { cgroups, entries } = this.#pages;
    if (!this.isEnabled || !cgroups.mayWriteBack(cgroup) || !this.#target.canWriteBack()) return 0;
    const stored = cgroups.pages(cgroup);
    let freeable = entries.size(cgroup);
    if (stored === 0 || freeable === 0) return 0;
    // Had so many pages more been kept, they would not have been read from disk.
    freeable -= cgroups.takeDiskSwapins(cgroup, freeable);
    const backing = Math.floor(cgroups.bytes(cgroup) / PAGE_SIZE);
    return Math.floor((freeable * backing) / stored);
  }

  scan(cgroup: number, size: number): number {
    if (!this.isEnabled || !this.#pages.cgroups.mayWriteBack(cgroup)) return SHRINK_STOP;
    let written = 0;
    // The kernel stops in the middle of a walk at a page that somebody has just wanted; here at the
    // end of its batch.
    for (let left = size; left > 0; left -= this.#batch) {
      this.#writeback.pick(cgroup, Math.min(left, this.#batch));
      written += this.#writeback.writePicked();
      if (this.#writeback.metWarm) return SHRINK_STOP;
    }
    return written === 0 ? SHRINK_STOP : written;
  }
}
