import { describe, expect, it } from 'vitest';
import type { SwapEntry } from '../../src/units/index.ts';
import type { ZswapCgroup } from '../../src/zswap/index.ts';
import { createSized } from './sized.ts';
import { ZswapWorld } from './support.ts';

function cgroup(id: number, options: Partial<ZswapCgroup> = {}): ZswapCgroup {
  return { id, zswapMaxBytes: Infinity, zswapWriteback: true, ...options };
}

function worldOf(
  cgroups: readonly ZswapCgroup[],
  settings: Partial<ZswapWorld['zswap']['settings']> = {},
): ZswapWorld {
  return new ZswapWorld(
    { writebackBatch: 1, ...settings },
    { compressor: createSized('sized'), cgroups, ramPages: 100 },
  );
}

/** Takes the second chance of each entry of a list. */
function age(world: ZswapWorld, list: number): void {
  expect(world.zswap.pickBatch(world.zswap.entries.size(list), list)).toBe(0);
}

describe('memory.zswap.max', () => {
  it('of 0 keeps a cgroup out of zswap, and nobody else', () => {
    const world = worldOf([cgroup(1, { zswapMaxBytes: 0 })]);
    expect([world.storeSized(1, 100, 1), world.storeSized(2, 100, 2)]).toEqual([false, true]);
    expect(world.counted('compress')).toBe(1);
    expect([world.zswap.cgroupBytes(1), world.zswap.cgroupBytes(2)]).toEqual([0, 100]);
  });

  it('counts whole pages of compressed bytes: up to two of them a store is let in', () => {
    const world = worldOf([cgroup(1, { zswapMaxBytes: 2 * 4096 + 100 })]);
    world.isFull = true;
    // floor(bytes / 4096) < 2 is asked before each: 4096, 8191, then 8192 bytes are stored.
    expect(world.storeSized(1, 4096)).toBe(true);
    expect(world.storeSized(2, 4095)).toBe(true);
    expect(world.storeSized(3, 100)).toBe(true);
    expect(world.zswap.cgroupBytes(1)).toBe(8291);
    expect(world.storeSized(4, 100)).toBe(false);
    world.load(3);
    expect(world.storeSized(5, 100)).toBe(true);
  });

  it('reached: one visit of writeback, and the store is let in if that wrote anything', () => {
    const world = worldOf([cgroup(1, { zswapMaxBytes: 4096 })]);
    world.storeSized(1, 4096);
    age(world, 1);
    expect(world.storeSized(2, 4096)).toBe(true);
    expect(world.flushes).toEqual([[1]]);
    // Its first visit finds an entry that has its second chance, and the store is refused.
    expect(world.storeSized(3, 4096)).toBe(false);
    expect(world.storeSized(4, 4096)).toBe(true);
    expect(world.flushes).toEqual([[1], [2]]);
  });

  it('reached: a visit is one batch, however little room that makes', () => {
    const world = worldOf([cgroup(1, { zswapMaxBytes: 4096 })]);
    for (const [i, length] of [8, 4000, 4095].entries()) world.storeSized(i + 1, length);
    expect(world.zswap.cgroupBytes(1)).toBe(8103);
    age(world, 1);
    // 8095 bytes are left, above the limit: it is not asked again.
    expect(world.storeSized(4, 100)).toBe(true);
    expect(world.flushes).toEqual([[1]]);
  });

  it('reached by a cgroup whose pages may not be written back: refused', () => {
    const world = worldOf([cgroup(1, { zswapMaxBytes: 4096, zswapWriteback: false })]);
    world.storeSized(1, 4095);
    world.storeSized(2, 4095);
    expect([world.storeSized(3, 100), world.storeSized(3, 100)]).toEqual([false, false]);
    expect(world.flushes).toEqual([]);
  });

  it('is charged with lengths, and given back by loads, frees, writeback and replacement', () => {
    const world = worldOf([cgroup(20)]);
    for (const [i, length] of [1000, 2000, 3000, 500].entries())
      world.storeSized(i + 1, length, 20);
    expect(world.zswap.cgroupBytes(20)).toBe(6500);
    world.load(1);
    expect(world.zswap.cgroupBytes(20)).toBe(5500);
    world.zswap.invalidate(2 as SwapEntry);
    expect(world.zswap.cgroupBytes(20)).toBe(3500);
    // Of another cgroup now: the charge is its own.
    world.storeSized(3, 100, 3);
    expect([world.zswap.cgroupBytes(20), world.zswap.cgroupBytes(3)]).toEqual([500, 100]);
    world.writeBack(1, 20);
    expect(world.zswap.cgroupBytes(20)).toBe(0);
  });
});

