/** Claims: the memory that a design says it takes. */
import { expect } from 'vitest';
import { claimsOf, type Claim } from '../support/claim.ts';
import { KEPT } from '../support/kept.ts';
import type { EntryWorld } from '../support/entry-world.ts';

/** Entries of all kinds: shared, cached, zeros, in zswap, with shadows. */
function fill(world: EntryWorld, count: number): void {
  const { entries } = world.design;
  for (let i = 0; i < count; i++) {
    const entry = world.take();
    world.hold(entry, 1 + (i % 5 === 0 ? 80 : 0));
    if (i % 4 === 1) entries.setZero(entry, true);
    if (i % 4 === 2) world.store(entry);
    if (i % 3 !== 0) world.evict(entry, (i + 1) * 2 ** 17 + 2);
  }
}

export const metadataClaims: Claim[] = claimsOf('metadata', {
  'said-once': [
    'each term is told once, none is negative, none without a name',
    (worlds) => {
      const world = worlds.entries();
      for (let round = 0; round < 3; round++) {
        const terms = world.design.metadata();
        expect(new Set(terms.map(({ term }) => term)).size).toBe(terms.length);
        for (const { term, bytes, units } of terms) {
          expect(term).not.toBe('');
          expect(bytes).toBeGreaterThanOrEqual(0);
          expect(units).toBeGreaterThanOrEqual(0);
        }
        fill(world, 200);
      }
    },
  ],
  'static-constant': [
    'static terms are the same empty, full and empty again',
    (worlds) => {
      const world = worlds.entries();
      const before = world.bytes('static');
      fill(world, 600);
      expect(world.bytes('static')).toEqual(before);
      expect(Object.values(before).reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(0);
    },
  ],
  'dynamic-grows': [
    'dynamic terms grow with what is in use',
    (worlds) => {
      const world = worlds.entries();
      const sum = (): number =>
        Object.values(world.bytes('dynamic')).reduce((total, bytes) => total + bytes, 0);
      const empty = sum();
      fill(world, 600);
      expect(sum()).toBeGreaterThan(empty);
    },
  ],
  'back-to-start': [
    'dynamic terms are back at what they were at first when all is freed',
    (worlds) => {
      const world = worlds.entries();
      const before = world.bytes('dynamic');
      const mayKeep = worlds.deviates('metadata.back-to-start')
        ? (KEPT[worlds.under.name] ?? {})
        : {};
      for (let round = 0; round < 3; round++) {
        // Plain entries too, where there are two kinds.
        world.design.setVirtual?.(round !== 1);
        const entries = world.takeMany(500);
        for (const [i, entry] of entries.entries()) {
          world.hold(entry, i % 7 === 0 ? 90 : 1);
          if (i % 4 === 1) world.design.entries.setZero(entry, true);
          if (i % 4 === 2) world.store(entry);
          if (i % 3 !== 0) world.evict(entry, (i + 1) * 2 ** 17 + 2);
        }
        for (const entry of entries) world.free(entry);
        const after = world.bytes('dynamic');
        // What is kept is as much after the last round as after the first.
        const kept = Object.keys(after).filter((term) => after[term] !== before[term]);
        for (const term of kept)
          expect([term, (mayKeep[term] ?? 0) >= after[term]! - before[term]!]).toEqual([
            term,
            true,
          ]);
        if (round === 2) expect(kept.length > 0).toBe(worlds.deviates('metadata.back-to-start'));
      }
    },
  ],
  'in-use': [
    'what is kept for entries says how many there are',
    (worlds) => {
      const world = worlds.entries();
      const units = (): number[] => world.design.metadata().map((term) => term.units);
      const before = units();
      world.takeMany(33);
      expect(units().some((count, i) => count - before[i]! === 33)).toBe(true);
    },
  ],
  'swapoff-and-on': [
    'an area that is given up takes its static terms along, and brings the same ones back',
    (worlds) => {
      const memory = worlds.memory({ areas: [600, 300] });
      const terms = (): unknown =>
        memory.swap.design
          .metadata()
          .filter(({ kind }) => kind === 'static')
          .map(({ term, bytes, units }) => [term, bytes, units]);
      const before = terms();
      expect(memory.swapoff(0).outcome).toBe('ok');
      expect(terms()).not.toEqual(before);
      memory.areas.swapon('area0');
      expect(terms()).toEqual(before);
      memory.check();
    },
  ],
});
