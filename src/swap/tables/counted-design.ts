/**
 * A design from swap table phase III on: counted tables for each area and zswap's index. An entry
 * is its slot, unless the design has a place `elsewhere` for its bytes.
 */
import { ROLE } from '../../slots/index.ts';
import { assert, makeSwapEntry, MAX_SWAPFILES, type SwapEntry } from '../../units/index.ts';
import { createZswapIndex, type AreaZswapIndex } from '../../zswap/index.ts';
import type {
  Backing,
  DesignParts,
  EntriesBehind,
  EntryTable,
  MetadataTerm,
  SwapDesign,
} from '../swap-design.ts';
import { CountedArea, type WordLayout } from './counted-area.ts';
import { CountedEntries } from './counted-entries.ts';
import { clusterTerms, sumTerms, zswapTreeTerms } from './metadata.ts';
import { PlainBacking } from './plain-backing.ts';

/** What a design has that can put the bytes of an entry into a slot that is not the entry. */
export interface Elsewhere {
  readonly backing: Backing;
  readonly behind: EntriesBehind;
  /** Slots that are taken for entries which are elsewhere. */
  readonly slotCount: number;
  /** The entry is freed, or its page is zeros: its slot is given back. Its cluster is locked. */
  release(entry: SwapEntry): void;
  metadata(): MetadataTerm[];
  gauges(): Record<string, number>;
  checkInvariants(): void;
}

/** What `elsewhere` is built over. */
export interface CountedTables {
  readonly parts: DesignParts;
  readonly trees: AreaZswapIndex;
  /** By swap type; filled as areas come. */
  readonly areas: readonly (CountedArea | undefined)[];
}

export interface CountedDesignOptions {
  readonly layout: WordLayout;
  /** Bytes of struct swap_cluster_info. */
  readonly clusterInfoBytes: number;
  readonly elsewhere?: (tables: CountedTables) => Elsewhere;
}

export class CountedDesign implements SwapDesign {
  readonly entries: EntryTable;
  readonly backing: Backing;
  readonly behind?: EntriesBehind;
  readonly comparesCgroups = false;
  readonly readsAheadShared = false;
  readonly #parts: DesignParts;
  readonly #options: CountedDesignOptions;
  readonly #trees: AreaZswapIndex;
  readonly #elsewhere: Elsewhere | undefined;
  readonly #areas: (CountedArea | undefined)[] = new Array<undefined>(MAX_SWAPFILES).fill(
    undefined,
  );

  constructor(parts: DesignParts, options: CountedDesignOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#trees = createZswapIndex(parts.zswapIndex ?? 'xarray', parts.engine);
    const elsewhere = options.elsewhere?.({ parts, trees: this.#trees, areas: this.#areas });
    this.#elsewhere = elsewhere;
    this.backing = elsewhere?.backing ?? new PlainBacking(parts.engine, parts.space, this.#trees);
    if (elsewhere !== undefined) this.behind = elsewhere.behind;
    this.entries = new CountedEntries(parts, this.#areas, {
      onCgroup: (_entry, cgroup) => {
        parts.host.charge(cgroup, 1);
      },
      allocateSlot: (frame) => {
        for (const area of this.#areas) area?.expectFolio(frame);
        return parts.space.allocate(0);
      },
      ...(elsewhere === undefined
        ? {}
        : {
            onZero: (entry: SwapEntry) => {
              elsewhere.release(entry);
            },
          }),
    });
  }

  addArea(type: number): void {
    const { space, engine, host } = this.#parts;
    const area = space.area(type);
    assert(area !== undefined, 'an area has slots before it has tables');
    const tables = new CountedArea({
      area,
      engine,
      host,
      layout: this.#options.layout,
      onFree: (slot, cgroup) => {
        this.#freed(makeSwapEntry(type, slot), cgroup);
      },
    });
    this.#areas[type] = tables;
    this.#trees.addArea(type, area.maxPages);
    area.attach(tables);
  }

  removeArea(type: number): void {
    this.#trees.removeArea(type);
    this.#areas[type] = undefined;
  }

  entriesInUse(): number {
    const slots = this.#parts.space.areas().reduce((sum, area) => sum + area.inUse, 0);
    return slots - (this.#elsewhere?.slotCount ?? 0);
  }

  zeroEntries(): number {
    return this.#areas.reduce((sum, area) => sum + (area?.zeroCount ?? 0), 0);
  }

  freeEntries(): number {
    return this.#parts.space.freePages;
  }

  metadata(): MetadataTerm[] {
    const areas = this.#areas.filter((area) => area !== undefined);
    const clusters = areas.reduce((sum, { area }) => sum + area.supply.mappedCount, 0);
    return sumTerms([
      ...areas.flatMap((area) => area.metadata()),
      ...(this.#elsewhere?.metadata() ?? []),
      ...clusterTerms(clusters, this.#options.clusterInfoBytes, this.#parts.space),
      ...zswapTreeTerms(this.#trees),
    ]);
  }

  gauges(): Record<string, number> {
    return this.#elsewhere?.gauges() ?? {};
  }

  checkInvariants(): void {
    for (const area of this.#areas) area?.checkInvariants();
    this.#elsewhere?.checkInvariants();
    for (const area of this.#parts.space.areas())
      assert(area.role !== ROLE.virtual, 'a plain design has no virtual slots');
  }

  /** swap_range_free: what the entry has outside of its word goes. */
  #freed(entry: SwapEntry, cgroup: number): void {
    this.#parts.host.charge(cgroup, -1);
    const zswapEntry = this.#trees.erase(entry);
    if (zswapEntry !== 0) this.#parts.host.freeZswapEntry(zswapEntry);
    this.#elsewhere?.release(entry);
  }
}
