/**
 * Looks at swap from outside: where the bytes of an entry are, what a slot is taken for, how many
 * pages are on devices only. What is counted on the way is that of the look-ups that a fault makes.
 */
import { PG } from '../frames/index.ts';
import type { SlotState } from '../slots/index.ts';
import { NO_ENTRY, NO_FRAME, type PageFrame, type SwapEntry } from '../units/index.ts';
import { locate, locateOutside, locationOfFrame } from './resolve.ts';
import type { LocateParts, Location } from './resolve.ts';

export class SwapView {
  readonly #parts: LocateParts;

  constructor(parts: LocateParts) {
    this.#parts = parts;
  }

  /** Where an entry's bytes are, by the look-ups of a fault; counted as those are. */
  locate(entry: SwapEntry): Location {
    return locate(this.#parts, entry);
  }

  /** As `locate`, past the swap cache: what a cached folio's entry has elsewhere. */
  locateOutside(entry: SwapEntry): Location {
    return locateOutside(this.#parts, entry);
  }

  locationOfFrame(frame: PageFrame): Location {
    return locationOfFrame(this.#parts.frames, frame);
  }

  /** What a slot that is taken is taken for, the same for every design. */
  slotState(slot: SwapEntry): SlotState {
    const { frames, zswap, design } = this.#parts;
    const { entries, backing } = design;
    const entry = backing.entryAt(slot);
    if (entry === NO_ENTRY) return 'cached';
    if (entries.isZero(entry)) return 'zero';
    if (zswap.holds(entry)) return 'zswap';
    // A ghost's, or an index whose bytes are in a slot of another area.
    if (backing.slotForRead(entry) !== slot) return 'cached';
    const frame = entries.folioAt(entry);
    return frame !== NO_FRAME && frames.has(frame, PG.dirty) ? 'cached' : 'written';
  }

  /** Pages whose only copy is on a device. */
  get filePages(): number {
    const { frames, zswap, design } = this.#parts;
    const { cachedCount, doubledCount } = frames;
    const elsewhere = design.zeroEntries() + zswap.entries.count - doubledCount + cachedCount;
    return design.entriesInUse() - elsewhere;
  }
}
