/**
 * The pages that zswap holds: compressing, keeping and restoring them, and what they take.
 * Kernel counterpart: zswap_compress, zswap_decompress, zswap_entry_free (linux 6.18 mm/zswap.c).
 */
import { EV, type Engine } from '../engine/index.ts';
import { tagLength, type FrameTable, type Payload } from '../frames/index.ts';
import { countCompress, countDecompress, INCOMPRESSIBLE, type Compressor } from '../codec/index.ts';
import { NO_HANDLE, type ObjectPool } from '../pool/object-pool.ts';
import {
  entryType,
  MAX_SWAPFILES,
  PAGE_SIZE,
  type PageFrame,
  type SwapEntry,
} from '../units/index.ts';
import { ZswapAges } from './zswap-ages.ts';
import { ZswapCgroups, type ZswapCgroup, type ZswapCgroupsOptions } from './zswap-cgroups.ts';
import { NO_ZSWAP_ENTRY, ZswapEntries } from './zswap-entries.ts';
import { ZswapPools } from './zswap-pools.ts';

export interface CompressedPagesParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly payload: Payload;
  readonly createObjects: () => ObjectPool;
  readonly compressor: Compressor;
  readonly cgroups: readonly ZswapCgroup[];
  readonly accounting: ZswapCgroupsOptions;
  /** Bytes of struct zswap_entry. */
  readonly entryBytes: number;
}

