/**
 * What the frames hold: 4096 real bytes each (`--payload bytes`), or a 32-bit content tag that
 * stands for them (`--payload none`). The one interface keeps every flow above it the
 * same, so that counters are the same for the same compressed sizes.
 */
import { assert, PAGE_SIZE, type PageFrame } from '../units/index.ts';

export type PayloadKind = 'bytes' | 'none';

/**
 * Low bits of a content tag that are its compressed length (1 to 4096, or what is added to it, see
 * TAG_FILLED); the 19 bits above identify the content. Tag 0 is a page of zeros.
 */
export const TAG_LENGTH_BITS = 13;

/**
 * Added to the length of a content that is one word over and over: those compress to less than 4096
 * bytes, so that the sum stays within its bits.
 */
export const TAG_FILLED = 4096;

/** Compressed length of the content with this tag; 0 for zeros. */
export function tagLength(tag: number): number {
  const length = tag & ((1 << TAG_LENGTH_BITS) - 1);
  return length > TAG_FILLED ? length - TAG_FILLED : length;
}

/** True when the content with this tag is one word over and over; zeros are tag 0. */
export function isFilledTag(tag: number): boolean {
  return (tag & ((1 << TAG_LENGTH_BITS) - 1)) > TAG_FILLED;
}

export interface Payload {
  readonly kind: PayloadKind;
  /** Fills the page with zeros. */
  clear(frame: PageFrame): void;
  copy(from: PageFrame, to: PageFrame): void;
  /** The page's bytes; empty for `none`. The same object at every call. */
  view(frame: PageFrame): Uint8Array;
  /** The page's tag; only for `none`. */
  tag(frame: PageFrame): number;
  setTag(frame: PageFrame, tag: number): void;
}

/** Real bytes: one arena, frame f at f × 4096. */
export class BytePayload implements Payload {
  readonly kind = 'bytes';
  readonly #arena: Uint8Array;
  readonly #views: Uint8Array[] = [];

  constructor(frameCount: number) {
    const memory = new ArrayBuffer(frameCount * PAGE_SIZE);
    this.#arena = new Uint8Array(memory);
    // One view a frame, made once: a subarray at each use costs more than the copy it is for.
    for (let frame = 0; frame < frameCount; frame++)
      this.#views.push(Buffer.from(memory, frame * PAGE_SIZE, PAGE_SIZE));
  }

  clear(frame: PageFrame): void {
    this.#arena.fill(0, frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
  }

  copy(from: PageFrame, to: PageFrame): void {
    this.#arena.copyWithin(to * PAGE_SIZE, from * PAGE_SIZE, (from + 1) * PAGE_SIZE);
  }

  view(frame: PageFrame): Uint8Array {
    return this.#views[frame]!;
  }

  tag(_frame: PageFrame): number {
    assert(false, 'pages with bytes have no tag');
  }

  setTag(_frame: PageFrame, _tag: number): void {
    assert(false, 'pages with bytes have no tag');
  }
}

/** A tag a frame; tag 0 is a page of zeros. */
export class TagPayload implements Payload {
  readonly kind = 'none';
  readonly #tags: Uint32Array;
  readonly #empty = new Uint8Array(0);

  constructor(frameCount: number) {
    this.#tags = new Uint32Array(frameCount);
  }

  clear(frame: PageFrame): void {
    this.#tags[frame] = 0;
  }

  copy(from: PageFrame, to: PageFrame): void {
    this.#tags[to] = this.#tags[from]!;
  }

  view(_frame: PageFrame): Uint8Array {
    return this.#empty;
  }

  tag(frame: PageFrame): number {
    return this.#tags[frame]!;
  }

  setTag(frame: PageFrame, tag: number): void {
    this.#tags[frame] = tag;
  }
}
