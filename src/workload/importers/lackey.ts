/**
 * Traces of valgrind's lackey: a line for each load, store and instruction of a program.
 *
 * `I  04001090,3`, ` L 1ffeffe7e0,8`, ` S …`, ` M …` (a load and a store by one instruction): address
 * in hexadecimal, length in decimal bytes. Lines of valgrind's own (`==PID==`, `--PID--`, `**PID**`)
 * stand between them. Threads and, unless they exec, forked children write into one stream.
 * @source valgrind 3.19 lackey/lk_main.c: trace_instr, trace_load, trace_store, trace_modify
 */
import { clipped } from '../../units/index.ts';
import { ACCESS, type AccessSink, type Importer, type ImportRequest } from './importer.ts';
import { forEachLine, lineError, lineText } from './lines.ts';

const BLANK = 0x20;
const COMMA = 0x2c;
const INSTRUCTION = 0x49;
const LOAD = 0x4c;
const STORE = 0x53;
const MODIFY = 0x4d;
/** First letters of valgrind's own lines: `=`, `-`, `*`. */
const OWN_LINES: readonly number[] = [0x3d, 0x2d, 0x2a];

/** A 64-bit address; its page number is a safe integer. */
const ADDRESS_DIGITS_MAX = 16;
/** Bytes of the longest access. assumed: lackey's own limit is 512, and whole register sets have KiB */
const ACCESS_BYTES_MAX = 65536;

const RECORDING = `Record one (valgrind writes a line for each access: seconds become hours, and gigabytes):
  valgrind --tool=lackey --trace-mem=yes --log-file=node.lackey node -e 1
Without a file between:
  valgrind --tool=lackey --trace-mem=yes --log-fd=9 node -e 1 9>&1 1>/dev/null | swaplab import lackey -
Code is backed by files and is not swapped: instruction lines are left out but with --instructions.`;

export const lackey: Importer = {
  summary: "a program's loads and stores, recorded with valgrind --tool=lackey --trace-mem=yes",
  recording: RECORDING,
  options: [
    { flags: '--instructions', text: 'count what instructions are fetched from as reads, too' },
  ],
  async read(request, sink) {
    const reader = new LackeyReader(request, sink);
    await forEachLine(request.input, request.source, (bytes, start, end, lineNumber) => {
      reader.line(bytes, start, end, lineNumber);
    });
  },
};

class LackeyReader {
  readonly #source: string;
  readonly #sink: AccessSink;
  readonly #hasInstructions: boolean;

  constructor({ source, options }: ImportRequest, sink: AccessSink) {
    this.#source = source;
    this.#sink = sink;
    this.#hasInstructions = options['instructions'] === true;
  }

  line(bytes: Uint8Array, start: number, end: number, lineNumber: number): void {
    const first = bytes[start];
    if (first === BLANK && end - start > 3) {
      const letter = bytes[start + 1];
      const isStore = letter === STORE || letter === MODIFY;
      if ((isStore || letter === LOAD) && bytes[start + 2] === BLANK) {
        if (this.#access(bytes, start + 3, end, isStore)) return;
      }
    } else if (first === INSTRUCTION) {
      // Of those that are left out, address and length are not looked at.
      if (!this.#hasInstructions && bytes[start + 1] === BLANK) return;
      if (bytes[start + 1] === BLANK && bytes[start + 2] === BLANK)
        if (this.#access(bytes, start + 3, end, false)) return;
    } else if (start === end || (first === bytes[start + 1] && OWN_LINES.includes(first!))) {
      return;
    }
    throw lineError(
      this.#source,
      lineNumber,
      `'${clipped(lineText(bytes, start, end))}' is no line of lackey's; ` +
        "accepted: 'I  ADDRESS,LENGTH', ' L ADDRESS,LENGTH', the same with S and M, ==PID== …",
    );
  }

  /** Reads `ADDRESS,LENGTH`. @returns false for what is none */
  #access(bytes: Uint8Array, start: number, end: number, isStore: boolean): boolean {
    let at = start;
    // The last three digits are the place within the page: they follow the others.
    let [page, last, beforeLast, thirdLast] = [0, 0, 0, 0];
    for (; at < end; at++) {
      const digit = hexDigit(bytes[at]!);
      if (digit < 0) break;
      page = page * 16 + thirdLast;
      thirdLast = beforeLast;
      beforeLast = last;
      last = digit;
    }
    const digits = at - start;
    if (digits === 0 || digits > ADDRESS_DIGITS_MAX || bytes[at] !== COMMA) return false;
    const lengthStart = ++at;
    let length = 0;
    for (; at < end; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9 || length > ACCESS_BYTES_MAX) return false;
      length = length * 10 + digit;
    }
    if (at === lengthStart || length > ACCESS_BYTES_MAX) return false;
    const offset = (thirdLast << 8) | (beforeLast << 4) | last;
    const kind = isStore ? ACCESS.store : ACCESS.read;
    const lastPage = page + ((offset + Math.max(1, length) - 1) >> 12);
    for (let each = page; each <= lastPage; each++) this.#sink.access(each, kind, 0);
    return true;
  }
}

/** -1 for what is none. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57;
  return -1;
}
