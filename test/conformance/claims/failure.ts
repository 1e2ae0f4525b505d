/** Claims: tables for which there is no memory. */
import { expect } from 'vitest';
import { NO_ENTRY, NO_FRAME } from '../../../src/units/index.ts';
import { NO_MEMORY } from '../../../src/swap/index.ts';
import { isSlotApart } from '../support/designs.ts';
import { claimsOf, type Claim } from '../support/claim.ts';
import { HARD } from '../support/tiny-memory.ts';

/** Every kind of table that some design may find no memory for. */
export const TABLE_KINDS = [
  'xa_node',
  'swap_table',
  'extend_table',
  'swap_map_continuation',
  'virtual_table',
  'vswap_cluster',
  'redirect_table',
  'cluster',
  'cluster_chunk',
] as const;

export const failureClaims: Claim[] = claimsOf('failure', {
  allocation: [
    'an allocation that finds no memory for a table takes nothing and leaves nothing behind',
    (worlds) => {
      const asked = new Set<string>();
      const work = (kind: string): void => {
        const world = worlds.entries({ areas: [{ pages: 2000 }], ownPages: 2000 });
        const entries = world.takeOut(600);
        const before = world.state([]);
        const frames = world.frames.freeCount;
        // Until it fails: some have room left in the tables that they have.
        world.engine.allocationFails = (wanted) => {
          asked.add(wanted);
          return wanted === kind;
        };
        const taken = [];
        for (let i = 0; i < 1100; i++) {
          const entry = world.take();
          if (entry === NO_ENTRY) break;
          taken.push(entry);
        }
        world.check();
        world.engine.allocationFails = () => false;
        for (const entry of taken) world.free(entry);
        expect([kind, world.frames.freeCount]).toEqual([kind, frames]);
        expect([kind, world.state([])]).toEqual([kind, before]);
        world.check();
        const more = world.takeMany(20);
        expect(more).not.toContain(NO_ENTRY);
        for (const entry of [...entries, ...more]) world.free(entry);
        expect([world.design.entriesInUse(), world.slotsInUse()]).toEqual([0, 0]);
      };
      work('none');
      expect([...asked].filter((kind) => !TABLE_KINDS.includes(kind as never))).toEqual([]);
      expect(asked.size).toBeGreaterThan(0);
      for (const kind of [...asked]) work(kind);
    },
  ],
  'from-the-start': [
    'with no memory for any table nothing is taken, and all works once there is some',
    (worlds) => {
      const world = worlds.entries({ areas: [{ pages: 1024 }], ownPages: 1024 });
      const before = world.state([]);
      world.engine.allocationFails = () => true;
      const taken = world.takeMany(700).filter((entry) => entry !== NO_ENTRY);
      world.check();
      for (const entry of taken) world.free(entry);
      world.check();
      expect(world.state([])).toEqual(before);
      world.engine.allocationFails = () => false;
      expect(world.takeMany(700)).not.toContain(NO_ENTRY);
      world.check();
    },
  ],
  insertion: [
    'a folio for which there is no node is not cached: NO_MEMORY, and the shadow stays',
    (worlds) => {
      const world = worlds.entries();
      const entry = world.take();
      const other = world.take();
      world.hold(entry);
      world.hold(other);
      world.evict(other);
      world.evict(entry);
      const frame = world.frame();
      const before = world.state([entry, other]);
      world.engine.allocationFails = () => true;
      const shadow = world.design.entries.insertFolio(entry, frame);
      world.engine.allocationFails = () => false;
      if (shadow === NO_MEMORY) {
        expect(world.design.entries.folioAt(entry)).toBe(NO_FRAME);
        expect(world.state([entry, other])).toEqual(before);
      } else expect(world.design.entries.folioAt(entry)).toBe(frame);
      world.check();
      if (shadow === NO_MEMORY) expect(world.bringIn(entry)).toBe(0);
      world.check();
    },
  ],
  'swap-in': [
    'a load that finds no memory for a table leaves the page where it was',
    (worlds) => {
      const memory = worlds.tiny({ frameCount: 30 });
      for (let page = 0; page < 6; page++) memory.swapOutNew(0, page, 10 + page);
      for (let page = 0; page < 6; page++) {
        memory.engine.allocationFails = () => true;
        const found = memory.read(0, page);
        memory.engine.allocationFails = () => false;
        expect([10 + page, 'ENOMEM']).toContain(found);
        memory.check();
        expect(memory.read(0, page)).toBe(10 + page);
      }
      memory.checkEmpty();
    },
  ],
  'zswap-index': [
    'a page for which zswap’s index has no node is not stored; it goes on, or stays in memory',
    (worlds) => {
      const memory = worlds.tiny();
      memory.write(0, 0, 7);
      memory.engine.allocationFails = (kind) => kind === 'xa_node';
      memory.swapOut(0, 0);
      memory.engine.allocationFails = () => false;
      memory.check();
      expect(memory.peek(0, 0)).toBe(7);
      memory.swapOut(0, 0);
      memory.evictAll();
      memory.check();
      expect(memory.read(0, 0)).toBe(7);
      memory.checkEmpty();
    },
  ],
  'slot-for-write': [
    'a slot that cannot be noted is not taken: NO_ENTRY, and the entry keeps its place',
    (worlds) => {
      if (!isSlotApart(worlds.under)) return;
      for (const kind of TABLE_KINDS) {
        const world = worlds.entries({ areas: [{ pages: 1500 }], ownPages: 1500 });
        const held = Array.from({ length: 511 }, () => world.takePlaced());
        const entry = world.take();
        world.hold(entry);
        world.store(entry);
        const before = world.state([entry]);
        world.engine.allocationFails = (wanted) => wanted === kind;
        const slot = world.design.backing.slotForWrite(entry);
        world.engine.allocationFails = () => false;
        if (slot === NO_ENTRY) expect([kind, world.state([entry])]).toEqual([kind, before]);
        world.check();
        expect(world.design.backing.slotForWrite(entry)).not.toBe(NO_ENTRY);
        world.check();
        expect(held.length).toBe(511);
      }
    },
  ],
  duplicate: [
    'a count that cannot grow stays what it was, and grows once it can',
    (worlds) => {
      const world = worlds.entries();
      const { entries } = world.design;
      const entry = world.take();
      world.engine.allocationFails = () => true;
      let count = 0;
      while (count < 300 && entries.duplicate(entry) === 'ok') count += 1;
      expect(entries.count(entry)).toBe(count);
      expect([14, 62, 300]).toContain(count);
      world.check();
      world.engine.allocationFails = () => false;
      world.hold(entry, 40);
      expect(entries.count(entry)).toBe(count + 40);
      world.free(entry);
      expect(world.design.entriesInUse()).toBe(0);
      world.check();
    },
  ],
  'now-and-then': [
    'memory that lacks for every third table loses no page and leaves no slot behind',
    (worlds) => {
      const memory = worlds.tiny({ frameCount: 60, areas: [{ pages: 200 }], ownPages: 200 });
      let asked = 0;
      memory.engine.allocationFails = () => asked++ % 3 === 0;
      const contents = new Map<number, number>();
      for (let i = 0; i < 150; i++) {
        const page = (i * 7) % 40;
        const content = i % 4 === 0 ? 0 : i % 4 === 1 && worlds.isSwapWritten ? HARD + i : i;
        if (memory.write(0, page, content) === 'ok') contents.set(page, content);
        memory.swapOut(0, page);
        if (i % 10 === 9) memory.shrink();
        if (i % 6 === 5) memory.evictAll();
        memory.check();
      }
      for (const [page, content] of contents) expect(memory.peek(0, page)).toBe(content);
      memory.checkEmpty();
    },
  ],
});
