import { describe, expect, it } from 'vitest';
import { planScan, type Mapping } from '../../src/estimate/index.ts';

function item(firstPage: number, own: Partial<Mapping>): { readonly mapping: Mapping } {
  const plain = { firstPage, pageCount: 100, anonymousPages: 10, swapPages: 0 };
  return { mapping: { ...plain, isLocked: false, pageBytes: 4096, ...own } };
}

describe('the plan of what page tables to read', () => {
  const places = (items: readonly { readonly mapping: Mapping }[]): number[] =>
    items.map(({ mapping }) => mapping.firstPage);

  it('has the densest mappings first where there is no room for all, in their order', () => {
    const items = [10, 90, 50].map((anonymousPages, i) => item(i, { anonymousPages }));
    const plan = planScan(items, 250);
    expect(places(plan.scanned)).toEqual([1, 2]);
    expect([plan.skippedMappings, plan.skippedPages]).toEqual([1, 10]);
  });

  it('leaves the room of a mapping that does not fit to sparser ones', () => {
    const shadow = item(1, { pageCount: 1000, anonymousPages: 500 });
    const plan = planScan([item(0, {}), shadow, item(2, { anonymousPages: 90 })], 200);
    expect(places(plan.scanned)).toEqual([0, 2]);
    expect([plan.skippedMappings, plan.skippedPages]).toEqual([1, 500]);
  });

  it('leaves out locked mappings, huge pages and those without anonymous memory', () => {
    const others = [{ isLocked: true }, { pageBytes: 2 ** 21 }, { anonymousPages: 0 }];
    const plan = planScan([...others.map((own, i) => item(i, own)), item(9, {})]);
    expect(places(plan.scanned)).toEqual([9]);
    expect(plan).toMatchObject({ lockedPages: 10, skippedMappings: 0 });
  });
});
