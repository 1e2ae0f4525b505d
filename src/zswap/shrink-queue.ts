/**
 * How often the shrink worker gets to run while the reclaimer goes on refusing stores. The worker is
 * on another CPU: what queues it before it has started changes nothing, what queues it while it runs
 * makes it run once more. Two CPUs race there; here it is a matter of counting, so that no price of
 * an event changes a count.
 * Kernel counterpart: zswap_store's queue_work(shrink_wq, …), linux 6.18.
 */

/**
 * Stores that are refused while the worker looks at 16 entries and gives up.
 * @source measured: Linux 6.18.44, 2 vCPU Xeon at 2.5 GHz, workqueue events of the trace zswap-full:
 * 35813 refused stores and 3132 runs in its first phase, 15953 and 1351 in its second
 */
const STORES_PER_RUN = 11.6;

export class ShrinkQueue {
  readonly #storesPerRun: number;
  #refused = 0;

  /** @param batch - entries that a look takes; a run of longer looks takes as much longer */
  constructor(batch: number) {
    this.#storesPerRun = STORES_PER_RUN * batch;
  }

  /** A store was refused. */
  queue(): void {
    this.#refused += 1;
  }

  /** Runs since the last call: one at least if anything was refused. */
  take(): number {
    if (this.#refused === 0) return 0;
    const runs = Math.max(1, Math.floor(this.#refused / this.#storesPerRun));
    this.#refused = Math.max(0, this.#refused - runs * this.#storesPerRun);
    return runs;
  }
}
