/** Claims: several memory cgroups beside each other, over one zswap and one set of areas. */
import { expect } from 'vitest';
import { PG } from '../../../src/frames/index.ts';
import type { AddressSpace } from '../../../src/memory/index.ts';
import { NO_ENTRY, type VirtualPage } from '../../../src/units/index.ts';
import { claimsOf, type Claim, type Worlds } from '../support/claim.ts';
import type { MemoryOptions, MemoryWorld } from '../support/memory-world.ts';
import { HARD } from '../support/tiny-memory.ts';

const SMALL = 40;
const LARGE = 90;
/** Ids of the two cgroups. */
const FIRST = 1;
const SECOND = 2;

interface TwoTasks {
  readonly world: MemoryWorld;
  readonly first: AddressSpace;
  readonly second: AddressSpace;
}

/** A task of 200 pages in a cgroup of 40, and one in a cgroup of 90. */
function twoTasks(worlds: Worlds, options: MemoryOptions = {}): TwoTasks {
  const world = worlds.memory({ limits: [SMALL, LARGE], ramPages: 1024, ...options });
  return { world, first: world.space(200, FIRST), second: world.space(200, SECOND) };
}

/** Both write in turn, each its own contents: their entries and slots lie beside each other. */
function writeInTurn({ world, first, second }: TwoTasks, pages: number): void {
  for (let page = 0; page < pages; page++) {
    world.write(first, page, 100 + page);
    world.write(second, page, 500 + page);
  }
}

function usage(world: MemoryWorld): number[] {
  return world.memory.cgroups.all.map((cgroup) => cgroup.usagePages - cgroup.stockPages);
}

/** Whom the folios of the swap cache are charged to, and whose their entries are. */
function cachedFolios(world: MemoryWorld): { folios: number[]; entries: number[] } {
  const { frames, swap } = world;
  const cached = [...frames.allocated()].filter((frame) => frames.has(frame, PG.swapcache));
  return {
    folios: cached.map((frame) => frames.cgroup(frame)),
    entries: cached.map((frame) => swap.design.entries.cgroup(frames.entry(frame))),
  };
}

/** The task writes what hardly compresses until it is killed; at which page. */
function writeUntilKilled(world: MemoryWorld, space: AddressSpace, end = Infinity): number {
  let page = 0;
  while (page < Math.min(end, space.sharedFrom) && world.write(space, page, HARD + page)) page += 1;
  return page;
}

