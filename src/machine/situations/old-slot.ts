/**
 * A slot that is not needed any more, and what it is used for: a page whose bytes have moved holds
 * its entry through thousands of allocations, then it is dropped, and the run goes on until the entry
 * and the slot behind it are taken again.
 */
import type { Location } from '../../swap/index.ts';
import {
  entryName,
  makeSwapEntry,
  type SlotIndex,
  type SwapEntry,
  type VirtualPage,
} from '../../units/index.ts';
import { describeGauges, describeLocation, plural } from './in-words.ts';
import type { Finding, Inquiry, Situation } from './situation.ts';
import type { PageView, Stage, Swapped } from './stage.ts';

/** Operations of each line of the trace. */
const FILL = 160;
const HOLD = 2400;
const DROP = 8;
const REUSE = 20_000;
/** Pages whose fate is followed: they are dropped later. */
const OLD_PAGES = 8;

export const oldSlot: Situation = {
  title: 'a freed old slot, and what it is used for',
  scene: {
    trace: [
      'pages 160',
      `W 0 160 seq ${FILL} 1 mix:1024`,
      `W ${OLD_PAGES} 152 seq ${HOLD} 1 mix:1024`,
      `D 0 ${OLD_PAGES} seq ${DROP} 1 -`,
      `W ${OLD_PAGES} 152 seq ${REUSE} 1 mix:1024`,
      '',
    ].join('\n'),
    pool: 'small-if-written-back',
    device: 'file',
  },
  ask: (stage) => new OldSlot(stage),
};

class OldSlot implements Inquiry {
  readonly #stage: Stage;
  /** Where the old pages were first seen outside of memory. */
  readonly #first = new Map<number, Swapped>();
  #old: PageView | null = null;
  #wasIn = '';
  #sentBefore = 0;
  #sentWhileHeld = 0;
  #gaugesHeld = '';
  #gaugesDropped = '';
  #stolen = false;
  #newEntry: PageView | null = null;
  #newSlot: PageView | null = null;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  afterOperation(operations: number): Finding | null {
    if (operations < FILL) this.#noteFirst();
    else if (operations === FILL) return this.#choose();
    else if (operations <= FILL + HOLD) this.#watch(operations === FILL + HOLD);
    else if (operations === FILL + HOLD + DROP) this.#gaugesDropped = describeGauges(this.#stage);
    else if (operations > FILL + HOLD + DROP) this.#seekNewOwners();
    const isOver = this.#newEntry !== null && (this.#slot === null || this.#newSlot !== null);
    return isOver ? this.#finding() : null;
  }

  atEnd(): Finding {
    return this.#finding();
  }

  /** The slot behind the old page's entry, where that is something else than the entry. */
  get #slot(): Extract<Location, { kind: 'file' }> | null {
    const location = this.#old?.location;
    if (location?.kind !== 'file') return null;
    return slotKey(location) === this.#old!.entry ? null : location;
  }

  /** Pages swapped out so far; each took an entry. */
  #sent(): number {
    return this.#stage.counted('zswpout') + this.#stage.counted('zswap.refused');
  }

  #noteFirst(): void {
    for (const at of this.#stage.survey())
      if (at.location.kind !== 'frame' && !this.#first.has(at.page)) this.#first.set(at.page, at);
  }

  /** The page to follow: one whose bytes have moved, or one that is outside of memory at all. */
  #choose(): Finding | null {
    const old = this.#stage
      .survey()
      .filter(({ page, location }) => page < OLD_PAGES && location.kind !== 'frame');
    const moved = old.find(({ page, location }) => {
      const first = this.#first.get(page);
      return first !== undefined && first.location.kind !== location.kind;
    });
    const chosen = moved ?? old[0];
    if (chosen === undefined) return { note: 'no page was swapped out' };
    this.#old = this.#stage.view('the old page', chosen.page);
    if (moved !== undefined) this.#wasIn = describeLocation(this.#first.get(moved.page)!.location);
    this.#sentBefore = this.#sent();
    return null;
  }

  /** While the page holds its entry nobody else may get that, however often slots come round. */
  #watch(isLast: boolean): void {
    const { page, entry } = this.#old!;
    const { memory } = this.#stage.machine;
    for (let other = OLD_PAGES; other < this.#stage.space.pageCount; other++)
      if (other !== page && memory.entryOf(this.#stage.space, other as VirtualPage) === entry)
        this.#stolen = true;
    if (!isLast) return;
    this.#sentWhileHeld = this.#sent() - this.#sentBefore;
    this.#gaugesHeld = describeGauges(this.#stage);
  }

  #seekNewOwners(): void {
    const slot = this.#slot;
    for (const { page, entry, location } of this.#stage.survey()) {
      if (this.#newEntry === null && entry === this.#old!.entry)
        this.#newEntry = this.#stage.view('the page that has got its entry', page);
      const isThere =
        slot !== null && location.kind === 'file' && slotKey(location) === slotKey(slot);
      if (this.#newSlot === null && isThere)
        this.#newSlot = this.#stage.view('the page whose bytes are in its slot', page);
    }
  }

  #finding(): Finding {
    const old = this.#old!;
    const slot = this.#slot;
    const also = [this.#newEntry, this.#newSlot].filter((view) => view !== null);
    const sent = plural(this.#sentWhileHeld, 'page');
    const sentences = [
      this.#wasIn === '' ? 'its bytes have not moved' : `its bytes came there from ${this.#wasIn}`,
      `while the page held ${entryName(old.entry)}, ${sent} were swapped out and ` +
        (this.#stolen ? 'one of them was given that entry' : 'none was given that entry'),
      this.#newEntry === null
        ? `dropped, the entry was not taken again in ${plural(REUSE, 'operation')}`
        : `dropped, the entry went to page ${this.#newEntry.page}`,
    ];
    if (slot !== null)
      sentences.push(
        this.#newSlot === null
          ? `slot ${slot.slot} of area ${slot.area} was not taken again`
          : `slot ${slot.slot} of area ${slot.area} went to page ${this.#newSlot.page}`,
      );
    if (this.#gaugesHeld !== '')
      sentences.push(`held: ${this.#gaugesHeld}, and dropped: ${this.#gaugesDropped}`);
    return { main: old, also, note: sentences.join('; ') };
  }
}

/** A slot as an entry. */
function slotKey(location: { readonly area: number; readonly slot: number }): SwapEntry {
  return makeSwapEntry(location.area, location.slot as SlotIndex);
}
