/**
 * The LRU lists of one cgroup: anonymous and file, inactive and active.
 * Kernel counterpart: struct lruvec (linux 6.18 include/linux/mmzone.h).
 *
 * A folio's cgroup and flags say which list it is on; a frame is on one list at most, so that all
 * lists share their links: typed arrays with the heads behind the frames, four for each cgroup.
 */
import { assert, NO_FRAME, type PageFrame } from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import { PG, type FrameTable } from '../frames/index.ts';

export const LRU = { inactiveAnon: 0, activeAnon: 1, inactiveFile: 2, activeFile: 3 } as const;
export const LRU_COUNT = 4;

/** What the lists of all cgroups are linked by. */
export interface LruLinks {
  readonly next: Uint32Array;
  readonly previous: Uint32Array;
}

/** Empty lists for `cgroupCount` cgroups. */
export function createLruLinks(frameCount: number, cgroupCount: number): LruLinks {
  const next = new Uint32Array(frameCount + cgroupCount * LRU_COUNT);
  for (let head = frameCount; head < next.length; head++) next[head] = head;
  return { next, previous: next.slice() };
}

export class LruLists {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #next: Uint32Array;
  readonly #previous: Uint32Array;
  readonly #sizes = new Uint32Array(LRU_COUNT);
  /** Place of the first of the four heads. */
  readonly #heads: number;

  /** @param index - which of the cgroups that share `links`, from 0 */
  constructor(engine: Engine, frames: FrameTable, links: LruLinks, index: number) {
    this.#engine = engine;
    this.#frames = frames;
    this.#next = links.next;
    this.#previous = links.previous;
    this.#heads = frames.frameCount + index * LRU_COUNT;
  }

  size(list: number): number {
    return this.#sizes[list]!;
  }

  get totalSize(): number {
    return this.#sizes[0]! + this.#sizes[1]! + this.#sizes[2]! + this.#sizes[3]!;
  }

  /** Puts a folio at the head of the list that its flags name. */
  putBack(frame: PageFrame): void {
    assert(!this.#frames.has(frame, PG.lru), 'a folio is on one list');
    this.#engine.count(EV.lruMove);
    this.#frames.set(frame, PG.lru);
    const list = this.#listOf(frame);
    const head = this.#heads + list;
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

  /** Moves a listed folio to the tail of its list, where reclaim looks next. */
  rotateToTail(frame: PageFrame): void {
    if (!this.#frames.has(frame, PG.lru)) return;
    this.#engine.count(EV.lruMove);
    this.remove(frame);
    this.#frames.set(frame, PG.lru);
    const list = this.#listOf(frame);
    const head = this.#heads + list;
    const last = this.#previous[head]!;
    this.#next[last] = frame;
    this.#previous[frame] = last;
    this.#next[frame] = head;
    this.#previous[head] = frame;
    this.#sizes[list]! += 1;
  }

  /** The folio at the tail of a list, or NO_FRAME. */
  tail(list: number): PageFrame {
    const head = this.#heads + list;
    const last = this.#previous[head]!;
    return (last === head ? NO_FRAME : last) as PageFrame;
  }

  /** @param isOwn - tells the cgroup's own folios */
  checkInvariants(isOwn: (frame: PageFrame) => boolean): void {
    for (let list = 0; list < LRU_COUNT; list++) {
      const head = this.#heads + list;
      let count = 0;
      for (let at = this.#next[head]!; at !== head; at = this.#next[at]!) {
        assert(isOwn(at as PageFrame), "a folio is on its own cgroup's list");
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
