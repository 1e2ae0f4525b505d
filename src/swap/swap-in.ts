/**
 * Swap-in: a folio for an entry, in the swap cache, and what it holds: zeros or a word, from zswap, or
 * from a device; and the check of every page that comes back.
 * Kernel counterpart: mm/swap_state.c __read_swap_cache_async, mm/page_io.c swap_read_folio (6.18).
 */
import {
  CheckError,
  entryName,
  entrySlot,
  NO_ENTRY,
  NO_FRAME,
  type Outcome,
  type PageFrame,
  type SwapEntry,
} from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import { PG, type FrameTable, type Payload } from '../frames/index.ts';
import type { Zswap } from '../zswap/index.ts';
import { describeFill, describePlace, describeTime } from './descriptions.ts';
import type { FilledPages } from './filled-pages.ts';
import type { PageChecks } from './page-checks.ts';
import { NO_MEMORY, NOT_WANTED, type SwapDesign } from './swap-design.ts';
import type { SwapClient } from './swap-client.ts';
import type { SwapIo } from './swap-io.ts';
import type { PageWitness, WrongPages } from './wrong-pages.ts';

/** How a swap-in found its page. */
export type SwapInSource = 'cache' | 'zero' | 'zswap' | 'device' | 'error';

export interface SwapInParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly payload: Payload;
  readonly client: SwapClient;
  readonly design: SwapDesign;
  readonly io: SwapIo;
  readonly filled: FilledPages;
  readonly checks: PageChecks;
  readonly witness: PageWitness | null;
  /** Null where the first wrong page ends the run. */
  readonly wrong: WrongPages | null;
  /** The area that an entry is of, by name. */
  readonly nameOf: (entry: SwapEntry) => string;
  /** Made after this, which it writes back through. */
  readonly zswap: () => Zswap;
}

export class SwapIn {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #payload: Payload;
  readonly #client: SwapClient;
  readonly #design: SwapDesign;
  readonly #io: SwapIo;
  readonly #filled: FilledPages;
  readonly #checks: PageChecks;
  readonly #witness: PageWitness | null;
  readonly #wrong: WrongPages | null;
  readonly #nameOf: (entry: SwapEntry) => string;
  readonly #zswap: () => Zswap;
  #source: SwapInSource = 'cache';

