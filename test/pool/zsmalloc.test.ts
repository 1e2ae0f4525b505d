import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { CostProfile, Engine } from '../../src/engine/index.ts';
import {
  classIndexOf,
  createSizeClasses,
  ZsmallocPool,
  type PoolHandle,
} from '../../src/pool/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';

function pool(bytes = true): ZsmallocPool {
  const costs = new CostProfile({ name: 'none', description: '', prices: {} });
  return new ZsmallocPool({ engine: new Engine({ seed: 1, cpuCount: 1, costs }), bytes });
}

/** Bytes that tell which object they belong to. */
function bytesOf(identity: number, length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (identity * 31 + i * 7) & 0xff));
}

function load(from: ZsmallocPool, handle: PoolHandle): Buffer {
  const target = Buffer.alloc(PAGE_SIZE);
  from.load(handle, target, 0);
  return target.subarray(0, from.lengthOf(handle));
}

describe('a zsmalloc pool', () => {
  it('gives back bytes that straddle pages', () => {
    const zsmalloc = pool();
    // Class 2720: three objects in two pages, the second across the border.
    const handles = [1, 2, 3].map((identity) => zsmalloc.store(bytesOf(identity, 2712), 2712));
    expect(zsmalloc.pageCount).toBe(2);
    handles.forEach((handle, i) => {
      expect(load(zsmalloc, handle)).toEqual(bytesOf(i + 1, 2712));
    });
    zsmalloc.checkInvariants();
  });

  it('packs the fullest zspage first', () => {
    const zsmalloc = pool();
    const handles = Array.from({ length: 8 }, () => zsmalloc.store(bytesOf(1, 2000), 2000));
    expect(zsmalloc.pageCount).toBe(4);
    // Two half-empty pages and one empty: the empty one goes at once.
    for (const index of [0, 2, 4, 5]) zsmalloc.free(handles[index]!);
    expect(zsmalloc.pageCount).toBe(3);
    zsmalloc.store(bytesOf(2, 2000), 2000);
    zsmalloc.store(bytesOf(2, 2000), 2000);
    expect(zsmalloc.pageCount).toBe(3);
  });

  it('compacts: objects move, handles stay valid, pages come back', () => {
    const zsmalloc = pool();
    const handles = Array.from({ length: 90 }, (_, i) => zsmalloc.store(bytesOf(i, 500), 500));
    handles.forEach((handle, i) => {
      if (i % 3 !== 0) zsmalloc.free(handle);
    });
    const before = zsmalloc.pageCount;
    const freed = zsmalloc.compactablePages();
    expect(freed).toBeGreaterThan(0);
    expect(zsmalloc.compact()).toBe(freed);
    expect(zsmalloc.pageCount).toBe(before - freed);
    expect(zsmalloc.pageCount).toBe(Math.ceil(30 / 8));
    handles.forEach((handle, i) => {
      if (i % 3 === 0) expect(load(zsmalloc, handle)).toEqual(bytesOf(i, 500));
    });
    zsmalloc.checkInvariants();
  });

  it('holds what a map holds, whatever is stored, freed and compacted', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ store: fc.integer({ min: 1, max: PAGE_SIZE }) }) },
      { weight: 3, arbitrary: fc.record({ free: fc.nat() }) },
      { weight: 1, arbitrary: fc.constant({ compact: true }) },
    );
    const classes = createSizeClasses(8);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.boolean(), (steps, hasBytes) => {
        const zsmalloc = pool(hasBytes);
        const oracle = new Map<PoolHandle, Buffer>();
        steps.forEach((each, i) => {
          if ('store' in each) {
            const bytes = bytesOf(i, each.store);
            oracle.set(zsmalloc.store(hasBytes ? bytes : null, each.store), bytes);
          } else if ('free' in each && oracle.size > 0) {
            const handle = [...oracle.keys()][each.free % oracle.size]!;
            zsmalloc.free(handle);
            oracle.delete(handle);
          } else if ('compact' in each) {
            zsmalloc.compact();
            expect(zsmalloc.compactablePages()).toBe(0);
          }
        });
        zsmalloc.checkInvariants();
        expect(zsmalloc.objectCount).toBe(oracle.size);
        // No pool is smaller than its objects packed without a gap.
        const counts = new Map<number, number>();
        for (const bytes of oracle.values()) {
          const { index } = classes[classIndexOf(bytes.length)]!;
          counts.set(index, (counts.get(index) ?? 0) + 1);
        }
        let least = 0;
        for (const [index, count] of counts) {
          const { objectsPerZspage, pagesPerZspage } = classes[index]!;
          least += Math.ceil(count / objectsPerZspage) * pagesPerZspage;
        }
        expect(zsmalloc.pageCount).toBeGreaterThanOrEqual(least);
        for (const [handle, bytes] of oracle) {
          expect(zsmalloc.lengthOf(handle)).toBe(bytes.length);
          if (hasBytes) expect(load(zsmalloc, handle)).toEqual(bytes);
          zsmalloc.free(handle);
        }
        expect(zsmalloc.pageCount).toBe(0);
      }),
      { seed: 11, numRuns: 150 },
    );
  });
});
