/**
 * zswap: compressed pages in memory before the swap areas.
 * Kernel counterpart: mm/zswap.c of linux 6.18, or of the version that is chosen (`generations.ts`):
 * zswap_store, zswap_load, zswap_invalidate. Simplified on purpose: folios are single pages; one node.
 */
import {
  assert,
  entryType,
  MAX_SWAPFILES,
  PAGE_SIZE,
  type PageFrame,
  type SwapEntry,
} from '../units/index.ts';
import { EV, type CounterName, type Engine } from '../engine/index.ts';
import { PG, type FrameTable, type Payload } from '../frames/index.ts';
import type { Compressor } from '../codec/index.ts';
import type { ObjectPlace, ObjectPool, PoolHandle } from '../pool/object-pool.ts';
import { CompressedPages } from './compressed-pages.ts';
import { DynamicShrinker } from './dynamic-shrinker.ts';
import {
  generations,
  OUTSTANDING_WRITEBACKS_MAX,
  STORE_FLUSH_MAX,
  type GaugeName,
  type ZswapGeneration,
  type ZswapVersion,
} from './generations.ts';
import { PoolLimit } from './pool-limit.ts';
import { ShrinkWorker } from './shrink-worker.ts';
import { ZswapWriteback } from './writeback.ts';
import type { WritebackTarget } from './writeback-target.ts';
import type { ObjectCharges, ZswapCgroup } from './zswap-cgroups.ts';
import { NO_ZSWAP_ENTRY, type ZswapEntries } from './zswap-entries.ts';
import type { ZswapIndex } from './zswap-index.ts';
import type { ZswapCgroupSetting, ZswapParameter } from './zswap-parameters.ts';

export interface ZswapSettings {
  readonly version: ZswapVersion;
  readonly enabled: boolean;
  /** Percent of the machine's memory that the pool may take. */
  readonly maxPoolPercent: number;
  /** After the limit was hit stores are refused until the pool is at this percent of it. */
  readonly acceptThresholdPercent: number;
  /** Pages that keep more than this percent of their size are refused; only in 2013. */
  readonly maxCompressionRatio: number;
  /** Entries of one writeback round. */
  readonly writebackBatch: number;
  /** The dynamic shrinker. */
  readonly shrinkerEnabled: boolean;
  /** Entries are written back once so many pages were offered after them; Infinity for never. */
  readonly writebackAge: number;
  /** Entries are written back as they are, compressed. */
  readonly writesCompressed: boolean;
}

/** What linux 6.18 has before anybody sets anything, but for Kconfig. @source mm/zswap.c */
export const defaultZswapSettings: ZswapSettings = {
  version: '6.18',
  enabled: true,
  maxPoolPercent: 20,
  acceptThresholdPercent: 90,
  maxCompressionRatio: 80,
  writebackBatch: 1,
  shrinkerEnabled: false,
  writebackAge: Infinity,
  writesCompressed: false,
};

export interface ZswapParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly payload: Payload;
  /** Makes a pool that asks `mayGrow` before it takes pages. */
  readonly createPool: (mayGrow: () => boolean) => ObjectPool;
  readonly compressor: Compressor;
  readonly index: ZswapIndex;
  readonly target: WritebackTarget;
  /** Pages of the machine's memory, of which the limit is a percentage. */
  readonly ramPages: number;
  readonly cgroups?: readonly ZswapCgroup[];
  /** Under 1 nothing is counted or charged by cgroup; absent: 2. */
  readonly cgroupVersion?: 1 | 2;
  /** Who is charged for compressed bytes; absent: nobody. */
  readonly charges?: ObjectCharges;
}

/** Where zswap holds a page. */
export interface ZswapPlace extends ObjectPlace {
  readonly zswapEntry: number;
  readonly handle: PoolHandle;
  /** Compressed length; 4096 for a page stored as it is. */
  readonly lengthBytes: number;
}

/** What became of an area's pages in zswap, for the table of areas. */
export interface ZswapAreaFigures {
  readonly held: number;
  readonly refused: number;
  readonly writtenBack: number;
}

