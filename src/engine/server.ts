/**
 * Something that serves one at a time: a lock, a device channel. Arrive, wait until
 * it is free, hold it.
 */
export class Server {
  #freeAtNs = 0;

  /**
   * Serves one request.
   * @param arrivalNs - virtual time at which the request stands before the server
   * @param holdNs - how long it is held
   * @returns virtual time at which the request has been served
   */
  serve(arrivalNs: number, holdNs: number): number {
    this.#freeAtNs = Math.max(this.#freeAtNs, arrivalNs) + holdNs;
    return this.#freeAtNs;
  }

  /** Virtual time from which the server is idle. */
  get freeAtNs(): number {
    return this.#freeAtNs;
  }
}
