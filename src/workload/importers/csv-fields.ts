/**
 * The fields of a line of comma-separated values, as libCacheSim's reader takes them: spaces and tabs
 * around a field do not count; a field in double quotes may hold the delimiter, and a quote twice
 * for one. A field ends with its line: no quoted ends of lines.
 * @source libCacheSim (commit aa0fc40) libCacheSim/traceReader/generalReader/libcsv.c, csv.c
 */
import { lineText } from './lines.ts';

const QUOTE = 34;
const SPACE = 32;
const TAB = 9;

export class CsvFields {
  readonly #delimiter: number;
  readonly #begins: Uint32Array;
  readonly #ends: Uint32Array;
  #bytes: Uint8Array = new Uint8Array(0);

  /**
   * @param delimiter - one ASCII character
   * @param columns - how many columns are of interest; those behind are not looked at
   */
  constructor(delimiter: string, columns: number) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#begins = new Uint32Array(columns);
    this.#ends = new Uint32Array(columns);
  }

  /**
   * Takes a line.
   * @returns how many of the columns it has; -1 when a quote is not closed
   */
  split(bytes: Uint8Array, start: number, end: number): number {
    this.#bytes = bytes;
    let count = 0;
    let at = start;
    while (count < this.#begins.length) {
      while (at < end && this.#isBlank(bytes[at]!)) at++;
      const stop =
        at < end && bytes[at] === QUOTE
          ? this.#quoted(count, at, end)
          : this.#plain(count, at, end);
      if (stop < 0) return -1;
      count += 1;
      if (stop >= end) break;
      at = stop + 1;
    }
    return count;
  }

  /** The bytes of a field (column from 0): where it begins and ends, quotes left out. */
  begin(column: number): number {
    return this.#begins[column]!;
  }

  end(column: number): number {
    return this.#ends[column]!;
  }

  text(column: number): string {
    const text = lineText(this.#bytes, this.#begins[column]!, this.#ends[column]!);
    return text.includes('""') ? text.replaceAll('""', '"') : text;
  }

  #isBlank(byte: number): boolean {
    return (byte === SPACE || byte === TAB) && byte !== this.#delimiter;
  }

  #plain(column: number, start: number, end: number): number {
    let at = start;
    while (at < end && this.#bytes[at] !== this.#delimiter) at++;
    let last = at;
    while (last > start && this.#isBlank(this.#bytes[last - 1]!)) last--;
    this.#begins[column] = start;
    this.#ends[column] = last;
    return at;
  }

  #quoted(column: number, start: number, end: number): number {
    let at = start + 1;
    while (at < end) {
      if (this.#bytes[at] !== QUOTE) at += 1;
      else if (this.#bytes[at + 1] === QUOTE && at + 1 < end) at += 2;
      else break;
    }
    if (at >= end) return -1;
    this.#begins[column] = start + 1;
    this.#ends[column] = at;
    at += 1;
    while (at < end && this.#isBlank(this.#bytes[at]!)) at++;
    return at === end || this.#bytes[at] === this.#delimiter ? at : -1;
  }
}

/** What a file may be delimited by, by how common it is. @source csv.c csv_detect_delimiter() */
const delimiters = ['\t', ',', '|', ':'] as const;

/** The delimiter that a first line suggests; null when it has none. */
export function detectDelimiter(firstLine: string): string | null {
  let best: string | null = null;
  let most = 0;
  delimiters.forEach((delimiter, i) => {
    const score = (firstLine.split(delimiter).length - 1) * (delimiters.length - i);
    if (score > most) [best, most] = [delimiter, score];
  });
  return best;
}

/** Whether a first line names columns: it has no more digits than letters. @source csv.c */
export function detectHeader(firstLine: string): boolean {
  const digits = firstLine.match(/[0-9]/g)?.length ?? 0;
  const letters = firstLine.match(/[A-Za-z]/g)?.length ?? 0;
  return digits <= letters;
}
