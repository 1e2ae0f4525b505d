/**
 * What a trace writes: the contents of the trace format, byte for byte.
 * @source fixtures/trace-format.md
 */
import { assert, PAGE_SIZE } from '../units/index.ts';
import { Mulberry32 } from './mulberry32.ts';

export const WORDS_PER_PAGE: number = PAGE_SIZE / 4;

export type Content =
  | { readonly kind: 'zero' }
  | { readonly kind: 'fill'; readonly byte: number }
  /** `words` random words, zeros behind; `rand` is all 1024. */
  | { readonly kind: 'mix'; readonly words: number }
  | { readonly kind: 'spread' }
  | { readonly kind: 'file' };

/** Reads a content; null when it is none. */
export function parseContent(text: string): Content | null {
  if (text === 'zero' || text === 'spread' || text === 'file') return { kind: text };
  if (text === 'rand') return { kind: 'mix', words: WORDS_PER_PAGE };
  const fill = /^fill:([0-9a-f]{2})$/i.exec(text);
  if (fill !== null) {
    const byte = Number.parseInt(fill[1]!, 16);
    return byte === 0 ? { kind: 'zero' } : { kind: 'fill', byte };
  }
  const mix = /^mix:(\d{1,9})$/.exec(text);
  if (mix === null) return null;
  const bytes = Number(mix[1]);
  return bytes > PAGE_SIZE ? null : { kind: 'mix', words: Math.floor(bytes / 4) };
}

/** What `parseContent` takes, for messages. */
export const CONTENT_SYNTAX = 'rand, mix:K (K up to 4096), spread, zero, fill:HH, file';

/** Words of a spread page before its zeros: 0 to 1024 in steps of 32. */
export function spreadWords(page: number): number {
  return ((page * 37) % 33) * 32;
}

/** A 32-bit view of pages that lie in large buffers, made once per buffer. */
export class WordView {
  #buffer: ArrayBufferLike | null = null;
  #words: Uint32Array = new Uint32Array(0);

  /** Words of the buffer under `bytes`; the page starts at `bytes.byteOffset / 4`. */
  of(bytes: Uint8Array): Uint32Array {
    if (bytes.buffer !== this.#buffer) {
      assert(bytes.byteOffset % 4 === 0, 'pages are aligned to words');
      this.#buffer = bytes.buffer;
      this.#words = new Uint32Array(bytes.buffer, 0, Math.floor(bytes.buffer.byteLength / 4));
    }
    return this.#words;
  }
}

/** Writes contents into pages. */
export class ContentWriter {
  readonly #stream = new Mulberry32(0);
  readonly #view = new WordView();
  readonly #file: Uint8Array | null;

  /** @param file - bytes for content `file`, at least a page; or null */
  constructor(file: Uint8Array | null) {
    assert(file === null || file.length >= PAGE_SIZE, 'a content file has a page');
    this.#file = file;
  }

  /** Fills `bytes` (one page) with what operation `operation` writes to page `page`. */
  write(content: Content, page: number, operation: number, bytes: Uint8Array): void {
    switch (content.kind) {
      case 'zero':
        bytes.fill(0);
        return;
      case 'fill':
        bytes.fill(content.byte);
        return;
      case 'file':
        this.#writeFile(page, operation, bytes);
        return;
      case 'mix':
        this.#writeRandom(content.words, page, operation, bytes);
        return;
      case 'spread': {
        const words = spreadWords(page);
        this.#writeRandom(words, page, operation, bytes);
        if (words === 0) this.#view.of(bytes)[bytes.byteOffset >>> 2] = (page | 1) >>> 0;
        return;
      }
    }
  }

  #writeRandom(count: number, page: number, operation: number, bytes: Uint8Array): void {
    const words = this.#view.of(bytes);
    const start = bytes.byteOffset >>> 2;
    this.#stream.reseed(Math.imul(page, 0x9e3779b1) ^ Math.imul(operation, 0x85ebca6b));
    this.#stream.fill(words, start, count);
    words.fill(0, start + count, start + WORDS_PER_PAGE);
  }

  /** Page (page + operation - 1) mod n of the file, so that rewriting changes the content. */
  #writeFile(page: number, operation: number, bytes: Uint8Array): void {
    const file = this.#file;
    assert(file !== null, 'content `file` comes with a file');
    const pages = Math.floor(file.length / PAGE_SIZE);
    const at = ((page + operation - 1) % pages) * PAGE_SIZE;
    bytes.set(file.subarray(at, at + PAGE_SIZE));
  }
}
