/**
 * Storing a run while it goes on: a state database that takes no more must not cost the run, which may
 * have taken hours, and not its result.
 */
import type { RunWriter } from '../src/runs/index.ts';
import { RunError } from '../src/units/index.ts';
import type { CommandIo } from './command.ts';

export class RunStorage {
  readonly #writer: RunWriter;
  readonly #io: Pick<CommandIo, 'stderr'>;
  #problem: RunError | null = null;

  constructor(writer: RunWriter, io: Pick<CommandIo, 'stderr'>) {
    this.#writer = writer;
    this.#io = io;
  }

  /** What went wrong first; null when all was stored. */
  get problem(): RunError | null {
    return this.#problem;
  }

  /**
   * Stores a part of the run. The first part that cannot be stored is the last one that is tried: a
   * run with a gap would look like a whole one. The run is then marked failed, as far as that works.
   */
  attempt(store: () => void): void {
    if (this.#problem !== null) return;
    try {
      store();
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      this.#problem = error;
      this.#io.stderr(
        `swaplab: ${error.message}; the run goes on, what follows of it is not stored\n`,
      );
      this.fail(`not stored any further: ${error.message}`);
    }
  }

  /** Marks the run as failed; a database that does not take that either says nothing new. */
  fail(message: string, exitCode = 1): void {
    try {
      this.#writer.fail(message, exitCode);
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
    }
  }
}
