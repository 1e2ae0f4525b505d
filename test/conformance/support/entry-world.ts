/** A design over an allocator and nothing else: entries, counts, shadows, flags, slots. */
import { expect } from 'vitest';
import { CostProfile, Engine } from '../../../src/engine/index.ts';
import { FrameTable } from '../../../src/frames/index.ts';
import { ROLE, SlotSpace } from '../../../src/slots/index.ts';
import type { MetadataTerm, SwapDesign } from '../../../src/swap/index.ts';
import {
  assert,
  NO_ENTRY,
  NO_FRAME,
  type PageFrame,
  type SwapEntry,
} from '../../../src/units/index.ts';
import { KEPT } from './kept.ts';
import { isSlotApart, slotAreas, type DesignUnderTest, type TestArea } from './designs.ts';

export interface EntryWorldOptions {
  readonly areas?: readonly TestArea[];
  readonly ownPages?: number;
  readonly frameCount?: number;
}

const noCosts = new CostProfile({ name: 'none', description: '', prices: {} });

/** An engine whose events cost nothing. */
export function freeEngine(): Engine {
  return new Engine({ seed: 1, cpuCount: 1, costs: noCosts });
}

export class EntryWorld {
  readonly engine: Engine = freeEngine();
  readonly frames: FrameTable;
  readonly space: SlotSpace;
  readonly design: SwapDesign;
  readonly under: DesignUnderTest;
  /** Entries charged, by cgroup; those of nobody are not. */
  readonly charged: Map<number, number> = new Map<number, number>();
  /** Numbers of zswap entries that the design gave back. */
  readonly freedZswap: number[] = [];
  #nextZswap = 1;

  constructor(under: DesignUnderTest, options: EntryWorldOptions = {}) {
    this.under = under;
    this.frames = new FrameTable(options.frameCount ?? 2048);
    this.space = new SlotSpace(this.engine, under.kind.perCpuCluster);
    this.design = under.kind.create({
      engine: this.engine,
      frames: this.frames,
      space: this.space,
      host: {
        charge: (cgroup, entries) => {
          if (cgroup !== 0) this.charged.set(cgroup, (this.charged.get(cgroup) ?? 0) + entries);
        },
        freeZswapEntry: (zswapEntry) => {
          this.freedZswap.push(zswapEntry);
        },
        reclaimCached: () => false,
      },
      revision: under.revision,
    });
    for (const area of slotAreas({
      design: under,
      engine: this.engine,
      isSwapFull: () => false,
      areas: options.areas ?? [{ pages: 700 }, { pages: 1100 }],
      ...(options.ownPages === undefined ? {} : { ownPages: options.ownPages }),
    })) {
      this.space.add(area);
      this.design.addArea(area.type);
    }
  }

  /** A new entry whose folio is cached, of a cgroup; NO_ENTRY when there is no room. */
  take(cgroup = 1): SwapEntry {
    const frame = this.frames.allocate(cgroup);
    if (frame === NO_FRAME) return NO_ENTRY;
    const entry = this.design.entries.allocate(frame);
    if (entry === NO_ENTRY) this.frames.free(frame);
    else this.design.entries.setCgroup(entry, cgroup);
    return entry;
  }

  takeMany(count: number, cgroup = 1): SwapEntry[] {
    return Array.from({ length: count }, () => this.take(cgroup));
  }

  /** Entries with one reference each, out of memory, with bytes somewhere. */
  takeOut(count: number, cgroup = 1): SwapEntry[] {
    return this.takeMany(count, cgroup).map((entry) => {
      this.hold(entry);
      this.evict(entry, shadowOf(cgroup));
      return entry;
    });
  }

  /** Adds references. */
  hold(entry: SwapEntry, times = 1): void {
    // An expect() for each costs 20 times as much.
    for (let i = 0; i < times; i++)
      assert(this.design.entries.duplicate(entry) === 'ok', 'a reference is added');
  }

  /** Drops references. */
  put(entry: SwapEntry, times = 1): void {
    for (let i = 0; i < times; i++) this.design.entries.putRange(entry, 1);
  }

