/** Claims: zswap writes compressed pages back as they are, in each form that areas take. */
import { expect } from 'vitest';
import { COMPRESSED_FORMS, type CompressedForm } from '../../../src/device/index.ts';
import { EV } from '../../../src/engine/index.ts';
import { NO_ENTRY } from '../../../src/units/index.ts';
import type { BlobBatch } from '../../../src/zswap/index.ts';
import { isSlotApart } from '../support/designs.ts';
import { claimsOf, type Claim, type Worlds } from '../support/claim.ts';
import { HARD, type TinyMemory, type TinyOptions } from '../support/tiny-memory.ts';

const PAGES = 5;

/** Tries a claim with each form; where nothing can be written back, with one. */
function eachForm(worlds: Worlds, check: (form: CompressedForm) => void): void {
  for (const form of worlds.isSwapWritten ? COMPRESSED_FORMS : COMPRESSED_FORMS.slice(0, 1))
    check(form);
}

/** One of them does not compress; without a disk zswap would refuse that one. */
function contentOf(worlds: Worlds, page: number): number {
  return page === 2 && worlds.isSwapWritten ? HARD + page : 10 + page;
}

/** Pages in zswap, to be written back in a form. */
function stored(worlds: Worlds, form: CompressedForm, options: TinyOptions = {}): TinyMemory {
  const memory = worlds.tiny({ payload: 'bytes', form, ...options });
  for (let page = 0; page < PAGES; page++)
    expect(memory.swap.zswap.holds(memory.swapOutNew(0, page, contentOf(worlds, page)))).toBe(true);
  return memory;
}

/** Does something once, right before the next batch is written or right after. */
function atWrite(
  memory: TinyMemory,
  when: 'before' | 'after',
  act: (batch: BlobBatch) => void,
): void {
  const { writeback } = memory.swap;
  const write = writeback.writeBlobs.bind(writeback);
  writeback.writeBlobs = (batch) => {
    writeback.writeBlobs = write;
    if (when === 'before') act(batch);
    write(batch);
    if (when === 'after') act(batch);
  };
}

/** Every page is what it was, but for one, which is `changed`. */
function expectRight(memory: TinyMemory, worlds: Worlds, one = -1, changed = 0): void {
  for (let page = 0; page < PAGES; page++)
    expect([page, memory.peek(0, page)]).toEqual([
      page,
      page === one ? changed : contentOf(worlds, page),
    ]);
}

/** Pages that still stand in zswap. */
function held(memory: TinyMemory): number[] {
  const pages = Array.from({ length: PAGES }, (_, page) => page);
  return pages.filter((page) => {
    const entry = memory.entryOf(0, page);
    return entry !== NO_ENTRY && memory.swap.zswap.holds(entry);
  });
}

/** Tries something done to one page of a batch, before and after its bytes are written. */
function meanwhile(
  worlds: Worlds,
  changed: number,
  act: (memory: TinyMemory, page: number) => void,
): void {
  eachForm(worlds, (form) => {
    // A plain slot is its entry, and nothing pins it: taking it and writing are one step here.
    const moments = isSlotApart(worlds.under)
      ? (['before', 'after'] as const)
      : (['after'] as const);
    for (const when of moments)
      for (let page = 0; page < PAGES; page++) {
        const memory = stored(worlds, form);
        atWrite(memory, when, () => {
          act(memory, page);
        });
        const written = memory.shrink();
        expect([form, when, written]).toEqual([form, when, worlds.isSwapWritten ? PAGES - 1 : 0]);
        const now = changed < 0 ? contentOf(worlds, page) : changed;
        if (worlds.isSwapWritten) expectRight(memory, worlds, page, now);
        memory.check();
        memory.shrink();
        memory.evictAll();
        if (worlds.isSwapWritten) expectRight(memory, worlds, page, now);
        memory.checkEmpty();
      }
  });
}

