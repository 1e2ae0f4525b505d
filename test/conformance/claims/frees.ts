/** Claims: dropping references of ranges. */
import { expect } from 'vitest';
import { NO_FRAME, type SwapEntry } from '../../../src/units/index.ts';
import { claimsOf, type Claim } from '../support/claim.ts';
import { HARD } from '../support/tiny-memory.ts';

export const freeClaims: Claim[] = claimsOf('frees', {
  'across-clusters': [
    'a range over three clusters is freed in one call, to the last entry',
    (worlds) => {
      const world = worlds.entries({ areas: [{ pages: 2600 }], ownPages: 2600 });
      const all = inOrder(world.takeOut(1400));
      const [first, count] = longestRun(all);
      expect(count).toBeGreaterThan(1024);
      expect(world.design.entries.putRange(first, count)).toBe(false);
      expect(world.design.entriesInUse()).toBe(1400 - count);
      world.check();
      for (const entry of all) if (entry < first || entry >= first + count) world.put(entry);
      expect([world.design.entriesInUse(), world.slotsInUse()]).toEqual([0, 0]);
    },
  ],
  'partly-shared': [
    'of a range whose entries have different counts each loses one reference, the last ones go',
    (worlds) => {
      const world = worlds.entries();
      const entries = inOrder(world.takeOut(24));
      for (const [i, entry] of entries.entries()) world.hold(entry, (i * 7) % 19);
      const [first, count] = longestRun(entries);
      expect(count).toBe(24);
      expect(world.design.entries.putRange(first, count)).toBe(false);
      const left = entries.map((entry) => world.design.entries.count(entry));
      expect(left).toEqual(entries.map((_, i) => (i * 7) % 19));
      expect(world.design.entriesInUse()).toBe(left.filter((value) => value > 0).length);
      world.check();
    },
  ],
  'cached-are-kept': [
    'a range with cached entries keeps those and says so; they go with their folio',
    (worlds) => {
      const world = worlds.entries();
      const entries = inOrder(world.takeMany(12));
      for (const [i, entry] of entries.entries()) {
        world.hold(entry);
        if (i % 3 !== 0) world.evict(entry);
      }
      expect(world.design.entries.putRange(entries[0]!, 12)).toBe(true);
      expect(world.design.entriesInUse()).toBe(4);
      for (const [i, entry] of entries.entries()) {
        const isKept = world.design.entries.folioAt(entry) !== NO_FRAME;
        expect(isKept).toBe(i % 3 === 0);
        if (isKept) world.evict(entry);
      }
      expect([world.design.entriesInUse(), world.slotsInUse()]).toEqual([0, 0]);
      world.check();
    },
  ],
  'cached-are-reclaimed': [
    'cached folios that nothing maps any more are dropped with the range, and memory with them',
    (worlds) => {
      const memory = worlds.tiny();
      for (let page = 0; page < 6; page++) memory.write(0, page, 10 + page);
      const child = memory.fork(0)!;
      for (let page = 0; page < 6; page++) memory.swapOut(0, page);
      // Some are read into the cache and not mapped.
      for (const page of [1, 3, 4]) memory.swap.swapIn(memory.entryOf(0, page));
      memory.dropRange(child, 0, 6);
      memory.check();
      expect(memory.cached().length).toBe(3);
      memory.dropRange(0, 0, 6);
      expect(memory.cached().length).toBe(0);
      expect(memory.frames.freeCount).toBe(memory.frames.frameCount);
      memory.checkEmpty();
    },
  ],
  'mixed-places': [
    'one range with zeros, pages in zswap, on a device and in the cache is freed wherever it is',
    (worlds) => {
      const memory = worlds.tiny();
      const contents = [0, 5, HARD + 1, 0, 6, HARD + 2, 7, 0];
      // A page that does not compress has no place on a ghost.
      const written = contents.map((content) =>
        content >= HARD && !worlds.isSwapWritten ? 8 : content,
      );
      for (const [page, content] of written.entries()) memory.swapOutNew(0, page, content);
      memory.swap.swapIn(memory.entryOf(0, 4));
      if (worlds.isSwapWritten) memory.shrink();
      memory.check();
      memory.dropRange(0, 0, written.length);
      memory.check();
      expect(memory.swap.design.entriesInUse()).toBe(0);
      memory.checkEmpty();
    },
  ],
  'part-of-a-range': [
    'freeing the middle of a range leaves both ends as they were',
    (worlds) => {
      const world = worlds.entries();
      const entries = inOrder(world.takeOut(30));
      const ends = [...entries.slice(0, 10), ...entries.slice(20)];
      const before = ends.map((entry) => [
        world.design.entries.count(entry),
        world.design.entries.cgroup(entry),
        world.design.backing.slotForRead(entry),
      ]);
      world.design.entries.putRange(entries[10]!, 10);
      const after = ends.map((entry) => [
        world.design.entries.count(entry),
        world.design.entries.cgroup(entry),
        world.design.backing.slotForRead(entry),
      ]);
      expect(after).toEqual(before);
      expect(world.design.entriesInUse()).toBe(20);
      expect(ends.map((entry) => world.bringIn(entry))).toEqual(ends.map(() => 2 ** 17 + 2));
      world.check();
    },
  ],
  'any-order': [
    'whatever the order in which entries are freed, all slots come back and can be taken again',
    (worlds) => {
      const world = worlds.entries({ areas: [{ pages: 700 }], ownPages: 700 });
      const entries = world.takeOut(600);
      for (let i = 0, at = 0; i < 600; i++, at = (at + 337) % 600) world.put(entries[at]!);
      expect([world.design.entriesInUse(), world.slotsInUse()]).toEqual([0, 0]);
      world.check();
      expect(new Set(world.takeOut(600)).size).toBe(600);
      world.check();
    },
  ],
  'zswap-entry-freed': [
    'the number that zswap stands under is given back once when its entry is freed',
    (worlds) => {
      const world = worlds.entries();
      const entries = world.takeMany(5);
      const stored = entries.map((entry) => {
        world.hold(entry);
        const zswapEntry = world.store(entry);
        world.evict(entry);
        return zswapEntry;
      });
      expect(world.freedZswap).toEqual([]);
      for (const entry of entries) world.put(entry);
      expect(world.freedZswap.toSorted((a, b) => a - b)).toEqual(stored);
      world.check();
    },
  ],
});

function inOrder(entries: SwapEntry[]): SwapEntry[] {
  return entries.toSorted((a, b) => a - b);
}

/** The longest run of entries that follow each other: first and length. */
function longestRun(entries: readonly SwapEntry[]): [SwapEntry, number] {
  let best: [SwapEntry, number] = [entries[0]!, 1];
  for (let at = 0, length = 1; at < entries.length; at += length) {
    length = 1;
    while (entries[at + length] === entries[at]! + length) length += 1;
    if (length > best[1]) best = [entries[at]!, length];
  }
  return best;
}
