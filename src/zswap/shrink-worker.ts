/**
 * The worker that brings the pool down to its accept threshold after the limit was hit, cgroup by
 * cgroup in turn; and, as a policy of this program, writeback by age.
 * Kernel counterpart: shrink_worker, shrink_memcg (linux 6.18 mm/zswap.c). Runs beside the tasks in
 * the kernel, here at the end of the reclaim that queued it.
 */
import { EV, type Engine } from '../engine/index.ts';
import type { CompressedPages } from './compressed-pages.ts';
import type { PoolLimit } from './pool-limit.ts';
import { ShrinkQueue } from './shrink-queue.ts';
import type { WritebackTarget } from './writeback-target.ts';
import type { ZswapWriteback } from './writeback.ts';

/** Visits without success after which the worker gives up. @source mm/internal.h */
const MAX_RECLAIM_RETRIES = 16;

/** Runs that are skipped at most between two that a device refuses. assumed */
const REST_MAX = 1023;

export interface ShrinkWorkerParts {
  readonly engine: Engine;
  readonly pages: CompressedPages;
  readonly limit: PoolLimit;
  readonly writeback: ZswapWriteback;
  readonly target: WritebackTarget;
}

export interface ShrinkWorkerOptions {
  /** Entries of one visit to a cgroup. */
  readonly batch: number;
  /** Entries that so many pages were offered after are written back whatever the pool's size. */
  readonly writebackAge: number;
}

export class ShrinkWorker {
  readonly #engine: Engine;
  readonly #pages: CompressedPages;
  readonly #limit: PoolLimit;
  readonly #writeback: ZswapWriteback;
  readonly #target: WritebackTarget;
  readonly #batch: number;
  readonly #writebackAge: number;
  readonly #queue: ShrinkQueue;
  /** Runs that are skipped after a device has refused, and how many it was the last time. */
  #restRuns = 0;
  #restLength = 0;
  /** The cgroup of the latest visit (zswap_next_shrink). */
  #cursor = 0;

  constructor(parts: ShrinkWorkerParts, options: ShrinkWorkerOptions) {
    this.#engine = parts.engine;
    this.#pages = parts.pages;
    this.#limit = parts.limit;
    this.#writeback = parts.writeback;
    this.#target = parts.target;
    this.#batch = options.batch;
    this.#writebackAge = options.writebackAge;
    this.#queue = new ShrinkQueue(options.batch);
  }

  /** A store was refused for want of room. */
  queue(): void {
    this.#queue.queue();
  }

  /** The worker as often as it got to run since the last call, then what is too old. */
  run(): void {
    for (let runs = this.#queue.take(); runs > 0; runs--) {
      if (!this.#target.canWriteBack()) return;
      if (this.#restRuns > 0) {
        this.#restRuns -= 1;
        continue;
      }
      // Another run at once would search all of memory in vain again.
      if (!this.#shrink()) break;
    }
    if (this.#writebackAge < Infinity) this.#writeBackOld();
  }

  /**
   * One visit to a cgroup.
   * @returns entries written back; -1 when it has none that may be (ENOENT)
   * @source linux 6.18 mm/zswap.c shrink_memcg
   */
  visit(cgroup: number): number {
    if (!this.#isCandidate(cgroup)) return -1;
    this.#writeback.pick(cgroup, this.#batch);
    return this.#writeback.writePicked();
  }

  /**
   * One run; false when entries were picked and none of them found a page of memory, or a device has
   * refused them. Otherwise than in the kernel, whose worker does not hear of that and goes on beside
   * the tasks: refused pages are back in memory, and reclaim would store them again for ever.
   */
  #shrink(): boolean {
    let failures = 0;
    let picked = 0;
    let written = 0;
    let refusals = 0;
    let errors = this.#engine.counted(EV.write_error);
    // One visit at least: who queued the worker was refused, be the pool at its threshold by now.
    do {
      const cgroup = this.#nextCandidate();
      if (cgroup < 0) return true;
      picked += this.#writeback.pick(cgroup, this.#batch);
      const count = this.#writeback.writePicked();
      written += count;
      const isRefused = this.#engine.counted(EV.write_error) > errors;
      errors = this.#engine.counted(EV.write_error);
      if (isRefused) refusals += 1;
      if (count === 0 || isRefused) failures += 1;
    } while (this.#limit.isAboveThreshold && failures < MAX_RECLAIM_RETRIES);
    const isRefused = refusals >= MAX_RECLAIM_RETRIES;
    this.#restLength = isRefused ? Math.min(REST_MAX, 2 * this.#restLength + 1) : 0;
    this.#restRuns = this.#restLength;
    return !isRefused && (picked === 0 || written > 0);
  }

  #writeBackOld(): void {
    const { listCount } = this.#pages.entries;
    for (let cgroup = 0; cgroup < listCount; cgroup++) {
      if (!this.#isCandidate(cgroup)) continue;
      let failures = 0;
      while (failures < MAX_RECLAIM_RETRIES && this.#target.canWriteBack()) {
        if (this.#writeback.pickOlder(cgroup, this.#batch, this.#writebackAge) === 0) break;
        if (this.#writeback.writePicked() === 0) failures += 1;
      }
    }
  }

  /** The next cgroup in turn that has entries which may be written back; -1 when none has. */
  #nextCandidate(): number {
    const { listCount } = this.#pages.entries;
    for (let i = 0; i < listCount; i++) {
      this.#cursor = (this.#cursor + 1) % listCount;
      if (this.#isCandidate(this.#cursor)) return this.#cursor;
    }
    return -1;
  }

  #isCandidate(cgroup: number): boolean {
    return this.#pages.entries.size(cgroup) > 0 && this.#pages.cgroups.mayWriteBack(cgroup);
  }
}
