/** Claims: what happens in the middle of a batch's writeback, at each of its positions. */
import { expect } from 'vitest';
import { EV } from '../../../src/engine/index.ts';
import { PG } from '../../../src/frames/index.ts';
import { NO_FRAME } from '../../../src/units/index.ts';
import type { ZswapVersion } from '../../../src/zswap/index.ts';
import { isSlotApart } from '../support/designs.ts';
import { claimsOf, type Claim, type Worlds } from '../support/claim.ts';
import type { TinyMemory, TinyOptions } from '../support/tiny-memory.ts';

/** Pages of a batch. */
const COUNT = 3;
const FIRST_CONTENT = 10;
/** The first zswap and today's: with and without exclusive loads, lists by area and by cgroup. */
const VERSIONS: readonly ZswapVersion[] = ['2013', '6.18'];
const STEPS = ['filled', 'submitted'] as const;
type Step = (typeof STEPS)[number];

function contentOf(page: number): number {
  return FIRST_CONTENT + page;
}

/** Pages 0 to COUNT - 1 in zswap. */
function stored(worlds: Worlds, options: TinyOptions): TinyMemory {
  const memory = worlds.tiny({
    payload: 'bytes',
    frameCount: 40,
    areas: [{ pages: 64 }],
    ownPages: 64,
    ...options,
  });
  store(memory);
  return memory;
}

function store(memory: TinyMemory): void {
  for (let page = 0; page < COUNT; page++) memory.swapOutNew(0, page, contentOf(page));
}

/** Writes all back that was picked, to the end of its writes. */
function writePicked(memory: TinyMemory): number {
  const { zswap } = memory.swap;
  const written = zswap.writeBackPicked();
  // The first zswap leaves its writes under way.
  if (zswap.settings.version === '2013' && written > 0) memory.hooks.submitted?.(written);
  memory.swap.endRound();
  return written;
}

function checkContents(memory: TinyMemory, except = -1): void {
  for (let page = 0; page < COUNT; page++)
    if (page !== except) expect([page, memory.peek(0, page)]).toEqual([page, contentOf(page)]);
}

interface Moment {
  readonly memory: TinyMemory;
  readonly step: Step;
  /** Folios of the batch that have come to the step. */
  readonly reached: number;
  /** The page that something happens to. */
  readonly page: number;
}

/**
 * Stops a batch after each of its steps, for each of its pages, in each version.
 * @param meddle - what happens in the middle
 * @param after - what is looked at when the batch is done
 */
function atEachMoment(
  worlds: Worlds,
  meddle: (moment: Moment) => void,
  after: (moment: Moment, written: number) => void,
  prepare?: (memory: TinyMemory) => void,
): void {
  if (!worlds.isSwapWritten) return;
  for (const zswapVersion of VERSIONS)
    for (const step of STEPS)
      for (let reached = 1; reached <= COUNT; reached++)
        for (let page = 0; page < COUNT; page++) {
          const memory = stored(worlds, { zswapVersion });
          prepare?.(memory);
          expect(memory.pickAll()).toBe(COUNT);
          let seen: Moment | undefined;
          memory.hooks[step] = (count): void => {
            if (count !== reached) return;
            seen = { memory, step, reached, page };
            meddle(seen);
          };
          const written = writePicked(memory);
          memory.hooks[step] = undefined;
          expect(seen).toBeDefined();
          after(seen!, written);
          memory.check();
          memory.checkEmpty();
        }
}

/** The page's folio stands in the swap cache, by its bytes and its place in the batch. */
function isBegun({ step, reached, page }: Moment): boolean {
  return step === 'submitted' || page < reached;
}

/**
 * An area of single free slots, as many as pages are in zswap: neighbours are in use, so that each
 * page is an I/O of its own.
 */
