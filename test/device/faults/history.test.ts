/** What a mismatch says of a slot whose generations are known. */
import { describe, expect, it } from 'vitest';
import { SlotChecksums, type ChecksumProblem } from '../../../src/device/index.ts';
import { CostProfile, Engine } from '../../../src/engine/index.ts';
import { defaultCosts } from '../../../src/engine/profiles/default-costs.ts';
import { PAGE_SIZE } from '../../../src/units/index.ts';

describe('a checksum with a history', () => {
  it('tells an older generation from damage, also over a slot that was freed', () => {
    const told: ChecksumProblem[] = [];
    const engine = new Engine({ seed: 1, cpuCount: 1, costs: new CostProfile(defaultCosts) });
    const sums = new SlotChecksums(engine, (problem) => told.push(problem), true);
    const page = (value: number): Buffer => Buffer.alloc(PAGE_SIZE, value);
    sums.set(5, page(1));
    sums.forget(5);
    sums.set(5, page(2));
    expect(sums.verify(5, page(2))).toBe(true);
    expect(sums.verify(5, page(1))).toBe(false);
    expect(sums.verify(5, page(3))).toBe(false);
    expect(told.map(({ because }) => because)).toEqual([
      'generation 1 of this slot, where 2 was written: a lost write',
      'damaged in generation 2 of this slot',
    ]);
  });
});
