/**
 * Where bytes are in a plain design: the entry is the slot. On a ghost area there are none: its
 * pages are in zswap or in memory.
 */
import type { Engine } from '../../engine/index.ts';
import { ROLE, type SlotSpace } from '../../slots/index.ts';
import { entrySlot, entryType, NO_ENTRY, PAGE_SIZE, type SwapEntry } from '../../units/index.ts';
import type { ZswapIndex } from '../../zswap/index.ts';
import type { Backing } from '../swap-design.ts';

export class PlainBacking implements Backing {
  readonly zswap: ZswapIndex;
  readonly #space: SlotSpace;
  readonly #engine: Engine;

  constructor(engine: Engine, space: SlotSpace, zswap: ZswapIndex) {
    this.#engine = engine;
    this.#space = space;
    this.zswap = zswap;
  }

  mayWrite(entry: SwapEntry): boolean {
    return this.#space.area(entryType(entry))!.role === ROLE.plain;
  }

  canWriteBack(): boolean {
    return this.#space.areas().some((area) => area.role === ROLE.plain);
  }

  slotForRead(entry: SwapEntry): SwapEntry {
    const slot = this.mayWrite(entry) ? entry : NO_ENTRY;
    const { trace } = this.#engine;
    if (trace.isRecording)
      trace.step(
        nameOf(entry),
        slot === NO_ENTRY
          ? 'nothing: a ghost area has no bytes'
          : `byte ${entrySlot(slot) * PAGE_SIZE} of area ${entryType(slot)}`,
      );
    return slot;
  }

  slotForWrite(entry: SwapEntry): SwapEntry {
    return this.mayWrite(entry) ? entry : NO_ENTRY;
  }

  entryAt(slot: SwapEntry): SwapEntry {
    return slot;
  }
}

/** An entry in words, for hops. */
export function nameOf(entry: SwapEntry): string {
  return `swap entry ${entryType(entry)}:${entrySlot(entry)}`;
}