  constructor(parts: SwapInParts) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#payload = parts.payload;
    this.#client = parts.client;
    this.#design = parts.design;
    this.#io = parts.io;
    this.#filled = parts.filled;
    this.#checks = parts.checks;
    this.#witness = parts.witness;
    this.#wrong = parts.wrong;
    this.#nameOf = parts.nameOf;
    this.#zswap = parts.zswap;
  }

  /** Where the latest `swapIn` found the page. */
  get source(): SwapInSource {
    return this.#source;
  }

  /**
   * Brings an entry's page into the swap cache and starts reading it.
   * @returns the folio (cached before or new), NO_FRAME when there is no memory or the entry is free
   * @source linux 6.18 __read_swap_cache_async, swap_read_folio
   */
  swapIn(entry: SwapEntry): PageFrame {
    const { entries } = this.#design;
    const cached = entries.folioAt(entry);
    if (cached !== NO_FRAME) {
      this.#source = 'cache';
      return cached;
    }
    if (!entries.isSwapped(entry)) return NO_FRAME;
    const frame = this.insert(entry);
    if (frame === NO_FRAME) return NO_FRAME;
    if (this.#frames.has(frame, PG.uptodate)) {
      // Making room for the folio wrote the entry back from zswap and left its folio cached.
      this.#source = 'cache';
      return frame;
    }
    this.#read(entry, frame);
    return frame;
  }

  /**
   * Copies an entry's content into a frame without touching the entry: for comparing pages whose
   * task can get no memory any more.
   * @returns false when the content is nowhere
   */
  peek(entry: SwapEntry, into: PageFrame): boolean {
    const { entries, backing } = this.#design;
    const cached = entries.folioAt(entry);
    if (cached !== NO_FRAME) {
      if (this.#frames.has(cached, PG.error) || this.#wrong?.has(cached) === true) return false;
      this.#payload.copy(cached, into);
      return true;
    }
    if (entries.isZero(entry)) {
      this.#filled.restore(entry, into);
      return true;
    }
    if (this.#zswap().peek(entry, into)) return true;
    const slot = backing.slotForRead(entry);
    if (slot === NO_ENTRY) return false;
    const outcome = this.#io.read(slot, into);
    // Damaged: it holds something, but not the content. What a look has met concerns no later read.
    const isDamaged = this.#witness !== null && this.#witness.metCount > 0;
    this.#witness?.beginRead();
    return outcome === 'ok' && !isDamaged;
  }

  /** A new folio for the entry, in the cache and on the LRU, not yet read. */
  insert(entry: SwapEntry): PageFrame {
    const frame = this.#client.allocateFolio(this.#design.entries.cgroup(entry));
    if (frame === NO_FRAME) return NO_FRAME;
    this.#wrong?.forget(frame);
    const { entries } = this.#design;
    const shadow = entries.insertFolio(entry, frame);
    if (shadow === NO_MEMORY || shadow === NOT_WANTED) {
      this.#client.releaseFolio(frame);
      // Making room for it let somebody else read the entry, or free it.
      return shadow === NO_MEMORY ? NO_FRAME : entries.folioAt(entry);
    }
    if (this.#sees(NO_FRAME, entry)) {
      this.#engine.trace.watchedFrame = frame;
      this.#tell(`frame ${frame} is put in the swap cache under ${entryName(entry)}`);
    }
    this.#client.folioInserted(frame, shadow);
    return frame;
  }

  /** As `check`, of a folio that zswap has decompressed to: no device was read. */
  checkLoaded(entry: SwapEntry, frame: PageFrame): void {
    this.#witness?.beginRead();
    this.check(entry, frame);
  }

  /** What a folio holds must be what left memory under its entry. */
  check(entry: SwapEntry, frame: PageFrame): void {
    if (this.#checks.matches(entry, frame)) {
      this.#witness?.readRight();
      return;
    }
    if (this.#wrong !== null) {
      this.#wrong.note(frame);
      return;
    }
    const faults = this.#witness?.describeMet() ?? '';
    throw new CheckError(
      `${this.#nameOf(entry)}: slot ${entrySlot(entry)}: the page read back from ` +
        `${this.#source} differs from what was written; ` +
        (faults === '' ? 'was the file changed by another program?' : `damaged by ${faults}`),
    );
  }

  /** @source linux 6.18 mm/page_io.c swap_read_folio */
  #read(entry: SwapEntry, frame: PageFrame): void {
    this.#witness?.beginRead();
    const outcome = this.#readContent(entry, frame);
    if (outcome !== 'ok') {
      this.#source = 'error';
      this.#engine.count(EV.read_error);
      this.#frames.set(frame, PG.error);
      this.#witness?.readFailed(`${this.#nameOf(entry)}: a read was told as ${outcome}`);
      return;
    }
    this.#frames.set(frame, PG.uptodate);
    this.check(entry, frame);
  }

  #readContent(entry: SwapEntry, frame: PageFrame): Outcome {
    const { entries, backing } = this.#design;
    if (entries.isZero(entry)) {
      this.#source = 'zero';
      this.#frames.setDoubled(frame, true);
      const isZero = this.#filled.restore(entry, frame);
      this.#engine.count(isZero ? EV.swpin_zero : EV.swpin_filled);
      this.#engine.count(EV.pageClear);
      if (this.#sees(frame, entry)) this.#tell(`filled in memory: ${describeFill(this.#filled)}`);
      return 'ok';
    }
    const loaded = this.#zswap().load(frame);
    if (loaded !== 'ENOENT') {
      this.#source = 'zswap';
      if (this.#sees(frame, entry))
        this.#tell(
          loaded === 'ok'
            ? 'decompressed from zswap, which frees its copy'
            : 'not decompressed: EIO',
        );
      return loaded;
    }
    const slot = backing.slotForRead(entry);
    // A ghost's page that is neither zero nor in zswap is nowhere. @source ghost RFC: not up to date
    if (slot === NO_ENTRY) return 'EIO';
    this.#source = 'device';
    this.#zswap().noteDiskSwapin(frame);
    this.#engine.count(EV.pswpin);
    const outcome = this.#io.read(slot, frame);
    if (this.#sees(frame, entry))
      this.#tell(
        `read from ${describePlace(slot)}: ${outcome}, the device is done at ` +
          describeTime(this.#io.readDoneNs),
      );
    this.#client.readSubmitted(frame, this.#io.readDoneNs);
    return outcome;
  }

  /** Somebody watches the page in this frame or under this entry. */
  #sees(frame: PageFrame, entry: SwapEntry): boolean {
    return this.#engine.trace.concerns(frame, entry);
  }

  /** Tells who watches what has happened. */
  #tell(what: string): void {
    this.#engine.trace.note(this.#engine.nowNs, what);
  }
}
