/**
 * A page-mapped flash translation layer: where each logical page lies in NAND, and what it costs to
 * write pages in a medium that is erased by blocks.
 *
 * A page is written to the block that is being filled (the frontier); the place that it had before is
 * invalid from then on. When free blocks run low, the block with the fewest valid pages is collected:
 * these are moved and it is erased (greedy). The host and the collector fill blocks of their own, so
 * that what has survived a collection does not lie among what is new. Free blocks are taken least
 * worn first (dynamic wear levelling); when the erase counts of two blocks are further apart than
 * `wearSpread`, what lies in the least worn one moves to a worn block (static wear levelling).
 *
 * Kernel counterpart: none; this stands for a drive's firmware. Simplified on purpose: one plane (no
 * parallel dies), blocks do not fail, no cache of single-bit cells, no map in flash (a drive whose map
 * is not in RAM writes that, too), no refresh of old data, power never fails.
 */
import { assert } from '../../units/index.ts';
import { BlockWear } from './block-wear.ts';
import { NO_PAGE, PageTable } from './page-table.ts';
import { NO_BLOCK, VictimLists } from './victim-lists.ts';

export interface FlashGeometry {
  /** Pages that the host sees. */
  readonly logicalPages: number;
  /** Pages of an erase block. */
  readonly blockPages: number;
  /** (physical - logical) / logical. */
  readonly overProvisioning: number;
  /** Every logical page holds something at first, in order; else none does. */
  readonly isFull: boolean;
  /** Erases between the least and the most worn block before cold data is moved. */
  readonly wearSpread: number;
}

/** What a flash translation layer has done, in pages. */
export interface FlashCounts {
  readonly hostPages: number;
  /** Programmed in all: the host's, and those that were moved. */
  readonly nandPages: number;
  /** By the drive itself, and of these by wear levelling. */
  readonly movedPages: number;
  readonly levelledPages: number;
  readonly trimmedPages: number;
  readonly erases: number;
  readonly erasesMin: number;
  readonly erasesMax: number;
  readonly erasesDeviation: number;
  readonly blockCount: number;
  readonly freeBlocks: number;
  readonly validPages: number;
}

/** Free blocks that are kept: the collector needs one to move to, wear levelling another. */
const RESERVE_BLOCKS = 2;
/**
 * Blocks on top of the over-provisioning: both frontiers, the reserve, and one that has room. A whole
 * drive has the same few, out of thousands: a model of a small part must not pay for them out of its
 * share.
 */
const WORKING_BLOCKS: number = 2 + RESERVE_BLOCKS + 1;

export class FlashTranslation {
  readonly geometry: FlashGeometry;
  readonly blockCount: number;
  /** Logical page to the physical one that holds it, and back; NO_PAGE where there is none. */
  readonly #physicalOf: PageTable;
  readonly #logicalOf: PageTable;
  readonly #wear: BlockWear;
  /** Closed blocks: all that are neither free nor being filled. */
  readonly #victims: VictimLists;
  /** Valid pages of blocks that are being filled; a closed block's count is its list. */
  readonly #frontierValid: Uint32Array = new Uint32Array(2);
  readonly #frontierBlock: Int32Array = new Int32Array(2).fill(NO_BLOCK);
  readonly #frontierUsed: Uint32Array = new Uint32Array(2);
  /** Where the search for a cold block goes on. */
  #coldCursor = 0;
  #validPages = 0;
  #hostPages = 0;
  #movedPages = 0;
  #levelledPages = 0;
  #trimmedPages = 0;
  /** Pages of closed blocks that were never programmed: behind what wear levelling has moved. */
  #skippedPages = 0;

  constructor(geometry: FlashGeometry) {
    const { logicalPages, blockPages, overProvisioning, isFull } = geometry;
    this.geometry = geometry;
    const share = Math.ceil((logicalPages * (1 + overProvisioning)) / blockPages);
    this.blockCount = share + WORKING_BLOCKS;
    assert(this.blockCount * blockPages < NO_PAGE, 'physical pages fit an entry');
    this.#physicalOf = new PageTable(isFull ? logicalPages : 0);
    this.#logicalOf = new PageTable(isFull ? logicalPages : 0);
    this.#wear = new BlockWear(this.blockCount);
    this.#victims = new VictimLists(this.blockCount, blockPages);
    const fullBlocks = isFull ? Math.ceil(logicalPages / blockPages) : 0;
    for (let block = 0; block < this.blockCount; block++)
      if (block >= fullBlocks) this.#wear.addFree(block);
      else this.#victims.add(block, Math.min(blockPages, logicalPages - block * blockPages));
    this.#validPages = isFull ? logicalPages : 0;
    this.#skippedPages = fullBlocks * blockPages - this.#validPages;
  }

