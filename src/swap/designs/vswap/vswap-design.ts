/** The design over virtual clusters and the slots behind them: see `index.ts`. */
import { EV, XA_NODE_BYTES, type Engine } from '../../../engine/index.ts';
import { ROLE } from '../../../slots/index.ts';
import {
  assert,
  entrySlot,
  entryType,
  makeSwapEntry,
  MAX_SWAPFILES,
  NO_ENTRY,
  NO_FRAME,
  SWAPFILE_CLUSTER,
  SWAPFILE_MAX_PAGES,
  type SlotIndex,
  type SwapEntry,
} from '../../../units/index.ts';
import type {
  DesignParts,
  EntriesBehind,
  EntryTable,
  MetadataTerm,
  SwapDesign,
} from '../../swap-design.ts';
import { VIRTUAL_TYPE } from '../../swap-design.ts';
import { clusterTerms, sumTerms } from '../../tables/metadata.ts';
import { countOf, folioOf, PLACE, placeOf, typeOf } from './descriptor.ts';
import { PhysicalSlots } from './physical-slots.ts';
import { RULES, type VswapRules } from './rules.ts';
import { VirtualBacking } from './virtual-backing.ts';
import { BITMAP_BYTES, DESCRIPTOR_BYTES, VirtualClusters } from './virtual-clusters.ts';
import { VirtualEntries } from './virtual-entries.ts';

/**
 * Bytes of a cluster beside its descriptors and bitmap (lock, list, ids), and what the slab makes of
 * it: descriptors inside make a block of 16 KiB; v6 has them apart.
 * @source vswap v3: "about 12.4 KB, allocated by kvzalloc"; assumed: the head of 64 bytes
 */
const CLUSTER_HEAD_BYTES = 64;
const EMBEDDED_CLUSTER_BYTES = 16_384;
/** Bytes of struct swap_cluster_info. @source linux 6.19, as 6.18 */
const CLUSTER_INFO_BYTES = 32;

