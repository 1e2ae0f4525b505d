/**
 * A design of kernels through 6.18: swap_map, zeromap and swap_cgroup for each area, zswap's
 * index, and a swap cache that is all the difference.
 */
import { ROLE, type SlotArea } from '../../slots/index.ts';
import { assert, MAX_SWAPFILES } from '../../units/index.ts';
import { createZswapIndex, type AreaZswapIndex } from '../../zswap/index.ts';
import type { Backing, DesignParts, EntryTable, MetadataTerm, SwapDesign } from '../swap-design.ts';
import { MapArea, type SlotCache } from './map-area.ts';
import { MapEntries } from './map-entries.ts';
import { clusterTerms, sumTerms, zswapTreeTerms } from './metadata.ts';
import { PlainBacking } from './plain-backing.ts';

export interface MapDesignOptions {
  /** Bytes of struct swap_cluster_info. */
  readonly clusterInfoBytes: number;
  createCache(area: SlotArea): SlotCache;
}

export class MapDesign implements SwapDesign {
  readonly entries: EntryTable;
  readonly backing: Backing;
  readonly comparesCgroups = true;
  readonly readsAheadShared = true;
  readonly #parts: DesignParts;
  readonly #options: MapDesignOptions;
  readonly #trees: AreaZswapIndex;
  readonly #areas: (MapArea | undefined)[] = new Array<undefined>(MAX_SWAPFILES).fill(undefined);

  constructor(parts: DesignParts, options: MapDesignOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#trees = createZswapIndex(parts.zswapIndex ?? 'xarray', parts.engine);
    this.entries = new MapEntries(parts, this.#areas);
    this.backing = new PlainBacking(parts.engine, parts.space, this.#trees);
  }

  addArea(type: number): void {
    const { space, engine, host } = this.#parts;
    const area = space.area(type);
    assert(area !== undefined, 'an area has slots before it has tables');
    const cache = this.#options.createCache(area);
    const tables = new MapArea({ area, engine, host, trees: this.#trees, cache });
    this.#areas[type] = tables;
    this.#trees.addArea(type, area.maxPages);
    area.attach(tables);
  }

  removeArea(type: number): void {
    this.#trees.removeArea(type);
    this.#areas[type] = undefined;
  }

  entriesInUse(): number {
    return this.#parts.space.areas().reduce((sum, area) => sum + area.inUse, 0);
  }

  zeroEntries(): number {
    return this.#areas.reduce((sum, area) => sum + (area?.zeroCount ?? 0), 0);
  }

  freeEntries(): number {
    return this.#parts.space.freePages;
  }

  metadata(): MetadataTerm[] {
    const { space } = this.#parts;
    const areas = this.#areas.filter((area) => area !== undefined);
    const clusters = areas.reduce((sum, { area }) => sum + area.supply.mappedCount, 0);
    return sumTerms([
      ...areas.flatMap((area) => area.metadata()),
      ...clusterTerms(clusters, this.#options.clusterInfoBytes, space),
      ...zswapTreeTerms(this.#trees),
    ]);
  }

  checkInvariants(): void {
    for (const area of this.#areas) area?.checkInvariants();
    for (const area of this.#parts.space.areas())
      assert(area.role !== ROLE.virtual, 'a plain design has no virtual slots');
  }
}
