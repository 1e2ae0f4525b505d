/**
 * Splits a stream of bytes into lines: no string per line, and no copy but of lines that two parts
 * of the stream share. What makes a line is LF, or CR and LF; the last one may do without.
 */
import { clipped, UsageError } from '../../units/index.ts';

/** Bytes of the longest line of a text format; what is longer is no such text. assumed */
export const LINE_BYTES_MAX: number = 1 << 16;

const LF = 10;
const CR = 13;

/**
 * Takes one line: bytes `start` to `end` (exclusive, without its end of line) of `bytes`, which are
 * the visitor's until it returns.
 * @param lineNumber - from 1
 * @returns false to end the reading
 */
export type LineVisitor = (
  bytes: Uint8Array,
  start: number,
  end: number,
  lineNumber: number,
) => unknown;

/**
 * Hands every line of a stream to `visit`, empty ones too.
 * @param source - what to call the stream in errors
 * @returns how many lines were visited
 * @throws UsageError for a line of more than LINE_BYTES_MAX bytes, and what `visit` throws
 */
export async function forEachLine(
  input: AsyncIterable<Uint8Array>,
  source: string,
  visit: LineVisitor,
): Promise<number> {
  const splitter = new Splitter(source, visit);
  for await (const bytes of input) {
    splitter.take(bytes);
    if (splitter.isEnded) break;
  }
  return splitter.finish();
}

class Splitter {
  readonly #source: string;
  readonly #visit: LineVisitor;
  #lineNumber = 0;
  /** What the parts before hold of a line that has not ended. */
  #begun: Uint8Array[] = [];
  #begunBytes = 0;
  #isEnded = false;

  constructor(source: string, visit: LineVisitor) {
    this.#source = source;
    this.#visit = visit;
  }

  /** The visitor wants no more. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  take(bytes: Uint8Array): void {
    let start = 0;
    if (this.#begunBytes > 0) {
      const end = bytes.indexOf(LF);
      this.#keep(end < 0 ? bytes : bytes.subarray(0, end));
      if (end < 0) return;
      this.#visitBegun();
      start = end + 1;
    }
    if (this.#isEnded) return;
    start = this.#visitWhole(bytes, start);
    if (start < bytes.length) this.#keep(bytes.subarray(start));
  }

  finish(): number {
    if (this.#begunBytes > 0) this.#visitBegun();
    return this.#lineNumber;
  }

  /**
   * Visits all lines that end in `bytes`. A loop of its own over locals: lines are short, and a call
   * of indexOf costs as much as 50 letters.
   * @returns where the line begins that does not end there
   */
  #visitWhole(bytes: Uint8Array, from: number): number {
    const visit = this.#visit;
    const length = bytes.length;
    let start = from;
    let lineNumber = this.#lineNumber;
    for (let at = from; at < length; at++) {
      if (bytes[at] !== LF) continue;
      lineNumber += 1;
      if (at - start > LINE_BYTES_MAX + 1) throw this.#tooLong(lineNumber);
      this.#isEnded = visit(bytes, start, trimmedEnd(bytes, start, at), lineNumber) === false;
      start = at + 1;
      if (!this.#isEnded) continue;
      start = length;
      break;
    }
    this.#lineNumber = lineNumber;
    return start;
  }

  #visitBegun(): void {
    const line = Buffer.concat(this.#begun);
    this.#begun = [];
    this.#begunBytes = 0;
    this.#lineNumber += 1;
    const end = trimmedEnd(line, 0, line.length);
    this.#isEnded = this.#visit(line, 0, end, this.#lineNumber) === false;
  }

  #keep(part: Uint8Array): void {
    this.#begunBytes += part.length;
    if (this.#begunBytes > LINE_BYTES_MAX + 1) throw this.#tooLong(this.#lineNumber + 1);
    // A copy: who reads a stream may use its part again for what comes next.
    this.#begun.push(new Uint8Array(part));
  }

  #tooLong(lineNumber: number): Error {
    return lineError(this.#source, lineNumber, `is longer than ${LINE_BYTES_MAX} bytes`);
  }
}

/** Where the line ends without the CR of a CR LF. */
function trimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  return end > start && bytes[end - 1] === CR ? end - 1 : end;
}

/** The letters of a line, for errors and for what is read seldom. */
export function lineText(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}

/** The error about a line: `SOURCE:NUMBER: what`. */
export function lineError(source: string, lineNumber: number, what: string): UsageError {
  return new UsageError(`${source}:${lineNumber}: ${clipped(what, 1000)}`);
}
