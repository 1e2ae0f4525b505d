/** The flash translation layer against a plain one that keeps objects and searches. */
import { describe, expect, it } from 'vitest';
import { FlashTranslation, type FlashGeometry } from '../../../src/device/index.ts';
import { RandomStream } from '../../../src/engine/index.ts';

const SMALL: FlashGeometry = {
  logicalPages: 200,
  blockPages: 16,
  overProvisioning: 0.1,
  isFull: true,
  wearSpread: 1e9,
};

function flash(change: Partial<FlashGeometry> = {}): FlashTranslation {
  return new FlashTranslation({ ...SMALL, ...change });
}

interface Block {
  readonly number: number;
  /** What was programmed, in order; null where it is valid no more. */
  pages: (number | null)[];
  erases: number;
  /** Joined the list of its count of valid pages at this step. */
  since: number;
}

/** The same rules by plain searches over plain objects. */
class Oracle {
  readonly blocks: Block[];
  readonly #blockPages: number;
  #step = 0;
  #host: Block | null = null;
  #collector: Block | null = null;
  programmed = 0;
  moved = 0;

  constructor({ logicalPages, blockPages, isFull }: FlashGeometry, blockCount: number) {
    this.#blockPages = blockPages;
    this.blocks = Array.from({ length: blockCount }, (_, number) => ({
      ...{ number, pages: [], erases: 0, since: 0 },
    }));
    if (!isFull) return;
    for (let page = 0; page < logicalPages; page++)
      this.blocks[Math.floor(page / blockPages)]!.pages.push(page);
    const last = this.blocks[Math.ceil(logicalPages / blockPages) - 1]!;
    while (last.pages.length < blockPages) last.pages.push(null);
  }

  write(page: number): void {
    this.trim(page);
    if (this.#host === null) {
      while (this.free().length <= 2) this.#collect();
      this.#host = this.#leastWorn();
    }
    this.#host = this.#program(this.#host, page);
  }

  trim(page: number): void {
    for (const block of this.blocks) {
      const at = block.pages.indexOf(page);
      if (at < 0) continue;
      block.pages[at] = null;
      block.since = ++this.#step;
    }
  }

  free(): Block[] {
    return this.blocks.filter(
      (block) => block.pages.length === 0 && block !== this.#host && block !== this.#collector,
    );
  }

  #collect(): void {
    const closed = this.blocks.filter(({ pages }) => pages.length === this.#blockPages);
    closed.sort((a, b) => valid(a) - valid(b) || a.since - b.since || a.number - b.number);
    const victim = closed[0]!;
    for (const page of victim.pages) {
      if (page === null) continue;
      this.#collector ??= this.#leastWorn();
      this.#collector = this.#program(this.#collector, page);
      this.moved += 1;
    }
    victim.pages = [];
    victim.erases += 1;
  }

  #leastWorn(): Block {
    return this.free().sort((a, b) => a.erases - b.erases || a.number - b.number)[0]!;
  }

  #program(block: Block, page: number): Block | null {
    block.pages.push(page);
    this.programmed += 1;
    if (block.pages.length < this.#blockPages) return block;
    block.since = ++this.#step;
    return null;
  }
}

function valid(block: Block): number {
  return block.pages.filter((page) => page !== null).length;
}