function scattered(worlds: Worlds, zswapVersion: ZswapVersion): TinyMemory {
  const memory = worlds.tiny({
    payload: 'bytes',
    frameCount: 60,
    areas: [{ pages: 2 * COUNT + 1 }],
    ownPages: 64,
    zswapVersion,
  });
  const others = Array.from({ length: 2 * COUNT }, (_, i) => 100 + i);
  for (const page of others) memory.swapOutNew(0, page, page);
  memory.pickAll();
  expect(writePicked(memory)).toBe(2 * COUNT);
  memory.evictAll();
  const slots = others.map((page) =>
    memory.swap.design.backing.slotForRead(memory.entryOf(0, page)),
  );
  for (const [i, page] of others.entries()) if (slots[i]! % 2 === 0) memory.drop(0, page);
  memory.check();
  store(memory);
  return memory;
}

export const batchClaims: Claim[] = claimsOf('batch', {
  load: [
    'a page that is loaded in the middle of its batch is the folio under writeback, or not written',
    (worlds) => {
      atEachMoment(
        worlds,
        (moment) => {
          const { memory, page, step } = moment;
          const { frames } = memory;
          const entry = memory.entryOf(0, page);
          const frame = memory.swap.lookup(entry);
          expect(frame !== NO_FRAME).toBe(isBegun(moment));
          if (frame !== NO_FRAME)
            expect([frames.has(frame, PG.uptodate), frames.has(frame, PG.writeback)]).toEqual([
              true,
              true,
            ]);
          // zswap's copy goes when the write is queued, not before.
          const isQueued = step === 'submitted' && page < moment.reached;
          expect(memory.swap.zswap.holds(entry)).toBe(!isQueued);
          expect(memory.read(0, page)).toBe(contentOf(page));
          expect(memory.swap.source).toBe(isBegun(moment) ? 'cache' : 'zswap');
        },
        (moment, written) => {
          const { memory, page } = moment;
          expect(written).toBe(isBegun(moment) ? COUNT : COUNT - 1);
          checkContents(memory);
          // Out and in again: from wherever its newest bytes are.
          memory.swapOut(0, page);
          memory.evictAll();
          checkContents(memory);
          expect(memory.read(0, page)).toBe(contentOf(page));
        },
      );
    },
  ],
  reclaim: [
    'a folio in the middle of its batch is not reclaimed, and its entry not freed under it',
    (worlds) => {
      atEachMoment(
        worlds,
        (moment) => {
          const { memory, page } = moment;
          const entry = memory.entryOf(0, page);
          expect(memory.evict(entry)).toBe(false);
          expect(memory.swap.reclaimCached(entry)).toBe(false);
          expect(memory.swap.lookup(entry) !== NO_FRAME).toBe(isBegun(moment));
        },
        ({ memory }, written) => {
          expect(written).toBe(COUNT);
          memory.evictAll();
          expect(memory.cached()).toEqual([]);
          checkContents(memory);
        },
      );
    },
  ],
  free: [
    'an entry that is freed in the middle of its batch is nobody else’s before its write has ended',
    (worlds) => {
      let isSame = false;
      atEachMoment(
        worlds,
        (moment) => {
          const { memory, page } = moment;
          const entry = memory.entryOf(0, page);
          memory.drop(0, page);
          isSame = memory.swapOutNew(0, 50, 99) === entry;
          if (isBegun(moment)) expect(isSame).toBe(false);
        },
        (moment, written) => {
          const { memory, page } = moment;
          // One that was not begun may be another's at once, which is written then.
          expect(written).toBe(isBegun(moment) || isSame ? COUNT : COUNT - 1);
          checkContents(memory, page);
          expect(memory.peek(0, 50)).toBe(99);
          memory.check();
          memory.evictAll();
          memory.check();
          expect(memory.swap.design.entriesInUse()).toBe(COUNT);
          expect(memory.read(0, 50)).toBe(99);
        },
      );
    },
  ],
  anew: [
    'a page that is written and swapped out anew in the middle of its batch keeps the new content',
    (worlds) => {
      atEachMoment(
        worlds,
        ({ memory, page }) => {
          memory.swapOutNew(0, page, 77);
        },
        ({ memory, page }) => {
          expect(memory.peek(0, page)).toBe(77);
          checkContents(memory, page);
          memory.evictAll();
          memory.pickAll();
          writePicked(memory);
          memory.evictAll();
          expect(memory.read(0, page)).toBe(77);
          checkContents(memory, page);
        },
      );
    },
  ],
  'anew-shared': [
    'a folio that is changed under its entry in the middle of its batch stays dirty: the newer bytes win',
    (worlds) => {
      let child = -1;
      atEachMoment(
        worlds,
        ({ memory, page }) => {
          const entry = memory.entryOf(0, page);
          const frame = memory.swap.swapIn(entry);
          memory.payload.view(frame).fill(9);
          memory.frames.set(frame, PG.dirty);
          if (!memory.frames.has(frame, PG.writeback)) expect(memory.evict(entry)).toBe(true);
        },
        ({ memory, page }) => {
          memory.evictAll();
          checkContents(memory, page);
          expect([memory.read(0, page), memory.read(child, page)]).toEqual([
            0x09090909, 0x09090909,
          ]);
        },
        (memory) => {
          child = memory.fork(0)!;
        },
      );
    },
  ],
  'io-error': [
    'of a batch whose N-th I/O fails that page alone stays in memory, dirty, counted and right',
    (worlds) => {
      if (!worlds.isSwapWritten) return;
      for (const zswapVersion of VERSIONS)
        for (let nth = 0; nth < COUNT; nth++) {
          const memory = scattered(worlds, zswapVersion);
          const device = memory.devices[0]!;
          memory.pickAll();
          const used = memory.slotsInUse();
          const before = device.writes;
          device.failsWriteIn = nth;
          expect(writePicked(memory)).toBe(COUNT);
          device.failsWriteIn = Infinity;
          expect(device.writes - before).toBe(COUNT);
          expect(memory.engine.counted(EV.write_error)).toBe(1);
          expect(memory.swap.deviceProblem).toMatch(/write at offset \d+ failed: EIO/);
          expect(memory.swap.zswap.entries.count).toBe(0);
          const own = isSlotApart(worlds.under) ? COUNT : 0;
          expect(memory.slotsInUse()).toBe(used + own);
          const { backing } = memory.swap.design;
          const bySlot = Array.from({ length: COUNT }, (_, page) => memory.entryOf(0, page)).sort(
            (a, b) => backing.slotForRead(a) - backing.slotForRead(b),
          );
          const isDirty = bySlot.map((entry) =>
            memory.frames.has(memory.swap.lookup(entry), PG.dirty),
          );
          expect(isDirty).toEqual(bySlot.map((_, i) => i === nth));
          checkContents(memory);
          memory.check();
          // Clean folios go; the dirty one is stored anew, for its slot has other bytes.
          memory.evictAll();
          expect(memory.swap.zswap.holds(bySlot[nth]!)).toBe(true);
          checkContents(memory);
          memory.check();
          memory.checkEmpty();
        }
    },
  ],
  'io-error-whole': [
    'of a batch that is one I/O which fails every page stays in memory, and the next try writes all',
    (worlds) => {
      if (!worlds.isSwapWritten) return;
      for (const zswapVersion of VERSIONS) {
        const memory = stored(worlds, { zswapVersion });
        memory.pickAll();
        const device = memory.devices[0]!;
        device.failsWrites = true;
        expect(writePicked(memory)).toBe(COUNT);
        expect(memory.engine.counted(EV.write_error)).toBe(COUNT);
        expect(memory.cached().filter((frame) => memory.frames.has(frame, PG.dirty)).length).toBe(
          COUNT,
        );
        checkContents(memory);
        device.failsWrites = false;
        memory.evictAll();
        memory.pickAll();
        expect(writePicked(memory)).toBe(COUNT);
        memory.evictAll();
        expect(memory.swap.zswap.entries.count).toBe(0);
        checkContents(memory);
        memory.check();
        memory.checkEmpty();
      }
    },
  ],
  'full-area': [
    'where slots run out in the middle of a batch the rest stays in zswap, and no folio of it is left',
    (worlds) => {
      if (!worlds.isSwapWritten || !isSlotApart(worlds.under)) return;
      for (const zswapVersion of VERSIONS)
        for (let room = 0; room < COUNT; room++) {
          const memory = worlds.tiny({
            payload: 'bytes',
            areas: [{ pages: 2 + room }],
            ownPages: 64,
            zswapVersion,
          });
          // One slot is another page's.
          memory.swapOutNew(0, 50, 50);
          memory.pickAll();
          expect(writePicked(memory)).toBe(1);
          memory.evictAll();
          store(memory);
          const entries = Array.from({ length: COUNT }, (_, page) => memory.entryOf(0, page));
          memory.pickAll();
          expect(writePicked(memory)).toBe(room);
          expect(entries.map((entry) => memory.swap.zswap.holds(entry))).toEqual(
            entries.map((_, i) => i >= room),
          );
          expect(entries.map((entry) => memory.swap.lookup(entry) !== NO_FRAME)).toEqual(
            entries.map((_, i) => i < room),
          );
          checkContents(memory);
          memory.check();
          memory.evictAll();
          checkContents(memory);
          memory.checkEmpty();
        }
    },
  ],
  'full-area-meanwhile': [
    'a page that is loaded or freed before its batch finds no slot for it is the loaded one, or gone',
    (worlds) => {
      if (!worlds.isSwapWritten || !isSlotApart(worlds.under)) return;
      for (const zswapVersion of VERSIONS)
        for (const isFreed of [false, true])
          for (let page = 0; page < COUNT; page++) {
            const memory = stored(worlds, { zswapVersion, areas: [{ pages: 3 }] });
            memory.pickAll();
            memory.hooks.filled = (reached): void => {
              if (reached !== COUNT) return;
              if (isFreed) memory.drop(0, page);
              else expect(memory.read(0, page)).toBe(contentOf(page));
            };
            expect(writePicked(memory)).toBe(2);
            memory.hooks.filled = undefined;
            checkContents(memory, isFreed ? page : -1);
            memory.check();
            memory.evictAll();
            memory.check();
            expect(memory.swap.design.entriesInUse()).toBe(isFreed ? COUNT - 1 : COUNT);
            if (!isFreed) {
              memory.write(0, page, 77);
              memory.swapOut(0, page);
              expect(memory.peek(0, page)).toBe(77);
            }
            checkContents(memory, page);
            memory.checkEmpty();
          }
    },
  ],
  'no-memory': [
    'where folios run out in the middle of a batch the rest stays in zswap',
    (worlds) => {
      if (!worlds.isSwapWritten) return;
      for (const zswapVersion of VERSIONS)
        for (let room = 0; room < COUNT; room++) {
          const memory = stored(worlds, { zswapVersion });
          for (let page = 20; memory.frames.freeCount > room; page++) memory.write(0, page, page);
          memory.pickAll();
          expect(writePicked(memory)).toBe(room);
          const held = Array.from({ length: COUNT }, (_, page) =>
            memory.swap.zswap.holds(memory.entryOf(0, page)),
          );
          expect(held).toEqual(held.map((_, i) => i >= room));
          checkContents(memory);
          memory.check();
          memory.checkEmpty();
        }
    },
  ],
  'no-tables': [
    'where memory lacks for one table at any point of a batch nothing is lost and nothing left behind',
    (worlds) => {
      if (!worlds.isSwapWritten) return;
      for (const zswapVersion of VERSIONS)
        for (let nth = 0, asked = 1; nth < asked; nth++) {
          const memory = stored(worlds, { zswapVersion });
          memory.pickAll();
          asked = 0;
          memory.engine.allocationFails = () => asked++ === nth;
          const written = writePicked(memory);
          memory.engine.allocationFails = () => false;
          expect(written).toBeGreaterThanOrEqual(COUNT - 1);
          expect(memory.swap.zswap.entries.count).toBe(COUNT - written);
          checkContents(memory);
          memory.check();
          memory.evictAll();
          memory.pickAll();
          writePicked(memory);
          expect(memory.swap.zswap.entries.count).toBe(0);
          memory.evictAll();
          checkContents(memory);
          memory.checkEmpty();
        }
    },
  ],
});
