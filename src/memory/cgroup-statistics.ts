/**
 * The statistics of a cgroup as reclaim and refaults read them: not the counters themselves but
 * what the last flush brought together.
 * Kernel counterpart: mm/memcontrol.c (linux 6.18) flush_memcg_stats_dwork and
 * mem_cgroup_flush_stats_ratelimited: a worker flushes every two seconds; a reader flushes only
 * when that worker is a whole period late.
 */
import { LRU_COUNT, type LruLists } from './lru-lists.ts';

/** @source linux 6.18 mm/memcontrol.c FLUSH_TIME (2 * HZ) */
export const FLUSH_PERIOD_NS = 2e9;
/** Since when a flush is overdue, so that readers do it. */
const OVERDUE_NS = 2 * FLUSH_PERIOD_NS;

/** When the worker of the machine runs. */
export interface FlushWorker {
  /** The time that the worker goes by, ns. */
  nowNs(): number;
  /** When it ran last at `nowNs`; -Infinity: it is late for good. */
  lastFlushNs(nowNs: number): number;
}

/** A worker that is always late, as on a machine whose other CPUs sleep: every reader flushes. */
export const LATE_WORKER: FlushWorker = { nowNs: () => 0, lastFlushNs: () => -Infinity };

/** A worker of which it is known when it ran, ns, ascending. */
export function recordedWorker(nowNs: () => number, flushesNs: readonly number[]): FlushWorker {
  let next = 0;
  let last = -Infinity;
  return {
    nowNs,
    lastFlushNs: (now) => {
      while (next < flushesNs.length && flushesNs[next]! <= now) last = flushesNs[next++]!;
      return last;
    },
  };
}

export class CgroupStatistics {
  readonly #lru: LruLists;
  readonly #worker: FlushWorker;
  /** Pages of each LRU list (NR_LRU_BASE…), as of the last flush. */
  readonly #sizes = new Uint32Array(LRU_COUNT);
  /** WORKINGSET_ACTIVATE_ANON, counted and as of the last flush. */
  #activated = 0;
  #activatedFlushed = 0;
  #flushedNs = 0;

  constructor(lru: LruLists, worker: FlushWorker) {
    this.#lru = lru;
    this.#worker = worker;
  }

  /** A refault was activated at once. */
  noteActivatedRefault(): void {
    this.#activated += 1;
  }

  /** Before reading: what the worker did meanwhile, or its work where it is late. */
  refresh(): void {
    const now = this.#worker.nowNs();
    const last = this.#worker.lastFlushNs(now);
    if (last > this.#flushedNs) this.#flushedNs = last;
    else if (now <= last + OVERDUE_NS) return;
    for (let list = 0; list < LRU_COUNT; list++) this.#sizes[list] = this.#lru.size(list);
    this.#activatedFlushed = this.#activated;
  }

  /** Pages of an LRU list (lruvec_page_state). */
  size(list: number): number {
    return this.#sizes[list]!;
  }

  get totalSize(): number {
    return this.#sizes[0]! + this.#sizes[1]! + this.#sizes[2]! + this.#sizes[3]!;
  }

  get activatedRefaults(): number {
    return this.#activatedFlushed;
  }
}
