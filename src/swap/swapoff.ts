/**
 * swapoff of an area while the machine goes on.
 * Kernel counterpart: mm/swapfile.c swapoff, try_to_unuse (linux 6.18); for virtual designs the walk
 * over the reverse map (Virtual Swap Space).
 *
 * A plain area's entries stand in page tables and file indices: every page table is walked and every
 * page is mapped again. Behind virtual entries it is enough to read the slots into memory and to
 * change where the entries lead; page tables keep their entries, whose next touch is a minor fault.
 */
import { EV, OPERATION, type Engine } from '../engine/index.ts';
import { PG, type FrameTable } from '../frames/index.ts';
import type { SlotArea } from '../slots/index.ts';
import {
  makeSwapEntry,
  NO_FRAME,
  type Outcome,
  type SlotIndex,
  type SwapEntry,
} from '../units/index.ts';
import type { SwapDesign } from './swap-design.ts';

/** What a swapoff did. */
export interface SwapoffResult {
  /**
   * ENOMEM, and EIO behind virtual entries, which have no marker for a page that cannot be read: the
   * area is still on, and nothing is lost. Plain entries are poisoned instead, and the area goes.
   */
  readonly outcome: Outcome;
  /** Pages brought back from the area, zswap or as zeros. */
  readonly pagesRead: number;
  /** Page table entries looked at. */
  readonly ptesVisited: number;
  /** Words of tables looked at: reverse map, redirect words, a file's index. */
  readonly tableWordsVisited: number;
  /** References that still hold a swap entry whose page is in memory now. */
  readonly minorFaultsLeft: number;
  readonly lockHolds: number;
}

export interface SwapoffParts {
  readonly engine: Engine;
  readonly frames: FrameTable;
  readonly design: SwapDesign;
  /** Brings an entry's page into the swap cache; NO_FRAME when there is no memory. */
  readonly swapIn: (entry: SwapEntry) => number;
  readonly waitForRead: (frame: number) => void;
  /** Drops a cached folio that no page table needs, so that its entry is freed. */
  readonly dropCached: (entry: SwapEntry) => boolean;
  readonly flushWrites: () => void;
  readonly unuse: (type: number) => Outcome;
  /** What a folio holds is all that there is from here on. */
  readonly given: (frame: number) => void;
}

const READS = [EV.pswpin, EV.zswpin, EV.swpin_zero];
const WORDS = [EV.tableRead, EV.redirectRead, EV.xaLoad];

/** Empties a retired area; the caller takes it away or puts it back. */
export function emptyArea(parts: SwapoffParts, area: SlotArea): SwapoffResult {
  const { engine } = parts;
  const before = engine.enter(OPERATION.swapoff);
  const start = engine.snapshot();
  const walked = sumOf(engine, WORDS);
  const ptes = engine.countedFor(OPERATION.swapoff, EV.pteVisit);
  const tally = { minorFaultsLeft: 0 };
  let outcome: Outcome = 'ok';
  // A round may miss what another task swaps out or in meanwhile; each must get on.
  for (let left = Infinity; area.inUse > 0 && outcome === 'ok';) {
    const isStuck = area.inUse >= left;
    left = area.inUse;
    outcome = isStuck ? 'EBUSY' : emptyOnce(parts, area, tally);
  }
  const since = engine.since(start);
  const reads = READS.reduce((sum, event) => sum + engine.counted(event) - start[event]!, 0);
  const lockHolds = Object.entries(since).reduce(
    (sum, [name, count]) => sum + (name.startsWith('lockAcquire.') ? count : 0),
    0,
  );
  const result = {
    outcome,
    pagesRead: reads,
    ptesVisited: engine.countedFor(OPERATION.swapoff, EV.pteVisit) - ptes,
    tableWordsVisited: sumOf(engine, WORDS) - walked,
    minorFaultsLeft: tally.minorFaultsLeft,
    lockHolds,
  };
  engine.leave(before);
  return result;
}

/** One round: entries that are elsewhere, then page tables, then what only the cache keeps. */
function emptyOnce(
  parts: SwapoffParts,
  area: SlotArea,
  tally: { minorFaultsLeft: number },
): Outcome {
  const { design } = parts;
  const results: Outcome[] = ['ok'];
  design.behind?.visit(area.type, (entry) => {
    results[0] = bringIn(parts, entry);
    if (results[0] === 'ok') tally.minorFaultsLeft += design.entries.count(entry);
    return results[0] === 'ok';
  });
  let outcome = results[0]!;
  if (outcome === 'ok' && (design.isHeldByPageTables?.(area.type) ?? true))
    outcome = parts.unuse(area.type);
  if (outcome === 'ok') dropLeftovers(parts, area);
  return outcome;
}

/** One page behind an entry that is elsewhere: read, and its slot given back. */
function bringIn(parts: SwapoffParts, entry: SwapEntry): Outcome {
  const { engine, frames, design } = parts;
  const before = engine.enter(OPERATION.swapIn);
  const frame = parts.swapIn(entry);
  engine.leave(before);
  if (frame === NO_FRAME) return 'ENOMEM';
  const folio = frame as Parameters<FrameTable['has']>[0];
  parts.waitForRead(frame);
  if (frames.has(folio, PG.error)) return 'EIO';
  if (frames.has(folio, PG.writeback)) parts.flushWrites();
  // The series do not say how a folio that nobody maps is written again (6.18 writes none such):
  // here it counts as anonymous.
  frames.set(folio, PG.dirty | PG.anon);
  parts.given(frame);
  design.behind!.detach(entry);
  if (engine.trace.concerns(folio, entry))
    engine.trace.note(
      engine.nowNs,
      'swapoff has read it in and gives its slot back; its page table keeps the entry',
    );
  return 'ok';
}

/** Slots that the swap cache alone keeps. @source try_to_unuse, after the page tables */
function dropLeftovers(parts: SwapoffParts, area: SlotArea): void {
  const { entries, backing } = parts.design;
  for (let slot = 1; area.inUse > 0 && slot < area.maxPages; slot++) {
    const entry = backing.entryAt(makeSwapEntry(area.type, slot as SlotIndex));
    if (entry !== 0 && entries.folioAt(entry) !== NO_FRAME) parts.dropCached(entry);
  }
}

function sumOf(engine: Engine, events: readonly number[]): number {
  return events.reduce((sum, event) => sum + engine.countedFor(OPERATION.swapoff, event), 0);
}
