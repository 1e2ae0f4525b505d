/**
 * Frames for the cgroup: charging it, reclaiming from it when it is at its limit, and freeing.
 * Kernel counterpart: try_charge_memcg (mm/memcontrol.c), folio allocation (linux 6.18).
 */
import { assert, NO_ENTRY, NO_FRAME, type PageFrame } from '../units/index.ts';
import { EV, OPERATION, type Engine } from '../engine/index.ts';
import { PG, type FrameTable } from '../frames/index.ts';
import type { SwapSystem } from '../swap/swap-system.ts';
import type { MemoryCgroup } from './memory-cgroup.ts';
import type { Reclaimer } from './reclaim.ts';

/** Reclaim attempts of a charge before the OOM killer. @source mm/internal.h */
const MAX_RECLAIM_RETRIES = 16;

export interface FrameAllocatorParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly cgroup: MemoryCgroup;
  readonly swap: SwapSystem;
  readonly reclaimer: Reclaimer;
}

export class FrameAllocator {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #cgroup: MemoryCgroup;
  readonly #swap: SwapSystem;
  readonly #reclaimer: Reclaimer;
  /** Virtual time until which a frame's latest I/O keeps it busy. */
  readonly #ioDoneNs: Float64Array;
  #isReclaiming = false;
  #isShrinking = false;

  constructor(parts: FrameAllocatorParts) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#cgroup = parts.cgroup;
    this.#swap = parts.swap;
    this.#reclaimer = parts.reclaimer;
    this.#ioDoneNs = new Float64Array(parts.frames.frameCount);
  }

  /** A frame charged to the cgroup; NO_FRAME when reclaim cannot make room for it. */
  allocate(): PageFrame {
    if (!this.charge()) return NO_FRAME;
    const frame = this.#frames.allocate(this.#cgroup.id);
    if (frame === NO_FRAME) {
      this.#cgroup.uncharge(1);
      return NO_FRAME;
    }
    this.#engine.count(EV.frameAlloc);
    this.#ioDoneNs[frame] = 0;
    return frame;
  }

  /** Frees a frame that is used nowhere. */
  free(frame: PageFrame): void {
    this.#engine.count(EV.frameFree);
    // In mode `batch` a write has ended for the tables before the device is done with it in
    // virtual time; whoever needs the frame waits for that.
    this.waitForIo(frame);
    this.#ioDoneNs[frame] = 0;
    const { trace } = this.#engine;
    if (trace.concerns(frame, NO_ENTRY)) {
      trace.watchedFrame = NO_FRAME;
      trace.note(this.#engine.nowNs, `frame ${frame} is freed`);
    }
    this.#frames.clear(frame, PG.dirty | PG.shmem);
    this.#frames.free(frame);
    this.#cgroup.uncharge(1);
  }

  /** A frame is busy until `doneNs`. */
  noteIo(frame: PageFrame, doneNs: number): void {
    this.#ioDoneNs[frame] = doneNs;
  }

  waitForIo(frame: PageFrame): void {
    this.#engine.waitUntil(this.#ioDoneNs[frame]!);
  }

  /** Charges one page; false when reclaim cannot make room. @source try_charge_memcg */
  charge(): boolean {
    this.#engine.count(EV.memcgCharge);
    if (this.#cgroup.tryCharge()) return true;
    if (this.#isReclaiming) {
      this.#cgroup.forceCharge();
      return true;
    }
    let isDrained = false;
    for (let retries = MAX_RECLAIM_RETRIES; retries >= 0;) {
      const reclaimed = this.#reclaim(1);
      if (this.#cgroup.tryCharge()) return true;
      if (!isDrained) {
        this.#cgroup.drainStock();
        isDrained = true;
        if (this.#cgroup.tryCharge()) return true;
      }
      if (reclaimed === 0) retries -= 1;
    }
    return false;
  }

  /** Makes room for `count` frames, as far as reclaim can; for how many there is room then. */
  reserve(count: number): number {
    if (this.#isReclaiming) return count;
    let retries = MAX_RECLAIM_RETRIES;
    while (this.#cgroup.marginPages < count && retries-- > 0) {
      if (this.#reclaim(count - this.#cgroup.marginPages) === 0) break;
    }
    return Math.min(count, this.#cgroup.marginPages + this.#cgroup.stockPages);
  }

  #reclaim(pages: number): number {
    assert(!this.#isReclaiming, 'reclaim does not start reclaim');
    this.#isReclaiming = true;
    const reclaimed = this.#reclaimer.reclaim(this.#cgroup, pages);
    this.#isReclaiming = false;
    if (!this.#isShrinking) {
      // The shrink worker is not part of reclaim: its own allocations may wait for reclaim.
      this.#isShrinking = true;
      const before = this.#engine.enter(OPERATION.writeback);
      this.#swap.zswap.runQueuedShrink();
      this.#engine.leave(before);
      this.#isShrinking = false;
    }
    return reclaimed;
  }
}
