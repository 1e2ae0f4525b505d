/** The port through which the swap core uses memory management. */
import type { Outcome, PageFrame } from '../units/index.ts';
import type { Shadow } from './swap-design.ts';

/** What the swap core needs of memory management (implemented in src/memory). */
export interface SwapClient {
  /** Allocates a folio charged to `cgroup` for a page that is to be read; NO_FRAME: no memory. */
  allocateFolio(cgroup: number): PageFrame;
  /**
   * Makes room for folios of a cgroup that will be allocated together, as far as reclaim can.
   * @returns how many of them there is room for
   */
  reserveFolios(count: number, cgroup: number): number;
  /** The folio was put in the cache to be read: it goes on the LRU, `shadow` tells of its past. */
  folioInserted(frame: PageFrame, shadow: Shadow): void;
  /** A folio that nothing maps has left the cache: it is freed. */
  releaseFolio(frame: PageFrame): void;
  /** A folio is being read from its device: it can be used from `doneNs` on. */
  readSubmitted(frame: PageFrame, doneNs: number): void;
  /** Waits until a folio has been read. */
  waitForRead(frame: PageFrame): void;
  /**
   * Brings back every page whose entry of the area stands in a page table or in a file's index.
   * @returns ENOMEM when there is no memory for one; what cannot be read is poisoned, not kept
   */
  unuse(type: number): Outcome;
  /** The write of a folio has ended; it is no longer under writeback. */
  writeEnded(frame: PageFrame, outcome: Outcome, doneNs: number): void;
}
