/**
 * mulberry32, the generator of the trace format's draws and contents; all arithmetic is unsigned
 * 32-bit. @source fixtures/trace-format.md
 */
export class Mulberry32 {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  reseed(seed: number): void {
    this.#state = seed | 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** Writes the next `count` numbers to `words` from `offset`: one loop without calls. */
  fill(words: Uint32Array, offset: number, count: number): void {
    let state = this.#state;
    for (let i = offset; i < offset + count; i++) {
      state = (state + 0x6d2b79f5) | 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      words[i] = t ^ (t >>> 14);
    }
    this.#state = state;
  }
}
