/**
 * Looking on while the machine works, for `explain` and `run --trace-page`: the table reads that
 * lead from a swap entry to its bytes (hops), and everything that happens to one page (its life).
 *
 * Both are off by default; the flags are plain fields, so that a look costs a branch. What is noted
 * is never read by the machine itself.
 */
import { NO_ENTRY, NO_FRAME, type PageFrame, type SwapEntry } from '../units/index.ts';
import type { CountedName } from './events.ts';

/** One read that leads on: from a table's place to what stands there. */
export interface Hop {
  readonly from: string;
  readonly to: string;
  /** The event that was counted for it; `none` where nothing is read: the place is arithmetic. */
  readonly event: CountedName | 'none';
  readonly count: number;
}

/** Something that happened to the page that is watched. */
export interface LifeEvent {
  readonly timeNs: number;
  readonly what: string;
}

export class PageTrace {
  /** Hops are recorded. */
  isRecording = false;
  /** One page is watched. */
  isWatching = false;
  /** The page that is watched: address space and page number. */
  watchedSpace = -1;
  watchedPage = -1;
  /** Where the watched page is now: the frame that it is mapped to, or its entry. */
  watchedFrame: PageFrame = NO_FRAME;
  watchedEntry: SwapEntry = NO_ENTRY;
  readonly #hops: Hop[] = [];
  readonly #life: LifeEvent[] = [];

  /** Records one hop; the same place read again adds to its count. */
  hop(event: CountedName, from: string, to: string): void {
    const last = this.#hops.at(-1);
    if (last?.event === event && last.from === from && last.to === to)
      this.#hops[this.#hops.length - 1] = { ...last, count: last.count + 1 };
    else this.#hops.push({ from, to, event, count: 1 });
  }

  /** Records a step that reads nothing: the place follows from the number alone. */
  step(from: string, to: string): void {
    this.#hops.push({ from, to, event: 'none', count: 0 });
  }

  /** Runs `work` with hops on; what it read, in order. */
  record(work: () => void): readonly Hop[] {
    this.#hops.length = 0;
    this.isRecording = true;
    try {
      work();
    } finally {
      this.isRecording = false;
    }
    return [...this.#hops];
  }

  /** Watches a page from now on. */
  watch(space: number, page: number): void {
    this.isWatching = true;
    this.watchedSpace = space;
    this.watchedPage = page;
  }

  /** The watched page's task has ended: what comes after it is another page's life. */
  unwatch(): void {
    this.isWatching = false;
  }

  /** True for the page that is watched. */
  isPage(space: number, page: number): boolean {
    return this.isWatching && space === this.watchedSpace && page === this.watchedPage;
  }

  /** True when the watched page is in this frame or under this entry. */
  concerns(frame: PageFrame, entry: SwapEntry): boolean {
    if (!this.isWatching) return false;
    return (
      (frame !== NO_FRAME && frame === this.watchedFrame) ||
      (entry !== NO_ENTRY && entry === this.watchedEntry)
    );
  }

  /** Notes what happened to the watched page. */
  note(timeNs: number, what: string): void {
    this.#life.push({ timeNs, what });
  }

  /** The watched page's life so far. */
  life(): readonly LifeEvent[] {
    return this.#life;
  }
}
