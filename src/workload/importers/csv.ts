/**
 * Traces of caches and block devices as comma-separated values: what libCacheSim's csv reader takes,
 * under its names, and what block traces have beside it: operations, addresses, volumes.
 * @source libCacheSim (commit aa0fc40 of 2024-10-07) libCacheSim/traceReader/generalReader/csv.c,
 *   libCacheSim/bin/cli_reader_utils.c parse_reader_params(), doc/quickstart_cachesim.md
 *
 * As there, requests of size 0 are passed over. Unlike there a field that should be a number and is
 * none is an error, and numbers are decimal or 0x…, never octal. What was there before the trace
 * began comes in with the first access, whatever that is (CachedObjects, CachedRanges).
 */
import { clipped, PAGE_SHIFT, PAGE_SIZE } from '../../units/index.ts';
import { CachedObjects, CachedRanges } from './cached-objects.ts';
import { csvLayout, csvOptions, type CsvLayout } from './csv-columns.ts';
import { CsvFields, detectDelimiter, detectHeader } from './csv-fields.ts';
import { decimal } from './decimal.ts';
import { IdTable } from './id-table.ts';
import { ACCESS, type AccessKind, type AccessSink, type Importer } from './importer.ts';
import { forEachLine, lineError, lineText } from './lines.ts';
import { wholeOption } from './options.ts';
import { PhaseClock } from './phase-clock.ts';

/**
 * What operations are called, in small letters: block traces, memcached's and Redis's commands, and
 * SCSI's in hexadecimal (CloudPhysics). @source T10 SBC-4 READ(6, 10, 12, 16), WRITE(6, 10, 12, 16)
 */
const operations: ReadonlyMap<string, AccessKind> = new Map([
  ...['r', 'rs', 'read', 'get', 'gets', 'load', '0', '08', '28', 'a8', '88'].map(
    (word) => [word, ACCESS.read] as const,
  ),
  ...['w', 'ws', 'write', 'set', 'put', 'add', 'store', '1', '0a', '2a', 'aa', '8a'].map(
    (word) => [word, ACCESS.write] as const,
  ),
  ...['d', 'delete', 'del', 'discard', 'trim', 'unmap'].map((word) => [word, ACCESS.drop] as const),
]);
const OPERATIONS = 'R, W, read, write, get, set, put, 0 (read), 1 (write), delete, trim, …';

/**
 * Pages between the begins of two volumes: 256 TiB. libCacheSim's own conversions of these traces
 * leave 100 TiB. assumed
 */
const VOLUME_PAGES = 2 ** 36;
/** Volumes whose pages all have safe integers; the last has none behind it to end in. */
const VOLUMES_MAX = 2 ** 53 / VOLUME_PAGES - 1;

class CsvReader {
  readonly #source: string;
  readonly #layout: CsvLayout;
  readonly #clock: PhaseClock;
  readonly #objects: CachedObjects;
  readonly #ranges: CachedRanges;
  readonly #numbers = new IdTable();
  readonly #names = new Map<string, number>();
  readonly #volumes = new Map<string, number>();
  readonly #columns: number;
  #fields: CsvFields | null = null;
  #left: number;
  #lineNumber = 0;

  constructor(
    source: string,
    layout: CsvLayout,
    { sink, clock, limit }: { sink: AccessSink; clock: PhaseClock; limit: number },
  ) {
    this.#source = source;
    this.#layout = layout;
    this.#clock = clock;
    this.#objects = new CachedObjects(sink);
    this.#ranges = new CachedRanges(sink);
    this.#left = limit;
    const { id, address, size, operation, volume, time } = layout;
    this.#columns = 1 + Math.max(id, address, size, operation, volume, time);
  }

  /** @returns false behind the last request that is wanted */
  line(bytes: Uint8Array, start: number, end: number, lineNumber: number): boolean {
    this.#lineNumber = lineNumber;
    if (start === end) return true;
    if (this.#fields === null && this.#begin(lineText(bytes, start, end))) return true;
    const fields = this.#fields!;
    const count = fields.split(bytes, start, end);
    if (count < 0)
      this.#fail(`a quote is not closed in '${lineText(bytes, start, end)}'; accepted: "…"`);
    if (count < this.#columns)
      this.#fail(
        `'${lineText(bytes, start, end)}' has ${count} fields; accepted: ${this.#columns} or more`,
      );
    if (this.#left === 0) return false;
    this.#left -= 1;
    this.#request(fields, bytes);
    return true;
  }

  /** Learns from the first line how fields are told apart; true when it names columns. */
  #begin(line: string): boolean {
    const delimiter = this.#layout.delimiter ?? detectDelimiter(line) ?? ',';
    this.#fields = new CsvFields(delimiter, this.#columns);
    return this.#layout.hasHeader ?? detectHeader(line);
  }

  #request(fields: CsvFields, bytes: Uint8Array): void {
    const layout = this.#layout;
    if (layout.onlyVolume !== undefined && fields.text(layout.volume) !== layout.onlyVolume) return;
    const kind = layout.operation < 0 ? ACCESS.read : this.#kind(fields);
    const size = layout.size < 0 ? 1 : this.#number(fields, bytes, layout.size, 'size');
    const sizeBytes = size * layout.sizeUnit;
    if (sizeBytes > 0xffffffff)
      this.#fail(`size '${fields.text(layout.size)}' is too large; accepted: below 4 GiB`);
    if (layout.time >= 0) this.#clock.tick(this.#time(fields));
    if (sizeBytes === 0) return;
    if (layout.address >= 0) this.#range(fields, bytes, sizeBytes, kind);
    else this.#objects.request(this.#object(fields, bytes), sizeBytes, kind);
  }

