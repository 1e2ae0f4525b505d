/**
 * Attacks on a design, one for each hazard of the debates about swap designs. Each answers in words
 * what the design did, from what was seen; a design that loses or leaks something fails the attack.
 */
import { expect } from 'vitest';
import { EV } from '../../../src/engine/index.ts';
import { PG } from '../../../src/frames/index.ts';
import { NO_ENTRY, NO_FRAME, type SwapEntry } from '../../../src/units/index.ts';
import type { DesignUnderTest } from './designs.ts';
import { EntryWorld } from './entry-world.ts';
import { HARD, TinyMemory } from './tiny-memory.ts';

export interface Hazard {
  readonly name: string;
  /** How it is provoked. */
  readonly attack: string;
  /** What the design does then. */
  readonly run: (under: DesignUnderTest) => string;
}

/** A page in zswap, entry included. */
function stored(under: DesignUnderTest): { memory: TinyMemory; entry: SwapEntry } {
  const memory = new TinyMemory(under, { areas: [{ pages: 8 }], ownPages: 8 });
  return { memory, entry: memory.swapOutNew(0, 0, 7) };
}

function written(memory: TinyMemory): number {
  return memory.devices.reduce((sum, { pagesWritten }) => sum + pagesWritten, 0);
}

/** The message of what `work` throws; empty when it throws nothing. */
function thrownBy(work: () => void): string {
  try {
    work();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return '';
}

function staleSlot(under: DesignUnderTest): string {
  const { memory, entry } = stored(under);
  // Its page is freed, and others take entries until one has this one, with another place.
  let owner = -1;
  memory.onAllocate = (): void => {
    memory.drop(0, 0);
    for (let page = 1; page < 8 && owner < 0; page++) {
      const content = under.kind.writesBack ? HARD + page : page;
      if (memory.swapOutNew(0, page, content) === entry) owner = page;
    }
    if (under.kind.writesBack) memory.shrink();
    memory.evictAll();
  };
  const frame = memory.swap.swapIn(entry);
  memory.check();
  if (owner < 0) {
    expect(frame).toBe(NO_FRAME);
    expect(memory.swap.zswap.holds(entry)).toBe(false);
    memory.checkEmpty();
    return 'refused: the freed entry is not handed out again so soon; its reader finds it free';
  }
  const content = under.kind.writesBack ? HARD + owner : owner;
  const { source } = memory.swap;
  expect(memory.contentOf(frame)).toBe(content);
  expect(memory.read(0, owner)).toBe(content);
  memory.checkEmpty();
  return `harmless: reused at once; who reads it late finds its new owner's page (${source}), nothing of the old one`;
}

/** Returns how many entries were written back. */
function storeAnewAfterPick(under: DesignUnderTest, isNumberReused: boolean): number {
  const { memory, entry } = stored(under);
  memory.pickAll();
  const child = memory.fork(0)!;
  const frame = memory.swap.swapIn(entry);
  if (!isNumberReused) memory.swapOutNew(0, 1, 9);
  memory.payload.setTag(frame, (8 << 13) | 500);
  memory.frames.set(frame, PG.dirty);
  expect(memory.evict(entry)).toBe(true);
  const count = memory.swap.zswap.writeBackPicked();
  memory.evictAll();
  memory.check();
  expect([memory.read(0, 0), memory.read(child, 0)]).toEqual([8, 8]);
  memory.checkEmpty();
  return count;
}

function lostWriteback(under: DesignUnderTest): string {
  const [other, same] = [storeAnewAfterPick(under, false), storeAnewAfterPick(under, true)];
  expect(other).toBe(0);
  if (!under.kind.writesBack) return 'cannot happen: nothing is written back';
  expect(same).toBe(1);
  return 'refused: another zswap entry stands there now; where it got the same number, the new content is written';
}

function doubleFree(under: DesignUnderTest): string {
  const world = new EntryWorld(under);
  const [entry, keeper] = [world.take(), world.take()];
  world.hold(entry);
  world.evict(entry);
  world.put(entry);
  const message = thrownBy(() => {
    world.put(entry);
  });
  expect(message).not.toBe('');
  expect(world.design.entries.folioAt(keeper)).not.toBe(NO_FRAME);
  expect(world.design.entriesInUse()).toBe(1);
  return `detected: "${message}"`;
}

function leakedSlot(under: DesignUnderTest): string {
  const memory = new TinyMemory(under, { areas: [{ pages: 16 }], ownPages: 16, frameCount: 40 });
  const contents = [7, 0, under.kind.writesBack ? HARD + 1 : 9, 8, 0, 6];
  for (const [page, content] of contents.entries()) memory.swapOutNew(0, page, content);
  const child = memory.fork(0)!;
  memory.swap.swapIn(memory.entryOf(0, 3));
  if (under.kind.writesBack) memory.swap.zswap.pickBatch(2, 1);
  memory.shrink();
  memory.read(child, 0);
  memory.check();
  let visits = 0;
  for (const { type } of memory.swap.areas()) {
    const result = memory.swapoff(type);
    expect(result.outcome).toBe('ok');
    visits += result.tableWordsVisited;
    expect(memory.swap.space.area(type)).toBeUndefined();
    memory.check();
  }
  expect(memory.slotsInUse()).toBe(0);
  const seen = contents.map((_, page) => [memory.peek(0, page), memory.peek(child, page)]);
  expect(seen).toEqual(contents.map((content) => [content, content]));
  const left = memory.swap.design.entriesInUse();
  memory.checkEmpty();
  if (left === 0) return 'cannot happen: every entry is gone with its slot, whoever held it';
  expect(visits).toBeGreaterThan(0);
  return `cannot happen: slots are found from the area's own table; the ${left} entries stay, without one`;
}

function loadAgainstWriteback(under: DesignUnderTest): string {
  // A fault loads while writeback makes room for its folio, and the other way round.
  const first = stored(under);
  first.memory.pickAll();
  const seen = { isAsked: false };
  first.memory.onAllocate = (): void => {
    seen.isAsked = true;
    first.memory.swap.swapIn(first.entry);
  };
  first.memory.swap.zswap.writeBackPicked();
  first.memory.onAllocate = undefined;
  const loadWins = written(first.memory) === 0;
  first.memory.check();
  expect(first.memory.read(0, 0)).toBe(7);
  first.memory.checkEmpty();
  const second = stored(under);
  second.memory.onAllocate = (): void => {
    second.memory.shrink();
  };
  expect(second.memory.read(0, 0)).toBe(7);
  const reads = second.memory.engine.counted(EV.pswpin);
  expect(reads).toBe(0);
  second.memory.checkEmpty();
  if (!seen.isAsked) return 'cannot happen: nothing is written back';
  expect(loadWins).toBe(true);
  return 'refused: who comes second finds the folio of the first in the cache, and uses it';
}

function deadIndex(under: DesignUnderTest): string {
  const memory = new TinyMemory(under, { areas: [{ pages: 16 }], ownPages: 16 });
  const entries = [1, 2, 3].map((page) => memory.swapOutNew(0, page, page));
  memory.shrink();
  memory.evictAll();
  const { design } = memory.swap;
  const dead = (): number => design.gauges?.()['dead_indices'] ?? 0;
  const before = dead();
  const own = entries.map((entry) => design.backing.slotForRead(entry));
  memory.dropRange(0, 1, 3);
  expect(dead()).toBe(0);
  memory.checkEmpty();
  if (before > 0)
    return `happens, and is counted: ${before} of 3 indices hold nothing themselves until their last reference goes`;
  if (under.kind.isVirtual)
    return 'cannot happen: a virtual slot costs no place on a device, wherever its bytes are';
  if (own.every((slot) => slot === NO_ENTRY))
    return 'cannot happen: nothing moves away from its index';
  expect(own).toEqual(entries);
  return 'cannot happen: the entry is the slot that the bytes go to';
}

function countOverflow(under: DesignUnderTest): string {
  const world = new EntryWorld(under);
  const { entries } = world.design;
  const entry = world.take();
  world.engine.allocationFails = () => true;
  let held = 0;
  while (held < 1000 && entries.duplicate(entry) === 'ok') held += 1;
  expect(entries.count(entry)).toBe(held);
  world.engine.allocationFails = () => false;
  world.hold(entry, 20_000 - held);
  expect(entries.count(entry)).toBe(20_000);
  world.check();
  world.free(entry);
  expect(world.design.entriesInUse()).toBe(0);
  return held === 1000
    ? 'cannot happen: the count is a whole word; 20000 references need no table'
    : `refused: without memory for a table ENOMEM at ${held + 1} references, and the fork fails; with it 20000`;
}

function halfInserted(under: DesignUnderTest): string {
  const world = new EntryWorld(under, { areas: [{ pages: 3000 }], ownPages: 3000 });
  const entries = world.takeOut(600);
  let asked = 0;
  world.engine.allocationFails = () => asked++ % 2 === 0;
  let refused = 0;
  for (let i = 0; i < 900; i++) {
    const before = refused;
    const entry = world.take();
    if (entry === NO_ENTRY) refused += 1;
    else entries.push(entry);
    if (refused > before) world.check();
  }
  expect(world.design.entriesInUse()).toBe(entries.length);
  world.check();
  world.engine.allocationFails = () => false;
  for (const entry of entries) world.free(entry);
  expect([world.design.entriesInUse(), world.slotsInUse()]).toEqual([0, 0]);
  world.check();
  expect(asked).toBeGreaterThan(0);
  return refused > 0
    ? 'refused: NO_ENTRY, slot and tables as before; the next attempt finds them whole'
    : 'refused, tables as before; the page takes a plain entry of the area below instead';
}

export const hazards: readonly Hazard[] = [
  {
    name: 'stale slot reused',
    attack:
      'while a reader makes room for the folio of an entry it holds no reference to, the entry is ' +
      'freed and pages are swapped out until one gets it',
    run: staleSlot,
  },
  {
    name: 'lost writeback',
    attack:
      'an entry is picked for writeback, and its page is loaded, changed and stored anew first',
    run: lostWriteback,
  },
  {
    name: 'double free',
    attack: 'the last reference of an entry is dropped twice',
    run: doubleFree,
  },
  {
    name: 'leaked slot after swapoff',
    attack: 'all areas are given up with pages shared, cached, of zeros, in zswap and written back',
    run: leakedSlot,
  },
  {
    name: 'load against writeback',
    attack:
      'a fault loads an entry while writeback makes room for its folio; writeback takes an entry ' +
      'while its fault does',
    run: loadAgainstWriteback,
  },
  {
    name: 'dead index',
    attack: 'three pages are written back from zswap, and their entries stay referenced',
    run: deadIndex,
  },
  {
    name: 'count overflow',
    attack:
      'an entry gets 20000 references, and before that all it can get without memory for tables',
    run: countOverflow,
  },
  {
    name: 'a range half inserted after a failed node allocation',
    attack: '900 pages are swapped out while every second allocation of a table or node fails',
    run: halfInserted,
  },
];
