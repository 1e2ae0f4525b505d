/** Compares what pages hold with what the workload says must be there. */
import { NO_FRAME, PAGE_SIZE, type PageFrame, type VirtualPage } from '../units/index.ts';
import type { Payload } from '../frames/index.ts';
import type { Workload } from '../workload/index.ts';
import type { RunResult } from './run-result.ts';

const zeroPage: Uint8Array = Buffer.alloc(PAGE_SIZE);

export class PageComparison {
  readonly #payload: Payload;
  readonly #workload: Workload;
  readonly #expected: Uint8Array = Buffer.alloc(PAGE_SIZE);
  #pagesChecked = 0;
  #mismatches = 0;

  constructor(payload: Payload, workload: Workload) {
    this.#payload = payload;
    this.#workload = workload;
  }

  /** Counts a page: `frame` holds it, or NO_FRAME: it was never written. */
  compare(task: number, page: VirtualPage, frame: PageFrame): void {
    this.note(this.holds(task, page, frame));
  }

  /** Counts a page that is as it must be, or is not. */
  note(isRight: boolean): void {
    this.#pagesChecked += 1;
    if (!isRight) this.#mismatches += 1;
  }

  holds(task: number, page: VirtualPage, frame: PageFrame): boolean {
    if (this.#payload.kind === 'none') {
      const tag = frame === NO_FRAME ? 0 : this.#payload.tag(frame);
      return tag === this.#workload.expectedTag(task, page);
    }
    if (this.#workload.matches !== undefined)
      return this.#workload.matches(
        task,
        page,
        frame === NO_FRAME ? null : this.#payload.view(frame),
      );
    this.#workload.expected(task, page, this.#expected);
    const bytes = frame === NO_FRAME ? zeroPage : this.#payload.view(frame);
    return Buffer.compare(bytes, this.#expected) === 0;
  }

  result(): RunResult['verify'] {
    return { pagesChecked: this.#pagesChecked, mismatches: this.#mismatches };
  }
}
