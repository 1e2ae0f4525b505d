/**
 * From a page table entry to the page's bytes: the PTE, for a shared page the file's index, and from
 * a swap entry on what the swap system looks up.
 */
import { EV, type Engine } from '../engine/index.ts';
import { recordSearch, type Location, type Resolution } from '../swap/resolve.ts';
import type { SwapSystem } from '../swap/swap-system.ts';
import {
  entryName,
  NO_ENTRY,
  NO_FRAME,
  type PageFrame,
  type SwapEntry,
  type VirtualPage,
} from '../units/index.ts';
import { PTE, type AddressSpace } from './address-space.ts';

/** A page's way to its bytes. */
export interface PageResolution extends Resolution {
  /** The swap entry on the way, or the one that a mapped folio keeps; NO_ENTRY when there is none. */
  readonly entry: SwapEntry;
  /** What stands under the entry outside of memory, where the way ended at a folio before that. */
  readonly outside: Resolution | null;
}

export interface ResolvePageParts {
  readonly engine: Engine;
  readonly swap: SwapSystem;
  /** What a shared file's index has at a page of the mapping. */
  readonly sharedFrame: (space: AddressSpace, page: VirtualPage) => PageFrame;
  readonly sharedEntry: (space: AddressSpace, page: VirtualPage) => SwapEntry;
}

/** Finds a page's bytes, with every hop; the run's counts and clock stay as they are. */
export function resolvePage(
  parts: ResolvePageParts,
  space: AddressSpace,
  page: VirtualPage,
): PageResolution {
  const { engine, swap } = parts;
  const found = recordSearch(engine, () => search(parts, space, page));
  const entry =
    found.location.kind === 'frame'
      ? swap.entryOf(found.location.frame)
      : engine.aside(() => entryOf(parts, space, page));
  const isCached = found.location.kind === 'frame' && entry !== NO_ENTRY;
  const outside = isCached ? recordSearch(engine, () => swap.view.locateOutside(entry)) : null;
  return { ...found, entry, outside };
}

/** The swap entry that stands for a page; NO_ENTRY when it is in memory or was never there. */
export function entryOf(
  parts: Pick<ResolvePageParts, 'sharedEntry'>,
  space: AddressSpace,
  page: VirtualPage,
): SwapEntry {
  const flags = space.flags(page);
  if ((flags & PTE.swap) !== 0) return space.entry(page);
  if ((flags & PTE.present) !== 0) return NO_ENTRY;
  return parts.sharedEntry(space, page);
}

function search(parts: ResolvePageParts, space: AddressSpace, page: VirtualPage): Location {
  const { engine, swap } = parts;
  const { trace } = engine;
  const flags = space.flags(page);
  const pte = `PTE of page ${page}`;
  engine.count(EV.pteVisit);
  if ((flags & PTE.zero) !== 0) {
    trace.hop('pteVisit', pte, 'the shared zero page');
    return { kind: 'zero' };
  }
  if ((flags & PTE.present) !== 0) {
    trace.hop('pteVisit', pte, `frame ${space.frame(page)}`);
    return swap.view.locationOfFrame(space.frame(page));
  }
  if ((flags & PTE.swap) !== 0) {
    trace.hop('pteVisit', pte, entryName(space.entry(page)));
    return swap.view.locate(space.entry(page));
  }
  if ((flags & PTE.poisoned) !== 0) {
    trace.hop('pteVisit', pte, 'a poisoned marker');
    return { kind: 'nowhere', why: 'it could not be read when its area was given up' };
  }
  trace.hop('pteVisit', pte, 'nothing');
  if (page < space.sharedFrom)
    return {
      kind: 'nowhere',
      why: 'nothing was written to the page since it was mapped or dropped',
    };
  engine.count(EV.xaLoad);
  const at = `the shared file's index at ${page - space.sharedFrom}`;
  const frame = parts.sharedFrame(space, page);
  const entry = parts.sharedEntry(space, page);
  if (frame !== NO_FRAME) {
    trace.hop('xaLoad', at, `frame ${frame}`);
    return swap.view.locationOfFrame(frame);
  }
  trace.hop('xaLoad', at, entry === NO_ENTRY ? 'nothing' : entryName(entry));
  if (entry !== NO_ENTRY) return swap.view.locate(entry);
  return { kind: 'nowhere', why: 'nothing was written to that page of the file' };
}
