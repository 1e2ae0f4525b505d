/** What a page becomes on its way out by its fill, and by what its cgroup allows. */
import { describe, expect, it } from 'vitest';
import { EV } from '../../src/engine/index.ts';
import { PG } from '../../src/frames/index.ts';
import type { SameFilled } from '../../src/swap/index.ts';
import { NO_FRAME } from '../../src/units/index.ts';
import { designsUnderTest } from '../conformance/support/designs.ts';
import { HARD, TinyMemory, type TinyOptions } from '../conformance/support/tiny-memory.ts';

function world(options: TinyOptions): TinyMemory {
  const under = designsUnderTest.find(({ label }) => label === 'swap-table:6.18')!;
  return new TinyMemory(under, { payload: 'bytes', ...options });
}

/** Makes a page one word over and over, low half first. */
function fill(memory: TinyMemory, low: number, high: number): void {
  expect(memory.write(0, 0, 1)).toBe('ok');
  const words = new Uint32Array(1024).map((_, i) => (i % 2 === 0 ? low : high));
  memory.payload.view(memory.frameOf(0, 0)).set(new Uint8Array(words.buffer));
}

/** The page's first two words after a fault, and where it came from. */
function readBack(memory: TinyMemory): readonly [low: number, high: number, source: string] {
  expect(memory.read(0, 0)).toBeTypeOf('number');
  const { source } = memory.swap;
  const page = Buffer.from(memory.payload.view(memory.frameOf(0, 0)));
  for (let at = 8; at < page.length; at += 8)
    if (page.compare(page, at, at + 8, 0, 8) !== 0) expect.fail(`another word at byte ${at}`);
  return [page.readUInt32LE(0), page.readUInt32LE(4), source];
}

describe.each<[SameFilled, string, string]>([
  ['none', 'zswap', 'zswap'],
  ['zero', 'zero', 'zswap'],
  ['any', 'zero', 'zero'],
])('same-filled pages where the policy is %s', (sameFilled, ofZeros, ofWords) => {
  it(`are in ${ofZeros} when they are zeros, in ${ofWords} when they are another word`, () => {
    const memory = world({ sameFilled });
    for (const [low, high] of [
      [0, 0],
      [5, 6],
      [0, 7],
      [0xffffffff, 0x80000000],
    ] as const) {
      fill(memory, low, high);
      expect(memory.swapOut(0, 0)).toBe(true);
      const isZero = low === 0 && high === 0;
      expect(readBack(memory)).toEqual([low, high, isZero ? ofZeros : ofWords]);
      memory.check();
    }
    memory.checkEmpty();
  });

  it('come back as they were last when their fill changed, and changed back', () => {
    const memory = world({ sameFilled });
    fill(memory, 5, 6);
    memory.swapOut(0, 0);
    const entry = memory.entryOf(0, 0);
    for (const word of [9, 0, 5, 0, 5]) {
      const frame = memory.swap.swapIn(entry);
      memory.payload.view(frame).fill(word);
      memory.frames.set(frame, PG.dirty);
      expect(memory.evict(entry)).toBe(true);
      memory.check();
      expect(memory.peek(0, 0)).toBe(word * 0x01010101);
    }
    const frame = memory.swap.swapIn(entry);
    const page = memory.payload.view(frame);
    page.fill(5);
    page[4095] = 4;
    memory.frames.set(frame, PG.dirty);
    expect(memory.evict(entry)).toBe(true);
    expect(memory.swap.zswap.holds(entry)).toBe(true);
    expect(memory.payload.view(memory.swap.swapIn(entry))[4095]).toBe(4);
    memory.checkEmpty();
  });

  it('are told by their tags as by their bytes', () => {
    const memory = world({ sameFilled, payload: 'none' });
    // A content of 26 bytes that is one word over and over: 4096 is added to its length.
    for (const [tag, source] of [
      [0, ofZeros],
      [(3 << 13) | (4096 + 26), ofWords],
      [(3 << 13) | 26, 'zswap'],
    ] as const) {
      expect(memory.write(0, 0, 1)).toBe('ok');
      memory.payload.setTag(memory.frameOf(0, 0), tag);
      memory.swapOut(0, 0);
      memory.read(0, 0);
      expect(memory.payload.tag(memory.frameOf(0, 0))).toBe(tag);
      expect(memory.swap.source).toBe(source);
    }
    memory.checkEmpty();
  });
});

describe('swap_writeout of a cgroup whose memory.zswap.writeback is off', () => {
  it('answers `activate` for what zswap refuses: it stays dirty, and no device is touched', () => {
    const memory = world({ zswapWriteback: false });
    expect(memory.write(0, 0, HARD)).toBe('ok');
    expect(memory.swapOut(0, 0)).toBe(false);
    const frame = memory.swap.lookup(memory.entryOf(0, 0));
    expect(frame).not.toBe(NO_FRAME);
    expect(memory.frames.has(frame, PG.dirty)).toBe(true);
    expect(memory.frames.has(frame, PG.writeback)).toBe(false);
    expect(memory.swap.writeOut(frame)).toBe('activate');
    expect(memory.engine.counted(EV['zswap.reject_compress_fail'])).toBe(2);
    expect([memory.devices[0]!.writes, memory.engine.counted(EV.pswpout)]).toEqual([0, 0]);
    memory.swapOutNew(0, 1, 7);
    expect(memory.read(0, 1)).toBe(7);
    memory.check();
    memory.checkEmpty();
  });

  it('answers `queued` for the same page where it is on', () => {
    const memory = world({ zswapVersion: '6.12' });
    memory.write(0, 0, HARD);
    expect(memory.swapOut(0, 0)).toBe(true);
    expect([memory.devices[0]!.writes, memory.engine.counted(EV.pswpout)]).toEqual([1, 1]);
    expect(memory.read(0, 0)).toBe(HARD);
    memory.checkEmpty();
  });
});
