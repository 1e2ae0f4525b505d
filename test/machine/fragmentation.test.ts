import { describe, expect, it } from 'vitest';
import { countRuns } from '../../src/machine/fragmentation.ts';

/** `.` is free, `x` in use; slot 0 is not looked at. */
function runsOf(slots: string): ReturnType<typeof countRuns> {
  return countRuns(1, slots.length, (slot) => slots[slot] === '.');
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
});
