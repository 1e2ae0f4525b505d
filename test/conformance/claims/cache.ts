/** Claims: the swap cache, and the shadows that stand in it. */
import { expect } from 'vitest';
import { PG } from '../../../src/frames/index.ts';
import { NO_ENTRY, NO_FRAME } from '../../../src/units/index.ts';
import { claimsOf, type Claim } from '../support/claim.ts';

/** Shadows of at most 49 bits: cgroup in bits 1 to 16. */
const SHADOWS = [
  2 ** 17 + 2,
  2 ** 49 - 1 - 65_535 * 2 + 2,
  (2 ** 31 - 1) * 2 ** 17 + 2 + 1,
  2 ** 31 * 2 ** 17 + 2,
  (2 ** 32 - 1) * 2 ** 17 + 3,
  2 + 1,
  2,
];

export const cacheClaims: Claim[] = claimsOf('cache', {
  'found-after-allocate': [
    'an entry that was just taken has its folio in the cache, flagged, under that entry',
    (worlds) => {
      const world = worlds.entries();
      const frame = world.frame();
      const entry = world.design.entries.allocate(frame);
      expect(world.design.entries.folioAt(entry)).toBe(frame);
      expect(world.frames.has(frame, PG.swapcache)).toBe(true);
      expect(world.frames.entry(frame)).toBe(entry);
    },
  ],
  'insert-and-remove': [
    'a folio is found from its insertion to its removal, and loses flag and entry then',
    (worlds) => {
      const world = worlds.entries();
      const { entries } = world.design;
      const entry = world.take();
      world.hold(entry);
      const first = entries.folioAt(entry);
      world.evict(entry);
      expect(entries.folioAt(entry)).toBe(NO_FRAME);
      expect(world.frames.has(first, PG.swapcache)).toBe(false);
      world.frame();
      const frame = world.frame();
      entries.insertFolio(entry, frame);
      expect(entries.folioAt(entry)).toBe(frame);
      expect(world.frames.entry(frame)).toBe(entry);
      world.check();
    },
  ],
  'shadow-exact': [
    'the shadow that a folio left comes back to the last of its 49 bits, at its next insertion',
    (worlds) => {
      const world = worlds.entries();
      const told = SHADOWS.map((shadow) => {
        const cgroup = Math.floor(shadow / 2) % 65_536;
        const entry = world.take(cgroup);
        world.hold(entry);
        world.evict(entry, shadow);
        return entry;
      });
      expect(told.map((entry) => world.bringIn(entry))).toEqual(SHADOWS);
      world.check();
    },
  ],
  'shadow-once': [
    'a shadow is given once: the insertion after it finds what was left since',
    (worlds) => {
      const world = worlds.entries();
      const entry = world.take();
      world.hold(entry);
      world.evict(entry, 5 * 2 ** 17 + 2);
      expect(world.bringIn(entry)).toBe(5 * 2 ** 17 + 2);
      world.evict(entry);
      expect(world.bringIn(entry)).toBe(0);
      world.evict(entry, 9 * 2 ** 17 + 3);
      expect(world.bringIn(entry)).toBe(9 * 2 ** 17 + 3);
    },
  ],
  'shadow-beside-counts': [
    'shadows of neighbours with long counts and flags do not run into them',
    (worlds) => {
      const world = worlds.entries();
      const { entries } = world.design;
      const all = world.takeMany(6);
      for (const [i, entry] of all.entries()) {
        world.hold(entry, 1 + 13 * i);
        if (i % 2 === 1) entries.setZero(entry, true);
        world.evict(entry, (2 ** 32 - 1 - i) * 2 ** 17 + 3);
      }
      expect(all.map((entry) => [entries.count(entry), entries.isZero(entry)])).toEqual(
        all.map((_, i) => [1 + 13 * i, i % 2 === 1]),
      );
      expect(all.map((entry) => world.bringIn(entry))).toEqual(
        all.map((_, i) => (2 ** 32 - 1 - i) * 2 ** 17 + 3),
      );
      expect(all.map((entry) => [entries.count(entry), entries.isZero(entry)])).toEqual(
        all.map((_, i) => [1 + 13 * i, i % 2 === 1]),
      );
    },
  ],
  'removal-frees': [
    'removing a folio whose entry nobody holds frees the entry at once',
    (worlds) => {
      const world = worlds.entries();
      const other = world.take();
      const slots = world.slotsInUse();
      const entry = world.take();
      world.hold(entry);
      world.place(entry);
      expect(world.slotsInUse()).toBeGreaterThan(slots);
      world.put(entry);
      world.evict(entry, 2 ** 17 + 2);
      expect(world.design.entriesInUse()).toBe(1);
      expect(world.slotsInUse()).toBe(slots);
      expect(world.design.entries.folioAt(other)).not.toBe(NO_FRAME);
      world.check();
    },
  ],
  'removal-keeps': [
    'removing a folio whose entry somebody holds keeps the entry',
    (worlds) => {
      const world = worlds.entries();
      const entry = world.take();
      world.hold(entry);
      world.evict(entry);
      expect(world.design.entriesInUse()).toBe(1);
      expect(world.design.entries.isSwapped(entry)).toBe(true);
      world.check();
    },
  ],
  'free-has-none': [
    'a free entry has no folio, may be asked for all the same, and takes none that is swapped in',
    (worlds) => {
      const memory = worlds.tiny();
      const entry = memory.swapOutNew(0, 0, 7);
      memory.drop(0, 0);
      expect(memory.swap.lookup(entry)).toBe(NO_FRAME);
      expect(memory.swap.swapIn(entry)).toBe(NO_FRAME);
      memory.checkEmpty();
    },
  ],
  'found-unread': [
    'a page that is still cached is found without reading anything',
    (worlds) => {
      const memory = worlds.tiny({ processes: 1 });
      memory.write(0, 0, 7);
      memory.fork(0);
      memory.swapOut(0, 0);
      expect(memory.read(0, 0)).toBe(7);
      const source = memory.swap.source;
      expect(memory.read(1, 0)).toBe(7);
      expect([source, memory.swap.source]).toEqual(['zswap', 'cache']);
      expect(memory.frameOf(0, 0)).toBe(memory.frameOf(1, 0));
      memory.check();
      memory.checkEmpty();
    },
  ],
  'one-folio': [
    'a folio that is cached cannot be put under a second entry: an assertion stops it',
    (worlds) => {
      const world = worlds.entries();
      const [first, second] = [world.take(), world.take()];
      world.hold(second);
      world.evict(second);
      const frame = world.design.entries.folioAt(first);
      expect(() => world.design.entries.insertFolio(second, frame)).toThrow();
      expect(second).not.toBe(NO_ENTRY);
    },
  ],
});
