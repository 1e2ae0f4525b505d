/** Claims: whose an entry is, and whom it is charged to. */
import { expect } from 'vitest';
import { claimsOf, type Claim } from '../support/claim.ts';
import { HARD } from '../support/tiny-memory.ts';

export const cgroupClaims: Claim[] = claimsOf('cgroup', {
  noted: [
    'an entry says whose it is, each its own, ids of 16 bits',
    (worlds) => {
      const world = worlds.entries();
      const ids = [1, 2, 255, 256, 32_768, 65_535];
      const entries = ids.map((id) => world.take(id));
      expect(entries.map((entry) => world.design.entries.cgroup(entry))).toEqual(ids);
      world.check();
    },
  ],
  'kept-by-cache-changes': [
    'whose an entry is stays while the folio goes, with a shadow or without, and comes',
    (worlds) => {
      const world = worlds.entries();
      const { entries } = world.design;
      const entry = world.take(40_000);
      world.hold(entry, 16);
      for (const shadow of [9 * 2 ** 17 + 40_000 * 2 + 1, 0, 3 * 2 ** 17 + 40_000 * 2]) {
        world.evict(entry, shadow);
        expect(entries.cgroup(entry)).toBe(40_000);
        world.bringIn(entry);
        expect(entries.cgroup(entry)).toBe(40_000);
      }
      world.check();
    },
  ],
  'charged-by': [
    'an entry is charged when it is taken; behind virtual entries, a slot when bytes go to it',
    (worlds) => {
      const world = worlds.entries();
      const { isVirtual } = worlds.under.kind;
      const entries = world.takeMany(5, 9);
      expect(world.chargedTo(9)).toBe(isVirtual ? 0 : 5);
      for (const entry of entries) world.hold(entry);
      for (const entry of entries.slice(0, 3)) world.place(entry);
      expect(world.chargedTo(9)).toBe(isVirtual ? 3 : 5);
      world.check();
    },
  ],
  'back-to-zero': [
    'every charge comes back, to whom it was made, when the entries are freed',
    (worlds) => {
      const world = worlds.entries();
      const entries = [3, 4, 5, 3, 4].flatMap((cgroup) => world.takeOut(8, cgroup));
      expect([3, 4, 5].map((cgroup) => world.chargedTo(cgroup))).toEqual([16, 16, 8]);
      for (const entry of entries.slice(0, 20)) world.put(entry);
      for (const entry of entries.slice(20)) world.free(entry);
      expect([3, 4, 5].map((cgroup) => world.chargedTo(cgroup))).toEqual([0, 0, 0]);
      world.check();
    },
  ],
  'range-of-several': [
    'a range whose entries are of different cgroups gives each back its own',
    (worlds) => {
      const world = worlds.entries();
      const entries = [6, 7, 6, 6, 7, 7].map((cgroup) => world.takeOut(1, cgroup)[0]!);
      expect(entries.every((entry, i) => entry === entries[0]! + i)).toBe(true);
      world.design.entries.putRange(entries[0]!, 6);
      expect([6, 7].map((cgroup) => world.chargedTo(cgroup))).toEqual([0, 0]);
      expect(world.slotsInUse()).toBe(0);
    },
  ],
  'by-place': [
    'a page is charged as its entry is; behind virtual entries only while its bytes are in a slot',
    (worlds) => {
      const memory = worlds.tiny();
      const charged = (): number => memory.swap.chargedEntries(1);
      const { isVirtual, writesBack } = worlds.under.kind;
      const entry = memory.swapOutNew(0, 0, 0);
      expect(charged()).toBe(isVirtual ? 0 : 1);
      memory.swapOutNew(0, 1, 5);
      expect(charged()).toBe(isVirtual ? 0 : 2);
      memory.shrink();
      expect(charged()).toBe(isVirtual ? 1 : 2);
      if (writesBack) memory.swapOutNew(0, 2, HARD + 1);
      memory.check();
      // In zswap again: the slot behind a virtual entry and its charge go.
      memory.evictAll();
      memory.write(0, 1, 6);
      memory.swapOut(0, 1);
      memory.check();
      expect(memory.swap.design.entries.isZero(entry)).toBe(true);
      memory.checkEmpty();
    },
  ],
});