export class VswapDesign implements SwapDesign {
  readonly entries: EntryTable;
  readonly backing: VirtualBacking;
  readonly comparesCgroups: boolean;
  readonly readsAheadShared = true;
  readonly #parts: DesignParts;
  readonly #engine: Engine;
  readonly #rules: VswapRules;
  readonly #clusters: VirtualClusters;
  readonly #areas: (PhysicalSlots | undefined)[] = new Array<undefined>(MAX_SWAPFILES).fill(
    undefined,
  );

  constructor(parts: DesignParts) {
    const rules = RULES[parts.revision];
    assert(rules !== undefined, 'the registry names the revisions that there are');
    this.#parts = parts;
    this.#engine = parts.engine;
    this.#rules = rules;
    this.comparesCgroups = !rules.isMerged;
    this.#clusters = new VirtualClusters(parts.engine, rules.isMerged);
    this.backing = new VirtualBacking(parts, this.#clusters, this.#areas);
    this.entries = new VirtualEntries(parts, this.#clusters, this.backing, rules);
  }

  get behind(): EntriesBehind {
    return this.backing;
  }

  addArea(type: number): void {
    assert(type < VIRTUAL_TYPE, 'the last swap type is for virtual slots');
    const { space, engine, host } = this.#parts;
    const area = space.area(type);
    assert(area !== undefined, 'an area has slots before it has tables');
    const side = {
      isCacheOnly: (virtual: SlotIndex) => this.#isCacheOnly(virtual),
      reclaimCached: (virtual: SlotIndex) =>
        host.reclaimCached(makeSwapEntry(VIRTUAL_TYPE, virtual)),
    };
    const slots = new PhysicalSlots(area, engine, side, this.#rules.isMerged);
    this.#areas[type] = slots;
    area.attach(slots);
  }

  removeArea(type: number): void {
    this.#areas[type] = undefined;
  }

  entriesInUse(): number {
    return this.#clusters.inUse;
  }

  zeroEntries(): number {
    return this.backing.zeroCount;
  }

  freeEntries(): number {
    return SWAPFILE_MAX_PAGES - this.#clusters.inUse;
  }

  isHeldByPageTables(_type: number): boolean {
    return false;
  }

  pinForReadahead(target: SwapEntry, neighbour: SwapEntry): void {
    // The target's cluster is pinned by the fault.
    if (entrySlot(target) >>> 9 !== entrySlot(neighbour) >>> 9) this.#engine.count(EV.readaheadPin);
  }

  metadata(): MetadataTerm[] {
    const areas = this.#areas.filter((area) => area !== undefined);
    const infos = areas.reduce((sum, { area }) => sum + area.supply.mappedCount, 0);
    const { clusterCount, inUse, nodeCount } = this.#clusters;
    const content = SWAPFILE_CLUSTER * DESCRIPTOR_BYTES;
    const block = this.#rules.isMerged
      ? CLUSTER_HEAD_BYTES
      : EMBEDDED_CLUSTER_BYTES - content - BITMAP_BYTES;
    const dynamic = (term: string, bytes: number, units: number): MetadataTerm => ({
      term,
      kind: 'dynamic',
      bytes,
      units,
    });
    return sumTerms([
      dynamic('swp_desc', clusterCount * content, inUse),
      dynamic('vswap_cluster_bitmap', clusterCount * BITMAP_BYTES, inUse),
      dynamic('vswap_cluster', clusterCount * block, clusterCount),
      dynamic('cluster_map_xa_node', nodeCount * XA_NODE_BYTES, clusterCount),
      ...areas.flatMap((area) => area.metadata()),
      ...clusterTerms(infos, CLUSTER_INFO_BYTES, this.#parts.space),
    ]);
  }

  gauges(): Record<string, number> {
    const areas = this.#parts.space.areas();
    return {
      virtual_slots: this.#clusters.inUse,
      virtual_clusters: this.#clusters.clusterCount,
      slots_behind_virtual: areas.reduce((sum, area) => sum + area.inUse, 0),
    };
  }

  checkInvariants(): void {
    this.#clusters.checkInvariants();
    for (const area of this.#areas) area?.checkInvariants();
    let slots = 0;
    let zeros = 0;
    this.#clusters.forEach((virtual) => {
      const words = this.#clusters.peek(virtual)!;
      const type = typeOf(words);
      assert(countOf(words) > 0 || folioOf(words) !== NO_FRAME, 'a virtual slot in use is held');
      if (type === PLACE.folio)
        assert(folioOf(words) !== NO_FRAME, 'a page that is nowhere else is in memory');
      if (type === PLACE.zero) zeros += 1;
      if (type !== PLACE.slot) return;
      slots += 1;
      const slot = placeOf(words) as SwapEntry;
      const at = this.#areas[entryType(slot)];
      assert(at?.peekOwner(entrySlot(slot)) === virtual, 'the slot points back');
      const isCacheOnly = at.peekCacheOnly(entrySlot(slot));
      assert(
        isCacheOnly === null || isCacheOnly === (countOf(words) === 0),
        'the slot says whether the cache alone keeps its entry',
      );
    });
    const taken = this.#parts.space.areas().reduce((sum, area) => sum + area.inUse, 0);
    assert(zeros === this.backing.zeroCount, 'pages of zeros are counted right');
    assert(slots === taken, 'each slot of an area is behind one virtual slot');
    for (const area of this.#parts.space.areas())
      assert(area.role === ROLE.plain, 'virtual slots stand for slots that are written to');
  }

  /** Before v6 the allocator asks the descriptor: a look-up and a lock for each slot it tests. */
  #isCacheOnly(virtual: SlotIndex): boolean {
    const entry = makeSwapEntry(VIRTUAL_TYPE, virtual);
    return entry !== NO_ENTRY && this.entries.count(entry) === 0;
  }
}
