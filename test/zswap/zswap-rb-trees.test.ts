import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { CostProfile, Engine, EV } from '../../src/engine/index.ts';
import { makeSwapEntry, type SlotIndex, type SwapEntry } from '../../src/units/index.ts';
import {
  createZswapIndex,
  ZSWAP_RB_TREE_BYTES,
  ZswapRbTrees,
  ZswapTrees,
} from '../../src/zswap/index.ts';

function newEngine(): Engine {
  const costs = new CostProfile({ name: 'none', description: '', prices: {} });
  return new Engine({ seed: 1, cpuCount: 1, costs });
}

function entryOf(type: number, slot: number): SwapEntry {
  return makeSwapEntry(type, slot as SlotIndex);
}

const AREA_PAGES = [40_000, 300] as const;

function newIndex(engine: Engine): ZswapRbTrees {
  const index = new ZswapRbTrees(engine);
  AREA_PAGES.forEach((pages, type) => {
    index.addArea(type, pages);
  });
  return index;
}

describe("zswap's index of red-black trees", () => {
  it('answers as the index of xarrays does, and has as many entries', () => {
    const operation = fc.tuple(
      fc.constantFrom('set', 'set', 'erase', 'get', 'moved'),
      fc.oneof(
        fc.tuple(fc.constant(0), fc.nat(AREA_PAGES[0] - 1)),
        fc.tuple(fc.constant(1), fc.nat(40)),
        fc.tuple(fc.constant(0), fc.nat(40)),
      ),
      fc.integer({ min: 1, max: 1000 }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200, size: 'max' }), (operations) => {
        const rbTrees = newIndex(newEngine());
        const xarrays = new ZswapTrees(newEngine());
        AREA_PAGES.forEach((pages, type) => {
          xarrays.addArea(type, pages);
        });
        for (const [kind, [type, slot], value] of operations) {
          const entry = entryOf(type, slot);
          if (kind === 'set') expect(rbTrees.set(entry, value)).toBe(xarrays.set(entry, value));
          else if (kind === 'erase') expect(rbTrees.erase(entry)).toBe(xarrays.erase(entry));
          else if (kind === 'get') expect(rbTrees.get(entry)).toBe(xarrays.get(entry));
          else for (const index of [rbTrees, xarrays]) index.moved(entry);
          expect(rbTrees.entryCount).toBe(xarrays.entryCount);
        }
        rbTrees.checkInvariants();
      }),
      { seed: 42, numRuns: 100 },
    );
  });

  it('takes the lock of a tree for every step, once, a duplicate and a miss among them', () => {
    const engine = newEngine();
    const index = newIndex(engine);
    const locks = (): number => engine.counted(EV['lockAcquire.zswapTree']);
    index.set(entryOf(0, 5), 1);
    expect(locks()).toBe(1);
    expect(index.set(entryOf(0, 5), 2)).toBe(1);
    expect(locks()).toBe(2);
    expect(index.get(entryOf(0, 5))).toBe(2);
    expect(index.get(entryOf(1, 5))).toBe(0);
    expect(locks()).toBe(4);
    expect(index.erase(entryOf(0, 5))).toBe(2);
    expect(index.erase(entryOf(0, 5))).toBe(0);
    expect(locks()).toBe(6);
  });

  it('walks to an older entry, and from the root again after that was taken out', () => {
    const engine = newEngine();
    const index = newIndex(engine);
    for (const slot of [2, 1, 3]) index.set(entryOf(0, slot), slot);
    const before = engine.counted(EV.rbVisit);
    index.set(entryOf(0, 3), 9);
    // 2 and 3; then 2 again. No uncle is looked at: 2 is black.
    expect(engine.counted(EV.rbVisit) - before).toBe(3);
  });

  it('needs no memory to store, and none but a struct for each area', () => {
    const engine = newEngine();
    engine.allocationFails = () => true;
    const index = newIndex(engine);
    expect(index.reserve(entryOf(0, 1))).toBe(true);
    for (let slot = 1; slot < 300; slot++) index.set(entryOf(1, slot), slot);
    expect(index.nodeCount).toBe(0);
    expect(index.treeCount).toBe(2);
    expect(index.treeBytes).toBe(2 * ZSWAP_RB_TREE_BYTES);
    expect(engine.counted(EV.xaNodeAlloc)).toBe(0);
  });

  it('gives up the tree of an area at swapoff, when it is empty', () => {
    const index = newIndex(newEngine());
    index.set(entryOf(1, 7), 1);
    expect(() => {
      index.removeArea(1);
    }).toThrow(/swapoff leaves no entry/);
    index.erase(entryOf(1, 7));
    index.removeArea(1);
    expect(index.treeCount).toBe(1);
  });

  it('records the walk as a hop', () => {
    const engine = newEngine();
    const index = newIndex(engine);
    index.set(entryOf(0, 7), 3);
    const hops = engine.trace.record(() => index.get(entryOf(0, 7)));
    expect(hops).toEqual([
      { event: 'rbVisit', from: 'zswap rbtree 0 at 7', to: 'zswap entry 3', count: 1 },
    ]);
  });

  it.each([
    ['xarray', ZswapTrees],
    ['rbtree', ZswapRbTrees],
  ] as const)('is made by name: %s', (kind, type) => {
    const index = createZswapIndex(kind, newEngine());
    expect(index).toBeInstanceOf(type);
    expect(index.kind).toBe(kind);
  });
});
