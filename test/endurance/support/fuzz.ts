/**
 * Fuzzing with seeds: mutated golden inputs into a parser, and what it may do with them: answer, or
 * refuse in an error of the user's. How to run more by hand: SWAPLAB_SOAK=1 for ten times as many
 * under seeds that no run had before, SWAPLAB_FUZZ_SECONDS=N for N seconds of each kind.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, vi } from 'vitest';
import { Mulberry32 } from '../../../src/workload/mulberry32.ts';
import { tallyAllocations } from './allocations.ts';

// A million inputs on a busy machine, or as many as by hand are asked for.
vi.setConfig({ testTimeout: 86_400_000 });

/** Inputs of one fast-check run: its own bookkeeping would cost more than a header. */
const BATCH = 100;
/** A single input that takes so long is a hang, on a machine however busy. assumed */
const INPUT_MS_MAX = 2000;

const seconds = Number(process.env['SWAPLAB_FUZZ_SECONDS'] ?? 0);
const isSoak = process.env['SWAPLAB_SOAK'] === '1' || seconds > 0;

export interface Fuzzing<Input> {
  /** Names what is fuzzed, in the figures that are printed. */
  readonly name: string;
  /** Inputs of a default run. */
  readonly count: number;
  /** Makes one input; the same for the same state of `random`. */
  make(random: Random): Input;
  /** Feeds the parser; throws for a broken promise. */
  feed(input: Input): void;
  /** Names of errors that are an answer. */
  readonly allowed: readonly string[];
  /** Bytes of typed arrays that one input may make; default: no limit is looked at. */
  allocatedBytesMax?(input: Input): number;
}

/** Draws of a mutation. */
export class Random {
  readonly #stream: Mulberry32;

  constructor(seed: number) {
    this.#stream = new Mulberry32(seed);
  }

  /** 0 to count - 1. */
  below(count: number): number {
    return this.#stream.next() % count;
  }

  word(): number {
    return this.#stream.next();
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

/** Runs the inputs of one kind. @returns how many there were, and how many the parser took */
export function fuzz<Input>(fuzzing: Fuzzing<Input>): { fed: number; taken: number } {
  const { name, count, allowed } = fuzzing;
  const tally = { fed: 0, taken: 0, slowestMs: 0 };
  const started = performance.now();
  const feedBatch = (seed: number): void => {
    for (let index = 0; index < BATCH; index++) {
      const input = fuzzing.make(new Random((seed + index) | 0));
      const before = performance.now();
      const problem = feedOne(fuzzing, input, allowed, tally);
      const tookMs = performance.now() - before;
      tally.slowestMs = Math.max(tally.slowestMs, tookMs);
      tally.fed += 1;
      const broken = problem ?? (tookMs > INPUT_MS_MAX ? `took ${tookMs.toFixed(0)} ms` : null);
      if (broken !== null)
        assert.fail(`${name}: input of seed ${(seed + index) | 0} ${broken}\n${shown(input)}`);
    }
  };
  const seed = isSoak ? Date.now() | 0 : 6;
  const batches = Math.ceil((count * (isSoak ? 10 : 1)) / BATCH);
  // Seeds are drawn apart; shrinking them says nothing, so that the first failure stands.
  const seeds = fc.noShrink(fc.integer());
  const again = (offset: number): void => {
    fc.assert(fc.property(seeds, feedBatch), { numRuns: batches, seed: seed + offset });
  };
  again(0);
  for (let round = 1; performance.now() - started < seconds * 1000; round++) again(round);
  const tookMs = performance.now() - started;
  if (isSoak)
    console.log(
      `${name}: ${tally.fed} inputs from seed ${seed}, ${tally.taken} taken, ` +
        `${tookMs.toFixed(0)} ms, slowest ${tally.slowestMs.toFixed(1)} ms`,
    );
  expect(tally.fed).toBeGreaterThanOrEqual(count);
  return tally;
}

function feedOne<Input>(
  fuzzing: Fuzzing<Input>,
  input: Input,
  allowed: readonly string[],
  tally: { taken: number },
): string | null {
  const limit = fuzzing.allocatedBytesMax?.(input) ?? Infinity;
  try {
    if (limit === Infinity) fuzzing.feed(input);
    else {
      const bytes = tallyAllocations(() => {
        fuzzing.feed(input);
      });
      if (bytes > limit) return `made arrays of ${bytes} bytes, ${limit} are in proportion`;
    }
    tally.taken += 1;
    return null;
  } catch (error) {
    if (!(error instanceof Error)) return `threw ${String(error)}`;
    if (allowed.includes(error.name)) return null;
    return `ended in ${error.stack ?? error.message}`;
  }
}

function shown(input: unknown): string {
  try {
    return JSON.stringify(input).slice(0, 2000);
  } catch {
    return 'an input that is nested too deeply to be shown';
  }
}
