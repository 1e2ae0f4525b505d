/**
 * Writes an access trace while it is imported: memory for each distinct page and one part of the
 * output, nothing for each access. The header is written last, when its counts are known.
 */
import { createHash } from 'node:crypto';
import { assert, clipped, grown, UsageError } from '../../units/index.ts';
import { ACCESS, type AccessKind, type AccessSink } from '../importers/importer.ts';
import { PAGES_MAX } from '../trace.ts';
import {
  ACCESS_PHASES_MAX,
  ACCESS_TRACE_BYTES_MAX,
  ACCESS_TRACE_MAGIC,
  ACCESS_TRACE_VERSION,
  HEADER,
  LABEL_BYTES_MAX,
  PAGE_NUMBER_BYTES,
} from './format.ts';
import { PageIds } from './page-ids.ts';
import { Tlb } from './tlb.ts';

/** Bytes that go out at once. assumed */
const PART_BYTES = 1 << 18;
/** Bytes of the longest operation: page and kind, then a length. */
const OPERATION_BYTES_MAX = 8;

/** Label of what comes before the importer tells of a phase. */
const UNTOLD = 'accesses';

/** What is known of a page, by id. */
const PAGE = { isThere: 1, isWritten: 2 } as const;

/** Where an access trace goes. */
export interface AccessTraceOutput {
  /** Takes bytes for place `at`, which are the writer's again when it returns. */
  write(bytes: Uint8Array, at: number): void;
}

export interface AccessTraceOptions {
  /** What is imported, for errors. */
  readonly source: string;
  /** Entries of the TLB that hides accesses; 0: all are kept. */
  readonly tlbEntries: number;
  /** As `parseContentModel` takes it. */
  readonly content: string;
  /** Into how many parts of equal length a trace without phases of its own is cut. */
  readonly parts: number;
  readonly output: AccessTraceOutput;
  /** Of the file; ACCESS_TRACE_BYTES_MAX. */
  readonly fileBytesMax?: number;
}

/** What came in and what is in the file. */
export interface AccessTraceSummary {
  /** Accesses of what was traced. */
  readonly reads: number;
  readonly stores: number;
  readonly writes: number;
  readonly drops: number;
  /** Operations in the file. */
  readonly kept: number;
  readonly pages: number;
  /** Pages that something was written to. */
  readonly pagesWritten: number;
  readonly phases: readonly string[];
  readonly fileBytes: number;
}

export class AccessTraceWriter implements AccessSink {
  readonly #options: AccessTraceOptions;
  readonly #ids = new PageIds();
  readonly #tlb: Tlb;
  readonly #hash = createHash('sha256');
  readonly #part = Buffer.alloc(PART_BYTES);
  #partBytes = 0;
  /** Place in the output where the part begins. */
  #at: number = HEADER.bytes;
  /** By kind. */
  readonly #counts = new Float64Array(4);
  /** By page id: bits of PAGE. */
  #state: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
  #kept = 0;
  #pagesWritten = 0;
  readonly #phases: { label: string; count: number }[] = [];
  #lastId = 0;
  /** The page of the latest access that a TLB entry is held for, and whether that is dirty. */
  #heldPage = -1;
  #isHeldDirty = false;

  constructor(options: AccessTraceOptions) {
    this.#options = options;
    this.#tlb = new Tlb(options.tlbEntries);
  }

