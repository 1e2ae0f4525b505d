/** Claims: devices that fail. */
import { expect } from 'vitest';
import { PG } from '../../../src/frames/index.ts';
import { NO_FRAME } from '../../../src/units/index.ts';
import { claimsOf, type Claim } from '../support/claim.ts';

export const errorClaims: Claim[] = claimsOf('errors', {
  'read-error': [
    'a read that fails is EIO to who touches the page; entry, count and slot stay',
    (worlds) => {
      const memory = worlds.tiny({ zswap: false });
      // A ghost without zswap holds zeros only, and those are never read.
      if (!worlds.isSwapWritten) {
        memory.devices[0]!.failsReads = true;
        memory.swapOutNew(0, 0, 0);
        expect(memory.read(0, 0)).toBe(0);
        memory.checkEmpty();
        return;
      }
      const entry = memory.swapOutNew(0, 0, 7);
      const child = memory.fork(0)!;
      const slots = memory.slotsInUse();
      for (const device of memory.devices) device.failsReads = true;
      expect(memory.read(0, 0)).toBe('EIO');
      expect(memory.write(child, 0, 3)).toBe('EIO');
      expect(memory.entryOf(0, 0)).toBe(entry);
      expect(memory.swap.design.entries.count(entry)).toBe(2);
      expect(memory.slotsInUse()).toBe(slots);
      memory.check();
      memory.checkEmpty();
    },
  ],
  'read-again': [
    'a page whose read failed reads as it was once the device works and the folio was dropped',
    (worlds) => {
      if (!worlds.isSwapWritten) return;
      const memory = worlds.tiny({ zswap: false });
      const entry = memory.swapOutNew(0, 0, 7);
      for (const device of memory.devices) device.failsReads = true;
      expect(memory.read(0, 0)).toBe('EIO');
      for (const device of memory.devices) device.failsReads = false;
      expect(memory.evict(entry)).toBe(true);
      expect(memory.read(0, 0)).toBe(7);
      memory.check();
      memory.checkEmpty();
    },
  ],
  sigbus: [
    'a task that touches a page that cannot be read is killed; another keeps its own pages',
    (worlds) => {
      if (!worlds.isSwapWritten) return;
      const world = worlds.memory({ zswap: false, limitPages: 40, pageCluster: 0 });
      const [victim, other] = [world.space(40), world.space(20)];
      for (let page = 0; page < 40; page++) world.write(victim, page, 100 + page);
      for (let page = 0; page < 20; page++) world.write(other, page, 200 + page);
      const page = world.swapped(victim)[0]!;
      for (const device of world.devices) device.failsReads = true;
      expect(world.read(victim, page)).toBe(-1);
      expect([world.kills, victim.isAlive, other.isAlive]).toEqual([1, false, true]);
      for (const device of world.devices) device.failsReads = false;
      world.check();
      const left = Array.from({ length: 20 }, (_, at) => world.read(other, at));
      expect(left).toEqual(Array.from({ length: 20 }, (_, at) => 200 + at));
      world.memory.exit(other);
      world.checkEmpty();
    },
  ],
  'write-error': [
    'a write that fails leaves the page dirty in memory under its entry; the next one saves it',
    (worlds) => {
      if (!worlds.isSwapWritten) return;
      const memory = worlds.tiny({ zswap: false });
      memory.write(0, 0, 7);
      for (const device of memory.devices) device.failsWrites = true;
      expect(memory.swapOut(0, 0)).toBe(false);
      const entry = memory.entryOf(0, 0);
      const frame = memory.swap.lookup(entry);
      expect(frame).not.toBe(NO_FRAME);
      expect(memory.frames.has(frame, PG.dirty)).toBe(true);
      memory.check();
      expect(memory.peek(0, 0)).toBe(7);
      for (const device of memory.devices) device.failsWrites = false;
      expect(memory.evict(entry)).toBe(true);
      expect(memory.read(0, 0)).toBe(7);
      memory.check();
      memory.checkEmpty();
    },
  ],
  'synchronous-write-error': [
    'so it is on a synchronous device',
    (worlds) => {
      if (!worlds.isSwapWritten) return;
      const memory = worlds.tiny({ zswap: false, synchronous: true });
      memory.write(0, 0, 7);
      for (const device of memory.devices) device.failsWrites = true;
      expect(memory.swapOut(0, 0)).toBe(false);
      for (const device of memory.devices) device.failsWrites = false;
      memory.check();
      expect(memory.swapOut(0, 0)).toBe(false);
      expect(memory.read(0, 0)).toBe(7);
      expect(memory.swapOut(0, 0)).toBe(true);
      expect(memory.read(0, 0)).toBe(7);
      memory.checkEmpty();
    },
  ],
  'writeback-error': [
    'a writeback from zswap that fails leaves the page dirty in memory; nothing is lost',
    (worlds) => {
      const memory = worlds.tiny();
      const entry = memory.swapOutNew(0, 0, 7);
      for (const device of memory.devices) device.failsWrites = true;
      expect(memory.shrink()).toBe(worlds.isSwapWritten ? 1 : 0);
      memory.check();
      expect(memory.peek(0, 0)).toBe(7);
      if (worlds.isSwapWritten) {
        expect(memory.frames.has(memory.swap.lookup(entry), PG.dirty)).toBe(true);
        // zswap takes it again.
        expect(memory.evict(entry)).toBe(true);
      }
      memory.check();
      expect(memory.read(0, 0)).toBe(7);
      memory.checkEmpty();
    },
  ],
});
