/**
 * Records of DAMON, the kernel's monitor of data accesses, as `damo record` writes them: JSON, packed
 * with zlib (json_compressed, the default) or not (json), or lines of the tracepoint
 * damon:damon_aggregated as perf script, trace-cmd report and trace_pipe print them (perf_script).
 * @source damonitor/damo 3.3.0 (commit df6d55f of 2026-06-30) src/_damo_records.py
 *   write_json_compressed(), parse_damon_trace_aggregated(); src/damo_report_trace.py
 *
 * What becomes of the counts is in damo-model.ts. A snapshot is short (100 ms), so a phase is some
 * seconds of them: --phase-every.
 */
import { Readable } from 'node:stream';
import { createInflate } from 'node:zlib';
import { clipped, UsageError } from '../../units/index.ts';
import { DamoJsonCutter } from './damo-json.ts';
import {
  AGGREGATION_US,
  DamoModel,
  SAMPLE_US,
  type DamoRegion,
  type DamoSnapshot,
} from './damo-model.ts';
import type { Importer, ImportRequest } from './importer.ts';
import { forEachLine, lineError, lineText } from './lines.ts';
import { wholeOption } from './options.ts';
import { PhaseClock } from './phase-clock.ts';

/** Seconds of a phase: an hour has 360. assumed */
const PHASE_SECONDS = 10;
/** The first byte of a zlib stream with deflate and a window of 32 KiB. @source RFC 1950 §2.2 */
const ZLIB_FIRST = 0x78;
const BRACKET = 0x5b;

/** Takes the snapshots of the chosen target and lets them become phases and accesses. */
interface SnapshotTaker {
  take(snapshot: DamoSnapshot): Promise<void>;
}

/** Picks one target of those that a file tells about. */
class TargetChoice {
  readonly #wanted: number | undefined;
  readonly #source: string;
  readonly #seen: string[] = [];

  constructor(wanted: number | undefined, source: string) {
    this.#wanted = wanted;
    this.#source = source;
  }

