/**
 * Writing entries back, in batches: the entries at the cold end of a list are picked, brought into the
 * swap cache together, get their slots together, and go out as few I/Os as their slots allow.
 * Kernel counterpart: shrink_memcg_cb, zswap_writeback_entry (linux 6.18 mm/zswap.c), where a batch is
 * one entry.
 *
 * Lock order in the kernel: LRU lock, then (dropped) the tree's lock; a picked entry may vanish in
 * between, which is why it is looked up again once its slot is secured.
 */
import { EV, type Engine } from '../engine/index.ts';
import {
  entryType,
  MAX_SWAPFILES,
  NO_FRAME,
  type PageFrame,
  type SwapEntry,
} from '../units/index.ts';
import type { CompressedPages } from './compressed-pages.ts';
import { CompressedWriteback } from './compressed-writeback.ts';
import type { ZswapGeneration } from './generations.ts';
import type { WritebackTarget } from './writeback-target.ts';
import type { ZswapIndex } from './zswap-index.ts';

/** Entries that go together. */
class Batch {
  readonly picked: number[] = [];
  /** Their swap entries: a zswap entry may be somebody else's later. */
  readonly entries: SwapEntry[] = [];
  readonly folios: PageFrame[] = [];

  clear(): void {
    this.picked.length = 0;
    this.entries.length = 0;
    this.folios.length = 0;
  }
}

export interface WritebackParts {
  readonly engine: Engine;
  readonly pages: CompressedPages;
  readonly index: ZswapIndex;
  readonly target: WritebackTarget;
  readonly generation: ZswapGeneration;
  /** Entries are written as they are, compressed. */
  readonly isCompressed: boolean;
}

export class ZswapWriteback {
  readonly #engine: Engine;
  readonly #pages: CompressedPages;
  readonly #index: ZswapIndex;
  readonly #target: WritebackTarget;
  readonly #generation: ZswapGeneration;
  readonly #compressed: CompressedWriteback | null;
  /** What was picked last and is not being written yet. */
  #batch: Batch = new Batch();
  /** Batches that are done: making room for one batch may write another one back. */
  readonly #spare: Batch[] = [];
  readonly #writtenBack = new Float64Array(MAX_SWAPFILES);
  #metWarm = false;
  #outstanding = 0;

  constructor(parts: WritebackParts) {
    this.#engine = parts.engine;
    this.#pages = parts.pages;
    this.#index = parts.index;
    this.#target = parts.target;
    this.#generation = parts.generation;
    const finish = (zswapEntry: number, entry: SwapEntry): void => {
      this.#finish(zswapEntry, entry);
    };
    this.#compressed = parts.isCompressed ? new CompressedWriteback({ ...parts, finish }) : null;
  }

  /** Writes under way. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** The latest batch met an entry whose folio is in the swap cache: the warm end has begun. */
  get metWarm(): boolean {
    return this.#metWarm;
  }

  /** Pages of one area (swap type) that were written back. */
  writtenBackOf(type: number): number {
    return this.#writtenBack[type]!;
  }

  /**
   * Phase one: looks at up to `size` entries from the cold end of a list. An entry met for the first
   * time loses its second chance and goes to the young end; the others are picked.
   * @returns how many were picked
   */
  pick(list: number, size: number): number {
    const { entries } = this.#pages;
    this.#engine.count(EV['lockAcquire.zswapLru']);
    this.#batch.clear();
    const looks = Math.min(size, entries.size(list));
    for (let i = 0; i < looks; i++) {
      const zswapEntry = entries.coldest(list);
      // Rotated in either case: a failed writeback must not block the cold end.
      entries.rotate(zswapEntry);
      const hasChance =
        this.#generation.hasSecondChance && entries.testAndClearReferenced(zswapEntry);
      if (this.#engine.trace.concerns(NO_FRAME, entries.swapEntry(zswapEntry)))
        this.#tell(
          hasChance
            ? "zswap's shrinker passes it over, once: to the young end of the LRU"
            : "zswap's shrinker picks it: to be written back",
        );
      if (!hasChance) this.#add(zswapEntry);
    }
    return this.#batch.picked.length;
  }

