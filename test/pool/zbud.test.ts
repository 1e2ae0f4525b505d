import { describe, expect, it } from 'vitest';
import { EV } from '../../src/engine/index.ts';
import { NO_HANDLE, ZbudPool } from '../../src/pool/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import { bytesOf, loadFrom, testEngine } from './support/pool-model.ts';

function pool(mayGrow?: () => boolean): ZbudPool {
  return new ZbudPool({ engine: testEngine(), bytes: true, mayGrow });
}

describe('a zbud pool', () => {
  it('puts the first object behind the header and the last at the end of the page', () => {
    const zbud = pool();
    const first = zbud.store(bytesOf(1, 1000), 1000);
    const last = zbud.store(bytesOf(2, 130), 130);
    expect(zbud.pageCount).toBe(1);
    expect(zbud.placeOf(first)).toEqual({ zspage: 1, object: 0, classBytes: 1024, offset: 64 });
    expect(zbud.placeOf(last)).toMatchObject({ object: 1, classBytes: 192, offset: 4096 - 192 });
    expect(loadFrom(zbud, first)).toEqual(bytesOf(1, 1000));
    expect(loadFrom(zbud, last)).toEqual(bytesOf(2, 130));
    zbud.checkInvariants();
  });

  it('takes 3968 bytes at most; 3969 are ENOSPC, and nothing is asked or counted', () => {
    const engine = testEngine();
    let asked = 0;
    const mayGrow = (): boolean => {
      asked += 1;
      return true;
    };
    const zbud = new ZbudPool({ engine, bytes: true, mayGrow });
    expect(zbud.largestObject).toBe(3968);
    expect(zbud.store(bytesOf(1, 3969), 3969)).toBe(NO_HANDLE);
    expect([asked, engine.counted(EV.zbudAlloc), zbud.pageCount]).toEqual([0, 0, 0]);
    const handle = zbud.store(bytesOf(1, 3968), 3968);
    expect(loadFrom(zbud, handle)).toEqual(bytesOf(1, 3968));
    // One chunk is left, and is used.
    zbud.store(bytesOf(2, 64), 64);
    expect([asked, zbud.pageCount]).toEqual([1, 1]);
  });

  it('never holds more than two objects in a page, however small', () => {
    const zbud = pool();
    for (let i = 0; i < 5; i++) zbud.store(bytesOf(i, 1), 1);
    expect(zbud.pageCount).toBe(3);
  });

  it('uses the tightest room that suffices, and of equals the page listed last', () => {
    const zbud = pool();
    const [wide, tight, alsoTight] = [1000, 2000, 1990].map((length) => {
      const handle = zbud.store(bytesOf(length, length), length);
      // Fills the page, so that the next object takes another, and goes again below.
      return { handle, filler: zbud.store(bytesOf(1, 1984), 1984) };
    });
    for (const each of [wide!, alsoTight!, tight!]) zbud.free(each.filler);
    expect(zbud.pageCount).toBe(3);
    const page = (handle: number): number => zbud.placeOf(handle as typeof NO_HANDLE).zspage;
    // Both tight pages have 31 chunks left, the wide one 47; `tight` was listed last.
    expect(page(zbud.store(bytesOf(3, 1900), 1900))).toBe(page(tight!.handle));
    expect(page(zbud.store(bytesOf(3, 1900), 1900))).toBe(page(alsoTight!.handle));
    expect(page(zbud.store(bytesOf(3, 1900), 1900))).toBe(page(wide!.handle));
  });

  it('frees a page with its second object, and joins the room of the first to the rest', () => {
    const zbud = pool();
    const first = zbud.store(bytesOf(1, 1900), 1900);
    const last = zbud.store(bytesOf(2, 1900), 1900);
    zbud.free(first);
    const larger = zbud.store(bytesOf(3, 2100), 2100);
    expect(zbud.pageCount).toBe(1);
    expect(loadFrom(zbud, last)).toEqual(bytesOf(2, 1900));
    expect(loadFrom(zbud, larger)).toEqual(bytesOf(3, 2100));
    zbud.free(last);
    zbud.free(larger);
    expect([zbud.pageCount, zbud.objectCount]).toEqual([0, 0]);
    expect(() => {
      zbud.free(larger);
    }).toThrow('a live handle');
  });

  it('stores nothing where it may not grow, but uses the room that it has', () => {
    let isAllowed = true;
    const zbud = pool(() => isAllowed);
    zbud.store(bytesOf(1, 1000), 1000);
    isAllowed = false;
    expect(zbud.store(bytesOf(2, 3500), 3500)).toBe(NO_HANDLE);
    expect([zbud.pageCount, zbud.objectCount]).toEqual([1, 1]);
    expect(zbud.store(bytesOf(3, 1000), 1000)).not.toBe(NO_HANDLE);
    zbud.checkInvariants();
  });

  it('counts allocations, frees, pages and its lock', () => {
    const engine = testEngine();
    const zbud = new ZbudPool({ engine, bytes: false });
    const handles = [500, 500, 500].map((length) => zbud.store(null, length));
    for (const handle of handles) zbud.free(handle);
    const names = ['zbudAlloc', 'zbudFree', 'zbudPageAlloc', 'zbudPageFree'] as const;
    expect(names.map((name) => engine.counted(EV[name]))).toEqual([3, 3, 2, 2]);
    // Once more for each new page.
    expect(engine.counted(EV['lockAcquire.zbud'])).toBe(8);
  });

  it('grows past its first tables', () => {
    const zbud = new ZbudPool({ engine: testEngine(), bytes: false });
    const handles = Array.from({ length: 3000 }, () => zbud.store(null, PAGE_SIZE >> 1));
    zbud.checkInvariants();
    expect(zbud.pageCount).toBe(3000);
    for (const handle of handles) zbud.free(handle);
    expect(zbud.pageCount).toBe(0);
  });
});