describe('a flash translation layer', () => {
  it.each([1, 2, 3, 4, 5, 6])('does what a plain model does, seed %i', (seed) => {
    const random = new RandomStream(seed, 'ftl');
    const geometry = { ...SMALL, isFull: seed % 2 === 0, overProvisioning: 0.05 * seed };
    const tested = flash(geometry);
    const oracle = new Oracle(geometry, tested.blockCount);
    let trimmed = 0;
    for (let step = 0; step < 3000; step++) {
      // A part is hot, and runs of neighbours are among them.
      const start = random.below(random.below(2) === 0 ? 40 : geometry.logicalPages);
      const end = Math.min(start + 1 + random.below(6), geometry.logicalPages);
      for (let page = start; page < end; page++)
        if (random.below(8) === 0) {
          if (tested.isMapped(page)) trimmed += 1;
          tested.trim(page);
          oracle.trim(page);
          expect(tested.isMapped(page)).toBe(false);
        } else {
          tested.write(page);
          oracle.write(page);
          expect(tested.isMapped(page)).toBe(true);
        }
      if (step % 97 === 0) tested.checkInvariants();
    }
    tested.checkInvariants();
    const counts = tested.counts();
    expect(counts).toMatchObject({
      nandPages: oracle.programmed,
      movedPages: oracle.moved,
      trimmedPages: trimmed,
      validPages: oracle.blocks.reduce((sum, block) => sum + valid(block), 0),
      freeBlocks: oracle.free().length,
      erases: oracle.blocks.reduce((sum, block) => sum + block.erases, 0),
      erasesMin: Math.min(...oracle.blocks.map(({ erases }) => erases)),
      erasesMax: Math.max(...oracle.blocks.map(({ erases }) => erases)),
    });
    expect(counts.erases).toBeGreaterThan(100);
    expect(counts.nandPages).toBe(counts.hostPages + counts.movedPages);
  });

  it('moves nothing while pages are written in order, over and over', () => {
    const tested = flash({ logicalPages: 4096, overProvisioning: 0.05 });
    for (let round = 0; round < 20; round++)
      for (let page = 0; page < 4096; page++) tested.write(page);
    const { hostPages, nandPages, erasesMin, erasesMax } = tested.counts();
    expect(nandPages).toBe(hostPages);
    expect(erasesMax - erasesMin).toBeLessThanOrEqual(2);
    tested.checkInvariants();
  });

  it('erases nothing before its free blocks are used up', () => {
    const tested = flash({ isFull: false });
    for (let page = 0; page < 200; page++) tested.write(page);
    expect(tested.counts()).toMatchObject({ erases: 0, movedPages: 0, validPages: 200 });
  });

  it('trims a page once', () => {
    const tested = flash();
    tested.trim(3);
    tested.trim(3);
    expect(tested.counts()).toMatchObject({ trimmedPages: 1, validPages: 199 });
    tested.write(3);
    expect(tested.counts()).toMatchObject({ trimmedPages: 1, validPages: 200 });
  });
});

describe('wear levelling', () => {
  /** Most of the pages are never written: the blocks that they are in stay as they are. */
  function wornBy(wearSpread: number): FlashTranslation {
    const tested = flash({ logicalPages: 1600, wearSpread });
    const random = new RandomStream(7, 'hot');
    for (let i = 0; i < 60_000; i++) tested.write(random.below(160));
    tested.checkInvariants();
    return tested;
  }

  it('leaves cold blocks alone while the spread is allowed: they are never erased', () => {
    const { erasesMin, erasesMax, levelledPages } = wornBy(1e9).counts();
    expect(erasesMin).toBe(0);
    expect(erasesMax).toBeGreaterThan(100);
    expect(levelledPages).toBe(0);
  });

  it('holds the spread near its threshold, and pays by moving pages', () => {
    const { erasesMin, erasesMax, levelledPages, movedPages } = wornBy(8).counts();
    expect(erasesMin).toBeGreaterThan(0);
    expect(erasesMax - erasesMin).toBeLessThanOrEqual(10);
    expect(levelledPages).toBeGreaterThan(0);
    expect(movedPages).toBeGreaterThanOrEqual(levelledPages);
  });

  it('gives the least worn of the free blocks to the next writes', () => {
    // With all pages hot and nothing else, counts stay together by that alone.
    const tested = flash({ logicalPages: 1600 });
    const random = new RandomStream(7, 'all');
    for (let i = 0; i < 100_000; i++) tested.write(random.below(1600));
    const { erasesMin, erasesMax, erases, blockCount } = tested.counts();
    expect(erasesMax).toBeLessThan((erases / blockCount) * 1.2);
    expect(erasesMin).toBeGreaterThan((erases / blockCount) * 0.8);
  });
});

describe('a huge area', () => {
  it('has every page in its own place at first, in each chunk of the maps', () => {
    const tested = flash({ logicalPages: 40_000 });
    for (const page of [5, 16_384, 20_000, 39_999]) tested.write(page);
    tested.checkInvariants();
    expect(tested.counts()).toMatchObject({ hostPages: 4, validPages: 40_000 });
  });

  it('takes memory for what was written, and not for its size', () => {
    const tested = flash({ logicalPages: 2 ** 28, blockPages: 256, overProvisioning: 0.07 });
    const random = new RandomStream(1, 'few');
    for (let i = 0; i < 100; i++) tested.write(random.below(2 ** 28));
    tested.checkConservation();
    // 64 KiB for each page's place in the one map, and in the other for the place that it left.
    expect(tested.mapBytes).toBeLessThan(100 * 2 * 65_536 + 4 * 65_536);
    expect(tested.isMapped(2 ** 28 - 1)).toBe(true);
  });
});