export const compressedClaims: Claim[] = claimsOf('compressed', {
  'content-right': [
    'pages that are written compressed read as they were; no folio is needed, nothing decompressed',
    (worlds) => {
      eachForm(worlds, (form) => {
        const memory = stored(worlds, form);
        const { freeCount } = memory.frames;
        expect(memory.shrink()).toBe(worlds.isSwapWritten ? PAGES : 0);
        expect([memory.frames.freeCount, memory.engine.counted(EV.decompress)]).toEqual([
          freeCount,
          0,
        ]);
        expect(held(memory).length).toBe(worlds.isSwapWritten ? 0 : PAGES);
        memory.check();
        expectRight(memory, worlds);
        for (let page = 0; page < PAGES; page++) {
          expect(memory.read(0, page)).toBe(contentOf(worlds, page));
          expect(memory.swap.source).toBe(worlds.isSwapWritten ? 'device' : 'zswap');
        }
        memory.checkEmpty();
      });
    },
  ],
  'error-at-each': [
    'an entry of a batch whose bytes are not written stays in zswap, without a slot; the others go',
    (worlds) => {
      if (!worlds.isSwapWritten) return;
      eachForm(worlds, (form) => {
        for (let place = 0; place < PAGES; place++) {
          const memory = stored(worlds, form);
          let failed = NO_ENTRY;
          atWrite(memory, 'after', (batch) => {
            batch.outcomes[place] = 'EIO';
            failed = batch.entries[place]!;
          });
          const own = worlds.under.kind.isVirtual ? 0 : PAGES;
          expect(memory.shrink()).toBe(PAGES - 1);
          expect(held(memory).map((page) => memory.entryOf(0, page))).toEqual([failed]);
          if (isSlotApart(worlds.under)) {
            expect(memory.swap.design.backing.slotForRead(failed)).toBe(NO_ENTRY);
            expect(memory.slotsInUse()).toBe(own + PAGES - 1);
          }
          expectRight(memory, worlds);
          memory.check();
          expect(memory.shrink()).toBe(1);
          expectRight(memory, worlds);
          memory.checkEmpty();
        }
      });
    },
  ],
  'device-error': [
    'a device that fails every write loses nothing: zswap has all, and writes it once it can',
    (worlds) => {
      eachForm(worlds, (form) => {
        const memory = stored(worlds, form);
        for (const device of memory.devices) device.failsWrites = true;
        expect(memory.shrink()).toBe(0);
        expect(held(memory).length).toBe(PAGES);
        memory.check();
        expectRight(memory, worlds);
        for (const device of memory.devices) device.failsWrites = false;
        expect(memory.shrink()).toBe(worlds.isSwapWritten ? PAGES : 0);
        memory.check();
        expectRight(memory, worlds);
        memory.checkEmpty();
      });
    },
  ],
  'load-meanwhile': [
    'an entry that is loaded while its compressed bytes are written is the loaded page, once',
    (worlds) => {
      meanwhile(worlds, -1, (memory, page) => {
        expect(memory.read(0, page)).toBe(contentOf(worlds, page));
        expect(memory.swap.source).toBe('zswap');
      });
    },
  ],
  'free-meanwhile': [
    'of an entry that is freed while its compressed bytes are written nothing is left',
    (worlds) => {
      meanwhile(worlds, 0, (memory, page) => {
        memory.drop(0, page);
      });
    },
  ],
  'replaced-meanwhile': [
    'an entry that is stored anew while its older bytes are written has its new content only',
    (worlds) => {
      meanwhile(worlds, 77, (memory, page) => {
        memory.write(0, page, 77);
        expect(memory.swapOut(0, page)).toBe(true);
      });
    },
  ],
  'no-slot': [
    'compressed pages for which there is no slot stay in zswap; those that got one go',
    (worlds) => {
      if (!isSlotApart(worlds.under)) return;
      eachForm(worlds, (form) => {
        // Slot 0 is the header's: room for three.
        const memory = stored(worlds, form, { areas: [{ pages: 4 }] });
        expect(memory.shrink()).toBe(3);
        expect(held(memory).length).toBe(2);
        memory.check();
        expectRight(memory, worlds);
        memory.checkEmpty();
      });
    },
  ],
  'device-full': [
    'what does not fit a thinly provisioned device stays in zswap, right, until there is room',
    (worlds) => {
      if (!worlds.isSwapWritten) return;
      for (const [form, innerPages] of [
        ['packed', 9],
        ['batch', 1 + 3 * 32],
      ] as const) {
        const memory = worlds.tiny({
          ...{ payload: 'bytes', form, innerPages, frameCount: 30, poolPages: 200 },
          ...{ areas: [{ pages: 160 }], ownPages: 160 },
        });
        const count = form === 'packed' ? 12 : 110;
        for (let page = 0; page < count; page++) memory.swapOutNew(0, page, HARD + page);
        const written = memory.shrink();
        expect(written).toBeGreaterThan(0);
        expect(written).toBeLessThan(count);
        expect(memory.swap.zswap.entries.count).toBe(count - written);
        memory.check();
        for (let page = 0; page < count; page++) expect(memory.peek(0, page)).toBe(HARD + page);
        for (let page = 0; page < count; page++)
          if (!memory.swap.zswap.holds(memory.entryOf(0, page))) memory.drop(0, page);
        expect(memory.shrink()).toBeGreaterThan(0);
        memory.check();
        for (const page of memory.pagesOf(0)) expect(memory.peek(0, page)).toBe(HARD + page);
        memory.checkEmpty();
      }
    },
  ],
  swapoff: [
    'swapoff brings compressed pages back, the map is empty then, and the area can be used again',
    (worlds) => {
      if (!worlds.isSwapWritten) return;
      eachForm(worlds, (form) => {
        const memory = stored(worlds, form);
        const map = memory.maps[0]!;
        memory.shrink();
        expect(map.stats().liveBytes).toBeGreaterThan(0);
        expect(memory.swapoff(0).outcome).toBe('ok');
        expect(map.stats().liveBytes).toBe(0);
        memory.check();
        expectRight(memory, worlds);
        memory.swapon(0);
        for (let page = 0; page < PAGES; page++) {
          expect(memory.write(0, page, 40 + page)).toBe('ok');
          expect(memory.swapOut(0, page)).toBe(true);
        }
        expect(memory.shrink()).toBe(PAGES);
        memory.check();
        for (let page = 0; page < PAGES; page++) expect(memory.read(0, page)).toBe(40 + page);
        memory.checkEmpty();
      });
    },
  ],
});
