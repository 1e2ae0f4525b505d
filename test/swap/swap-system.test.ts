import { describe, expect, it } from 'vitest';
import { createCompressor } from '../../src/codec/index.ts';
import { MemoryDevice } from '../../src/device/index.ts';
import { CostProfile, Engine, EV } from '../../src/engine/index.ts';
import { BytePayload, FrameTable, PG } from '../../src/frames/index.ts';
import { ZsmallocPool } from '../../src/pool/index.ts';
import { ROLE, SlotArea, SlotSpace } from '../../src/slots/index.ts';
import { designs, SwapSystem, type SwapClient } from '../../src/swap/index.ts';
import { entrySlot, NO_FRAME, type PageFrame, type SwapEntry } from '../../src/units/index.ts';
import { defaultZswapSettings, Zswap } from '../../src/zswap/index.ts';

/** A swap system whose memory management is as simple as can be. */
class World implements SwapClient {
  readonly engine: Engine = new Engine({
    seed: 1,
    cpuCount: 1,
    costs: new CostProfile({ name: 'none', description: '', prices: {} }),
  });
  readonly frames: FrameTable = new FrameTable(64);
  readonly payload: BytePayload = new BytePayload(64);
  readonly device: MemoryDevice;
  readonly swap: SwapSystem;
  /** Runs once, at the next allocation of a folio: what making room for it may do. */
  onAllocate: (() => void) | undefined;

  constructor(options: { readonly zswap?: boolean; readonly ghost?: boolean } = {}) {
    const { engine, frames, payload } = this;
    const space = new SlotSpace(engine);
    this.device = new MemoryDevice({ name: 'disk', sizeBytes: 600 * 4096 });
    this.swap = new SwapSystem({
      engine,
      frames,
      payload,
      space,
      client: this,
      createDesign: (host) =>
        designs['swap-table']!.create({ engine, frames, space, host, revision: '6.18' }),
      createZswap: (design, target) =>
        new Zswap(
          {
            engine,
            frames,
            payload,
            createPool: (mayGrow) => new ZsmallocPool({ engine, bytes: true, mayGrow }),
            compressor: createCompressor('lz4', 'test'),
            index: design.backing.zswap,
            target,
            ramPages: 1000,
          },
          {
            ...defaultZswapSettings,
            enabled: options.zswap ?? false,
            maxPoolPercent: 20,
            acceptThresholdPercent: 90,
            writebackBatch: 32,
          },
        ),
    });
    space.add(
      new SlotArea({
        type: 0,
        maxPages: 600,
        badPages: [],
        rotational: false,
        isBlockDevice: false,
        priority: 0,
        role: options.ghost === true ? ROLE.ghost : ROLE.plain,
        engine,
        isSwapFull: () => false,
      }),
    );
    this.swap.addArea({ type: 0, name: 'area', device: this.device });
  }

  /** A folio full of `byte`s in the swap cache, dirty, with one reference to its entry. */
  cache(byte: number): { readonly frame: PageFrame; readonly entry: SwapEntry } {
    const frame = this.frames.allocate(1);
    this.payload.view(frame).fill(byte);
    expect(this.swap.addToSwap(frame)).toBe(true);
    this.frames.set(frame, PG.dirty | PG.uptodate);
    const entry = this.frames.entry(frame);
    this.swap.design.entries.duplicate(entry);
    return { frame, entry };
  }

  /** What reclaim does with a folio that is safe elsewhere. */
  evict(frame: PageFrame): void {
    this.swap.design.entries.removeFolio(this.frames.entry(frame), 0);
    this.frames.free(frame);
  }

  onDevice(entry: SwapEntry): Buffer {
    const page = Buffer.alloc(4096);
    this.device.read(entrySlot(entry) * 4096, [page], 1, 0);
    return page;
  }

  allocateFolio(cgroup: number): PageFrame {
    const { onAllocate } = this;
    this.onAllocate = undefined;
    onAllocate?.();
    return this.frames.allocate(cgroup);
  }

  reserveFolios(count: number): number {
    return count;
  }

  folioInserted(): void {
    // No lists here.
  }

  releaseFolio(frame: PageFrame): void {
    this.frames.free(frame);
  }

  readSubmitted(): void {
    // Nobody waits here.
  }

  waitForRead(): void {
    // Nor here.
  }

  unuse(): 'ok' {
    return 'ok';
  }

  writeEnded(): void {
    // Nor here.
  }
}

