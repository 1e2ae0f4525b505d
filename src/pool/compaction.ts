/**
 * Compaction of one size class: objects move from the emptiest zspages to the fullest until no
 * whole zspage could be saved any more.
 * Kernel counterpart: __zs_compact, migrate_zspage (linux 6.12 mm/zsmalloc.c, unchanged in 7.3).
 */
import { EV, type Engine } from '../engine/index.ts';
import type { HandleTable } from './handle-table.ts';
import type { PageArena } from './page-arena.ts';
import { objectStart, type SizeClass } from './size-classes.ts';
import { NO_ZSPAGE, type ZspageTable } from './zspage-table.ts';

export interface CompactionParts {
  readonly engine: Engine;
  readonly zspages: ZspageTable;
  readonly handles: HandleTable;
  /** The pages and room for one object; null in a pool without bytes. */
  readonly bytes: { readonly arena: PageArena; readonly scratch: Uint8Array } | null;
  /** Gives an empty zspage and its pages back. */
  readonly freeZspage: (zspage: number, entry: SizeClass) => void;
}

/**
 * Compacts one class. The destination stays the same until it is full, the source is chosen anew
 * each time: both are off the lists while objects move, and go back as their group's first.
 */
export function compactClass(parts: CompactionParts, entry: SizeClass): void {
  const { engine, zspages } = parts;
  let target = NO_ZSPAGE;
  engine.count(EV['lockAcquire.zsmalloc']);
  while (zspages.compactablePages(entry) > 0) {
    if (target === NO_ZSPAGE) target = zspages.isolateFullest(entry.index);
    if (target === NO_ZSPAGE) break;
    const source = zspages.isolateEmptiest(entry.index);
    if (source === NO_ZSPAGE) break;
    migrate(parts, entry, source, target);
    zspages.putBack(source, entry);
    if (zspages.inUse(source) === 0) parts.freeZspage(source, entry);
    if (zspages.inUse(target) === entry.objectsPerZspage) {
      zspages.putBack(target, entry);
      target = NO_ZSPAGE;
      // The kernel lets others in between two destinations.
      engine.count(EV['lockAcquire.zsmalloc']);
    }
  }
  if (target !== NO_ZSPAGE) zspages.putBack(target, entry);
}

/** Moves objects in the order of their index until the target is full or the source empty. */
function migrate(parts: CompactionParts, entry: SizeClass, source: number, target: number): void {
  const { engine, zspages, handles, bytes } = parts;
  for (let object = 0; zspages.inUse(source) > 0; object++) {
    const handle = zspages.handleAt(source, object);
    if (handle === 0) continue;
    const moved = zspages.move(source, object, target);
    handles.place(handle, target, moved);
    engine.count(EV.zsmallocMove);
    if (bytes !== null) {
      const { arena, scratch } = bytes;
      const length = handles.length(handle);
      const from = objectStart(entry, object);
      arena.readChain(zspages.pages(source), from, scratch, 0, length);
      arena.writeChain(zspages.pages(target), objectStart(entry, moved), scratch, length);
    }
    if (zspages.inUse(target) === entry.objectsPerZspage) return;
  }
}
