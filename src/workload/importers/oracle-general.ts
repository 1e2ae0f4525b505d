/**
 * oracleGeneral, the binary format in which most public cache traces can be had (Twitter, Meta,
 * Tencent, Alibaba, Wikipedia, CloudPhysics): packed little-endian records of u32 time in seconds,
 * u64 object, u32 size in bytes, i64 number of the next request for it (-1 or 2^63-1: none).
 * @source libCacheSim (commit aa0fc40 of 2024-10-07)
 *   libCacheSim/traceReader/customizedReader/oracle/oracleGeneralBin.h
 *
 * As there, requests of size 0 are passed over. What the records do not say: whether a request
 * reads or writes; so an object's (or page's) first request writes it, and all others read.
 */
import { PAGE_SHIFT, PAGE_SIZE, UsageError } from '../../units/index.ts';
import { CachedObjects, CachedRanges } from './cached-objects.ts';
import { IdTable } from './id-table.ts';
import { ACCESS, type AccessSink, type Importer, type ImportRequest } from './importer.ts';
import { flagOption, wholeOption } from './options.ts';
import { PhaseClock, phaseEveryOption } from './phase-clock.ts';

const RECORD_BYTES = 24;
const HIGH = 0x1_0000_0000;
/** Upper half of i64 values that no trace reaches as the number of a request: 2^48 and more. */
const NEXT_HIGH_MAX = 0xffff;

/** Takes one request: time in seconds, halves of the object's number, bytes, index from 0. */
type RequestVisitor = (
  time: number,
  low: number,
  high: number,
  bytes: number,
  index: number,
) => void;

/** Reads the records and checks what tells this format from others. */
async function forEachRequest(
  { input, source }: ImportRequest,
  limit: number,
  visit: RequestVisitor,
): Promise<void> {
  /** The begin of a record that two parts of the stream share. */
  const carried = new Uint8Array(RECORD_BYTES);
  let carriedBytes = 0;
  let index = 0;
  const readRecords = (view: DataView): number => {
    let at = 0;
    for (; at + RECORD_BYTES <= view.byteLength && index < limit; at += RECORD_BYTES) {
      requireNext(view, at + 16, source, index);
      const bytes = view.getUint32(at + 12, true);
      const low = view.getUint32(at + 4, true);
      if (bytes > 0)
        visit(view.getUint32(at, true), low, view.getUint32(at + 8, true), bytes, index);
      index += 1;
    }
    return at;
  };
  for await (const part of input) {
    let start = 0;
    if (carriedBytes > 0) {
      start = Math.min(RECORD_BYTES - carriedBytes, part.length);
      carried.set(part.subarray(0, start), carriedBytes);
      carriedBytes += start;
      if (carriedBytes < RECORD_BYTES) continue;
      readRecords(new DataView(carried.buffer));
      carriedBytes = 0;
    }
    const view = new DataView(part.buffer, part.byteOffset + start, part.length - start);
    const rest = part.subarray(start + readRecords(view));
    if (index === limit) return;
    carried.set(rest);
    carriedBytes = rest.length;
  }
  if (carriedBytes > 0)
    throw recordError(
      source,
      index,
      `has ${carriedBytes} bytes; accepted: records of ${RECORD_BYTES} bytes`,
    );
}

/** Text or other binary formats read as records give numbers here that no trace has. */
function requireNext(view: DataView, at: number, source: string, index: number): void {
  const high = view.getUint32(at + 4, true);
  if (high <= NEXT_HIGH_MAX) return;
  const low = view.getUint32(at, true);
  if (low === 0xffffffff && (high === 0xffffffff || high === 0x7fffffff)) return;
  const next = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  throw recordError(
    source,
    index,
    `next request is ${next.toString()}; accepted: -1 or the number of a later request ` +
      '(is this an oracleGeneral trace?)',
  );
}

/** The error about the record with an index from 0. */
function recordError(source: string, index: number, what: string): UsageError {
  return new UsageError(`${source}: record ${index + 1} at byte ${index * RECORD_BYTES}: ${what}`);
}

/** Requests for objects of their own. */
function visitObjects(sink: AccessSink, clock: PhaseClock): RequestVisitor {
  const ids = new IdTable();
  const objects = new CachedObjects(sink);
  return (time, low, high, bytes) => {
    clock.tick(time);
    objects.request(ids.ordinal(low, high), bytes, ACCESS.read);
  };
}

/** Requests for ranges of one address space: from object · unit on. */
function visitRanges(
  sink: AccessSink,
  clock: PhaseClock,
  unit: number,
  source: string,
): RequestVisitor {
  const ranges = new CachedRanges(sink);
  return (time, low, high, bytes, index) => {
    clock.tick(time);
    const start = (high * HIGH + low) * unit;
    if (Number.isSafeInteger(start)) {
      const first = Math.floor(start / PAGE_SIZE);
      ranges.request(first, start % PAGE_SIZE, bytes, ACCESS.read);
      return;
    }
    // Such addresses are rare: those of a kernel, or a wrong --unit.
    const exact = ((BigInt(high) << 32n) | BigInt(low)) * BigInt(unit);
    const first = Number(exact >> BigInt(PAGE_SHIFT));
    if (!Number.isSafeInteger(first + bytes))
      throw recordError(
        source,
        index,
        `address ${exact.toString()} is too large; accepted: up to 2^64`,
      );
    ranges.request(first, Number(exact & BigInt(PAGE_SIZE - 1)), bytes, ACCESS.read);
  };
}

export const oracleGeneral: Importer = {
  summary: "libCacheSim's oracleGeneral: binary traces of caches and block devices",
  recording:
    'Public traces of this format: https://github.com/1a1a11a/libCacheSim (README, "Datasets").\n' +
    'Each object gets ceil(size / 4096) pages of its own; its first request writes them, later ones read.',
  options: [
    { flags: '--address', text: 'objects are addresses: a request touches pages from there on' },
    {
      flags: '--unit <BYTES>',
      text: 'with --address: bytes of one address, 512 for sectors (default 1)',
    },
    { flags: '--limit <N>', text: 'read the first N requests only' },
    phaseEveryOption('seconds'),
  ],

  async read(request, sink) {
    const { options } = request;
    const isAddress = flagOption(options, 'address');
    const unit = wholeOption(options, 'unit', undefined, { max: 1 << 20 });
    if (unit !== undefined && !isAddress)
      throw new UsageError('--unit: is of use only with --address');
    const limit = wholeOption(options, 'limit', Infinity);
    const clock = new PhaseClock(wholeOption(options, 'phaseEvery', undefined), sink);
    const visit = isAddress
      ? visitRanges(sink, clock, unit ?? 1, request.source)
      : visitObjects(sink, clock);
    await forEachRequest(request, limit, visit);
  },
};
