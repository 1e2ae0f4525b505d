/** Claims: pages that parent and children share. */
import { expect } from 'vitest';
import { claimsOf, type Claim, type Worlds } from '../support/claim.ts';
import type { MemoryWorld } from '../support/memory-world.ts';

/** Tables that a growing count may need. */
const COUNT_TABLES = ['swap_map_continuation', 'extend_table'];

/** A task whose pages 0 to 59 hold 100 and up, most of them swapped. */
function crowded(worlds: Worlds): {
  readonly world: MemoryWorld;
  readonly parent: ReturnType<MemoryWorld['space']>;
} {
  const world = worlds.memory();
  const parent = world.space(60);
  for (let page = 0; page < 60; page++) world.write(parent, page, 100 + page);
  expect(world.swapped(parent).length).toBeGreaterThan(10);
  return { world, parent };
}

export const forkClaims: Claim[] = claimsOf('fork', {
  'same-content': [
    'a child reads what its parent had at the fork, in memory and swapped, in whatever order',
    (worlds) => {
      const { world, parent } = crowded(worlds);
      const child = world.memory.fork(parent)!;
      const read = Array.from({ length: 60 }, (_, i) => world.read(child, (i * 37) % 60));
      expect(read).toEqual(Array.from({ length: 60 }, (_, i) => 100 + ((i * 37) % 60)));
      expect(Array.from({ length: 60 }, (_, page) => world.peek(parent, page))).toEqual(
        Array.from({ length: 60 }, (_, page) => 100 + page),
      );
      world.check();
      world.memory.exit(child);
      world.memory.exit(parent);
      world.checkEmpty();
    },
  ],
  'copy-on-write': [
    'what either writes afterwards the other does not see, though the page is in swap',
    (worlds) => {
      const { world, parent } = crowded(worlds);
      const child = world.memory.fork(parent)!;
      for (let page = 0; page < 60; page++) {
        if (page % 3 === 0) world.write(child, page, 300 + page);
        if (page % 3 === 1) world.write(parent, page, 500 + page);
      }
      const seen = (space: typeof parent): number[] =>
        Array.from({ length: 60 }, (_, page) => world.peek(space, page));
      expect(seen(parent)).toEqual(
        Array.from({ length: 60 }, (_, page) => (page % 3 === 1 ? 500 : 100) + page),
      );
      expect(seen(child)).toEqual(
        Array.from({ length: 60 }, (_, page) => (page % 3 === 0 ? 300 : 100) + page),
      );
      world.check();
      world.memory.exit(parent);
      expect(seen(child)[3]).toBe(303);
      world.memory.exit(child);
      world.checkEmpty();
    },
  ],
  'last-one-frees': [
    'an entry in two page tables goes with the second, whichever drops it first',
    (worlds) => {
      const { world, parent } = crowded(worlds);
      const child = world.memory.fork(parent)!;
      const [first, second] = world.swapped(parent);
      const entry = world.entryOf(parent, first!);
      const { entries } = world.swap.design;
      expect(entries.count(entry)).toBe(2);
      world.drop(parent, first!);
      expect(entries.count(entry)).toBe(1);
      expect(world.peek(child, first!)).toBe(100 + first!);
      const inUse = world.swap.design.entriesInUse();
      world.drop(child, first!);
      expect(world.swap.design.entriesInUse()).toBe(inUse - 1);
      world.drop(child, second!);
      expect(world.peek(parent, second!)).toBe(100 + second!);
      world.memory.exit(parent);
      world.memory.exit(child);
      world.checkEmpty();
    },
  ],
  'many-children': [
    'seventy children share one entry, and each reads it as it was',
    (worlds) => {
      const memory = worlds.tiny({ frameCount: 160 });
      memory.swapOutNew(0, 0, 7);
      const entry = memory.entryOf(0, 0);
      const children = Array.from({ length: 70 }, () => memory.fork(0)!);
      expect(memory.swap.design.entries.count(entry)).toBe(71);
      memory.check();
      for (const child of children.slice(0, 30)) expect(memory.read(child, 0)).toBe(7);
      for (const child of children.slice(30, 40)) {
        expect(memory.write(child, 0, child)).toBe('ok');
        memory.swapOut(child, 0);
      }
      memory.check();
      expect(memory.peek(children[69]!, 0)).toBe(7);
      expect(memory.read(children[33]!, 0)).toBe(children[33]);
      memory.checkEmpty();
    },
  ],
  'no-table-for-count': [
    'a fork that finds no memory for a count fails whole: no child, and the parent as it was',
    (worlds) => {
      const memory = worlds.tiny({ frameCount: 160 });
      const [first, second] = [memory.swapOutNew(0, 0, 7), memory.swapOutNew(0, 1, 8)];
      const { entries } = memory.swap.design;
      let asked = false;
      memory.engine.allocationFails = (kind) => {
        if (COUNT_TABLES.includes(kind)) asked = true;
        return COUNT_TABLES.includes(kind);
      };
      let children = 0;
      while (children < 100 && memory.fork(0) !== null) children += 1;
      memory.check();
      // A count that is a whole word of the descriptor never needs a table.
      expect(children === 100).toBe(!asked);
      expect([entries.count(first), entries.count(second)]).toEqual([children + 1, children + 1]);
      memory.engine.allocationFails = () => false;
      expect(memory.fork(0)).not.toBeNull();
      expect([memory.peek(0, 0), memory.peek(0, 1)]).toEqual([7, 8]);
      memory.check();
      memory.checkEmpty();
    },
  ],
  'child-of-child': [
    'grandchildren keep a page alive after child and parent have gone, through writeback and back',
    (worlds) => {
      const memory = worlds.tiny();
      memory.swapOutNew(0, 0, 7);
      const child = memory.fork(0)!;
      const grandchild = memory.fork(child)!;
      memory.exit(0);
      memory.shrink();
      memory.exit(child);
      memory.evictAll();
      memory.check();
      expect(memory.read(grandchild, 0)).toBe(7);
      memory.checkEmpty();
    },
  ],
});
