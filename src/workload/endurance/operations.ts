/** Where the operations of an endurance run come from: drawn by the plan, or listed by a replay. */
import { Mulberry32 } from '../mulberry32.ts';
import { OP, type OperationBatch } from '../workload.ts';
import type { Draw } from './plan.ts';

export interface OperationSource {
  /** Fills a batch; a count of 0 ends it. */
  fill(batch: OperationBatch): void;
}

export class DrawnOperations implements OperationSource {
  readonly #draw: Draw;
  readonly #pagesPerTask: number;
  readonly #count: number;
  readonly #firstNumber: number;
  readonly #stream = new Mulberry32(0);
  #done = 0;

  /**
   * @param firstNumber - of the first operation over the whole run
   * @param limit - no more operations than these
   */
  constructor(draw: Draw, pagesPerTask: number, firstNumber: number, limit: number = Infinity) {
    this.#draw = draw;
    this.#pagesPerTask = pagesPerTask;
    this.#count = Math.min(draw.count, limit);
    this.#firstNumber = firstNumber;
    this.#stream.reseed(draw.seed);
  }

  fill(batch: OperationBatch): void {
    const { tasks, first, span, order, hotShare, hotSpan, reads, writes, modifies } = this.#draw;
    const pages = this.#pagesPerTask;
    const total = Math.min(batch.page.length, this.#count - this.#done);
    const stream = this.#stream;
    for (let i = 0; i < total; i++) {
      const done = this.#done + i;
      const word = stream.next();
      const kind = word & 0xff;
      batch.kind[i] =
        kind < reads
          ? OP.read
          : kind < reads + writes
            ? OP.write
            : kind < reads + writes + modifies
              ? OP.modify
              : OP.drop;
      let at: number;
      if (order === 'sequential') {
        batch.task[i] = tasks[done % tasks.length]!;
        at = Math.floor(done / tasks.length) % span;
      } else {
        batch.task[i] = tasks[((word >>> 8) & 0xff) % tasks.length]!;
        const isHot = order === 'hot' && word >>> 24 < hotShare;
        at = stream.next() % (isHot ? hotSpan : span);
      }
      batch.page[i] = (first + at) % pages;
      batch.number[i] = this.#firstNumber + done;
    }
    batch.isNumbered = true;
    batch.count = total;
    this.#done += total;
  }
}

/** Operations of a replay, in order, each with the number that it had in the run. */
export interface OperationList {
  readonly count: number;
  readonly number: Float64Array;
  readonly kind: Uint8Array;
  readonly task: Uint16Array;
  readonly page: Uint32Array;
}

export class ListedOperations implements OperationSource {
  readonly #list: OperationList;
  readonly #end: number;
  #at: number;

  /** Those of the list from place `start` up to `end`. */
  constructor(list: OperationList, start: number, end: number) {
    this.#list = list;
    this.#at = start;
    this.#end = end;
  }

  fill(batch: OperationBatch): void {
    const { number, kind, task, page } = this.#list;
    const start = this.#at;
    const end = Math.min(this.#end, start + batch.page.length);
    batch.number.set(number.subarray(start, end));
    batch.kind.set(kind.subarray(start, end));
    batch.task.set(task.subarray(start, end));
    batch.page.set(page.subarray(start, end));
    batch.isNumbered = true;
    batch.count = end - start;
    this.#at = end;
  }
}
