/**
 * Ids of pages in the order of their first appearance: an open-addressing table of typed arrays,
 * for a trace asks some ten million times a second (a Map of numbers above 2^31 boxes each).
 */
import { grown } from '../../units/index.ts';

const FREE = -1;

export class PageIds {
  #count = 0;
  /** By id: the page's number. */
  #pages: Float64Array<ArrayBuffer> = new Float64Array(1024);
  /** By place: the id there; twice as many places as pages, at least. */
  #places: Int32Array<ArrayBuffer> = new Int32Array(4096).fill(FREE);

  get count(): number {
    return this.#count;
  }

  /** The page's number in what was traced. */
  pageOf(id: number): number {
    return this.#pages[id]!;
  }

  /** The id of a page; -1 where it has none. @param page - a safe integer, not negative */
  find(page: number): number {
    return this.#places[this.#placeOf(page)]!;
  }

  /** The id of a page, which has one from now on. */
  take(page: number): number {
    const place = this.#placeOf(page);
    const known = this.#places[place]!;
    if (known !== FREE) return known;
    const id = this.#count;
    this.#places[place] = id;
    if (id >= this.#pages.length) this.#pages = grown(this.#pages, 2 * id);
    this.#pages[id] = page;
    this.#count += 1;
    if (2 * this.#count > this.#places.length) this.#rehash();
    return id;
  }

  /** Where the page's id is or would be. */
  #placeOf(page: number): number {
    const mask = this.#places.length - 1;
    // Both halves of the number; neighbours get places far from each other.
    const low = Math.imul(page | 0, 0x9e3779b1);
    const high = Math.imul((page / 0x100000000) | 0, 0x85ebca6b);
    const hash = low ^ high;
    let place = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const id = this.#places[place]!;
      if (id === FREE || this.#pages[id] === page) return place;
      place = (place + 1) & mask;
    }
  }

  #rehash(): void {
    this.#places = new Int32Array(2 * this.#places.length).fill(FREE);
    for (let id = 0; id < this.#count; id++) this.#places[this.#placeOf(this.#pages[id]!)] = id;
  }
}
