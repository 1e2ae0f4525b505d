/** Lets others have a turn of the event loop while accesses are made without waiting for input. */
import { setImmediate } from 'node:timers/promises';

/** Accesses between two turns: a few milliseconds of work. assumed */
const ACCESSES = 1 << 16;

export class Turns {
  #left = ACCESSES;

  /** Counts one access; true when it is time to `take` a turn. */
  isDue(): boolean {
    this.#left -= 1;
    return this.#left === 0;
  }

  async take(): Promise<void> {
    this.#left = ACCESSES;
    await setImmediate();
  }
}
