/** Claims: pages of zeros. */
import { expect } from 'vitest';
import { PG } from '../../../src/frames/index.ts';
import { NO_ENTRY } from '../../../src/units/index.ts';
import { isSlotApart } from '../support/designs.ts';
import { claimsOf, type Claim } from '../support/claim.ts';

export const zeroClaims: Claim[] = claimsOf('zero', {
  'flag-set-and-cleared': [
    'an entry is zero exactly while it was said to be',
    (worlds) => {
      const world = worlds.entries();
      const { entries } = world.design;
      const [entry, neighbour] = [world.take(), world.take()];
      for (const isZero of [true, true, false, false, true]) {
        entries.setZero(entry, isZero);
        expect([entries.isZero(entry), entries.isZero(neighbour)]).toEqual([isZero, false]);
        expect(world.design.zeroEntries()).toBe(isZero ? 1 : 0);
      }
      world.check();
    },
  ],
  'flag-kept': [
    'the flag stays while folio, shadow and a long count come and go',
    (worlds) => {
      const world = worlds.entries();
      const { entries } = world.design;
      const entry = world.take();
      world.hold(entry, 70);
      entries.setZero(entry, true);
      for (let round = 0; round < 3; round++) {
        world.evict(entry, 77 * 2 ** 17 + 3);
        expect(entries.isZero(entry)).toBe(true);
        expect(world.bringIn(entry)).toBe(77 * 2 ** 17 + 3);
        world.put(entry, 20);
        expect([entries.isZero(entry), entries.count(entry)]).toEqual([true, 50 - 20 * round]);
      }
      world.check();
    },
  ],
  'flag-gone-with-entry': [
    'a freed page of zeros is counted no longer, in whatever way it is freed',
    (worlds) => {
      const world = worlds.entries();
      const { entries } = world.design;
      const [byPut, byCache] = [world.take(), world.take()];
      for (const entry of [byPut, byCache]) entries.setZero(entry, true);
      world.hold(byPut);
      world.evict(byPut);
      expect(world.design.zeroEntries()).toBe(2);
      world.put(byPut);
      world.evict(byCache);
      expect([world.design.zeroEntries(), world.design.entriesInUse()]).toEqual([0, 0]);
      world.check();
    },
  ],
  'no-bytes': [
    'a page of zeros has no bytes anywhere: not in zswap, not on a device, no slot for them',
    (worlds) => {
      const memory = worlds.tiny();
      const entry = memory.swapOutNew(0, 0, 0);
      const { design, zswap } = memory.swap;
      expect([design.entries.isZero(entry), zswap.holds(entry), zswap.entries.count]).toEqual([
        true,
        false,
        0,
      ]);
      expect(memory.devices.map(({ pagesWritten }) => pagesWritten)).toEqual(
        memory.devices.map(() => 0),
      );
      // The entry of a plain design is a slot; no other is taken.
      expect(memory.slotsInUse()).toBe(worlds.under.kind.isVirtual ? 0 : 1);
      memory.check();
      expect(memory.read(0, 0)).toBe(0);
      expect(memory.devices.every(({ pagesRead }) => pagesRead === 0)).toBe(true);
      memory.checkEmpty();
    },
  ],
  'slot-given-back': [
    'a page that becomes zeros gives back the slot that held its bytes, if its entry is not that slot',
    (worlds) => {
      const world = worlds.entries();
      const entry = world.take();
      world.hold(entry);
      world.place(entry);
      const slots = world.slotsInUse();
      world.design.entries.setZero(entry, true);
      expect(world.slotsInUse()).toBe(slots - (isSlotApart(worlds.under) ? 1 : 0));
      if (isSlotApart(worlds.under)) expect(world.design.backing.slotForRead(entry)).toBe(NO_ENTRY);
      world.check();
    },
  ],
  'zswap-copy-freed': [
    'a page that becomes zeros frees the older copy that zswap holds of it',
    (worlds) => {
      const memory = worlds.tiny();
      const { page, entry } = { page: 0, entry: memory.swapOutNew(0, 0, 9) };
      const { design, zswap } = memory.swap;
      expect(zswap.holds(entry)).toBe(true);
      // The folio is cached again beside the copy, as a second process's fault finds it.
      const frame = memory.frames.allocate(1);
      design.entries.insertFolio(entry, frame);
      memory.payload.setTag(frame, 0);
      memory.frames.set(frame, PG.dirty);
      expect(memory.evict(entry)).toBe(true);
      expect(design.entries.isZero(entry)).toBe(true);
      expect(zswap.entries.count).toBe(worlds.deviates('zero.zswap-copy-freed') ? 1 : 0);
      expect(memory.read(0, page)).toBe(0);
      expect(memory.swap.source).toBe('zero');
      memory.check();
      memory.checkEmpty();
    },
  ],
  'then-something': [
    'a page that was zeros and is swapped out as something else reads as that',
    (worlds) => {
      const memory = worlds.tiny();
      memory.write(0, 0, 5);
      const child = memory.fork(0)!;
      memory.write(0, 0, 0);
      memory.swapOut(0, 0);
      for (const content of [6, 0, 7, 0, 8]) {
        expect(memory.write(0, 0, content)).toBe('ok');
        expect(memory.swapOut(0, 0)).toBe(true);
        expect(memory.peek(0, 0)).toBe(content);
        memory.check();
        expect(memory.read(0, 0)).toBe(content);
      }
      expect(memory.read(child, 0)).toBe(5);
      memory.checkEmpty();
    },
  ],
  'same-entry-anew': [
    'an entry whose cached page is written out again, zeros and not in turn, says what it was last',
    (worlds) => {
      const memory = worlds.tiny({ processes: 1 });
      const { design } = memory.swap;
      memory.write(0, 0, 3);
      const child = memory.fork(0)!;
      memory.swapOut(0, 0);
      const entry = memory.entryOf(0, 0);
      for (const content of [0, 4, 0, 0, 5]) {
        const frame = memory.swap.swapIn(entry);
        memory.payload.setTag(frame, content === 0 ? 0 : (content << 13) | 500);
        memory.frames.set(frame, PG.dirty);
        expect(memory.evict(entry)).toBe(true);
        expect(design.entries.isZero(entry)).toBe(content === 0);
        expect([memory.peek(0, 0), memory.peek(child, 0)]).toEqual([content, content]);
        memory.check();
      }
      memory.checkEmpty();
    },
  ],
});
