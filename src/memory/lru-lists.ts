/**
 * The LRU lists of one cgroup: anonymous and file, inactive and active, and the batch of folios
 * that wait to be put on them.
 * Kernel counterpart: struct lruvec, struct cpu_fbatches (linux 6.18 mm/swap.c, mmzone.h).
 *
 * A folio's flags say which list it is on; links are typed arrays with four heads behind the frames.
 */
import { assert, NO_FRAME, type PageFrame } from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import { PG, type FrameTable } from '../frames/index.ts';

export const LRU = { inactiveAnon: 0, activeAnon: 1, inactiveFile: 2, activeFile: 3 } as const;
export const LRU_COUNT = 4;

/** Folios of a batch before the LRU. @source linux 6.18 include/linux/folio_batch.h PAGEVEC_SIZE */
const BATCH_SIZE = 31;

export class LruLists {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #next: Uint32Array;
  readonly #previous: Uint32Array;
  readonly #sizes = new Uint32Array(LRU_COUNT);
  readonly #batch = new Uint32Array(BATCH_SIZE);
  #batchCount = 0;

  constructor(engine: Engine, frames: FrameTable) {
    this.#engine = engine;
    this.#frames = frames;
    this.#next = new Uint32Array(frames.frameCount + LRU_COUNT);
    this.#previous = new Uint32Array(frames.frameCount + LRU_COUNT);
    for (let head = frames.frameCount; head < this.#next.length; head++) {
      this.#next[head] = head;
      this.#previous[head] = head;
    }
  }

  size(list: number): number {
    return this.#sizes[list]!;
  }

  get totalSize(): number {
    return this.#sizes[0]! + this.#sizes[1]! + this.#sizes[2]! + this.#sizes[3]!;
  }

  /** A new folio waits in the batch; a full batch goes to the lists (folio_add_lru). */
  add(frame: PageFrame): void {
    this.#batch[this.#batchCount++] = frame;
    if (this.#batchCount === BATCH_SIZE) this.drain();
  }

  /** Puts all folios of the batch on their lists (lru_add_drain). */
  drain(): void {
    if (this.#batchCount === 0) return;
    this.#engine.count(EV['lockAcquire.lru']);
    for (let i = 0; i < this.#batchCount; i++) this.putBack(this.#batch[i]! as PageFrame);
    this.#batchCount = 0;
  }

  /** Puts a folio at the head of the list that its flags name. */
  putBack(frame: PageFrame): void {
    assert(!this.#frames.has(frame, PG.lru), 'a folio is on one list');
    this.#engine.count(EV.lruMove);
    this.#frames.set(frame, PG.lru);
    const list = this.#listOf(frame);
    const head = this.#frames.frameCount + list;
    const first = this.#next[head]!;
    this.#next[frame] = first;
    this.#previous[frame] = head;
    this.#previous[first] = frame;
    this.#next[head] = frame;
    this.#sizes[list]! += 1;
  }

  /** Takes a folio off its list. */
  remove(frame: PageFrame): void {
    assert(this.#frames.has(frame, PG.lru), 'only a listed folio leaves its list');
    this.#frames.clear(frame, PG.lru);
    const next = this.#next[frame]!;
    const previous = this.#previous[frame]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
    this.#sizes[this.#listOf(frame)]! -= 1;
  }

  /** Takes a folio that is about to be freed off its list or out of the batch. */
  forget(frame: PageFrame): void {
    if (!this.#frames.has(frame, PG.lru)) this.drain();
    if (this.#frames.has(frame, PG.lru)) this.remove(frame);
  }

  /** Moves a listed folio to the tail of its list, where reclaim looks next. */
  rotateToTail(frame: PageFrame): void {
    if (!this.#frames.has(frame, PG.lru)) return;
    this.#engine.count(EV.lruMove);
    this.remove(frame);
    this.#frames.set(frame, PG.lru);
    const list = this.#listOf(frame);
    const head = this.#frames.frameCount + list;
    const last = this.#previous[head]!;
    this.#next[last] = frame;
    this.#previous[frame] = last;
    this.#next[frame] = head;
    this.#previous[head] = frame;
    this.#sizes[list]! += 1;
  }

  /** The folio at the tail of a list, or NO_FRAME. */
  tail(list: number): PageFrame {
    const head = this.#frames.frameCount + list;
    const last = this.#previous[head]!;
    return (last === head ? NO_FRAME : last) as PageFrame;
  }

  checkInvariants(): void {
    for (let list = 0; list < LRU_COUNT; list++) {
      const head = this.#frames.frameCount + list;
      let count = 0;
      for (let at = this.#next[head]!; at !== head; at = this.#next[at]!) {
        assert(this.#listOf(at as PageFrame) === list, 'a folio is on the list its flags name');
        assert(this.#frames.has(at as PageFrame, PG.lru), 'a listed folio says so');
        count += 1;
      }
      assert(count === this.#sizes[list], 'list sizes are counted right');
    }
  }

  #listOf(frame: PageFrame): number {
    const active = this.#frames.has(frame, PG.active) ? 1 : 0;
    return this.#frames.has(frame, PG.swapbacked) ? active : 2 + active;
  }
}
