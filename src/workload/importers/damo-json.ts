/**
 * Cuts damo's JSON into records and their snapshots while it streams: a record of hours has millions
 * of regions, and each snapshot is parsed, used and forgotten.
 *
 * The document is an array of records, one for each target of each context; a record is an object
 * whose `snapshots` are its last key but for `data_source`.
 * @source damonitor/damo 3.3.0 (commit df6d55f) src/_damo_records.py DamonRecord.to_kvpairs()
 */
import { clipped, UsageError } from '../../units/index.ts';

const QUOTE = 34;
const BACKSLASH = 92;
const OPENING: readonly number[] = [0x5b, 0x7b];
const CLOSING: readonly number[] = [0x5d, 0x7d];
/** How many brackets are open inside of the document, of a record, of its snapshots, of one. */
const DEPTH = { document: 1, record: 2, snapshots: 3, snapshot: 4 } as const;
/** Bytes of the largest piece: a snapshot of some 100 000 regions, which damon cannot have. assumed */
const PIECE_BYTES_MAX = 1 << 25;

export interface DamoJsonVisitor {
  /** @param head - the record's keys before its snapshots; @param text - the same as they came */
  record(head: unknown, text: string): void;
  snapshot(snapshot: unknown): void | Promise<void>;
}

export class DamoJsonCutter {
  readonly #source: string;
  readonly #visitor: DamoJsonVisitor;
  #depth = 0;
  #isString = false;
  #isEscaped = false;
  /** Which part of a record is being read: what is before its snapshots, they, what is behind. */
  #state: 'head' | 'snapshots' | 'tail' = 'head';
  /** What the piece that is being read has so far: a head, or a snapshot; null between. */
  #piece: Buffer[] | null = null;
  #pieceBytes = 0;
  #readBytes = 0;

  constructor(source: string, visitor: DamoJsonVisitor) {
    this.#source = source;
    this.#visitor = visitor;
  }

  async push(part: Uint8Array): Promise<void> {
    /** Where in the part the piece begins that is being read. */
    let start = 0;
    for (let at = 0; at < part.length; at++) {
      const byte = part[at]!;
      if (this.#isString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#isString = false;
      } else if (byte === QUOTE) this.#isString = true;
      else if (OPENING.includes(byte)) {
        this.#depth += 1;
        if (this.#isBeginOfPiece()) [start, this.#piece, this.#pieceBytes] = [at, [], 0];
        else if (this.#depth === DEPTH.snapshots && byte === 0x5b && this.#state === 'head') {
          const text = this.#text(part.subarray(start, at));
          if (/"snapshots"\s*:\s*$/.test(text)) this.#endHead(text);
          // An array before the snapshots: its bracket belongs to the head.
          else [start, this.#piece, this.#pieceBytes] = [at, [Buffer.from(text)], text.length];
        }
      } else if (CLOSING.includes(byte)) {
        this.#depth -= 1;
        if (this.#depth < 0) this.#fail(at, 'closes more brackets than it opens');
        if (
          this.#depth === DEPTH.snapshots &&
          this.#state === 'snapshots' &&
          this.#piece !== null
        ) {
          const text = this.#text(part.subarray(start, at + 1));
          this.#piece = null;
          await this.#visitor.snapshot(this.#parsed(text, at));
        } else if (this.#depth === DEPTH.record && this.#state === 'snapshots')
          this.#state = 'tail';
        else if (this.#depth === DEPTH.document) this.#endRecord(at);
      }
    }
    if (this.#piece !== null) this.#keep(part.subarray(start));
    this.#readBytes += part.length;
  }

  /** @throws UsageError when brackets are left open */
  finish(): void {
    if (this.#depth !== 0 || this.#isString)
      this.#fail(0, 'ends before its last bracket is closed; is it cut short?');
  }

  #isBeginOfPiece(): boolean {
    if (this.#depth === DEPTH.record) {
      this.#state = 'head';
      return true;
    }
    const isSnapshots = this.#state === 'snapshots';
    return this.#depth === DEPTH.snapshot && isSnapshots && this.#piece === null;
  }

  #endHead(text: string): void {
    const head = `${text.replace(/,?\s*"snapshots"\s*:\s*$/, '')}}`;
    this.#piece = null;
    this.#state = 'snapshots';
    this.#visitor.record(this.#parsed(head, 0), head);
  }

  #endRecord(at: number): void {
    if (this.#state === 'head') this.#fail(at, "has a record without 'snapshots'");
  }

  #keep(bytes: Uint8Array): void {
    this.#pieceBytes += bytes.length;
    if (this.#pieceBytes > PIECE_BYTES_MAX)
      this.#fail(0, `has a snapshot of more than ${PIECE_BYTES_MAX} bytes`);
    this.#piece!.push(Buffer.from(bytes));
  }

  #text(last: Uint8Array): string {
    return Buffer.concat([...this.#piece!, last]).toString('utf8');
  }

  #parsed(text: string, at: number): unknown {
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      return this.#fail(at, `is no JSON: ${clipped((error as Error).message)}`);
    }
  }

  #fail(at: number, what: string): never {
    throw new UsageError(
      `${this.#source}: byte ${this.#readBytes + at}: ${what}; accepted: what damo record writes`,
    );
  }
}
