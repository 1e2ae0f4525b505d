/** Claims: references of an entry beyond the cache. */
import { expect } from 'vitest';
import { assert, NO_ENTRY, NO_FRAME } from '../../../src/units/index.ts';
import { claimsOf, type Claim, type Worlds } from '../support/claim.ts';

/** Counts an entry up and down again, comparing at each step. */
function upAndDown(worlds: Worlds, top: number): void {
  const world = worlds.entries();
  const { entries } = world.design;
  const entry = world.take();
  for (let count = 1; count <= top; count++) {
    assert(entries.duplicate(entry) === 'ok', 'a reference is added');
    assert(entries.count(entry) === count, 'it is counted');
  }
  world.check();
  for (let count = top - 1; count >= 0; count--) {
    entries.putRange(entry, 1);
    assert(entries.count(entry) === count, 'one less is counted');
  }
  expect(entries.isSwapped(entry)).toBe(false);
  world.check();
  world.free(entry);
  expect(world.design.entriesInUse()).toBe(0);
}

function upAndDownTo(top: number): (worlds: Worlds) => void {
  return (worlds) => {
    upAndDown(worlds, top);
  };
}

export const countClaims: Claim[] = claimsOf('counts', {
  'up-and-down': ['a count goes up and down by one', upAndDownTo(3)],
  'beyond-14': ['a count goes beyond the 14 of a table word and back', upAndDownTo(17)],
  'beyond-62': ['a count goes beyond the 62 of a swap_map byte and back', upAndDownTo(66)],
  'beyond-127': ['a count goes beyond the 127 of a continuation byte and back', upAndDownTo(200)],
  thousands: ['a count goes to several thousand and back', upAndDownTo(5000)],
  neighbours: [
    'long counts of neighbours, in one cluster and across two, are each their own',
    (worlds) => {
      const world = worlds.entries();
      const { entries } = world.design;
      const all = world.takeMany(560);
      const chosen = [0, 1, 2, 509, 510, 511, 512, 513].map((at) => all[at]!);
      for (const [i, entry] of chosen.entries()) world.hold(entry, 10 + 17 * i);
      expect(chosen.map((entry) => entries.count(entry))).toEqual(
        chosen.map((_, i) => 10 + 17 * i),
      );
      for (const entry of chosen) world.put(entry, 9);
      expect(chosen.map((entry) => entries.count(entry))).toEqual(chosen.map((_, i) => 1 + 17 * i));
      world.check();
      for (const entry of all) world.free(entry);
      expect(world.design.entriesInUse()).toBe(0);
      world.check();
    },
  ],
  'kept-by-cache-changes': [
    'a count, short or long, stays what it is while the folio goes and comes',
    (worlds) => {
      const world = worlds.entries();
      const { entries } = world.design;
      for (const count of [1, 14, 15, 62, 63, 130]) {
        const entry = world.take();
        world.hold(entry, count);
        for (let round = 0; round < 3; round++) {
          world.evict(entry, (round + 1) * 2 ** 17 + 2);
          expect(entries.count(entry)).toBe(count);
          world.bringIn(entry);
          expect(entries.count(entry)).toBe(count);
        }
        world.check();
        world.free(entry);
      }
    },
  ],
  'at-the-edge': [
    'a count that goes to and fro over an edge (14, 15, 16; 62, 63, 64) leaves no table behind',
    (worlds) => {
      const world = worlds.entries();
      const { entries } = world.design;
      const keeper = world.take();
      const entry = world.take();
      for (const edge of [14, 62, 126]) {
        world.hold(entry, edge - entries.count(entry));
        for (let i = 0; i < 5; i++) {
          world.hold(entry, 3);
          expect(entries.count(entry)).toBe(edge + 3);
          world.put(entry, 3);
          expect(entries.count(entry)).toBe(edge);
        }
      }
      world.put(entry, 126);
      world.check();
      const terms = world.design.metadata().filter(({ term }) => term.includes('extend'));
      expect(terms.every(({ bytes }) => bytes === 0)).toBe(true);
      world.free(keeper);
      world.free(entry);
    },
  ],
  'swapped-means-held': [
    'an entry is swapped exactly while it has references; a free one is not',
    (worlds) => {
      const world = worlds.entries();
      const { entries } = world.design;
      const entry = world.take();
      expect(entries.isSwapped(entry)).toBe(false);
      world.hold(entry);
      expect(entries.isSwapped(entry)).toBe(true);
      world.evict(entry);
      expect(entries.isSwapped(entry)).toBe(true);
      world.put(entry);
      expect(entries.isSwapped(entry)).toBe(false);
      expect(entries.folioAt(entry)).toBe(NO_FRAME);
      expect(entry).not.toBe(NO_ENTRY);
    },
  ],
  'dropped-once': [
    'a reference that is not there cannot be dropped: an assertion stops it',
    (worlds) => {
      const world = worlds.entries();
      const entry = world.take();
      world.hold(entry);
      world.put(entry);
      expect(() => {
        world.put(entry);
      }).toThrow();
    },
  ],
});
