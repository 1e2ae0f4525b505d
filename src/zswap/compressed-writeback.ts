/**
 * Writing entries back as they are, compressed: no folio, nothing is decompressed. An entry stays in
 * zswap until its bytes have been written, so that whoever wants it meanwhile finds it, and a write
 * that fails costs nothing.
 * Kernel counterpart: none merged; what is proposed for Virtual Swap Space, and what zram's
 * compressed_writeback does (linux 7.0).
 */
import { EV, type Engine } from '../engine/index.ts';
import { NO_ENTRY, PAGE_SIZE, type SwapEntry } from '../units/index.ts';
import { BlobBatch } from './blob-batch.ts';
import type { CompressedPages } from './compressed-pages.ts';
import type { WritebackTarget } from './writeback-target.ts';
import type { ZswapIndex } from './zswap-index.ts';

export interface CompressedWritebackParts {
  readonly engine: Engine;
  readonly pages: CompressedPages;
  readonly index: ZswapIndex;
  readonly target: WritebackTarget;
  /** The entry's bytes are in its slot: counts it, and frees zswap's copy. */
  readonly finish: (zswapEntry: number, entry: SwapEntry) => void;
}

export class CompressedWriteback {
  readonly #parts: CompressedWritebackParts;
  readonly #batch = new BlobBatch();
  readonly #slots: SwapEntry[] = [];
  readonly #order: number[] = [];
  /**
   * When each blob of the batch was stored: an entry that is freed and stored anew may get the
   * numbers that it had before.
   */
  readonly #storedAt: number[] = [];
  #buffer: Uint8Array = new Uint8Array(0);
  /** Bytes of the batch so far. */
  #filled = 0;
  #metWarm = false;

  constructor(parts: CompressedWritebackParts) {
    this.#parts = parts;
  }

  /** The latest batch met an entry whose folio is in the swap cache. */
  get metWarm(): boolean {
    return this.#metWarm;
  }

  /**
   * Writes entries back, those of one pool together.
   * @param picked - zswap entries, each beside its swap entry in `entries`
   * @returns how many were
   */
  write(picked: readonly number[], entries: readonly SwapEntry[]): number {
    const { pages, target } = this.#parts;
    this.#metWarm = false;
    this.#takeSlots(picked, entries);
    const slots = this.#slots;
    const order = this.#order;
    order.length = 0;
    for (let i = 0; i < picked.length; i++) if (slots[i] !== NO_ENTRY) order.push(i);
    order.sort((a, b) => slots[a]! - slots[b]!);
    let written = 0;
    let first = 0;
    for (let left = order.length; left > 0;) {
      while (order[first]! < 0) first += 1;
      const pool = pages.entries.pool(picked[order[first]!]!);
      this.#begin(pool, order.length);
      for (let place = 0; place < order.length; place++) {
        const at = order[place]!;
        if (at < 0 || pages.entries.pool(picked[at]!) !== pool) continue;
        this.#add(picked[at]!, entries[at]!, slots[at]!);
        order[place] = -1;
        left -= 1;
      }
      target.writeBlobs(this.#batch);
      written += this.#end();
    }
    return written;
  }

  /** A slot for each entry that is still what was picked; NO_ENTRY for the others. */
  #takeSlots(picked: readonly number[], entries: readonly SwapEntry[]): void {
    const { index, target } = this.#parts;
    this.#slots.length = 0;
    if (picked.length > 1) target.expectWrites(picked.length);
    for (let i = 0; i < picked.length; i++) {
      const entry = entries[i]!;
      let slot = NO_ENTRY;
      if (target.isCached(entry)) this.#metWarm = true;
      else if (index.get(entry) === picked[i]!) slot = target.takeSlot(entry);
      this.#slots.push(slot);
    }
  }

  #begin(pool: number, most: number): void {
    const batch = this.#batch;
    batch.count = 0;
    batch.compressor = this.#parts.pages.pools.at(pool).compressor;
    if (this.#parts.pages.hasBytes && this.#buffer.length < most * PAGE_SIZE)
      this.#buffer = Buffer.alloc(most * PAGE_SIZE);
    batch.data = this.#parts.pages.hasBytes ? this.#buffer : null;
    this.#filled = 0;
  }

  #add(zswapEntry: number, entry: SwapEntry, slot: SwapEntry): void {
    const { engine, pages } = this.#parts;
    const batch = this.#batch;
    const at = batch.count++;
    batch.zswapEntries[at] = zswapEntry;
    batch.entries[at] = entry;
    batch.slots[at] = slot;
    batch.lengths[at] = pages.entries.length(zswapEntry);
    batch.ages[at] = pages.ages.age(zswapEntry);
    this.#storedAt[at] = pages.entries.storedAt(zswapEntry);
    batch.tags[at] = pages.entries.tag(zswapEntry);
    batch.outcomes[at] = 'ok';
    engine.count(EV.memcpyPage);
    if (batch.data !== null) pages.copyBlob(zswapEntry, batch.data, this.#filled);
    this.#filled += batch.lengths[at];
  }

  /** Gives up the old places of what was written, and the slots of what was not. */
  #end(): number {
    const { pages, index, target, finish } = this.#parts;
    const { count, zswapEntries, entries, slots, outcomes } = this.#batch;
    let written = 0;
    for (let i = 0; i < count; i++) {
      const zswapEntry = zswapEntries[i]!;
      const entry = entries[i]!;
      const slot = slots[i]!;
      const isGood =
        outcomes[i] === 'ok' &&
        index.get(entry) === zswapEntry &&
        pages.entries.storedAt(zswapEntry) === this.#storedAt[i] &&
        target.useSlot(entry, slot);
      if (isGood) {
        written += 1;
        finish(zswapEntry, entry);
      } else {
        target.dropSlot(entry, slot);
      }
    }
    return written;
  }
}
