/**
 * usemem of vm-scalability: n tasks that each write (or read at random) every word of a mapping.
 * @source kernel-workload facts: vm-scalability usemem.c 96c9436 (options, page contents, output)
 *
 * Page contents: 8-byte word i of the mapping is i. Simplified on purpose: tasks take turns of 64
 * pages (sequential) or 1024 words (random) instead of running on CPUs of their own; `-y` and `-x`
 * order what is in order here anyway.
 */
import { PAGE_SIZE, parseSize, UsageError, type VirtualPage } from '../units/index.ts';
import { TAG_LENGTH_BITS } from '../frames/index.ts';
import { WordView, WORDS_PER_PAGE } from './content.ts';
import { PAGES_MAX } from './trace.ts';
import {
  OP,
  type ContentSample,
  type OperationBatch,
  type Phase,
  type Workload,
  type WorkloadTimes,
} from './workload.ts';

export const USEMEM_USAGE =
  'usemem [-n TASKS] [-O] [-y] [-x] [-R] [--init-time] SIZE    (SIZE per task: 64M, 1g, …)';

/** 8-byte words of a page. */
const WORDS64 = PAGE_SIZE / 8;
const TURN_PAGES = 64;
const TURN_WORDS = 1024;

export interface UsememOptions {
  readonly taskCount: number;
  readonly sizeBytes: number;
  readonly isRandom: boolean;
  readonly initTime: boolean;
  readonly seed: number;
}

/** With -R each word of 8 bytes has a bit: 64 bytes a page. assumed: 1 GiB of them is enough */
const RANDOM_PAGES_MAX = 2 ** 24;

/** Reads usemem's own command line. */
export function parseUsemem(args: readonly string[], seed: number): UsememWorkload {
  let taskCount = 1;
  let isRandom = false;
  let initTime = false;
  const operands: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    switch (arg) {
      case '-n': {
        const text = args[++i] ?? '';
        taskCount = Number(text);
        if (!/^\d+$/.test(text) || taskCount < 1 || taskCount > 1024)
          throw new UsageError(`usemem -n: '${text}' is no number of tasks; accepted: 1 to 1024`);
        break;
      }
      case '-O':
      case '-y':
      case '-x':
        break;
      case '-R':
        isRandom = true;
        break;
      case '--init-time':
        initTime = true;
        break;
      default:
        if (arg.startsWith('-'))
          throw new UsageError(`usemem: option '${arg}' is not supported; usage: ${USEMEM_USAGE}`);
        operands.push(arg);
    }
  }
  if (operands.length !== 1)
    throw new UsageError(`usemem: takes one SIZE, not ${operands.length}; usage: ${USEMEM_USAGE}`);
  const sizeBytes = parseSize(operands[0]!, 'usemem SIZE');
  if (sizeBytes < PAGE_SIZE || sizeBytes % PAGE_SIZE !== 0)
    throw new UsageError(`usemem SIZE: '${operands[0]!}' is no multiple of the page size (4096)`);
  if ((sizeBytes / PAGE_SIZE) * taskCount > PAGES_MAX)
    throw new UsageError(`usemem: ${taskCount} × ${operands[0]!} is too much; accepted: 1T in all`);
  if (isRandom && (sizeBytes / PAGE_SIZE) * taskCount > RANDOM_PAGES_MAX)
    throw new UsageError(
      `usemem -R: ${taskCount} × ${operands[0]!} is too much; accepted: 64G in all`,
    );
  return new UsememWorkload({ taskCount, sizeBytes, isRandom, initTime, seed });
}

/** lrand48 of the C library: 48-bit linear congruence, the top 31 bits. @source POSIX drand48 */
class Lrand48 {
  #high: number;
  #low: number;

  /** srand48: the seed in the upper 32 bits, 0x330E below. */
  constructor(seed: number) {
    this.#high = seed >>> 8;
    this.#low = ((seed & 0xff) * 0x10000 + 0x330e) >>> 0;
  }

  /** X := X × 0x5DEECE66D + 0xB mod 2^48, in halves of 24 bits so that products stay exact. */
  next(): number {
    const low = this.#low * 0xece66d + 0xb;
    const carry = Math.floor(low / 0x1000000);
    this.#high = (this.#high * 0xece66d + this.#low * 0x5de + carry) % 0x1000000;
    this.#low = low % 0x1000000;
    return this.#high * 0x80 + (this.#low >>> 17);
  }
}