  access(page: number, kind: AccessKind, compressedBytes: number): void {
    this.#counts[kind]! += 1;
    // Most accesses are to the page of the one before: 2 ns instead of 15.
    if (
      page === this.#heldPage &&
      (kind === ACCESS.read || (kind === ACCESS.store && this.#isHeldDirty))
    )
      return;
    this.#note(page, kind, compressedBytes);
  }

  phase(label: string): void {
    const text = clippedLabel(label);
    const latest = this.#phases.at(-1);
    if (latest?.count === 0) {
      latest.label = text;
      return;
    }
    if (this.#phases.length === ACCESS_PHASES_MAX)
      throw new UsageError(
        `${this.#options.source}: has too many phases; accepted: up to ${ACCESS_PHASES_MAX}`,
      );
    this.#phases.push({ label: text, count: 0 });
  }

  /**
   * Writes what is left.
   * @throws UsageError for a trace without accesses
   */
  finish(): AccessTraceSummary {
    const { source, parts, tlbEntries, content } = this.#options;
    if (this.#kept === 0) throw new UsageError(`${source}: has no accesses`);
    if (this.#phases.at(-1)?.count === 0) this.#phases.pop();
    const phases = this.#hasPhases() ? this.#phases : cut(this.#kept, parts);
    this.#flush();
    const phasesOffset = this.#at;
    for (const { label, count } of phases) this.#putPhase(label, count);
    for (let id = 0; id < this.#ids.count; id++) this.#putPage(this.#ids.pageOf(id));
    this.#flush();
    const [reads, stores, writes, drops] = this.#counts as unknown as [
      number,
      number,
      number,
      number,
    ];
    const header = Buffer.alloc(HEADER.bytes);
    header.set(ACCESS_TRACE_MAGIC);
    header.writeUInt32LE(ACCESS_TRACE_VERSION, HEADER.version);
    header.writeUInt32LE(tlbEntries, HEADER.tlbEntries);
    const wide: [number, number][] = [
      [HEADER.reads, reads],
      [HEADER.stores, stores],
      [HEADER.writes, writes],
      [HEADER.drops, drops],
      [HEADER.operations, this.#kept],
      [HEADER.phasesOffset, phasesOffset],
      [HEADER.fileBytes, this.#at],
    ];
    for (const [at, value] of wide) header.writeBigUInt64LE(BigInt(value), at);
    header.writeUInt32LE(this.#ids.count, HEADER.pages);
    header.writeUInt32LE(phases.length, HEADER.phases);
    assert(content.length <= HEADER.contentBytes, 'a content model is short');
    header.write(content, HEADER.content, 'latin1');
    this.#hash.update(header.subarray(0, HEADER.digest));
    this.#hash.digest().copy(header, HEADER.digest);
    this.#options.output.write(header, 0);
    return {
      ...{ reads, stores, writes, drops, kept: this.#kept, pages: this.#ids.count },
      ...{ pagesWritten: this.#pagesWritten, phases: phases.map(({ label }) => label) },
      fileBytes: this.#at,
    };
  }

  /** The importer told of some. */
  #hasPhases(): boolean {
    return this.#phases.length > 1 || this.#phases[0]!.label !== UNTOLD;
  }

  #note(page: number, kind: AccessKind, compressedBytes: number): void {
    assert(Number.isSafeInteger(page) && page >= 0, 'a page number is a whole number');
    assert(compressedBytes >= 0 && compressedBytes <= 4096, 'a page compresses to a page at most');
    if (kind === ACCESS.drop) {
      this.#drop(page);
      return;
    }
    const id = this.#take(page);
    const state = this.#state[id]!;
    // A write is another content, whatever a CPU holds of the page.
    const isHit = this.#tlb.access(id, kind !== ACCESS.read) && kind !== ACCESS.write;
    if (this.#options.tlbEntries > 0) {
      this.#isHeldDirty = kind !== ACCESS.read || (page === this.#heldPage && this.#isHeldDirty);
      this.#heldPage = page;
    }
    if (isHit) return;
    const isFirst = (state & PAGE.isWritten) === 0 && kind !== ACCESS.read;
    if (isFirst) this.#pagesWritten += 1;
    this.#state[id] = state | PAGE.isThere | (kind === ACCESS.read ? 0 : PAGE.isWritten);
    // The first store must leave something in the page that can be compressed.
    this.#put(id, isFirst ? ACCESS.write : kind, compressedBytes);
  }

  #drop(page: number): void {
    const id = this.#ids.find(page);
    if (id < 0 || this.#state[id] === 0) return;
    this.#state[id] = 0;
    this.#tlb.forget(id);
    if (this.#heldPage === page) this.#heldPage = -1;
    this.#put(id, ACCESS.drop, 0);
  }

  #take(page: number): number {
    const id = this.#ids.take(page);
    if (id >= this.#state.length) {
      if (id >= PAGES_MAX)
        throw new UsageError(
          `${this.#options.source}: touches too many pages; accepted: up to ${PAGES_MAX}`,
        );
      this.#state = grown(this.#state, 2 * id);
    }
    return id;
  }

  #put(id: number, kind: AccessKind, compressedBytes: number): void {
    if (this.#phases.length === 0) this.#phases.push({ label: UNTOLD, count: 0 });
    this.#phases.at(-1)!.count += 1;
    this.#kept += 1;
    const delta = id - this.#lastId;
    this.#lastId = id;
    if (this.#partBytes + OPERATION_BYTES_MAX > PART_BYTES) this.#flush();
    // Zigzag (2d or -2d-1) above two bits of kind; a product, for the sum may have all 32 bits.
    this.#putVarint((delta < 0 ? -8 * delta - 4 : 8 * delta) + kind);
    if (kind === ACCESS.write) this.#putVarint(compressedBytes);
  }

  #putVarint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#part[this.#partBytes++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#part[this.#partBytes++] = rest;
  }

  #putPhase(label: string, count: number): void {
    const bytes = Buffer.from(label);
    this.#makeRoom(8 + 2 + bytes.length);
    this.#part.writeBigUInt64LE(BigInt(count), this.#partBytes);
    this.#part.writeUInt16LE(bytes.length, this.#partBytes + 8);
    bytes.copy(this.#part, this.#partBytes + 10);
    this.#partBytes += 10 + bytes.length;
  }

  #putPage(page: number): void {
    this.#makeRoom(PAGE_NUMBER_BYTES);
    this.#part.writeUInt32LE(page % 2 ** 32, this.#partBytes);
    this.#part.writeUInt32LE(Math.floor(page / 2 ** 32), this.#partBytes + 4);
    this.#partBytes += PAGE_NUMBER_BYTES;
  }

  #makeRoom(lengthBytes: number): void {
    if (this.#partBytes + lengthBytes > PART_BYTES) this.#flush();
  }

  #flush(): void {
    const bytes = this.#part.subarray(0, this.#partBytes);
    const { source, fileBytesMax = ACCESS_TRACE_BYTES_MAX } = this.#options;
    if (this.#at + bytes.length > fileBytesMax)
      throw new UsageError(
        `${source}: makes an access trace that is too long; accepted: up to ${fileBytesMax} bytes ` +
          `(a larger --tlb keeps less)`,
      );
    this.#hash.update(bytes);
    this.#options.output.write(bytes, this.#at);
    this.#at += bytes.length;
    this.#partBytes = 0;
  }
}

/** Parts of about equal length. */
function cut(operations: number, wanted: number): { label: string; count: number }[] {
  const parts = Math.min(wanted, operations);
  return Array.from({ length: parts }, (_, part) => ({
    label: parts === 1 ? UNTOLD : `part ${part + 1} of ${parts}`,
    count: Math.floor((operations * (part + 1)) / parts) - Math.floor((operations * part) / parts),
  }));
}

/** A label that a line of a terminal holds. */
function clippedLabel(label: string): string {
  return clipped(label === '' ? '(no name)' : label, LABEL_BYTES_MAX / 4 - 40);
}
