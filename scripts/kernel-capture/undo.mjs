/**
 * What has to be put back: each step that changes the host leaves one, and all are done in reverse,
 * whatever ends the capture.
 */
export class UndoList {
  #steps = [];

  /** `undo` runs at the end; `what` names it where it fails. */
  add(what, undo) {
    this.#steps.push({ what, undo });
  }

  /** How many steps there are: hand it to `unwind` to go back to here. */
  get mark() {
    return this.#steps.length;
  }

  /** Undoes the steps from the last to number `mark`; says which failed and goes on. */
  async unwind(mark = 0) {
    while (this.#steps.length > mark) {
      const { what, undo } = this.#steps.pop();
      try {
        await undo();
      } catch (error) {
        process.stderr.write(`kernel-capture: could not ${what}: ${error.message}\n`);
        process.exitCode = 1;
      }
    }
  }
}
