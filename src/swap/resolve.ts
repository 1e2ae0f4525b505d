/**
 * From a swap entry to its bytes, by the look-ups that a fault makes and in their order. What a
 * design reads on the way it records itself (`engine.trace`): nothing here knows a design, and a
 * table that answers otherwise gives another list of hops.
 * Kernel counterpart: do_swap_page, swap_read_folio (linux 6.18), as far as they look things up.
 */
import type { CountedName, Engine, Hop } from '../engine/index.ts';
import { PG, type FrameTable } from '../frames/index.ts';
import {
  entrySlot,
  entryType,
  NO_ENTRY,
  NO_FRAME,
  type PageFrame,
  type SwapEntry,
} from '../units/index.ts';
import type { Zswap } from '../zswap/index.ts';
import type { FilledPages } from './filled-pages.ts';
import type { SwapDesign } from './swap-design.ts';

/** Where the bytes of a page are. */
export type Location =
  | {
      readonly kind: 'frame';
      readonly frame: PageFrame;
      /** A device is being given its bytes. */
      readonly writeback: boolean;
      /** It holds what nothing else does. */
      readonly dirty: boolean;
    }
  /** Nowhere: the page is zeros. */
  | { readonly kind: 'zero' }
  /** Nowhere: the page is one word over and over, which is kept beside the entry's flag. */
  | { readonly kind: 'filled'; readonly entry: SwapEntry; readonly word: string }
  | {
      readonly kind: 'zswap';
      readonly zswapEntry: number;
      readonly handle: number;
      readonly zspage: number;
      /** Byte of the zspage's chain. */
      readonly offset: number;
      readonly lengthBytes: number;
    }
  | {
      readonly kind: 'file';
      readonly area: number;
      /** Path of the area's file or device. */
      readonly name: string;
      readonly slot: number;
      /** Byte of the file; null while a device with a location map has the slot in its RAM buffer. */
      readonly offset: number | null;
      readonly lengthBytes: number;
    }
  | { readonly kind: 'nowhere'; readonly why: string };

/** A way to a place, as it was read. */
export interface Resolution {
  readonly hops: readonly Hop[];
  readonly location: Location;
  /** Everything that was counted on the way: locks, too, which lead nowhere. */
  readonly events: Readonly<Partial<Record<CountedName, number>>>;
}

/** Where a slot's bytes lie: at slot × 4096 unless the device has a location map. */
export interface SlotPlace {
  readonly offset: number | null;
  readonly lengthBytes: number;
}

export interface LocateParts {
  readonly frames: FrameTable;
  readonly design: SwapDesign;
  readonly zswap: Zswap;
  readonly filled: FilledPages;
  /** Where the bytes of a slot lie on the area's device. */
  readonly placeOf: (type: number, slot: number) => SlotPlace;
  /** Name of the area of a swap type. */
  readonly nameOf: (type: number) => string;
}

/** Finds the bytes of an entry as a fault does: the swap cache first. */
export function locate(parts: LocateParts, entry: SwapEntry): Location {
  const { entries } = parts.design;
  const cached = entries.folioAt(entry);
  if (cached !== NO_FRAME) return locationOfFrame(parts.frames, cached);
  if (!entries.isSwapped(entry)) return { kind: 'nowhere', why: 'the entry is free' };
  return locateOutside(parts, entry);
}

/** Finds what stands under an entry outside of memory, whether or not its folio is cached. */
export function locateOutside(parts: LocateParts, entry: SwapEntry): Location {
  const { entries, backing } = parts.design;
  if (entries.isZero(entry)) {
    const word = parts.filled.wordOf(entry);
    return word === null ? { kind: 'zero' } : { kind: 'filled', entry, word };
  }
  const held = parts.zswap.locate(entry);
  if (held !== null) {
    const { zswapEntry, handle, zspage, offset, lengthBytes } = held;
    return { kind: 'zswap', zswapEntry, handle, zspage, offset, lengthBytes };
  }
  const slot = backing.slotForRead(entry);
  if (slot === NO_ENTRY) return { kind: 'nowhere', why: 'no slot of a device is behind the entry' };
  const area = entryType(slot);
  const index = entrySlot(slot);
  const { offset, lengthBytes } = parts.placeOf(area, index);
  return { kind: 'file', area, name: parts.nameOf(area), slot: index, offset, lengthBytes };
}

export function locationOfFrame(frames: FrameTable, frame: PageFrame): Location {
  const [writeback, dirty] = [frames.has(frame, PG.writeback), frames.has(frame, PG.dirty)];
  return { kind: 'frame', frame, writeback, dirty };
}

/**
 * Runs a search with hops on, beside the run: nothing of it stays counted. Only a CPU's look-up
 * cache (vswap v6) is left as the search leaves it.
 */
export function recordSearch(engine: Engine, search: () => Location): Resolution {
  return engine.aside(() => {
    const before = engine.snapshot();
    const found: Location[] = [];
    const hops = engine.trace.record(() => {
      found.push(search());
    });
    return { hops, location: found[0]!, events: engine.since(before) };
  });
}
