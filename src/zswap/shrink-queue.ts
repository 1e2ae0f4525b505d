/**
 * How often the shrink worker gets to run while the reclaimer goes on refusing stores. The worker is
 * on another CPU: what queues it before it has started changes nothing, what queues it while it runs
 * makes it run once more.
 * Kernel counterpart: zswap_store's queue_work(shrink_wq, …), linux 6.18.
 */

/**
 * A look at an entry that gives nothing, and from queueing an idle worker to its start.
 * @source measured: Linux 6.18.44, 2 vCPU Xeon at 2.5 GHz, workqueue events: 14 us for a run of 16
 * looks; 4 to 19 us to wake up, the longer the deeper its CPU sleeps; one run for 11.6 refused stores
 */
const LOOK_NS = 875;
const WAKE_NS = 15_000;

export class ShrinkQueue {
  readonly #runNs: number;
  #startNs = -Infinity;
  #endNs = -Infinity;
  #runs = 0;

  /** @param looks - entries that a run looks at before it gives up */
  constructor(looks: number) {
    this.#runNs = looks * LOOK_NS;
  }

  /** A store was refused. */
  queue(nowNs: number): void {
    if (nowNs < this.#startNs) return;
    this.#startNs = nowNs < this.#endNs ? this.#endNs : nowNs + WAKE_NS;
    this.#endNs = this.#startNs + this.#runNs;
    this.#runs += 1;
  }

  /** Runs since the last call. */
  take(): number {
    const runs = this.#runs;
    this.#runs = 0;
    return runs;
  }
}