export class UsememWorkload implements Workload {
  readonly name = 'usemem';
  readonly taskCount: number;
  readonly pagesPerTask: number;
  readonly sharedPages = 0;
  readonly phases: readonly Phase[];
  readonly #options: UsememOptions;
  readonly #view = new WordView();
  readonly #streams: Lrand48[];
  /** Words (sequential: pages) that each task has done. */
  readonly #done: Float64Array;
  /** In order only: pages that each task has written. */
  readonly #filled: Float64Array;
  /** Random only: a bit for each word that was written, by task. */
  readonly #written: Uint8Array[];
  /** Word in its page for each `modify` of the current turn. */
  readonly #turnWords = new Uint16Array(TURN_WORDS);
  #applied = 0;
  #task = 0;
  #length = 0;

  constructor(options: UsememOptions) {
    this.#options = options;
    this.taskCount = options.taskCount;
    this.pagesPerTask = options.sizeBytes / PAGE_SIZE;
    const tasks = Array.from({ length: options.taskCount }, (_, task) => task);
    this.phases = [
      {
        kind: 'operations',
        label: options.isRandom ? 'touch -R' : 'touch',
        fork: false,
        count: options.taskCount * this.pagesPerTask * (options.isRandom ? WORDS64 : 1),
      },
      ...tasks.map((task): Phase => ({ kind: 'exit', label: `free ${task}`, task })),
    ];
    this.#streams = tasks.map((task) => new Lrand48((options.seed ^ task) >>> 0));
    this.#done = new Float64Array(options.taskCount);
    this.#filled = new Float64Array(options.taskCount);
    this.#written = tasks.map(
      () => new Uint8Array(options.isRandom ? (this.pagesPerTask * WORDS64) / 8 : 0),
    );
  }

  startPhase(_index: number): void {
    this.#done.fill(0);
    this.#task = 0;
  }

  fill(batch: OperationBatch): void {
    batch.count = 0;
    const total = this.#options.isRandom ? this.pagesPerTask * WORDS64 : this.pagesPerTask;
    for (let tried = 0; tried < this.taskCount && batch.count === 0; tried++) {
      const task = this.#task;
      this.#task = (task + 1) % this.taskCount;
      const left = total - this.#done[task]!;
      if (left === 0) continue;
      if (this.#options.isRandom) this.#fillRandom(batch, task, left);
      else this.#fillInOrder(batch, task, left);
      this.#done[task]! += batch.count;
    }
  }

  apply(kind: number, task: number, page: VirtualPage, bytes: Uint8Array): void {
    if (kind === OP.write) {
      this.#writeAll(page, bytes);
      this.#noteFilled(task, page);
      return;
    }
    const words = this.#view.of(bytes);
    const word = this.#nextWord(task, page);
    const index = page * WORDS64 + word;
    const at = (bytes.byteOffset >>> 2) + word * 2;
    words[at] = index >>> 0;
    words[at + 1] = Math.floor(index / 0x100000000);
  }

  applyTag(kind: number, task: number, page: VirtualPage, _tag: number): number {
    if (kind !== OP.write) this.#nextWord(task, page);
    else this.#noteFilled(task, page);
    return this.expectedTag(task, page);
  }

  expected(task: number, page: VirtualPage, bytes: Uint8Array): void {
    if (this.#options.isRandom) this.#writeMarked(task, page, bytes);
    else if (page < this.#filled[task]!) this.#writeAll(page, bytes);
    else bytes.fill(0);
  }

  /** A page's tag counts the words written, so that each write changes it. */
  expectedTag(task: number, page: VirtualPage): number {
    if (!this.#options.isRandom)
      return page < this.#filled[task]! ? tagOf(page + 1, this.#length) : 0;
    const bits = this.#written[task]!;
    let count = 0;
    for (let at = page * (WORDS64 / 8); at < (page + 1) * (WORDS64 / 8); at++)
      for (let byte = bits[at]!; byte !== 0; byte &= byte - 1) count += 1;
    if (count === 0) return 0;
    // Word 0 of the mapping is 0: written alone it leaves a page of zeros.
    if (page === 0 && count === 1 && (bits[0]! & 1) === 1) return 0;
    return tagOf(count, Math.max(32, Math.ceil((this.#length * count) / WORDS64)));
  }

  /** A task that is killed has not written the rest. */
  #noteFilled(task: number, page: VirtualPage): void {
    this.#filled[task] = Math.max(this.#filled[task]!, page + 1);
  }

  dropped(_task: number, _page: VirtualPage): void {
    // usemem drops nothing.
  }

  samples(): readonly ContentSample[] {
    const bytes = Buffer.from(new ArrayBuffer(PAGE_SIZE));
    this.#writeAll(Math.min(1, this.pagesPerTask - 1) as VirtualPage, bytes);
    return [{ label: 'words', bytes }];
  }

  setSampleLengths(lengths: readonly number[]): void {
    this.#length = lengths[0]!;
  }

  /** usemem's own lines. */
  report(times: WorkloadTimes): readonly string[] {
    const accesses = this.#options.sizeBytes / 8;
    const bytes = this.#options.sizeBytes / 8 + 8 * accesses;
    const lines: string[] = [];
    if (this.#options.initTime) {
      const usecs = Math.floor(times.initNs / 1000);
      lines.push(`the initialization time is ${Math.floor(usecs / 1e6)} secs ${usecs % 1e6} usecs`);
    }
    for (const accessNs of times.accessNs) {
      const usecs = Math.max(1, Math.floor(accessNs / 1000));
      const rate = Math.floor(Math.floor((bytes * 1e6) / 1024) / usecs);
      lines.push(`${bytes} bytes / ${usecs} usecs = ${rate} KB/s`);
    }
    for (const freeNs of times.freeNs)
      lines.push(`${Math.floor(freeNs / 1000)} usecs to free memory`);
    return lines;
  }

  #fillInOrder(batch: OperationBatch, task: number, left: number): void {
    const count = Math.min(left, TURN_PAGES, batch.page.length);
    for (let i = 0; i < count; i++) {
      batch.kind[i] = OP.write;
      batch.task[i] = task;
      batch.page[i] = this.#done[task]! + i;
    }
    batch.count = count;
  }

  #fillRandom(batch: OperationBatch, task: number, left: number): void {
    const count = Math.min(left, TURN_WORDS, batch.page.length);
    const words = this.pagesPerTask * WORDS64;
    const stream = this.#streams[task]!;
    for (let i = 0; i < count; i++) {
      const index = Math.floor(((words - 1) * stream.next()) / 0x80000000);
      batch.kind[i] = OP.modify;
      batch.task[i] = task;
      batch.page[i] = Math.floor(index / WORDS64);
      this.#turnWords[i] = index % WORDS64;
    }
    this.#applied = 0;
    batch.count = count;
  }

  /** The word of the next `modify`; a turn has one task, so they come in order. */
  #nextWord(task: number, page: VirtualPage): number {
    const word = this.#turnWords[this.#applied++]!;
    this.#written[task]![page * (WORDS64 / 8) + (word >>> 3)]! |= 1 << (word & 7);
    return word;
  }

  #writeAll(page: VirtualPage, bytes: Uint8Array): void {
    const words = this.#view.of(bytes);
    let at = bytes.byteOffset >>> 2;
    const first = page * WORDS64;
    for (let word = 0; word < WORDS64; word++) {
      words[at++] = (first + word) >>> 0;
      words[at++] = Math.floor((first + word) / 0x100000000);
    }
  }

  #writeMarked(task: number, page: VirtualPage, bytes: Uint8Array): void {
    const words = this.#view.of(bytes);
    const start = bytes.byteOffset >>> 2;
    words.fill(0, start, start + WORDS_PER_PAGE);
    const bits = this.#written[task]!;
    for (let word = 0; word < WORDS64; word++) {
      if ((bits[page * (WORDS64 / 8) + (word >>> 3)]! & (1 << (word & 7))) === 0) continue;
      const index = page * WORDS64 + word;
      words[start + word * 2] = index >>> 0;
      words[start + word * 2 + 1] = Math.floor(index / 0x100000000);
    }
  }
}

function tagOf(identity: number, length: number): number {
  return (((identity & 0x7ffff) << TAG_LENGTH_BITS) | length) >>> 0;
}
