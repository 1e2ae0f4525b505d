/** A trace as a workload: draws its pages, writes its contents, and knows what must be there. */
import { assert, UsageError, type VirtualPage } from '../units/index.ts';
import { ContentTags } from './content-tags.ts';
import { ContentWriter, type Content } from './content.ts';
import { Mulberry32 } from './mulberry32.ts';
import { PageRecords } from './page-records.ts';
import type { PageOperation, Trace, TraceStep, Verb } from './trace.ts';
import {
  OP,
  type ContentSample,
  type OperationBatch,
  type Phase,
  type Workload,
} from './workload.ts';

const OP_OF: Readonly<Record<Verb, number>> = {
  read: OP.read,
  write: OP.write,
  modify: OP.modify,
  drop: OP.drop,
};

export interface TraceWorkloadOptions {
  /** Pages of a real file for content `file`; null where the trace uses none. */
  readonly file: Uint8Array | null;
}

export class TraceWorkload implements Workload {
  readonly name = 'trace';
  readonly taskCount: number;
  readonly pagesPerTask: number;
  readonly sharedPages: number;
  readonly phases: readonly Phase[];
  readonly #steps: readonly TraceStep[];
  readonly #writer: ContentWriter;
  readonly #stream = new Mulberry32(0);
  /** By operation number: what it writes. */
  readonly #contents: Content[] = [{ kind: 'zero' }];
  /** A row for each task; the last one is the shared file's. */
  readonly #records: PageRecords;
  readonly #tags: ContentTags;
  #operation: PageOperation | null = null;
  #draw = 0;

  constructor(trace: Trace, options: TraceWorkloadOptions) {
    this.taskCount = trace.tasks.length;
    this.pagesPerTask = trace.pages;
    this.sharedPages = trace.sharedPages;
    this.#steps = trace.steps;
    this.#writer = new ContentWriter(options.file);
    for (const step of trace.steps) {
      if (step.kind !== 'pages') continue;
      if (step.content.kind === 'file' && options.file === null)
        throw new UsageError(`'${step.line}': content 'file' needs --content FILE`);
      this.#contents[step.number] = step.content;
    }
    this.phases = trace.steps.map(phaseOf);
    this.#records = new PageRecords(
      [
        ...Array.from({ length: this.taskCount }, () => trace.pages),
        trace.pages + trace.sharedPages,
      ],
      this.#writer,
    );
    this.#tags = new ContentTags(this.#contents, this.#writer);
  }

  startPhase(index: number): void {
    const step = this.#steps[index];
    assert(step?.kind === 'pages', 'only phases of operations are filled');
    this.#operation = step;
    this.#draw = 0;
    this.#stream.reseed(step.seed);
  }

  fill(batch: OperationBatch): void {
    const operation = this.#current();
    const { first, count, order } = operation;
    const total = Math.min(batch.page.length, operation.draws - this.#draw);
    const pages = batch.page;
    switch (order) {
      case 'seq':
        for (let i = 0; i < total; i++) pages[i] = first + ((this.#draw + i) % count);
        break;
      case 'rev':
        for (let i = 0; i < total; i++) pages[i] = first + count - 1 - ((this.#draw + i) % count);
        break;
      case 'rand':
        for (let i = 0; i < total; i++) pages[i] = first + (this.#stream.next() % count);
        break;
      case 'hot': {
        const eighth = Math.floor(count / 8);
        for (let i = 0; i < total; i++) {
          const isHot = (this.#stream.next() & 3) !== 0;
          pages[i] = first + (this.#stream.next() % (isHot ? eighth : count));
        }
        break;
      }
    }
    batch.kind.fill(OP_OF[operation.verb], 0, total);
    batch.task.fill(operation.task, 0, total);
    batch.count = total;
    this.#draw += total;
  }

  apply(kind: number, task: number, page: VirtualPage, bytes: Uint8Array): void {
    const operation = this.#current();
    if (kind === OP.write) this.#writer.write(operation.content, page, operation.number, bytes);
    else this.#records.changeBytes(bytes, operation.number);
    this.#note(kind, task, page);
  }

  applyTag(kind: number, task: number, page: VirtualPage, tag: number): number {
    const operation = this.#current();
    this.#note(kind, task, page);
    return kind === OP.write
      ? this.#tags.written(operation.content, page, operation.number)
      : this.#tags.changed(tag, operation.number);
  }

  expected(task: number, page: VirtualPage, bytes: Uint8Array): void {
    const row = this.#row(task, page);
    const content = this.#contents[this.#records.writtenBy(row, page)]!;
    this.#records.expected(row, page, content, bytes);
  }

  expectedTag(task: number, page: VirtualPage): number {
    const row = this.#row(task, page);
    const content = this.#contents[this.#records.writtenBy(row, page)]!;
    return this.#records.expectedTag(row, page, content, this.#tags);
  }

  dropped(task: number, page: VirtualPage): void {
    // Dropping a mapping of a shared page leaves the page in its file.
    if (page < this.pagesPerTask) this.#records.drop(task, page);
  }

  samples(): readonly ContentSample[] {
    return this.#tags.samples;
  }

  setSampleLengths(lengths: readonly number[]): void {
    this.#tags.setLengths(lengths);
  }

  #current(): PageOperation {
    assert(this.#operation !== null, 'a phase has been started');
    return this.#operation;
  }

  /** Remembers a change, except a forked child's to its own pages: that view ends with it. */
  #note(kind: number, task: number, page: VirtualPage): void {
    const operation = this.#current();
    if (operation.fork && page < this.pagesPerTask) return;
    const row = this.#row(task, page);
    if (kind === OP.write) this.#records.write(row, page, operation.number);
    else this.#records.change(row, page, operation.number);
  }

  #row(task: number, page: VirtualPage): number {
    return page < this.pagesPerTask ? task : this.taskCount;
  }
}

function phaseOf(step: TraceStep): Phase {
  switch (step.kind) {
    case 'pages':
      return { kind: 'operations', label: step.line, fork: step.fork, count: step.draws };
    case 'pause':
    case 'barrier':
      return { kind: step.kind, label: step.line };
    case 'sleep':
      return { kind: 'sleep', label: step.line, durationNs: step.durationNs };
    case 'swapon':
    case 'swapoff':
      return { kind: step.kind, label: step.line, path: step.path };
    case 'zram':
      return { kind: step.kind, label: step.line, path: step.path, setting: step.setting };
    case 'zswap':
      return { kind: step.kind, label: step.line, setting: step.setting };
    case 'cgroup':
      return { kind: step.kind, label: step.line, name: step.name, setting: step.setting };
    case 'vswap':
      return { kind: step.kind, label: step.line, isOn: step.isOn };
  }
}