describe('a page that is swapped out', () => {
  it('is under writeback until its round ends, then its bytes are at its slot', () => {
    const world = new World();
    const pages = [3, 4, 5].map((byte) => world.cache(byte));
    for (const { frame } of pages) {
      expect(world.swap.writeOut(frame)).toBe('queued');
      expect(world.frames.has(frame, PG.writeback)).toBe(true);
    }
    world.swap.endRound();
    for (const [i, { frame, entry }] of pages.entries()) {
      expect(world.frames.has(frame, PG.writeback | PG.dirty)).toBe(false);
      expect(world.onDevice(entry)).toEqual(Buffer.alloc(4096, 3 + i));
    }
    // Neighbouring slots go out in one write.
    expect(world.swap.traffic(0)).toMatchObject({ writes: 1, pagesWritten: 3 });
  });

  it('gives its slot back unwritten when nothing refers to it any more', () => {
    const world = new World();
    const { frame, entry } = world.cache(9);
    world.swap.put(entry);
    expect(world.swap.writeOut(frame)).toBe('freed');
    expect(world.frames.has(frame, PG.swapcache)).toBe(false);
    expect(world.swap.space.area(0)!.inUse).toBe(0);
    expect(world.swap.chargedEntries(1)).toBe(0);
  });

  it('stays in memory, dirty, when its area is a ghost and zswap refuses it', () => {
    const world = new World({ ghost: true });
    const { frame, entry } = world.cache(9);
    expect(world.swap.writeOut(frame)).toBe('activate');
    expect(world.frames.has(frame, PG.dirty)).toBe(true);
    expect(world.swap.lookup(entry)).toBe(frame);
    world.swap.endRound();
    expect(world.device.allocatedBytes).toBe(0);
  });

  it('loads zeros, not its older copy in zswap, after it became zeros', () => {
    const world = new World({ zswap: true });
    const { frame, entry } = world.cache(7);
    expect(world.swap.writeOut(frame)).toBe('stored');
    world.payload.clear(frame);
    expect(world.swap.writeOut(frame)).toBe('stored');
    world.evict(frame);
    const back = world.swap.swapIn(entry);
    expect(world.swap.source).toBe('zero');
    expect(world.payload.view(back).every((byte) => byte === 0)).toBe(true);
  });
});

describe('a page that is swapped in', () => {
  it('is not read again when making room for it wrote it back from zswap', () => {
    const world = new World({ zswap: true });
    const { frame, entry } = world.cache(7);
    expect(world.swap.writeOut(frame)).toBe('stored');
    world.evict(frame);
    world.onAllocate = (): void => {
      world.swap.zswap.pickBatch(32, 1);
      expect(world.swap.zswap.pickBatch(32, 1)).toBe(1);
      expect(world.swap.zswap.writeBackPicked()).toBe(1);
    };
    const back = world.swap.swapIn(entry);
    expect(back).toBe(world.swap.lookup(entry));
    expect(world.swap.source).toBe('cache');
    expect(world.engine.counted(EV.pswpin)).toBe(0);
    expect(world.payload.view(back).every((byte) => byte === 7)).toBe(true);
    expect(world.frames.freeCount).toBe(63);
    world.swap.checkInvariants();
  });

  it('keeps the folio that a fault loaded while writeback made room for one of its own', () => {
    const world = new World({ zswap: true });
    const { frame, entry } = world.cache(7);
    world.swap.writeOut(frame);
    world.evict(frame);
    world.swap.zswap.pickBatch(32, 1);
    world.swap.zswap.pickBatch(32, 1);
    let loaded: PageFrame = NO_FRAME;
    world.onAllocate = (): void => {
      loaded = world.swap.swapIn(entry);
    };
    expect(world.swap.zswap.writeBackPicked()).toBe(0);
    expect(world.swap.lookup(entry)).toBe(loaded);
    expect(world.payload.view(loaded).every((byte) => byte === 7)).toBe(true);
    world.swap.checkInvariants();
  });

  it('is on the device with the bytes that zswap held, after its writeback', () => {
    const world = new World({ zswap: true });
    const { frame, entry } = world.cache(7);
    world.swap.writeOut(frame);
    world.evict(frame);
    world.swap.zswap.pickBatch(32, 1);
    world.swap.zswap.pickBatch(32, 1);
    world.swap.zswap.writeBackPicked();
    expect(world.onDevice(entry)).toEqual(Buffer.alloc(4096, 7));
    // The folio is clean in the cache: dropped without I/O, it comes back from the device.
    world.evict(world.swap.lookup(entry));
    const back = world.swap.swapIn(entry);
    expect(world.swap.source).toBe('device');
    expect(world.payload.view(back).every((byte) => byte === 7)).toBe(true);
  });

  it('is none when its entry is free', () => {
    const world = new World();
    const { frame, entry } = world.cache(1);
    world.swap.put(entry);
    world.swap.freeSwap(frame);
    expect(world.swap.swapIn(entry)).toBe(NO_FRAME);
  });

  it('stops the run when its bytes were changed by somebody else', () => {
    const world = new World();
    const { frame, entry } = world.cache(1);
    world.swap.writeOut(frame);
    world.swap.endRound();
    world.evict(frame);
    world.device.write(entrySlot(entry) * 4096, [Buffer.alloc(4096, 2)], 1, 0);
    expect(() => world.swap.swapIn(entry)).toThrow(/slot 1: the page read back from device/);
  });
});
