/**
 * Pages that came back wrong and that nobody has used yet: by frame, a token of the witness who knows
 * why. Only once a task is given the page is anything lost; a page that was only read ahead may go
 * again. Not part of any kernel.
 */
import type { PageFrame } from '../units/index.ts';

/** Who keeps account of damage: the ledger of faults. */
export interface PageWitness {
  /** A read of a device begins. */
  beginRead(): void;
  /** Damaged places met since then. */
  readonly metCount: number;
  describeMet(): string;
  /** It was told as an error. */
  readFailed(detail: string): void;
  /** It gave what had been written. */
  readRight(): void;
  /** It gave something else. @returns a token, not 0 */
  readWrong(): number;
  /** The wrong page was given to a task. */
  mapped(token: number, detail: string): void;
  /** The wrong page left memory unused. */
  dropped(token: number): void;
}

export class WrongPages {
  readonly #witness: PageWitness | null;
  /** By frame; 0: nothing is known to be wrong. */
  readonly #tokens: Uint32Array;
  #waitingCount = 0;
  #givenCount = 0;

  constructor(witness: PageWitness | null, frameCount: number) {
    this.#witness = witness;
    this.#tokens = new Uint32Array(frameCount);
  }

  /** Wrong pages that tasks were given. */
  get givenCount(): number {
    return this.#givenCount;
  }

  /** A frame holds a page that is not what was written. */
  note(frame: PageFrame): void {
    this.forget(frame);
    this.#tokens[frame] = this.#witness?.readWrong() ?? 1;
    this.#waitingCount += 1;
  }

  /** The frame holds a page that came back wrong, and no task has it. */
  has(frame: PageFrame): boolean {
    return this.#waitingCount > 0 && this.#tokens[frame] !== 0;
  }

  /** A task is given the page in a frame. */
  give(frame: PageFrame, describe: () => string): void {
    const token = this.#take(frame);
    if (token === 0) return;
    this.#givenCount += 1;
    this.#witness?.mapped(token, describe());
  }

  /** A frame is somebody else's now. */
  forget(frame: PageFrame): void {
    const token = this.#take(frame);
    if (token !== 0) this.#witness?.dropped(token);
  }

  #take(frame: PageFrame): number {
    if (this.#waitingCount === 0) return 0;
    const token = this.#tokens[frame]!;
    if (token === 0) return 0;
    this.#tokens[frame] = 0;
    this.#waitingCount -= 1;
    return token;
  }
}
