/**
 * masim's configurations as accesses: what the program would do to its memory, page by page.
 * @source sjp38/masim (commit 13e0241 of 2025-07-24) masim.c exec_phase(), do_rnd_ro() to do_seq_rw()
 *
 * As there, a pattern is drawn by its probability; it does a number of accesses to its region, at
 * random bytes or going on from where it was by its stride, back to the begin past the end. What
 * the file does not say is how many accesses a machine does in a millisecond: --rate. And masim does
 * 131072 accesses between two draws, which is too coarse at the rates here: --accesses-per-draw.
 * Regions are memory that nobody wrote before, but for those with a file of initial data, which are
 * written once, in a phase before all others (what the bytes are is for --content).
 */
import { PAGE_SIZE, UsageError } from '../../units/index.ts';
import { RandomStream } from '../../engine/index.ts';
import { ACCESS, type AccessKind, type AccessSink, type Importer } from './importer.ts';
import { forEachLine, lineText } from './lines.ts';
import {
  parseMasimConfig,
  type MasimConfig,
  type MasimPhase,
  type RwMode,
} from './masim-config.ts';
import { wholeOption } from './options.ts';
import { Turns } from './turns.ts';

/**
 * Accesses in a millisecond. A core does some 10^5 of them when they hit its caches; at 100, 10 us
 * each, is what a program does that waits for a page from a fast SSD every time, so that neither
 * phases without swapping take millions of accesses nor those with it none. assumed
 */
const RATE = 100;

const KIND: Readonly<Record<RwMode, AccessKind>> = {
  ro: ACCESS.read,
  wo: ACCESS.store,
  rw: ACCESS.store,
};

/** A draw from all bytes of a region, which may be more than a draw of 32 bits tells apart. */
function below(random: RandomStream, bound: number): number {
  if (bound <= 0x1_0000_0000) return random.below(bound);
  const fraction = random.fraction() + random.fraction() / 0x1_0000_0000;
  return Math.floor(Math.min(fraction, 1 - Number.EPSILON) * bound);
}

/** First page of each region: each on pages of its own, one after the other. */
function layOut(config: MasimConfig): number[] {
  let next = 0;
  return config.regions.map(({ bytes }) => {
    const first = next;
    next += Math.ceil(bytes / PAGE_SIZE);
    return first;
  });
}

/** One phase as it runs. */
class PhaseRun {
  readonly #patterns: MasimPhase['patterns'];
  readonly #bytes: readonly number[];
  readonly #firstPages: readonly number[];
  /** Where a sequential pattern is in its region. */
  readonly #offsets: number[];
  readonly #total: number;
  readonly #random: RandomStream;

  constructor(
    phase: MasimPhase,
    config: MasimConfig,
    pages: readonly number[],
    random: RandomStream,
  ) {
    this.#patterns = phase.patterns;
    this.#bytes = phase.patterns.map(({ region }) => config.regions[region]!.bytes);
    this.#firstPages = phase.patterns.map(({ region }) => pages[region]!);
    this.#offsets = phase.patterns.map(() => 0);
    this.#total = phase.patterns.reduce((sum, { probability }) => sum + probability, 0);
    this.#random = random;
  }

  /** Whether any pattern is ever drawn: without probabilities masim does nothing but wait. */
  get isIdle(): boolean {
    return this.#total === 0;
  }

  draw(): number {
    let left = below(this.#random, this.#total);
    let index = 0;
    while (left >= this.#patterns[index]!.probability) {
      left -= this.#patterns[index]!.probability;
      index += 1;
    }
    return index;
  }

  /** One access of a pattern. */
  access(index: number, sink: AccessSink): void {
    const pattern = this.#patterns[index]!;
    const bytes = this.#bytes[index]!;
    let offset;
    if (pattern.isRandom) offset = below(this.#random, bytes);
    else {
      offset = this.#offsets[index]! + pattern.strideBytes;
      if (offset >= bytes) offset = 0;
      this.#offsets[index] = offset;
    }
    const page = this.#firstPages[index]! + Math.floor(offset / PAGE_SIZE);
    sink.access(page, KIND[pattern.rw], 0);
  }
}

async function fillRegions(
  config: MasimConfig,
  pages: readonly number[],
  sink: AccessSink,
  turns: Turns,
): Promise<void> {
  if (!config.regions.some((region) => region.isFilled)) return;
  sink.phase('initial data');
  for (const [i, region] of config.regions.entries()) {
    if (!region.isFilled) continue;
    const count = Math.ceil(region.bytes / PAGE_SIZE);
    for (let page = 0; page < count; page++) {
      sink.access(pages[i]! + page, ACCESS.write, 0);
      if (turns.isDue()) await turns.take();
    }
  }
}

export const masim: Importer = {
  summary: 'masim: configurations of artificial access patterns',
  recording:
    'The format: https://github.com/sjp38/masim (README, "Configuration File"). Nothing is recorded:\n' +
    'the accesses are drawn from the configuration with --seed.',
  options: [
    { flags: '--rate <N>', text: `accesses in a millisecond of a phase (default ${RATE})` },
    {
      flags: '--accesses-per-draw <N>',
      text: 'accesses that a drawn pattern does before the next draw (default 1; masim: 131072)',
    },
  ],

  async read({ input, source, options, seed }, sink) {
    const rate = wholeOption(options, 'rate', RATE);
    const perDraw = wholeOption(options, 'accessesPerDraw', 1);
    const lines: string[] = [];
    await forEachLine(input, source, (bytes, start, end) =>
      lines.push(lineText(bytes, start, end)),
    );
    const config = parseMasimConfig(lines, source);
    const pages = layOut(config);
    const random = new RandomStream(seed, 'import masim');
    const turns = new Turns();
    await fillRegions(config, pages, sink, turns);
    for (const phase of config.phases) {
      const count = phase.milliseconds * rate;
      if (!Number.isSafeInteger(count))
        throw new UsageError(`--rate: ${rate} is too large for phase '${phase.name}'`);
      sink.phase(phase.name);
      const run = new PhaseRun(phase, config, pages, random);
      if (run.isIdle) continue;
      for (let done = 0; done < count;) {
        const index = run.draw();
        for (const end = Math.min(done + perDraw, count); done < end; done++) {
          run.access(index, sink);
          if (turns.isDue()) await turns.take();
        }
      }
    }
  },
};
