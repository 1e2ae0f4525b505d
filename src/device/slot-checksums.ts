/**
 * Checksums by slot, kept in memory: what was written to a slot must be what is read from it.
 *
 * Kernel counterpart: none; dm-integrity does it below the swap area, on the disk. Only runs with
 * real bytes have something to check. Tables come in chunks, made where something is first written.
 */
import { xxh64 } from '@node-rs/xxhash';
import { EV, type Engine } from '../engine/index.ts';
import { assert } from '../units/index.ts';

const CHUNK_SHIFT = 12;
const CHUNK_SLOTS = 1 << CHUNK_SHIFT;
const CHUNK_MASK = CHUNK_SLOTS - 1;
/** Mismatches that are kept in words; the counter has no limit. */
const PROBLEMS_MAX = 1000;
/** Bytes of a checksum. */
const CHECKSUM_BYTES = 8;
/** Bytes of a generation and of the checksum before. */
const HISTORY_BYTES = 12;

/** A slot that held something else than what was written to it. */
export interface ChecksumProblem {
  readonly slot: number;
  /** xxh64 in hexadecimal; more than one where a failed write left two contents possible. */
  readonly expected: string;
  readonly found: string;
  /** What else is known of the bytes that were found; only with a history. */
  readonly because?: string;
}

export class SlotChecksums {
  readonly #engine: Engine;
  readonly #onMismatch: (problem: ChecksumProblem) => void;
  readonly #hasHistory: boolean;
  /** By chunk: how often a slot was written, and the checksum before its latest one. */
  readonly #generations: (Uint32Array | undefined)[] = [];
  readonly #previous: (BigUint64Array | undefined)[] = [];
  /** By chunk: the checksums, and 1 for the slots that have one. */
  readonly #sums: (BigUint64Array | undefined)[] = [];
  readonly #known: (Uint8Array | undefined)[] = [];
  /**
   * Second checksums of slots whose latest write failed: nobody knows whether the old or the new
   * bytes are there. Rare, so no typed array.
   */
  readonly #alternatives = new Map<number, bigint>();
  readonly #problems: ChecksumProblem[] = [];
  #knownCount = 0;
  #chunkCount = 0;

  /**
   * @param onMismatch - told of every mismatch, for a run's events
   * @param hasHistory - generations are kept, to tell a lost write from damage; 12 bytes a slot more
   */
  constructor(
    engine: Engine,
    onMismatch: (problem: ChecksumProblem) => void = () => undefined,
    hasHistory = false,
  ) {
    this.#engine = engine;
    this.#onMismatch = onMismatch;
    this.#hasHistory = hasHistory;
  }

  /** Slots that have a checksum. */
  get knownCount(): number {
    return this.#knownCount;
  }

  /** Memory that the checksums take: 8 bytes and 1 bit a slot, by chunks of 4096 slots. */
  metadataBytes(): number {
    const history = this.#hasHistory ? CHUNK_SLOTS * HISTORY_BYTES : 0;
    return this.#chunkCount * (CHUNK_SLOTS * CHECKSUM_BYTES + CHUNK_SLOTS / 8 + history);
  }

  /** The first thousand mismatches. */
  problems(): readonly ChecksumProblem[] {
    return this.#problems;
  }

  /** Notes what a write that has succeeded put into a slot. */
  set(slot: number, bytes: Uint8Array): void {
    this.#engine.count(EV.checksum);
    this.#put(slot, xxh64(bytes));
    if (this.#alternatives.size > 0) this.#alternatives.delete(slot);
  }

  /**
   * Notes a write that has failed: the slot holds what it held, or `bytes`, or a part of each. A
   * read is good when it finds one of the first two; the third is a mismatch.
   */
  setUncertain(slot: number, bytes: Uint8Array): void {
    this.#engine.count(EV.checksum);
    const sum = xxh64(bytes);
    if (this.isKnown(slot)) this.#alternatives.set(slot, sum);
    else this.#put(slot, sum);
  }

  forget(slot: number): void {
    const known = this.#known[slot >>> CHUNK_SHIFT];
    if (known?.[slot & CHUNK_MASK] !== 1) return;
    known[slot & CHUNK_MASK] = 0;
    this.#knownCount -= 1;
    if (this.#alternatives.size > 0) this.#alternatives.delete(slot);
  }

  isKnown(slot: number): boolean {
    return this.#known[slot >>> CHUNK_SHIFT]?.[slot & CHUNK_MASK] === 1;
  }

  /**
   * Compares what was read from a slot; a slot without a checksum is taken as it is.
   * @returns false on a mismatch, which is counted and kept in `problems()`
   */
  verify(slot: number, bytes: Uint8Array): boolean {
    if (!this.isKnown(slot)) return true;
    this.#engine.count(EV.checksum);
    const found = xxh64(bytes);
    const expected = this.#sums[slot >>> CHUNK_SHIFT]![slot & CHUNK_MASK]!;
    if (found === expected) return true;
    const alternative = this.#alternatives.get(slot);
    if (found === alternative) return true;
    this.#engine.count(EV.checksumMismatch);
    const texts = alternative === undefined ? [expected] : [expected, alternative];
    const problem = {
      ...{ slot, expected: texts.map(hexOf).join(' or '), found: hexOf(found) },
      ...(this.#hasHistory ? { because: this.#explain(slot, found) } : {}),
    };
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(problem);
    this.#onMismatch(problem);
    return false;
  }

  /** A slot is written again: what it had before is an older generation, also when it was freed. */
  #age(slot: number, before: bigint): void {
    const chunk = slot >>> CHUNK_SHIFT;
    const generations = (this.#generations[chunk] ??= new Uint32Array(CHUNK_SLOTS));
    const previous = (this.#previous[chunk] ??= new BigUint64Array(CHUNK_SLOTS));
    previous[slot & CHUNK_MASK] = before;
    generations[slot & CHUNK_MASK]! += 1;
  }

  #explain(slot: number, found: bigint): string {
    const generation = this.#generations[slot >>> CHUNK_SHIFT]![slot & CHUNK_MASK]!;
    const isOlder =
      generation > 1 && this.#previous[slot >>> CHUNK_SHIFT]![slot & CHUNK_MASK] === found;
    return isOlder
      ? `generation ${generation - 1} of this slot, where ${generation} was written: a lost write`
      : `damaged in generation ${generation} of this slot`;
  }

  #put(slot: number, sum: bigint): void {
    assert(slot >= 0, 'a checksum belongs to a slot');
    const chunk = slot >>> CHUNK_SHIFT;
    let sums = this.#sums[chunk];
    let known = this.#known[chunk];
    if (sums === undefined || known === undefined) {
      sums = this.#sums[chunk] = new BigUint64Array(CHUNK_SLOTS);
      known = this.#known[chunk] = new Uint8Array(CHUNK_SLOTS);
      this.#chunkCount += 1;
    }
    if (this.#hasHistory) this.#age(slot, sums[slot & CHUNK_MASK]!);
    sums[slot & CHUNK_MASK] = sum;
    if (known[slot & CHUNK_MASK] === 1) return;
    known[slot & CHUNK_MASK] = 1;
    this.#knownCount += 1;
  }
}

function hexOf(sum: bigint): string {
  return sum.toString(16).padStart(16, '0');
}
