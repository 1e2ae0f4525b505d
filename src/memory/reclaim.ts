/**
 * Reclaim of a memory cgroup that is at its limit.
 * Kernel counterpart: mm/vmscan.c (linux 6.18, classic LRU: CONFIG_LRU_GEN off), cgroup reclaim.
 *
 * Simplified on purpose: cgroups without a hierarchy, one node; no file pages are reclaimed yet (the lists and the
 * balance between them are here); a round of I/O ends with each pass over the lists (completion
 * mode `batch`), so a folio under writeback is met only when its write failed to be merged away.
 */
import { NO_ENTRY, NO_FRAME, type PageFrame, type SwapEntry } from '../units/index.ts';
import { EV, OPERATION, type Engine } from '../engine/index.ts';
import { PG, type FrameTable } from '../frames/index.ts';
import type { SwapSystem } from '../swap/swap-system.ts';
import type { LruBatch } from './lru-batch.ts';
import { LRU, LRU_COUNT } from './lru-lists.ts';
import type { MemoryCgroup } from './memory-cgroup.ts';
import type { ReverseMap } from './reverse-map.ts';
import { shrinkSlab } from './slab-shrinker.ts';
import { evictionShadow } from './workingset.ts';

/** Pages scanned at a time. @source linux 6.18 SWAP_CLUSTER_MAX */
export const SWAP_CLUSTER_MAX = 32;
/** @source linux 6.18 include/linux/mmzone.h DEF_PRIORITY */
const DEF_PRIORITY = 12;

/** What becomes of a folio that reclaim looked at. */
type Verdict = 'free' | 'keep' | 'activate';

export interface ReclaimParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly swap: SwapSystem;
  readonly rmap: ReverseMap;
  /** New folios of all cgroups, on their way to the lists. */
  readonly batch: LruBatch;
  /** Frees a folio that is mapped nowhere, cached nowhere and off the lists. */
  readonly freeFolio: (frame: PageFrame) => void;
  /** A shared file's folio has a swap entry: the file's index holds that from now on. */
  readonly moveToSwap: (frame: PageFrame, entry: SwapEntry) => void;
  /** vm.swappiness, 0 to 200. */
  readonly swappiness: number;
}

/** The state of one call (struct scan_control). */
interface ScanControl {
  priority: number;
  nrReclaimed: number;
  readonly nrToReclaim: number;
  mayDeactivateAnon: boolean;
  mayDeactivateFile: boolean;
  forceDeactivate: boolean;
  skippedDeactivate: boolean;
}

export class Reclaimer {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #swap: SwapSystem;
  readonly #rmap: ReverseMap;
  readonly #freeFolio: (frame: PageFrame) => void;
  readonly #moveToSwap: (frame: PageFrame, entry: SwapEntry) => void;
  readonly #swappiness: number;
  readonly #batch: LruBatch;
  readonly #isolated = new Uint32Array(SWAP_CLUSTER_MAX);
  readonly #toScan = new Float64Array(LRU_COUNT);
  readonly #targets = new Float64Array(LRU_COUNT);
  readonly #duplicate: (entry: number) => boolean;
  #pageoutCount = 0;
  /** A folio that a fault is working on: its lock is held, reclaim keeps it. */
  pinned: PageFrame = NO_FRAME;

  constructor(parts: ReclaimParts) {
    this.#engine = parts.engine;
    this.#frames = parts.frames;
    this.#swap = parts.swap;
    this.#rmap = parts.rmap;
    this.#freeFolio = parts.freeFolio;
    this.#moveToSwap = parts.moveToSwap;
    this.#swappiness = parts.swappiness;
    this.#batch = parts.batch;
    const { entries } = parts.swap.design;
    this.#duplicate = (entry) => entries.duplicate(entry as never) === 'ok';
  }

  /**
   * Frees pages of a cgroup: passes over its lists at falling priority until `nrToReclaim` are free.
   * @returns pages freed
   * @source linux 6.18 try_to_free_mem_cgroup_pages, do_try_to_free_pages
   */
  reclaim(cgroup: MemoryCgroup, nrPages: number): number {
    const control: ScanControl = {
      priority: DEF_PRIORITY,
      nrReclaimed: 0,
      nrToReclaim: Math.max(nrPages, SWAP_CLUSTER_MAX),
      mayDeactivateAnon: false,
      mayDeactivateFile: false,
      forceDeactivate: false,
      skippedDeactivate: false,
    };
    this.#passes(cgroup, control);
    if (control.nrReclaimed === 0 && control.skippedDeactivate) {
      // Nothing could be had while the active lists were spared: take from them.
      control.forceDeactivate = true;
      this.#passes(cgroup, control);
    }
    return control.nrReclaimed;
  }

