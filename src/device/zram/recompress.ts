/**
 * Recompression: objects made smaller by a second compressor, later.
 * Kernel counterpart: recompress_store and recompress_slot (drivers/block/zram/zram_drv.c, linux
 * 6.18 with CONFIG_ZRAM_MULTI_COMP).
 */
import { PAGE_SIZE, type Outcome } from '../../units/index.ts';
import type { ZramRecompressSetting } from './attributes.ts';
import { NO_SLOT_LEFT, PostProcessing } from './post-processing.ts';
import { ZRAM } from './slot-table.ts';
import type { ZramStore } from './zram-store.ts';

/** Compressors from one priority up to, not with, another. */
interface Priorities {
  readonly first: number;
  readonly end: number;
}

export class ZramRecompression {
  readonly #store: ZramStore;
  readonly #page: Uint8Array = Buffer.alloc(PAGE_SIZE);

  constructor(store: ZramStore) {
    this.#store = store;
  }

  /**
   * Tries the slots that a setting names, largest objects first.
   * @returns EINVAL for a threshold that no object passes, or compressors that are not there
   */
  run(setting: ZramRecompressSetting): Outcome {
    if (setting.threshold >= this.#store.hugeLength) return 'EINVAL';
    const priorities = this.#priorities(setting);
    if (priorities === null) return 'EINVAL';
    const picked = this.#pick(setting.flags, priorities.end);
    const { slots } = this.#store;
    let left = setting.maxPages;
    let outcome: Outcome = 'ok';
    while (left > 0 && outcome === 'ok') {
      const slot = picked.take();
      if (slot === NO_SLOT_LEFT) break;
      if (slots.length(slot) >= setting.threshold) {
        outcome = this.#tryTo(slot, setting.threshold, priorities);
        if (outcome === 'ok') left -= 1;
      }
      slots.clear(slot, ZRAM.PP_SLOT);
    }
    picked.release();
    return outcome;
  }

  #priorities(setting: ZramRecompressSetting): Priorities | null {
    const { compressors } = this.#store;
    let first = 1;
    let end = compressors.length;
    if (setting.priority !== null) {
      first = Math.max(1, setting.priority);
      end = Math.min(end, first + 1);
    }
    if (setting.algorithm !== null) {
      first = compressors.findIndex(
        ({ name }, priority) => priority >= first && name === setting.algorithm,
      );
      if (first < 0) return null;
      end = first + 1;
    }
    return first < end ? { first, end } : null;
  }

  #pick(flags: number, end: number): PostProcessing {
    const { slots } = this.#store;
    const picked = new PostProcessing(slots);
    for (let slot = 0; slot < slots.count; slot++) {
      if (!slots.isAllocated(slot) || !slots.has(slot, flags)) continue;
      if (slots.hasAny(slot, ZRAM.WB | ZRAM.SAME | ZRAM.INCOMPRESSIBLE)) continue;
      if (slots.priority(slot) + 1 < end) picked.place(slot);
    }
    return picked;
  }

  /** Tries compressors by priority until one saves a size class and comes below the threshold. */
  #tryTo(slot: number, threshold: number, { first, end }: Priorities): Outcome {
    const store = this.#store;
    const outcome = store.read(slot, this.#page);
    if (outcome !== 'ok') return outcome;
    // The page was touched: it is no longer idle for whatever comes next.
    store.slots.clear(slot, ZRAM.IDLE);
    const classBefore = store.classOf(store.slots.length(slot));
    let priority = Math.max(first, store.slots.priority(slot) + 1);
    for (; priority < end; priority++) {
      const length = store.compress(this.#page, priority);
      const isSmaller = store.classOf(length) < classBefore;
      if (isSmaller && (threshold === 0 || length < threshold))
        return store.replace(slot, length, priority);
    }
    if (priority === store.compressors.length) store.slots.mark(slot, ZRAM.INCOMPRESSIBLE);
    return 'ok';
  }
}
