/** A trace as a workload: draws its pages, writes its contents, and knows what must be there. */
import { assert, PAGE_SIZE, UsageError, type VirtualPage } from '../units/index.ts';
import { TAG_LENGTH_BITS, tagLength } from '../frames/index.ts';
import { ContentWriter, spreadWords, WordView, WORDS_PER_PAGE, type Content } from './content.ts';
import { Mulberry32 } from './mulberry32.ts';
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

/** Identity bits of a content tag; the top one marks contents that a write made. */
const IDENTITY_MASK = 0x7ffff;
const WRITTEN = 0x40000;

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
  readonly #view = new WordView();
  readonly #stream = new Mulberry32(0);
  /** By operation number: what it writes. */
  readonly #contents: Content[] = [{ kind: 'zero' }];
  /**
   * By task and page: the operation that wrote the page last, and what was xored in since. The last
   * row is the shared file's.
   */
  readonly #writtenBy: Uint32Array[];
  readonly #changed: Uint32Array[];
  readonly #samples: ContentSample[] = [];
  readonly #sampleOf = new Map<string, number>();
  #lengths: readonly number[] = [];
  /** Tags of the trace's fills. */
  #fillTags: readonly number[] = [];
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
    const arrays = (): Uint32Array[] => [
      ...Array.from({ length: this.taskCount }, () => new Uint32Array(trace.pages)),
      new Uint32Array(trace.pages + trace.sharedPages),
    ];
    this.#writtenBy = arrays();
    this.#changed = arrays();
    this.#collectSamples();
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
    if (kind === OP.write) {
      this.#writer.write(operation.content, page, operation.number, bytes);
    } else {
      const last = (bytes.byteOffset >>> 2) + WORDS_PER_PAGE - 1;
      this.#view.of(bytes)[last]! ^= operation.number;
    }
    this.#note(kind, task, page);
  }

  applyTag(kind: number, task: number, page: VirtualPage, tag: number): number {
    const operation = this.#current();
    this.#note(kind, task, page);
    return kind === OP.write
      ? this.#writtenTag(operation.content, page, operation.number)
      : this.#changedTag(tag, operation.number);
  }

  expected(task: number, page: VirtualPage, bytes: Uint8Array): void {
    const row = this.#row(task, page);
    const by = this.#writtenBy[row]![page]!;
    this.#writer.write(this.#contents[by]!, page, by, bytes);
    const last = (bytes.byteOffset >>> 2) + WORDS_PER_PAGE - 1;
    this.#view.of(bytes)[last]! ^= this.#changed[row]![page]!;
  }

  expectedTag(task: number, page: VirtualPage): number {
    const row = this.#row(task, page);
    const by = this.#writtenBy[row]![page]!;
    const changed = this.#changed[row]![page]!;
    const tag = this.#writtenTag(this.#contents[by]!, page, by);
    return changed === 0 ? tag : this.#changedTag(tag, changed);
  }

  dropped(task: number, page: VirtualPage): void {
    // Dropping a mapping of a shared page leaves the page in its file.
    if (page >= this.pagesPerTask) return;
    this.#writtenBy[task]![page] = 0;
    this.#changed[task]![page] = 0;
  }

  samples(): readonly ContentSample[] {
    return this.#samples;
  }

  setSampleLengths(lengths: readonly number[]): void {
    assert(lengths.length === this.#samples.length, 'a length for each sample');
    this.#lengths = lengths;
    this.#fillTags = this.#contents
      .filter((content) => content.kind === 'fill')
      .map((content) => this.#writtenTag(content, 0, 0));
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
    if (kind === OP.write) {
      this.#writtenBy[row]![page] = operation.number;
      this.#changed[row]![page] = 0;
    } else {
      this.#changed[row]![page]! ^= operation.number;
    }
  }

  #row(task: number, page: VirtualPage): number {
    return page < this.pagesPerTask ? task : this.taskCount;
  }

  #collectSamples(): void {
    // A page of zeros whose last word was changed is not zero any more.
    this.#addSample('zero+word', { kind: 'mix', words: 0 }, 0);
    for (const content of this.#contents) {
      if (content.kind === 'zero') continue;
      if (content.kind === 'spread')
        for (let page = 0; page < 33; page++)
          this.#addSample(sampleKey(content, page), content, page);
      else this.#addSample(sampleKey(content, 0), content, 0);
    }
  }

  #addSample(label: string, content: Content, page: number): void {
    if (this.#sampleOf.has(label)) return;
    const bytes = Buffer.from(new ArrayBuffer(PAGE_SIZE));
    this.#writer.write(content, page, 1, bytes);
    if (label === 'zero+word') bytes.writeUInt32LE(1, PAGE_SIZE - 4);
    this.#sampleOf.set(label, this.#samples.length);
    this.#samples.push({ label, bytes });
  }

  #lengthOf(label: string): number {
    return this.#lengths[this.#sampleOf.get(label)!]!;
  }

  #writtenTag(content: Content, page: number, operation: number): number {
    if (content.kind === 'zero') return 0;
    // Equal bytes have equal tags: a fill is the same on every page, by every operation.
    const identity =
      content.kind === 'fill'
        ? content.byte
        : (Math.imul(page + 1, 0x9e3779b1) ^ Math.imul(operation, 0x85ebca6b)) >>> 14;
    const length = this.#lengthOf(sampleKey(content, page));
    return tagOf((identity & IDENTITY_MASK) | WRITTEN, length);
  }

  /** The tag after `word` was xored into the page's last word: xor again and it is as before. */
  #changedTag(tag: number, word: number): number {
    const zeroLength = this.#lengthOf('zero+word');
    const length = tag === 0 ? zeroLength : tagLength(tag);
    const identity = ((tag >>> TAG_LENGTH_BITS) ^ word) & IDENTITY_MASK;
    if (identity === 0 && length === zeroLength) return 0;
    // A fill that was changed is one no more, and one again when it is changed back.
    for (const filled of this.#fillTags)
      if (filled >>> TAG_LENGTH_BITS === identity && tagLength(filled) === length) return filled;
    return tagOf(identity, length);
  }
}

function tagOf(identity: number, length: number): number {
  return ((identity << TAG_LENGTH_BITS) | length) >>> 0;
}

/** Contents of one key compress to the same length, near enough. */
function sampleKey(content: Content, page: number): string {
  switch (content.kind) {
    case 'zero':
      return 'zero';
    case 'fill':
      return `fill:${content.byte}`;
    case 'mix':
      return `mix:${content.words}`;
    case 'spread':
      return `spread:${spreadWords(page)}`;
    case 'file':
      return 'file';
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