  #passes(cgroup: MemoryCgroup, control: ScanControl): void {
    for (control.priority = DEF_PRIORITY; control.priority >= 0; control.priority--) {
      this.#prepare(cgroup, control);
      this.#shrinkLruvec(cgroup, control);
      this.#shrinkZswap(cgroup, control.priority);
      if (control.nrReclaimed >= control.nrToReclaim) break;
    }
    cgroup.seenActivatedRefaults = cgroup.statistics.activatedRefaults;
  }

  /** @source linux 6.18 shrink_node_memcgs: shrink_slab follows the lists of each cgroup */
  #shrinkZswap(cgroup: MemoryCgroup, priority: number): void {
    const { shrinker } = this.#swap.zswap;
    if (!shrinker.isEnabled) return;
    const before = this.#engine.enter(OPERATION.writeback);
    shrinkSlab(shrinker, cgroup, priority);
    this.#engine.leave(before);
  }

  /** @source linux 6.18 prepare_scan_control */
  #prepare(cgroup: MemoryCgroup, control: ScanControl): void {
    const { statistics } = cgroup;
    statistics.refresh();
    const refaulted = statistics.activatedRefaults !== cgroup.seenActivatedRefaults;
    control.mayDeactivateAnon =
      control.forceDeactivate || refaulted || inactiveIsLow(cgroup, LRU.inactiveAnon);
    control.mayDeactivateFile = control.forceDeactivate || inactiveIsLow(cgroup, LRU.inactiveFile);
  }

  /** @source linux 6.18 shrink_lruvec */
  #shrinkLruvec(cgroup: MemoryCgroup, control: ScanControl): void {
    const toScan = this.#toScan;
    this.#setScanCounts(cgroup, control);
    this.#targets.set(toScan);
    let reclaimed = 0;
    // File pages have a turn as soon as a share of them is a whole page, and with them the active
    // anonymous list, be the inactive one empty. In a cgroup without any the loop ends at once.
    let fileTurn = cgroup.filePages >>> control.priority > 0;
    while (
      fileTurn ||
      toScan[LRU.inactiveAnon]! + toScan[LRU.activeFile]! + toScan[LRU.inactiveFile]! > 0
    ) {
      fileTurn = false;
      for (let list = 0; list < LRU_COUNT; list++) {
        const count = Math.min(toScan[list]!, SWAP_CLUSTER_MAX);
        if (count === 0) continue;
        toScan[list]! -= count;
        reclaimed += this.#shrinkList(cgroup, control, list, count);
      }
      if (reclaimed < control.nrToReclaim) continue;
      if (!this.#rebalance()) break;
    }
    control.nrReclaimed += reclaimed;
    if (inactiveIsLow(cgroup, LRU.inactiveAnon))
      this.#shrinkActive(cgroup, LRU.activeAnon, SWAP_CLUSTER_MAX);
  }

  /** How many folios of each list this pass looks at (get_scan_count). */
  #setScanCounts(cgroup: MemoryCgroup, control: ScanControl): void {
    const total = cgroup.anonCost + cgroup.fileCost;
    const anonCost = total + cgroup.anonCost;
    const fileCost = total + cgroup.fileCost;
    const totalCost = anonCost + fileCost;
    const anon = Math.floor((this.#swappiness * (totalCost + 1)) / (anonCost + 1));
    const file = Math.floor(((200 - this.#swappiness) * (totalCost + 1)) / (fileCost + 1));
    const isEqual = control.priority === 0 && this.#swappiness > 0;
    const hasSwap = this.#swap.design.freeEntries() > 0;
    for (let list = 0; list < LRU_COUNT; list++) {
      const isFile = list >= LRU.inactiveFile;
      let scan = cgroup.lru.size(list) >>> control.priority;
      // Without room in swap only file pages can go; anonymous ones would come straight back.
      if (!hasSwap && !this.#hasCachedFolios()) scan = isFile ? scan : 0;
      else if (!isEqual) scan = Math.floor((scan * (isFile ? file : anon)) / (anon + file));
      this.#toScan[list] = scan;
    }
  }

  /** can_reclaim_anon_pages: with swap full, folios that already have a slot can still go. */
  #hasCachedFolios(): boolean {
    return this.#swap.space.totalPages > 0;
  }

  /**
   * Enough was freed: stops one type and scales the other down to the same share.
   * @returns false when the pass is over
   */
  #rebalance(): boolean {
    const toScan = this.#toScan;
    const anon = toScan[LRU.inactiveAnon]! + toScan[LRU.activeAnon]!;
    const file = toScan[LRU.inactiveFile]! + toScan[LRU.activeFile]!;
    if (anon === 0 || file === 0) return false;
    const stopFile = anon >= file;
    const stopped = stopFile ? LRU.inactiveFile : LRU.inactiveAnon;
    const other = stopFile ? LRU.inactiveAnon : LRU.inactiveFile;
    const target = this.#targets[stopped]! + this.#targets[stopped + 1]! + 1;
    const percent = Math.floor(((stopFile ? file : anon) * 100) / target);
    toScan[stopped] = 0;
    toScan[stopped + 1] = 0;
    for (const list of [other, other + 1]) {
      const scanned = this.#targets[list]! - toScan[list]!;
      const wanted = Math.floor((this.#targets[list]! * (100 - percent)) / 100);
      toScan[list] = Math.max(0, wanted - Math.min(wanted, scanned));
    }
    return true;
  }

  #shrinkList(cgroup: MemoryCgroup, control: ScanControl, list: number, count: number): number {
    if (list === LRU.activeAnon || list === LRU.activeFile) {
      const may = list === LRU.activeAnon ? control.mayDeactivateAnon : control.mayDeactivateFile;
      if (may) this.#shrinkActive(cgroup, list, count);
      else control.skippedDeactivate = true;
      return 0;
    }
    return this.#shrinkInactive(cgroup, list, count);
  }

  /** Moves folios from the tail of an active list to the inactive one (shrink_active_list). */
  #shrinkActive(cgroup: MemoryCgroup, list: number, count: number): void {
    this.#batch.drain();
    const taken = this.#isolate(cgroup, list, count);
    this.#engine.countMany(EV.pgrefill, taken);
    for (let i = 0; i < taken; i++) {
      const frame = this.#isolated[i]! as PageFrame;
      // Anonymous folios are deactivated whether or not they were referenced.
      this.#rmap.countReferenced(frame);
      this.#frames.clear(frame, PG.active);
      this.#note(frame, 'to the inactive list');
      this.#frames.set(frame, PG.workingset);
      cgroup.lru.putBack(frame);
    }
    this.#engine.countMany(EV.pgdeactivate, taken);
  }

  /** @source linux 6.18 shrink_inactive_list */
  #shrinkInactive(cgroup: MemoryCgroup, list: number, count: number): number {
    this.#batch.drain();
    const taken = this.#isolate(cgroup, list, count);
    if (taken === 0) return 0;
    this.#engine.countMany(EV.pgscan_anon, taken);
    this.#pageoutCount = 0;
    let freed = 0;
    for (let i = 0; i < taken; i++) {
      const frame = this.#isolated[i]! as PageFrame;
      const verdict = this.#shrinkFolio(cgroup, frame);
      if (verdict === 'free') {
        freed += 1;
        this.#freeFolio(frame);
        continue;
      }
      if (verdict === 'activate') this.#activate(frame);
      // Every folio that goes back active ages the LRU (move_folios_to_lru).
      if (this.#frames.has(frame, PG.active)) cgroup.nonresidentAge += 1;
      cgroup.lru.putBack(frame);
    }
    this.#engine.countMany(EV.pgsteal_anon, freed);
    this.#endRound();
    cgroup.noteCost(false, this.#pageoutCount, taken - freed, SWAP_CLUSTER_MAX);
    return freed;
  }

  /**
   * What was queued goes to the devices, and in mode `batch` completes: a plug holds no more than 32
   * requests, or 128 KiB of one.
   * @source linux 6.18 block/blk-mq.c blk_add_rq_to_plug (BLK_MAX_REQUEST_COUNT, BLK_PLUG_FLUSH_SIZE)
   */
  #endRound(): void {
    const before = this.#engine.enter(OPERATION.swapOut);
    this.#swap.endRound();
    this.#engine.leave(before);
  }

  /** Takes up to `count` folios off the tail of a list. */
  #isolate(cgroup: MemoryCgroup, list: number, count: number): number {
    this.#engine.count(EV['lockAcquire.lru']);
    let taken = 0;
    while (taken < count) {
      const frame = cgroup.lru.tail(list);
      if (frame === NO_FRAME) break;
      cgroup.lru.remove(frame);
      this.#isolated[taken++] = frame;
    }
    return taken;
  }

  /** One folio of the inactive list (shrink_folio_list, order 0). */
  #shrinkFolio(cgroup: MemoryCgroup, frame: PageFrame): Verdict {
    const frames = this.#frames;
    this.#engine.count(EV['lockAcquire.folio']);
    if (frame === this.pinned) return 'keep';
    if (frames.has(frame, PG.writeback)) {
      // Met before its round ended (another pass queued it): wait for it, as cgroup v1 does.
      this.#swap.flushWrites();
      // One of a batch that zswap is about to write: its lock is held.
      if (frames.has(frame, PG.writeback)) return 'keep';
    }
    const references = this.#checkReferences(frame);
    if (references !== 'free') return references;
    const before = this.#engine.enter(OPERATION.swapOut);
    const verdict = this.#swapOut(cgroup, frame);
    this.#engine.leave(before);
    return verdict;
  }

  /** @source linux 6.18 mm/vmscan.c shrink_folio_list, pageout */
  #swapOut(cgroup: MemoryCgroup, frame: PageFrame): Verdict {
    const frames = this.#frames;
    const hasOwner = frames.has(frame, PG.anon | PG.shmem);
    if (frames.has(frame, PG.shmem)) {
      if (!this.#swapOutShared(frame)) return 'activate';
    } else if (!frames.has(frame, PG.swapcache)) {
      if (frames.mapCount(frame) === 0) return 'free';
      if (!this.#swap.addToSwap(frame)) return 'activate';
      frames.set(frame, PG.dirty);
    }
    if (frames.mapCount(frame) > 0) {
      const entry = frames.entry(frame);
      if (!this.#rmap.unmap(frame, entry, this.#duplicate)) return 'activate';
    }
    if (frames.has(frame, PG.dirty)) {
      // A folio that was read ahead out of zswap is dirty. While nobody has mapped it, it is neither
      // anonymous nor a file's: it will not be written, and goes round the lists until it is used.
      if (!hasOwner) return 'activate';
      const result = this.#pageout(frame);
      if (result !== 'free') return result;
    }
    if (frames.has(frame, PG.swapcache))
      this.#swap.design.entries.removeFolio(
        frames.entry(frame),
        evictionShadow(cgroup, frames, frame),
      );
    return 'free';
  }

  /** @source linux 6.18 mm/shmem.c shmem_writeout */
  #swapOutShared(frame: PageFrame): boolean {
    if (this.#frames.mapCount(frame) > 0) this.#rmap.unmapShared(frame);
    if (!this.#swap.addToSwap(frame)) return false;
    const entry = this.#frames.entry(frame);
    if (!this.#duplicate(entry)) {
      this.#swap.freeSwap(frame);
      return false;
    }
    this.#moveToSwap(frame, entry);
    this.#frames.set(frame, PG.dirty);
    return true;
  }

  /**
   * The second chance: accessed once, a folio is kept; accessed again on its next trip, activated.
   * @source linux 6.18 folio_check_references
   */
  #checkReferences(frame: PageFrame): Verdict {
    const referenced = this.#rmap.countReferenced(frame);
    const wasReferenced = this.#frames.testAndClear(frame, PG.referenced);
    if (referenced === 0) return 'free';
    this.#frames.set(frame, PG.referenced);
    const isHot = wasReferenced || referenced > 1;
    this.#note(
      frame,
      isHot ? 'reclaim: used again' : 'reclaim: used once, kept for one more round',
    );
    return isHot ? 'activate' : 'keep';
  }

  #note(frame: PageFrame, what: string): void {
    const { trace } = this.#engine;
    if (trace.concerns(frame, NO_ENTRY)) trace.note(this.#engine.nowNs, what);
  }

  #pageout(frame: PageFrame): Verdict {
    this.#engine.count(EV.nr_vmscan_write);
    const result = this.#swap.writeOut(frame);
    switch (result) {
      case 'stored':
        this.#pageoutCount += 1;
        return 'free';
      case 'queued':
        this.#pageoutCount += 1;
        return 'keep';
      case 'freed':
        return 'free';
      case 'activate':
        return 'activate';
    }
  }

  #activate(frame: PageFrame): void {
    if (this.#swap.space.isFull()) this.#swap.freeSwap(frame);
    this.#frames.set(frame, PG.active);
    this.#note(frame, 'to the active list');
    this.#engine.count(EV.pgactivate);
  }
}

/**
 * The inactive list is small against the active one.
 * @source linux 6.18 mm/vmscan.c inactive_is_low
 */
function inactiveIsLow(cgroup: MemoryCgroup, inactiveList: number): boolean {
  const inactive = cgroup.statistics.size(inactiveList);
  const active = cgroup.statistics.size(inactiveList + 1);
  const gib = Math.floor((inactive + active) / 2 ** 18);
  const ratio = gib > 0 ? Math.floor(Math.sqrt(10 * gib)) : 1;
  return inactive * ratio < active;
}