  /** The host writes one page. */
  write(page: number): void {
    this.#hostPages += 1;
    const before = this.#physicalOf.get(page);
    if (before === NO_PAGE) this.#validPages += 1;
    else this.#invalidate(before);
    this.#place(page, HOST);
  }

  /** The host says that it does not need the page any more. */
  trim(page: number): void {
    const before = this.#physicalOf.get(page);
    if (before === NO_PAGE) return;
    this.#invalidate(before);
    this.#physicalOf.set(page, NO_PAGE);
    this.#validPages -= 1;
    this.#trimmedPages += 1;
  }

  /** The page holds something. */
  isMapped(page: number): boolean {
    return this.#physicalOf.get(page) !== NO_PAGE;
  }

  counts(): FlashCounts {
    return {
      hostPages: this.#hostPages,
      nandPages: this.#hostPages + this.#movedPages,
      movedPages: this.#movedPages,
      levelledPages: this.#levelledPages,
      trimmedPages: this.#trimmedPages,
      erases: this.#wear.erases,
      erasesMin: this.#wear.erasesMin,
      erasesMax: this.#wear.erasesMax,
      erasesDeviation: this.#wear.erasesDeviation(),
      blockCount: this.blockCount,
      freeBlocks: this.#wear.freeCount,
      validPages: this.#validPages,
    };
  }

  /** Memory of the two maps. */
  get mapBytes(): number {
    return this.#physicalOf.tableBytes + this.#logicalOf.tableBytes;
  }

