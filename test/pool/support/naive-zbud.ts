/**
 * zbud by its rules in words: an array of pages, nothing shared with the implementation.
 * Facts: linux 6.12 mm/zbud.c.
 */
import { AssertionError } from 'node:assert';

interface NaivePage {
  /** What lies at the beginning and at the end, with its chunks. */
  readonly held: [NaiveObject | undefined, NaiveObject | undefined];
  /** When the page was listed last: of equals the latest is used. */
  listed: number;
}

interface NaiveObject {
  readonly identity: number;
  readonly chunks: number;
}

export class NaiveZbud {
  #pages: NaivePage[] = [];
  #time = 0;

  get pageCount(): number {
    return this.#pages.length;
  }

  /** Pages that storing `length` bytes would add. */
  growth(length: number): number {
    return this.#find(Math.ceil(length / 64)) === undefined ? 1 : 0;
  }

  store(identity: number, length: number): void {
    const chunks = Math.ceil(length / 64);
    let page = this.#find(chunks);
    if (page === undefined) {
      page = { held: [undefined, undefined], listed: 0 };
      this.#pages.push(page);
    }
    page.held[page.held[0] === undefined ? 0 : 1] = { identity, chunks };
    page.listed = ++this.#time;
  }

  free(identity: number): void {
    for (const page of this.#pages) {
      const at = page.held.findIndex((each) => each?.identity === identity);
      if (at === -1) continue;
      page.held[at] = undefined;
      page.listed = ++this.#time;
    }
    this.#pages = this.#pages.filter(({ held }) => held.some((each) => each !== undefined));
  }

  /** The identities that share a page with this one, and the byte at which it begins. */
  place(identity: number): { readonly offset: number; readonly buddy: number | undefined } {
    for (const { held } of this.#pages) {
      const at = held.findIndex((each) => each?.identity === identity);
      if (at !== -1)
        return {
          offset: at === 0 ? 64 : 4096 - 64 * held[1]!.chunks,
          buddy: held[1 - at]?.identity,
        };
    }
    throw new AssertionError({ message: `no object ${identity}` });
  }

  /** Pages with one object: of those with room the tightest, of these the one listed last. */
  #find(chunks: number): NaivePage | undefined {
    const room = ({ held }: NaivePage): number => 63 - (held[0] ?? held[1])!.chunks;
    return this.#pages
      .filter((page) => page.held.includes(undefined) && room(page) >= chunks)
      .sort((one, other) => room(one) - room(other) || other.listed - one.listed)[0];
  }
}
