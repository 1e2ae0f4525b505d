import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { classIndexOf, createSizeClasses, hugeClassSize } from '../../src/pool/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';

const table = createSizeClasses(8);
const shipped = JSON.parse(
  readFileSync(new URL('../../fixtures/zsmalloc/classes-chain8.json', import.meta.url), 'utf8'),
) as { readonly classes: readonly (readonly number[])[] };

/** Bytes of page memory per object of a full zspage. */
function amortized(length: number): number {
  const entry = table[classIndexOf(length)]!;
  return (entry.pagesPerZspage * PAGE_SIZE) / entry.objectsPerZspage;
}

describe('the class table of zsmalloc', () => {
  it.each([
    [4, 69, 3264],
    [5, 86, 3408],
    [6, 94, 3504],
    [7, 110, 3584],
    [8, 119, 3632],
    [9, 136, 3680],
    [10, 141, 3712],
    [11, 153, 3744],
    [12, 159, 3776],
    [13, 173, 3792],
    [14, 179, 3808],
    [15, 186, 3840],
    [16, 192, 3840],
  ])(
    'has, for chains of up to %i pages, %i classes and the huge watermark %i',
    (chain, count, mark) => {
      const classes = createSizeClasses(chain);
      expect(new Set(classes).size).toBe(count);
      expect(hugeClassSize(classes)).toBe(mark - 7);
    },
  );

  it('is the shipped one, class by class', () => {
    const ours = [...new Set(table)].map((entry) => {
      const from = table.indexOf(entry);
      const previous = from === 0 ? 0 : table[from - 1]!.size - 8;
      return [
        entry.index,
        entry.size,
        entry.pagesPerZspage,
        entry.objectsPerZspage,
        entry.pagesPerZspage * PAGE_SIZE - entry.objectsPerZspage * entry.size,
        from,
        previous + 1,
        entry.isHuge ? PAGE_SIZE : entry.size - 8,
      ];
    });
    expect(ours).toEqual(shipped.classes);
  });

  it.each([
    [1, 32, 32],
    [24, 32, 32],
    [25, 48, 48],
    [100, 112, 112],
    [504, 512, 512],
    [505, 528, 528.5],
    [1016, 1024, 1024],
    [1017, 1056, 1057],
    [1352, 1360, 1365.3],
    [1353, 1424, 1424.7],
    [1568, 1584, 1592.9],
    [1624, 1632, 1638.4],
    [1625, 1680, 1686.6],
    [2041, 2176, 2184.5],
    [2712, 2720, 2730.7],
    [2713, 2864, 2867.2],
    [3256, 3264, 3276.8],
    [3257, 3408, 3413.3],
    [3624, 3632, 3640.9],
    [3625, 4096, 4096],
    [4096, 4096, 4096],
  ])('puts %i bytes into class %i (%d bytes of pages each)', (length, size, bytes) => {
    expect(table[classIndexOf(length)]!.size).toBe(size);
    expect(amortized(length)).toBeCloseTo(bytes, 1);
  });
});