  /** The cached folio goes; a page that is held has its bytes in a slot then. */
  evict(entry: SwapEntry, shadow = 0): void {
    const { entries } = this.design;
    if (this.under.kind.isVirtual && entries.isSwapped(entry) && !entries.isZero(entry))
      if (this.design.backing.zswap.get(entry) === 0)
        assert(this.design.backing.slotForWrite(entry) !== NO_ENTRY, 'there is a slot for it');
    const frame = entries.folioAt(entry);
    entries.removeFolio(entry, shadow);
    this.frames.free(frame);
  }

  /** A folio is put in the cache to be read; returns the shadow that stood there. */
  bringIn(entry: SwapEntry): number {
    return this.design.entries.insertFolio(entry, this.frame());
  }

  frame(): PageFrame {
    const frame = this.frames.allocate(1);
    assert(frame !== NO_FRAME, 'the world has a frame left');
    return frame;
  }

  /** zswap holds the entry's bytes from now on; returns the number it stands under. */
  store(entry: SwapEntry): number {
    const zswapEntry = this.#nextZswap++;
    expect(this.design.backing.zswap.reserve(entry)).toBe(true);
    this.design.backing.zswap.set(entry, zswapEntry);
    return zswapEntry;
  }

  /** The slot of an area that the allocator gave for an entry: its own, or one for its bytes. */
  place(entry: SwapEntry): SwapEntry {
    return isSlotApart(this.under) ? this.design.backing.slotForWrite(entry) : entry;
  }

  /** Takes as many slots of areas as there are, in the order in which they are given out. */
  places(count: number): SwapEntry[] {
    return Array.from({ length: count }, () => {
      const entry = this.take();
      if (entry === NO_ENTRY) return NO_ENTRY;
      this.hold(entry);
      return this.place(entry);
    });
  }

  /** Takes an entry whose folio needs no frame of its own afterwards, and tells its slot. */
  takePlaced(): { readonly entry: SwapEntry; readonly slot: SwapEntry } {
    const entry = this.take();
    this.hold(entry);
    const slot = this.place(entry);
    this.evict(entry);
    return { entry, slot };
  }

  /** Drops every reference and the folio of an entry. */
  free(entry: SwapEntry): void {
    this.put(entry, this.design.entries.count(entry));
    if (this.design.entries.folioAt(entry) !== NO_FRAME) this.evict(entry);
  }

  /** Slots of areas that are taken, without virtual ones. */
  slotsInUse(): number {
    return this.space
      .areas()
      .filter((area) => area.role !== ROLE.virtual)
      .reduce((sum, area) => sum + area.inUse, 0);
  }

  /** What can be seen of the entries, the areas and the memory taken, for "nothing has changed". */
  state(entries: readonly SwapEntry[]): unknown {
    const { design } = this;
    return {
      entries: entries.map((entry) => [
        design.entries.folioAt(entry),
        design.entries.count(entry),
        design.entries.isZero(entry),
        design.entries.cgroup(entry),
        design.backing.slotForRead(entry),
        design.backing.zswap.get(entry),
      ]),
      inUse: this.space.areas().map((area) => area.inUse),
      counts: [design.entriesInUse(), design.zeroEntries(), design.freeEntries()],
      charged: [...this.charged.entries()].filter(([, pages]) => pages !== 0),
      // What a design declares that it keeps may have grown before.
      metadata: design.metadata().filter(({ term }) => KEPT[this.under.name]?.[term] === undefined),
    };
  }

  /** Bytes of the dynamic terms, or of the static ones. */
  bytes(kind: MetadataTerm['kind']): Record<string, number> {
    const terms = this.design.metadata().filter((term) => term.kind === kind);
    return Object.fromEntries(terms.map(({ term, bytes }) => [term, bytes]));
  }

  chargedTo(cgroup: number): number {
    return this.charged.get(cgroup) ?? 0;
  }

  check(): void {
    this.design.checkInvariants();
    this.space.checkInvariants();
    this.frames.checkInvariants();
  }
}

/** A shadow as reclaim makes it; the cgroup is in bits 1 to 16. */
export function shadowOf(cgroup: number, age = 1): number {
  return age * 2 ** 17 + cgroup * 2;
}