  /** Checks every page, block and count; O(logical pages + physical pages). */
  checkInvariants(): void {
    const { logicalPages, blockPages } = this.geometry;
    this.#wear.checkInvariants();
    this.#victims.checkInvariants();
    const valid = new Uint32Array(this.blockCount);
    let mapped = 0;
    for (let page = 0; page < logicalPages; page++) {
      const physical = this.#physicalOf.get(page);
      if (physical === NO_PAGE) continue;
      mapped += 1;
      assert(this.#logicalOf.get(physical) === page, 'the maps are inverse');
      valid[Math.floor(physical / blockPages)]! += 1;
    }
    assert(mapped === this.#validPages, 'mapped pages are the valid ones');
    let back = 0;
    for (let page = 0; page < this.blockCount * blockPages; page++)
      if (this.#logicalOf.get(page) !== NO_PAGE) back += 1;
    assert(back === mapped, 'no invalid page has an owner');
    this.#checkBlocks(valid);
    this.checkConservation();
  }

  /** Checks that pages that went in are there: what was programmed and not erased. O(blocks). */
  checkConservation(): void {
    const { blockPages, isFull, logicalPages } = this.geometry;
    let valid = 0;
    let closed = 0;
    for (let block = 0; block < this.blockCount; block++) {
      if (!this.#victims.has(block)) continue;
      closed += 1;
      valid += this.#victims.validOf(block);
    }
    let open = 0;
    for (const frontier of [HOST, COLLECTOR]) {
      if (this.#frontierBlock[frontier] === NO_BLOCK) continue;
      valid += this.#frontierValid[frontier]!;
      open += this.#frontierUsed[frontier]!;
    }
    assert(valid === this.#validPages, 'valid counts of blocks add up to the mapped pages');
    const programmed = this.#hostPages + this.#movedPages + (isFull ? logicalPages : 0);
    const held = (closed + this.#wear.erases) * blockPages + open - this.#skippedPages;
    assert(programmed === held, 'each page that was programmed is in a block or was erased');
  }

  #checkBlocks(valid: Uint32Array): void {
    const states = new Uint8Array(this.blockCount);
    for (const block of this.#wear.free()) {
      states[block]! += 1;
      assert(valid[block] === 0, 'a free block holds nothing');
    }
    for (const frontier of [HOST, COLLECTOR]) {
      const block = this.#frontierBlock[frontier]!;
      if (block === NO_BLOCK) continue;
      states[block]! += 1;
      assert(valid[block] === this.#frontierValid[frontier], 'a frontier knows its valid pages');
    }
    for (let block = 0; block < this.blockCount; block++) {
      if (this.#victims.has(block)) {
        states[block]! += 1;
        assert(this.#victims.validOf(block) === valid[block], 'a block is in the right list');
      }
      assert(states[block] === 1, 'a block is free, or being filled, or closed');
    }
  }

  /** Puts a page at a frontier; the maps know it there. */
  #place(page: number, frontier: Frontier): void {
    const { blockPages } = this.geometry;
    const block = this.#frontierBlock[frontier]!;
    const at = block === NO_BLOCK ? this.#open(frontier) : block;
    const used = this.#frontierUsed[frontier]!;
    const physical = at * blockPages + used;
    this.#physicalOf.set(page, physical);
    this.#logicalOf.set(physical, page);
    this.#frontierValid[frontier]! += 1;
    this.#frontierUsed[frontier] = used + 1;
    if (used + 1 === blockPages) this.#close(frontier);
  }

  #open(frontier: Frontier): number {
    // The collector lives on the reserve, which the host leaves alone.
    if (frontier === HOST) this.#collectUntilRoom();
    const block = this.#wear.takeLeastWorn();
    this.#frontierBlock[frontier] = block;
    this.#frontierUsed[frontier] = 0;
    this.#frontierValid[frontier] = 0;
    return block;
  }

  #close(frontier: Frontier): void {
    this.#victims.add(this.#frontierBlock[frontier]!, this.#frontierValid[frontier]!);
    this.#frontierBlock[frontier] = NO_BLOCK;
  }

  #collectUntilRoom(): void {
    while (this.#wear.freeCount <= RESERVE_BLOCKS) {
      const victim = this.#victims.fewest();
      assert(
        victim !== NO_BLOCK && this.#victims.validOf(victim) < this.geometry.blockPages,
        'with spare blocks one has room',
      );
      this.#collect(victim);
      this.#levelWear();
    }
  }

  #collect(victim: number): void {
    const { blockPages } = this.geometry;
    this.#victims.remove(victim);
    const first = victim * blockPages;
    for (let physical = first; physical < first + blockPages; physical++) {
      const page = this.#logicalOf.get(physical);
      if (page === NO_PAGE) continue;
      this.#logicalOf.set(physical, NO_PAGE);
      this.#movedPages += 1;
      this.#place(page, COLLECTOR);
    }
    this.#erase(victim);
  }

  #erase(block: number): void {
    this.#wear.erase(block);
    this.#wear.addFree(block);
  }

  /**
   * Moves what lies in a least worn block to the most worn free one, when counts are too far apart:
   * at most one block for each that was collected.
   */
  #levelWear(): void {
    const { blockPages, wearSpread } = this.geometry;
    if (this.#wear.erasesMax - this.#wear.erasesMin <= wearSpread) return;
    const cold = this.#findCold();
    if (cold === NO_BLOCK || this.#wear.freeCount < 2) return;
    const target = this.#wear.takeMostWorn();
    this.#victims.remove(cold);
    let used = 0;
    const first = cold * blockPages;
    for (let physical = first; physical < first + blockPages; physical++) {
      const page = this.#logicalOf.get(physical);
      if (page === NO_PAGE) continue;
      this.#logicalOf.set(physical, NO_PAGE);
      this.#logicalOf.set(target * blockPages + used, page);
      this.#physicalOf.set(page, target * blockPages + used);
      used += 1;
    }
    this.#movedPages += used;
    this.#levelledPages += used;
    this.#skippedPages += blockPages - used;
    this.#victims.add(target, used);
    this.#erase(cold);
  }

  /** The next closed block of those erased least; a block that is free is about to be used anyway. */
  #findCold(): number {
    for (let i = 0; i < this.blockCount; i++) {
      const block = this.#coldCursor;
      this.#coldCursor = block + 1 === this.blockCount ? 0 : block + 1;
      if (this.#wear.erasesOf(block) === this.#wear.erasesMin && this.#victims.has(block))
        return block;
    }
    return NO_BLOCK;
  }

  #invalidate(physical: number): void {
    this.#logicalOf.set(physical, NO_PAGE);
    const block = Math.floor(physical / this.geometry.blockPages);
    if (block === this.#frontierBlock[HOST]) this.#frontierValid[HOST]! -= 1;
    else if (block === this.#frontierBlock[COLLECTOR]) this.#frontierValid[COLLECTOR]! -= 1;
    else this.#victims.demote(block);
  }
}

const HOST = 0;
const COLLECTOR = 1;
type Frontier = typeof HOST | typeof COLLECTOR;
