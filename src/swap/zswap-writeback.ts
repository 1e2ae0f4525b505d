/**
 * What zswap needs of the swap core to write entries back: folios in the swap cache to decompress to,
 * slots for them, and the write.
 * Kernel counterpart: mm/zswap.c zswap_writeback_entry, with what it calls of mm/swap_state.c (6.18).
 */
import { entryType, NO_ENTRY, NO_FRAME, type PageFrame, type SwapEntry } from '../units/index.ts';
import type { Engine } from '../engine/index.ts';
import { PG, type FrameTable } from '../frames/index.ts';
import type { BlobBatch, WritebackTarget } from '../zswap/index.ts';
import { describePlace } from './descriptions.ts';
import type { SwapClient } from './swap-client.ts';
import { NO_SHADOW, type SwapDesign } from './swap-design.ts';
import type { SwapIn } from './swap-in.ts';
import type { SwapIo } from './swap-io.ts';

export interface ZswapWritebackParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly client: SwapClient;
  readonly design: SwapDesign;
  readonly io: SwapIo;
  readonly swapIn: SwapIn;
  /** Puts a folio under writeback to a slot. */
  readonly submit: (slot: SwapEntry, frame: PageFrame) => void;
}

export class ZswapWriteback implements WritebackTarget {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #client: SwapClient;
  readonly #design: SwapDesign;
  readonly #io: SwapIo;
  readonly #swapIn: SwapIn;
  readonly #submit: ZswapWritebackParts['submit'];
  /** By frame: zswap writes it back. */
  readonly #isOurs: Uint8Array;

  constructor(parts: ZswapWritebackParts) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#client = parts.client;
    this.#design = parts.design;
    this.#io = parts.io;
    this.#swapIn = parts.swapIn;
    this.#submit = parts.submit;
    this.#isOurs = new Uint8Array(parts.frames.frameCount);
  }

  /** The write of a folio has ended. @returns true once, if it was zswap's */
  takeEnded(frame: PageFrame): boolean {
    if (this.#isOurs[frame] === 0) return false;
    this.#isOurs[frame] = 0;
    return true;
  }

  canWriteBack(): boolean {
    return this.#design.backing.canWriteBack();
  }

  reserveFolios(count: number, cgroup: number): number {
    return this.#client.reserveFolios(count, cgroup);
  }

  beginWriteback(entry: SwapEntry): PageFrame {
    const { entries, backing } = this.#design;
    if (!backing.mayWrite(entry)) return NO_FRAME;
    if (entries.folioAt(entry) !== NO_FRAME || !entries.isSwapped(entry)) return NO_FRAME;
    const frame = this.#swapIn.insert(entry);
    if (frame === NO_FRAME) return NO_FRAME;
    // Making room for it may have let a fault load the entry: that folio is the only copy now, and
    // not ours to take out of the cache again (EEXIST).
    return this.#frames.has(frame, PG.uptodate | PG.error) ? NO_FRAME : frame;
  }

  fillWriteback(frame: PageFrame): void {
    this.#swapIn.checkLoaded(this.#frames.entry(frame), frame);
    this.#frames.set(frame, PG.uptodate | PG.writeback);
  }

  cancelWriteback(frame: PageFrame): void {
    this.#frames.clear(frame, PG.writeback);
    if (this.#frames.mapCount(frame) > 0) {
      // Somebody has it now, and zswap may have it still. @see FrameTable.setDoubled
      const { zswap } = this.#design.backing;
      const entry = this.#frames.entry(frame);
      this.#frames.setDoubled(
        frame,
        this.#engine.aside(() => zswap.get(entry) !== 0),
      );
      return;
    }
    this.#design.entries.removeFolio(this.#frames.entry(frame), NO_SHADOW);
    this.#client.releaseFolio(frame);
  }

  isCached(entry: SwapEntry): boolean {
    return this.#design.entries.folioAt(entry) !== NO_FRAME;
  }

  expectWrites(count: number): void {
    this.#design.backing.expectWrites?.(count);
  }

  submitWriteback(frame: PageFrame): boolean {
    const entry = this.#frames.entry(frame);
    const slot = this.#design.backing.slotForWrite(entry);
    if (slot === NO_ENTRY) return false;
    this.#isOurs[frame] = 1;
    this.#submit(slot, frame);
    return true;
  }

  takeSlot(entry: SwapEntry): SwapEntry {
    const { entries, backing } = this.#design;
    if (!backing.mayWrite(entry) || !entries.isSwapped(entry)) return NO_ENTRY;
    const slot = backing.takeSlot(entry);
    if (slot === NO_ENTRY || this.#io.takesCompressed(entryType(slot))) return slot;
    backing.dropSlot(entry, slot);
    return NO_ENTRY;
  }

  useSlot(entry: SwapEntry, slot: SwapEntry): boolean {
    if (!this.#design.backing.useSlot(entry, slot)) return false;
    const { trace, nowNs } = this.#engine;
    if (trace.concerns(NO_FRAME, entry))
      trace.note(nowNs, `written as it is, compressed, to ${describePlace(slot)}`);
    return true;
  }

  dropSlot(entry: SwapEntry, slot: SwapEntry): void {
    this.#design.backing.dropSlot(entry, slot);
  }

  writeBlobs(batch: BlobBatch): void {
    this.#io.writeBlobs(batch);
  }

  flushWrites(): void {
    this.#io.flush();
  }
}
