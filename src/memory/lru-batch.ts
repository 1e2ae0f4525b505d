/**
 * New folios that wait to be put on the LRU lists of their cgroups, together.
 * Kernel counterpart: struct cpu_fbatches, folio_add_lru (linux 6.18 mm/swap.c). A CPU has one batch
 * for the folios of all cgroups.
 */
import type { PageFrame } from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import type { FrameTable } from '../frames/index.ts';
import type { LruLists } from './lru-lists.ts';

/** Folios of a batch before the LRU. @source linux 6.18 include/linux/folio_batch.h PAGEVEC_SIZE */
const BATCH_SIZE = 31;

export class LruBatch {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #listsById: readonly LruLists[];
  readonly #folios = new Uint32Array(BATCH_SIZE);
  #count = 0;

  /** @param listsById - by id of the cgroup, of which 0 is none */
  constructor(engine: Engine, frames: FrameTable, listsById: readonly LruLists[]) {
    this.#engine = engine;
    this.#frames = frames;
    this.#listsById = listsById;
  }

  /** A new folio waits; a full batch goes to the lists (folio_add_lru). */
  add(frame: PageFrame): void {
    this.#folios[this.#count++] = frame;
    if (this.#count === BATCH_SIZE) this.drain();
  }

  /**
   * Puts all folios on their lists, whose lock is taken anew where the next folio is of another
   * cgroup.
   * @source linux 6.18 mm/swap.c folio_batch_move_lru, folio_lruvec_relock_irqsave
   */
  drain(): void {
    let locked = 0;
    for (let i = 0; i < this.#count; i++) {
      const frame = this.#folios[i]! as PageFrame;
      const cgroup = this.#frames.cgroup(frame);
      if (cgroup !== locked) this.#engine.count(EV['lockAcquire.lru']);
      locked = cgroup;
      this.#listsById[cgroup]!.putBack(frame);
    }
    this.#count = 0;
  }
}
