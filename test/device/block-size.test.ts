import { describe, expect, it } from 'vitest';
import { countPages } from '../../src/device/block-size.ts';

describe('the search for the size of a block device', () => {
  it('finds every size in few questions', () => {
    for (const pages of [0, 1, 2, 3, 4, 5, 7, 8, 9, 301, 65_535, 65_536, 65_537, 2 ** 31 + 1]) {
      let questions = 0;
      const found = countPages((page) => {
        questions += 1;
        return page < pages;
      });
      expect(found).toBe(pages);
      expect(questions).toBeLessThan(2 * Math.log2(pages + 1) + 4);
    }
  });
});
