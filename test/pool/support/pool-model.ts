/** Random stores, frees and compactions of a pool, compared with an oracle after every step. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { CostProfile, Engine } from '../../../src/engine/index.ts';
import type { ObjectPool, PoolHandle, PoolOptions } from '../../../src/pool/index.ts';
import { NO_HANDLE } from '../../../src/pool/index.ts';
import { PAGE_SIZE } from '../../../src/units/index.ts';

export interface Oracle {
  readonly pageCount: number;
  growth(length: number): number;
  store(identity: number, length: number): void;
  free(identity: number): void;
}

export interface Stored {
  readonly handle: PoolHandle;
  readonly bytes: Buffer;
}

export interface ModelRun<P extends ObjectPool, O extends Oracle> {
  readonly pool: P;
  readonly oracle: O;
  readonly stored: ReadonlyMap<number, Stored>;
}

export function testEngine(): Engine {
  const costs = new CostProfile({ name: 'none', description: '', prices: {} });
  return new Engine({ seed: 1, cpuCount: 1, costs });
}

/** Bytes that tell which object they belong to. */
export function bytesOf(identity: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = (identity * 31 + i * 7 + (i >>> 8)) & 0xff;
  return bytes;
}

export function loadFrom(pool: ObjectPool, handle: PoolHandle): Buffer {
  const target = Buffer.alloc(PAGE_SIZE + 8);
  pool.load(handle, target, 8);
  return target.subarray(8, 8 + pool.lengthOf(handle));
}

/** A few lengths over and over, so that classes fill up; and any. */
const length = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(520, 520, 1340, 2000, 2700, 3250) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: PAGE_SIZE }) },
);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('store' as const), length }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('storeMany' as const),
      length,
      count: fc.integer({ min: 2, max: 40 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('free' as const), pick: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('freeMany' as const),
      picks: fc.array(fc.boolean(), { minLength: 5, maxLength: 19 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('limit' as const), pages: fc.nat({ max: 150 }) }),
  },
);

/**
 * @param seed - printed by fast-check with the failing case; the same seed replays it
 * @param create - the pool and its oracle
 * @param compact - compacts both; absent where a pool cannot
 * @param checkPlaces - called after every step
 */
export function checkAgainst<P extends ObjectPool, O extends Oracle>(
  seed: number,
  create: (options: PoolOptions) => { readonly pool: P; readonly oracle: O },
  compact: ((run: ModelRun<P, O>) => void) | undefined,
  checkPlaces: (run: ModelRun<P, O>) => void,
): void {
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 100, size: 'max' }), (steps) => {
      let pagesMax = Number.MAX_SAFE_INTEGER;
      let asked = 0;
      const { pool, oracle } = create({
        engine: testEngine(),
        bytes: true,
        mayGrow: (pages) => {
          asked = pages;
          return pool.pageCount + pages <= pagesMax;
        },
      });
      const stored = new Map<number, Stored>();
      const run = { pool, oracle, stored };
      let identities = 0;
      const store = (length: number): void => {
        const identity = identities++;
        const bytes = bytesOf(identity, length);
        const growth = oracle.growth(length);
        const isTooLarge = length > pool.largestObject;
        asked = 0;
        const handle = pool.store(bytes, length);
        expect(asked).toBe(isTooLarge ? 0 : growth);
        const isRefused = growth > 0 && oracle.pageCount + growth > pagesMax;
        expect(handle === NO_HANDLE).toBe(isTooLarge || isRefused);
        if (handle === NO_HANDLE) return;
        oracle.store(identity, length);
        stored.set(identity, { handle, bytes });
      };
      const free = (identity: number): void => {
        pool.free(stored.get(identity)!.handle);
        oracle.free(identity);
        stored.delete(identity);
      };
      for (const each of steps) {
        switch (each.kind) {
          case 'store':
            store(each.length);
            break;
          case 'storeMany':
            for (let i = 0; i < each.count; i++) store(each.length);
            break;
          case 'free':
            if (stored.size > 0) free([...stored.keys()][each.pick % stored.size]!);
            break;
          case 'freeMany':
            [...stored.keys()].forEach((key, at) => {
              if (each.picks[at % each.picks.length] === true) free(key);
            });
            break;
          case 'compact':
            compact?.(run);
            break;
          case 'limit':
            pagesMax = each.pages < 40 ? Number.MAX_SAFE_INTEGER : each.pages;
            break;
        }
        expect(pool.pageCount).toBe(oracle.pageCount);
        expect(pool.objectCount).toBe(stored.size);
        checkPlaces(run);
      }
      pool.checkInvariants();
      for (const [identity, { handle, bytes }] of stored) {
        expect(loadFrom(pool, handle).equals(bytes)).toBe(true);
        free(identity);
        expect(pool.pageCount).toBe(oracle.pageCount);
      }
      expect(pool.pageCount).toBe(0);
      pool.checkInvariants();
    }),
    { seed, numRuns: 12 },
  );
}
