/** A batch of 32 that is written back is one I/O wherever 32 free slots follow each other. */
import { describe, expect, it } from 'vitest';
import { designsUnderTest, isSlotApart } from './support/designs.ts';
import { HARD, TinyMemory } from './support/tiny-memory.ts';

const BATCH = 32;
/** Pages that are on the area before. */
const BEFORE = 100;

const apart = designsUnderTest.filter((under) => under.kind.writesBack && isSlotApart(under));

/** An area of one cluster with pages 1000 to 1099 on it, at slots 1 to 100. */
function world(under: (typeof apart)[number], pages: number): TinyMemory {
  const memory = new TinyMemory(under, {
    areas: [{ pages }],
    ownPages: 600,
    frameCount: 300,
    poolPages: 300,
  });
  for (let page = 0; page < BEFORE; page++) memory.swapOutNew(0, 1000 + page, HARD + page);
  expect(memory.shrink()).toBe(BEFORE);
  memory.evictAll();
  return memory;
}

function slotOf(memory: TinyMemory, page: number): number {
  return memory.swap.design.backing.slotForRead(memory.entryOf(0, page));
}

/** Stores a batch of pages and writes it back: the writes that this took, and its slots sorted. */
function writeBatch(memory: TinyMemory): { readonly writes: number; readonly slots: number[] } {
  for (let page = 0; page < BATCH; page++) memory.swapOutNew(0, page, HARD + 500 + page);
  const before = memory.devices[0]!.writes;
  expect(memory.shrink()).toBe(BATCH);
  const slots = Array.from({ length: BATCH }, (_, page) => slotOf(memory, page));
  return { writes: memory.devices[0]!.writes - before, slots: slots.sort((a, b) => a - b) };
}

function drop(memory: TinyMemory, isDropped: (slot: number) => boolean): void {
  for (let page = 1000; page < 1000 + BEFORE; page++)
    if (isDropped(slotOf(memory, page))) memory.drop(0, page);
}

describe.each(apart)('$label', (under) => {
  it('writes a batch as one I/O behind what is there', () => {
    const memory = world(under, 512);
    expect(writeBatch(memory).writes).toBe(1);
    memory.check();
    memory.checkEmpty();
  });

  it('writes a batch as one I/O into the one hole that is long enough', () => {
    const memory = world(under, 1 + BEFORE);
    drop(memory, (slot) => slot % 4 === 0 || (slot > 50 && slot <= 50 + BATCH));
    const { writes, slots } = writeBatch(memory);
    expect([writes, slots[0], slots.at(-1)]).toEqual([1, 51, 50 + BATCH]);
    memory.check();
    memory.checkEmpty();
  });

  it('writes a batch in pieces where every hole is shorter', () => {
    const memory = world(under, 1 + BEFORE);
    drop(memory, (slot) => slot % 3 !== 0);
    const { writes, slots } = writeBatch(memory);
    // Holes of two slots.
    expect(writes).toBe(BATCH / 2);
    expect(new Set(slots).size).toBe(BATCH);
    for (let page = 0; page < BATCH; page++) expect(memory.peek(0, page)).toBe(HARD + 500 + page);
    memory.check();
    memory.checkEmpty();
  });
});
