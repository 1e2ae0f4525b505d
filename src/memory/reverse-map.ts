/**
 * From a folio to the page table entries that map it.
 * Kernel counterpart: mm/rmap.c (linux 6.18: folio_referenced, try_to_unmap).
 *
 * A folio remembers one place where it is mapped. Address spaces come from each other by fork, so
 * all mappings of an anonymous folio are at the same page number: a shared folio is looked for there
 * in every space (the kernel's anon_vma tree finds the same set).
 */
import {
  assert,
  entryName,
  type PageFrame,
  type SwapEntry,
  type VirtualPage,
} from '../units/index.ts';
import { EV, type Engine } from '../engine/index.ts';
import { PG, type FrameTable } from '../frames/index.ts';
import { PTE, type AddressSpace } from './address-space.ts';

export class ReverseMap {
  readonly #engine: Engine;
  readonly #frames: FrameTable;
  readonly #spaces: (AddressSpace | undefined)[] = [];

  constructor(engine: Engine, frames: FrameTable) {
    this.#engine = engine;
    this.#frames = frames;
  }

  addSpace(space: AddressSpace): void {
    this.#spaces[space.id] = space;
  }

  removeSpace(space: AddressSpace): void {
    this.#spaces[space.id] = undefined;
  }

  /** The lowest id that no space has. */
  freeId(): number {
    const free = this.#spaces.indexOf(undefined);
    return free < 0 ? this.#spaces.length : free;
  }

  spaces(): AddressSpace[] {
    return this.#spaces.filter((space) => space !== undefined);
  }

  /** How many PTEs were accessed since they were last asked; clears that (folio_referenced). */
  countReferenced(frame: PageFrame): number {
    const mapCount = this.#frames.mapCount(frame);
    if (mapCount === 0) return 0;
    this.#engine.count(EV.rmapWalk);
    const page = this.#frames.homePage(frame) as VirtualPage;
    const home = this.#spaces[this.#frames.homeSpace(frame)];
    if (mapCount === 1 && home !== undefined && maps(home, page, frame))
      return this.#testAccessed(home, page);
    let referenced = 0;
    for (const space of this.#spaces)
      if (space !== undefined && maps(space, page, frame))
        referenced += this.#testAccessed(space, page);
    return referenced;
  }

  /**
   * Replaces every PTE of a cached folio by its swap entry; a dirty PTE makes the folio dirty.
   * @param duplicate - adds the reference that each swap PTE holds; ENOMEM stops
   * @returns true when nothing maps the folio any more
   */
  unmap(frame: PageFrame, entry: SwapEntry, duplicate: (entry: SwapEntry) => boolean): boolean {
    this.#engine.count(EV.rmapWalk);
    const page = this.#frames.homePage(frame) as VirtualPage;
    const home = this.#spaces[this.#frames.homeSpace(frame)];
    if (home !== undefined && maps(home, page, frame))
      this.#unmapOne(home, page, frame, entry, duplicate);
    if (this.#frames.mapCount(frame) > 0)
      for (const space of this.#spaces)
        if (space !== undefined && maps(space, page, frame))
          this.#unmapOne(space, page, frame, entry, duplicate);
    this.#engine.count(EV.tlbFlush);
    return this.#frames.mapCount(frame) === 0;
  }

  /** Removes every PTE of a folio that belongs to a shared file: its index still has it. */
  unmapShared(frame: PageFrame): void {
    this.#engine.count(EV.rmapWalk);
    const page = this.#frames.homePage(frame) as VirtualPage;
    for (const space of this.#spaces) {
      if (space === undefined || !maps(space, page, frame)) continue;
      this.#engine.count(EV.pteVisit);
      if ((space.flags(page) & PTE.dirty) !== 0) this.#frames.set(frame, PG.dirty);
      this.#engine.count(EV.pteWrite);
      space.unmap(page);
      this.#frames.dropMapping(frame);
    }
    this.#engine.count(EV.tlbFlush);
  }

  checkInvariants(): void {
    const mapped = new Map<number, number>();
    for (const space of this.spaces())
      for (let index = 0; index < space.pageCount; index++) {
        const page = index as VirtualPage;
        const flags = space.flags(page);
        if ((flags & PTE.present) === 0 || (flags & PTE.zero) !== 0) continue;
        const frame = space.frame(page);
        assert(this.#frames.homePage(frame) === page, 'a folio knows where it is mapped');
        mapped.set(frame, (mapped.get(frame) ?? 0) + 1);
      }
    for (const frame of this.#frames.allocated())
      assert(this.#frames.mapCount(frame) === (mapped.get(frame) ?? 0), 'map counts are right');
  }

  #testAccessed(space: AddressSpace, page: VirtualPage): number {
    this.#engine.count(EV.pteVisit);
    if ((space.flags(page) & PTE.accessed) === 0) return 0;
    space.clearFlags(page, PTE.accessed);
    return 1;
  }

  #unmapOne(
    space: AddressSpace,
    page: VirtualPage,
    frame: PageFrame,
    entry: SwapEntry,
    duplicate: (entry: SwapEntry) => boolean,
  ): void {
    this.#engine.count(EV.pteVisit);
    if (!duplicate(entry)) return;
    const flags = space.flags(page);
    if ((flags & PTE.dirty) !== 0) this.#frames.set(frame, PG.dirty);
    this.#engine.count(EV.pteWrite);
    space.mapEntry(page, entry, flags & PTE.exclusive);
    this.#frames.dropMapping(frame);
    const { trace } = this.#engine;
    if (trace.isPage(space.id, page)) {
      trace.watchedEntry = entry;
      trace.note(
        this.#engine.nowNs,
        `unmapped from frame ${frame}: its PTE holds ${entryName(entry)} now`,
      );
    }
  }
}

function maps(space: AddressSpace, page: VirtualPage, frame: PageFrame): boolean {
  return (
    page < space.pageCount &&
    (space.flags(page) & (PTE.present | PTE.zero)) === PTE.present &&
    space.frame(page) === frame
  );
}
