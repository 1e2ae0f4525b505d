/**
 * What has to be put back: each step that changes the host leaves one, and all are done in reverse,
 * whatever ends the capture.
 */
export class UndoList {
  /** Steps that could not be undone. */
  failed = 0;
  #steps = [];
  #say;

  /** @param say - tells the user, a sentence at a time */
  constructor(say) {
    this.#say = say;
  }

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
        this.failed += 1;
        this.#say(`could not ${what}: ${error.message}`);
      }
    }
  }
}
