/**
 * Where bytes are in a plain design: the entry is the slot. On a ghost area there are none: its
 * pages are in zswap or in memory.
 */
import type { Engine } from '../../engine/index.ts';
import { ROLE, type SlotSpace } from '../../slots/index.ts';
import {
  entryName,
  entrySlot,
  entryType,
  NO_ENTRY,
  PAGE_SIZE,
  type SwapEntry,
} from '../../units/index.ts';
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
    if (trace.isRecording && slot === NO_ENTRY)
      trace.step(entryName(entry), `nothing: area ${entryType(entry)} is a ghost without bytes`);
    stepToBytes(this.#engine, entry, slot);
    return slot;
  }

  slotForWrite(entry: SwapEntry): SwapEntry {
    return this.mayWrite(entry) ? entry : NO_ENTRY;
  }

  takeSlot(entry: SwapEntry): SwapEntry {
    return this.slotForWrite(entry);
  }

  useSlot(_entry: SwapEntry, _slot: SwapEntry): boolean {
    return true;
  }

  dropSlot(_entry: SwapEntry, _slot: SwapEntry): void {
    // The slot is the entry: it stays.
  }

  entryAt(slot: SwapEntry): SwapEntry {
    return slot;
  }
}

/** Notes the step from the slot that was found, if any, to its bytes: arithmetic. */
export function stepToBytes(engine: Engine, entry: SwapEntry, slot: SwapEntry): void {
  const { trace } = engine;
  if (!trace.isRecording || slot === NO_ENTRY) return;
  const place = `area ${entryType(slot)}`;
  trace.step(
    slot === entry ? entryName(entry) : `slot ${entrySlot(slot)} of ${place}`,
    `byte ${entrySlot(slot) * PAGE_SIZE} of ${place}`,
  );
}
