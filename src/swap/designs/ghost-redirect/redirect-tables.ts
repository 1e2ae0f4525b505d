/**
 * Redirect words: for an index of a ghost area, the slot of another area that holds its bytes. 4
 * bytes each, in tables of one cluster that are made when the first of its indices is redirected.
 * Also the tally of dead indices: a redirected one holds nothing itself, yet cannot be used again.
 */
import { EV, type Engine } from '../../../engine/index.ts';
import {
  assert,
  clusterOf,
  entrySlot,
  entryType,
  makeSwapEntry,
  MAX_SWAPFILES,
  NO_ENTRY,
  SWAPFILE_CLUSTER,
  type ClusterIndex,
  type SlotIndex,
  type SwapEntry,
} from '../../../units/index.ts';
import type { MetadataTerm } from '../../swap-design.ts';

export class RedirectTables {
  readonly #engine: Engine;
  /** By swap type, then by cluster. */
  readonly #tables: (Uint32Array | undefined)[][] = Array.from({ length: MAX_SWAPFILES }, () => []);
  /** Words in use of each table, likewise; a table without any goes. */
  readonly #used: number[][] = Array.from({ length: MAX_SWAPFILES }, () => []);
  #live = 0;
  #count = 0;
  #countMax = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Indices that are redirected now. */
  get count(): number {
    return this.#count;
  }

  get countMax(): number {
    return this.#countMax;
  }

  /** Where the bytes of an index are; NO_ENTRY when it is not redirected. */
  get(entry: SwapEntry): SwapEntry {
    const table = this.#table(entry);
    if (table === undefined) return NO_ENTRY;
    this.#engine.count(EV.redirectRead);
    const slot = table[entrySlot(entry) & 511]! as SwapEntry;
    const { trace } = this.#engine;
    if (trace.isRecording)
      trace.hop(
        'redirectRead',
        `redirect word of index ${entrySlot(entry)}`,
        slot === NO_ENTRY ? 'nothing' : `slot ${entrySlot(slot)} of area ${entryType(slot)}`,
      );
    return slot;
  }

  /** Redirects an index; false when there is no memory for its table. */
  set(entry: SwapEntry, slot: SwapEntry): boolean {
    const table = this.#table(entry) ?? this.#open(entry);
    if (table === null) return false;
    const at = entrySlot(entry) & 511;
    assert(table[at] === NO_ENTRY, 'an index is redirected once');
    this.#engine.count(EV.redirectWrite);
    table[at] = slot;
    this.#used[entryType(entry)]![clusterOf(entrySlot(entry))]! += 1;
    this.#count += 1;
    if (this.#count > this.#countMax) this.#countMax = this.#count;
    return true;
  }

  /** Removes the redirect of an index and returns the slot it led to. */
  take(entry: SwapEntry): SwapEntry {
    const table = this.#table(entry);
    const at = entrySlot(entry) & 511;
    if (table === undefined || table[at] === NO_ENTRY) return NO_ENTRY;
    const slot = table[at]! as SwapEntry;
    this.#engine.count(EV.redirectWrite);
    table[at] = NO_ENTRY;
    this.#count -= 1;
    this.#drop(entryType(entry), clusterOf(entrySlot(entry)));
    return slot;
  }

  /** Looks through every word for those that lead to area `type`, until `visit` answers false. */
  visit(type: number, visit: (entry: SwapEntry) => boolean): void {
    for (let ghost = 0; ghost < MAX_SWAPFILES; ghost++)
      for (const [cluster, table] of this.#tables[ghost]!.entries()) {
        if (table === undefined) continue;
        for (let i = 0; i < SWAPFILE_CLUSTER; i++) {
          this.#engine.count(EV.redirectRead);
          const slot = table[i]! as SwapEntry;
          if (slot === NO_ENTRY || entryType(slot) !== type) continue;
          if (!visit(makeSwapEntry(ghost, (cluster * SWAPFILE_CLUSTER + i) as SlotIndex))) return;
        }
      }
  }

  /** Every redirect of a ghost, uncounted; for checks. */
  forEach(ghost: number, visit: (entry: SwapEntry, slot: SwapEntry) => void): void {
    for (const [cluster, table] of this.#tables[ghost]!.entries())
      for (let i = 0; table !== undefined && i < SWAPFILE_CLUSTER; i++)
        if (table[i] !== NO_ENTRY)
          visit(
            makeSwapEntry(ghost, (cluster * SWAPFILE_CLUSTER + i) as SlotIndex),
            table[i]! as SwapEntry,
          );
  }

  metadata(): MetadataTerm[] {
    const bytes = this.#live * SWAPFILE_CLUSTER * 4;
    return [{ term: 'redirect_table', kind: 'dynamic', bytes, units: this.#count }];
  }

  #table(entry: SwapEntry): Uint32Array | undefined {
    return this.#tables[entryType(entry)]![clusterOf(entrySlot(entry))];
  }

  #open(entry: SwapEntry): Uint32Array | null {
    if (this.#engine.allocationFails('redirect_table')) return null;
    this.#engine.count(EV.tableAlloc);
    const table = new Uint32Array(SWAPFILE_CLUSTER);
    const cluster = clusterOf(entrySlot(entry));
    this.#tables[entryType(entry)]![cluster] = table;
    this.#used[entryType(entry)]![cluster] = 0;
    this.#live += 1;
    return table;
  }

  /** One word less of a table; without any the table goes. */
  #drop(type: number, cluster: ClusterIndex): void {
    this.#used[type]![cluster]! -= 1;
    if (this.#used[type]![cluster]! > 0) return;
    this.#engine.count(EV.tableFree);
    this.#tables[type]![cluster] = undefined;
    this.#live -= 1;
  }
}
