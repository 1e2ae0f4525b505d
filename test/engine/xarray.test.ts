import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { CostProfile, Engine, XArray, XArrayNodes } from '../../src/engine/index.ts';

function tree(): { readonly nodes: XArrayNodes; readonly array: XArray } {
  const engine = new Engine({
    seed: 1,
    cpuCount: 1,
    costs: new CostProfile({ name: 'none', description: '', prices: {} }),
  });
  const nodes = new XArrayNodes(engine);
  return { nodes, array: new XArray(nodes, engine) };
}

function nodesFor(indexes: Iterable<number>): number {
  const { nodes, array } = tree();
  for (const index of indexes) array.store(index, index + 1);
  return nodes.liveCount;
}

function* range(end: number, step = 1): Generator<number> {
  for (let i = 0; i < end; i += step) yield i;
}

describe('an XArray', () => {
  it.each([
    ['nothing', [], 0],
    ['index 0 alone', [0], 0],
    ['{0,1}', [0, 1], 1],
    ['{63}', [63], 1],
    ['{64}', [64], 2],
    ['0..63', [...range(64)], 1],
    ['0..64', [...range(65)], 3],
    ['{4095}', [4095], 2],
    ['{4096}', [4096], 3],
    ['{0,4096}', [0, 4096], 5],
    ['0..4095', [...range(4096)], 65],
    ['0..16383', [...range(16384)], 261],
    ['every 64th index of 16384', [...range(16384, 64)], 261],
  ])("takes the kernel's number of nodes for %s", (_name, indexes, count) => {
    expect(nodesFor(indexes)).toBe(count);
  });

  it('shrinks to no node when only index 0 is left', () => {
    const { nodes, array } = tree();
    for (const index of range(16384)) array.store(index, index + 1);
    for (const index of range(16384)) if (index > 0) array.erase(index);
    expect(nodes.liveCount).toBe(0);
    expect(array.load(0)).toBe(1);
  });

  it('holds what a map holds, and no node when it is empty', () => {
    const operation = fc.tuple(
      fc.constantFrom('store', 'erase', 'load'),
      fc.oneof(fc.nat(200), fc.nat(70_000), fc.nat(2 ** 28 - 1)),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const { nodes, array } = tree();
        const oracle = new Map<number, number>();
        for (const [kind, index] of operations) {
          const before = oracle.get(index) ?? 0;
          if (kind === 'load') {
            expect(array.load(index)).toBe(before);
          } else if (kind === 'erase') {
            expect(array.erase(index)).toBe(before);
            oracle.delete(index);
          } else {
            expect(array.store(index, index + 7)).toBe(before);
            oracle.set(index, index + 7);
          }
          expect(array.isEmpty).toBe(oracle.size === 0);
        }
        for (const index of oracle.keys()) array.erase(index);
        expect(nodes.liveCount).toBe(0);
      }),
      { seed: 42, numRuns: 200 },
    );
  });
});
