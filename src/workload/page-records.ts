/**
 * What every page must hold: by row (a task's mapping, or a file) and page the number of the
 * operation that wrote it last, and what was xored into its last word since.
 */
import type { ContentTags } from './content-tags.ts';
import { WordView, WORDS_PER_PAGE, type Content, type ContentWriter } from './content.ts';

export class PageRecords {
  readonly #writtenBy: readonly Uint32Array[];
  readonly #changed: readonly Uint32Array[];
  readonly #writer: ContentWriter;
  readonly #view = new WordView();

  /** @param pages - of each row */
  constructor(pages: readonly number[], writer: ContentWriter) {
    this.#writtenBy = pages.map((count) => new Uint32Array(count));
    this.#changed = pages.map((count) => new Uint32Array(count));
    this.#writer = writer;
  }

  /** The operation that wrote the page; 0: none did. */
  writtenBy(row: number, page: number): number {
    return this.#writtenBy[row]![page]!;
  }

  write(row: number, page: number, operation: number): void {
    this.#writtenBy[row]![page] = operation;
    this.#changed[row]![page] = 0;
  }

  change(row: number, page: number, operation: number): void {
    this.#changed[row]![page]! ^= operation;
  }

  drop(row: number, page: number): void {
    this.write(row, page, 0);
  }

  /** Changes a page's bytes as operation `operation` does. */
  changeBytes(bytes: Uint8Array, operation: number): void {
    this.#view.of(bytes)[(bytes.byteOffset >>> 2) + WORDS_PER_PAGE - 1]! ^= operation;
  }

  /** The bytes that the page must hold, given what its last writer wrote. */
  expected(row: number, page: number, content: Content, bytes: Uint8Array): void {
    this.#writer.write(content, page, this.writtenBy(row, page), bytes);
    this.changeBytes(bytes, this.#changed[row]![page]!);
  }

  /** As `expected`, of the tag. */
  expectedTag(row: number, page: number, content: Content, tags: ContentTags): number {
    const changed = this.#changed[row]![page]!;
    const tag = tags.written(content, page, this.writtenBy(row, page));
    return changed === 0 ? tag : tags.changed(tag, changed);
  }
}
