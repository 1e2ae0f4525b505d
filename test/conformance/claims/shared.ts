/** Claims: pages of a shared file, whose entry is in the file's index instead of page tables. */
import { expect } from 'vitest';
import type { AddressSpace } from '../../../src/memory/index.ts';
import { NO_ENTRY, type VirtualPage } from '../../../src/units/index.ts';
import { claimsOf, type Claim, type Worlds } from '../support/claim.ts';
import type { MemoryWorld } from '../support/memory-world.ts';

const PRIVATE = 30;
const SHARED = 40;

/** Two tasks that map one file, whose pages hold 500 and up, most of them swapped. */
function sharing(
  worlds: Worlds,
  limitPages = 40,
): {
  readonly world: MemoryWorld;
  readonly first: AddressSpace;
  readonly second: AddressSpace;
} {
  const world = worlds.memory({ sharedPages: SHARED, limitPages });
  const [first, second] = [world.space(PRIVATE), world.space(PRIVATE)];
  for (let page = 0; page < SHARED; page++) world.write(first, PRIVATE + page, 500 + page);
  for (let page = 0; page < PRIVATE; page++) world.write(second, page, 100 + page);
  for (let i = 0; i < 8; i++) world.squeeze(limitPages - 5);
  expect(world.memory.sharedResidency().swapped).toBeGreaterThan(10);
  world.check();
  return { world, first, second };
}

function contents(world: MemoryWorld, space: AddressSpace): number[] {
  return Array.from({ length: SHARED }, (_, page) => world.peek(space, PRIVATE + page));
}

const AS_WRITTEN = Array.from({ length: SHARED }, (_, page) => 500 + page);

/** Entries that the file's index holds. */
function indexEntries(world: MemoryWorld, space: AddressSpace): number[] {
  return Array.from({ length: SHARED }, (_, page) =>
    world.memory.sharedEntry(space, (PRIVATE + page) as VirtualPage),
  ).filter((entry) => entry !== NO_ENTRY);
}

export const sharedClaims: Claim[] = claimsOf('shared', {
  'in-the-index': [
    'a swapped page of a file is one reference, of its index; no page table holds its entry',
    (worlds) => {
      const { world, first, second } = sharing(worlds);
      const entries = indexEntries(world, first);
      expect(entries.length).toBe(world.memory.sharedResidency().swapped);
      for (const entry of entries) expect(world.swap.design.entries.count(entry as never)).toBe(1);
      for (const space of [first, second])
        expect(world.swapped(space).every((page) => page < PRIVATE)).toBe(true);
      world.memory.exit(first);
      world.memory.exit(second);
      world.checkEmpty();
    },
  ],
  content: [
    'every task reads what any wrote, before it is swapped and after, and after writeback',
    (worlds) => {
      const { world, first, second } = sharing(worlds);
      expect(contents(world, second)).toEqual(AS_WRITTEN);
      world.shrink(20);
      expect(contents(world, second)).toEqual(AS_WRITTEN);
      for (let page = 0; page < SHARED; page += 2) world.write(second, PRIVATE + page, 900 + page);
      const read = Array.from({ length: SHARED }, (_, page) => world.read(first, PRIVATE + page));
      expect(read).toEqual(AS_WRITTEN.map((content, page) => (page % 2 ? content : 900 + page)));
      world.check();
      world.memory.exit(second);
      world.memory.exit(first);
      world.checkEmpty();
    },
  ],
  'fork-shares': [
    'a child sees the file itself, not a copy: what it writes its parent reads',
    (worlds) => {
      const { world, first, second } = sharing(worlds);
      const child = world.memory.fork(first)!;
      for (const entry of indexEntries(world, first))
        expect(world.swap.design.entries.count(entry as never)).toBe(1);
      for (let page = 0; page < SHARED; page += 3) world.write(child, PRIVATE + page, 700 + page);
      expect(contents(world, first)).toEqual(
        AS_WRITTEN.map((content, page) => (page % 3 ? content : 700 + page)),
      );
      world.check();
      for (const space of [child, first, second]) world.memory.exit(space);
      world.checkEmpty();
    },
  ],
  released: [
    'the last task that goes frees the file’s pages, those in swap too; none before does',
    (worlds) => {
      const { world, first, second } = sharing(worlds);
      world.memory.exit(first);
      expect(contents(world, second)).toEqual(AS_WRITTEN);
      world.check();
      world.memory.exit(second);
      world.checkEmpty();
    },
  ],
  swapoff: [
    'swapoff finds entries in a file’s index: none is left there, and the pages are right',
    (worlds) => {
      const { world, first, second } = sharing(worlds, 120);
      world.shrink(20);
      const used = world.types().filter((type) => world.swap.space.area(type)!.inUse > 0);
      expect(used.length).toBeGreaterThan(worlds.under.kind.isVirtual ? -1 : 0);
      for (const type of used) {
        expect(world.swapoff(type).outcome).toBe('ok');
        expect(world.isUnused(type, [first, second])).toBe(true);
        expect(contents(world, second)).toEqual(AS_WRITTEN);
        world.check();
      }
      world.memory.exit(first);
      world.memory.exit(second);
      world.checkEmpty();
    },
  ],
});