export class CompressedPages {
  readonly entries: ZswapEntries = new ZswapEntries();
  readonly pools: ZswapPools;
  readonly cgroups: ZswapCgroups;
  readonly ages: ZswapAges = new ZswapAges(this.entries);
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #payload: Payload;
  readonly #entryBytes: number;
  readonly #compressed: Uint8Array = Buffer.alloc(2 * PAGE_SIZE);
  /** What is kept next, in one record: no object per page. */
  readonly #next = {
    swapEntry: 0 as SwapEntry,
    handle: NO_HANDLE,
    length: 0,
    tag: 0,
    pool: 0,
    cgroup: 0,
    list: 0,
    storedAt: 0,
  };
  readonly #held = new Float64Array(MAX_SWAPFILES);
  #incompressible = 0;
  #storedBytes = 0;
  #poolPagesMax = 0;
  #codecCalls = 0;
  #zeros: { readonly compressor: Compressor | null; readonly length: number } = {
    compressor: null,
    length: 0,
  };

  constructor(parts: CompressedPagesParts) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#payload = parts.payload;
    this.#entryBytes = parts.entryBytes;
    this.pools = new ZswapPools(parts.createObjects, parts.compressor);
    this.cgroups = new ZswapCgroups(parts.cgroups, parts.accounting);
  }

  /** Sum of the compressed lengths. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /** Pages that are kept as they are. */
  get incompressible(): number {
    return this.#incompressible;
  }

  get poolPagesMax(): number {
    return this.#poolPagesMax;
  }

  /** Calls of compressors so far: their buffers wait for a turn of the event loop. */
  get codecCalls(): number {
    return this.#codecCalls;
  }

  /** Pages of one area (swap type). */
  heldOf(type: number): number {
    return this.#held[type]!;
  }

  metadataBytes(): { readonly entries: number; readonly handles: number } {
    return {
      entries: this.entries.count * this.#entryBytes,
      handles: this.pools.handleBytes,
    };
  }

  /**
   * Compresses a folio for `keep`.
   * @returns its length; 4096 when it does not get smaller
   */
  compress(frame: PageFrame): number {
    const { compressor } = this.pools.current;
    countCompress(this.#engine, compressor);
    if (this.#payload.kind === 'none') {
      const tag = this.#payload.tag(frame);
      return tag === 0 ? this.#zerosLength(compressor) : tagLength(tag);
    }
    this.#codecCalls += 1;
    const length = compressor.compress(this.#payload.view(frame), this.#compressed);
    return length === INCOMPRESSIBLE ? PAGE_SIZE : length;
  }

  /** Compressed length of zeros, whose tag has none: with payload none, where no flag stands for them. */
  #zerosLength(compressor: Compressor): number {
    if (this.#zeros.compressor !== compressor) {
      const length = compressor.compress(Buffer.alloc(PAGE_SIZE), this.#compressed);
      this.#zeros = { compressor, length };
    }
    return this.#zeros.length;
  }

  /**
   * Keeps the folio that was compressed last.
   * @param length - 4096: as it is
   * @param list - LRU list that its entry joins
   * @returns the entry, or NO_ZSWAP_ENTRY when the pool has no room for it
   */
  keep(frame: PageFrame, length: number, list: number): number {
    const isBytes = this.#payload.kind === 'bytes';
    const bytes = length === PAGE_SIZE ? this.#payload.view(frame) : this.#compressed;
    const handle = this.pools.current.objects.store(isBytes ? bytes : null, length);
    if (handle === NO_HANDLE) return NO_ZSWAP_ENTRY;
    const next = this.#next;
    next.swapEntry = this.#frames.entry(frame);
    next.handle = handle;
    next.length = length;
    next.tag = isBytes ? 0 : this.#payload.tag(frame);
    next.pool = this.pools.currentIndex;
    next.cgroup = this.#frames.cgroup(frame);
    next.list = list;
    next.storedAt = this.ages.now;
    this.#engine.count(EV['lockAcquire.zswapLru']);
    const zswapEntry = this.entries.add(next);
    this.#held[entryType(next.swapEntry)]! += 1;
    this.#storedBytes += length;
    this.cgroups.charge(next.cgroup, length);
    if (length === PAGE_SIZE) this.#incompressible += 1;
    return zswapEntry;
  }

  /** Notes how large the pools are, after an older copy has gone. */
  notePoolSize(): void {
    const pages = this.pools.pageCount;
    if (pages > this.#poolPagesMax) this.#poolPagesMax = pages;
  }

  /** Restores an entry's page into a frame; false when its bytes are damaged. */
  decompress(zswapEntry: number, frame: PageFrame): boolean {
    const { compressor, objects, scratch } = this.pools.at(this.entries.pool(zswapEntry));
    countDecompress(this.#engine, compressor);
    if (this.#payload.kind === 'none') {
      this.#payload.setTag(frame, this.entries.tag(zswapEntry));
      return true;
    }
    const length = this.entries.length(zswapEntry);
    const handle = this.entries.handle(zswapEntry);
    if (length === PAGE_SIZE) {
      objects.load(handle, this.#payload.view(frame), 0);
      return true;
    }
    this.#codecCalls += 1;
    objects.load(handle, scratch, compressor.headroomBytes);
    if (compressor.decompress(scratch, length, this.#payload.view(frame))) return true;
    this.#engine.count(EV['zswap.decompress_fail']);
    return false;
  }

  get hasBytes(): boolean {
    return this.#payload.kind === 'bytes';
  }

  /** Copies an entry's bytes as they are stored. */
  copyBlob(zswapEntry: number, into: Uint8Array, at: number): void {
    const { objects } = this.pools.at(this.entries.pool(zswapEntry));
    objects.load(this.entries.handle(zswapEntry), into, at);
  }

  /** Frees an entry that no index holds any more. */
  free(zswapEntry: number): void {
    const { entries } = this;
    const length = entries.length(zswapEntry);
    const pool = entries.pool(zswapEntry);
    this.pools.at(pool).objects.free(entries.handle(zswapEntry));
    this.pools.emptied(pool);
    this.#held[entryType(entries.swapEntry(zswapEntry))]! -= 1;
    this.#storedBytes -= length;
    this.cgroups.uncharge(entries.cgroup(zswapEntry), length);
    if (length === PAGE_SIZE) this.#incompressible -= 1;
    entries.remove(zswapEntry);
  }
}