export const severalCgroupsClaims: Claim[] = claimsOf('cgroups', {
  'own-limit': [
    'each of two cgroups stays within its own limit, and every page is as it was written',
    (worlds) => {
      const two = twoTasks(worlds);
      const { world, first, second } = two;
      writeInTurn(two, 120);
      for (let page = 119; page >= 0; page--) {
        expect(world.read(first, page)).toBe(100 + page);
        expect(world.read(second, page)).toBe(500 + page);
      }
      const most = world.memory.cgroups.all.map(({ usagePagesMax }) => usagePagesMax);
      expect(most).toEqual([SMALL, LARGE]);
      world.check();
      for (const space of [first, second]) world.memory.exit(space);
      world.checkEmpty();
    },
  ],
  'own-pressure': [
    'a cgroup at its limit sends out its own pages only, and leaves the lists of others alone',
    (worlds) => {
      const { world, first, second } = twoTasks(worlds);
      for (let page = 0; page < 80; page++) world.write(second, page, 500 + page);
      const before = usage(world)[1];
      for (let page = 0; page < 200; page++) world.write(first, page, 100 + page);
      expect(world.swapped(first).length).toBeGreaterThan(140);
      expect(world.swapped(second)).toEqual([]);
      expect(usage(world)[1]).toBe(before);
      expect(world.memory.cgroups.byId(SECOND).nonresidentAge).toBe(0);
      expect(world.swap.chargedEntries(SECOND)).toBe(0);
      world.check();
    },
  ],
  fork: [
    'a child’s pages, page tables and entries are charged to its parent’s cgroup',
    (worlds) => {
      const { world, second } = twoTasks(worlds);
      for (let page = 0; page < 60; page++) world.write(second, page, 500 + page);
      const child = world.memory.fork(second)!;
      for (let page = 0; page < 60; page++) world.write(child, page, 700 + page);
      expect(world.memory.cgroups.byId(FIRST).usagePagesMax).toBe(0);
      expect(world.swapped(child).length + world.swapped(second).length).toBeGreaterThan(20);
      for (const page of world.swapped(child))
        expect(world.swap.design.entries.cgroup(world.entryOf(child, page))).toBe(SECOND);
      world.check();
      for (const space of [child, second]) world.memory.exit(space);
      world.checkEmpty();
    },
  ],
  'own-entries': [
    'an entry is that of the cgroup whose page it stands for, and goes with its charge alone',
    (worlds) => {
      const two = twoTasks(worlds);
      const { world, first, second } = two;
      writeInTurn(two, 140);
      const { entries } = world.swap.design;
      for (const space of [first, second])
        for (const page of world.swapped(space))
          expect(entries.cgroup(world.entryOf(space, page))).toBe(space.cgroup);
      const charged = (): number[] =>
        [FIRST, SECOND].map((cgroup) => world.swap.chargedEntries(cgroup));
      const [ofFirst, ofSecond] = charged();
      const { isVirtual } = worlds.under.kind;
      if (!isVirtual) {
        // Those of page tables, and those that mapped folios keep in the swap cache.
        expect(ofFirst).toBeGreaterThanOrEqual(world.swapped(first).length);
        expect(ofFirst! + ofSecond!).toBe(world.swap.design.entriesInUse());
      }
      world.memory.exit(first);
      expect(charged()).toEqual([0, ofSecond]);
      world.memory.exit(second);
      world.checkEmpty();
    },
  ],
  'read-for-others': [
    'a page that another cgroup’s fault reads ahead is charged to the cgroup of its entry',
    (worlds) => {
      // A rotating device: the neighbours of a slot are read, whoever they belong to.
      const { writesBack, isVirtual, areas } = worlds.under.kind;
      const two = twoTasks(worlds, { profile: 'hdd', zswap: !writesBack });
      const { world, first, second } = two;
      writeInTurn(two, 140);
      // Room for what is read ahead.
      for (let page = 100; page < 140; page++) world.drop(second, page);
      const own = (): number[] => world.swapped(second).map((page) => world.entryOf(second, page));
      const before = usage(world)[SECOND - 1]!;
      let most = before;
      for (const page of world.swapped(first)) {
        const window = world.entryOf(first, page) >>> 3;
        if (!own().some((entry) => entry >>> 3 === window)) continue;
        world.read(first, page);
        const { folios, entries } = cachedFolios(world);
        expect(folios).toEqual(entries);
        most = Math.max(most, usage(world)[SECOND - 1]!);
      }
      // Where an entry is not its slot, neighbouring entries are no neighbours on the device.
      if (areas === 'as-given' && !isVirtual) expect(most).toBeGreaterThan(before);
      world.check();
      for (let page = 0; page < 100; page++) expect(world.peek(second, page)).toBe(500 + page);
    },
  ],
  'written-back-for-others': [
    'a batch of writeback makes room in each cgroup for its own pages, and keeps every limit',
    (worlds) => {
      const two = twoTasks(worlds);
      const { world, first, second } = two;
      writeInTurn(two, 140);
      const written = world.shrink(world.swap.zswap.entries.count);
      if (worlds.under.kind.writesBack) expect(written).toBeGreaterThan(10);
      const { folios, entries } = cachedFolios(world);
      expect(folios).toEqual(entries);
      if (worlds.under.kind.writesBack) expect(new Set(folios)).toEqual(new Set([FIRST, SECOND]));
      for (const cgroup of world.memory.cgroups.all)
        expect(cgroup.usagePages).toBeLessThanOrEqual(cgroup.limitPages);
      world.check();
      for (let page = 0; page < 140; page++)
        expect([world.peek(first, page), world.peek(second, page)]).toEqual([
          100 + page,
          500 + page,
        ]);
    },
  ],
  'own-oom': [
    'a cgroup without memory and without swap loses its own task; the other’s goes on',
    (worlds) => {
      const world = worlds.memory({ limits: [SMALL, LARGE], areas: [50], ramPages: 128 });
      const [first, second] = [world.space(2000, FIRST), world.space(60, SECOND)];
      for (let page = 0; page < 60; page++) world.write(second, page, 500 + page);
      writeUntilKilled(world, first);
      expect([first.isAlive, second.isAlive, world.kills]).toEqual([false, true, 1]);
      expect(world.memory.cgroups.all.map(({ oomKills }) => oomKills)).toEqual([1, 0]);
      expect(world.swapped(second)).toEqual([]);
      for (let page = 0; page < 60; page++) expect(world.read(second, page)).toBe(500 + page);
      world.memory.exit(second);
      world.checkEmpty();
    },
  ],
  'shared-by-first-fault': [
    'a page of a shared file is charged to the cgroup that faulted it in first, in swap and back',
    (worlds) => {
      const world = worlds.memory({ limits: [SMALL, LARGE], sharedPages: 30, ramPages: 1024 });
      const [first, second] = [world.space(100, FIRST), world.space(100, SECOND)];
      for (let page = 0; page < 30; page++)
        world.write(page % 2 === 0 ? first : second, 100 + page, 500 + page);
      for (let page = 0; page < 100; page++) world.write(first, page, 100 + page);
      for (let page = 0; page < 100; page++) world.write(second, page, 500 + page);
      const { frames } = world;
      const owner = (page: number): number => (page % 2 === 0 ? FIRST : SECOND);
      let swapped = 0;
      for (let page = 0; page < 30; page++) {
        const entry = world.memory.sharedEntry(first, (100 + page) as VirtualPage);
        if (entry !== NO_ENTRY) {
          swapped += 1;
          expect(world.swap.design.entries.cgroup(entry)).toBe(owner(page));
        }
        // The other cgroup's task brings it back.
        const frame = world.memory.touch(
          owner(page) === FIRST ? second : first,
          (100 + page) as VirtualPage,
          false,
        );
        expect(frames.cgroup(frame)).toBe(owner(page));
        expect(world.read(first, 100 + page)).toBe(500 + page);
      }
      expect(swapped).toBeGreaterThan(10);
      world.check();
    },
  ],
  'shared-oom': [
    'where a shared page’s cgroup has no memory to come back to, its largest task is killed',
    (worlds) => {
      const SHARED = 20;
      const LARGER = 200;
      const fill = (end: number): { world: MemoryWorld; spaces: AddressSpace[]; last: number } => {
        const world = worlds.memory({
          limits: [LARGER + 50, SMALL],
          areas: [50],
          sharedPages: SHARED,
          ramPages: 128,
        });
        const spaces = [FIRST, SECOND, SECOND].map((cgroup) => world.space(2000, cgroup));
        const [first, second, third] = spaces;
        for (let page = 0; page < SHARED; page++)
          world.write(second!, 2000 + page, HARD + 5000 + page);
        // The largest of all is not in that cgroup, and in it there is a smaller one.
        for (let page = 0; page < LARGER; page++) world.write(first!, page, 7 + page);
        world.write(third!, 0, 9);
        return { world, spaces, last: writeUntilKilled(world, second!, end) };
      };
      const { world, spaces } = fill(fill(Infinity).last);
      const [first, second, third] = spaces as [AddressSpace, AddressSpace, AddressSpace];
      expect(spaces.map(({ isAlive }) => isAlive)).toEqual([true, true, true]);
      for (let page = 0; page < SHARED; page++)
        expect(world.read(first, 2000 + page)).toBe(HARD + 5000 + page);
      // Without a file behind it, what zswap refuses never left memory: no page has to come back.
      const kills = worlds.under.kind.writesBack ? 1 : 0;
      expect(world.kills).toBe(kills);
      expect([first.isAlive, second.isAlive, third.isAlive]).toEqual([true, kills === 0, true]);
      expect(world.memory.cgroups.all.map(({ oomKills }) => oomKills)).toEqual([0, kills]);
      for (let page = 0; page < LARGER; page++) expect(world.read(first, page)).toBe(7 + page);
      expect(world.peek(third, 0)).toBe(9);
      world.check();
      for (const space of spaces) if (space.isAlive) world.memory.exit(space);
      world.checkEmpty();
    },
  ],
});
