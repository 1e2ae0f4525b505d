/**
 * What a machine swapped, event by event: triples of a place in the swap area, R or W, and the
 * length to which a page that was written had been compressed. This is what compcache's SwapReplay
 * recorded in 2008 to develop the allocators that became zsmalloc, and what a tracepoint of the block
 * layer tells of a kernel of today.
 * @source code.google.com/p/compcache/wiki/SwapReplay: `<sector no.> <R/W bit> <compress len>`;
 *   compcache sub-projects/swap_replay: sr_data_histo.c, whose -raw prints `W INDEX CLEN`, where
 *   libsr_parse.c gives the same index to its callbacks: the number of a page
 *
 * Two orders, told apart by where the letter is: `SECTOR R|W|0|1 [CLEN]`, and `R|W INDEX [CLEN]`.
 * Not read is the binary dump of sr_collect: its struct sr_info changed, and sr_relay.h, which has it,
 * was not to be found; `sr_data_histo FILE -raw` makes text of it. A length of 0 says nothing (as for
 * reads); one above a page's is a page that did not compress.
 *
 * Replayed here, the places are pages of a program, which gives a page new content where the
 * machine wrote to its place, and reads it where it read. What the machine's own memory kept from
 * being swapped is not in such a trace: give the run far less memory than the trace has pages.
 */
import { PAGE_SIZE } from '../../units/index.ts';
import { decimal } from './decimal.ts';
import { ACCESS, type AccessKind, type AccessSink, type Importer } from './importer.ts';
import { forEachLine, lineError, lineText } from './lines.ts';
import { wholeOption } from './options.ts';

/** Bytes of a sector of the block layer. @source linux 6.18 include/linux/blk_types.h SECTOR_SIZE */
const SECTOR_BYTES = 512;
const PAGE_SECTORS = PAGE_SIZE / SECTOR_BYTES;
/**
 * The most that a compressor makes of a page: LZO1X, 4096 + 4096 / 16 + 67 bytes, with room.
 * zswap's buffer has this size. @source linux 6.18 mm/zswap.c zswap_cpu_comp_prepare(): PAGE_SIZE * 2
 */
const LENGTH_MAX = 2 * PAGE_SIZE;

const SPACE = 32;
const TAB = 9;
const HASH = 35;
const ACCEPTED = 'SECTOR R|W [LENGTH], or R|W PAGE [LENGTH]';

/**
 * R and 0 read, W and 1 write; the block layer's flags may follow the letter (`RA`, `WS`). Null for
 * others. @source linux 6.18 kernel/trace/blktrace.c blk_fill_rwbs()
 */
function kindOf(bytes: Uint8Array, start: number, end: number): AccessKind | null {
  for (let at = start + 1; at < end; at++) if (bytes[at]! < 65 || bytes[at]! > 90) return null;
  const byte = bytes[start]!;
  if (byte === 82 || byte === 114 || byte === 48) return ACCESS.read;
  if (byte === 87 || byte === 119 || byte === 49) return ACCESS.write;
  return null;
}

class TripleReader {
  readonly #source: string;
  readonly #sink: AccessSink;
  readonly #startSector: number;
  /** Where the fields of the line begin and end. */
  readonly #begins = new Uint32Array(4);
  readonly #ends = new Uint32Array(4);

  constructor(source: string, sink: AccessSink, startSector: number) {
    this.#source = source;
    this.#sink = sink;
    this.#startSector = startSector;
  }

  line(bytes: Uint8Array, start: number, end: number, lineNumber: number): void {
    const count = this.#split(bytes, start, end);
    if (count === 0 || bytes[this.#begins[0]!] === HASH) return;
    const fail = (what: string): never => {
      throw lineError(this.#source, lineNumber, what);
    };
    const unlike = (): never =>
      fail(`'${lineText(bytes, start, end)}' is no swap event; accepted: ${ACCEPTED}`);
    if (count !== 2 && count !== 3) return unlike();
    const isLetter = bytes[this.#begins[0]!]! > 57;
    const kindField = isLetter ? 0 : 1;
    const placeField = 1 - kindField;
    const kind = kindOf(bytes, this.#begins[kindField]!, this.#ends[kindField]!);
    if (kind === null) return unlike();
    const place = this.#number(bytes, placeField);
    if (place < 0) return unlike();
    const page = isLetter ? place : this.#pageOf(place, fail);
    const length = count === 3 ? this.#number(bytes, 2) : 0;
    if (length < 0 || length > LENGTH_MAX)
      fail(
        `'${lineText(bytes, this.#begins[2]!, this.#ends[2]!)}' is no compressed length; ` +
          `accepted: 0 (not known) to ${LENGTH_MAX}`,
      );
    this.#sink.access(page, kind, kind === ACCESS.write ? Math.min(length, PAGE_SIZE) : 0);
  }

  #pageOf(sector: number, fail: (what: string) => never): number {
    const inArea = sector - this.#startSector;
    if (inArea < 0 || inArea % PAGE_SECTORS !== 0)
      fail(
        `sector ${sector} is not the begin of a page; accepted: multiples of ${PAGE_SECTORS} from ` +
          `${this.#startSector} on (--start-sector: where the swap partition begins)`,
      );
    return inArea / PAGE_SECTORS;
  }

  #number(bytes: Uint8Array, field: number): number {
    return decimal(bytes, this.#begins[field]!, this.#ends[field]!);
  }

  /** Finds the fields between spaces and tabs; of more than 4 only the first are kept. */
  #split(bytes: Uint8Array, start: number, end: number): number {
    let count = 0;
    let at = start;
    while (count < 4) {
      while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
      if (at === end) break;
      this.#begins[count] = at;
      while (at < end && bytes[at] !== SPACE && bytes[at] !== TAB) at++;
      this.#ends[count] = at;
      count += 1;
    }
    return count;
  }
}

const RECORDING = `Record one on a machine that swaps to a disk, as root (MAJOR:MINOR of the disk, as lsblk shows them;
without compressed lengths, which the block layer does not know: --content says what pages hold):
  cd /sys/kernel/tracing
  echo "dev == $((MAJOR << 20 | MINOR))" > events/block/block_bio_queue/filter
  echo 1 > events/block/block_bio_queue/enable
  awk '/block_bio_queue/ && $(NF-4) ~ /^[RW]/ {
    for (i = 0; i < $(NF-1); i += 8) print $(NF-3) + i, $(NF-4) }' trace_pipe > FILE
The disk must hold nothing but the swap area: the tracepoint tells of all that is read and written.
Of SwapReplay's own dumps: sr_data_histo FILE -raw.`;

export const swapreplay: Importer = {
  summary: "SwapReplay's triples of what a machine swapped: sector, R or W, compressed length",
  recording: RECORDING,
  options: [
    {
      flags: '--start-sector <N>',
      text: 'sector at which the swap area begins, for sectors counted from the begin of a disk (default 0)',
    },
  ],

  async read({ input, source, options }, sink) {
    const startSector = wholeOption(options, 'startSector', 0, { min: 0 });
    const reader = new TripleReader(source, sink, startSector);
    await forEachLine(input, source, reader.line.bind(reader));
  },
};