export class Zswap {
  readonly settings: ZswapSettings;
  readonly shrinker: DynamicShrinker;
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #pages: CompressedPages;
  readonly #index: ZswapIndex;
  readonly #target: WritebackTarget;
  readonly #generation: ZswapGeneration;
  readonly #limit: PoolLimit;
  readonly #writeback: ZswapWriteback;
  readonly #worker: ShrinkWorker;
  readonly #refused = new Float64Array(MAX_SWAPFILES);
  #isEnabled: boolean;
  #maxPoolPercent: number;
  #acceptThresholdPercent: number;
  #maxCompressionRatio: number;
  #storedLength = 0;

  constructor(parts: ZswapParts, settings: ZswapSettings) {
    const { engine, index, target } = parts;
    this.settings = settings;
    this.#engine = engine;
    this.#frames = parts.frames;
    this.#index = index;
    this.#target = target;
    this.#generation = generations[settings.version];
    const { limit: asks } = this.#generation;
    const pages = new CompressedPages({
      engine,
      frames: parts.frames,
      payload: parts.payload,
      createObjects: () => parts.createPool(() => asks === 'store' || this.#limit.mayGrow()),
      compressor: parts.compressor,
      cgroups: parts.cgroups ?? [],
      entryBytes: this.#generation.entryBytes,
      accounting: {
        isCounted: parts.cgroupVersion !== 1 && this.#generation.lists === 'cgroup',
        charges: parts.charges ?? null,
      },
    });
    this.#pages = pages;
    this.#limit = new PoolLimit(engine, parts.ramPages, () => pages.pools.pageCount);
    const writeback = new ZswapWriteback({
      engine,
      pages,
      index,
      target,
      generation: this.#generation,
      isCompressed: settings.writesCompressed,
    });
    this.#writeback = writeback;
    const { writebackBatch: batch, writebackAge } = settings;
    const limit = this.#limit;
    this.#worker = new ShrinkWorker(
      { engine, pages, limit, writeback, target },
      { batch, writebackAge },
    );
    this.shrinker = new DynamicShrinker(
      { pages, writeback, target },
      { isEnabled: settings.shrinkerEnabled, batch },
    );
    this.#isEnabled = settings.enabled;
    this.#maxPoolPercent = settings.maxPoolPercent;
    this.#acceptThresholdPercent = settings.acceptThresholdPercent;
    this.#maxCompressionRatio = settings.maxCompressionRatio;
    this.#setLimit();
  }

  get isEnabled(): boolean {
    return this.#isEnabled;
  }

  get entries(): ZswapEntries {
    return this.#pages.entries;
  }

  /** The pool's limit in pages. */
  get maxPages(): number {
    return this.#limit.maxPages;
  }

  /** Compressed length of the page stored last. */
  get storedLength(): number {
    return this.#storedLength;
  }

  /** Calls of the compressor so far: its buffers wait for a turn of the event loop. */
  get codecCalls(): number {
    return this.#pages.codecCalls;
  }

  /** Changes a setting; pages that are stored stay as they are. */
  setParameter(parameter: ZswapParameter): void {
    switch (parameter.name) {
      case 'enabled':
        this.#isEnabled = parameter.value;
        return;
      case 'shrinker_enabled':
        this.shrinker.isEnabled = parameter.value;
        return;
      case 'compressor':
        this.#pages.pools.use(parameter.value);
        return;
      case 'max_compression_ratio':
        this.#maxCompressionRatio = parameter.value;
        return;
      case 'max_pool_percent':
        this.#maxPoolPercent = parameter.value;
        break;
      case 'accept_threshold_percent':
        this.#acceptThresholdPercent = parameter.value;
    }
    this.#setLimit();
  }

  /** Changes what a cgroup may. */
  setCgroup(cgroup: number, setting: ZswapCgroupSetting): void {
    this.#pages.cgroups.set(cgroup, setting);
  }

  /** Bytes of the pages of its pools. */
  get poolBytes(): number {
    return this.#pages.pools.pageCount * PAGE_SIZE;
  }

