/** Seeded random streams: one per component, derived from (seed, name). */

/** FNV-1a over UTF-16 code units, 32 bits. */
function hashName(name: string, basis: number): number {
  let hash = basis;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * sfc32, a small fast counting generator with 128 bits of state.
 * @source Chris Doty-Humphrey, PractRand 0.94, sfc32
 */
export class RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, name: string) {
    this.#a = hashName(name, 0x811c9dc5);
    this.#b = hashName(name, (seed ^ 0x9e3779b9) >>> 0);
    this.#c = seed | 0;
    for (let i = 0; i < 15; i++) this.next();
  }

  /** The next 32 random bits as an unsigned number. */
  next(): number {
    const t = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** A number in [0, 1). */
  fraction(): number {
    return this.next() / 0x100000000;
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }
}