  #range(fields: CsvFields, bytes: Uint8Array, sizeBytes: number, kind: AccessKind): void {
    const { address, addressUnit, volume } = this.#layout;
    const number = decimal(bytes, fields.begin(address), fields.end(address));
    let page: number;
    let offset: number;
    if (number >= 0 && Number.isSafeInteger(number * addressUnit)) {
      const start = number * addressUnit;
      page = Math.floor(start / PAGE_SIZE);
      offset = start % PAGE_SIZE;
    } else {
      const exact = this.#exact(fields, address, 'address') * BigInt(addressUnit);
      page = Number(exact >> BigInt(PAGE_SHIFT));
      offset = Number(exact & BigInt(PAGE_SIZE - 1));
    }
    if (volume < 0) {
      if (!Number.isSafeInteger(page + sizeBytes)) this.#failLarge(fields, address);
      this.#ranges.request(page, offset, sizeBytes, kind);
      return;
    }
    if (page >= VOLUME_PAGES) this.#failLarge(fields, address);
    const first = ordinalOf(this.#volumes, fields.text(volume)) * VOLUME_PAGES + page;
    if (!Number.isSafeInteger(first + sizeBytes))
      this.#fail(
        `volume '${fields.text(volume)}' is one too many; accepted: ${VOLUMES_MAX} volumes`,
      );
    this.#ranges.request(first, offset, sizeBytes, kind);
  }

  #failLarge(fields: CsvFields, column: number): never {
    return this.#fail(`address '${fields.text(column)}' is too large; accepted: below 256 TiB`);
  }

  /** The ordinal of the object. */
  #object(fields: CsvFields, bytes: Uint8Array): number {
    const { id, isIdNumber } = this.#layout;
    if (!isIdNumber) return ordinalOf(this.#names, fields.text(id));
    const number = decimal(bytes, fields.begin(id), fields.end(id));
    if (number >= 0) return this.#numbers.ordinal(number >>> 0, Math.floor(number / 2 ** 32));
    const exact = this.#exact(fields, id, 'object');
    return this.#numbers.ordinal(Number(exact & 0xffffffffn), Number(exact >> 32n));
  }

  /** A number that is not the plain decimal below 2^53 that nearly all are. */
  #exact(fields: CsvFields, column: number, what: string): bigint {
    const text = fields.text(column);
    const exact = /^(\d{1,20}|0x[0-9a-f]{1,16})$/i.test(text) ? BigInt(text) : -1n;
    if (exact >= 0n && exact < 1n << 64n) return exact;
    return this.#fail(`${what} '${text}' is no number; accepted: a whole number below 2^64`);
  }

  #number(fields: CsvFields, bytes: Uint8Array, column: number, what: string): number {
    const number = decimal(bytes, fields.begin(column), fields.end(column));
    if (number >= 0) return number;
    const exact = this.#exact(fields, column, what);
    return Number(exact);
  }

  #kind(fields: CsvFields): AccessKind {
    const text = fields.text(this.#layout.operation);
    const kind = operations.get(text.toLowerCase());
    return kind ?? this.#fail(`operation '${text}' is not known; accepted: ${OPERATIONS}`);
  }

  #time(fields: CsvFields): number {
    const text = fields.text(this.#layout.time);
    const time = text === '' ? NaN : Number(text);
    if (Number.isFinite(time)) return time;
    return this.#fail(`time '${text}' is no number; accepted: a number such as 12 or 12.5`);
  }

  #fail(what: string): never {
    throw lineError(this.#source, this.#lineNumber, clipped(what, 500));
  }
}

/** The ordinal of a name, which is the next one when it is new. */
function ordinalOf(names: Map<string, number>, name: string): number {
  const known = names.get(name);
  if (known !== undefined) return known;
  names.set(name, names.size);
  return names.size - 1;
}

export const csv: Importer = {
  summary: "cache and block traces as CSV: libCacheSim's, MSR Cambridge, Alibaba, Tencent CBS",
  recording:
    'Columns are counted from 1 and named as in libCacheSim: --obj-id-col 5 --obj-size-col 4.\n' +
    `Operations: ${OPERATIONS}`,
  options: csvOptions,

  async read({ input, source, options }, sink) {
    const layout = csvLayout(options);
    const clock = new PhaseClock(wholeOption(options, 'phaseEvery', undefined), sink);
    const limit = wholeOption(options, 'limit', Infinity);
    const reader = new CsvReader(source, layout, { sink, clock, limit });
    await forEachLine(input, source, reader.line.bind(reader));
  },
};
