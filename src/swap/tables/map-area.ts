/**
 * What kernels through 6.18 keep for one area: a byte of swap_map for each slot, a zero bit, a
 * cgroup id, and beside them the swap cache, in whatever table the design has for it.
 * Kernel counterpart: struct swap_info_struct, mm/swap_cgroup.c, mm/swapfile.c (linux 6.17, 6.18).
 */
import { EV, type Engine } from '../../engine/index.ts';
import type { SlotArea, SlotOwner } from '../../slots/index.ts';
import {
  makeSwapEntry,
  type ClusterIndex,
  type PageFrame,
  type SlotIndex,
  type SwapEntry,
} from '../../units/index.ts';
import type { ZswapIndex } from '../../zswap/index.ts';
import type { DesignHost, MetadataTerm, Shadow } from '../swap-design.ts';
import { SwapMap } from './swap-map.ts';

/** The swap cache of one area: folios and shadows by slot, under a lock of its own choice. */
export interface SlotCache {
  /** The folio at a slot, or NO_FRAME; counted as a look-up. */
  folio(slot: SlotIndex): PageFrame;
  shadow(slot: SlotIndex): Shadow;
  /** Makes sure that `enter` cannot fail; false when there is no memory. */
  reserve(slot: SlotIndex): boolean;
  enter(slot: SlotIndex, frame: PageFrame): void;
  /** Puts the shadow (or nothing) where the folio stood, and returns the folio. */
  leave(slot: SlotIndex, shadow: Shadow): PageFrame;
  /** The slot is freed, its cluster's lock is held: a shadow that is left goes. */
  forget(slot: SlotIndex): void;
  open(cluster: ClusterIndex): boolean;
  close(cluster: ClusterIndex): void;
  metadata(inUse: number): MetadataTerm[];
  checkInvariants(map: SwapMap): void;
}

/** Bytes rounded up to whole pages, as vmalloc takes them. */
export function pageAlign(bytes: number): number {
  return Math.ceil(bytes / 4096) * 4096;
}

export interface MapAreaParts {
  readonly area: SlotArea;
  readonly engine: Engine;
  readonly host: DesignHost;
  readonly trees: ZswapIndex;
  readonly cache: SlotCache;
}

export class MapArea implements SlotOwner {
  readonly area: SlotArea;
  readonly map: SwapMap;
  readonly cache: SlotCache;
  readonly #zeromap: Uint8Array;
  readonly #cgroups: Uint16Array;
  readonly #engine: Engine;
  readonly #host: DesignHost;
  readonly #trees: ZswapIndex;
  #zeroCount = 0;

  constructor(parts: MapAreaParts) {
    const { area } = parts;
    this.area = area;
    this.cache = parts.cache;
    this.map = new SwapMap(area.maxPages, area.unusable);
    this.#zeromap = new Uint8Array(Math.ceil(area.maxPages / 64) * 8);
    this.#cgroups = new Uint16Array(area.maxPages + (area.maxPages % 2));
    this.#engine = parts.engine;
    this.#host = parts.host;
    this.#trees = parts.trees;
  }

  isFree(slot: SlotIndex): boolean {
    return this.map.isFree(slot);
  }

  isCacheOnly(slot: SlotIndex): boolean {
    return this.map.isCacheOnly(slot);
  }

  claim(slot: SlotIndex): void {
    this.#engine.count(EV.swapMapWrite);
    this.map.setCache(slot);
  }

  openCluster(cluster: ClusterIndex): boolean {
    return this.cache.open(cluster);
  }

  closeCluster(cluster: ClusterIndex): void {
    this.cache.close(cluster);
  }

  reclaimCached(slot: SlotIndex): boolean {
    return this.#host.reclaimCached(makeSwapEntry(this.area.type, slot));
  }

  setZero(slot: SlotIndex, isZero: boolean): void {
    this.#engine.count(EV.zeromapWrite);
    const byte = this.#zeromap[slot >>> 3]!;
    const bit = 1 << (slot & 7);
    if (((byte & bit) !== 0) === isZero) return;
    this.#zeromap[slot >>> 3] = byte ^ bit;
    this.#zeroCount += isZero ? 1 : -1;
  }

  /** Slots that hold a page of zeros. */
  get zeroCount(): number {
    return this.#zeroCount;
  }

  isZero(slot: SlotIndex): boolean {
    const isZero = (this.#zeromap[slot >>> 3]! & (1 << (slot & 7))) !== 0;
    this.#engine.count(EV.zeromapRead);
    const { trace } = this.#engine;
    if (trace.isRecording)
      trace.hop('zeromapRead', `zeromap bit ${slot}`, isZero ? 'a page of zeros' : 'not zero');
    return isZero;
  }

  setCgroup(slot: SlotIndex, cgroup: number): void {
    this.#engine.count(EV.cgroupWrite);
    this.#host.charge(this.#cgroups[slot]!, -1);
    this.#cgroups[slot] = cgroup;
    this.#host.charge(cgroup, 1);
  }

  cgroup(slot: SlotIndex): number {
    this.#engine.count(EV.cgroupRead);
    return this.#cgroups[slot]!;
  }

  /** Drops one reference; the cluster's lock is held. */
  drop(slot: SlotIndex): void {
    this.#engine.count(EV.swapMapWrite);
    this.map.decrement(slot);
    if (this.map.isFree(slot)) this.free(slot);
  }

  /**
   * Frees a slot that nothing holds; its cluster's lock is held.
   * @source linux 6.18 swap_entries_free, swap_range_free
   */
  free(slot: SlotIndex): void {
    const entry: SwapEntry = makeSwapEntry(this.area.type, slot);
    this.#host.charge(this.#cgroups[slot]!, -1);
    this.#cgroups[slot] = 0;
    if ((this.#zeromap[slot >>> 3]! & (1 << (slot & 7))) !== 0) this.setZero(slot, false);
    const zswapEntry = this.#trees.erase(entry);
    if (zswapEntry !== 0) this.#host.freeZswapEntry(zswapEntry);
    this.cache.forget(slot);
    this.area.release(slot);
  }

  metadata(): MetadataTerm[] {
    const { usablePages, inUse } = this.area;
    return [
      { term: 'swap_map', kind: 'static', bytes: this.map.mapBytes, units: usablePages },
      {
        term: 'swap_cgroup',
        kind: 'static',
        bytes: pageAlign(this.#cgroups.byteLength),
        units: usablePages,
      },
      { term: 'zeromap', kind: 'static', bytes: this.#zeromap.length, units: usablePages },
      ...this.cache.metadata(inUse),
      {
        term: 'swap_map_continuation',
        kind: 'dynamic',
        bytes: this.map.continuationBytes,
        units: this.map.continuationBytes / 4096,
      },
    ];
  }

  checkInvariants(): void {
    this.cache.checkInvariants(this.map);
  }
}
