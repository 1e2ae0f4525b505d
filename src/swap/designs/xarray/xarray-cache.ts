/**
 * The swap cache of one area as XArrays, one for each 64 MiB: folios, and shadows of evicted ones.
 * Kernel counterpart: swapper_spaces, add_to_swap_cache, __delete_from_swap_cache,
 * clear_shadow_from_swap_cache (linux 6.17 mm/swap_state.c).
 *
 * A value is folio: page frame × 2 + 2, shadow: shadow × 2 + 1 (XA_VALUE), so below 2^50.
 *
 * Locks: insert, delete and clearing a shadow take the xa_lock of the 64 MiB with interrupts off;
 * looking up takes none. The cluster lock is another one: two locks, two updates.
 */
import { EV, XA_NODE_BYTES, XArray, XArrayNodes, type Engine } from '../../../engine/index.ts';
import type { SlotArea } from '../../../slots/index.ts';
import {
  assert,
  NO_FRAME,
  type ClusterIndex,
  type PageFrame,
  type SlotIndex,
} from '../../../units/index.ts';
import { NO_SHADOW, type MetadataTerm, type Shadow } from '../../swap-design.ts';
import type { SlotCache } from '../../tables/map-area.ts';
import type { SwapMap } from '../../tables/swap-map.ts';

/** @source linux 6.17 SWAP_ADDRESS_SPACE_SHIFT */
const SPACE_SHIFT = 14;
const SPACE_MASK = (1 << SPACE_SHIFT) - 1;
/** Bytes of struct address_space. @source linux x86-64, from BTF */
const ADDRESS_SPACE_BYTES = 192;

export class XArrayCache implements SlotCache {
  readonly #area: SlotArea;
  readonly #engine: Engine;
  readonly #nodes: XArrayNodes;
  readonly #spaces: readonly XArray[];

  constructor(area: SlotArea, engine: Engine) {
    this.#area = area;
    this.#engine = engine;
    this.#nodes = new XArrayNodes(engine);
    this.#spaces = Array.from(
      { length: Math.ceil(area.maxPages / (1 << SPACE_SHIFT)) },
      () => new XArray(this.#nodes, engine),
    );
  }

  folio(slot: SlotIndex): PageFrame {
    const value = this.#space(slot).load(slot & SPACE_MASK);
    const { trace } = this.#engine;
    if (trace.isRecording)
      trace.hop(
        'xaLoad',
        `swap cache xarray ${slot >>> SPACE_SHIFT} at ${slot & SPACE_MASK}`,
        say(value),
      );
    return folioOf(value);
  }

  shadow(slot: SlotIndex): Shadow {
    return shadowOf(this.#space(slot).peek(slot & SPACE_MASK));
  }

  reserve(slot: SlotIndex): boolean {
    return this.#space(slot).reserve(slot & SPACE_MASK);
  }

  enter(slot: SlotIndex, frame: PageFrame): void {
    this.#engine.count(EV['lockAcquire.swapCache']);
    this.#space(slot).store(slot & SPACE_MASK, frame * 2 + 2);
  }

  leave(slot: SlotIndex, shadow: Shadow): PageFrame {
    this.#engine.count(EV['lockAcquire.swapCache']);
    const space = this.#space(slot);
    const index = slot & SPACE_MASK;
    return folioOf(shadow === NO_SHADOW ? space.erase(index) : space.store(index, shadow * 2 + 1));
  }

  forget(slot: SlotIndex): void {
    const space = this.#space(slot);
    if (space.isEmpty) return;
    // clear_shadow_from_swap_cache walks the range whether or not there is one.
    this.#engine.count(EV['lockAcquire.swapCache']);
    if (shadowOf(space.peek(slot & SPACE_MASK)) !== NO_SHADOW) space.erase(slot & SPACE_MASK);
  }

  open(_cluster: ClusterIndex): boolean {
    return true;
  }

  close(_cluster: ClusterIndex): void {
    // Nodes come and go with what stands in them.
  }

  metadata(inUse: number): MetadataTerm[] {
    return [
      {
        term: 'address_space',
        kind: 'static',
        bytes: this.#spaces.length * ADDRESS_SPACE_BYTES,
        units: this.#spaces.length,
      },
      {
        term: 'swap_cache_xa_node',
        kind: 'dynamic',
        bytes: this.#nodes.liveCount * XA_NODE_BYTES,
        units: inUse,
      },
    ];
  }

  checkInvariants(map: SwapMap): void {
    for (let index = 1; index < this.#area.maxPages; index++) {
      const slot = index as SlotIndex;
      const value = this.#space(slot).peek(slot & SPACE_MASK);
      assert(map.hasCache(slot) === (folioOf(value) !== NO_FRAME), 'map and xarray agree');
      if (map.isFree(slot)) assert(value === 0, 'a free slot has neither folio nor shadow');
    }
    if (this.#spaces.every((space) => space.isEmpty))
      assert(this.#nodes.liveCount === 0, 'an empty cache has no nodes');
  }

  #space(slot: SlotIndex): XArray {
    return this.#spaces[slot >>> SPACE_SHIFT]!;
  }
}

function folioOf(value: number): PageFrame {
  return (value !== 0 && value % 2 === 0 ? value / 2 - 1 : NO_FRAME) as PageFrame;
}

function shadowOf(value: number): Shadow {
  return value % 2 === 1 ? (value - 1) / 2 : NO_SHADOW;
}

function say(value: number): string {
  if (value === 0) return 'nothing';
  return value % 2 === 1 ? 'a shadow' : `frame ${folioOf(value)}`;
}
