/**
 * How large the pools may get: a share of the machine's memory.
 * Kernel counterpart: zswap_check_limits (linux 6.18 mm/zswap.c); zswap_alloc_page (v9 of 2013).
 */
import { EV, type Engine } from '../engine/index.ts';

export class PoolLimit {
  readonly #engine: Engine;
  readonly #ramPages: number;
  readonly #pages: () => number;
  #maxPages = 0;
  #acceptPages = 0;
  #reachedFull = false;

  /**
   * @param ramPages - pages of the machine's memory (totalram_pages)
   * @param pages - pages that all pools hold now
   */
  constructor(engine: Engine, ramPages: number, pages: () => number) {
    this.#engine = engine;
    this.#ramPages = ramPages;
    this.#pages = pages;
  }

  set(maxPoolPercent: number, acceptThresholdPercent: number): void {
    this.#maxPages = Math.floor((this.#ramPages * maxPoolPercent) / 100);
    this.#acceptPages = Math.floor((this.#maxPages * acceptThresholdPercent) / 100);
  }

  get maxPages(): number {
    return this.#maxPages;
  }

  /** The pools hold more than the accept threshold. */
  get isAboveThreshold(): boolean {
    return this.#pages() > this.#acceptPages;
  }

  /** The limit was hit and the pools have not come down to the threshold since. */
  get reachedFull(): boolean {
    return this.#reachedFull;
  }

  /**
   * Asked before each store: once the limit was hit, nothing is stored down to the threshold.
   * @source linux 6.18 mm/zswap.c zswap_check_limits
   */
  mayStore(): boolean {
    const pages = this.#pages();
    if (pages >= this.#maxPages) {
      this.#engine.count(EV['zswap.pool_limit_hit']);
      this.#reachedFull = true;
    } else if (this.#reachedFull && pages <= this.#acceptPages) {
      this.#reachedFull = false;
    }
    return !this.#reachedFull;
  }

  /** Asked by the pool when it wants pages. @source zswap v9 patch 4 */
  mayGrow(): boolean {
    if (this.#pages() < this.#maxPages) return true;
    this.#engine.count(EV['zswap.pool_limit_hit']);
    return false;
  }
}
