/**
 * Reads an access trace: every byte is checked before anything is made of it, so that what is
 * truncated or damaged is an error that names the place.
 */
import { createHash } from 'node:crypto';
import { PAGE_SIZE, UsageError } from '../../units/index.ts';
import { ACCESS } from '../importers/importer.ts';
import { PAGES_MAX } from '../trace.ts';
import {
  ACCESS_PHASES_MAX,
  ACCESS_TRACE_VERSION,
  HEADER,
  isAccessTrace,
  LABEL_BYTES_MAX,
  PAGE_NUMBER_BYTES,
  parseContentModel,
  TLB_ENTRIES_MAX,
} from './format.ts';

/** A run of operations. */
export interface AccessPhase {
  readonly label: string;
  readonly count: number;
  /** Offset of its first operation in the file. */
  readonly offset: number;
  /** Page id that the first operation's difference is to. */
  readonly lastId: number;
  /** Operations before it. */
  readonly start: number;
}

export interface AccessTrace {
  readonly bytes: Uint8Array;
  readonly phases: readonly AccessPhase[];
  readonly operations: number;
  /** By page id: its page of the mapping, which has the pages by their numbers, without gaps. */
  readonly pageOf: Uint32Array;
  /** By page of the mapping: its number in what was traced. */
  readonly originals: Float64Array;
  /** As it stands in the file. */
  readonly content: string;
  readonly tlbEntries: number;
  /** Compressed lengths that writes name, ascending. */
  readonly lengths: readonly number[];
}

/**
 * Reads an access trace.
 * @param bytes - the whole file; stays in use
 * @param source - what to call it in errors
 * @throws UsageError that names the offset of what is wrong
 */
export function parseAccessTrace(bytes: Uint8Array, source: string): AccessTrace {
  return new Parser(bytes, source).parse();
}

class Parser {
  readonly #bytes: Buffer;
  readonly #source: string;
  readonly #lengthSeen = new Uint8Array(PAGE_SIZE + 1);
  #at = HEADER.bytes;
  #lastId = 0;

  constructor(bytes: Uint8Array, source: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#source = source;
  }

