/**
 * A uniform sample of a stream of unknown length, without replacement, in one pass.
 * @source K.-H. Li, "Reservoir-Sampling Algorithms of Time Complexity O(n(1 + log(N/n)))", ACM TOMS
 *   20(4), 1994: algorithm L, which draws only for what it takes
 */
import { RandomStream } from '../engine/index.ts';
import { assert } from '../units/index.ts';

export class Sampler {
  readonly capacity: number;
  readonly #random: RandomStream;
  #next = 0;
  #filled = 0;
  #weight = 1;

  /** @param capacity - places of the sample, 1 or more */
  constructor(capacity: number, seed: number) {
    assert(capacity >= 1, 'a sample has room for something');
    this.capacity = capacity;
    this.#random = new RandomStream(seed, 'estimate.sample');
  }

  /** Index in the stream of the item that is taken next; the others are passed over. */
  get next(): number {
    return this.#next;
  }

  /** Places that are filled. */
  get size(): number {
    return this.#filled;
  }

  /** Takes the item `next`. @returns the place that it gets, in which another may have been */
  take(): number {
    const isFilling = this.#filled < this.capacity;
    const place = isFilling ? this.#filled++ : this.#random.below(this.capacity);
    if (this.#filled < this.capacity) this.#next += 1;
    else {
      this.#weight *= this.#positiveFraction() ** (1 / this.capacity);
      const skipped = Math.log(this.#positiveFraction()) / Math.log1p(-this.#weight);
      this.#next += Math.floor(skipped) + 1;
    }
    return place;
  }

  #positiveFraction(): number {
    return this.#random.fraction() + 2 ** -33;
  }
}