  /** Whether a target, by what it is called, is the chosen one. */
  isChosen(name: string): boolean {
    let index = this.#seen.indexOf(name);
    if (index < 0) index = this.#seen.push(name) - 1;
    if (this.#wanted === undefined && index > 0)
      throw new UsageError(
        `${this.#source}: tells of several targets; accepted: --target 1 for ${this.#seen[0]!}, ` +
          `--target 2 for ${name}, …`,
      );
    return index === (this.#wanted ?? 1) - 1;
  }

  /** @throws UsageError when the chosen one did not come */
  finish(what: string): void {
    if (this.#seen.length === 0) throw new UsageError(`${this.#source}: ${what}`);
    if (this.#seen.length < (this.#wanted ?? 1))
      throw new UsageError(
        `--target: '${this.#wanted!}' is not accepted; accepted: 1 to ${this.#seen.length}`,
      );
  }
}

/** A number as damo writes it: one, or text with or without commas. -1 when it is none. */
function damoNumber(value: unknown): number {
  const text = typeof value === 'string' ? value.replaceAll(',', '') : value;
  const number = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : text;
  return typeof number === 'number' && number >= 0 ? number : -1;
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

class JsonRecords {
  readonly #request: ImportRequest;
  readonly #choice: TargetChoice;
  readonly #taker: SnapshotTaker;
  #isChosen = false;
  #sampleUs: number;
  #aggregationUs: number;
  #snapshots = 0;

  constructor(request: ImportRequest, choice: TargetChoice, taker: SnapshotTaker) {
    this.#request = request;
    this.#choice = choice;
    this.#taker = taker;
    [this.#sampleUs, this.#aggregationUs] = givenIntervals(request.options);
  }

  record(head: unknown, text: string): void {
    // As text: identifiers are addresses of the kernel, beyond 2^53.
    const id = /"target_id"\s*:\s*([^,}\s]+)/.exec(text)?.[1] ?? 'null';
    const part = (key: string): string => JSON.stringify(member(head, key) ?? 'unknown');
    const place = `kdamond ${part('kdamond_idx')}, context ${part('context_idx')}`;
    this.#isChosen = this.#choice.isChosen(`${place}, scheme ${part('scheme_idx')}, target ${id}`);
    const intervals = member(head, 'intervals');
    const [sampleUs, aggregationUs] = givenIntervals(this.#request.options);
    this.#sampleUs = Math.max(1, damoNumber(member(intervals, 'sample_us') ?? sampleUs));
    this.#aggregationUs = Math.max(1, damoNumber(member(intervals, 'aggr_us') ?? aggregationUs));
  }

  async snapshot(snapshot: unknown): Promise<void> {
    if (!this.#isChosen) return;
    this.#snapshots += 1;
    const regions = member(snapshot, 'regions');
    const end = damoNumber(member(snapshot, 'end_time'));
    if (!Array.isArray(regions) || end < 0) return this.#fail("has no 'regions' or no 'end_time'");
    const sample = damoNumber(member(snapshot, 'sample_interval_us') ?? this.#sampleUs);
    const samples = Math.max(1, Math.round(this.#aggregationUs / Math.max(1, sample)));
    await this.#taker.take({
      endSeconds: end / 1e9,
      samples,
      regions: regions.map((region: unknown) => this.#region(region, samples)),
    });
  }

  #region(region: unknown, samples: number): DamoRegion {
    const counted = member(region, 'nr_accesses');
    const percent = damoNumber(member(counted, 'percent'));
    const told = damoNumber(member(counted, 'samples'));
    const start = damoNumber(member(region, 'start'));
    const end = damoNumber(member(region, 'end'));
    const accesses = told >= 0 ? told : percent < 0 ? -1 : (percent * samples) / 100;
    if (start < 0 || end < start || !Number.isSafeInteger(end) || accesses < 0)
      return this.#fail(
        `has the region ${clipped(JSON.stringify(region))}; accepted: start, end (up to 2^53) and ` +
          'nr_accesses in samples or percent',
      );
    return { start, end, accesses };
  }

  #fail(what: string): never {
    throw new UsageError(`${this.#request.source}: snapshot ${this.#snapshots}: ${what}`);
  }
}

/** `SECONDS: [damon:]damon_aggregated: target_id=ID nr_regions=N START-END: ACCESSES [AGE]` */
const AGGREGATED =
  /(\d+\.\d+): (?:damon:)?damon_aggregated:\s+target_id=(\d+) nr_regions=(\d+) (\d+)-(\d+): (\d+)(?: \d+)?\s*$/;

/** Lines of the tracepoint: a region each, as many in a row for a target as its snapshot has. */
class TraceLines {
  readonly #source: string;
  readonly #choice: TargetChoice;
  readonly #samples: number;
  #regions: DamoRegion[] = [];
  /** Snapshots that are complete and wait to be taken. */
  readonly complete: DamoSnapshot[] = [];

  constructor({ source, options }: ImportRequest, choice: TargetChoice) {
    this.#source = source;
    this.#choice = choice;
    const [sampleUs, aggregationUs] = givenIntervals(options);
    this.#samples = Math.max(1, Math.round(aggregationUs / sampleUs));
  }

  line(bytes: Uint8Array, start: number, end: number, lineNumber: number): void {
    const text = lineText(bytes, start, end);
    // Other events and the headers of trace-cmd stand between.
    if (!text.includes('damon_aggregated:')) return;
    const match = AGGREGATED.exec(text);
    if (match === null)
      throw lineError(
        this.#source,
        lineNumber,
        `'${text.trim()}' is no line of damon_aggregated; accepted: target_id=ID nr_regions=N ` +
          'START-END: ACCESSES [AGE]',
      );
    const [, seconds, target, count, from, to, accesses] = match;
    if (!this.#choice.isChosen(`target_id ${target!}`)) return;
    const region = { start: Number(from), end: Number(to), accesses: Number(accesses) };
    if (region.end < region.start || !Number.isSafeInteger(region.end))
      throw lineError(
        this.#source,
        lineNumber,
        `region ${from!}-${to!} is not accepted; accepted: START-END in bytes, up to 2^53`,
      );
    this.#regions.push(region);
    if (this.#regions.length < Number(count)) return;
    this.complete.push({
      endSeconds: Number(seconds),
      samples: this.#samples,
      regions: this.#regions,
    });
    this.#regions = [];
  }
}

/** Sampling and aggregation interval in microseconds, where the record does not tell. */
function givenIntervals(options: ImportRequest['options']): [number, number] {
  return [
    wholeOption(options, 'sampleUs', SAMPLE_US),
    wholeOption(options, 'aggregationUs', AGGREGATION_US),
  ];
}

async function readJson(
  request: ImportRequest,
  input: AsyncIterable<Uint8Array>,
  choice: TargetChoice,
  taker: SnapshotTaker,
): Promise<void> {
  const cutter = new DamoJsonCutter(request.source, new JsonRecords(request, choice, taker));
  for await (const part of input) await cutter.push(part);
  cutter.finish();
  choice.finish('has no record; accepted: what damo record writes');
}

async function readLines(
  request: ImportRequest,
  input: AsyncIterable<Uint8Array>,
  choice: TargetChoice,
  taker: SnapshotTaker,
): Promise<void> {
  const lines = new TraceLines(request, choice);
  const takeAll = async (): Promise<void> => {
    for (const snapshot of lines.complete.splice(0)) await taker.take(snapshot);
  };
  // A part of the stream at a time: lines are taken without waiting, what they draw waits.
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    for await (const part of input) {
      yield part;
      await takeAll();
    }
  };
  await forEachLine(parts(), request.source, lines.line.bind(lines));
  await takeAll();
  choice.finish(
    'has no line of damon_aggregated; accepted: what damo record writes (json_compressed, json, ' +
      'perf_script), or what perf script prints of it',
  );
}

/** The input again with its first bytes, which were read to see what it is. */
async function* again(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** Copies: the stream behind is free to use a part's memory again, and zlib reads ahead. */
async function* copies(input: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const part of input) yield Buffer.from(part);
}

async function* inflated(
  input: AsyncIterable<Uint8Array>,
  source: string,
): AsyncGenerator<Uint8Array> {
  const inflate = createInflate();
  const packed = Readable.from(copies(input));
  packed.on('error', (error) => inflate.destroy(error));
  try {
    for await (const part of packed.pipe(inflate)) yield part as Uint8Array;
  } catch (error) {
    if (!((error as NodeJS.ErrnoException).code ?? '').startsWith('Z_')) throw error;
    throw new UsageError(`${source}: cannot be unpacked with zlib: ${(error as Error).message}`);
  }
}

export const damo: Importer = {
  summary: "DAMON's records of which regions of memory were accessed how often (damo record)",
  recording: `Record one, as root (https://github.com/damonitor/damo; kernel with CONFIG_DAMON):
  damo record -o FILE $(pidof PROGRAM)
A record says how often, in random samples: accesses are drawn from it with --seed, as many to each
page as DAMON counted on average. It does not say what was written: a page's first access writes it.`,
  options: [
    { flags: '--target <N>', text: 'which one of several targets, counted from 1' },
    { flags: '--writes <PERCENT>', text: 'of the later accesses to a page that write (default 0)' },
    {
      flags: '--rounds <N>',
      text: 'draw only N of the sampling intervals of a snapshot, for fewer accesses (default: all)',
    },
    { flags: '--sample-us <N>', text: `sampling interval, if not recorded (default ${SAMPLE_US})` },
    {
      flags: '--aggregation-us <N>',
      text: `aggregation interval, if not recorded (default ${AGGREGATION_US})`,
    },
    {
      flags: '--phase-every <N>',
      text: `a new phase every N seconds, 500 phases at most (default ${PHASE_SECONDS})`,
    },
  ],

  async read(request, sink) {
    const { input, source, options, seed } = request;
    const choice = new TargetChoice(wholeOption(options, 'target', undefined), source);
    const clock = new PhaseClock(wholeOption(options, 'phaseEvery', PHASE_SECONDS), sink);
    const writesPercent = wholeOption(options, 'writes', 0, { min: 0, max: 100 });
    const rounds = wholeOption(options, 'rounds', undefined);
    const model = new DamoModel({ sink, seed, writesPercent, rounds });
    const taker: SnapshotTaker = {
      async take(snapshot) {
        clock.tick(snapshot.endSeconds);
        await model.draw(snapshot);
      },
    };
    const iterator = input[Symbol.asyncIterator]();
    const first = await iterator.next();
    if (first.done === true) throw new UsageError(`${source}: is empty`);
    const whole = again(first.value, iterator);
    const byte = first.value.find((each) => each > 32);
    if (Buffer.from(first.value.subarray(0, 8)).toString('latin1') === 'PERFILE2')
      throw new UsageError(
        `${source}: is a file of perf record; accepted: what perf script -i ${source} prints`,
      );
    if (byte === ZLIB_FIRST) await readJson(request, inflated(whole, source), choice, taker);
    else if (byte === BRACKET) await readJson(request, whole, choice, taker);
    else await readLines(request, whole, choice, taker);
  },
};
