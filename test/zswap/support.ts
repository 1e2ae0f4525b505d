/** A zswap over a pretended swap cache: entries, frames and writes are recorded, nothing else. */
import { createCompressor, type Compressor } from '../../src/codec/index.ts';
import { CostProfile, Engine, EV, type CountedName } from '../../src/engine/index.ts';
import { BytePayload, FrameTable, PG } from '../../src/frames/index.ts';
import { pools, type ObjectPool, type PoolName } from '../../src/pool/index.ts';
import { NO_FRAME, type PageFrame, type SwapEntry } from '../../src/units/index.ts';
import {
  defaultZswapSettings,
  generations,
  Zswap,
  ZswapRbTrees,
  ZswapTrees,
  type BlobBatch,
  type AreaZswapIndex,
  type WritebackTarget,
  type ZswapCgroup,
} from '../../src/zswap/index.ts';
import { drawSized, sizedPage } from './sized.ts';

export const RAM_PAGES = 1000;

export interface ZswapWorldOptions {
  readonly compressor?: Compressor;
  readonly ramPages?: number;
  readonly pool?: PoolName;
  readonly cgroups?: readonly ZswapCgroup[];
}

export class ZswapWorld implements WritebackTarget {
  readonly engine: Engine = new Engine({
    seed: 1,
    cpuCount: 1,
    costs: new CostProfile({ name: 'none', description: '', prices: {} }),
  });
  readonly frames: FrameTable = new FrameTable(600);
  readonly payload: BytePayload = new BytePayload(600);
  /** Pools that zswap has made, the oldest first; one that has gone stays here, empty. */
  readonly pools: ObjectPool[] = [];
  readonly index: AreaZswapIndex;
  readonly zswap: Zswap;
  /** Slots that were written, by flush. */
  readonly flushes: number[][] = [];
  /** Bytes of the latest write of each slot. */
  readonly written: Map<number, Buffer> = new Map<number, Buffer>();
  readonly cached: Map<number, PageFrame> = new Map<number, PageFrame>();
  /** What was announced before each batch. */
  readonly expectedWrites: number[] = [];
  isWritable = true;
  /** Folios that there is room for. */
  room: number = Infinity;
  /** No slot can be had. */
  isFull = false;
  /** Writes fail when they end; then the page stays in memory, here. */
  failsWrites = false;
  readonly dirty: Map<number, Buffer> = new Map<number, Buffer>();
  #queued: { readonly slot: number; readonly bytes: Buffer }[] = [];

  constructor(settings: Partial<Zswap['settings']> = {}, options: ZswapWorldOptions = {}) {
    const { index } = generations[settings.version ?? defaultZswapSettings.version];
    this.index = new (index === 'rbtree' ? ZswapRbTrees : ZswapTrees)(this.engine);
    this.index.addArea(0, 4096);
    this.index.addArea(1, 4096);
    const createPool = pools[options.pool ?? 'zsmalloc'];
    this.zswap = new Zswap(
      {
        engine: this.engine,
        frames: this.frames,
        payload: this.payload,
        createPool: (mayGrow) => {
          this.pools.push(createPool({ engine: this.engine, bytes: true, mayGrow }));
          return this.pools.at(-1)!;
        },
        compressor: options.compressor ?? createCompressor('lz4', 'test'),
        index: this.index,
        target: this,
        ramPages: options.ramPages ?? RAM_PAGES,
        cgroups: options.cgroups ?? [],
      },
      {
        ...defaultZswapSettings,
        enabled: true,
        maxPoolPercent: 20,
        acceptThresholdPercent: 90,
        writebackBatch: 32,
        ...settings,
      },
    );
  }

  counted(name: CountedName): number {
    return this.engine.counted(EV[name]);
  }

  /** The pool that was made last. */
  get pool(): ObjectPool {
    return this.pools.at(-1)!;
  }

  /** Swap entries of an LRU list, the coldest first. */
  lru(list = 1): number[] {
    const { entries } = this.zswap;
    // A look at all of them turns the list once round.
    return Array.from({ length: entries.size(list) }, () => {
      const coldest = entries.coldest(list);
      entries.rotate(coldest);
      return entries.swapEntry(coldest);
    });
  }

  /** Writes back what a list has, second chances taken first; how many entries went. */
  writeBack(size: number, list = 1): number {
    const { zswap } = this;
    if (zswap.pickBatch(size, list) === 0) zswap.pickBatch(size, list);
    return zswap.writeBackPicked();
  }

