/** Claims: giving an area up while the machine goes on. */
import { expect } from 'vitest';
import type { AddressSpace } from '../../../src/memory/index.ts';
import { claimsOf, type Claim, type Worlds } from '../support/claim.ts';
import type { MemoryOptions, MemoryWorld } from '../support/memory-world.ts';
import { HARD } from '../support/tiny-memory.ts';

interface Crowd {
  readonly world: MemoryWorld;
  readonly space: AddressSpace;
  /** The area that is given up. */
  readonly type: number;
}

const PAGES = 80;

/** Content of a page: zeros, compressible or (where that can be written) not. */
function contentOf(worlds: Worlds, page: number): number {
  if (page % 5 === 0) return 0;
  return worlds.isSwapWritten && page % 3 === 0 ? HARD + page : 1 + page;
}

/** A task most of whose pages are swapped, some written back; and an area that holds some. */
function crowd(worlds: Worlds, options: MemoryOptions = {}): Crowd {
  const world = worlds.memory({ limitPages: 36, ...options });
  const space = world.space(PAGES);
  for (let page = 0; page < PAGES; page++)
    expect(world.write(space, page, contentOf(worlds, page))).toBe(true);
  world.shrink(10);
  world.check();
  const used = world.types().filter((type) => world.swap.space.area(type)!.inUse > 0);
  const { areas } = worlds.under.kind;
  // The device that a design brings along, where it does; else the first area that is used.
  const type = areas === 'ghost-above' || areas === 'growing' ? world.types().at(-1)! : used[0]!;
  expect(world.swap.space.area(type)!.inUse).toBeGreaterThan(0);
  return { world, space, type };
}

function contents({ world, space }: Crowd): number[] {
  return Array.from({ length: PAGES }, (_, page) => world.peek(space, page));
}

function expected(worlds: Worlds): number[] {
  return Array.from({ length: PAGES }, (_, page) => contentOf(worlds, page));
}

/** Room in memory for everything, so that a swapoff can succeed. */
const ROOMY: MemoryOptions = { limitPages: 120 };

/** A crowd that was squeezed out and for which there is room again. */
function roomyCrowd(worlds: Worlds): Crowd {
  const world = worlds.memory({ ...ROOMY });
  const space = world.space(PAGES);
  for (let page = 0; page < PAGES; page++) world.write(space, page, contentOf(worlds, page));
  for (let i = 0; i < 6; i++) world.squeeze(110);
  world.shrink(10);
  const { areas } = worlds.under.kind;
  const isOwn = areas === 'ghost-above' || areas === 'growing';
  const type = isOwn ? world.types().at(-1)! : 0;
  expect(world.swap.space.area(type)!.inUse).toBeGreaterThan(0);
  world.check();
  return { world, space, type };
}

