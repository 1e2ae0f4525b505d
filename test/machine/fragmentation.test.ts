import { describe, expect, it } from 'vitest';
import { countRuns } from '../../src/machine/fragmentation.ts';

/** `.` is free, `x` in use; slot 0 is not looked at. */
function runsOf(slots: string): ReturnType<typeof countRuns> {
  return countRuns({
    ...{ first: 1, end: slots.length },
    isEmptyCluster: () => false,
    isFree: (slot) => slots[slot] === '.',
  });
}

describe('the fragmentation of an area', () => {
  it.each([
    ['x', { freeSlots: 0, freeRuns: 0, usedRuns: 0 }],
    ['x....', { freeSlots: 4, freeRuns: 1, usedRuns: 0 }],
    ['xxxxx', { freeSlots: 0, freeRuns: 0, usedRuns: 1 }],
    ['x.x.x', { freeSlots: 2, freeRuns: 2, usedRuns: 2 }],
    ['xxx..x...xx.', { freeSlots: 6, freeRuns: 3, usedRuns: 3 }],
  ])('of %s is %j', (slots, runs) => {
    expect(runsOf(slots)).toEqual(runs);
  });

  it('of a terabyte is found without a look at clusters of which nothing is taken', () => {
    let looks = 0;
    const found = countRuns({
      ...{ first: 1, end: 2 ** 28 },
      isEmptyCluster: (cluster) => cluster % 1000 !== 7,
      isFree: (slot) => {
        looks += 1;
        return slot % 512 !== 100;
      },
    });
    const clusters = Math.ceil((2 ** 19 - 7) / 1000);
    expect(looks).toBe(clusters * 512);
    expect(found).toEqual({
      ...{ freeSlots: 2 ** 28 - 1 - clusters, freeRuns: clusters + 1, usedRuns: clusters },
    });
  });
});
