import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { EV } from '../../src/engine/index.ts';
import {
  classIndexOf,
  createSizeClasses,
  NO_HANDLE,
  ZsmallocPool,
  type PoolHandle,
} from '../../src/pool/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import { bytesOf, loadFrom, testEngine } from './support/pool-model.ts';

function pool(bytes = true): ZsmallocPool {
  return new ZsmallocPool({ engine: testEngine(), bytes });
}

describe('a zsmalloc pool', () => {
  it('gives back bytes that straddle pages', () => {
    const zsmalloc = pool();
    // Class 2720: three objects in two pages, the second across the border.
    const handles = [1, 2, 3].map((identity) => zsmalloc.store(bytesOf(identity, 2712), 2712));
    expect(zsmalloc.pageCount).toBe(2);
    handles.forEach((handle, i) => {
      expect(loadFrom(zsmalloc, handle)).toEqual(bytesOf(i + 1, 2712));
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

  it('leaves a zspage where it is in the list while its fullness group stays the same', () => {
    const zsmalloc = pool(false);
    // Class 528: 31 objects; 11 and 12 of them are in the group of up to 40 %.
    const handles = Array.from({ length: 62 }, () => zsmalloc.store(null, 520));
    const [older, newer] = [handles.slice(0, 31), handles.slice(31)];
    for (const handle of [...older.slice(12), ...newer.slice(12)]) zsmalloc.free(handle);
    zsmalloc.free(older[0]!);
    const page = zsmalloc.placeOf(zsmalloc.store(null, 520)).zspage;
    expect(page).toBe(zsmalloc.placeOf(newer[0]!).zspage);
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
      if (i % 3 === 0) expect(loadFrom(zsmalloc, handle)).toEqual(bytesOf(i, 500));
    });
    zsmalloc.checkInvariants();
  });

  it('stores nothing where it may not take a whole chain, but uses the room that it has', () => {
    const asked: number[] = [];
    let limit = 5;
    const zsmalloc: ZsmallocPool = new ZsmallocPool({
      engine: testEngine(),
      bytes: true,
      mayGrow: (pages) => {
        asked.push(pages);
        return zsmalloc.pageCount + pages <= limit;
      },
    });
    // Class 3264: five objects in four pages.
    const handles = [1, 2, 3].map((identity) => zsmalloc.store(bytesOf(identity, 3256), 3256));
    expect([asked, zsmalloc.pageCount]).toEqual([[4], 4]);
    // Class 2720: three in two pages, of which only one may be taken.
    expect(zsmalloc.store(bytesOf(4, 2700), 2700)).toBe(NO_HANDLE);
    expect([asked, zsmalloc.pageCount, zsmalloc.objectCount]).toEqual([[4, 2], 4, 3]);
    zsmalloc.checkInvariants();
    expect(zsmalloc.store(bytesOf(5, 3256), 3256)).not.toBe(NO_HANDLE);
    expect(asked).toHaveLength(2);
    limit = 6;
    const late = zsmalloc.store(bytesOf(6, 2700), 2700);
    expect(loadFrom(zsmalloc, late)).toEqual(bytesOf(6, 2700));
    expect(loadFrom(zsmalloc, handles[2]!)).toEqual(bytesOf(3, 3256));
  });

  it('gives no handle when there is no memory for a chain', () => {
    const engine = testEngine();
    const zsmalloc = new ZsmallocPool({ engine, bytes: false });
    engine.allocationFails = (kind) => kind === 'zspage';
    expect(zsmalloc.store(null, 100)).toBe(NO_HANDLE);
    expect([zsmalloc.pageCount, zsmalloc.objectCount]).toEqual([0, 0]);
    engine.allocationFails = () => false;
    expect(zsmalloc.store(null, 100)).not.toBe(NO_HANDLE);
  });

  it('compacts into the fullest zspage until that is full, and counts what it moves', () => {
    const engine = testEngine();
    const zsmalloc = new ZsmallocPool({ engine, bytes: true });
    // Class 512: eight objects in a page. Four pages hold 6, 5, 2 and 1 of them.
    const handles = Array.from({ length: 32 }, (_, i) => zsmalloc.store(bytesOf(i, 500), 500));
    const kept = [...[0, 1, 2, 3, 4, 5], ...[8, 9, 10, 11, 12], ...[16, 17], 24];
    handles.forEach((handle, i) => {
      if (!kept.includes(i)) zsmalloc.free(handle);
    });
    expect(zsmalloc.compact()).toBe(2);
    // The page of one and the page of two fill the page of six, and what is left the page of five.
    expect(engine.counted(EV.zsmallocMove)).toBe(3);
    expect(zsmalloc.pagesCompacted).toBe(2);
    const page = (i: number): number => zsmalloc.placeOf(handles[i]!).zspage;
    expect([page(24), page(16), page(17)]).toEqual([page(0), page(0), page(8)]);
    for (const i of kept) expect(loadFrom(zsmalloc, handles[i]!)).toEqual(bytesOf(i, 500));
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
          if (hasBytes) expect(loadFrom(zsmalloc, handle)).toEqual(bytes);
          zsmalloc.free(handle);
        }
        expect(zsmalloc.pageCount).toBe(0);
      }),
      { seed: 11, numRuns: 150 },
    );
  });
});
