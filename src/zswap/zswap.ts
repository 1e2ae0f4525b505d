/**
 * zswap: compressed pages in memory before the swap areas.
 * Kernel counterpart: mm/zswap.c of linux 6.18 (zswap_store, zswap_load, zswap_invalidate,
 * zswap_check_limits, shrink_worker, zswap_writeback_entry).
 *
 * Simplified on purpose: one pool, one memory cgroup, one node; no `memory.zswap.*` limits and no
 * dynamic shrinker yet. Writeback takes a batch of entries where the kernel takes one (`batch` 1 is
 * the kernel's way).
 *
 * Lock order in the kernel: LRU lock, then (dropped) the tree's lock; a picked entry may vanish in
 * between, which is why `begin` checks again.
 */
import {
  assert,
  entryType,
  MAX_SWAPFILES,
  NO_FRAME,
  PAGE_SIZE,
  type PageFrame,
  type SwapEntry,
} from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import { PG, tagLength, type FrameTable, type Payload } from '../frames/index.ts';
import { INCOMPRESSIBLE, type Compressor } from '../codec/compressor.ts';
import {
  NO_HANDLE,
  type ObjectPlace,
  type ObjectPool,
  type PoolHandle,
} from '../pool/object-pool.ts';
import { ShrinkQueue } from './shrink-queue.ts';
import { NO_ZSWAP_ENTRY, ZSWAP_ENTRY_BYTES, ZswapEntries } from './zswap-entries.ts';
import type { ZswapIndex } from './zswap-index.ts';

/** Bytes of a zsmalloc handle (slab zs_handle). @source linux 6.18 */
const ZS_HANDLE_BYTES = 8;
/** Visits without success after which the shrink worker gives up. @source mm/internal.h */
const MAX_RECLAIM_RETRIES = 16;

export interface ZswapSettings {
  readonly enabled: boolean;
  /** Percent of the machine's memory that the pool may take. */
  readonly maxPoolPercent: number;
  /** After the limit was hit stores are refused until the pool is at this percent of it. */
  readonly acceptThresholdPercent: number;
  /** Entries of one writeback round. */
  readonly writebackBatch: number;
}

/** What zswap needs of the swap core to write entries back (implemented in src/swap). */
export interface WritebackTarget {
  /** False when no area in use can be written to: then the worker stands still. */
  canWriteBack(): boolean;
  /**
   * Makes room for the folios of a batch, so that allocating one does not send the others out.
   * @returns how many of them there is room for
   */
  reserveFolios(count: number): number;
  /**
   * Allocates a folio for the entry and puts it in the swap cache.
   * @returns the folio, or NO_FRAME: already cached (EEXIST), slot freed, a ghost's entry (EINVAL),
   *   or no memory (ENOMEM)
   */
  beginWriteback(entry: SwapEntry): PageFrame;
  /** Takes the folio out of the swap cache again: its data came from elsewhere or not at all. */
  cancelWriteback(frame: PageFrame): void;
  /**
   * Takes a slot for the folio, which holds its data now, and queues the write; the folio is rotated
   * for reclaim when the write ends.
   * @returns false when no slot can be had: nothing has changed
   */
  submitWriteback(frame: PageFrame): boolean;
  /** Sends what was queued: sorted by slot, neighbours merged. */
  flushWrites(): void;
}

