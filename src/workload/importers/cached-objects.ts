/**
 * What the requests of a cache or block trace mean in pages. Such traces begin in the middle of
 * something: what an object or block held came from before, so its first access, of whatever kind,
 * is one that gives it content (ACCESS.write), as when it is brought into the cache.
 */
import { grown, PAGE_SIZE, RunError } from '../../units/index.ts';
import { PageIds } from '../accesses/page-ids.ts';
import { ACCESS, type AccessKind, type AccessSink } from './importer.ts';

/** Whole pages of `bytes`, at least one. */
function pagesOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / PAGE_SIZE));
}

/**
 * Objects with sizes: each has a run of pages of its own, ceil(size / 4096) of them and at least
 * one, from its first request on, one run after the other. A request touches as many pages as the
 * size that it tells. One that tells more than the run has is for a new version: its old pages
 * are given up, and all of a new run is written.
 */
export class CachedObjects {
  readonly #sink: AccessSink;
  /** Two numbers of each object: its first page, how many it has. One cache line for both. */
  #runs = new Float64Array(2048);
  #known = 0;
  #pageNext = 0;

  constructor(sink: AccessSink) {
    this.#sink = sink;
  }

  /**
   * One request for an object.
   * @param ordinal - of the object; a new one has the number of objects before it
   * @param bytes - its size; 0 takes a page, too
   */
  request(ordinal: number, bytes: number, kind: AccessKind): void {
    const pages = pagesOf(bytes);
    if (ordinal === this.#known) this.#addObject(ordinal);
    const first = this.#runs[2 * ordinal]!;
    const owned = this.#runs[2 * ordinal + 1]!;
    if (kind === ACCESS.drop) {
      this.#touch(first, owned, ACCESS.drop);
      this.#runs[2 * ordinal + 1] = 0;
    } else if (pages > owned) {
      this.#touch(first, owned, ACCESS.drop);
      this.#touch(this.#newRun(ordinal, pages), pages, ACCESS.write);
    } else this.#touch(first, pages, kind);
  }

  #touch(first: number, count: number, kind: AccessKind): void {
    for (let page = first; page < first + count; page++) this.#sink.access(page, kind, 0);
  }

  #addObject(ordinal: number): void {
    this.#known = ordinal + 1;
    if (2 * ordinal >= this.#runs.length) this.#runs = grown(this.#runs, 4 * ordinal);
  }

  /** The first of `pages` pages that nobody had. */
  #newRun(ordinal: number, pages: number): number {
    const first = this.#pageNext;
    this.#runs[2 * ordinal] = first;
    this.#runs[2 * ordinal + 1] = pages;
    this.#pageNext += pages;
    if (!Number.isSafeInteger(this.#pageNext))
      throw new RunError('the objects of the trace have more pages than can be numbered');
    return first;
  }
}

/** Ranges of an address space, in bytes: what they touch is the pages that they overlap. */
export class CachedRanges {
  readonly #sink: AccessSink;
  readonly #seen = new PageIds();

  constructor(sink: AccessSink) {
    this.#sink = sink;
  }

  /**
   * One request for a range that starts `offset` bytes into page `first`. A write gives new content
   * to the pages that it covers whole, and changes a part of the others.
   * @param bytes - its length; 0 touches the page of its start
   */
  request(first: number, offset: number, bytes: number, kind: AccessKind): void {
    const end = offset + bytes;
    const count = pagesOf(end);
    for (let i = 0; i < count; i++) {
      const isWhole = (i > 0 || offset === 0) && (i + 1) * PAGE_SIZE <= end;
      this.#touch(first + i, kind, isWhole);
    }
  }

  #touch(page: number, kind: AccessKind, isWhole: boolean): void {
    // Half a page given up is a page that still holds something.
    if (kind === ACCESS.drop) {
      if (isWhole) this.#sink.access(page, ACCESS.drop, 0);
      return;
    }
    const known = this.#seen.count;
    const isNew = this.#seen.take(page) === known;
    if (isNew || (kind === ACCESS.write && isWhole)) this.#sink.access(page, ACCESS.write, 0);
    else this.#sink.access(page, kind === ACCESS.write ? ACCESS.store : kind, 0);
  }
}
