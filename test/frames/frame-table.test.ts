import { describe, expect, it } from 'vitest';
import { BytePayload, FrameTable, PG, TagPayload, tagLength } from '../../src/frames/index.ts';
import { NO_ENTRY, NO_FRAME, type PageFrame, type SwapEntry } from '../../src/units/index.ts';

describe('the frame table', () => {
  it('hands each frame out once, then none, and takes it back', () => {
    const frames = new FrameTable(3);
    const taken = [frames.allocate(1), frames.allocate(1), frames.allocate(2)];
    expect([...taken].sort()).toEqual([0, 1, 2]);
    expect(frames.allocate(1)).toBe(NO_FRAME);
    expect(frames.cgroup(taken[2]!)).toBe(2);
    frames.free(taken[1]!);
    expect(frames.freeCount).toBe(1);
    expect(frames.allocate(1)).toBe(taken[1]);
    frames.checkInvariants();
  });

  it('gives a frame out clean, whatever it was before', () => {
    const frames = new FrameTable(1);
    const frame = frames.allocate(1);
    frames.set(frame, PG.dirty | PG.active | PG.referenced | PG.error | PG.uptodate);
    frames.free(frame);
    expect(frames.allocate(1)).toBe(frame);
    expect(frames.has(frame, ~(PG.allocated | PG.swapbacked))).toBe(false);
    expect([frames.entry(frame), frames.mapCount(frame)]).toEqual([NO_ENTRY, 0]);
  });

  it.each([
    ['twice', () => undefined, true],
    [
      'mapped',
      (t: FrameTable, f: PageFrame) => {
        t.addMapping(f, 0, 0);
      },
      false,
    ],
    [
      'cached',
      (t: FrameTable, f: PageFrame) => {
        t.enterSwapCache(f, 5 as SwapEntry);
      },
      false,
    ],
    [
      'listed',
      (t: FrameTable, f: PageFrame) => {
        t.set(f, PG.lru);
      },
      false,
    ],
    [
      'under writeback',
      (t: FrameTable, f: PageFrame) => {
        t.set(f, PG.writeback);
      },
      false,
    ],
  ])('asserts that no frame is freed %s', (_how, prepare, isTwice) => {
    const frames = new FrameTable(2);
    const frame = frames.allocate(1);
    prepare(frames, frame);
    if (isTwice) frames.free(frame);
    expect(() => {
      frames.free(frame);
    }).toThrow();
  });

  it('keeps the swap entry and the flag of a cached folio together', () => {
    const frames = new FrameTable(1);
    const frame = frames.allocate(1);
    frames.enterSwapCache(frame, 9 as SwapEntry);
    expect([frames.entry(frame), frames.has(frame, PG.swapcache)]).toEqual([9, true]);
    expect(() => {
      frames.enterSwapCache(frame, 10 as SwapEntry);
    }).toThrow();
    frames.leaveSwapCache(frame);
    expect([frames.entry(frame), frames.has(frame, PG.swapcache)]).toEqual([NO_ENTRY, false]);
  });
});

describe('the payload', () => {
  const [a, b] = [0 as PageFrame, 1 as PageFrame];

  it('of bytes keeps each page apart, copies and clears it', () => {
    const payload = new BytePayload(2);
    payload.view(a).fill(7);
    expect(payload.view(b).every((byte) => byte === 0)).toBe(true);
    payload.copy(a, b);
    payload.clear(a);
    expect(payload.view(a).every((byte) => byte === 0)).toBe(true);
    expect(payload.view(b).length).toBe(4096);
    expect(payload.view(b).every((byte) => byte === 7)).toBe(true);
  });

  it('of tags copies and clears the tag, whose low 13 bits are the compressed length', () => {
    const payload = new TagPayload(2);
    const tag = 77 * 2 ** 13 + 4096;
    payload.setTag(a, tag);
    payload.copy(a, b);
    payload.clear(a);
    expect([payload.tag(a), payload.tag(b)]).toEqual([0, tag]);
    expect([tagLength(tag), tagLength(0)]).toEqual([4096, 0]);
  });
});