  parse(): AccessTrace {
    const bytes = this.#bytes;
    if (!isAccessTrace(bytes)) this.#fail(0, 'is no access trace; swaplab import makes them');
    if (bytes.length < HEADER.bytes) this.#fail(bytes.length, 'ends in the header');
    const version = bytes.readUInt32LE(HEADER.version);
    if (version !== ACCESS_TRACE_VERSION)
      this.#fail(HEADER.version, `has version ${version}; accepted: ${ACCESS_TRACE_VERSION}`);
    const fileBytes = this.#wide(HEADER.fileBytes, 'length of the file', Number.MAX_SAFE_INTEGER);
    if (bytes.length !== fileBytes)
      this.#fail(bytes.length, `has ${bytes.length} bytes where its header says ${fileBytes}`);
    const tlbEntries = bytes.readUInt32LE(HEADER.tlbEntries);
    if (tlbEntries > TLB_ENTRIES_MAX)
      this.#fail(HEADER.tlbEntries, `entries of the TLB: ${tlbEntries}`);
    const content = this.#content();
    const phasesOffset = this.#wide(HEADER.phasesOffset, 'offset of the phases', bytes.length);
    // Every operation has a byte and every page has eight: nothing is allocated for more.
    const operations = this.#wide(HEADER.operations, 'operations', phasesOffset);
    const pageCount = bytes.readUInt32LE(HEADER.pages);
    const pagesOffset = bytes.length - pageCount * PAGE_NUMBER_BYTES;
    if (pageCount === 0 || pageCount > PAGES_MAX || pagesOffset < phasesOffset)
      this.#fail(HEADER.pages, `pages: ${pageCount}`);
    const listed = this.#phases(phasesOffset, pagesOffset);
    const phases = listed.map(({ label, count }) => this.#scan(label, count, pageCount));
    if (this.#at !== phasesOffset) this.#fail(this.#at, 'has operations that belong to no phase');
    let start = 0;
    const placed = phases.map((phase) => ({
      ...phase,
      start: (start += phase.count) - phase.count,
    }));
    if (start !== operations)
      this.#fail(HEADER.operations, `operations: ${operations}, not ${start}`);
    const table = this.#pageTable(pagesOffset, pageCount);
    this.#checkDigest();
    const lengths = [...this.#lengthSeen.keys()].filter((length) => this.#lengthSeen[length] === 1);
    return { bytes, phases: placed, operations, ...table, content, tlbEntries, lengths };
  }

  #content(): string {
    const end = HEADER.content + HEADER.contentBytes;
    const content = this.#bytes.toString('latin1', HEADER.content, end).replace(/\0+$/, '');
    if (parseContentModel(content) === null) this.#fail(HEADER.content, `content: '${content}'`);
    return content;
  }

  #phases(offset: number, end: number): { readonly label: string; readonly count: number }[] {
    const count = this.#bytes.readUInt32LE(HEADER.phases);
    if (count === 0 || count > ACCESS_PHASES_MAX) this.#fail(HEADER.phases, `phases: ${count}`);
    let at = offset;
    const phases = Array.from({ length: count }, () => {
      if (at + 10 > end) this.#fail(at, 'ends in the phases');
      const labelBytes = this.#bytes.readUInt16LE(at + 8);
      const labelEnd = at + 10 + labelBytes;
      if (labelBytes > LABEL_BYTES_MAX || labelEnd > end)
        this.#fail(at + 8, `length of a label: ${labelBytes}`);
      const phase = {
        count: this.#wide(at, 'operations of a phase', offset),
        label: this.#bytes.toString('utf8', at + 10, labelEnd),
      };
      at = labelEnd;
      return phase;
    });
    if (at !== end) this.#fail(at, 'has something between phases and pages');
    return phases;
  }

  /** Looks at all operations of a phase. */
  #scan(label: string, count: number, pageCount: number): Omit<AccessPhase, 'start'> {
    const phase = { label, count, offset: this.#at, lastId: this.#lastId };
    for (let operation = 0; operation < count; operation++) {
      const at = this.#at;
      const word = this.#varint();
      const zigzag = word >>> 2;
      this.#lastId += (zigzag >>> 1) ^ -(zigzag & 1);
      if (this.#lastId < 0 || this.#lastId >= pageCount)
        this.#fail(at, `is an operation on page ${this.#lastId} of ${pageCount}`);
      if ((word & 3) !== ACCESS.write) continue;
      const length = this.#varint();
      if (length > PAGE_SIZE) this.#fail(at, `is a write of ${length} compressed bytes`);
      if (length > 0) this.#lengthSeen[length] = 1;
    }
    return phase;
  }

  #varint(): number {
    const end = this.#bytes.length;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.#at >= end) this.#fail(this.#at, 'ends in the operations');
      const byte = this.#bytes[this.#at++]!;
      if (shift === 28 && byte > 15) this.#fail(this.#at - 1, 'has a number above 32 bits');
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    return this.#fail(this.#at - 1, 'has a number above 32 bits');
  }

  #pageTable(
    offset: number,
    count: number,
  ): { readonly pageOf: Uint32Array; readonly originals: Float64Array } {
    const byId = new Float64Array(count);
    for (let id = 0; id < count; id++)
      byId[id] = this.#wide(offset + id * PAGE_NUMBER_BYTES, 'page', Number.MAX_SAFE_INTEGER);
    const originals = byId.slice().sort();
    for (let page = 1; page < count; page++)
      if (originals[page] === originals[page - 1])
        this.#fail(offset, `has page ${originals[page]!} twice`);
    return { pageOf: Uint32Array.from(byId, (page) => placeIn(originals, page)), originals };
  }

  #checkDigest(): void {
    const digest = createHash('sha256')
      .update(this.#bytes.subarray(HEADER.bytes))
      .update(this.#bytes.subarray(0, HEADER.digest))
      .digest();
    if (!digest.equals(this.#bytes.subarray(HEADER.digest, HEADER.bytes)))
      this.#fail(
        HEADER.digest,
        'is damaged: its contents have another SHA-256 than its header says',
      );
  }

  /** A 64-bit number of the file, at most `max`. */
  #wide(at: number, what: string, max: number): number {
    const value = this.#bytes.readUInt32LE(at) + this.#bytes.readUInt32LE(at + 4) * 2 ** 32;
    if (value > max) this.#fail(at, `${what}: ${value}`);
    return value;
  }

  #fail(at: number, what: string): never {
    throw new UsageError(`${this.#source}: byte ${at}: ${what}`);
  }
}

/** Where a number is in a sorted list that has it. */
function placeIn(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