describe('memory.zswap.writeback off', () => {
  it('refuses what does not compress: it would take a page and could never leave', () => {
    const world = worldOf([cgroup(1, { zswapWriteback: false })]);
    expect([world.storeSized(1, 4096, 1), world.storeSized(2, 4095, 1)]).toEqual([false, true]);
    expect(world.storeSized(3, 4096, 2)).toBe(true);
    expect(world.counted('zswap.reject_compress_fail')).toBe(1);
    expect([world.zswap.mayWriteBack(1), world.zswap.mayWriteBack(2)]).toEqual([false, true]);
  });

  it('says nothing once zswap is off: pages go to the device', () => {
    const world = worldOf([cgroup(1, { zswapWriteback: false })], { enabled: false });
    expect(world.zswap.mayWriteBack(1)).toBe(true);
  });

  it('is passed over by the worker in its turn', () => {
    const world = worldOf([cgroup(1, { zswapWriteback: false })]);
    for (let slot = 1; slot <= 10; slot++) world.storeSized(slot, 4095, 1);
    for (let slot = 11; slot <= 20; slot++) world.storeSized(slot, 4095, 2);
    age(world, 1);
    age(world, 2);
    world.storeSized(21, 100, 1);
    world.zswap.runQueuedShrink();
    expect(world.flushes).toEqual([[11], [12]]);
    expect(world.pool.pageCount).toBe(18);
  });

  it('of every cgroup lets the worker stop at once', () => {
    const world = worldOf([cgroup(1, { zswapWriteback: false })]);
    for (let slot = 1; slot <= 20; slot++) world.storeSized(slot, 4095, 1);
    age(world, 1);
    world.storeSized(21, 100, 1);
    world.zswap.runQueuedShrink();
    expect(world.flushes).toEqual([]);
    expect(world.counted('zswap.reject_reclaim_fail')).toBe(0);
  });
});

describe('the worker over several cgroups', () => {
  it('takes one entry of each in turn, and goes on behind the last one next time', () => {
    const world = worldOf([]);
    let slot = 1;
    for (const id of [1, 2, 3])
      for (let i = 0; i < 7; i++) if (slot < 21) world.storeSized(slot++, 4095, id);
    for (const id of [1, 2, 3]) age(world, id);
    expect(world.storeSized(30, 4095, 1)).toBe(false);
    world.zswap.runQueuedShrink();
    expect(world.flushes.flat()).toEqual([1, 8]);
    // Two more pages, to the limit again; the cursor stands at cgroup 2.
    for (const at of [31, 32]) world.storeSized(at, 4095, 1);
    expect(world.storeSized(33, 4095, 1)).toBe(false);
    world.zswap.runQueuedShrink();
    expect(world.flushes.flat()).toEqual([1, 8, 15, 2]);
  });

  it('gives up after 16 visits that wrote nothing, whichever cgroups they went to', () => {
    const world = worldOf([]);
    for (let slot = 1; slot <= 20; slot++) world.storeSized(slot, 4095, slot <= 10 ? 1 : 2);
    age(world, 1);
    age(world, 2);
    world.isFull = true;
    world.storeSized(30, 100, 1);
    world.zswap.runQueuedShrink();
    expect(world.counted('zswap.reject_reclaim_fail')).toBe(16);
    // Eight visits each: eight of each list have been turned to the young end.
    expect([world.lru(1)[0], world.lru(2)[0]]).toEqual([9, 19]);
  });
});