  /** Gauges under their debugfs names (bytes and pages). */
  gauges(): Record<string, number> {
    return {
      stored_pages: this.entries.count,
      pool_total_size: this.poolBytes,
      stored_incompressible_pages: this.#pages.incompressible,
      stored_bytes: this.#pages.storedBytes,
      pool_total_size_max: this.#pages.poolPagesMax * PAGE_SIZE,
    };
  }

  /** /sys/kernel/debug/zswap of the version: every file, by its name. */
  debugfs(): Record<string, number> {
    const poolPages = this.#pages.pools.pageCount;
    const gauges: Readonly<Record<GaugeName, number>> = {
      poolBytes: poolPages * PAGE_SIZE,
      poolPages,
      storedPages: this.entries.count,
      incompressiblePages: this.#pages.incompressible,
      outstandingWritebacks: this.#writeback.outstanding,
    };
    return Object.fromEntries(
      this.#generation.debugfs.map(([file, source]) => [
        file,
        isGauge(source, gauges) ? gauges[source] : this.#engine.counted(EV[source]),
      ]),
    );
  }

  /** How old what went to devices was, against what stayed. */
  ageFigures(): Record<string, number> {
    return this.#pages.ages.figures();
  }

  /** Pages of one area (swap type) that zswap holds, has refused and has written back. */
  areaFigures(type: number): ZswapAreaFigures {
    return {
      held: this.#pages.heldOf(type),
      refused: this.#refused[type]!,
      writtenBack: this.#writeback.writtenBackOf(type),
    };
  }

  /** memory.zswap.current of a cgroup: compressed bytes; null where nobody counts them. */
  cgroupBytes(cgroup: number): number | null {
    const { cgroups } = this.#pages;
    return cgroups.isCounted ? cgroups.bytes(cgroup) : null;
  }

  /** Compressed bytes that a cgroup's memory is charged for. */
  chargedBytes(cgroup: number): number {
    return this.#pages.cgroups.chargedBytes(cgroup);
  }

  /** Pages that a cgroup has in zswap (zswapped of memory.stat); null where nobody counts them. */
  cgroupPages(cgroup: number): number | null {
    const { cgroups } = this.#pages;
    return cgroups.isCounted ? cgroups.pages(cgroup) : null;
  }

  /** Bytes of kernel memory for entries and handles. */
  metadataBytes(): { readonly entries: number; readonly handles: number } {
    return this.#pages.metadataBytes();
  }

  /**
   * memory.zswap.writeback of the folio's cgroup: false when its pages may not go to a device, not even
   * past zswap. Without zswap the setting says nothing.
   */
  mayWriteBack(cgroup: number): boolean {
    return !this.#isEnabled || this.#pages.cgroups.mayWriteBack(cgroup);
  }

  /**
   * Stores a folio of the swap cache.
   * @param mayWriteBack - false on an area that cannot be written: then an incompressible page is
   *   refused and stays in memory instead of taking a whole page of the pool
   * @returns true when it is stored; otherwise any older copy of the entry is gone
   * @source linux 6.18 mm/zswap.c zswap_store
   */
  store(frame: PageFrame, mayWriteBack: boolean): boolean {
    const entry = this.#frames.entry(frame);
    this.#pages.ages.offer();
    if (this.#storePage(frame, entry, mayWriteBack)) {
      this.#engine.count(EV.zswpout);
      return true;
    }
    // Stale data could later be written back over newer data.
    this.invalidate(entry);
    if (this.#isEnabled) {
      this.#refused[entryType(entry)]! += 1;
      this.#engine.count(EV['zswap.refused']);
      // What may go nowhere else stays in memory.
      if (mayWriteBack && this.mayWriteBack(this.#frames.cgroup(frame)))
        this.#pages.ages.noteRefused();
      if (this.#limit.reachedFull) this.#worker.queue();
    }
    return false;
  }

  /**
   * Loads a folio that was put in the swap cache for its entry. Since 6.12 exclusive: zswap's copy is
   * gone and the folio dirty afterwards; in 2013 the copy stays and is young again.
   * @returns ENOENT when zswap does not hold it, EIO when it cannot be decompressed (kept)
   * @source linux 6.18 mm/zswap.c zswap_load
   */
  load(frame: PageFrame): 'ok' | 'ENOENT' | 'EIO' {
    const entry = this.#frames.entry(frame);
    const zswapEntry = this.#index.get(entry);
    if (zswapEntry === NO_ZSWAP_ENTRY) return 'ENOENT';
    this.#frames.setDoubled(frame, true);
    if (!this.#pages.decompress(zswapEntry, frame)) return 'EIO';
    this.#engine.count(EV.zswpin);
    if (this.#generation.loadsAreExclusive) {
      this.#frames.set(frame, PG.dirty);
      this.#frames.setDoubled(frame, false);
      this.#index.erase(entry);
      this.freeEntry(zswapEntry);
    } else {
      this.#engine.count(EV['lockAcquire.zswapLru']);
      this.entries.rotate(zswapEntry);
    }
    return 'ok';
  }

  /** Copies the entry's content into a frame and keeps it; false when zswap does not hold it. */
  peek(entry: SwapEntry, into: PageFrame): boolean {
    const zswapEntry = this.#index.get(entry);
    return zswapEntry !== NO_ZSWAP_ENTRY && this.#pages.decompress(zswapEntry, into);
  }

  /**
   * Finds an entry's bytes by the look-up that a load makes, and says where in the pool they lie;
   * null when zswap does not hold them.
   */
  locate(entry: SwapEntry): ZswapPlace | null {
    const zswapEntry = this.#index.get(entry);
    if (zswapEntry === NO_ZSWAP_ENTRY) return null;
    const handle = this.entries.handle(zswapEntry);
    const lengthBytes = this.entries.length(zswapEntry);
    const place = this.#pages.pools.at(this.entries.pool(zswapEntry)).objects.placeOf(handle);
    const { trace } = this.#engine;
    if (trace.isRecording) {
      trace.step(`zswap entry ${zswapEntry}`, `pool handle ${handle}, ${lengthBytes} bytes`);
      trace.step(
        `pool handle ${handle}`,
        `zspage ${place.zspage}, object ${place.object} of ${place.classBytes} bytes: ` +
          `byte ${place.offset}`,
      );
    }
    return { zswapEntry, handle, lengthBytes, ...place };
  }

  /** Copies what an entry of `locate` holds into a frame; false when it cannot be decompressed. */
  read(zswapEntry: number, into: PageFrame): boolean {
    return this.#pages.decompress(zswapEntry, into);
  }

  /** Forgets the entry: its slot is freed. */
  invalidate(entry: SwapEntry): void {
    if (this.entries.count === 0) return;
    const zswapEntry = this.#index.erase(entry);
    if (zswapEntry !== NO_ZSWAP_ENTRY) this.freeEntry(zswapEntry);
  }

  /** The page has new content that needs no bytes: what an earlier load has left here is stale. */
  forgetKept(entry: SwapEntry): void {
    if (!this.#generation.loadsAreExclusive) this.invalidate(entry);
  }

  /** True when zswap holds the entry's bytes. */
  holds(entry: SwapEntry): boolean {
    return this.#index.get(entry) !== NO_ZSWAP_ENTRY;
  }

  /** What has to be written back at the end of a reclaim: by the worker, and by age. */
  runQueuedShrink(): void {
    this.#worker.run();
    // What 2013 leaves under way ends with the round, and this is after reclaim's.
    if (this.#generation.countsCompletions) this.#target.flushWrites();
  }

  /** A folio had to be read from a device for want of it in zswap. @source zswap_folio_swapin */
  noteDiskSwapin(frame: PageFrame): void {
    this.#pages.cgroups.noteDiskSwapin(this.#frames.cgroup(frame));
  }

  /** The write of a folio that was being written back has ended. */
  writeEnded(): void {
    this.#writeback.writeEnded();
  }

  /** Phase one of a writeback by hand: looks at up to `size` entries of a list, coldest first. */
  pickBatch(size: number, list: number): number {
    return this.#writeback.pick(list, size);
  }

  /** Phases two and three: writes back what was picked, as far as it is still there. */
  writeBackPicked(): number {
    return this.#writeback.writePicked();
  }

  /** Frees an entry that no index holds any more. */
  freeEntry(zswapEntry: number): void {
    this.#pages.free(zswapEntry);
  }

  checkInvariants(): void {
    this.entries.checkInvariants();
    const { pools } = this.#pages;
    pools.checkInvariants();
    this.#pages.cgroups.checkInvariants(this.entries);
    assert(pools.objectCount === this.entries.count, 'each zswap entry has one object');
  }

  #storePage(frame: PageFrame, entry: SwapEntry, mayWriteBack: boolean): boolean {
    if (!this.#isEnabled) return false;
    const cgroup = this.#frames.cgroup(frame);
    const { cgroups } = this.#pages;
    if (!cgroups.mayStore(cgroup) && this.#worker.visit(cgroup) <= 0) return false;
    if (this.#generation.limit === 'store' && !this.#limit.mayStore()) return false;
    const length = this.#pages.compress(frame);
    if (!this.#isWorthIt(length, mayWriteBack && cgroups.mayWriteBack(cgroup))) return false;
    if (!this.#index.reserve(entry)) {
      this.#engine.count(EV['zswap.reject_alloc_fail']);
      return false;
    }
    const zswapEntry = this.#keep(frame, entry, length);
    if (zswapEntry === NO_ZSWAP_ENTRY) return false;
    const older = this.#index.set(entry, zswapEntry);
    if (older !== NO_ZSWAP_ENTRY) {
      if (this.#generation.countsDuplicates) this.#engine.count(EV['zswap.duplicate_entry']);
      this.freeEntry(older);
    }
    this.#storedLength = length;
    this.#pages.notePoolSize();
    return true;
  }

  /** What becomes of a page by its compressed length. */
  #isWorthIt(length: number, mayWriteBack: boolean): boolean {
    const { hasRatioLimit, incompressible } = this.#generation;
    if (hasRatioLimit) {
      if (Math.floor((length * 100) / PAGE_SIZE) <= this.#maxCompressionRatio) return true;
      this.#engine.count(EV['zswap.reject_compress_poor']);
      return false;
    }
    if (length < PAGE_SIZE || (incompressible === 'raw' && mayWriteBack)) return true;
    this.#engine.count(EV['zswap.reject_compress_fail']);
    return false;
  }

  #keep(frame: PageFrame, entry: SwapEntry, length: number): number {
    const isByArea = this.#generation.lists === 'area';
    const list = isByArea ? entryType(entry) : this.#frames.cgroup(frame);
    if (length > this.#pages.pools.current.objects.largestObject) {
      this.#engine.count(EV['zswap.reject_compress_poor']);
      return NO_ZSWAP_ENTRY;
    }
    let zswapEntry = this.#pages.keep(frame, length, list);
    if (zswapEntry !== NO_ZSWAP_ENTRY) return zswapEntry;
    if (this.#generation.limit === 'store') {
      this.#engine.count(EV['zswap.reject_alloc_fail']);
      return NO_ZSWAP_ENTRY;
    }
    // 2013: the store itself makes room. @source v9 patch 7 zswap_frontswap_store
    this.#engine.count(EV['zswap.reject_writeback_attempted']);
    this.#flushForStore(list);
    zswapEntry = this.#pages.keep(frame, length, list);
    this.#engine.count(
      EV[zswapEntry === NO_ZSWAP_ENTRY ? 'zswap.reject_zsmalloc_fail' : 'zswap.saved_by_writeback'],
    );
    return zswapEntry;
  }

  /** Up to 16 entries of the swap type go, one by one, while few enough writes are under way. */
  #flushForStore(list: number): void {
    if (!this.#target.canWriteBack()) return;
    for (let i = 0; i < STORE_FLUSH_MAX; i++) {
      if (this.#writeback.outstanding > OUTSTANDING_WRITEBACKS_MAX) return;
      if (this.#writeback.pick(list, 1) === 0) return;
      this.#writeback.writePicked();
    }
  }

  #setLimit(): void {
    this.#limit.set(this.#maxPoolPercent, this.#acceptThresholdPercent);
  }
}

function isGauge(
  source: CounterName | GaugeName,
  gauges: Readonly<Record<GaugeName, number>>,
): source is GaugeName {
  return Object.hasOwn(gauges, source);
}
