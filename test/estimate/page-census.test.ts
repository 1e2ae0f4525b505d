import { describe, expect, it } from 'vitest';
import { PageCensus, Sampler } from '../../src/estimate/index.ts';

/** Bits of a pagemap word, as Documentation/admin-guide/mm/pagemap.rst numbers them. */
const PRESENT = 1n << 63n;
const SWAPPED = 1n << 62n;
const FILE = 1n << 61n;
const EXCLUSIVE = 1n << 56n;
const SOFT_DIRTY = 1n << 55n;

function census(isZeroFrame: ((frame: number) => boolean) | null = null): PageCensus {
  return new PageCensus({ sampler: new Sampler(100, 1), isZeroFrame });
}

/** As the kernel of a little-endian machine writes them. */
function words(...values: bigint[]): Uint32Array {
  return new Uint32Array(BigUint64Array.from(values).buffer);
}

describe('the census of pages', () => {
  it('counts pages that are there and of no file, and samples nothing else', () => {
    const counted = census();
    const found = counted.add(
      words(
        ...[0n, PRESENT | EXCLUSIVE | SOFT_DIRTY | 7n, PRESENT | FILE | EXCLUSIVE, SWAPPED | 99n],
        ...[SWAPPED | FILE, PRESENT | EXCLUSIVE],
      ),
      6,
      1000,
      3,
    );
    expect([found, counted.drawnPages]).toEqual([2, 2]);
    expect([...counted.sample()]).toEqual([[3, Float64Array.of(1001, 1005)]]);
  });

  it('counts a page that processes share once', () => {
    const counted = census();
    const frame = 0x12_3456_789an;
    counted.add(words(PRESENT | frame, PRESENT | (frame + 1n)), 2, 10, 0);
    counted.add(words(PRESENT | frame, PRESENT | (frame + 2n)), 2, 50, 1);
    expect([counted.drawnPages, counted.repeatedPages]).toEqual([3, 1]);
    expect(counted.sample().get(1)).toEqual(Float64Array.of(51));
  });

  it("takes the kernel's page of zeros for nobody's, and asks for each frame once", () => {
    const asked: number[] = [];
    const counted = census((frame) => {
      asked.push(frame);
      return frame === 5;
    });
    counted.add(words(PRESENT | 5n, PRESENT | 5n, PRESENT | 6n, PRESENT | 6n), 4, 0, 0);
    expect([counted.drawnPages, counted.zeroMappedPages, counted.repeatedPages]).toEqual([1, 2, 1]);
    expect(asked).toEqual([5, 6]);
  });

  it('says of how many it cannot tell, where frames are not told', () => {
    const counted = census();
    counted.add(words(PRESENT, PRESENT, PRESENT | EXCLUSIVE), 3, 0, 0);
    expect([counted.drawnPages, counted.undecidedPages]).toEqual([3, 2]);
  });

  it('gives the sample by mapping, in the order of addresses', () => {
    const counted = new PageCensus({ sampler: new Sampler(20, 7), isZeroFrame: null });
    const part = words(...new Array<bigint>(64).fill(PRESENT | EXCLUSIVE));
    for (const mapping of [0, 1, 2]) counted.add(part, 64, 1000 * mapping, mapping);
    const sample = [...counted.sample()];
    expect(sample.map(([mapping]) => mapping)).toEqual([0, 1, 2]);
    const pages = sample.flatMap(([, list]) => [...list]);
    expect(pages).toEqual([...new Set(pages)].sort((a, b) => a - b));
    expect(pages).toHaveLength(20);
  });
});