  /**
   * Phase one by age: picks up to `size` entries from the cold end that were stored at least `ageMin`
   * offers ago. Second chances do not count: who sets an age has said what cold is.
   * @returns how many were picked
   */
  pickOlder(list: number, size: number, ageMin: number): number {
    const { entries, ages } = this.#pages;
    this.#batch.clear();
    const looks = Math.min(size, entries.size(list));
    for (let i = 0; i < looks; i++) {
      const zswapEntry = entries.coldest(list);
      if (ages.age(zswapEntry) < ageMin) break;
      // A batch is one cgroup's, and the lists of 2013 are not.
      const isOthers =
        i > 0 && entries.cgroup(zswapEntry) !== entries.cgroup(this.#batch.picked[0]!);
      if (isOthers) break;
      if (i === 0) this.#engine.count(EV['lockAcquire.zswapLru']);
      entries.rotate(zswapEntry);
      this.#add(zswapEntry);
    }
    return this.#batch.picked.length;
  }

  /**
   * Phases two and three: brings the picked entries into the swap cache, and submits their writes
   * together. What was loaded, freed or stored anew since it was picked is left alone.
   * @returns entries written back
   */
  writePicked(): number {
    this.#metWarm = false;
    const batch = this.#batch;
    const count = batch.picked.length;
    if (count === 0) return 0;
    this.#batch = this.#spare.pop() ?? new Batch();
    const written = this.#compressed === null ? this.#write(batch) : this.#writeAsIs(batch);
    batch.clear();
    this.#spare.push(batch);
    this.#engine.countMany(EV['zswap.reject_reclaim_fail'], count - written);
    if (written > 0) {
      this.#engine.count(EV['zswap.writebackBatches']);
      // What is written as it is has ended by now.
      if (this.#compressed !== null || !this.#generation.countsCompletions)
        this.#engine.countMany(EV['zswap.written_back_pages'], written);
      if (!this.#generation.countsCompletions) this.#target.flushWrites();
    }
    return written;
  }

  /** The write of a folio that `submitWriteback` queued has ended. */
  writeEnded(): void {
    this.#outstanding -= 1;
    if (this.#generation.countsCompletions) this.#engine.count(EV['zswap.written_back_pages']);
  }

  #write(batch: Batch): number {
    const { picked, folios } = batch;
    const count = picked.length;
    // A batch is of one cgroup's list; from a list by area it was cut where the cgroup changes.
    const cgroup = this.#pages.entries.cgroup(picked[0]!);
    const room = this.#target.reserveFolios(count, cgroup);
    let begun = 0;
    for (let i = 0; i < count; i++) {
      // Without room the first is tried all the same; each further one would search all of memory
      // in vain again (a batch of 32 under a full ghost area: 70 s instead of 2).
      const folio = i < Math.max(room, 1) ? this.#begin(batch, i) : NO_FRAME;
      folios.push(folio);
      if (folio !== NO_FRAME) begun += 1;
    }
    if (begun > 1) this.#target.expectWrites(begun);
    let written = 0;
    for (let i = 0; i < count; i++)
      if (folios[i] !== NO_FRAME && this.#submit(batch, i)) written += 1;
      else this.#putBack(batch, i);
    return written;
  }

  #writeAsIs(batch: Batch): number {
    const written = this.#compressed!.write(batch.picked, batch.entries);
    this.#metWarm = this.#compressed!.metWarm;
    for (let i = 0; i < batch.picked.length; i++) this.#putBack(batch, i);
    return written;
  }

  #add(zswapEntry: number): void {
    this.#batch.picked.push(zswapEntry);
    this.#batch.entries.push(this.#pages.entries.swapEntry(zswapEntry));
  }

  /** Brings one entry into the swap cache: its folio with the bytes in it, or NO_FRAME. */
  #begin(batch: Batch, i: number): PageFrame {
    const entry = batch.entries[i]!;
    const frame = this.#target.beginWriteback(entry);
    if (frame === NO_FRAME) {
      this.#metWarm ||= this.#target.isCached(entry);
      return NO_FRAME;
    }
    // The slot is secured now; the entry may have been loaded, freed or replaced before that.
    if (
      this.#index.get(entry) === batch.picked[i]! &&
      this.#pages.decompress(batch.picked[i], frame)
    ) {
      this.#target.fillWriteback(frame);
      return frame;
    }
    this.#target.cancelWriteback(frame);
    return NO_FRAME;
  }

  /** Queues the write of an entry that is in the swap cache; zswap's copy goes. */
  #submit(batch: Batch, i: number): boolean {
    const zswapEntry = batch.picked[i]!;
    const entry = batch.entries[i]!;
    const frame = batch.folios[i]!;
    if (!this.#target.submitWriteback(frame)) {
      this.#target.cancelWriteback(frame);
      return false;
    }
    if (this.#engine.trace.concerns(frame, entry))
      this.#tell('zswap frees its copy: it is written from the decompressed folio');
    this.#outstanding += 1;
    this.#finish(zswapEntry, entry);
    return true;
  }

  /** An entry has its bytes in a slot: it is in zswap no more. */
  #finish(zswapEntry: number, entry: SwapEntry): void {
    this.#index.moved(entry);
    this.#engine.count(EV.zswpwb);
    this.#writtenBack[entryType(entry)]! += 1;
    this.#pages.ages.noteWrittenBack(zswapEntry);
    this.#pages.free(zswapEntry);
  }

  /** An entry that was not written back stays: where the next look finds it, or at the young end. */
  #putBack(batch: Batch, i: number): void {
    if (this.#generation.failedGo === 'young') return;
    if (this.#index.get(batch.entries[i]!) === batch.picked[i]!)
      this.#pages.entries.rotateBack(batch.picked[i]);
  }

  #tell(what: string): void {
    this.#engine.trace.note(this.#engine.nowNs, what);
  }
}
