/** Claims: which entries and slots are given out, in which order, and when none is. */
import { expect } from 'vitest';
import { PG } from '../../../src/frames/index.ts';
import {
  clusterOf,
  entrySlot,
  entryType,
  NO_ENTRY,
  type SwapEntry,
} from '../../../src/units/index.ts';
import { isSlotApart } from '../support/designs.ts';
import type { EntryWorld } from '../support/entry-world.ts';
import { claimsOf, type Claim } from '../support/claim.ts';

/** Slots in the order given out, as [type, slot]; the pages go on being held. */
function slotsOf(world: EntryWorld, count: number): [number, number][] {
  return Array.from({ length: count }, () => {
    const { slot } = world.takePlaced();
    return [entryType(slot), entrySlot(slot)];
  });
}

export const allocationClaims: Claim[] = claimsOf('allocation', {
  once: [
    'each usable slot of each area is given out once, then there is none',
    (worlds) => {
      const world = worlds.entries({ areas: [{ pages: 700 }, { pages: 530 }], ownPages: 1300 });
      const places = world.places(699 + 529).map((slot) => [entryType(slot), entrySlot(slot)]);
      expect(new Set(places.map(String)).size).toBe(699 + 529);
      const more = world.take();
      expect(more === NO_ENTRY ? NO_ENTRY : world.place(more)).toBe(
        isSlotApart(worlds.under) ? NO_ENTRY : more,
      );
      world.check();
    },
  ],
  'entries-differ': [
    'two entries in use are never the same, whatever was freed between',
    (worlds) => {
      const world = worlds.entries();
      const inUse = new Set<SwapEntry>();
      for (let round = 0; round < 6; round++) {
        for (const entry of world.takeMany(170)) {
          expect(inUse.has(entry)).toBe(false);
          inUse.add(entry);
        }
        for (const [i, entry] of [...inUse].entries())
          if (i % 3 === round % 3) {
            world.free(entry);
            inUse.delete(entry);
          }
      }
      expect(world.design.entriesInUse()).toBe(inUse.size);
      world.check();
    },
  ],
  'no-header': [
    'entry 0 and slot 0 of an area, its header, are nobody’s',
    (worlds) => {
      const world = worlds.entries({ areas: [{ pages: 600 }], ownPages: 700 });
      const held = Array.from({ length: 599 }, () => world.takePlaced());
      expect(held.map(({ entry }) => entry)).not.toContain(NO_ENTRY);
      expect(held.map(({ slot }) => entrySlot(slot))).not.toContain(0);
    },
  ],
  'bad-pages': [
    'bad pages of an area are never given out, in any cluster',
    (worlds) => {
      const badPages = [1, 5, 511, 512, 699, 1023];
      const world = worlds.entries({ areas: [{ pages: 1100, badPages }], ownPages: 1200 });
      const slots = world.places(1099 - badPages.length).map(entrySlot);
      expect(slots).not.toContain(0);
      expect(slots.filter((slot) => badPages.includes(slot))).toEqual([]);
      expect(new Set(slots).size).toBe(1099 - badPages.length);
      world.check();
    },
  ],
  'cluster-after-cluster': [
    'slots go up within a cluster, and a cluster is used up before the next is begun',
    (worlds) => {
      const world = worlds.entries({ areas: [{ pages: 2048 }], ownPages: 2048 });
      const slots = slotsOf(world, 2047).map(([, slot]) => slot);
      for (let at = 0; at < slots.length;) {
        // The header is in the first cluster.
        const length = slots[at]! < 512 ? 511 : 512;
        const run = slots.slice(at, at + length);
        expect(run[0]! % 512).toBe(512 - length);
        expect(run).toEqual(Array.from({ length }, (_, i) => run[0]! + i));
        at += length;
      }
    },
  ],
  'free-list-order': [
    'free clusters go in ascending order from 6.18 on, in 32 columns before',
    (worlds) => {
      const pages = 40 * 512;
      const world = worlds.entries({ areas: [{ pages }], ownPages: pages });
      const clusters = slotsOf(world, 5 * 512 - 1).map(([, slot]) => slot >>> 9);
      const order = [...new Set(clusters)].slice(0, 5);
      // Cluster 0 holds the header: it is partly used from the start, and not on the free list.
      const free = worlds.under.kind.allocator === '6.17' ? [32, 1, 33, 2, 34] : [0, 1, 2, 3, 4];
      expect(order).toEqual(free);
    },
  ],
  'order-of-tries': [
    'a partly used cluster is taken before a free one from 6.18 on, after it through 6.17',
    (worlds) => {
      const pages = 6 * 512;
      const world = worlds.entries({ areas: [{ pages }], ownPages: pages });
      // Two whole clusters; through 6.17 the one with the header comes last.
      const length = worlds.under.kind.allocator === '6.17' ? 1024 : 1023;
      const taken = Array.from({ length }, () => world.takePlaced());
      const first = clusterOf(entrySlot(taken[0]!.slot));
      for (const { entry } of taken.slice(100, 110)) world.free(entry);
      const next = world.takePlaced().slot;
      if (worlds.under.kind.allocator === '6.17')
        expect(clusterOf(entrySlot(next))).not.toBe(first);
      else expect(entrySlot(next)).toBe(entrySlot(taken[100]!.slot));
    },
  ],
  priority: [
    'an area of higher priority is used up before one of lower priority is begun',
    (worlds) => {
      const areas = [{ pages: 300 }, { pages: 200, priority: 7 }, { pages: 100, priority: 3 }];
      const world = worlds.entries({ areas, ownPages: 1000 });
      const types = slotsOf(world, 199 + 99 + 299).map(([type]) => type);
      const expected = [...Array(199).fill(1), ...Array(99).fill(2), ...Array(299).fill(0)];
      expect(types).toEqual(expected);
    },
  ],
  rotation: [
    'areas of one priority take turns, cluster by cluster',
    (worlds) => {
      const areas = [{ pages: 1536 }, { pages: 1536 }, { pages: 1536 }];
      const world = worlds.entries({ areas, ownPages: 4608 });
      const types = slotsOf(world, 511 * 3 + 512 * 3).map(([type]) => type);
      const starts = types.flatMap((type, i) => (type === types[i - 1] ? [] : [i]));
      const turns = starts.map((start) => types[start]);
      expect(turns).toEqual(turns.map((_, i) => i % 3));
      // A CPU that has no cluster of an area yet begins one there, and then goes on in the first.
      const lengths = starts.map((start, i) => (starts[i + 1] ?? types.length) - start);
      const begun = lengths.findIndex((length) => length > 1);
      expect([0, 3]).toContain(begun);
      expect(lengths.slice(begun, -1).every((length) => length >= 511)).toBe(true);
    },
  ],
  rotating: [
    'an area on a rotating device gives out the same slots once each, from one place for all CPUs',
    (worlds) => {
      const areas = [{ pages: 900, rotational: true }];
      const world = worlds.entries({ areas, ownPages: 1000 });
      const slots = slotsOf(world, 899).map(([, slot]) => slot);
      expect(new Set(slots).size).toBe(899);
      expect(slots.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, i) => slots[0]! + i));
      world.check();
    },
  ],
  'full-changes-nothing': [
    'with no room an allocation answers NO_ENTRY and leaves everything as it was',
    (worlds) => {
      const world = worlds.entries({ areas: [{ pages: 60 }], ownPages: 200, frameCount: 700 });
      const entries = world.takeMany(59);
      for (const entry of entries) {
        world.hold(entry);
        world.place(entry);
      }
      const last = isSlotApart(worlds.under) ? world.take() : NO_ENTRY;
      if (last !== NO_ENTRY) world.hold(last);
      const before = world.state([...entries, last].filter((entry) => entry !== NO_ENTRY));
      if (last === NO_ENTRY) expect(world.take()).toBe(NO_ENTRY);
      else expect(world.design.backing.slotForWrite(last)).toBe(NO_ENTRY);
      expect(world.state([...entries, last].filter((entry) => entry !== NO_ENTRY))).toEqual(before);
      world.check();
      // One slot back, and there is room for one.
      world.free(entries[30]!);
      expect(world.place(last === NO_ENTRY ? world.take() : last)).not.toBe(NO_ENTRY);
      world.check();
    },
  ],
  'fresh-entry': [
    'an entry that is given out again remembers nothing: no count, flag, cgroup or shadow',
    (worlds) => {
      const world = worlds.entries({ areas: [{ pages: 65 }], ownPages: 65 });
      const { entries } = world.design;
      const seen = new Set<SwapEntry>();
      for (let round = 0; round < 4; round++)
        for (let i = 0; i < 30; i++) {
          const frame = world.frame();
          const entry = entries.allocate(frame);
          seen.add(entry);
          expect([entries.count(entry), entries.isZero(entry), entries.cgroup(entry)]).toEqual([
            0,
            false,
            0,
          ]);
          expect(world.design.backing.zswap.get(entry)).toBe(0);
          entries.setCgroup(entry, 77);
          world.hold(entry, 20);
          if (i % 2 === 0) entries.setZero(entry, true);
          world.evict(entry, 12345 * 2 ** 17 + 77 * 2);
          world.put(entry, 20);
          // Whoever gets it next finds no shadow under it either.
          const next = world.take(3);
          world.hold(next);
          world.evict(next);
          expect(world.bringIn(next)).toBe(0);
          world.free(next);
        }
      expect(seen.size).toBeLessThan(120);
      world.check();
    },
  ],
  'free-and-used': [
    'entries in use and free ones always add up to the same',
    (worlds) => {
      const world = worlds.entries({ areas: [{ pages: 100 }], ownPages: 100 });
      const { design } = world;
      const total = design.freeEntries() + design.entriesInUse();
      const entries = world.takeMany(70);
      expect(design.entriesInUse()).toBe(70);
      expect(design.freeEntries() + 70).toBe(total);
      for (const entry of entries.slice(0, 40)) world.free(entry);
      expect(design.freeEntries() + 30).toBe(total);
    },
  ],
  'cache-only-reused': [
    'with swap more than half full a slot that the cache alone keeps is taken for another page',
    (worlds) => {
      const memory = worlds.tiny({ areas: [{ pages: 9 }], ownPages: 9, zswap: false });
      const { isSwapWritten } = worlds;
      // Where nothing can be written, pages of zeros.
      const content = (page: number): number => (isSwapWritten ? 5 + page : 0);
      for (let page = 0; page < 8; page++) memory.swapOutNew(0, page, content(page));
      for (let page = 0; page < 8; page++) expect(memory.read(0, page)).toBe(content(page));
      expect(memory.cached().length).toBe(8);
      expect(memory.swap.space.isFull()).toBe(true);
      // An area without a free slot is not asked at all, so one is free: the last that is tried.
      memory.drop(0, 7);
      memory.swapOutNew(0, 9, content(9));
      expect(memory.cached().length).toBe(6);
      expect(memory.frames.has(memory.frameOf(0, 0), PG.swapcache)).toBe(false);
      memory.check();
      expect([0, 1, 6, 9].map((page) => memory.peek(0, page))).toEqual([0, 1, 6, 9].map(content));
      memory.checkEmpty();
    },
  ],
});
