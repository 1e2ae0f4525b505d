/**
 * Ghost swapfile with redirect entries: zswap writes back to a second area, and a word of 4 bytes
 * under the ghost's index says where to.
 * Kernel counterpart: none was posted. The idea is from the debate of the ghost RFC (November 2025,
 * with swap tiers): "8 bytes dynamic + 4 (optional redirect)".
 *
 * How the freed old slot is used again, which that debate left open: not before the last reference
 * to it goes. The old index is still in page tables, so it cannot stand for another page; it costs
 * an index of the ghost, not disk. Such an index is counted as dead while its bytes are elsewhere.
 *
 * The slot of the second area is marked as held in that area's table. There is no way back from a slot to the index that points to it: swapoff of the second area, and
 * readahead around one of its slots, would have to search all redirect words; swapoff does.
 *
 * Lock order: the ghost's cluster, then the second area's.
 */
import { ROLE } from '../../../slots/index.ts';
import {
  assert,
  entrySlot,
  entryType,
  MAX_SWAPFILES,
  NO_ENTRY,
  NO_SLOT,
  type SwapEntry,
} from '../../../units/index.ts';
import type { ZswapIndex } from '../../../zswap/index.ts';
import type { Backing, DesignKind, EntriesBehind, MetadataTerm } from '../../swap-design.ts';
import { CountedDesign, type CountedTables, type Elsewhere } from '../../tables/counted-design.ts';
import { KEEPS_OLDER_ZSWAP_COPY } from '../../tables/deviations.ts';
import { stepToBytes } from '../../tables/plain-backing.ts';
import { PHASE_IV_CLUSTER_INFO_BYTES, PHASE_IV_LAYOUT } from '../../tables/phases.ts';
import { RedirectTables } from './redirect-tables.ts';

export const ghostRedirect: DesignKind = {
  summary: 'a ghost swapfile whose pages zswap writes back to a second area by a redirect word',
  revisions: ['sketch'],
  allocator: '6.18',
  isVirtual: false,
  writesBack: true,
  areas: 'ghost-above',
  perCpuCluster: 'device-offset',
  deviations: [
    KEEPS_OLDER_ZSWAP_COPY,
    {
      what: 'tables of phase IV, redirect words in a table of 2 KiB a cluster, made when needed',
      why: 'no code was posted; 8 + 4 bytes an entry leave room for nothing else',
    },
    {
      what: 'an index is used again only when its last reference is gone',
      why: 'the debate left the use of the freed old slot open; this is the rule that loses nothing',
    },
    {
      what: 'cluster readahead finds no neighbours of a redirected page',
      why: 'there is no reverse map from the second area to the ghost',
    },
  ],
  create: (parts) =>
    new CountedDesign(parts, {
      layout: PHASE_IV_LAYOUT,
      clusterInfoBytes: PHASE_IV_CLUSTER_INFO_BYTES,
      elsewhere: (tables) => new Redirection(tables),
    }),
};

class Redirection implements Elsewhere, Backing, EntriesBehind {
  readonly zswap: ZswapIndex;
  readonly #tables: CountedTables;
  readonly #redirects: RedirectTables;

  constructor(tables: CountedTables) {
    this.#tables = tables;
    this.#redirects = new RedirectTables(tables.parts.engine);
    const { trees } = tables;
    this.zswap = {
      get: (entry) => trees.get(entry),
      reserve: (entry) => trees.reserve(entry),
      set: (entry, zswapEntry) => {
        // A page that is stored anew has no bytes on the second area any more.
        this.release(entry);
        return trees.set(entry, zswapEntry);
      },
      erase: (entry) => trees.erase(entry),
      moved: (entry) => {
        trees.moved(entry);
      },
    };
  }

  get backing(): Backing {
    return this;
  }

  get behind(): EntriesBehind {
    return this;
  }

  get slotCount(): number {
    return this.#redirects.count;
  }

  // --- Backing -----------------------------------------------------------------------------------

  mayWrite(_entry: SwapEntry): boolean {
    return this.#tables.parts.space.areas().some((area) => area.role === ROLE.plain);
  }

  canWriteBack(): boolean {
    return this.#tables.parts.space.freePagesOf(ROLE.plain) > 0;
  }

  slotForRead(entry: SwapEntry): SwapEntry {
    const slot = this.#isGhost(entry) ? this.#redirects.get(entry) : entry;
    stepToBytes(this.#tables.parts.engine, entry, slot);
    return slot;
  }

  expectWrites(count: number): void {
    this.#tables.parts.space.seekRun(count, ROLE.plain);
  }

  slotForWrite(entry: SwapEntry): SwapEntry {
    if (!this.#isGhost(entry)) return entry;
    const old = this.#redirects.get(entry);
    if (old !== NO_ENTRY) return old;
    const slot = this.takeSlot(entry);
    if (slot === NO_ENTRY || this.useSlot(entry, slot)) return slot;
    this.dropSlot(entry, slot);
    return NO_ENTRY;
  }

  takeSlot(entry: SwapEntry): SwapEntry {
    if (!this.#isGhost(entry)) return entry;
    for (const area of this.#tables.areas) area?.expectPointer(NO_SLOT);
    return this.#tables.parts.space.allocate(0, ROLE.plain);
  }

  useSlot(entry: SwapEntry, slot: SwapEntry): boolean {
    // The table only now: taking a slot may drop cached folios, and with them a table's last word.
    return !this.#isGhost(entry) || this.#redirects.set(entry, slot);
  }

  dropSlot(entry: SwapEntry, slot: SwapEntry): void {
    if (this.#isGhost(entry)) this.#giveBack(slot);
  }

  entryAt(slot: SwapEntry): SwapEntry {
    // Whose bytes a slot of the second area holds, nothing tells; its own entry would be plain.
    return slot;
  }

  // --- Elsewhere ---------------------------------------------------------------------------------

  release(entry: SwapEntry): void {
    if (!this.#isGhost(entry)) return;
    const slot = this.#redirects.take(entry);
    if (slot !== NO_ENTRY) this.#giveBack(slot);
  }

  visit(type: number, visit: (entry: SwapEntry) => boolean): void {
    if (this.#tables.parts.space.area(type)!.role !== ROLE.ghost)
      this.#redirects.visit(type, visit);
  }

  detach(entry: SwapEntry): void {
    this.release(entry);
  }

  metadata(): MetadataTerm[] {
    return this.#redirects.metadata();
  }

  gauges(): Record<string, number> {
    return {
      dead_indices: this.#redirects.count,
      dead_indices_max: this.#redirects.countMax,
    };
  }

  checkInvariants(): void {
    let held = 0;
    for (let type = 0; type < MAX_SWAPFILES; type++)
      this.#redirects.forEach(type, (_entry, slot) => {
        held += 1;
        const target = this.#tables.areas[entryType(slot)];
        assert(
          target !== undefined && target.area.role === ROLE.plain,
          'a redirect leads to an area that is written to',
        );
        assert(target.isHeldElsewhere(entrySlot(slot)), 'a redirect holds its slot');
      });
    assert(held === this.#redirects.count, 'redirects are counted right');
  }

  #giveBack(slot: SwapEntry): void {
    const at = this.#tables.areas[entryType(slot)]!;
    at.area.lock(entrySlot(slot));
    at.free(entrySlot(slot));
    at.area.unlock(entrySlot(slot));
  }

  #isGhost(entry: SwapEntry): boolean {
    return this.#tables.parts.space.area(entryType(entry))!.role === ROLE.ghost;
  }
}
