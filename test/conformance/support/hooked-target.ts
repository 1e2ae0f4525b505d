/** The port that zswap writes back through, with a place to step in between any two of its calls. */
import type { PageFrame, SwapEntry } from '../../../src/units/index.ts';
import type { BlobBatch, WritebackTarget } from '../../../src/zswap/index.ts';

/** Each is told how many folios of the batch have come so far. */
export interface WritebackHooks {
  /** A folio has its bytes; no slot was taken for it yet. */
  filled: ((reached: number) => void) | undefined;
  /** A folio's write is queued and zswap's copy gone; nothing has reached a device. */
  submitted: ((reached: number) => void) | undefined;
}

export class HookedTarget implements WritebackTarget {
  readonly #target: WritebackTarget;
  readonly #hooks: WritebackHooks;
  #filled = 0;
  #submitted = 0;

  constructor(target: WritebackTarget, hooks: WritebackHooks) {
    this.#target = target;
    this.#hooks = hooks;
  }

  canWriteBack(): boolean {
    return this.#target.canWriteBack();
  }

  reserveFolios(count: number, cgroup: number): number {
    this.#filled = 0;
    this.#submitted = 0;
    return this.#target.reserveFolios(count, cgroup);
  }

  isCached(entry: SwapEntry): boolean {
    return this.#target.isCached(entry);
  }

  beginWriteback(entry: SwapEntry): PageFrame {
    return this.#target.beginWriteback(entry);
  }

  fillWriteback(frame: PageFrame): void {
    this.#target.fillWriteback(frame);
    this.#hooks.filled?.(++this.#filled);
  }

  cancelWriteback(frame: PageFrame): void {
    this.#target.cancelWriteback(frame);
  }

  expectWrites(count: number): void {
    this.#target.expectWrites(count);
  }

  submitWriteback(frame: PageFrame): boolean {
    if (this.#submitted > 0) this.#hooks.submitted?.(this.#submitted);
    if (!this.#target.submitWriteback(frame)) return false;
    this.#submitted += 1;
    return true;
  }

  takeSlot(entry: SwapEntry): SwapEntry {
    return this.#target.takeSlot(entry);
  }

  useSlot(entry: SwapEntry, slot: SwapEntry): boolean {
    return this.#target.useSlot(entry, slot);
  }

  dropSlot(entry: SwapEntry, slot: SwapEntry): void {
    this.#target.dropSlot(entry, slot);
  }

  writeBlobs(batch: BlobBatch): void {
    this.#target.writeBlobs(batch);
  }

  flushWrites(): void {
    this.#hooks.submitted?.(this.#submitted);
    this.#target.flushWrites();
  }
}
