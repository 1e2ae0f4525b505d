/**
 * memhog of numactl: fills memory with 0xff, as often as asked.
 * @source numactl memhog.c 93c1fe5 (options, content, dots)
 */
import { PAGE_SIZE, parseSize, UsageError, type VirtualPage } from '../units/index.ts';
import { TAG_LENGTH_BITS } from '../frames/index.ts';
import { PAGES_MAX } from './trace.ts';
import {
  OP,
  type ContentSample,
  type OperationBatch,
  type Phase,
  type Workload,
} from './workload.ts';

export const MEMHOG_USAGE = 'memhog [-rREPEATS] SIZE    (SIZE: 64M, 1g, …)';

/** memhog prints a dot for each of these. */
const DOT_BYTES = 10 * 1024 * 1024;

/** Passes: each is a phase of the result. assumed */
const REPEATS_MAX = 65_536;

/** Reads memhog's own command line. */
export function parseMemhog(args: readonly string[]): MemhogWorkload {
  let repeats = 1;
  const operands: string[] = [];
  for (const arg of args) {
    const match = /^-r(\d+)$/.exec(arg);
    if (match !== null && Number(match[1]) >= 1) {
      repeats = Number(match[1]);
      if (repeats > REPEATS_MAX)
        throw new UsageError(`memhog: '${arg}'; accepted: -r1 to -r${REPEATS_MAX}`);
    } else if (arg.startsWith('-'))
      throw new UsageError(`memhog: option '${arg}' is not supported; usage: ${MEMHOG_USAGE}`);
    else operands.push(arg);
  }
  if (operands.length !== 1)
    throw new UsageError(`memhog: takes one SIZE, not ${operands.length}; usage: ${MEMHOG_USAGE}`);
  const sizeBytes = parseSize(operands[0]!, 'memhog SIZE');
  if (sizeBytes < PAGE_SIZE || sizeBytes % PAGE_SIZE !== 0)
    throw new UsageError(`memhog SIZE: '${operands[0]!}' is no multiple of the page size (4096)`);
  if (sizeBytes / PAGE_SIZE > PAGES_MAX)
    throw new UsageError(`memhog SIZE: '${operands[0]!}' is too much; accepted: up to 1T`);
  return new MemhogWorkload(sizeBytes / PAGE_SIZE, repeats);
}

export class MemhogWorkload implements Workload {
  readonly name = 'memhog';
  readonly taskCount = 1;
  readonly pagesPerTask: number;
  readonly sharedPages = 0;
  readonly phases: readonly Phase[];
  readonly #repeats: number;
  #next = 0;
  /** Pages that hold 0xff. */
  #filled = 0;
  #length = 0;

  constructor(pageCount: number, repeats: number) {
    this.pagesPerTask = pageCount;
    this.#repeats = repeats;
    this.phases = [
      ...Array.from({ length: repeats }, (_, pass): Phase => ({
        kind: 'operations',
        label: `memset ${pass + 1}`,
        fork: false,
        count: pageCount,
      })),
      { kind: 'exit', label: 'exit', task: 0 },
    ];
  }

  startPhase(_index: number): void {
    this.#next = 0;
  }

  fill(batch: OperationBatch): void {
    const count = Math.min(batch.page.length, this.pagesPerTask - this.#next);
    for (let i = 0; i < count; i++) batch.page[i] = this.#next + i;
    batch.kind.fill(OP.write, 0, count);
    batch.task.fill(0, 0, count);
    batch.count = count;
    this.#next += count;
  }

  apply(_kind: number, _task: number, page: VirtualPage, bytes: Uint8Array): void {
    bytes.fill(0xff);
    this.#filled = Math.max(this.#filled, page + 1);
  }

  applyTag(_kind: number, _task: number, page: VirtualPage, _tag: number): number {
    this.#filled = Math.max(this.#filled, page + 1);
    return this.expectedTag(0, page);
  }

  expected(_task: number, page: VirtualPage, bytes: Uint8Array): void {
    bytes.fill(page < this.#filled ? 0xff : 0);
  }

  expectedTag(_task: number, page: VirtualPage): number {
    return page < this.#filled ? ((1 << TAG_LENGTH_BITS) | this.#length) >>> 0 : 0;
  }

  dropped(_task: number, _page: VirtualPage): void {
    // memhog drops nothing.
  }

  samples(): readonly ContentSample[] {
    return [{ label: 'fill:ff', bytes: Buffer.alloc(PAGE_SIZE, 0xff) }];
  }

  setSampleLengths(lengths: readonly number[]): void {
    this.#length = lengths[0]!;
  }

  report(): readonly string[] {
    const dots = '.'.repeat(Math.ceil((this.pagesPerTask * PAGE_SIZE) / DOT_BYTES));
    return Array.from({ length: this.#repeats }, () => dots);
  }
}