  /** Stores a page that compresses to exactly so many bytes (`createSized` is the compressor). */
  storeSized(entry: number, length: number, cgroup = 1, seed: number = entry): boolean {
    const frame = this.frames.allocate(cgroup);
    this.frames.enterSwapCache(frame, entry as SwapEntry);
    drawSized(this.payload.view(frame), seed, length);
    const stored = this.zswap.store(frame, true);
    this.#release(frame);
    return stored;
  }

  /** Loads what `storeSized` stored and compares it. */
  loadSized(entry: number, length: number): string {
    const loaded = this.load(entry);
    if (typeof loaded === 'string') return loaded;
    return loaded.equals(sizedPage(entry, length)) ? 'ok' : 'other bytes';
  }

  /** Stores a page for slot `slot`: `random` bytes of noise, zeros behind. */
  store(slot: number, random: number, mayWriteBack = true): boolean {
    const frame = this.frames.allocate(1);
    this.frames.enterSwapCache(frame, slot as SwapEntry);
    this.fill(frame, slot, random);
    const stored = this.zswap.store(frame, mayWriteBack);
    this.#release(frame);
    return stored;
  }

  /** Stores a page that is full of one byte. */
  storeFilled(slot: number, byte: number): boolean {
    const frame = this.frames.allocate(1);
    this.frames.enterSwapCache(frame, slot as SwapEntry);
    this.payload.view(frame).fill(byte);
    const stored = this.zswap.store(frame, true);
    this.#release(frame);
    return stored;
  }

  /** Loads slot `slot`; the bytes, or the errno. */
  load(slot: number): Buffer | string {
    const frame = this.frames.allocate(1);
    this.frames.enterSwapCache(frame, slot as SwapEntry);
    const outcome = this.zswap.load(frame);
    const bytes = Buffer.from(this.payload.view(frame));
    this.#release(frame);
    return outcome === 'ok' ? bytes : outcome;
  }

  fill(frame: PageFrame, slot: number, random: number): void {
    const view = this.payload.view(frame);
    view.fill(0);
    let state = slot + 1;
    for (let i = 0; i < random; i++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      view[i] = state >>> 16;
    }
  }

  expected(slot: number, random: number): Buffer {
    const frame = this.frames.allocate(1);
    this.fill(frame, slot, random);
    const bytes = Buffer.from(this.payload.view(frame));
    this.frames.free(frame);
    return bytes;
  }

  canWriteBack(): boolean {
    return this.isWritable;
  }

  reserveFolios(count: number): number {
    return Math.min(count, this.room);
  }

  beginWriteback(entry: SwapEntry): PageFrame {
    if (this.cached.has(entry)) return NO_FRAME;
    const frame = this.frames.allocate(1);
    this.frames.enterSwapCache(frame, entry);
    return frame;
  }

  fillWriteback(frame: PageFrame): void {
    this.frames.set(frame, PG.uptodate);
  }

  cancelWriteback(frame: PageFrame): void {
    this.#release(frame);
  }

  submitWriteback(frame: PageFrame): boolean {
    if (this.isFull) return false;
    const bytes = Buffer.from(this.payload.view(frame));
    this.#queued.push({ slot: this.frames.entry(frame), bytes });
    this.#release(frame);
    return true;
  }

  isCached(entry: SwapEntry): boolean {
    return this.cached.has(entry);
  }

  expectWrites(count: number): void {
    this.expectedWrites.push(count);
  }

  takeSlot(entry: SwapEntry): SwapEntry {
    return entry;
  }

  useSlot(): boolean {
    return true;
  }

  dropSlot(): void {
    // The slot is the entry.
  }

  writeBlobs(batch: BlobBatch): void {
    this.flushes.push(batch.slots.slice(0, batch.count));
  }

  flushWrites(): void {
    const ended = this.#queued;
    this.#queued = [];
    if (ended.length > 0) this.flushes.push(ended.map(({ slot }) => slot));
    for (const { slot, bytes } of ended) {
      (this.failsWrites ? this.dirty : this.written).set(slot, bytes);
      this.zswap.writeEnded();
    }
  }

  #release(frame: PageFrame): void {
    this.frames.leaveSwapCache(frame);
    this.frames.free(frame);
  }
}
