import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { CostProfile, Engine } from '../../src/engine/index.ts';
import { FrameTable } from '../../src/frames/index.ts';
import { MemoryCgroups } from '../../src/memory/index.ts';
import type { MemoryCgroup } from '../../src/memory/memory-cgroup.ts';

/** A cgroup of 100 pages. */
function hundred(): MemoryCgroup {
  const costs = new CostProfile({ name: 'free', description: '', prices: {} });
  const engine = new Engine({ seed: 1, cpuCount: 1, costs });
  const frames = new FrameTable(300);
  const options = [{ name: 'a', limitPages: 100 }];
  return new MemoryCgroups({ engine, frames, worker: undefined }, options).byId(1);
}

function charged({ usagePages, stockPages }: MemoryCgroup): number {
  return usagePages - stockPages;
}

describe('objects charged to a cgroup', () => {
  it('share pages, and one more byte than a page holds takes the next', () => {
    const cgroup = hundred();
    cgroup.chargeObject(4000);
    cgroup.chargeObject(96);
    expect(charged(cgroup)).toBe(1);
    cgroup.chargeObject(1);
    expect(charged(cgroup)).toBe(2);
    cgroup.unchargeObject(1);
    expect(charged(cgroup)).toBe(1);
  });

  it('are charged beyond the limit, where a page is not', () => {
    const cgroup = hundred();
    while (cgroup.tryCharge());
    expect(cgroup.usagePages).toBe(100);
    cgroup.chargeObject(5000);
    expect([cgroup.usagePages, cgroup.usagePagesMax, cgroup.marginPages]).toEqual([102, 102, 0]);
    expect(cgroup.tryCharge()).toBe(false);
  });

  it('leave the pages that fall free to later charges, a batch of them at most', () => {
    const cgroup = hundred();
    cgroup.chargeObject(60 * 4096);
    expect([cgroup.usagePages, cgroup.stockPages]).toEqual([64, 4]);
    cgroup.unchargeObject(60 * 4096);
    expect([cgroup.usagePages, cgroup.stockPages]).toEqual([64, 64]);
    cgroup.chargeObject(65 * 4096);
    expect([cgroup.usagePages, cgroup.stockPages]).toEqual([65, 0]);
    cgroup.unchargeObject(65 * 4096);
    expect([cgroup.usagePages, cgroup.stockPages]).toEqual([0, 0]);
  });

  it('cannot be given back twice', () => {
    const cgroup = hundred();
    cgroup.chargeObject(10);
    expect(() => {
      cgroup.unchargeObject(11);
    }).toThrow(/uncharged twice/);
  });

  it('take as many pages as their bytes, whatever comes and goes', () => {
    const step = fc.record({ isStore: fc.boolean(), bytes: fc.integer({ min: 1, max: 9000 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const cgroup = hundred();
        const held: number[] = [];
        let pages = 0;
        for (const { isStore, bytes } of steps) {
          if (isStore) {
            held.push(bytes);
            cgroup.chargeObject(bytes);
            if (cgroup.tryCharge()) pages += 1;
          } else if (held.length > 0) {
            cgroup.unchargeObject(held.splice(bytes % held.length, 1)[0]!);
          }
          const sum = held.reduce((total, each) => total + each, 0);
          expect(cgroup.objectBytes).toBe(sum);
          expect(charged(cgroup)).toBe(pages + Math.ceil(sum / 4096));
        }
      }),
      { seed: 5, numRuns: 50 },
    );
  });
});
