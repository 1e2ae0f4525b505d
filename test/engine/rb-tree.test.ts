import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { CostProfile, Engine, EV, NO_RB_NODE, RbNodes, RbTree } from '../../src/engine/index.ts';

function newEngine(): Engine {
  const costs = new CostProfile({ name: 'none', description: '', prices: {} });
  return new Engine({ seed: 1, cpuCount: 1, costs });
}

function tree(): { readonly engine: Engine; readonly nodes: RbNodes; readonly tree: RbTree } {
  const engine = newEngine();
  const nodes = new RbNodes();
  return { engine, nodes, tree: new RbTree(nodes, engine) };
}

/** What `work` makes the engine count of one event. */
function counted(engine: Engine, event: number, work: () => void): number {
  const before = engine.counted(event);
  work();
  return engine.counted(event) - before;
}

describe('a red-black tree', () => {
  it('holds what a map holds, is balanced after each step, and keeps no node when it is empty', () => {
    const operation = fc.tuple(
      fc.constantFrom('insert', 'erase', 'find'),
      fc.oneof({ weight: 5, arbitrary: fc.nat(60) }, fc.nat(2 ** 28 - 1)),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300, size: 'max' }), (operations) => {
        const { nodes, tree: under } = tree();
        const oracle = new Map<number, number>();
        for (const [kind, key] of operations) {
          const before = oracle.get(key) ?? 0;
          if (kind === 'find') {
            expect(under.find(key)).toBe(before);
          } else if (kind === 'erase') {
            expect(under.erase(key)).toBe(before);
            oracle.delete(key);
          } else {
            const there = under.insert(key, key + 7);
            expect(there === NO_RB_NODE).toBe(before === 0);
            if (there !== NO_RB_NODE) expect(nodes.value(there)).toBe(before);
            oracle.set(key, key + 7);
          }
          under.checkInvariants();
          expect(under.count).toBe(oracle.size);
          expect(under.isEmpty).toBe(oracle.size === 0);
        }
        for (const [key, value] of oracle) {
          expect(under.erase(key)).toBe(value);
          under.checkInvariants();
        }
        expect(nodes.liveCount).toBe(0);
      }),
      { seed: 42, numRuns: 200 },
    );
  });

  it('shares its nodes with other trees, whose keys it does not see', () => {
    const engine = newEngine();
    const nodes = new RbNodes();
    const even = new RbTree(nodes, engine);
    const odd = new RbTree(nodes, engine);
    for (let key = 0; key < 4096; key++) (key % 2 === 0 ? even : odd).insert(key, key + 1);
    expect(nodes.liveCount).toBe(4096);
    for (let key = 0; key < 4096; key += 4) even.erase(key);
    expect(nodes.liveCount).toBe(3072);
    for (let key = 0; key < 4096; key++) {
      expect(even.find(key)).toBe(key % 4 === 2 ? key + 1 : 0);
      expect(odd.find(key)).toBe(key % 2 === 1 ? key + 1 : 0);
    }
    even.checkInvariants();
    odd.checkInvariants();
  });

  it('keeps the node of a key in place while other keys are erased', () => {
    const { nodes, tree: under } = tree();
    for (let key = 0; key < 1000; key++) under.insert(key, key + 1);
    const kept = under.search(501);
    // 501 is the successor of some of them, which have two children.
    for (let key = 0; key < 1000; key++) if (key !== 501) under.erase(key);
    expect(under.search(501)).toBe(kept);
    expect(nodes.value(kept)).toBe(502);
    expect(under.eraseNode(kept)).toBe(502);
    expect(under.isEmpty).toBe(true);
  });

  it('is never higher than twice the logarithm of its keys', () => {
    const { engine, tree: under } = tree();
    const keys = 4095;
    for (let key = 0; key < keys; key++) under.insert(key, 1);
    let most = 0;
    for (let key = 0; key < keys; key++)
      most = Math.max(
        most,
        counted(engine, EV.rbVisit, () => under.find(key)),
      );
    expect(most).toBeGreaterThanOrEqual(Math.log2(keys + 1));
    expect(most).toBeLessThanOrEqual(2 * Math.log2(keys + 1));
  });

  it('counts the nodes that it looks at and its rotations', () => {
    const { engine, tree: under } = tree();
    const insert =
      (key: number): (() => void) =>
      () => {
        under.insert(key, 1);
      };
    expect(counted(engine, EV.rbVisit, insert(1))).toBe(0);
    // The root, which is black.
    expect(counted(engine, EV.rbVisit, insert(2))).toBe(1);
    const rotations = engine.counted(EV.rbRotate);
    // 1, 2, and the uncle that is not there; then 2 goes up.
    expect(counted(engine, EV.rbVisit, insert(3))).toBe(3);
    expect(engine.counted(EV.rbRotate) - rotations).toBe(1);
    // 2, 3, and the uncle 1, whose colour changes: no rotation.
    expect(counted(engine, EV.rbRotate, insert(5))).toBe(0);
    // Between 3 and 5: two rotations.
    expect(counted(engine, EV.rbRotate, insert(4))).toBe(2);
    expect(counted(engine, EV.rbVisit, () => under.find(4))).toBe(2);
    expect(counted(engine, EV.rbVisit, () => under.find(9))).toBe(3);
    // 2 has two children: its successor 3 is below 4. The search, 4 and 3; nothing to balance.
    expect(counted(engine, EV.rbVisit, () => under.erase(2))).toBe(3);
    under.checkInvariants();
  });

  it('says what is wrong with a tree that was tampered with', () => {
    const grown = (): { readonly nodes: RbNodes; readonly tree: RbTree } => {
      const made = tree();
      for (let key = 0; key < 64; key++) made.tree.insert(key, 1);
      return made;
    };
    const red = grown();
    red.nodes.setRed(red.tree.search(0), !red.nodes.isRed(red.tree.search(0)));
    expect(() => {
      red.tree.checkInvariants();
    }).toThrow(/black nodes|red/);
    const lost = grown();
    lost.nodes.setParent(lost.tree.search(0), lost.tree.search(40));
    expect(() => {
      lost.tree.checkInvariants();
    }).toThrow(/parent/);
    const mixed = grown();
    const root = mixed.tree.search(0);
    const parent = mixed.nodes.parent(root);
    const other = mixed.nodes.child(parent, 1);
    mixed.nodes.setChild(parent, 1, root);
    mixed.nodes.setChild(parent, 0, other);
    expect(() => {
      mixed.tree.checkInvariants();
    }).toThrow(/smaller keys/);
  });
});
