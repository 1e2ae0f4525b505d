/**
 * Content tags, which stand for a page's bytes where `payload` is none: equal bytes have equal tags,
 * and a tag says what the page compresses to.
 */
import { TAG_LENGTH_BITS, tagLength } from '../frames/index.ts';
import { assert, PAGE_SIZE } from '../units/index.ts';
import { spreadWords, type Content, type ContentWriter } from './content.ts';
import type { ContentSample } from './workload.ts';

/** Identity bits of a content tag; the top one marks contents that a write made. */
const IDENTITY_MASK = 0x7ffff;
const WRITTEN = 0x40000;

export class ContentTags {
  /** Distinct contents: the compressor is asked once about each. */
  readonly samples: readonly ContentSample[];
  readonly #sampleOf = new Map<string, number>();
  readonly #contents: readonly Content[];
  readonly #writer: ContentWriter;
  #lengths: readonly number[] = [];
  /** Tags of the fills among the contents. */
  #fillTags: readonly number[] = [];

  /** @param contents - all that is ever written */
  constructor(contents: readonly Content[], writer: ContentWriter) {
    this.#contents = contents;
    this.#writer = writer;
    this.samples = this.#collect();
  }

  /** Sets the compressed length (1 to 4096) of each sample, in order. */
  setLengths(lengths: readonly number[]): void {
    assert(lengths.length === this.samples.length, 'a length for each sample');
    this.#lengths = lengths;
    this.#fillTags = this.#contents
      .filter((content) => content.kind === 'fill')
      .map((content) => this.written(content, 0, 0));
  }

  /** The tag of what operation `operation` writes to page `page`. */
  written(content: Content, page: number, operation: number): number {
    if (content.kind === 'zero') return 0;
    // Equal bytes have equal tags: a fill is the same on every page, by every operation.
    const identity =
      content.kind === 'fill'
        ? content.byte
        : (Math.imul(page + 1, 0x9e3779b1) ^ Math.imul(operation, 0x85ebca6b)) >>> 14;
    const length = this.#lengthOf(sampleKey(content, page));
    return tagOf((identity & IDENTITY_MASK) | WRITTEN, length);
  }

  /** The tag after `word` was xored into the page's last word: xor again and it is as before. */
  changed(tag: number, word: number): number {
    const zeroLength = this.#lengthOf('zero+word');
    const length = tag === 0 ? zeroLength : tagLength(tag);
    const identity = ((tag >>> TAG_LENGTH_BITS) ^ word) & IDENTITY_MASK;
    if (identity === 0 && length === zeroLength) return 0;
    // A fill that was changed is one no more, and one again when it is changed back.
    for (const filled of this.#fillTags)
      if (filled >>> TAG_LENGTH_BITS === identity && tagLength(filled) === length) return filled;
    return tagOf(identity, length);
  }

  #lengthOf(label: string): number {
    return this.#lengths[this.#sampleOf.get(label)!]!;
  }

  #collect(): ContentSample[] {
    const samples: ContentSample[] = [];
    const add = (label: string, content: Content, page: number): void => {
      if (this.#sampleOf.has(label)) return;
      const bytes = Buffer.from(new ArrayBuffer(PAGE_SIZE));
      this.#writer.write(content, page, 1, bytes);
      if (label === 'zero+word') bytes.writeUInt32LE(1, PAGE_SIZE - 4);
      this.#sampleOf.set(label, samples.length);
      samples.push({ label, bytes });
    };
    // A page of zeros whose last word was changed is not zero any more.
    add('zero+word', { kind: 'mix', words: 0 }, 0);
    for (const content of this.#contents) {
      if (content.kind === 'zero') continue;
      if (content.kind === 'spread')
        for (let page = 0; page < 33; page++) add(sampleKey(content, page), content, page);
      else add(sampleKey(content, 0), content, 0);
    }
    return samples;
  }
}

function tagOf(identity: number, length: number): number {
  return ((identity << TAG_LENGTH_BITS) | length) >>> 0;
}

/** Contents of one key compress to the same length, near enough. */
function sampleKey(content: Content, page: number): string {
  switch (content.kind) {
    case 'zero':
      return 'zero';
    case 'fill':
      return `fill:${content.byte}`;
    case 'mix':
      return `mix:${content.words}`;
    case 'spread':
      return `spread:${spreadWords(page)}`;
    case 'file':
      return 'file';
  }
}
