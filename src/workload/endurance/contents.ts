/**
 * What an endurance run writes: contents by kind, a pure function of (seed, page, operation). Which
 * kinds are common changes every 262144 operations, so that the pool sees good and bad times.
 */
import { assert, PAGE_SIZE } from '../../units/index.ts';
import { TAG_LENGTH_BITS, tagLength } from '../../frames/index.ts';
import { WORDS_PER_PAGE, WordView } from '../content.ts';
import { Mulberry32 } from '../mulberry32.ts';
import type { ContentSample } from '../workload.ts';
import { hash3, mix32 } from './hash.ts';

/** Words of random bytes before the zeros of a mixed page; -1: one byte over and over; 0: zeros. */
const KINDS = [0, -1, 64, 128, 256, 512, 768, 1024] as const;
/** Places in KINDS, 16 a mix: assumed, compressed sizes between a quarter and all of a page. */
const MIXES: readonly Uint8Array[] = [
  Uint8Array.of(0, 1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 7, 7),
  Uint8Array.of(0, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 6),
  Uint8Array.of(0, 1, 3, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7, 7, 7),
  Uint8Array.of(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7),
];
/** log2 of the operations that share a mix. */
const MIX_SHIFT = 18;
/** Identity bits of a content tag; the top one marks contents that a write made. */
const IDENTITY_MASK = 0x7ffff;
const WRITTEN = 0x40000;

export class EnduranceContents {
  readonly #seed: number;
  readonly #stream = new Mulberry32(0);
  readonly #view = new WordView();
  #lengths: readonly number[] = [];

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Writes what operation `operation` gives page `page`; operation 0 gives zeros. */
  write(page: number, operation: number, bytes: Uint8Array): void {
    const words = this.#view.of(bytes);
    const start = bytes.byteOffset >>> 2;
    const kind = this.#kindOf(page, operation);
    const count = KINDS[kind]!;
    if (count < 0) {
      bytes.fill(this.#byteOf(page, operation));
      return;
    }
    if (count > 0) {
      this.#stream.reseed(this.#identity(page, operation));
      this.#stream.fill(words, start, count);
    }
    words.fill(0, start + count, start + WORDS_PER_PAGE);
  }

  /** Changes the last word of a page as operation `operation` does; the same again undoes it. */
  change(word: number, bytes: Uint8Array): void {
    this.#view.of(bytes)[(bytes.byteOffset >>> 2) + WORDS_PER_PAGE - 1]! ^= word;
  }

  /** What `operation` xors into the last word of a page; never 0. */
  wordOf(operation: number): number {
    return (mix32(operation ^ this.#seed) | 1) >>> 0;
  }

  /** The tag of what `write` writes. */
  tagOf(page: number, operation: number): number {
    const kind = this.#kindOf(page, operation);
    if (KINDS[kind] === 0) return 0;
    // Equal bytes have equal tags.
    const identity =
      KINDS[kind] === -1 ? this.#byteOf(page, operation) : this.#identity(page, operation) >>> 13;
    return pack((identity & IDENTITY_MASK) | WRITTEN, this.#lengths[kind]!);
  }

  /** The tag of a page after `wordOf(operation)` was xored into it. */
  changedTag(tag: number, operation: number): number {
    const length = tag === 0 ? this.#lengths[0]! : tagLength(tag);
    const identity = mix32((tag >>> TAG_LENGTH_BITS) ^ this.wordOf(operation));
    return pack((identity & IDENTITY_MASK) | WRITTEN, length);
  }

  /** One page of each kind; the first stands for zeros with another last word. */
  samples(): ContentSample[] {
    return KINDS.map((words, kind) => {
      const bytes = Buffer.from(new ArrayBuffer(PAGE_SIZE));
      const view = this.#view.of(bytes);
      this.#stream.reseed(1);
      if (words > 0) this.#stream.fill(view, 0, words);
      else if (words < 0) bytes.fill(0x5a);
      else view[WORDS_PER_PAGE - 1] = 1;
      return { label: `kind ${kind}`, bytes };
    });
  }

  setSampleLengths(lengths: readonly number[]): void {
    assert(lengths.length === KINDS.length, 'a length for each kind');
    this.#lengths = lengths;
  }

  #kindOf(page: number, operation: number): number {
    if (operation === 0) return 0;
    const mix = MIXES[hash3(this.#seed, 0x6d6978, operation >>> MIX_SHIFT) & 3]!;
    return mix[hash3(this.#seed, page, operation) >>> 28]!;
  }

  /** A byte that is no zero. */
  #byteOf(page: number, operation: number): number {
    return 1 + (this.#identity(page, operation) % 255);
  }

  #identity(page: number, operation: number): number {
    return hash3(this.#seed ^ 0x636f6e74, page, operation);
  }
}

function pack(identity: number, length: number): number {
  return ((identity << TAG_LENGTH_BITS) | length) >>> 0;
}