export const swapoffClaims: Claim[] = claimsOf('swapoff', {
  'nothing-left': [
    'an area that was given up has no slot in use, and no page table an entry of it',
    (worlds) => {
      const { world, space, type } = roomyCrowd(worlds);
      const result = world.swapoff(type);
      expect(result.outcome).toBe('ok');
      expect(world.swap.space.area(type)).toBeUndefined();
      expect(world.isUnused(type, [space])).toBe(true);
      world.check();
      expect(world.kills).toBe(0);
      world.memory.exit(space);
      world.checkEmpty();
    },
  ],
  'content-right': [
    'every page reads as it was written, before, during and after',
    (worlds) => {
      const it = roomyCrowd(worlds);
      expect(it.world.swapoff(it.type).outcome).toBe('ok');
      expect(contents(it)).toEqual(expected(worlds));
      const read = Array.from({ length: PAGES }, (_, page) => it.world.read(it.space, page));
      expect(read).toEqual(expected(worlds));
      it.world.memory.exit(it.space);
      it.world.checkEmpty();
    },
  ],
  'no-memory': [
    'without memory for its pages ENOMEM is answered: the area stays on, all is as it was',
    (worlds) => {
      const it = crowd(worlds);
      const { world, space, type } = it;
      // Whatever else could take the pages goes first.
      for (const other of world.types())
        if (other !== type) world.swap.space.retire(world.swap.space.area(other)!);
      const before = world.swap.space.area(type)!.inUse;
      const { outcome } = world.swapoff(type);
      if (!worlds.under.kind.isVirtual) expect(outcome).toBe('ENOMEM');
      if (outcome === 'ok') expect(world.swap.space.area(type)).toBeUndefined();
      else {
        expect(world.swap.space.area(type)!.isWritable).toBe(true);
        expect(before).toBeGreaterThan(0);
      }
      expect([world.kills, space.isAlive]).toEqual([0, true]);
      expect(contents(it)).toEqual(expected(worlds));
      world.check();
      world.memory.exit(space);
      world.checkEmpty();
    },
  ],
  'on-again': [
    'after a swapoff and a swapon pages go to the area as before',
    (worlds) => {
      const it = roomyCrowd(worlds);
      const { world, space, type } = it;
      const { name } = world.swap.areas().find((area) => area.type === type)!;
      expect(world.swapoff(type).outcome).toBe('ok');
      world.areas.swapon(name);
      for (const other of world.types())
        if (other !== type) expect(world.swapoff(other).outcome).toBe('ok');
      for (let i = 0; i < 8; i++) world.squeeze(110);
      world.shrink(20);
      expect(world.swap.space.area(type)!.inUse).toBeGreaterThan(0);
      expect(contents(it)).toEqual(expected(worlds));
      world.check();
      world.memory.exit(space);
      world.checkEmpty();
    },
  ],
  'shared-entries': [
    'an entry that parent and child hold is brought back for both',
    (worlds) => {
      const it = roomyCrowd(worlds);
      const { world, space, type } = it;
      const child = world.memory.fork(space)!;
      expect(world.swapoff(type).outcome).toBe('ok');
      expect(world.isUnused(type, [space, child])).toBe(true);
      world.check();
      expect(contents(it)).toEqual(expected(worlds));
      expect(contents({ ...it, space: child })).toEqual(expected(worlds));
      world.memory.exit(space);
      expect(contents({ ...it, space: child })).toEqual(expected(worlds));
      world.memory.exit(child);
      world.checkEmpty();
    },
  ],
  visits: [
    'a plain area’s page tables are walked; behind virtual entries only tables are, faults are left',
    (worlds) => {
      const { world, space, type } = roomyCrowd(worlds);
      const inUse = world.swap.space.area(type)!.inUse;
      const result = world.swapoff(type);
      const { isVirtual } = worlds.under.kind;
      expect(result.ptesVisited > 0).toBe(!isVirtual);
      expect(result.pagesRead).toBeGreaterThan(0);
      expect(result.pagesRead).toBeLessThanOrEqual(inUse);
      if (isVirtual) expect(result.tableWordsVisited).toBeGreaterThanOrEqual(inUse);
      expect(result.minorFaultsLeft > 0).toBe(isVirtual);
      world.memory.exit(space);
      world.checkEmpty();
    },
  ],
  'read-error': [
    'a page that cannot be read stops it with EIO: the area stays on and the entry stays',
    (worlds) => {
      if (!worlds.isSwapWritten) return;
      const memory = worlds.tiny({ zswap: false });
      const entry = memory.swapOutNew(0, 0, 7);
      for (const device of memory.devices) device.failsReads = true;
      expect(memory.swapoff(0).outcome).toBe('EIO');
      expect(memory.entryOf(0, 0)).toBe(entry);
      expect(memory.swap.space.area(0)!.isWritable).toBe(true);
      memory.check();
      for (const device of memory.devices) device.failsReads = false;
      memory.evictAll();
      expect(memory.swapoff(0).outcome).toBe('ok');
      expect(memory.read(0, 0)).toBe(7);
      memory.check();
      memory.checkEmpty();
    },
  ],
});
