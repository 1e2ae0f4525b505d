/**
 * How often the shrink worker gets to run while the reclaimer goes on refusing stores. The worker is
 * on another CPU: what queues it before it has started changes nothing, what queues it while it runs
 * makes it run once more.
 * Kernel counterpart: zswap_store's queue_work(shrink_wq, …), linux 6.18.
 */

/**
 * A run of 16 looks that give nothing, and from queueing an idle worker to its start.
 * @source measured: Linux 6.18.44, 2 vCPU Xeon at 2.5 GHz, workqueue events: 14 us for a run; 4 to
 * 19 us to wake up, the longer the deeper its CPU sleeps; one run for 11.6 refused stores in all
 */
const RUN_NS = 14_000;
const WAKE_NS = 15_000;

export class ShrinkQueue {
  #startNs = -Infinity;
  #endNs = -Infinity;
  #runs = 0;

  /** A store was refused. */
  queue(nowNs: number): void {
    if (nowNs < this.#startNs) return;
    this.#startNs = nowNs < this.#endNs ? this.#endNs : nowNs + WAKE_NS;
    this.#endNs = this.#startNs + RUN_NS;
    this.#runs += 1;
  }

  /** Runs since the last call. */
  take(): number {
    const runs = this.#runs;
    this.#runs = 0;
    return runs;
  }
}
