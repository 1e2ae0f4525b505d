/** An access trace as a workload: one task whose mapping has the traced pages, without gaps. */
import { assert, PAGE_SIZE, type VirtualPage } from '../../units/index.ts';
import { ContentTags } from '../content-tags.ts';
import { ContentWriter, WORDS_PER_PAGE, type Content } from '../content.ts';
import { ACCESS } from '../importers/importer.ts';
import { PageRecords } from '../page-records.ts';
import {
  OP,
  type ContentSample,
  type OperationBatch,
  type Phase,
  type Workload,
} from '../workload.ts';
import type { AccessTrace } from './access-trace.ts';
import { parseContentModel } from './format.ts';

/** By kind of access: what it does to the page. */
const OP_OF: Readonly<Record<number, number>> = {
  [ACCESS.read]: OP.read,
  [ACCESS.store]: OP.modify,
  [ACCESS.write]: OP.write,
  [ACCESS.drop]: OP.drop,
};
/** In place of a number of words: the trace's content model. */
const MODEL = WORDS_PER_PAGE + 1;
const ZERO: Content = { kind: 'zero' };

/**
 * Random words of a page, zeros behind, that lz4 makes `lengthBytes` long: within 4 bytes from 32 to
 * 4095, measured with lz4-napi 2.10 over all 1025 pages (some 29 bytes of matches and tokens, and a byte
 * for some 270 of literals).
 */
export function wordsOfLength(lengthBytes: number): number {
  if (lengthBytes >= PAGE_SIZE) return WORDS_PER_PAGE;
  return Math.max(0, Math.round(((lengthBytes - 29.3) * 270) / 271 / 4));
}

export class AccessWorkload implements Workload {
  readonly name = 'accesses';
  readonly taskCount = 1;
  readonly pagesPerTask: number;
  readonly sharedPages = 0;
  readonly phases: readonly Phase[];
  readonly #trace: AccessTrace;
  readonly #writer = new ContentWriter(null);
  readonly #records: PageRecords;
  readonly #tags: ContentTags;
  /** By words of a `mix`, and MODEL. */
  readonly #contents: readonly Content[];
  /** By page: which of the contents its last writer wrote. */
  readonly #contentOf: Uint16Array;
  readonly #kindOf = Uint8Array.from([0, 1, 2, 3], (kind) => OP_OF[kind]!);
  /** The batch that was filled last, and for each of its operations which content it writes. */
  #batch: OperationBatch | null = null;
  #written: Uint16Array = new Uint16Array(0);
  /** Number of the batch's first operation; from 1, of the whole trace. */
  #firstNumber = 1;
  /** Where the next batch begins. */
  #offset = 0;
  #lastId = 0;
  #left = 0;
  #number = 1;

  constructor(trace: AccessTrace) {
    this.#trace = trace;
    this.pagesPerTask = trace.originals.length;
    this.phases = trace.phases.map(({ label, count }) => ({
      ...{ kind: 'operations', label, fork: false, count },
    }));
    const model = parseContentModel(trace.content);
    assert(model !== null, 'the content model of a trace that was read is one');
    const mixes = Array.from({ length: MODEL }, (_, words): Content => ({ kind: 'mix', words }));
    this.#contents = [...mixes, model];
    this.#contentOf = new Uint16Array(this.pagesPerTask);
    this.#records = new PageRecords([this.pagesPerTask], this.#writer);
    const used = new Set(trace.lengths.map(wordsOfLength));
    this.#tags = new ContentTags([model, ...[...used].map((words) => mixes[words]!)], this.#writer);
  }

  startPhase(index: number): void {
    const phase = this.#trace.phases[index];
    assert(phase !== undefined, 'phases are counted from 0');
    this.#offset = phase.offset;
    this.#lastId = phase.lastId;
    this.#left = phase.count;
    this.#number = phase.start + 1;
  }

  fill(batch: OperationBatch): void {
    const { kind, page } = batch;
    if (this.#written.length < page.length) this.#written = new Uint16Array(page.length);
    const { bytes, pageOf } = this.#trace;
    const count = Math.min(page.length, this.#left);
    // Locals: a field that is read and written for every byte costs three times as much.
    let offset = this.#offset;
    let id = this.#lastId;
    for (let i = 0; i < count; i++) {
      let byte = bytes[offset++]!;
      let word = byte & 0x7f;
      for (let shift = 7; byte >= 0x80; shift += 7) {
        byte = bytes[offset++]!;
        word |= (byte & 0x7f) << shift;
      }
      const zigzag = word >>> 2;
      id += (zigzag >>> 1) ^ -(zigzag & 1);
      page[i] = pageOf[id]!;
      const access = word & 3;
      kind[i] = this.#kindOf[access]!;
      if (access !== ACCESS.write) continue;
      byte = bytes[offset++]!;
      let length = byte & 0x7f;
      if (byte >= 0x80) length |= bytes[offset++]! << 7;
      this.#written[i] = length === 0 ? MODEL : wordsOfLength(length);
    }
    batch.task.fill(0, 0, count);
    batch.count = count;
    this.#batch = batch;
    this.#offset = offset;
    this.#lastId = id;
    this.#left -= count;
    this.#firstNumber = this.#number;
    this.#number += count;
  }

  apply(kind: number, _task: number, page: VirtualPage, bytes: Uint8Array): void {
    const number = this.#note(kind, page);
    if (kind === OP.write)
      this.#writer.write(this.#contents[this.#contentOf[page]!]!, page, number, bytes);
    else this.#records.changeBytes(bytes, number);
  }

  applyTag(kind: number, _task: number, page: VirtualPage, tag: number): number {
    const number = this.#note(kind, page);
    return kind === OP.write
      ? this.#tags.written(this.#contents[this.#contentOf[page]!]!, page, number)
      : this.#tags.changed(tag, number);
  }

  expected(_task: number, page: VirtualPage, bytes: Uint8Array): void {
    this.#records.expected(0, page, this.#contentAt(page), bytes);
  }

  expectedTag(_task: number, page: VirtualPage): number {
    return this.#records.expectedTag(0, page, this.#contentAt(page), this.#tags);
  }

  dropped(_task: number, page: VirtualPage): void {
    this.#records.drop(0, page);
  }

  samples(): readonly ContentSample[] {
    return this.#tags.samples;
  }

  setSampleLengths(lengths: readonly number[]): void {
    this.#tags.setLengths(lengths);
  }

  /** What the page's last writer wrote; a page that nobody wrote has zeros. */
  #contentAt(page: number): Content {
    if (this.#records.writtenBy(0, page) === 0) return ZERO;
    return this.#contents[this.#contentOf[page]!]!;
  }

  /** Remembers the operation that is being done. @returns its number in the trace */
  #note(kind: number, page: number): number {
    const batch = this.#batch;
    assert(batch !== null, 'a phase has been started');
    const number = this.#firstNumber + batch.at;
    if (kind === OP.write) {
      this.#contentOf[page] = this.#written[batch.at]!;
      this.#records.write(0, page, number);
    } else {
      this.#records.change(0, page, number);
    }
    return number;
  }
}
