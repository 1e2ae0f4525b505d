/**
 * Whether zswap keeps the right pages: how old the pages are that go to a device, against those that
 * stay. A page's age is the number of pages that were offered to zswap since it was; what is refused
 * has age 0. A cache that evicts its oldest has a ratio above 1; one that turns away what is new
 * while it keeps what is old (LRU inversion) has one near 0.
 */
import type { ZswapEntries } from './zswap-entries.ts';

export class ZswapAges {
  readonly #entries: ZswapEntries;
  #offered = 0;
  #goneCount = 0;
  #goneAges = 0;
  #keptAges = 0;
  #refused = 0;

  constructor(entries: ZswapEntries) {
    this.#entries = entries;
  }

  /** Pages offered so far: the clock. */
  get now(): number {
    return this.#offered;
  }

  /** A page is offered to zswap. */
  offer(): void {
    this.#offered += 1;
  }

  age(zswapEntry: number): number {
    return this.#offered - this.#entries.storedAt(zswapEntry);
  }

  /** A page was refused and goes to a device while others stay. */
  noteRefused(): void {
    if (this.#noteGone(0)) this.#refused += 1;
  }

  /** An entry is written back; it is still among the others. */
  noteWrittenBack(zswapEntry: number): void {
    this.#noteGone(this.age(zswapEntry));
  }

  /** Mean ages, and their ratio; a run in which nothing went to a device has none. */
  figures(): Record<string, number> {
    if (this.#goneCount === 0) return {};
    return {
      age_gone_mean: this.#goneAges / this.#goneCount,
      age_kept_mean: this.#keptAges / this.#goneCount,
      gone_refused: this.#refused,
      gone_written_back: this.#goneCount - this.#refused,
    };
  }

  /** Counts a page that goes to a device; false when none stays to compare it with. */
  #noteGone(age: number): boolean {
    const { count, storedAtSum } = this.#entries;
    if (count === 0) return false;
    this.#goneCount += 1;
    this.#goneAges += age;
    this.#keptAges += this.#offered - storedAtSum / count;
    return true;
  }
}
