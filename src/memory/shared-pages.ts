/**
 * The folios of the file that all tasks map: made, brought back from swap, sent there, and freed
 * with the file. Each is charged to the cgroup of the task that faulted it in first.
 * Kernel counterpart: mm/shmem.c (linux 6.18).
 */
import {
  assert,
  entryName,
  entryType,
  NO_ENTRY,
  NO_FRAME,
  type Outcome,
  type PageFrame,
  type SwapEntry,
} from '../units/index.ts';
import { EV, OPERATION, type Engine } from '../engine/index.ts';
import { PG, type FrameTable, type Payload } from '../frames/index.ts';
import type { SwapSystem } from '../swap/swap-system.ts';
import type { FrameAllocator } from './frame-allocator.ts';
import type { LruBatch } from './lru-batch.ts';
import type { SwapReadahead } from './readahead.ts';
import type { ReverseMap } from './reverse-map.ts';
import type { ShmemFile } from './shmem-file.ts';

export interface SharedPagesParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly payload: Payload;
  readonly swap: SwapSystem;
  readonly rmap: ReverseMap;
  readonly memory: FrameAllocator;
  readonly readahead: SwapReadahead;
  readonly batch: LruBatch;
  readonly file: ShmemFile;
  /** A fault had to read: since `startNs`. */
  readonly noteMajor: (frame: PageFrame, startNs: number) => void;
}

export class SharedPages {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #payload: Payload;
  readonly #swap: SwapSystem;
  readonly #rmap: ReverseMap;
  readonly #memory: FrameAllocator;
  readonly #readahead: SwapReadahead;
  readonly #batch: LruBatch;
  readonly #shmem: ShmemFile;
  readonly #noteMajor: SharedPagesParts['noteMajor'];

  constructor(parts: SharedPagesParts) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#payload = parts.payload;
    this.#swap = parts.swap;
    this.#rmap = parts.rmap;
    this.#memory = parts.memory;
    this.#readahead = parts.readahead;
    this.#batch = parts.batch;
    this.#shmem = parts.file;
    this.#noteMajor = parts.noteMajor;
  }

  /**
   * A page of zeros where the file has nothing yet.
   * @returns NO_FRAME when the cgroup has no memory
   */
  create(index: number, cgroup: number): PageFrame {
    const frame = this.#memory.allocate(cgroup);
    if (frame === NO_FRAME) return NO_FRAME;
    this.#engine.count(EV.pageClear);
    this.#payload.clear(frame);
    this.#frames.set(frame, PG.uptodate | PG.dirty);
    this.#keep(index, frame);
    this.#batch.add(frame);
    return frame;
  }

  /**
   * Brings every page back whose entry is of an area.
   * @source linux 6.18 mm/shmem.c shmem_unuse
   */
  unuse(type: number): Outcome {
    for (let index = 0; index < this.#shmem.pageCount; index++) {
      this.#engine.count(EV.xaLoad);
      const entry = this.#shmem.entry(index);
      if (entry === NO_ENTRY || entryType(entry) !== type) continue;
      const before = this.#engine.enter(OPERATION.swapIn);
      const outcome = this.bring(index, entry);
      this.#engine.leave(before);
      // A page that cannot be read does not keep the area.
      if (outcome === 'ENOMEM') return outcome;
    }
    return 'ok';
  }

  /**
   * Brings a swapped page back into the file's index; it leaves the swap cache at once.
   * @source linux 6.18 mm/shmem.c shmem_swapin_folio
   */
  bring(index: number, entry: SwapEntry): Outcome {
    const startNs = this.#engine.nowNs;
    let frame = this.#swap.lookup(entry);
    if (frame === NO_FRAME) {
      frame = this.#readahead.swapInShared(entry);
      if (frame === NO_FRAME) return 'ENOMEM';
      this.#noteMajor(frame, startNs);
    }
    this.#memory.waitForIo(frame);
    if (this.#frames.has(frame, PG.error)) {
      // The entry goes and the index keeps a marker. @source shmem_set_folio_swapin_error
      this.#shmem.setPoisoned(index);
      this.#swap.put(entry);
      this.#swap.reclaimCached(entry);
      return 'EIO';
    }
    if (this.#frames.has(frame, PG.writeback)) this.#swap.flushWrites();
    if (this.#engine.trace.concerns(frame, entry))
      this.#note(`back in the file's index: frame ${frame}`);
    this.#swap.given(frame);
    this.#swap.put(entry);
    const isFreed = this.#swap.freeSwap(frame);
    assert(isFreed, 'only the index referred to the entry');
    this.#keep(index, frame);
    return 'ok';
  }

  #keep(index: number, frame: PageFrame): void {
    this.#frames.set(frame, PG.shmem);
    this.#shmem.setFrame(index, frame);
    const home = this.#rmap.spaces()[0];
    assert(home !== undefined, 'a shared file is mapped by somebody');
    this.#frames.setHome(frame, home.id, home.sharedFrom + index);
  }

  /** The index holds the swap entry instead of the folio. @source shmem_writeout */
  moveToSwap(frame: PageFrame, entry: SwapEntry): void {
    const home = this.#rmap.spaces()[0]!;
    this.#frames.clear(frame, PG.shmem);
    if (this.#engine.trace.concerns(frame, entry))
      this.#note(`the file's index holds ${entryName(entry)} now`);
    this.#shmem.setEntry(this.#frames.homePage(frame) - home.sharedFrom, entry);
  }

  /** The last task is gone: so is the file. @source shmem_undo_range */
  release(): void {
    for (let index = 0; index < this.#shmem.pageCount; index++) {
      const frame = this.#shmem.frame(index);
      const entry = this.#shmem.entry(index);
      this.#shmem.clear(index);
      if (frame !== NO_FRAME) this.#memory.release(frame);
      if (entry !== NO_ENTRY) this.#swap.forgetRange(entry, 1);
    }
  }

  #note(what: string): void {
    this.#engine.trace.note(this.#engine.nowNs, what);
  }
}
