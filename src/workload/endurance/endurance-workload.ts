/**
 * The workload of an endurance run: operations from a source that the driver changes, and for every
 * page of every task what it must hold, children included: a child sees its parent's view.
 */
import { xxh64 } from '@node-rs/xxhash';
import { PAGE_SIZE, type VirtualPage } from '../../units/index.ts';
import {
  OP,
  type ContentSample,
  type OperationBatch,
  type Phase,
  type Workload,
} from '../workload.ts';
import { EnduranceContents } from './contents.ts';
import type { OperationSource } from './operations.ts';

const zeroSum = xxh64(Buffer.alloc(PAGE_SIZE));

export interface EnduranceWorkloadOptions {
  readonly seed: number;
  /** Tasks and places of children together. */
  readonly taskCount: number;
  readonly pagesPerTask: number;
  readonly payload: 'bytes' | 'none';
}

/** What the pages of one task must hold. */
interface View {
  /** The operation that wrote each page last, modulo 2^32; 0: zeros. */
  readonly written: Uint32Array;
  /** What was xored into its last word since. */
  readonly changed: Uint32Array;
  /** xxh64 of its bytes; with payload none its content tag instead. */
  readonly sums: BigUint64Array;
  readonly tags: Uint32Array;
}

export class EnduranceWorkload implements Workload {
  readonly name = 'endurance';
  readonly taskCount: number;
  readonly pagesPerTask: number;
  readonly sharedPages = 0;
  /** They come one by one: see `planPhase`. */
  readonly phases: readonly Phase[] = [];
  /** Where the next operations come from. */
  source: OperationSource = { fill: (batch) => void (batch.count = 0) };
  readonly #contents: EnduranceContents;
  readonly #views: View[];
  #batch: OperationBatch | null = null;

  constructor(options: EnduranceWorkloadOptions) {
    const { taskCount, pagesPerTask, payload } = options;
    this.taskCount = taskCount;
    this.pagesPerTask = pagesPerTask;
    this.#contents = new EnduranceContents(options.seed);
    const bytes = payload === 'bytes' ? pagesPerTask : 0;
    this.#views = Array.from({ length: taskCount }, () => ({
      written: new Uint32Array(pagesPerTask),
      changed: new Uint32Array(pagesPerTask),
      sums: new BigUint64Array(bytes).fill(zeroSum),
      tags: new Uint32Array(pagesPerTask - bytes),
    }));
  }

  startPhase(): void {
    // The driver has put the source of its operations in place.
  }

  fill(batch: OperationBatch): void {
    this.#batch = batch;
    this.source.fill(batch);
  }

  apply(kind: number, task: number, page: VirtualPage, bytes: Uint8Array): void {
    const operation = this.#operation();
    const view = this.#views[task]!;
    if (kind === OP.write) {
      this.#contents.write(page, stampOf(operation), bytes);
      this.#noteWritten(view, page, operation);
    } else {
      this.#contents.change(this.#noteChanged(view, page, operation), bytes);
    }
    view.sums[page] = xxh64(bytes);
  }

  applyTag(kind: number, task: number, page: VirtualPage, tag: number): number {
    const operation = this.#operation();
    const view = this.#views[task]!;
    let made: number;
    if (kind === OP.write) {
      this.#noteWritten(view, page, operation);
      made = this.#contents.tagOf(page, stampOf(operation));
    } else {
      this.#noteChanged(view, page, operation);
      made = this.#contents.changedTag(tag, stampOf(operation));
    }
    view.tags[page] = made;
    return made;
  }

  matches(task: number, page: VirtualPage, bytes: Uint8Array | null): boolean {
    return this.#views[task]!.sums[page] === (bytes === null ? zeroSum : xxh64(bytes));
  }

  expected(task: number, page: VirtualPage, bytes: Uint8Array): void {
    const view = this.#views[task]!;
    this.#contents.write(page, view.written[page]!, bytes);
    this.#contents.change(view.changed[page]!, bytes);
  }

  expectedTag(task: number, page: VirtualPage): number {
    return this.#views[task]!.tags[page]!;
  }

  /** The operation that wrote the page last; 0: nobody has. */
  writtenBy(task: number, page: VirtualPage): number {
    return this.#views[task]!.written[page]!;
  }

  dropped(task: number, page: VirtualPage): void {
    const view = this.#views[task]!;
    view.written[page] = 0;
    view.changed[page] = 0;
    if (view.sums.length > 0) view.sums[page] = zeroSum;
    else view.tags[page] = 0;
  }

  began(task: number): void {
    const view = this.#views[task]!;
    view.written.fill(0);
    view.changed.fill(0);
    view.sums.fill(zeroSum);
    view.tags.fill(0);
  }

  forked(parent: number, child: number): void {
    const from = this.#views[parent]!;
    const to = this.#views[child]!;
    to.written.set(from.written);
    to.changed.set(from.changed);
    to.sums.set(from.sums);
    to.tags.set(from.tags);
  }

  samples(): readonly ContentSample[] {
    return this.#contents.samples();
  }

  setSampleLengths(lengths: readonly number[]): void {
    this.#contents.setSampleLengths(lengths);
  }

  #operation(): number {
    const batch = this.#batch!;
    return batch.number[batch.at]!;
  }

  #noteWritten(view: View, page: number, operation: number): void {
    view.written[page] = stampOf(operation);
    view.changed[page] = 0;
  }

  #noteChanged(view: View, page: number, operation: number): number {
    const word = this.#contents.wordOf(stampOf(operation));
    view.changed[page]! ^= word;
    return word;
  }
}

/** An operation's number in 32 bits; 0 stands for nobody. */
function stampOf(operation: number): number {
  return operation >>> 0 || 0xffffffff;
}
