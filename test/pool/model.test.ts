import { describe, expect, it } from 'vitest';
import { ZbudPool, ZsmallocPool } from '../../src/pool/index.ts';
import { NaiveZbud } from './support/naive-zbud.ts';
import { NaiveZsmalloc } from './support/naive-zsmalloc.ts';
import { checkAgainst, loadFrom } from './support/pool-model.ts';

describe.each([4, 8, 16])('zsmalloc with chains of up to %i pages', (chainSize) => {
  it('holds the pages, and each object where the rules of the kernel put it, at every step', () => {
    let freedPages = 0;
    checkAgainst(
      100 + chainSize,
      (options) => ({
        pool: new ZsmallocPool({ ...options, chainSize }),
        oracle: new NaiveZsmalloc(chainSize),
      }),
      ({ pool, oracle, stored }) => {
        const before = oracle.pageCount;
        oracle.compact();
        expect(pool.compactablePages()).toBe(before - oracle.pageCount);
        expect(pool.compact()).toBe(before - oracle.pageCount);
        freedPages += before - oracle.pageCount;
        pool.checkInvariants();
        for (const { handle, bytes } of stored.values())
          expect(loadFrom(pool, handle).equals(bytes)).toBe(true);
      },
      ({ pool, oracle, stored }) => {
        const seen = new Set<number>();
        let isSame = true;
        for (const zspage of oracle.zspages()) {
          // The oracle's zspages have no number: all objects of one have the same one here.
          let number: number | undefined;
          zspage.held.forEach((identity, object) => {
            if (identity === undefined) return;
            const place = pool.placeOf(stored.get(identity)!.handle);
            number ??= place.zspage;
            isSame &&= place.zspage === number && place.object === object;
            isSame &&= place.classBytes === zspage.of.size;
          });
          isSame &&= !seen.has(number!);
          seen.add(number!);
        }
        expect(isSame).toBe(true);
      },
    );
    // Else the comparison of compactions would say nothing.
    expect(freedPages).toBeGreaterThan(40);
  });
});

describe('zbud', () => {
  it('holds the pages, and each object where the rules of the kernel put it, at every step', () => {
    checkAgainst(
      7,
      (options) => ({ pool: new ZbudPool(options), oracle: new NaiveZbud() }),
      undefined,
      ({ pool, oracle, stored }) => {
        for (const [identity, { handle }] of stored) {
          const { zspage, offset } = pool.placeOf(handle);
          const place = oracle.place(identity);
          expect(offset).toBe(place.offset);
          if (place.buddy === undefined) continue;
          expect(pool.placeOf(stored.get(place.buddy)!.handle).zspage).toBe(zspage);
        }
      },
    );
  });
});