export interface ZswapParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly payload: Payload;
  readonly pool: ObjectPool;
  readonly compressor: Compressor;
  readonly index: ZswapIndex;
  readonly target: WritebackTarget;
  /** Pages of the machine's memory, of which the limit is a percentage. */
  readonly ramPages: number;
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
  readonly entries: ZswapEntries = new ZswapEntries();
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #payload: Payload;
  readonly #pool: ObjectPool;
  readonly #compressor: Compressor;
  readonly #index: ZswapIndex;
  readonly #target: WritebackTarget;
  readonly #maxPages: number;
  readonly #acceptPages: number;
  readonly #compressed: Uint8Array = Buffer.alloc(2 * PAGE_SIZE);
  readonly #scratch: Uint8Array;
  readonly #picked: number[] = [];
  readonly #pickedEntries: SwapEntry[] = [];
  readonly #shrinkQueue: ShrinkQueue;
  readonly #held = new Float64Array(MAX_SWAPFILES);
  readonly #refused = new Float64Array(MAX_SWAPFILES);
  readonly #writtenBack = new Float64Array(MAX_SWAPFILES);
  #incompressible = 0;
  #storedBytes = 0;
  #storedLength = 0;
  #reachedFull = false;
  #poolPagesMax = 0;
  #codecCalls = 0;

  constructor(parts: ZswapParts, settings: ZswapSettings) {
    this.settings = settings;
    this.#shrinkQueue = new ShrinkQueue(settings.writebackBatch);
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#payload = parts.payload;
    this.#pool = parts.pool;
    this.#compressor = parts.compressor;
    this.#scratch = Buffer.alloc(parts.compressor.headroomBytes + PAGE_SIZE);
    this.#index = parts.index;
    this.#target = parts.target;
    this.#maxPages = Math.floor((parts.ramPages * settings.maxPoolPercent) / 100);
    this.#acceptPages = Math.floor((this.#maxPages * settings.acceptThresholdPercent) / 100);
  }

  /** The pool's limit in pages. */
  get maxPages(): number {
    return this.#maxPages;
  }

  /** Compressed length of the page stored last. */
  get storedLength(): number {
    return this.#storedLength;
  }

  /** Calls of the compressor so far: its buffers wait for a turn of the event loop. */
  get codecCalls(): number {
    return this.#codecCalls;
  }

  /** Gauges under their debugfs names (bytes and pages). */
  gauges(): Record<string, number> {
    return {
      stored_pages: this.entries.count,
      pool_total_size: this.#pool.pageCount * PAGE_SIZE,
      stored_incompressible_pages: this.#incompressible,
      stored_bytes: this.#storedBytes,
      pool_total_size_max: this.#poolPagesMax * PAGE_SIZE,
    };
  }

  /** Pages of one area (swap type) that zswap holds, has refused and has written back. */
  areaFigures(type: number): ZswapAreaFigures {
    return {
      held: this.#held[type]!,
      refused: this.#refused[type]!,
      writtenBack: this.#writtenBack[type]!,
    };
  }

  /** Bytes of kernel memory for entries and handles. */
  metadataBytes(): { readonly entries: number; readonly handles: number } {
    return {
      entries: this.entries.count * ZSWAP_ENTRY_BYTES,
      handles: this.#pool.objectCount * ZS_HANDLE_BYTES,
    };
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
    if (this.#storePage(frame, entry, mayWriteBack)) {
      this.#engine.count(EV.zswpout);
      return true;
    }
    // Stale data could later be written back over newer data.
    this.invalidate(entry);
    if (this.settings.enabled) {
      this.#refused[entryType(entry)]! += 1;
      this.#engine.count(EV['zswap.refused']);
      if (this.#reachedFull) this.#shrinkQueue.queue();
    }
    return false;
  }

  /**
   * Loads a folio that was put in the swap cache for its entry: exclusive, zswap's copy is gone and
   * the folio dirty afterwards.
   * @returns ENOENT when zswap does not hold it, EIO when it cannot be decompressed (kept)
   * @source linux 6.18 mm/zswap.c zswap_load
   */
  load(frame: PageFrame): 'ok' | 'ENOENT' | 'EIO' {
    const entry = this.#frames.entry(frame);
    const zswapEntry = this.#index.get(entry);
    if (zswapEntry === NO_ZSWAP_ENTRY) return 'ENOENT';
    if (!this.#decompress(zswapEntry, frame)) return 'EIO';
    this.#engine.count(EV.zswpin);
    this.#frames.set(frame, PG.dirty);
    this.#index.erase(entry);
    this.freeEntry(zswapEntry);
    return 'ok';
  }

  /** Copies the entry's content into a frame and keeps it; false when zswap does not hold it. */
  peek(entry: SwapEntry, into: PageFrame): boolean {
    const zswapEntry = this.#index.get(entry);
    return zswapEntry !== NO_ZSWAP_ENTRY && this.#decompress(zswapEntry, into);
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
    const place = this.#pool.placeOf(handle);
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
    return this.#decompress(zswapEntry, into);
  }

  /** Forgets the entry: its slot is freed. */
  invalidate(entry: SwapEntry): void {
    if (this.entries.count === 0) return;
    const zswapEntry = this.#index.erase(entry);
    if (zswapEntry !== NO_ZSWAP_ENTRY) this.freeEntry(zswapEntry);
  }

  /** True when zswap holds the entry's bytes. */
  holds(entry: SwapEntry): boolean {
    return this.#index.get(entry) !== NO_ZSWAP_ENTRY;
  }

  /**
   * The shrink worker, as often as it got to run since the last call: each time it writes back until
   * the pool is at its accept threshold or 16 visits gave nothing. Runs beside the task in the kernel,
   * here at the end of the reclaim that queued it.
   * @source linux 6.18 mm/zswap.c shrink_worker
   */
  runQueuedShrink(): void {
    for (let runs = this.#shrinkQueue.take(); runs > 0; runs--) {
      if (!this.#target.canWriteBack()) return;
      // Another run at once would search all of memory in vain again.
      if (!this.#shrink()) return;
    }
  }

  /** One run of the worker; false when not one of its entries found a page of memory. */
  #shrink(): boolean {
    let failures = 0;
    let picked = 0;
    let written = 0;
    while (this.#pool.pageCount > this.#acceptPages && failures < MAX_RECLAIM_RETRIES) {
      picked += this.pickBatch(this.settings.writebackBatch);
      const count = this.writeBackPicked();
      written += count;
      if (count === 0) failures += 1;
    }
    return picked === 0 || written > 0;
  }

  /**
   * Phase one of writeback: looks at up to `size` entries from the cold end. An entry met for the
   * first time loses its second chance and goes to the young end; the others are picked.
   * @returns how many were picked
   */
  pickBatch(size: number): number {
    this.#engine.count(EV['lockAcquire.zswapLru']);
    this.#picked.length = 0;
    this.#pickedEntries.length = 0;
    const looks = Math.min(size, this.entries.count);
    for (let i = 0; i < looks; i++) {
      const zswapEntry = this.entries.coldest();
      // Rotated in either case: a failed writeback must not block the cold end.
      this.entries.rotate(zswapEntry);
      const isReferenced = this.entries.testAndClearReferenced(zswapEntry);
      if (this.#engine.trace.concerns(NO_FRAME, this.entries.swapEntry(zswapEntry)))
        this.#tell(
          isReferenced
            ? "zswap's shrinker passes it over, once: to the young end of the LRU"
            : "zswap's shrinker picks it: to be written back",
        );
      if (isReferenced) continue;
      this.#picked.push(zswapEntry);
      this.#pickedEntries.push(this.entries.swapEntry(zswapEntry));
    }
    return this.#picked.length;
  }

  /**
   * Phases two and three: brings the picked entries into the swap cache, and submits their writes
   * together. What was loaded, freed or stored anew since it was picked is left alone.
   * @returns entries written back
   * @source linux 6.18 mm/zswap.c zswap_writeback_entry
   */
  writeBackPicked(): number {
    let written = 0;
    let room = 0;
    if (this.#picked.length > 0) room = this.#target.reserveFolios(this.#picked.length);
    for (let i = 0; i < this.#picked.length; i++) {
      // Without room the first is tried all the same; each further one would search all of memory
      // in vain again (a batch of 32 under a full ghost area: 70 s instead of 2).
      const frame =
        i < Math.max(room, 1) ? this.#begin(this.#picked[i]!, this.#pickedEntries[i]!) : NO_FRAME;
      if (frame === NO_FRAME) {
        this.#engine.count(EV['zswap.reject_reclaim_fail']);
        continue;
      }
      written += 1;
    }
    this.#picked.length = 0;
    this.#pickedEntries.length = 0;
    if (written > 0) {
      this.#engine.count(EV['zswap.writebackBatches']);
      this.#engine.countMany(EV['zswap.written_back_pages'], written);
      this.#target.flushWrites();
    }
    return written;
  }

  checkInvariants(): void {
    this.entries.checkInvariants();
    this.#pool.checkInvariants();
    assert(this.#pool.objectCount === this.entries.count, 'each zswap entry has one object');
  }

  /** Brings one entry into the swap cache and queues its write. */
  #begin(zswapEntry: number, entry: SwapEntry): PageFrame {
    const frame = this.#target.beginWriteback(entry);
    if (frame === NO_FRAME) return NO_FRAME;
    // The slot is secured now; the entry may have been loaded, freed or replaced before that.
    if (
      this.#index.get(entry) !== zswapEntry ||
      !this.#decompress(zswapEntry, frame) ||
      !this.#target.submitWriteback(frame)
    ) {
      this.#target.cancelWriteback(frame);
      return NO_FRAME;
    }
    this.#index.moved(entry);
    if (this.#engine.trace.concerns(frame, entry))
      this.#tell('zswap frees its copy: it is written from the decompressed folio');
    this.#engine.count(EV.zswpwb);
    this.#writtenBack[entryType(entry)]! += 1;
    this.freeEntry(zswapEntry);
    return frame;
  }

  #tell(what: string): void {
    this.#engine.trace.note(this.#engine.nowNs, what);
  }

  #storePage(frame: PageFrame, entry: SwapEntry, mayWriteBack: boolean): boolean {
    if (!this.settings.enabled || !this.#belowLimit()) return false;
    const length = this.#compress(frame);
    if (length === PAGE_SIZE && !mayWriteBack) {
      this.#engine.count(EV['zswap.reject_compress_fail']);
      return false;
    }
    const bytes = length === PAGE_SIZE ? this.#payload.view(frame) : this.#compressed;
    if (!this.#index.reserve(entry)) {
      this.#engine.count(EV['zswap.reject_alloc_fail']);
      return false;
    }
    const handle = this.#pool.store(this.#payload.kind === 'bytes' ? bytes : null, length);
    if (handle === NO_HANDLE) {
      this.#engine.count(EV['zswap.reject_alloc_fail']);
      return false;
    }
    const tag = this.#payload.kind === 'none' ? this.#payload.tag(frame) : 0;
    this.#engine.count(EV['lockAcquire.zswapLru']);
    const zswapEntry = this.entries.add(entry, handle, length, tag);
    const older = this.#index.set(entry, zswapEntry);
    if (older !== NO_ZSWAP_ENTRY) this.freeEntry(older);
    this.#held[entryType(entry)]! += 1;
    this.#storedBytes += length;
    this.#storedLength = length;
    if (length === PAGE_SIZE) this.#incompressible += 1;
    if (this.#pool.pageCount > this.#poolPagesMax) this.#poolPagesMax = this.#pool.pageCount;
    return true;
  }

  /** Compressed length of the folio, its bytes in `#compressed`; 4096 when it is stored as it is. */
  #compress(frame: PageFrame): number {
    this.#engine.count(EV.compress);
    if (this.#payload.kind === 'none') return tagLength(this.#payload.tag(frame));
    this.#codecCalls += 1;
    const length = this.#compressor.compress(this.#payload.view(frame), this.#compressed);
    return length === INCOMPRESSIBLE ? PAGE_SIZE : length;
  }

  #decompress(zswapEntry: number, frame: PageFrame): boolean {
    this.#engine.count(EV.decompress);
    if (this.#payload.kind === 'none') {
      this.#payload.setTag(frame, this.entries.tag(zswapEntry));
      return true;
    }
    const length = this.entries.length(zswapEntry);
    const handle = this.entries.handle(zswapEntry);
    if (length === PAGE_SIZE) {
      this.#pool.load(handle, this.#payload.view(frame), 0);
      return true;
    }
    this.#codecCalls += 1;
    this.#pool.load(handle, this.#scratch, this.#compressor.headroomBytes);
    if (this.#compressor.decompress(this.#scratch, length, this.#payload.view(frame))) return true;
    this.#engine.count(EV['zswap.decompress_fail']);
    return false;
  }

  /** @source linux 6.18 mm/zswap.c zswap_check_limits */
  #belowLimit(): boolean {
    const pages = this.#pool.pageCount;
    if (pages >= this.#maxPages) {
      this.#engine.count(EV['zswap.pool_limit_hit']);
      this.#reachedFull = true;
    } else if (this.#reachedFull && pages <= this.#acceptPages) {
      this.#reachedFull = false;
    }
    return !this.#reachedFull;
  }

  /** Frees an entry that no index holds any more. */
  freeEntry(zswapEntry: number): void {
    const length = this.entries.length(zswapEntry);
    this.#pool.free(this.entries.handle(zswapEntry));
    this.#held[entryType(this.entries.swapEntry(zswapEntry))]! -= 1;
    this.#storedBytes -= length;
    if (length === PAGE_SIZE) this.#incompressible -= 1;
    this.entries.remove(zswapEntry);
  }
}
