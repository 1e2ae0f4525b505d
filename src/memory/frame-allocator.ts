/**
 * Frames for the cgroups: charging one, reclaiming from it when it is at its limit, and freeing.
 * Kernel counterpart: try_charge_memcg (mm/memcontrol.c), folio allocation (linux 6.18).
 */
import { assert, NO_ENTRY, NO_FRAME, type PageFrame } from '../units/index.ts';
import { EV, OPERATION, type Engine } from '../engine/index.ts';
import { PG, type FrameTable } from '../frames/index.ts';
import type { SwapSystem } from '../swap/swap-system.ts';
import type { MemoryCgroup } from './memory-cgroup.ts';
import type { MemoryCgroups } from './memory-cgroups.ts';
import type { Reclaimer } from './reclaim.ts';

/** Reclaim attempts of a charge before the OOM killer. @source mm/internal.h */
const MAX_RECLAIM_RETRIES = 16;

export interface FrameAllocatorParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly cgroups: MemoryCgroups;
  readonly swap: SwapSystem;
  readonly reclaimer: Reclaimer;
}

export class FrameAllocator {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #cgroups: MemoryCgroups;
  readonly #swap: SwapSystem;
  readonly #reclaimer: Reclaimer;
  /** Virtual time until which a frame's latest I/O keeps it busy. */
  readonly #ioDoneNs: Float64Array;
  /** The cgroup that was the last to find no memory; whoever asks sets it to 0 before. */
  exhausted = 0;
  #isReclaiming = false;
  #isShrinking = false;

  constructor(parts: FrameAllocatorParts) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#cgroups = parts.cgroups;
    this.#swap = parts.swap;
    this.#reclaimer = parts.reclaimer;
    this.#ioDoneNs = new Float64Array(parts.frames.frameCount);
  }

  /** A frame charged to a cgroup; NO_FRAME when reclaim cannot make room for it. */
  allocate(cgroupId: number): PageFrame {
    const cgroup = this.#cgroups.byId(cgroupId);
    if (!this.#charge(cgroup)) return NO_FRAME;
    const frame = this.#frames.allocate(cgroupId);
    if (frame === NO_FRAME) {
      cgroup.uncharge(1);
      return NO_FRAME;
    }
    this.#engine.count(EV.frameAlloc);
    this.#ioDoneNs[frame] = 0;
    return frame;
  }

  /** Frees a folio that may still be on a list or on its way there. */
  release(frame: PageFrame): void {
    this.#cgroups.forget(frame);
    this.free(frame);
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
    this.#cgroups.of(frame).uncharge(1);
    this.#frames.free(frame);
  }

  /** A frame is busy until `doneNs`. */
  noteIo(frame: PageFrame, doneNs: number): void {
    this.#ioDoneNs[frame] = doneNs;
  }

  waitForIo(frame: PageFrame): void {
    this.#engine.waitUntil(this.#ioDoneNs[frame]!);
  }

  /** Charges one page; false when reclaim cannot make room. */
  charge(cgroupId: number): boolean {
    return this.#charge(this.#cgroups.byId(cgroupId));
  }

  /** Makes room for `count` frames, as far as reclaim can; for how many there is room then. */
  reserve(cgroupId: number, count: number): number {
    if (this.#isReclaiming) return count;
    const cgroup = this.#cgroups.byId(cgroupId);
    let retries = MAX_RECLAIM_RETRIES;
    while (cgroup.marginPages < count && retries-- > 0) {
      const writeErrors = this.#engine.counted(EV.write_error);
      if (this.#reclaim(cgroup, count - cgroup.marginPages) === 0) break;
      if (this.#engine.counted(EV.write_error) > writeErrors) break;
    }
    return Math.min(count, cgroup.marginPages + cgroup.stockPages);
  }

  /** @source linux 6.18 mm/memcontrol.c try_charge_memcg */
  #charge(cgroup: MemoryCgroup): boolean {
    this.#engine.count(EV.memcgCharge);
    if (cgroup.tryCharge()) return true;
    if (this.#isReclaiming) {
      // Whoever reclaims (PF_MEMALLOC) may pass any cgroup's limit.
      cgroup.forceCharge();
      return true;
    }
    let isDrained = false;
    for (let retries = MAX_RECLAIM_RETRIES; retries >= 0;) {
      const writeErrors = this.#engine.counted(EV.write_error);
      const reclaimed = this.#reclaim(cgroup, 1);
      if (cgroup.tryCharge()) return true;
      if (!isDrained) {
        cgroup.drainStock();
        isDrained = true;
        if (cgroup.tryCharge()) return true;
      }
      // Otherwise than in the kernel: what a device has refused is back in memory, so that reclaim
      // and zswap's worker could go on for ever between them.
      if (reclaimed === 0 || this.#engine.counted(EV.write_error) > writeErrors) retries -= 1;
    }
    this.exhausted = cgroup.id;
    return false;
  }

  #reclaim(cgroup: MemoryCgroup, pages: number): number {
    assert(!this.#isReclaiming, 'reclaim does not start reclaim');
    this.#isReclaiming = true;
    const reclaimed = this.#reclaimer.reclaim(cgroup, pages);
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
