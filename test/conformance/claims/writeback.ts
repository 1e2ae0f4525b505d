/** Claims: zswap writes back; where it cannot, nothing moves. */
import { expect } from 'vitest';
import { PG } from '../../../src/frames/index.ts';
import { ROLE } from '../../../src/slots/index.ts';
import { NO_ENTRY, NO_FRAME, type SwapEntry } from '../../../src/units/index.ts';
import { isSlotApart } from '../support/designs.ts';
import { claimsOf, type Claim, type Worlds } from '../support/claim.ts';
import { HARD, type TinyMemory } from '../support/tiny-memory.ts';

/** A page of content 7 in zswap, and its entry. */
function stored(worlds: Worlds): { readonly memory: TinyMemory; readonly entry: SwapEntry } {
  const memory = worlds.tiny({ payload: 'bytes', frameCount: 12 });
  const entry = memory.swapOutNew(0, 0, 7);
  expect(memory.swap.zswap.holds(entry)).toBe(true);
  return { memory, entry };
}

function writtenPages(memory: TinyMemory): number {
  return memory.devices.reduce((sum, { pagesWritten }) => sum + pagesWritten, 0);
}

export const writebackClaims: Claim[] = claimsOf('writeback', {
  'content-right': [
    'what zswap held is on the device afterwards, and reads as it was; a ghost’s stays in zswap',
    (worlds) => {
      const { memory } = stored(worlds);
      expect(memory.shrink()).toBe(worlds.isSwapWritten ? 1 : 0);
      expect(writtenPages(memory)).toBe(worlds.isSwapWritten ? 1 : 0);
      memory.evictAll();
      memory.check();
      expect(memory.read(0, 0)).toBe(7);
      expect(memory.swap.source).toBe(worlds.isSwapWritten ? 'device' : 'zswap');
      memory.checkEmpty();
    },
  ],
  identity: [
    'page tables go on holding the same entry, with its count, whoever shares it',
    (worlds) => {
      const { memory, entry } = stored(worlds);
      const child = memory.fork(0)!;
      memory.shrink();
      memory.evictAll();
      expect([memory.entryOf(0, 0), memory.entryOf(child, 0)]).toEqual([entry, entry]);
      expect(memory.swap.design.entries.count(entry)).toBe(2);
      expect([memory.read(child, 0), memory.read(0, 0)]).toEqual([7, 7]);
      memory.check();
      memory.checkEmpty();
    },
  ],
  'copy-gone': [
    'zswap holds no copy of a page that it has written back; what it cannot write back it holds',
    (worlds) => {
      const { memory, entry } = stored(worlds);
      memory.shrink();
      expect(memory.swap.zswap.holds(entry)).toBe(!worlds.isSwapWritten);
      expect(memory.swap.zswap.entries.count).toBe(worlds.isSwapWritten ? 0 : 1);
      memory.check();
      memory.checkEmpty();
    },
  ],
  'slot-when': [
    'a page in zswap has a slot from the start in plain designs, from its writeback on elsewhere',
    (worlds) => {
      const { memory, entry } = stored(worlds);
      const { backing } = memory.swap.design;
      const isApart = isSlotApart(worlds.under);
      const own = worlds.under.kind.isVirtual ? 0 : 1;
      expect(memory.slotsInUse()).toBe(own);
      if (isApart) expect(backing.slotForRead(entry)).toBe(NO_ENTRY);
      else if (worlds.isSwapWritten) expect(backing.slotForRead(entry)).toBe(entry);
      memory.shrink();
      expect(memory.slotsInUse()).toBe(own + (isApart ? 1 : 0));
      expect(backing.slotForRead(entry) === NO_ENTRY).toBe(!worlds.isSwapWritten);
      memory.checkEmpty();
    },
  ],
  'stored-again': [
    'a page that was written back and is stored in zswap anew is found there, with its new content',
    (worlds) => {
      const { memory, entry } = stored(worlds);
      const child = memory.fork(0)!;
      memory.shrink();
      memory.evictAll();
      const frame = memory.swap.swapIn(entry);
      memory.payload.view(frame).fill(9);
      memory.frames.set(frame, PG.dirty);
      expect(memory.evict(entry)).toBe(true);
      expect(memory.swap.zswap.holds(entry)).toBe(true);
      // Where a slot is taken for bytes alone, it has gone with them.
      if (isSlotApart(worlds.under))
        expect(memory.swap.design.backing.slotForRead(entry)).toBe(NO_ENTRY);
      memory.check();
      expect(memory.peek(child, 0)).toBe(0x09090909);
      expect(memory.read(0, 0)).toBe(0x09090909);
      memory.checkEmpty();
    },
  ],
  'twice-in-turn': [
    'a page can be stored and written back again and again; nothing piles up',
    (worlds) => {
      const { memory } = stored(worlds);
      let slots = -1;
      for (let round = 1; round <= 5; round++) {
        memory.write(0, 0, 20 + round);
        memory.swapOut(0, 0);
        memory.shrink();
        memory.evictAll();
        memory.check();
        expect(memory.peek(0, 0)).toBe(20 + round);
        if (slots >= 0) expect(memory.slotsInUse()).toBe(slots);
        slots = memory.slotsInUse();
      }
      memory.checkEmpty();
    },
  ],
  'load-after-pick': [
    'an entry that is loaded after it was picked is left alone: its page is the loaded one',
    (worlds) => {
      const { memory } = stored(worlds);
      memory.pickAll();
      expect(memory.read(0, 0)).toBe(7);
      expect(memory.swap.zswap.writeBackPicked()).toBe(0);
      expect(writtenPages(memory)).toBe(0);
      expect(memory.peek(0, 0)).toBe(7);
      memory.check();
      memory.checkEmpty();
    },
  ],
  'free-after-pick': [
    'an entry that is freed after it was picked is not written, and nothing of it is left',
    (worlds) => {
      const { memory } = stored(worlds);
      memory.pickAll();
      memory.drop(0, 0);
      expect(memory.swap.zswap.writeBackPicked()).toBe(0);
      expect(writtenPages(memory)).toBe(0);
      memory.check();
      memory.checkEmpty();
    },
  ],
  'replaced-after-pick': [
    'of an entry that is stored anew after it was picked only the new content is ever written',
    (worlds) => {
      const { memory } = stored(worlds);
      memory.pickAll();
      memory.write(0, 0, 8);
      memory.swapOut(0, 0);
      memory.swap.zswap.writeBackPicked();
      memory.evictAll();
      memory.check();
      expect(memory.read(0, 0)).toBe(8);
      memory.checkEmpty();
    },
  ],
  'load-meanwhile': [
    'an entry that is loaded while writeback makes room for its folio loses nothing',
    (worlds) => {
      const { memory, entry } = stored(worlds);
      memory.pickAll();
      memory.onAllocate = (): void => {
        memory.swap.swapIn(entry);
      };
      memory.swap.zswap.writeBackPicked();
      memory.onAllocate = undefined;
      memory.check();
      expect(memory.peek(0, 0)).toBe(7);
      expect(memory.read(0, 0)).toBe(7);
      memory.checkEmpty();
    },
  ],
  'free-meanwhile': [
    'an entry that is freed while writeback makes room for its folio is not written',
    (worlds) => {
      const { memory } = stored(worlds);
      memory.pickAll();
      memory.onAllocate = (): void => {
        memory.drop(0, 0);
      };
      const written = memory.swap.zswap.writeBackPicked();
      memory.onAllocate = undefined;
      expect([written, writtenPages(memory)]).toEqual([0, 0]);
      memory.checkEmpty();
    },
  ],
  'writeback-meanwhile': [
    'a page that is written back while its load makes room for a folio is read once, as it was',
    (worlds) => {
      const { memory } = stored(worlds);
      memory.onAllocate = (): void => {
        memory.shrink();
      };
      expect(memory.read(0, 0)).toBe(7);
      memory.check();
      memory.checkEmpty();
    },
  ],
  'no-memory': [
    'without a page of memory for it an entry is not written back, and stays in zswap',
    (worlds) => {
      const { memory, entry } = stored(worlds);
      for (let page = 1; memory.frames.freeCount > 0; page++) memory.write(0, page, 50 + page);
      expect(memory.shrink()).toBe(0);
      expect(memory.swap.zswap.holds(entry)).toBe(true);
      expect(memory.peek(0, 0)).toBe(7);
      memory.check();
      memory.checkEmpty();
    },
  ],
  'no-slot': [
    'without a slot for its bytes an entry is not written back: zswap keeps it, nothing changes',
    (worlds) => {
      const memory = worlds.tiny({ areas: [{ pages: 4 }], frameCount: 16 });
      const isApart = isSlotApart(worlds.under);
      // Where slots are taken for bytes, three pages that were written back take them all.
      for (let page = 1; isApart && page < 4; page++) memory.swapOutNew(0, page, HARD + page);
      memory.shrink();
      memory.evictAll();
      const entry = memory.swapOutNew(0, 0, 7);
      const used = memory.slotsInUse();
      memory.pickAll();
      const written = memory.swap.zswap.writeBackPicked();
      if (isApart) {
        expect([written, memory.slotsInUse()]).toEqual([0, used]);
        expect(memory.swap.writeback.canWriteBack()).toBe(false);
        expect(memory.swap.zswap.holds(entry)).toBe(true);
        expect(memory.swap.lookup(entry)).toBe(NO_FRAME);
      }
      memory.check();
      expect(memory.read(0, 0)).toBe(7);
      memory.checkEmpty();
    },
  ],
  'never-to-ghosts': [
    'a device without bytes is never written to or read, whatever is swapped and shrunk',
    (worlds) => {
      const memory = worlds.tiny({ frameCount: 60 });
      for (let page = 0; page < 20; page++) {
        memory.write(0, page, page % 3 === 0 ? 0 : page % 3 === 1 ? page : HARD + page);
        memory.swapOut(0, page);
        memory.shrink();
      }
      for (const [type, device] of memory.devices.entries())
        if (memory.swap.space.area(type)!.role === ROLE.ghost)
          expect([device.pagesWritten, device.pagesRead]).toEqual([0, 0]);
      if (!worlds.isSwapWritten) expect(memory.swap.writeback.canWriteBack()).toBe(false);
      memory.check();
      memory.checkEmpty();
    },
  ],
});
